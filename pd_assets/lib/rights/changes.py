"""The drift log rights/changes: every change of verdict with its cause, appended in parts that are never rewritten.

The log and the decisions are files of their own. Each bucket's changes are a part, named after the bucket and the
decisions that it starts from, and the part is there before the bucket's new decisions take the place of the old. A run
that was killed between the two left a part that starts from what still stands: the next one drops it (`begin`), so that
nothing is noted twice and nothing is lost. Many small parts become one in time (`gather`).
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.catalog import buckets, damage, tables
from pd_assets.lib.catalog.damage import WRITTEN
from pd_assets.lib.catalog.schemas import CHANGES, ITEMS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.home import Home, replacing

PER_ITEMS = 100_000
MONTH_DAYS = 30
LISTED = 20
# `part-000012-<state>.parquet`, of one of several buckets `part-000012-<state>-3of16.parquet`; gathered ones have none.
NAME = re.compile(r"part-(\d+)(?:-([0-9a-f]{16})(?:-(\d+)of(\d+))?)?\.parquet")
# So many parts of fewer rows become one, which says in its footer which they were.
GATHERED_FROM, SMALL_ROWS, GATHERED = 64, 100_000, b"pd.gathered"
# What the world did, not our rules, settings and calendar.
UPSTREAM = ("upstream_edit", "deletion", "copy", "knowledge")


@dataclass(frozen=True, kw_only=True)
class Month:
    """The items whose verdict changed in one calendar month under one profile: all, and by cause."""

    month: str
    items: int
    causes: Mapping[str, int]
    per_100_000: float


@dataclass(frozen=True, kw_only=True)
class Drift:
    """The items whose verdict the archives changed within MONTH_DAYS days, of how many in the catalogue."""

    items: int
    of: int

    @property
    def per_100_000(self) -> float:
        return rate(self.items, self.of)


def rate(items: int, of: int) -> float:
    """Items per 100,000 of the catalogue."""
    return round(items * PER_ITEMS / of, 1) if of else 0.0


@dataclass(frozen=True, kw_only=True)
class Part:
    """A file of the log: its number, and what it starts from (nothing: a gathered one) in which bucket of how many."""

    path: Path
    number: int
    state: str
    bucket: int
    of: int


def states_of(connection: duckdb.DuckDBPyConnection, decisions: str, number: int) -> dict[int, str]:
    """16 hexadecimal digits for each bucket of a table that name its verdicts and when they were decided, whatever the
    order of the rows. A verdict that comes back is of another time."""
    told = connection.execute(
        load("decision_states").format(bucket=buckets.sql(number), decisions=decisions)
    ).fetchall()
    return {bucket: state for bucket, state in told}


def begin(home: Home, connection: duckdb.DuckDBPyConnection, decisions: str, states: Mapping[int, str]) -> None:
    """Drop the parts of these buckets whose changes never were: the decisions that they start from still stand.

    Likewise those of a home that had another number of buckets, and no part says any more that it was of them. For who
    has the buckets alone; where `is_of_another_number`, for who has all of them.
    """
    found = parts(home)
    _drop_gathered(found)
    others = {part.of for part in found if part.state and part.of != home.buckets}
    of_all = {home.buckets: states, **{number: states_of(connection, decisions, number) for number in others}}
    for part in _last(found).values():
        if of_all[part.of].get(part.bucket) == part.state:
            damage.remove(part.path)
    if others:
        gather(home)


def is_of_another_number(home: Home) -> bool:
    """Whether the last decisions were made while the home had another number of buckets."""
    return any(part.state and part.of != home.buckets for part in parts(home))


@contextmanager
def appending(path: Path) -> Iterator[Callable[[pa.RecordBatch], None]]:
    """What takes changes in their order for the part at `path`, which is there when the block ends if there are any."""
    rows = 0
    with replacing(path) as partial, pq.ParquetWriter(partial, CHANGES.schema, **WRITTEN) as writer:

        def add(changed: pa.RecordBatch) -> None:
            nonlocal rows
            rows += changed.num_rows
            if changed.num_rows:
                writer.write_batch(changed)

        yield add
    if rows:
        damage.keep_second(CHANGES, path)
    else:
        damage.remove(path)


def next_part(home: Home, bucket: int, state: str) -> Path:
    """Where the changes of a bucket go that start from `state`."""
    of = "" if home.buckets == 1 else f"-{bucket}of{home.buckets}"
    return home.table(CHANGES.key) / f"part-{_next_number(parts(home)):06}-{state}{of}.parquet"


def parts(home: Home) -> list[Part]:
    """The files of the log in their order."""
    found = []
    for path in tables.parts(home, CHANGES):
        told = NAME.fullmatch(path.name)
        number, state, bucket, of = told.groups() if told else (0, "", None, None)
        found.append(Part(path=path, number=int(number), state=state or "", bucket=int(bucket or 0), of=int(of or 1)))
    return found


def gather(home: Home) -> None:
    """Make one part of many small ones. For who has all buckets alone.

    The last part of each bucket stays, as it may be that of a run that is killed. Whoever is killed between the new
    part and the end of the old ones leaves both; `begin` removes what the new one says that it holds.
    """
    found = parts(home)
    _drop_gathered(found)
    kept = {part.path for part in _last(found).values() if part.of == home.buckets}
    others = [part for part in found if part.path not in kept]
    foreign = [part for part in others if part.state and part.of != home.buckets]
    small = [part for part in others if damage.row_count(CHANGES, part.path) < SMALL_ROWS]
    if not foreign and len(small) < GATHERED_FROM:
        return
    chosen = [part for part in others if part in small or part in foreign]
    path = home.table(CHANGES.key) / f"part-{_next_number(found):06}.parquet"
    with replacing(path) as partial, pq.ParquetWriter(partial, CHANGES.schema, **WRITTEN) as writer:
        for part in chosen:
            for batch in damage.batches(CHANGES, part.path):
                writer.write_table(pa.Table.from_batches([batch]).select(CHANGES.schema.names).cast(CHANGES.schema))
        writer.add_key_value_metadata({GATHERED: "\n".join(part.path.name for part in chosen)})
    damage.keep_second(CHANGES, path)
    for part in chosen:
        damage.remove(part.path)


def _drop_gathered(found: list[Part]) -> None:
    """Remove, from the list too, what a gathered part holds."""
    gathered: set[str] = set()
    for part in found:
        if not part.state:
            with damage.named(CHANGES, part.path):
                told = pq.read_metadata(part.path).metadata or {}
            gathered |= set(told.get(GATHERED, b"").decode().split("\n"))
    for part in [part for part in found if part.path.name in gathered]:
        damage.remove(part.path)
        found.remove(part)


def _last(found: Iterable[Part]) -> dict[tuple[int, int], Part]:
    """The last part of each bucket."""
    return {(part.bucket, part.of): part for part in found if part.state}


def _next_number(found: Collection[Part]) -> int:
    return max((part.number for part in found), default=-1) + 1


def version_of(home: Home) -> str:
    """Names the content of the log, whatever its parts."""
    told = tables.query(home, load("log_version"), {"changes": CHANGES})
    return str(told["version"][0].as_py())


def by_month(home: Home, *, profile: str) -> list[Month]:
    """The months of the log, the latest first, with the rate per 100,000 items of today's catalogue."""
    found = tables.query(home, load("changes_by_month"), {"changes": CHANGES}, {"profile": profile})
    months: dict[str, dict[str, int]] = {}
    for row in tables.rows(found):
        months.setdefault(str(row["month"]), {})[str(row["cause"])] = _whole(row["items"])
    everything = tables.count_rows(home, ITEMS)
    return [
        Month(
            month=month,
            items=causes["all"],
            causes={cause: items for cause, items in causes.items() if cause != "all"},
            per_100_000=rate(causes["all"], everything),
        )
        for month, causes in months.items()
    ]


