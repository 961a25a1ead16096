"""The part files of one category: rows are replaced in their part, new ones fill the last part and then further ones.

A part is replaced as a whole or left as it was, and a row never moves to another part: whenever the writing stops, no
row is lost or there twice. No requests in here.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import PAGES
from pd_assets.lib.commons.index import PartIndex, PartitionIndex, digest_of_row, index_part, is_untold
from pd_assets.lib.home import Home

T = TypeVar("T")
Row = dict[str, object]

ROWS_IN_A_PART = 2_000
# A part of long pages holds fewer of them.
MOST_PART_BYTES = 10_000_000
ROWS_AT_ONCE = 50
LISTED = ("live", "moved")


class PartitionWriter:
    """Writes one category. `parts` is what lies on the disk at any moment; `is_changed` once anything was written."""

    def __init__(self, home: Home, category: str, parts: list[PartIndex]) -> None:
        self.folder = home.partition(PAGES.key, category)
        self.parts = list(parts)
        self.is_changed = False

    def mend(self, number: int, rows: Iterable[Row]) -> None:
        """Replace rows of one part; it is not written where they say what was there."""
        old = self.parts[number]
        stored = tables.read_part(PAGES, old.path)
        batches: list[pa.Table] = []
        for some in _batches(rows, ROWS_AT_ONCE):
            before = _rows_of(stored, [row["pageid"] for row in some])
            batches.append(_as_batch(_over(before.get(row["pageid"]), row) for row in some))
        mended = pa.concat_tables(batches) if batches else stored.slice(0, 0)
        untouched = stored.filter(pc.invert(pc.is_in(stored["pageid"], value_set=mended["pageid"])))
        content = tables.sort(PAGES, pa.concat_tables([untouched, mended]))
        new = index_part(old.path, content)
        if not _is_alike(old, new):
            self._write(number, new, content)

    def add(self, rows: Iterable[Row]) -> None:
        """Add rows of pages that no part holds yet, a part at a time."""
        rest = iter(rows)
        first = next(rest, None)
        if first is None:
            return
        number, batches = self._open_part()
        coming = _chained(first, rest)
        while True:
            count = sum(batch.num_rows for batch in batches)
            some = list(islice(coming, min(ROWS_AT_ONCE, ROWS_IN_A_PART - count)))
            if some:
                batches.append(_as_batch(some))
            is_full = count + len(some) >= ROWS_IN_A_PART or sum(one.nbytes for one in batches) >= MOST_PART_BYTES
            if batches and (is_full or not some):
                self._write_new(number, batches)
                number, batches = len(self.parts), []
            if not some:
                return

    def finish(self) -> PartitionIndex:
        """The index of what was written; a category without any page has an empty part, so that it was there."""
        if not self.parts:
            self._write_new(0, [PAGES.schema.empty_table()])
        return PartitionIndex(parts=self.parts)

    def _open_part(self) -> tuple[int, list[pa.Table]]:
        """The last part with what it holds where it has room, else a new one."""
        if not self.parts or len(self.parts[-1].pageids) >= ROWS_IN_A_PART:
            return len(self.parts), []
        content = tables.read_part(PAGES, self.parts[-1].path)
        return (len(self.parts) - 1, [content]) if content.nbytes < MOST_PART_BYTES else (len(self.parts), [])

    def _write_new(self, number: int, batches: list[pa.Table]) -> None:
        content = tables.sort(PAGES, pa.concat_tables(batches))
        path = self.parts[number].path if number < len(self.parts) else self._next_path()
        self._write(number, index_part(path, content), content)

    def _write(self, number: int, index: PartIndex, content: pa.Table) -> None:
        tables.write_part(PAGES, index.path, content)
        self.parts[number : number + 1] = [index]
        self.is_changed = True
        # Arrow keeps what it freed; with a part of some other size next, that would add up.
        pa.default_memory_pool().release_unused()

    def _next_path(self) -> Path:
        numbers = [int(part.path.stem.removeprefix("part-")) for part in self.parts]
        return self.folder / tables.part_name(max(numbers, default=-1) + 1)


def _over(before: Row | None, row: Row) -> Row:
    """The row to store over an earlier one. A deleted page says nothing any more: its evidence stays beside it; so does
    that of a page that could not be read anew."""
    if before is None:
        return row
    if row["status"] == "deleted":
        return {**before, "status": "deleted", "fetched_at": row["fetched_at"]}
    if not is_untold(row["problem"]) or is_untold(before["problem"]):
        return {**row, "title": row["title"] or before["title"]}
    if before["status"] in LISTED:
        return {**before, "status": row["status"] if row["status"] not in LISTED else before["status"]}
    # It was gone, and is listed again: what was read before that is not taken for what is there now.
    return {**before, "status": row["status"], "problem": row["problem"]}


def _rows_of(content: pa.Table, pageids: list[object]) -> dict[object, Row]:
    wanted = content.filter(pc.is_in(content["pageid"], value_set=pa.array(pageids, pa.int64())))
    return {row["pageid"]: row for row in tables.rows(wanted)}


def _as_batch(rows: Iterable[Row]) -> pa.Table:
    return pa.Table.from_pylist([{**row, "digest": digest_of_row(row)} for row in rows], schema=PAGES.schema)


def _is_alike(one: PartIndex, other: PartIndex) -> bool:
    pairs = ((one.pageids, other.pageids), (one.statuses, other.statuses), (one.digests, other.digests))
    return all(np.array_equal(a, b) for a, b in pairs)


def _batches(values: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch


def _chained(first: T, rest: Iterable[T]) -> Iterator[T]:
    yield first
    yield from rest
