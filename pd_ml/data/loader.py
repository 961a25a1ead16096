"""Examples as training reads them: pictures decoded once into a memory-mapped array, captions, batches by number.

The array lies in a cache folder of its own, named by dataset digest, resolution and transform version; nothing is
written into a dataset folder. Which examples batch k holds is a function of (seed, k). No flips unless they are asked
for: captions say left and right. No torch in here. Errors: DataError, ShardError.

Shapes: N examples, B of a batch, H height, W width, C channels.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pd_ml.data import shards
from pd_ml.data.cache import PixelStore, Rows, Wanted, free_bytes, open_pixels
from pd_ml.data.decode import Pixels as Pixels
from pd_ml.data.decode import decode_square as decode_square
from pd_ml.data.shards import Manifest
from pd_ml.errors import DataError
from pd_ml.seeding import seed_of, seeds_of

TRANSFORM_VERSION = 1

WORKERS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, kw_only=True)
class Examples:
    """One split. Example i has the pixels `array_NHWC[rows[i]]` and `captions[i]`, which may be empty.

    `written`: which row of the split each picture of the array is, where it does not hold all of them in their order.
    """

    split: str
    array_NHWC: PixelStore
    rows: Rows
    captions: tuple[tuple[str, ...], ...]
    item_ids: tuple[str, ...]
    written: Rows | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def numbers(self) -> Rows:
        """Which row of the split, in its written order, each example is."""
        return self.rows if self.written is None else self.written[self.rows]

    def pixels(self, indices: Sequence[int] | Rows, *, flipped: npt.NDArray[np.bool_] | None = None) -> Pixels:
        """A copy of the pictures of the examples `indices`, BHWC; those that are `flipped` with left and right changed.

        `flips` draws them.
        """
        pixels_BHWC = np.ascontiguousarray(self.array_NHWC[self.rows[np.asarray(indices, dtype=np.int64)]])
        if flipped is not None:
            pixels_BHWC[flipped] = pixels_BHWC[flipped][:, :, ::-1]
        return pixels_BHWC

    def captioned(self) -> "Examples":
        """The examples that have a caption."""
        kept = [index for index, captions in enumerate(self.captions) if captions]
        return self._subset(kept)

    def first(self, count: int) -> "Examples":
        """The first `count` examples, or all where there are fewer."""
        return self._subset(range(min(count, len(self))))

    def _subset(self, indices: Sequence[int]) -> "Examples":
        return replace(
            self,
            rows=self.rows[np.asarray(indices, dtype=np.int64)],
            captions=tuple(self.captions[index] for index in indices),
            item_ids=tuple(self.item_ids[index] for index in indices),
        )


def open_split(
    dataset: Path,
    split: str,
    *,
    image_size: int,
    cache: Path,
    workers: int = WORKERS,
    free: Callable[[Path], int] = free_bytes,
) -> Examples:
    """The examples of one split, centre squares of `image_size` pixels, decoded into `cache` if they are not yet there.

    Every shard is read through once and compared with its SHA-256; `cache` notes that. With no room in `cache` the
    pictures are decoded anew for every batch, with a warning. `free` tells the free bytes of a folder.
    """
    manifest = shards.verify_once(dataset, cache=cache)
    captions, item_ids = texts_of(dataset, split)
    rows = np.arange(len(item_ids), dtype=np.int64)
    wanted = Wanted(dataset=dataset, manifest=manifest, split=split, rows=rows, width=image_size, height=image_size)
    path = cache_folder(cache, manifest, image_size) / f"{split}.npy"
    pixels = open_pixels(wanted, path, workers=workers, free=free)
    return Examples(split=split, array_NHWC=pixels, rows=rows, captions=captions, item_ids=item_ids)


def cache_folder(cache: Path, manifest: Manifest, image_size: int) -> Path:
    """Where the arrays of a dataset lie at a resolution."""
    return cache / f"{manifest.digest[:16]}-{image_size}px-v{TRANSFORM_VERSION}"


def first_captions(dataset: Path, split: str) -> list[str]:
    """The first caption of each picture of a split that has any, in the written order."""
    captions, _ = texts_of(dataset, split)
    return [several[0] for several in captions if several]


def require_examples(examples: Examples, batch_size: int) -> Examples:
    """`examples`, or a DataError where they do not fill one batch."""
    require_batch(len(examples), f"examples in split {examples.split}", batch_size)
    return examples


def require_batch(count: int, what: str, batch_size: int) -> None:
    """DataError where `count` of `what` do not fill one batch."""
    if count < batch_size:
        raise DataError(
            f"{count} {what}, expected at least a batch of {batch_size}; collect more pictures or --set batch_size"
        )


def batch_indices(seed: int, step: int, batch_size: int, count: int) -> Rows:
    """Which of `count` examples batch `step` holds: epochs are permutations, cut into batches without a remainder."""
    first, end = step * batch_size, (step + 1) * batch_size
    parts = []
    for epoch in range(first // count, -(-end // count)):
        start = epoch * count
        parts.append(_permutation(seed, epoch, count)[max(first - start, 0) : end - start])
    return np.concatenate(parts)


def times_drawn(seed: int, steps: int, batch_size: int, count: int) -> Rows:
    """How often each of `count` examples is in the batches before `steps`: once an epoch, and in the begun one.

    What `batch_indices` gives, added up, without asking it for every batch.
    """
    epochs, begun = divmod(steps * batch_size, count) if count else (0, 0)
    times = np.full(count, epochs, dtype=np.int64)
    if begun:
        times[_permutation(seed, epochs, count)[:begun]] += 1
    return times


def caption_choice(seed: int, step: int, example: int, count: int) -> int:
    """Which of an example's `count` captions is read at `step`."""
    return seed_of(seed, "caption", step, example) % count


def caption_choices(seed: int, step: int, examples: Rows, counts: Rows) -> Rows:
    """`caption_choice` of several examples, which have `counts` captions: a hash for each that has more than one."""
    several = np.flatnonzero(counts > 1)
    chosen = np.zeros(len(examples), dtype=np.int64)
    chosen[several] = seeds_of(seed, "caption", step, last=examples[several]) % counts[several]
    return chosen


def flips(seed: int, step: int, examples: Sequence[int] | Rows) -> npt.NDArray[np.bool_]:
    """Which of the examples of batch `step` have left and right changed: each with a chance of one half."""
    return np.array([seed_of(seed, "flip", step, int(one)) % 2 == 1 for one in examples], dtype=np.bool_)


@lru_cache(maxsize=4)
def _permutation(seed: int, epoch: int, count: int) -> Rows:
    return np.random.default_rng(seed_of(seed, "order", epoch)).permutation(count).astype(np.int64)


def texts_of(dataset: Path, split: str) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """Captions and item of every example of a split, in the written order."""
    captions: list[tuple[str, ...]] = []
    item_ids: list[str] = []
    for batch in shards.read_batches(dataset, split, ("caption", "captions", "item_id"), batch_rows=8192):
        for row in batch.to_pylist():
            several = row["captions"] or ([row["caption"]] if row["caption"] else [])
            captions.append(tuple(caption for caption in several if caption and caption.strip()))
            item_ids.append(row["item_id"])
    return tuple(captions), tuple(item_ids)
