"""Makes the index of the gallery from the tables, as a stream and in bounded memory: written whole or not at all.

rows.arrow              what is shown of each item, in the order of their ids
<facet>.codes.npy       the number of its value; of a facet with several `<facet>.begins.npy` says where each item's are
<facet>.values.arrow    the values by number, sorted
words.arrow             all words, sorted; word.begins.npy and word.rows.npy: the items that have each
order.<sort>.npy        the items in an order
told.json               of which tables, and size and CRC-32 of each file; written last
"""

import hashlib
import os
import shutil
import zlib
from array import array
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CAPTIONS, CLUSTERS, DECISIONS, FILES, ITEMS, TAKEDOWNS, Table
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.gallery.facets import FACETS, Facet
from pd_assets.lib.gallery.words import words
from pd_assets.lib.home import Home, alone, remove_folder, write_checked

FOLDER = ".index/gallery"
TOLD = "told.json"
# Raised when a folder would hold something else of the same tables.
VERSION = 3
BATCH_ROWS = 8192
# Of DuckDB, which spills what it cannot hold.
MEMORY_BYTES = 400_000_000
INPUTS: Mapping[str, Table] = {
    "items": ITEMS,
    "decisions": DECISIONS,
    "files": FILES,
    "captions": CAPTIONS,
    "clusters": CLUSTERS,
    "takedowns": TAKEDOWNS,
}
# Tables that are narrowed to one item where one is asked for.
OF_ONE = ("items", "decisions", "files", "captions")
SHOWN = (
    *("item_id", "title", "page_url", "sha1", "sha256", "path", "mime", "width", "height", "artist", "date"),
    *("has_picture", "taken_down", "error", "verdict", "rule", "left_out"),
)
Numbers = npt.NDArray[np.uint32]


def place(home: Home) -> Path:
    """Where the indexes of a home lie; of one that must not be written, elsewhere."""
    return home.root / FOLDER if home.may_write else home.scratch / "gallery"


def fingerprint(home: Home, profile: str) -> str:
    """What an index is made of: it changes when a file of a table is replaced."""
    said = [f"{VERSION} {profile}"]
    for name, table in INPUTS.items():
        for path in tables.files_of(home, table):
            with suppress(OSError):
                stat = path.stat()
                said.append(f"{name} {path.name} {stat.st_size} {stat.st_mtime_ns} {stat.st_ino}")
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]


def build(home: Home, profile: str) -> Path:
    """The index of the tables as they are; TableError where one is damaged."""
    with alone(place(home), "makes the index of the gallery"):
        wanted = fingerprint(home, profile)
        folder = place(home) / wanted
        if (folder / TOLD).is_file():
            return folder
        partial = place(home) / f".{wanted}.partial"
        for left in place(home).glob(".*.partial"):
            shutil.rmtree(left, ignore_errors=True)
        partial.mkdir()
        try:
            count = _write(home, profile, partial)
            files = {path.name: [path.stat().st_size, crc(path)] for path in sorted(partial.iterdir())}
            write_checked(partial / TOLD, {"fingerprint": wanted, "profile": profile, "count": count, "files": files})
            # What lies there is not finished, or is damaged.
            remove_folder(folder)
            os.replace(partial, folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return folder


def crc(path: Path) -> int:
    """The CRC-32 of a file."""
    found = 0
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            found = zlib.crc32(block, found)
    return found


def rows(home: Home, profile: str, *, item_id: str | None = None) -> Iterator[pa.RecordBatch]:
    """What the tables say, of all items or of one."""
    with tables.engine(home, memory_bytes=None if item_id is not None else MEMORY_BYTES) as connection:
        for name, table in INPUTS.items():
            found = tables.relation(connection, home, table)
            if item_id is not None and name in OF_ONE:
                found = found.filter("item_id = '" + item_id.replace("'", "''") + "'")
            found.create_view(name)
        yield from connection.sql(load("gallery_rows"), params={"profile": profile}).to_arrow_reader(BATCH_ROWS)


def _write(home: Home, profile: str, folder: Path) -> int:
    coded = {name: _Coded(facet) for name, facet in FACETS.items()}
    index, newest, hidden, pixels, titles = _Words(), [], [], [], []
    count = 0
    writer: pa.RecordBatchFileWriter | None = None
    with pa.OSFile(str(folder / "rows.arrow"), "wb") as sink:
        try:
            for batch in rows(home, profile):
                shown = batch.select(list(SHOWN))
                writer = writer or pa.ipc.new_file(sink, shown.schema)
                writer.write_batch(shown)
                for name, one in coded.items():
                    one.add(batch.column(name))
                index.add(batch.column("words"))
                newest.append(batch.column("newest").to_numpy())
                hidden.append(pc.invert(batch.column("has_picture")).to_numpy(zero_copy_only=False))
                pixels.append(batch.column("pixels").to_numpy())
                titles.append(pc.utf8_lower(pc.fill_null(batch.column("title"), "")))
                count += batch.num_rows
        finally:
            if writer is not None:
                writer.close()
    for one in coded.values():
        one.write(folder)
    index.write(folder)
    later = -_joined(newest, np.int64)
    _save_order(folder, "pictures", np.lexsort((later, _joined(hidden, np.int64))))
    _order(folder, "newest", later)
    _order(folder, "size", -_joined(pixels, np.int64))
    by_title = pc.sort_indices(pa.chunked_array(titles, pa.string())) if count else pa.array([], pa.uint64())
    np.save(folder / "order.title.npy", by_title.to_numpy(zero_copy_only=False).astype(np.uint32))
    return count


def _joined(parts: list[npt.NDArray[np.generic]], kind: type[np.generic]) -> npt.NDArray[np.int64]:
    return np.concatenate(parts).astype(kind) if parts else np.empty(0, kind)


def _order(folder: Path, name: str, keys: npt.NDArray[np.int64]) -> None:
    _save_order(folder, name, np.argsort(keys, kind="stable"))


def _save_order(folder: Path, name: str, places: npt.NDArray[np.intp]) -> None:
    np.save(folder / f"order.{name}.npy", places.astype(np.uint32))


def write_values(path: Path, values: list[str]) -> None:
    """Texts in their order, to be mapped."""
    batch = pa.record_batch({"value": pa.array(values, pa.string())})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)


