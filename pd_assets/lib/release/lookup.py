"""Asks the index (index.py) for rows and looks; of files that have no sound segment it asks the files themselves.

The answer is the same either way. A file that cannot be read is named and left out: there may be more than was found.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pd_assets.lib.catalog import tables
from pd_assets.lib.errors import TableError
from pd_assets.lib.home import Home
from pd_assets.lib.release.asking import Parts, ask, readable, shown
from pd_assets.lib.release.index import ARE_WORDS, AS_WORDS, BATCH_ROWS, INDEXED, WORDS, place_of
from pd_assets.lib.release.segments import DamagedSegment, Row, Segment, key_of

# Looks that are compared at a time: what fits a processor's cache.
LOOKS_AT_ONCE = 131_072


class Looks(Protocol):
    """Some looks, five words each (the perceptual hash, the four of the detail hash), and the row of each."""

    @property
    def words(self) -> npt.NDArray[np.uint64]: ...

    def row(self, place: int) -> Row: ...


@dataclass(frozen=True, kw_only=True)
class _OfSegment:
    words: npt.NDArray[np.uint64]
    numbers: npt.NDArray[np.uint32]
    segment: Segment

    def row(self, place: int) -> Row:
        return next(self.segment.rows_at([int(self.numbers[place])]))


@dataclass(frozen=True, kw_only=True)
class _OfBatch:
    words: npt.NDArray[np.uint64]
    batch: pa.RecordBatch

    def row(self, place: int) -> Row:
        found: Row = self.batch.slice(place, 1).to_pylist()[0]
        return found


@dataclass(kw_only=True)
class _Files:
    """Of one table: the files that have a segment, and those that are read themselves."""

    segments: dict[Path, Segment] = field(default_factory=dict)
    plain: list[Path] = field(default_factory=list)
    is_looked_at: bool = False
    is_there: bool = False

    def give_up(self, path: Path) -> None:
        """Read a file itself from now on: its segment is damaged."""
        del self.segments[path]
        self.plain.append(path)
        self.is_looked_at = False


@dataclass(kw_only=True)
class Lookup:
    """One question. `unread` names what could not be asked; `plain`, by table, how many bytes of it were read without
    the index.
    """

    home: Home
    unread: list[str] = field(default_factory=list)
    plain: dict[str, int] = field(default_factory=dict)
    _files: dict[str, _Files] = field(default_factory=dict)

    def rows(self, name: str, kind: str, values: Collection[str]) -> list[Row]:
        """The rows of a table of INDEXED that have one of some values."""
        if not values:
            return []
        columns, wanted = INDEXED[name].kinds[kind], set(values)
        keys = [key_of(kind, value) for value in wanted]
        files = self._of(name)
        found: list[Row] = []
        for path, segment in list(files.segments.items()):
            try:
                rows = list(segment.rows(keys))
            except DamagedSegment:
                files.give_up(path)
                continue
            found += [row for row in rows if any(row[column] in wanted for column in columns)]
        where = " or ".join(f'list_contains($values, "{column}")' for column in columns)
        return found + self._in_files(name, files, where, {"values": sorted(wanted)})

    def looks(self, name: str) -> Iterator[Looks]:
        """The looks of a table, some at a time."""
        files = self._of(name)
        for path, segment in list(files.segments.items()):
            try:
                numbers, words = segment.looks()
            except DamagedSegment:
                files.give_up(path)
                continue
            for first in range(0, len(words), LOOKS_AT_ONCE):
                some = slice(first, first + LOOKS_AT_ONCE)
                yield _OfSegment(words=words[some], numbers=numbers[some], segment=segment)
        if self._readable(name, files, whole=False):
            try:
                yield from self._looks_in_files(name, files)
            except TableError as error:
                self.unread.append(str(error))

    def has_files(self, name: str) -> bool:
        """Whether there is anything of a table, readable or not."""
        return self._of(name).is_there

    def _of(self, name: str) -> _Files:
        if name not in self._files:
            self._files[name] = self._opened(name)
        return self._files[name]

    def _opened(self, name: str) -> _Files:
        files, table = _Files(), INDEXED[name].table
        try:
            paths = tables.parts(self.home, table)
        except OSError as error:
            self.unread.append(f"{table.key} ({error.strerror or error})")
            files.is_there = True
            return files
        files.is_there = bool(paths)
        for path in paths:
            try:
                if (place := place_of(self.home, name, path)) is None:
                    raise DamagedSegment(f"{path}: gone")
                files.segments[path] = Segment(place)
            except DamagedSegment:
                files.plain.append(path)
        return files

    def _readable(self, name: str, files: _Files, *, whole: bool) -> bool:
        """Leave out the files without a segment that cannot be read, and name them; whether any is left."""
        if files.plain and (whole or not files.is_looked_at):
            self.plain[name] = sum(path.stat().st_size for path in files.plain if path.is_file())
            indexed = INDEXED[name]
            parts, damaged = readable(self.home, indexed.table, indexed.needed, whole=whole, paths=files.plain)
            self.unread += [one for one in damaged if one not in self.unread]
            files.plain, files.is_looked_at = list(parts.paths), True
        return bool(files.plain)

    def _in_files(self, name: str, files: _Files, where: str, parameters: Mapping[str, object]) -> list[Row]:
        """The rows of the files without a segment for which a condition holds."""
        sql = f"select {_listed(INDEXED[name].columns)} from asked where {where}"
        for whole in (False, True):
            if not self._readable(name, files, whole=whole):
                return []
            asked = Parts(table=INDEXED[name].table, paths=tuple(files.plain))
            try:
                rows: list[Row] = ask(self.home, sql, {"asked": asked}, parameters).to_pylist()
                return rows
            except TableError as error:
                # Each file is read for itself then, to leave out those that cannot be.
                if whole:
                    self.unread.append(str(error))
        return []

    def _looks_in_files(self, name: str, files: _Files) -> Iterator[Looks]:
        columns = _listed(INDEXED[name].columns)
        sql = f"select {columns}, {', '.join(WORDS)} from (select *, {AS_WORDS} from asked) where {ARE_WORDS}"
        with tables.engine(self.home) as connection:
            shown(connection, Parts(table=INDEXED[name].table, paths=tuple(files.plain))).create_view("asked")
            for batch in connection.sql(sql).to_arrow_reader(BATCH_ROWS):
                words = np.stack([batch.column(word).to_numpy() for word in WORDS], axis=1)
                yield _OfBatch(words=words, batch=batch)


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
