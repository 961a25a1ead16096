"""Archives that give all their works in one JSON array: brought in step work by work, where the file changed.

A work that came no more is deleted. A read that lost more than a hundredth of them, or broke off, withdraws nothing and
says why. What an archive of this kind has to give is `Archive`.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from hashlib import blake2b, file_digest
from pathlib import Path

from pd_assets.lib.catalog import tables
from pd_assets.lib.errors import ArchiveError
from pd_assets.lib.home import Home
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.json_answers import UnreadableJson, parse_json
from pd_assets.lib.museums.contract import Museum
from pd_assets.lib.museums.json_array import BrokenArray, objects
from pd_assets.lib.museums.parts import Outcome, PartMerge, Reading, Row, ShardState, UnitShards, rewrite, rows_of
from pd_assets.lib.museums.values import as_json, mapping
from pd_assets.lib.page.statements import UNREADABLE

DUPLICATE = "duplicate_record"
SHARD = "works"
# In 254 days of one archive the largest fall was 18 of 68,930.
MOST_LOST = 0.01


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A file that holds the works, its SHA-256, and how many of them a whole read has at least (0: nobody says)."""

    path: Path
    digest: str
    least: int = 0


@dataclass(frozen=True, kw_only=True)
class Archive:
    """One museum's archive of this kind. `unit` is its unit code; raise `reader_version` where rows come out otherwise.

    `fetch` has the works at an address copied into a file, None where they are those of a digest that is known. `read`
    makes the columns of one work: `record_id` and `media_id` among them, no addresses; ValueError says what is wrong
    with it. `address` adds to a row where its picture is, for a longest side.
    """

    museum: Museum
    unit: str
    reader_version: int
    fetch: Callable[[str, PoliteSession, Path, str], Copy | None]
    read: Callable[[Mapping[str, object]], Row]
    address: Callable[[Row, int], Row]

    def stored(self, home: Home) -> UnitShards:
        """The archive's one part."""
        return UnitShards(home, self.museum, self.unit, reader_version=self.reader_version)


@dataclass(frozen=True, kw_only=True)
class Synced:
    """What a sync did, and what is stored now."""

    state: ShardState
    digest: str
    is_read: bool = False
    outcome: Outcome = field(default_factory=lambda: Outcome(new=0, changed=0, gone=0, rows=""))

    @property
    def kept(self) -> str:
        """Why nothing was withdrawn; empty where the read was whole."""
        return self.state.validator["kept"]

    def days_old(self, today: date) -> int | None:
        """Days since the museum last touched any of the works; None where it says of none when."""
        day = self.state.validator["changed_on"]
        return (today - date.fromisoformat(day)).days if day else None


def synchronise(archive: Archive, home: Home, session: PoliteSession, index: str, *, side: int) -> Synced:
    """Synchronise all works for pictures of `side` pixels. Only under `alone`: there is one writer."""
    stored, outcome = archive.stored(home), None
    tables.sweep(stored.folder)
    state, path = stored.state(SHARD, index), stored.path(SHARD)
    known = state.content if state and state.is_whole else ""
    try:
        with tempfile.NamedTemporaryFile(dir=stored.folder, prefix=".", suffix=".partial") as file:
            if copy := archive.fetch(index, session, Path(file.name), known):
                state, outcome = _written(archive, path, copy, index, side)
    except ArchiveError:
        stored.note_unread()
        raise
    assert state is not None, "only works that are stored can be unchanged"
    if state.side != side:
        table = archive.museum.records
        rows = rewrite(table, path, (archive.address(row, side) for row in rows_of(table, path)))
        state = replace(state, side=side, rows=rows, part_bytes=path.stat().st_size)
    stored.note(SHARD, state)
    stored.note_unread([] if state.is_whole else [SHARD], [SHARD] if state.is_whole else [])
    done = Synced(state=state, digest=stored.digest)
    return replace(done, is_read=True, outcome=outcome) if outcome else done


def last(archive: Archive, home: Home) -> Synced | None:
    """What the last sync left; None where there was none."""
    stored = archive.stored(home)
    state = stored.states.get(SHARD)
    return Synced(state=state, digest=stored.digest) if state else None


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


@dataclass(kw_only=True)
class _Rows:
    """Makes the rows of works. A bad work costs itself alone; `kept` is why what is missing is not withdrawn."""

    archive: Archive
    side: int
    now: datetime
    reading: Reading = field(default_factory=Reading)
    ids: set[str] = field(default_factory=set)
    changed_on: str = ""
    kept: str = ""

    def of(self, copy: Copy, merge: PartMerge) -> Iterator[Row]:
        """The rows of all works; whether the read was whole is known behind the last."""
        before = merge.missing
        try:
            for content in objects(copy.path):
                yield self.row(content)
        except BrokenArray as error:
            self.kept = str(error)
        if not self.kept and len(self.ids) < copy.least:
            self.kept = f"{len(self.ids)} works were read, and the museum counts {copy.least} or more"
        if not self.kept and merge.missing > before * MOST_LOST:
            self.kept = f"{merge.missing} of {before} works are missing"
        merge.keeps_missing = bool(self.kept)

    def row(self, content: str) -> Row:
        """The row of one work; one that is there twice has a number behind its id."""
        self.reading.lines += 1
        name, row = self._read(content)
        if name in self.ids:
            name, row = f"{name}#{self.reading.lines}", {**row, "media_id": None, "problem": DUPLICATE}
        else:
            self.ids.add(name)
        row |= {"item_id": name, "unit_code": self.archive.unit, "shard": SHARD, "status": "live"}
        row |= {"fetched_at": self.now}
        if row["media_id"] is None:
            self.reading.reasons[str(row["problem"]).partition(":")[0]] += 1
            return row
        self.reading.records += 1
        row = self.archive.address(row, self.side)
        self.reading.media += row["problem"] is None
        self.reading.usage[str(row["usage_access"])[:40]] += 1
        return row

    def _read(self, content: str) -> tuple[str, Row]:
        museum = self.archive.museum.name
        try:
            row = self.archive.read(mapping(parse_json(content)) or {})
        except (UnreadableJson, ValueError) as error:
            name = f"{museum}::{digest(content)}"
            return name, {"media_id": None, "problem": f"{UNREADABLE}: {error}", "signature": digest(content)}
        changed = row.pop("updated_at", None)
        row["signature"] = digest(as_json(row))
        if isinstance(changed, datetime):
            row["updated_at"], self.changed_on = changed, max(self.changed_on, changed.date().isoformat())
        return f"{museum}:{row['record_id']}", row


def digest(content: str) -> str:
    """BLAKE2b-128 of a text."""
    return blake2b(content.encode(errors="replace"), digest_size=16).hexdigest()


def _written(archive: Archive, path: Path, copy: Copy, index: str, side: int) -> tuple[ShardState, Outcome]:
    now = datetime.now(UTC).replace(microsecond=0)
    rows, merge = (
        _Rows(archive=archive, side=side, now=now),
        PartMerge(table=archive.museum.records, path=path, now=now),
    )
    outcome = merge.write(rows.of(copy, merge))
    state = ShardState(
        location=index,
        validator={"changed_on": rows.changed_on, "kept": rows.kept},
        content=copy.digest,
        side=side,
        rows=outcome.rows,
        part_bytes=path.stat().st_size,
        reading=rows.reading,
        is_whole=not rows.kept,
        reader_version=archive.reader_version,
    )
    return state, outcome