class _Coded:
    """The values of a facet as numbers; those of a batch are coded by Arrow first, so that few are looked up here."""

    def __init__(self, facet: Facet) -> None:
        self.facet = facet
        self.known: dict[str, int] = {}
        self.codes: list[Numbers] = []
        self.lengths: list[Numbers] = []

    def add(self, column: pa.Array) -> None:
        if self.facet.is_many:
            self.lengths.append(pc.list_value_length(column).to_numpy(zero_copy_only=False).astype(np.uint32))
            column = column.flatten()
        coded = pc.fill_null(column, "").dictionary_encode()
        known = [self.known.setdefault(value, len(self.known)) for value in coded.dictionary.to_pylist()]
        self.codes.append(np.array(known, np.uint32)[coded.indices.to_numpy(zero_copy_only=False)])

    def write(self, folder: Path) -> None:
        values = sorted(self.known)
        rank = np.empty(len(values), np.uint32)
        rank[np.array([self.known[value] for value in values], np.int64)] = np.arange(len(values), dtype=np.uint32)
        codes = rank[np.concatenate(self.codes)] if self.codes else np.empty(0, np.uint32)
        write_values(folder / f"{self.facet.name}.values.arrow", values)
        np.save(folder / f"{self.facet.name}.codes.npy", codes.astype(np.min_scalar_type(max(len(values) - 1, 0))))
        if self.facet.is_many:
            np.save(folder / f"{self.facet.name}.begins.npy", _begins(self.lengths))


def _begins(lengths: list[Numbers]) -> npt.NDArray[np.int64]:
    found = np.concatenate(lengths) if lengths else np.empty(0, np.uint32)
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(found, dtype=np.int64)])


class _Words:
    """Which items have a word."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}
        self.codes, self.counts = array("I"), array("I")

    def add(self, column: pa.Array) -> None:
        known, codes = self.known, self.codes
        for text in column.to_pylist():
            found = set(words(text or ""))
            codes.extend(known.setdefault(word, len(known)) for word in found)
            self.counts.append(len(found))

    def write(self, folder: Path) -> None:
        every = sorted(self.known)
        rank = np.empty(len(every), np.uint32)
        rank[np.array([self.known[word] for word in every], np.int64)] = np.arange(len(every), dtype=np.uint32)
        self.known.clear()
        codes, counts = np.array(self.codes, np.uint32), np.array(self.counts, np.uint32)
        self.codes, self.counts = array("I"), array("I")
        # Word and row in one number, sorted in its place: half the memory of sorting their places.
        keys = rank[codes].astype(np.uint64)
        del codes
        keys <<= np.uint64(32)
        keys |= np.repeat(np.arange(len(counts), dtype=np.uint32), counts)
        keys.sort()
        np.save(folder / "word.rows.npy", keys.astype(np.uint32))
        firsts = np.arange(len(every) + 1, dtype=np.uint64) << np.uint64(32)
        np.save(folder / "word.begins.npy", np.searchsorted(keys, firsts))
        write_values(folder / "words.arrow", every)
