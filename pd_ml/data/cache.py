"""Decoded pictures of a split: a memory-mapped array on the disk, made once, or decoded as they are asked for.

An array file exists only when whole. One process makes it and the others wait; of a killed one nothing is left but a
partial file, which the next one removes. Where the disk is too small for the array, pictures are decoded every time.
No torch in here. Errors: DataError, ShardError.

Shapes: N pictures, H height, W width, C channels.
"""

import fcntl
import logging
import os
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pd_ml.data import shards
from pd_ml.data.decode import Encoded, Pixels, decode_row
from pd_ml.data.shards import Manifest
from pd_ml.disk import NO_SPACE
from pd_ml.errors import DataError

Rows = npt.NDArray[np.int64]
GROUPS_AHEAD = 8

_COLUMNS = ("image", "item_id", "width", "height")

log = logging.getLogger(__name__)


class PixelStore(Protocol):
    """Pictures by number, as an array of numpy gives them: NHWC."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __getitem__(self, rows: Rows) -> Pixels: ...


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Some rows of a split, in their written order, and the size that they are decoded at."""

    dataset: Path
    manifest: Manifest
    split: str
    rows: Rows
    width: int
    height: int

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.rows), self.height, self.width, 3)

    def decode(self, row: Encoded) -> Pixels:
        return decode_row(row, self.width, self.height)

    def encoded(self) -> Iterator[Encoded]:
        """The pictures of the rows."""
        wanted = np.zeros(self.manifest.counts.get(self.split, 0) or int(self.rows.max(initial=-1)) + 1, dtype=bool)
        wanted[self.rows] = True
        at = 0
        for batch in shards.read_batches(self.dataset, self.split, _COLUMNS):
            here = wanted[at : at + batch.num_rows]
            at += batch.num_rows
            if here.any():
                yield from _rows_of(batch.filter(here))


def _rows_of(batch: pa.RecordBatch) -> Iterator[Encoded]:
    for row in batch.to_pylist():
        size_px = (row["width"], row["height"]) if row["width"] and row["height"] else None
        yield Encoded(image=row["image"], name=row["item_id"], size_px=size_px)


def free_bytes(folder: Path) -> int:
    """The room on the disk of a folder."""
    return shutil.disk_usage(folder).free


def open_pixels(wanted: Wanted, path: Path, *, workers: int, free: Callable[[Path], int] = free_bytes) -> PixelStore:
    """The decoded pictures, from the array file `path`, which is made where it is missing and there is room for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _alone(path):
        if path.is_file() and (why := _fault(path, wanted.shape)) is not None:
            log.warning("%s; it is made anew", why)
            path.unlink()
        if not path.is_file():
            needed = int(np.prod(wanted.shape))
            room = free(path.parent)
            if needed > room:
                return _streamed(wanted, path, f"{needed} bytes are needed and {room} are free", workers)
            try:
                _make(wanted, path, workers)
            except OSError as error:
                if error.errno not in NO_SPACE:
                    raise
                return _streamed(wanted, path, str(error.strerror), workers)
    return _mapped(path, wanted.shape)


def _fault(path: Path, shape: tuple[int, ...]) -> str | None:
    try:
        _mapped(path, shape)
    except DataError as error:
        return str(error)
    return None


def _mapped(path: Path, shape: tuple[int, ...]) -> Pixels:
    try:
        array_NHWC: Pixels = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path}: no array of pictures ({error})") from error
    if array_NHWC.shape != shape:
        raise DataError(f"{path}: array of shape {array_NHWC.shape}, expected {shape}")
    return array_NHWC


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """A lock of the kernel's, which a killed process cannot keep."""
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for partial in path.parent.glob(f".{path.name}.partial-*"):
            partial.unlink(missing_ok=True)
        yield


def _make(wanted: Wanted, path: Path, workers: int) -> None:
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        # Written, not mapped: where the disk is full, a write is refused, and a mapping kills the process.
        with partial.open("wb") as file:
            _write_header(file, wanted.shape)
            for pixels_HWC in decoded(wanted.encoded(), wanted.decode, workers):
                file.write(pixels_HWC.tobytes())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _write_header(file: BinaryIO, shape: tuple[int, ...]) -> None:
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})


def decoded(encoded: Iterable[Encoded], decode: Callable[[Encoded], Pixels], workers: int) -> Iterator[Pixels]:
    """Pictures in their order, `workers` of them decoded at a time."""
    begun: deque[Future[Pixels]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="decode") as pool:
        try:
            for one in encoded:
                begun.append(pool.submit(decode, one))
                if len(begun) == 4 * workers:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            for future in begun:
                future.cancel()


def _streamed(wanted: Wanted, path: Path, why: str, workers: int) -> "StreamedPixels":
    log.warning(
        "%s cannot be made (%s): pictures are decoded anew for every batch, which is much slower; "
        "free some space, or name another cache folder",
        path,
        why,
    )
    return StreamedPixels(wanted=wanted, workers=workers, groups=tuple(_row_groups(wanted)))


@dataclass(frozen=True, kw_only=True)
class _Group:
    """A row group: its shard, its number there, and the row of the split that it begins with."""

    path: Path
    number: int
    first: int


def _row_groups(wanted: Wanted) -> Iterator[_Group]:
    first = 0
    for info in wanted.manifest.shards:
        if info.split != wanted.split:
            continue
        metadata = pq.read_metadata(wanted.dataset / info.path)
        for number in range(metadata.num_row_groups):
            yield _Group(path=wanted.dataset / info.path, number=number, first=first)
            first += metadata.row_group(number).num_rows


@dataclass(frozen=True, kw_only=True)
class StreamedPixels:
    """The pictures of a split, decoded from the shards whenever they are asked for."""

    wanted: Wanted
    workers: int
    groups: Sequence[_Group]
    recent: dict[int, list[Encoded]] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.wanted.shape

    def __getitem__(self, rows: Rows) -> Pixels:
        asked = self.wanted.rows[np.asarray(rows, dtype=np.int64)]
        out_BHWC = np.empty((len(asked), *self.shape[1:]), dtype=np.uint8)
        # By shard and row group, so that each is read once a batch.
        order = np.argsort(asked, kind="stable")
        encoded = (self._encoded(int(asked[at])) for at in order)
        for at, pixels_HWC in zip(order, decoded(encoded, self.wanted.decode, self.workers), strict=True):
            out_BHWC[at] = pixels_HWC
        return out_BHWC

    def _encoded(self, row: int) -> Encoded:
        starts = [group.first for group in self.groups]
        number = int(np.searchsorted(starts, row, side="right")) - 1
        if number not in self.recent:
            if len(self.recent) >= GROUPS_AHEAD:
                self.recent.pop(next(iter(self.recent)))
            batch = shards.read_group(self.groups[number].path, self.groups[number].number, _COLUMNS)
            self.recent[number] = list(_rows_of(batch))
        return self.recent[number][row - self.groups[number].first]
