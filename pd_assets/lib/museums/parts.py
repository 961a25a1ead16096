"""The stored shards of a museum's unit: a part file each, and beside them a small file that says what each was made of.

A part is replaced as a whole and its entry written after it, so that a killed run costs the shard in the making. Rows
are written as they come; only ids and signatures of what was there before are held in memory.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b, sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.catalog import damage, tables
from pd_assets.lib.catalog.looks import load_looks
from pd_assets.lib.catalog.schemas import RECORDS, Table
from pd_assets.lib.home import Home, replacing, write_text
from pd_assets.lib.museums.contract import Museum

Row = dict[str, object]
STATE_FILE = "shards.json"
ROWS_AT_ONCE = 500
# Part numbers 0 to 255 are the shards' own names; others follow.
FIRST_OTHER_NUMBER = 1_000
MOST_KINDS_OF_DRIFT = 200


@dataclass(kw_only=True)
class Reading:
    """What the lines came to: `lines` = `records` + the sum of `reasons`. `media` and `usage` count rows of records."""

    lines: int = 0
    records: int = 0
    media: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    usage: Counter[str] = field(default_factory=Counter)
    drift: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Reading") -> None:
        """Count another reading in."""
        self.lines += other.lines
        self.records += other.records
        self.media += other.media
        self.reasons += other.reasons
        self.usage += other.usage
        self.drift += other.drift

    def note(self, kind: str) -> None:
        """Count something that is otherwise than we know it; hostile input does not make the list endless."""
        kind = kind[:100]
        if kind in self.drift or len(self.drift) < MOST_KINDS_OF_DRIFT:
            self.drift[kind] += 1


@dataclass(frozen=True, kw_only=True)
class ShardState:
    """What a part was made of: the shard's address, by what to ask whether it changed, and what its lines came to.

    `content` is the digest of the shard's file, `rows` that of the live rows, `part_bytes` the size of the part.
    """

    location: str
    validator: Mapping[str, str]
    content: str
    side: int
    rows: str
    part_bytes: int
    reading: Reading
    is_whole: bool
    reader_version: int


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What writing one part did, in media: how many are new, changed and gone, and the digest of the live rows."""

    new: int
    changed: int
    gone: int
    rows: str


class UnitShards:
    """The parts of one unit of a museum and their states, in one folder. One writer at a time.

    `reader_version` is that of what makes rows: a part that another one made is made anew.
    """

    def __init__(self, home: Home, museum: Museum, unit: str, *, reader_version: int) -> None:
        self.home, self.museum, self.unit, self.reader_version = home, museum, unit, reader_version
        self.folder = home.partition(museum.records.key, unit)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.states = load_states(self.folder)

    def path(self, shard: str) -> Path:
        """The part file of a shard; the same for the same name, always."""
        return self.folder / tables.part_name(_number(shard))

    def state(self, shard: str, location: str) -> ShardState | None:
        """The state of a shard, if its part is there as it was written, from the same address and by this reader."""
        state, path = self.states.get(shard), self.path(shard)
        if state is None or state.location != location or state.reader_version != self.reader_version:
            return None
        return state if path.is_file() and path.stat().st_size == state.part_bytes else None

    def note(self, shard: str, state: ShardState | None) -> None:
        """Write down what a part was made of; None: it must be read anew next time."""
        self.states.pop(shard, None)
        if state is not None:
            self.states[shard] = state
        shards = {name: {**vars(one), "reading": vars(one.reading)} for name, one in sorted(self.states.items())}
        write_text(self.folder / STATE_FILE, json.dumps({"shards": shards}) + "\n")

    def note_unread(self, shards: Iterable[str] | None = None, read: Iterable[str] = ()) -> None:
        """Note which shards could not be read, all that are stored unless said, and which could."""
        looks, now = load_looks(self.home, self.museum.name), datetime.now(UTC)
        for name in read:
            looks.saw(f"{self.unit}/{name}", now=now, files=0)
            looks.read(f"{self.unit}/{name}")
        for name in self.states if shards is None else shards:
            part = self.path(name)
            written = datetime.fromtimestamp(part.stat().st_mtime, UTC) if part.is_file() else now
            before = looks.looked_at(f"{self.unit}/{name}") or written
            looks.could_not_read(f"{self.unit}/{name}", read_before=before)
        looks.save(self.home, self.museum.name)

    def other_parts(self, shards: Iterable[str]) -> list[Path]:
        """Parts of shards that are listed no more."""
        listed = {self.path(shard) for shard in shards}
        return [path for path in sorted(self.folder.glob("part-*.parquet")) if path not in listed]

    @property
    def digest(self) -> str:
        """Equal for equal live rows, however they came about."""
        told = "\n".join(f"{name} {state.rows}" for name, state in sorted(self.states.items()) if state.rows)
        return sha256(told.encode()).hexdigest()


