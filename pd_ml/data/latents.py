"""A dataset as latents and text states, computed once: the format of a finished `latents` folder.

For each split `<split>-moments.npy` (mean and log-variance of each example's latents, fp16) and `<split>.parquet` (its
item, its captions, and the row of each caption in `texts.npy`). `texts.npy` holds the text states of each different
caption of all splits once; its row 0 is the empty prompt. `latents.json` lists what there is and is written last.
Which dataset, VAE and CLIP they were made of is in `run.json`, by digest. No torch in here. Errors: DataError.

Shapes: N examples, M moments, h, w of the latents, K texts, L tokens, D width of the text states.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pd_ml.data.loader import Rows
from pd_ml.errors import DataError

FORMAT_VERSION = 1
INDEX, TEXTS = "latents.json", "texts.npy"
EMPTY_TEXT = 0

Floats = npt.NDArray[np.float16] | npt.NDArray[np.float32]
_SCHEMA = pa.schema(
    [
        ("item_id", pa.string()),
        ("captions", pa.list_(pa.string())),
        ("texts", pa.list_(pa.int64())),
    ]
)


@dataclass(frozen=True, kw_only=True)
class LatentIndex:
    """`latents.json`. `moments_shape` is Mhw, `text_shape` LD; `scaling_factor` is that of the VAE."""

    image_size: int
    scaling_factor: float
    moments_shape: tuple[int, ...]
    text_shape: tuple[int, ...]
    texts: int
    examples: dict[str, int]
    format_version: int = FORMAT_VERSION


@dataclass(frozen=True, kw_only=True)
class CaptionedItem:
    """An example's item and captions, and the row of each caption's states."""

    item_id: str
    captions: tuple[str, ...]
    texts: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Latents:
    """One split. Example i has the moments `moments_NMhw[rows[i]]` and what `items[i]` says."""

    split: str
    index: LatentIndex
    moments_NMhw: Floats
    texts_KLD: Floats
    rows: Rows
    items: tuple[CaptionedItem, ...]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def item_ids(self) -> tuple[str, ...]:
        """The item of each example."""
        return tuple(item.item_id for item in self.items)

    def moments(self, indices: Sequence[int] | Rows) -> npt.NDArray[np.float32]:
        """A copy of the moments of the examples `indices`."""
        found = self.moments_NMhw[self.rows[np.asarray(indices, dtype=np.int64)]]
        return np.ascontiguousarray(found, dtype=np.float32)

    def text_states(self, texts: Sequence[int]) -> npt.NDArray[np.float32]:
        """A copy of the states of the texts with these rows."""
        return np.ascontiguousarray(self.texts_KLD[np.asarray(texts, dtype=np.int64)], dtype=np.float32)

    def captioned(self) -> "Latents":
        """The examples that have a caption."""
        return self._subset([number for number, item in enumerate(self.items) if item.captions])

    def first(self, count: int) -> "Latents":
        """The first `count` examples, or all where there are fewer."""
        return self._subset(range(min(count, len(self))))

    def _subset(self, indices: Sequence[int]) -> "Latents":
        rows = self.rows[np.asarray(indices, dtype=np.int64)]
        return replace(self, rows=rows, items=tuple(self.items[index] for index in indices))


class RowFile:
    """An .npy file of known shape that rows are added to, a few at a time; what is there already is kept.

    Nothing but the rows at hand is in memory, and a run that was stopped goes on after the last whole row.
    """

    def __init__(self, path: Path, shape: tuple[int, ...], dtype: type[np.float16] | type[np.float32]) -> None:
        self._path, self._shape, self._dtype = path, shape, np.dtype(dtype)
        self._row_bytes = self._dtype.itemsize * int(np.prod(shape[1:]))
        with path.open("ab") as file:
            if not file.tell():
                header = {"descr": np.lib.format.dtype_to_descr(self._dtype), "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(file, header)
        with path.open("rb") as file:
            np.lib.format.read_magic(file)
            np.lib.format.read_array_header_1_0(file)
            self._start = file.tell()
        os.truncate(path, self._start + self.rows * self._row_bytes)

    @property
    def rows(self) -> int:
        """How many whole rows are there."""
        return (self._path.stat().st_size - self._start) // self._row_bytes

    def add(self, values: Floats) -> None:
        """Rows at the end; DataError where a number does not fit the type or is none."""
        with np.errstate(over="ignore"):
            stored = np.ascontiguousarray(values, dtype=self._dtype)
        assert stored.shape[1:] == self._shape[1:] and self.rows + len(stored) <= self._shape[0]
        if not np.isfinite(stored).all():
            raise DataError(
                f"{self._path.name}: row {self.rows} or one of the {len(stored) - 1} after it holds numbers that "
                f"{self._dtype} cannot; look at that picture or caption, or train the VAE or CLIP again"
            )
        with self._path.open("ab") as file:
            file.write(stored.tobytes())


def moments_path(folder: Path, split: str) -> Path:
    """Where the moments of a split lie."""
    return folder / f"{split}-moments.npy"


def write_items(folder: Path, split: str, items: Sequence[CaptionedItem]) -> None:
    """Write `<split>.parquet`."""
    pq.write_table(pa.Table.from_pylist([asdict(item) for item in items], schema=_SCHEMA), folder / f"{split}.parquet")


def write_index(folder: Path, index: LatentIndex) -> None:
    """Write `latents.json`: from then on the folder can be read."""
    partial = folder / f".{INDEX}.partial"
    partial.write_text(json.dumps(asdict(index), indent=1, sort_keys=True) + "\n")
    os.replace(partial, folder / INDEX)


def read_index(folder: Path) -> LatentIndex:
    """What the folder holds; DataError where it is unfinished, damaged or of another format."""
    path = folder / INDEX
    try:
        raw = json.loads(path.read_text())
        if raw["format_version"] != FORMAT_VERSION:
            found = raw["format_version"]
            raise DataError(f"{path}: format version {found}, expected {FORMAT_VERSION}; compute the latents again")
        shapes = {name: tuple(raw[name]) for name in ("moments_shape", "text_shape")}
        return LatentIndex(**{**raw, **shapes})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: not an index of latents ({error}); compute the latents again") from error


def open_latents(folder: Path, split: str) -> Latents:
    """One split of a finished folder, memory-mapped; DataError where files do not agree with `latents.json`."""
    index = read_index(folder)
    moments_NMhw, texts_KLD = (_mapped(path) for path in (moments_path(folder, split), folder / TEXTS))
    items = tuple(
        CaptionedItem(item_id=row["item_id"], captions=tuple(row["captions"]), texts=tuple(row["texts"]))
        for row in pq.read_table(folder / f"{split}.parquet").to_pylist()
    )
    found = {"moments": moments_NMhw.shape, "texts": texts_KLD.shape, "items": (len(items),)}
    count = index.examples[split]
    expected = {"moments": (count, *index.moments_shape), "texts": (index.texts, *index.text_shape), "items": (count,)}
    wrong = [f"{name} of {found[name]}, expected {shape}" for name, shape in expected.items() if found[name] != shape]
    if wrong:
        raise DataError(f"{folder}, split {split}: {'; '.join(wrong)}; compute the latents again")
    return Latents(
        split=split,
        index=index,
        moments_NMhw=moments_NMhw,
        texts_KLD=texts_KLD,
        rows=np.arange(count, dtype=np.int64),
        items=items,
    )


def _mapped(path: Path) -> Floats:
    try:
        # An empty file cannot be mapped.
        array: Floats = np.load(path, mmap_mode="r" if path.stat().st_size > 128 else None)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error}); compute the latents again") from error
    return array
