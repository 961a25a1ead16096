"""Aspect buckets: pictures keep their shape, and each batch is of one shape. No torch in here.

Every shape of a resolution has about the same area. Which bucket and which of its examples batch k holds is a function
of (seed, k): an epoch is a random order of the batches of all buckets. Errors: DataError, ShardError.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pd_ml.config import bucket_step
from pd_ml.data import shards
from pd_ml.data.cache import Rows, Wanted, open_pixels
from pd_ml.data.loader import WORKERS, Examples, batch_indices, cache_folder, texts_of, times_drawn
from pd_ml.errors import DataError
from pd_ml.seeding import seed_of

Shape = tuple[int, int]
LONGEST_ASPECT = 2.0


def bucket_shapes(image_size: int) -> tuple[Shape, ...]:
    """Widths and heights with the area of a square of `image_size` or a little less, between 1:2 and 2:1."""
    step = bucket_step(image_size)
    shapes = {(image_size, image_size)}
    for width in range(step, 2 * image_size + 1, step):
        height = image_size * image_size // width // step * step
        if height and max(width / height, height / width) <= LONGEST_ASPECT and width != height:
            shapes |= {(width, height), (height, width)}
    return tuple(sorted(shapes))


@dataclass(frozen=True, kw_only=True)
class Buckets:
    """The examples of a split, one entry a shape (width, height)."""

    shapes: tuple[Shape, ...]
    examples: tuple[Examples, ...]

    @classmethod
    def of(cls, examples: Examples) -> "Buckets":
        """One bucket that holds all of `examples`."""
        _, height, width, _ = examples.array_NHWC.shape
        return cls(shapes=((width, height),), examples=(examples,))

    def __len__(self) -> int:
        """How many examples all of them hold."""
        return sum(map(len, self.examples))

    def first(self, count: int) -> "Buckets":
        """About `count` examples, the first ones of each bucket in proportion; all where there are fewer."""
        total = len(self)
        if total <= count:
            return self
        shares = (max(1, len(one) * count // total) for one in self.examples)
        return replace(self, examples=tuple(one.first(n) for one, n in zip(self.examples, shares, strict=True)))

    def captioned(self) -> "Buckets":
        """The examples that have a caption; a bucket without any is left out."""
        kept = [(shape, one.captioned()) for shape, one in zip(self.shapes, self.examples, strict=True)]
        kept = [(shape, one) for shape, one in kept if len(one)]
        return Buckets(shapes=tuple(shape for shape, _ in kept), examples=tuple(one for _, one in kept))


def open_buckets(
    dataset: Path, split: str, *, image_size: int, cache: Path, least: int = 1, workers: int = WORKERS
) -> Buckets:
    """The examples of one split by shape. The few of a bucket with less than `least` go to the nearest other one."""
    manifest = shards.verify_once(dataset, cache=cache)
    captions, item_ids = texts_of(dataset, split)
    shapes = bucket_shapes(image_size)
    chosen = _without_small(_nearest(_aspects(dataset, split), shapes), shapes, least)
    found: dict[Shape, Examples] = {}
    for number in np.unique(chosen):
        width, height = shapes[number]
        rows = np.flatnonzero(chosen == number)
        name = f"{split}-{width}x{height}-{hashlib.sha256(rows.tobytes()).hexdigest()[:8]}.npy"
        wanted = Wanted(dataset=dataset, manifest=manifest, split=split, rows=rows, width=width, height=height)
        pixels = open_pixels(wanted, cache_folder(cache, manifest, image_size) / name, workers=workers)
        found[width, height] = Examples(
            split=split,
            array_NHWC=pixels,
            rows=np.arange(len(rows), dtype=np.int64),
            captions=tuple(captions[row] for row in rows),
            item_ids=tuple(item_ids[row] for row in rows),
            written=rows,
        )
    return Buckets(shapes=tuple(found), examples=tuple(found.values()))


def bucket_batch(seed: int, step: int, batch_size: int, counts: Sequence[int]) -> tuple[int, Rows]:
    """Which of buckets of `counts` examples batch `step` is of, and which examples it holds.

    The batches of a single bucket are those of a split without buckets.
    """
    if not sum(counts):
        raise DataError("no bucket has an example; collect more pictures")
    if len(counts) == 1:
        return 0, batch_indices(seed, step, batch_size, counts[0])
    batches = _batches(batch_size, counts)
    epoch, at = divmod(step, sum(batches))
    order = _order(seed, epoch, batches)
    bucket = int(order[at])
    turn = epoch * batches[bucket] + int((order[:at] == bucket).sum())
    return bucket, batch_indices(seed_of(seed, "bucket", bucket), turn, batch_size, counts[bucket])


def bucket_times_drawn(seed: int, steps: int, batch_size: int, counts: Sequence[int]) -> list[Rows]:
    """How often each example of each bucket is in the batches before `steps`."""
    if len(counts) == 1:
        return [times_drawn(seed, steps, batch_size, counts[0])]
    batches = _batches(batch_size, counts)
    epochs, begun = divmod(steps, sum(batches))
    turns = np.bincount(_order(seed, epochs, batches)[:begun], minlength=len(counts)) + epochs * np.array(batches)
    return [
        times_drawn(seed_of(seed, "bucket", bucket), int(turns[bucket]), batch_size, count)
        for bucket, count in enumerate(counts)
    ]


def _batches(batch_size: int, counts: Sequence[int]) -> tuple[int, ...]:
    """How many batches of each bucket an epoch has."""
    return tuple(max(1, round(count / batch_size)) if count else 0 for count in counts)


@lru_cache(maxsize=4)
def _order(seed: int, epoch: int, batches: tuple[int, ...]) -> Rows:
    buckets = np.repeat(np.arange(len(batches), dtype=np.int64), batches)
    return np.random.default_rng(seed_of(seed, "buckets", epoch)).permutation(buckets)


def _aspects(dataset: Path, split: str) -> npt.NDArray[np.float64]:
    """Width over height of every example of a split."""
    rows = [
        (row["width"] or 0, row["height"] or 0)
        for batch in shards.read_batches(dataset, split, ("width", "height"), batch_rows=8192)
        for row in batch.to_pylist()
    ]
    sides_N2 = np.array(rows, dtype=np.float64).reshape(-1, 2)
    without = int((sides_N2 <= 0).any(axis=1).sum())
    if without:
        raise DataError(
            f"{dataset}: {without} rows of split {split} tell no width or height, expected both for buckets; export "
            "the dataset again or --set buckets=false"
        )
    return sides_N2[:, 0] / sides_N2[:, 1]


def _nearest(aspects: npt.NDArray[np.float64], shapes: Sequence[Shape]) -> Rows:
    """The shape nearest to each aspect, on a logarithmic scale: the one of which least is cut off."""
    of_shapes = np.log([width / height for width, height in shapes])
    return np.abs(np.log(aspects)[:, None] - of_shapes[None]).argmin(axis=1).astype(np.int64)


def _without_small(chosen: Rows, shapes: Sequence[Shape], least: int) -> Rows:
    of_shapes = np.log([width / height for width, height in shapes])
    while True:
        counts = np.bincount(chosen, minlength=len(shapes))
        small = [number for number, count in enumerate(counts) if 0 < count < least]
        others = [number for number, count in enumerate(counts) if count]
        if not small or len(others) == 1:
            return chosen
        number = min(small, key=lambda one: counts[one])
        nearest = min((one for one in others if one != number), key=lambda one: abs(of_shapes[one] - of_shapes[number]))
        chosen = np.where(chosen == number, nearest, chosen)
