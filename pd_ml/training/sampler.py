"""Which examples and captions a training shows, step by step or added up: a function of (seed, step) alone.

A stage asks its sampler for each batch; the ledger asks it for all of them at once. The loop counts by itself what it
hands to the model (`Tally`), and the two have to agree. Errors: TrainingError.

Shapes: B examples of some places, N examples of a stage, K captions of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from pd_ml.data.buckets import Buckets, bucket_batch, bucket_times_drawn
from pd_ml.data.cache import Rows
from pd_ml.data.latents import Latents
from pd_ml.data.loader import caption_choices
from pd_ml.errors import TrainingError
from pd_ml.ledger import Used
from pd_ml.training.draws import uniform
from pd_ml.training.task import Places, whole

# In place of a caption's number: the empty prompt was read.
NO_CAPTION = -1
_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Group:
    """The examples of one bucket: their rows in the split, and how many captions each has."""

    rows: Rows
    captions: Rows
    item_ids: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What some places of a batch show: examples `indices` of a bucket, and by its number the caption of each that is
    read (NO_CAPTION: the empty prompt; None in a stage that reads none)."""

    bucket: int
    indices: Rows
    captions: Rows | None


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How often each example was shown, and each of its captions with it (none where a stage reads none)."""

    times_N: Rows
    captions_K: Rows


class Sampler:
    """The examples of a stage in their buckets. `reads_captions`: one of its captions goes with each example, but for
    the share `dropout` that is left without one."""

    def __init__(
        self, groups: Sequence[Group], *, seed: int, reads_captions: bool, dropout: float | None = None
    ) -> None:
        self._seed = seed
        self._groups = tuple(groups)
        self._reads_captions = reads_captions
        self._dropout = dropout
        self._counts = tuple(len(group.rows) for group in groups)
        # Where the examples of each bucket begin among all, and the captions of each example.
        self._first = np.concatenate([[0], np.cumsum(self._counts)]).astype(np.int64)
        counted = np.concatenate([[0], *(group.captions for group in groups)]).astype(np.int64)
        self._first_caption = np.cumsum(counted)

    @classmethod
    def of_pictures(
        cls, buckets: Buckets, *, seed: int, reads_captions: bool, dropout: float | None = None
    ) -> "Sampler":
        """Of pictures in buckets."""
        groups = [
            Group(rows=one.numbers, captions=_lengths(one.captions), item_ids=one.item_ids) for one in buckets.examples
        ]
        return cls(groups, seed=seed, reads_captions=reads_captions, dropout=dropout)

    @classmethod
    def of_latents(
        cls, latents: Latents, *, seed: int, reads_captions: bool, dropout: float | None = None
    ) -> "Sampler":
        """Of the latents of pictures: row by row those of the dataset that they were made of."""
        captions = _lengths([item.captions for item in latents.items])
        group = Group(rows=latents.rows, captions=captions, item_ids=latents.item_ids)
        return cls([group], seed=seed, reads_captions=reads_captions, dropout=dropout)

    def shown(self, step: int, places: Places) -> Shown:
        """What these places of the batch of `step` show."""
        bucket, indices = bucket_batch(self._seed, step, places.total, self._counts)
        indices = indices[places.start : places.stop]
        captions = self._captions(step, places, bucket, indices) if self._reads_captions else None
        return Shown(bucket=bucket, indices=indices, captions=captions)

    def item_ids(self, step: int, places: Places) -> list[str]:
        """Which items those are."""
        bucket, indices = bucket_batch(self._seed, step, places.total, self._counts)
        item_ids = self._groups[bucket].item_ids
        return [item_ids[index] for index in indices[places.start : places.stop]]

    def nothing_yet(self) -> Tally:
        """The tally of a training that has not begun."""
        captions = int(self._first_caption[-1]) if self._reads_captions else 0
        return Tally(times_N=np.zeros(self._first[-1], np.int64), captions_K=np.zeros(captions, np.int64))

    def add(self, tally: Tally, shown: Shown) -> None:
        """Count what was shown."""
        examples = self._first[shown.bucket] + shown.indices
        np.add.at(tally.times_N, examples, 1)
        if shown.captions is not None:
            read = shown.captions != NO_CAPTION
            np.add.at(tally.captions_K, self._first_caption[examples[read]] + shown.captions[read], 1)

    def expected_times(self, steps: int, batch_size: int) -> Rows:
        """How often each example is in the batches before `steps`, N."""
        return np.concatenate(bucket_times_drawn(self._seed, steps, batch_size, self._counts))

    def expected(self, steps: int, batch_size: int) -> Tally:
        """The tally after `steps`. Pictures take no longer for more epochs; captions take a hash for each showing of a
        picture that has several (0.5 s a million), since that is how they are drawn."""
        tally = Tally(times_N=self.expected_times(steps, batch_size), captions_K=self.nothing_yet().captions_K)
        if not self._reads_captions:
            return tally
        if self._dropout is None and np.diff(self._first_caption).max(initial=0) <= 1:
            # One caption each, which is always read.
            tally.captions_K[:] = tally.times_N[np.diff(self._first_caption) == 1]
            return tally
        beside = self.nothing_yet()
        for step in range(steps):
            self.add(beside, self.shown(step, whole(batch_size)))
        return Tally(times_N=tally.times_N, captions_K=beside.captions_K)

    def require(self, counted: Tally, expected: Tally) -> None:
        """TrainingError that names the items of which the run has counted something else than is expected."""
        wrong = np.flatnonzero(counted.times_N != expected.times_N)
        problems = [
            f"{self._item(at)} was shown {counted.times_N[at]} times, expected {expected.times_N[at]}"
            for at in wrong[:_NAMED]
        ]
        of_captions = np.flatnonzero(counted.captions_K != expected.captions_K)
        for at in of_captions[: _NAMED - len(problems)]:
            example = int(np.searchsorted(self._first_caption, at, side="right")) - 1
            problems.append(
                f"caption {at - self._first_caption[example]} of {self._item(example)} was shown "
                f"{counted.captions_K[at]} times, expected {expected.captions_K[at]}"
            )
        if not problems:
            return
        more = len(wrong) + len(of_captions) - len(problems)
        raise TrainingError(
            f"the run's own count is not that of the sampler: {'; '.join(problems)}{f' and {more} more' * bool(more)}; "
            "nobody could say what these weights were shown; train anew with another --out"
        )

    def used(self, tally: Tally, measured: Mapping[str, Rows]) -> Used:
        """A tally by rows of the split, for the ledger; `measured`: the rows by split that were only looked at."""
        rows = np.concatenate([group.rows for group in self._groups])
        shown, read = np.flatnonzero(tally.times_N), np.flatnonzero(tally.captions_K)
        examples = np.searchsorted(self._first_caption, read, side="right") - 1
        return Used(
            rows=rows[shown],
            times=tally.times_N[shown],
            caption_rows=rows[examples],
            caption_numbers=read - self._first_caption[examples],
            caption_times=tally.captions_K[read],
            measured=measured,
        )

    def _item(self, example: int) -> str:
        bucket = int(np.searchsorted(self._first, example, side="right")) - 1
        return self._groups[bucket].item_ids[example - int(self._first[bucket])]

    def _captions(self, step: int, places: Places, bucket: int, indices: Rows) -> Rows:
        chosen = caption_choices(self._seed, step, indices, self._groups[bucket].captions[indices])
        if self._dropout is None:
            return chosen
        dropped_B = (uniform(self._seed, "drop", step, places) < self._dropout).numpy()
        return np.where(dropped_B, NO_CAPTION, chosen)


@runtime_checkable
class ShowsPictures(Protocol):
    """A task that learns from pictures of a dataset, as every stage does: its ledger says which, and how often."""

    @property
    def sampler(self) -> Sampler:
        """What decides which examples and captions a step shows; `batch` shows exactly those."""

    @property
    def measured(self) -> Mapping[str, Rows]:
        """By split the rows that are looked at without a step being taken on them: to validate, as the prompts of
        previews, and for what is computed once over a part of them."""


def _lengths(captions: Sequence[Sequence[str]]) -> Rows:
    return np.array([len(several) for several in captions], dtype=np.int64)