def load_states(folder: Path) -> dict[str, ShardState]:
    """The states in a unit's folder; none where the file is not there or is damaged, and all is read anew."""
    try:
        found = json.loads((folder / STATE_FILE).read_text())["shards"]
        return {name: _state(value) for name, value in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _state(value: dict[str, object]) -> ShardState:
    reading = value["reading"]
    assert isinstance(reading, dict)
    counters: dict[str, Counter[str]] = {name: Counter(reading[name]) for name in ("reasons", "usage", "drift")}
    return ShardState(**{**value, "reading": Reading(**{**reading, **counters})})  # type: ignore[arg-type]


def _number(shard: str) -> int:
    is_hex = len(shard) == 2 and all(digit in "0123456789abcdef" for digit in shard)
    digest = blake2b(shard.encode(), digest_size=4).digest()
    return int(shard, 16) if is_hex else FIRST_OTHER_NUMBER + int.from_bytes(digest)


@dataclass(kw_only=True)
class PartMerge:
    """Writes a part anew: the rows that come, then what is left of the stored ones.

    A stored medium that does not come again is deleted; with `keeps_missing` it stays as it was, for what was read was
    not the whole shard.
    """

    table: Table
    path: Path
    now: datetime
    keeps_missing: bool = False
    new: int = 0
    changed: int = 0
    gone: int = 0
    _live: list[str] = field(default_factory=list)
    _waiting: "dict[str, _Stored]" = field(default_factory=dict)

    def write(self, coming: Iterable[Row]) -> Outcome:
        """Write the part. `keeps_missing` is looked at when the last row has come."""
        stored = self._waiting = _stored(self.table, self.path)
        with replacing(self.path) as partial, pq.ParquetWriter(partial, self.table.schema, **damage.WRITTEN) as writer:
            for batch in _batches(self._fresh(coming, stored)):
                writer.write_table(batch)
            for batch in _batches(self._left(stored)):
                writer.write_table(batch)
        pa.default_memory_pool().release_unused()
        return Outcome(new=self.new, changed=self.changed, gone=self.gone, rows=digest_of_rows(self._live))

    @property
    def missing(self) -> int:
        """How many live media of the stored part have not come again yet."""
        return sum(one.is_live and one.has_medium for one in self._waiting.values())

    def _fresh(self, coming: Iterable[Row], stored: "dict[str, _Stored]") -> Iterator[Row]:
        for row in coming:
            before = stored.pop(str(row["item_id"]), None)
            if before is not None and before.is_live and before.signature == row["signature"]:
                row = {**row, "fetched_at": before.fetched_at}
            elif row.get("media_id") is not None:
                self.new += before is None
                self.changed += before is not None
            self._live.append(live_row(row))
            yield row

    def _left(self, stored: "dict[str, _Stored]") -> Iterator[Row]:
        """Stored rows that did not come again; what had no medium is of no use any more."""
        if not any(one.has_medium or self.keeps_missing for one in stored.values()):
            return
        for row in rows_of(self.table, self.path):
            before = stored.pop(str(row["item_id"]), None)
            if before is None:
                continue
            if self.keeps_missing:
                if before.is_live:
                    self._live.append(live_row(row))
                yield row
            elif before.has_medium:
                self.gone += before.is_live
                yield {**row, "status": "deleted", "fetched_at": self.now} if before.is_live else row


def rewrite(table: Table, path: Path, change: Iterable[Row]) -> str:
    """Replace a part by rows of its own that were changed; the digest of the live ones."""
    live: list[str] = []
    with replacing(path) as partial, pq.ParquetWriter(partial, table.schema, **damage.WRITTEN) as writer:
        for batch in _batches(change):
            live.extend(live_row(row) for row in batch.select(_OF_A_LIVE_ROW).to_pylist() if row["status"] == "live")
            writer.write_table(batch)
    return digest_of_rows(live)


_OF_A_LIVE_ROW = ["item_id", "signature", "thumb_side", "status"]


def live_row(row: Row) -> str:
    """What makes a live row another one: the record's line, and the side that its addresses are for."""
    return f"{row['item_id']} {row['signature']} {row.get('thumb_side')}"


def digest_of_rows(live: list[str]) -> str:
    """SHA-256 of live rows in the order of their ids; empty for none."""
    return sha256("\n".join(sorted(live)).encode(errors="replace")).hexdigest() if live else ""


def rows_of(table: Table, path: Path) -> Iterator[Row]:
    """The rows of a part one by one, in bounded memory."""
    for batch in damage.batches(table, path, ROWS_AT_ONCE):
        yield from batch.to_pylist()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Stored:
    """What is remembered of a stored row while its part is written anew."""

    signature: str
    fetched_at: datetime
    is_live: bool
    has_medium: bool


def _stored(table: Table, path: Path) -> dict[str, _Stored]:
    if not path.is_file():
        return {}
    columns = tables.read_part(table, path, ["item_id", "signature", "fetched_at", "status", "media_id"])
    return {
        str(row["item_id"]): _Stored(
            signature=str(row["signature"]),
            fetched_at=row["fetched_at"],  # type: ignore[arg-type]
            is_live=row["status"] == "live",
            has_medium=row["media_id"] is not None,
        )
        for row in tables.rows(columns)
    }


def _batches(rows: Iterable[Row]) -> Iterator[pa.Table]:
    """The columns of all museums' tables are the same."""
    waiting: list[Row] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == ROWS_AT_ONCE:
            yield pa.Table.from_pylist(waiting, schema=RECORDS.schema)
            waiting = []
    if waiting:
        yield pa.Table.from_pylist(waiting, schema=RECORDS.schema)
