"""Examples as training reads them: pictures decoded once into a memory-mapped array, captions, batches by number.

The array lies in a cache folder of its own, named by dataset digest, resolution and transform version; nothing is
written into a dataset folder. Which examples batch k holds is a function of (seed, k). No flips: captions say left and
right. No torch in here. Errors: DataError, ShardError.

Shapes: N examples, H height, W width, C channels.
"""

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from pd_ml.data import shards
from pd_ml.errors import DataError
from pd_ml.seeding import seed_of

TRANSFORM_VERSION = 1

Pixels = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Examples:
    """One split. Example i has the pixels `array_NHWC[rows[i]]` and `captions[i]`, which may be empty."""

    split: str
    array_NHWC: Pixels
    rows: Rows
    captions: tuple[tuple[str, ...], ...]
    item_ids: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def pixels(self, indices: Sequence[int] | Rows) -> Pixels:
        """A copy of the pictures of the examples `indices`, BHWC."""
        return np.ascontiguousarray(self.array_NHWC[self.rows[np.asarray(indices, dtype=np.int64)]])

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


def open_split(dataset: Path, split: str, *, image_size: int, cache: Path) -> Examples:
    """The examples of one split at `image_size` pixels, decoded into `cache` if they are not there yet."""
    manifest = shards.read_manifest(dataset)
    captions, item_ids = _texts(dataset, split)
    folder = cache / f"{manifest.digest[:16]}-{image_size}px-v{TRANSFORM_VERSION}"
    path = folder / f"{split}.npy"
    if not path.is_file():
        _decode_split(dataset, split, len(item_ids), image_size, path)
    array_NHWC: Pixels = np.load(path, mmap_mode="r")
    expected = (len(item_ids), image_size, image_size, 3)
    if array_NHWC.shape != expected:
        raise DataError(f"{path}: array of shape {array_NHWC.shape}, expected {expected}; delete this cache file")
    rows = np.arange(len(item_ids), dtype=np.int64)
    return Examples(split=split, array_NHWC=array_NHWC, rows=rows, captions=captions, item_ids=item_ids)


def split_captions(dataset: Path, split: str) -> list[str]:
    """Every caption of a split, in the written order."""
    captions, _ = _texts(dataset, split)
    return [caption for several in captions for caption in several]


def require_examples(examples: Examples, batch_size: int) -> Examples:
    """`examples`, or a DataError where they do not fill one batch."""
    if len(examples) < batch_size:
        raise DataError(
            f"{len(examples)} captioned examples in split {examples.split}, expected at least a batch of {batch_size}; "
            "collect more pictures or --set batch_size"
        )
    return examples


def batch_indices(seed: int, step: int, batch_size: int, count: int) -> Rows:
    """Which of `count` examples batch `step` holds: epochs are permutations, cut into batches without a remainder."""
    positions = range(step * batch_size, (step + 1) * batch_size)
    return np.array([_permutation(seed, at // count, count)[at % count] for at in positions], dtype=np.int64)


def caption_choice(seed: int, step: int, example: int, count: int) -> int:
    """Which of an example's `count` captions is read at `step`."""
    return seed_of(seed, "caption", step, example) % count


@lru_cache(maxsize=4)
def _permutation(seed: int, epoch: int, count: int) -> Rows:
    return np.random.default_rng(seed_of(seed, "order", epoch)).permutation(count).astype(np.int64)


def _texts(dataset: Path, split: str) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    captions: list[tuple[str, ...]] = []
    item_ids: list[str] = []
    for batch in shards.read_batches(dataset, split, ("caption", "captions", "item_id"), batch_rows=8192):
        for row in batch.to_pylist():
            several = row["captions"] or ([row["caption"]] if row["caption"] else [])
            captions.append(tuple(caption for caption in several if caption and caption.strip()))
            item_ids.append(row["item_id"])
    return tuple(captions), tuple(item_ids)


def _decode_split(dataset: Path, split: str, count: int, image_size: int, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if count == 0:
        np.save(path, np.zeros((0, image_size, image_size, 3), dtype=np.uint8))
        return
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    array_NHWC = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=(count, image_size, image_size, 3))
    try:
        at = 0
        for batch in shards.read_batches(dataset, split, ("image", "item_id")):
            for row in batch.to_pylist():
                array_NHWC[at] = decode_square(row["image"], image_size, name=row["item_id"])
                at += 1
        array_NHWC.flush()
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def decode_square(encoded: bytes, image_size: int, *, name: str) -> Pixels:
    """The centre square of a picture at `image_size` pixels, HWC; JPEGs are decoded at a reduced scale first."""
    try:
        with Image.open(io.BytesIO(encoded)) as image:
            # Twice the size is kept before the last resize, as Pillow's draft cuts corners below that.
            image.draft("RGB", (2 * image_size, 2 * image_size))
            picture = image.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"{name}: picture cannot be decoded ({error}); take it out and export again") from error
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    square = picture.crop((left, top, left + side, top + side))
    return np.asarray(square.resize((image_size, image_size), Image.Resampling.LANCZOS), dtype=np.uint8)
