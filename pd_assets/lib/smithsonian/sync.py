"""Bring the stored records of a unit up to date with the bulk metadata, a shard at a time.

A shard that the archive says is unchanged is not read; one that is read is compared line by line. A medium that its
shard holds no more is deleted. One shard that cannot be fetched is left as it was, and costs no other.
"""

import json
import logging
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from pd_assets.lib.catalog import tables
from pd_assets.lib.errors import ArchiveError, FetchFailed
from pd_assets.lib.home import Home, write_text
from pd_assets.lib.museums.contract import SMITHSONIAN
from pd_assets.lib.museums.parts import Outcome, PartMerge, Reading, Row, ShardState, UnitShards, rewrite, rows_of
from pd_assets.lib.museums.values import mapping
from pd_assets.lib.smithsonian.bulk import Bulk, Copy, Shard
from pd_assets.lib.smithsonian.lines import BROKEN_STREAM, Line, read_lines
from pd_assets.lib.smithsonian.records import HTML, READER_VERSION, TRUNCATED, Parser, addresses
from pd_assets.lib.smithsonian.units import known_unit

log = logging.getLogger(__name__)

# Below the home: the units of the index as it was read last.
INDEX_NOTE = "smithsonian/index.json"
# So many shards in a row that cannot be fetched: it is not the shards.
MOST_FAILURES_IN_A_ROW = 5


@dataclass(kw_only=True)
class UnitSync:
    """What the sync of one unit did. `reading` is about all its shards, also those that were not read now."""

    unit: str
    digest: str = ""
    is_changed: bool = False
    shards: int = 0
    read: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    suspect: list[str] = field(default_factory=list)
    new: int = 0
    changed: int = 0
    gone: int = 0
    reading: Reading = field(default_factory=Reading)

    def count(self, outcome: Outcome) -> None:
        """Count in what writing one part did."""
        self.new += outcome.new
        self.changed += outcome.changed
        self.gone += outcome.gone


def list_units(bulk: Bulk, home: Home) -> dict[str, str]:
    """The units of the index, and a note in the home of those that nobody knows."""
    found = bulk.units()
    unknown = sorted(unit for unit in found if known_unit(unit) is None)
    write_text(home.root / INDEX_NOTE, json.dumps({"units": sorted(found), "unknown": unknown}) + "\n")
    return found


def sync_unit(bulk: Bulk, home: Home, unit: str, unit_index: str | None, *, side: int) -> UnitSync:
    """Synchronise one unit for pictures of `side` pixels. Only under `alone`: there is one writer.

    Without `unit_index` the archive lists the unit no more, and all that it held is deleted.
    """
    stored = _unit(home, unit)
    tables.sweep(stored.folder)
    run = _Run(bulk=bulk, stored=stored, side=side, now=datetime.now(UTC).replace(microsecond=0))
    before = stored.digest
    try:
        shards = [] if unit_index is None else bulk.shards(unit_index)
    except ArchiveError:
        note_unread(home, unit)
        raise
    done = UnitSync(unit=unit, shards=len(shards))
    try:
        _bring_in_step(run, shards, done)
    finally:
        note_unread(home, unit, [shard.name for shard in shards if shard.name not in run.read], run.read)
    run.drop_others([shard.name for shard in shards], done)
    for name, state in stored.states.items():
        done.reading.add(state.reading)
        done.suspect += [] if state.is_whole else [name]
    assert done.reading.lines == done.reading.records + done.reading.reasons.total(), "a line was lost or counted twice"
    done.digest = stored.digest
    done.is_changed = done.digest != before
    return done


def note_unread(home: Home, unit: str, shards: Iterable[str] | None = None, read: Iterable[str] = ()) -> None:
    """Note which shards of a unit could not be read, all that are stored unless said, and which could."""
    _unit(home, unit).note_unread(shards, read)


def _unit(home: Home, unit: str) -> UnitShards:
    return UnitShards(home, SMITHSONIAN, unit, reader_version=READER_VERSION)