def drift(home: Home, *, profile: str, today: date) -> Drift:
    """What the archives changed in the last MONTH_DAYS days."""
    found = tables.query(
        home,
        "select count(distinct item_id) as items from changes "
        "where profile = $profile and changed_on > $since and list_contains($upstream, cause)",
        {"changes": CHANGES},
        {"profile": profile, "since": (today - timedelta(days=MONTH_DAYS)).isoformat(), "upstream": list(UPSTREAM)},
    )
    return Drift(items=_whole(found["items"][0].as_py()), of=tables.count_rows(home, ITEMS))


def withdrawn(home: Home, *, profile: str, today: date) -> list[str]:
    """The items that were accepted and are no more, of the last MONTH_DAYS days, the latest first, with the cause."""
    found = tables.query(
        home,
        "select * from changes where profile = $profile and changed_on > $since and from_verdict = 'accept' "
        "order by changed_at desc, item_id",
        {"changes": CHANGES},
        {"profile": profile, "since": (today - timedelta(days=MONTH_DAYS)).isoformat()},
    )
    return [in_words(row) for row in tables.rows(found)]


def moves(written: Iterable[Path], *, profile: str) -> tuple[dict[str, int], list[str]]:
    """How many verdicts changed from which rule to which in some parts of the log, and the first LISTED in words."""
    counts: dict[str, int] = {}
    listed: list[str] = []
    batches = (batch for part in written if part.is_file() for batch in damage.batches(CHANGES, part))
    for batch in batches:
        for row in batch.to_pylist():
            if row["profile"] == profile:
                move = f"{row['from_verdict']} ({row['from_rule']}) -> {row['to_verdict']} ({row['to_rule']})"
                counts[move] = counts.get(move, 0) + 1
                listed += [in_words(row)] if len(listed) < LISTED else []
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))), listed


def in_words(change: Mapping[str, object]) -> str:
    """One change as a person reads it."""
    before, after = change["from_revid"], change["to_revid"]
    revisions = f", revision {before} -> {after}" if before != after else ""
    return (
        f"{change['item_id']}: {change['from_verdict']} ({change['from_rule']}) -> {change['to_verdict']} "
        f"({change['to_rule']}), cause {change['cause']}{revisions}, {change['changed_on']}"
    )


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value
