"""The drift log rights/changes: every change of verdict with its cause, appended in parts that are never rewritten.

The log and the decisions are two files. A part is named after the verdicts that it starts from, and is there before the
new decisions take the place of the old: a run that was killed between the two finds the part of its own start and
replaces it, so that nothing is noted twice and nothing is lost.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.catalog import damage, tables
from pd_assets.lib.catalog.damage import WRITTEN
from pd_assets.lib.catalog.schemas import CHANGES, ITEMS, Table
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.home import Home, replacing

PER_ITEMS = 100_000
MONTH_DAYS = 30
LISTED = 20
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


def state_of(connection: duckdb.DuckDBPyConnection, decisions: str) -> str:
    """16 hexadecimal digits that name the verdicts in a table, whatever the order of its rows."""
    said = "md5_number_lower(item_id || '|' || profile || '|' || verdict)"
    ((number,),) = connection.execute(f"select coalesce(bit_xor({said}), 0) from {decisions}").fetchall()
    return f"{number:016x}"


@contextmanager
def appending(home: Home, state: str) -> Iterator[Callable[[pa.RecordBatch], None]]:
    """What takes the changes from the verdicts named `state` on, sorted; their part is there when the block ends."""
    path = part_from(home, state)
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


def part_from(home: Home, state: str) -> Path:
    """The part for changes from `state`: the last one where a killed run began it, else the next.

    Verdicts that changed are not those that the part began with, so that a part which counts is never replaced.
    """
    found = sorted(path.name for path in tables.parts(home, CHANGES))
    number = len(found) - 1 if found and found[-1].endswith(f"-{state}.parquet") else len(found)
    return home.table(CHANGES.key) / f"part-{number:06}-{state}.parquet"


def version_of(home: Home) -> str:
    """Names the content of the log: it only grows, and a part is named after what it starts from."""
    found = tables.parts(home, CHANGES)
    return f"{found[-1].stem}-{damage.row_count(CHANGES, found[-1])}" if found else "empty"


def by_month(home: Home, *, profile: str) -> list[Month]:
    """The months of the log, the latest first, with the rate per 100,000 items of today's catalogue."""
    found = tables.query(home, load("changes_by_month"), {"changes": CHANGES}, {"profile": profile})
    months: dict[str, dict[str, int]] = {}
    for row in tables.rows(found):
        months.setdefault(str(row["month"]), {})[str(row["cause"])] = _whole(row["items"])
    everything = count_rows(home, ITEMS)
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
    return Drift(items=_whole(found["items"][0].as_py()), of=count_rows(home, ITEMS))


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


def moves(part: Path, *, profile: str) -> tuple[dict[str, int], list[str]]:
    """How many verdicts changed from which rule to which in one part of the log, and the first LISTED in words."""
    counts: dict[str, int] = {}
    listed: list[str] = []
    for batch in damage.batches(CHANGES, part) if part.is_file() else ():
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


def count_rows(home: Home, table: Table) -> int:
    """The rows of a table, as its files say."""
    return sum(damage.row_count(table, path) for path in tables.parts(home, table))


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value