def _bring_in_step(run: "_Run", shards: list[Shard], done: UnitSync) -> None:
    """One shard after the other; those that cannot be fetched are left as they are."""
    failures = 0
    for shard in shards:
        try:
            run.bring_in_step(shard, done)
            run.read.append(shard.name)
            failures = 0
        except FetchFailed as error:
            log.warning("shard %s of %s is left as it is until the next run: %s", shard.name, done.unit, error)
            done.failed[shard.name] = str(error)
            failures += 1
            if failures == MOST_FAILURES_IN_A_ROW:
                raise ArchiveError(
                    f"{done.unit}: {failures} shards in a row could not be fetched; the last: {error}"
                ) from error


@dataclass(frozen=True, kw_only=True)
class _Run:
    bulk: Bulk
    stored: UnitShards
    side: int
    now: datetime
    read: list[str] = field(default_factory=list)

    def bring_in_step(self, shard: Shard, done: UnitSync) -> None:
        """Read a shard where it changed, and write its part and its state."""
        state = self.stored.state(shard.name, shard.location)
        with tempfile.NamedTemporaryFile(dir=self.stored.folder, prefix=".", suffix=".partial") as file:
            copy = self.bulk.copy(shard, state.validator if state else {}, Path(file.name))
            content = copy.digest() if copy else None
            if copy and content and (state is None or content != state.content):
                done.read += 1
                self._read(shard, copy, content, done)
                return
        assert state is not None, "only a shard that is stored can be unchanged"
        if copy:
            state = replace(state, validator=copy.validator)
            self.stored.note(shard.name, state)
        if state.side != self.side:
            self._readdress(shard, state)

    def _read(self, shard: Shard, copy: Copy, content: str, done: UnitSync) -> None:
        path = self.stored.path(shard.name)
        merge = PartMerge(table=SMITHSONIAN.records, path=path, now=self.now)
        parser = Parser(shard=shard.name, side=self.side, now=self.now)
        outcome = merge.write(_rows(read_lines(copy.path), parser, merge))
        state = ShardState(
            location=shard.location,
            validator=copy.validator,
            content=content,
            side=self.side,
            rows=outcome.rows,
            part_bytes=path.stat().st_size,
            reading=parser.reading,
            is_whole=not merge.keeps_missing,
            reader_version=READER_VERSION,
        )
        self.stored.note(shard.name, state)
        done.count(outcome)

    def _readdress(self, shard: Shard, state: ShardState) -> None:
        """Make the addresses of an unchanged shard anew, for another side; nothing is asked of the archive."""
        path = self.stored.path(shard.name)
        rows = rewrite(
            SMITHSONIAN.records, path, (_readdressed(row, self.side) for row in rows_of(SMITHSONIAN.records, path))
        )
        state = replace(state, side=self.side, rows=rows, part_bytes=path.stat().st_size)
        self.stored.note(shard.name, state)

    def drop_others(self, listed: list[str], done: UnitSync) -> None:
        """Mark the media of shards that the index lists no more as deleted."""
        for path in self.stored.other_parts(listed):
            done.count(PartMerge(table=SMITHSONIAN.records, path=path, now=self.now).write([]))
        for name in self.stored.states.keys() - set(listed):
            self.stored.note(name, None)


def _rows(lines: Iterable[Line], parser: Parser, merge: PartMerge) -> Iterator[Row]:
    """The rows of all lines. A shard that is a web page, or breaks off, does not tell what was deleted."""
    reason: object = None
    for number, line in enumerate(lines):
        rows = parser.rows(line)
        reason = rows[-1].get("problem")
        if reason == BROKEN_STREAM or (number == 0 and reason == HTML):
            merge.keeps_missing = True
        yield from rows
    if reason == TRUNCATED:
        merge.keeps_missing = True


def _readdressed(row: Row, side: int) -> Row:
    medium = mapping(json.loads(str(row["media"]))) if row["media"] is not None else None
    return {**row, **addresses(medium, side)} if medium is not None else row
