"""The log `rights/evidence`: every evidence that a decision ever rested on, appended in parts that are never rewritten.

Evidence and decisions are files of their own. What the new decisions of a bucket rest on and the old ones did not is a
part, there before the new ones take the place of the old, and named after the evidence of the old ones until they did
(`settle`). A killed run leaves one so named: where the old decisions still stand, nothing ever rested on what it says,
and it goes. Many small parts become one in time (`gather`). Each lies there twice before anything relies on it. What
asks the log is in evidence_kept.py.
"""

import logging
import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.catalog import buckets as item_buckets
from pd_assets.lib.catalog import damage, tables
from pd_assets.lib.catalog.damage import WRITTEN
from pd_assets.lib.catalog.schemas import DECISIONS, EVIDENCE, ITEMS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.crew import cut
from pd_assets.lib.errors import DamagedTable
from pd_assets.lib.home import Home, alone, replacing
from pd_assets.lib.rights.rules import PROFILES

# `part-000012-3of16.waits-<state>.parquet` until the decisions of bucket 3 stand, then `part-000012-3of16.parquet`;
# of a home of one bucket without the bucket. `part-000070-gathered.parquet` has those of before. An older version had
# the state before the bucket.
NAME = re.compile(r"part-(\d+)(?:-([0-9a-f]{16}))?(?:-(\d+)of(\d+)|-(gathered))?(?:\.waits-([0-9a-f]{16}))?\.parquet")
# Few enough that the evidence of one item is read without that of many.
ROWS_IN_A_GROUP = 2_000
# So many parts of fewer rows become one, which says in its footer which they were.
GATHERED_FROM, SMALL_ROWS, GATHERED = 64, 100_000, b"pd.gathered"
# In the footer of the first part of a home that had decisions before it had the log: when the log began.
BEGUN = b"pd.begun"
# What names the evidence of a bucket without decisions.
NOTHING = f"{0:016x}"
# The evidence of an item is that of each of its rows; it is read from those of this profile.
FIRST_PROFILE = min(PROFILES)
MEMORY_BYTES = 700_000_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Part:
    """A file of the log. `state` names what its bucket's decisions rested on before; "" once the new ones stand."""

    path: Path
    number: int
    state: str
    bucket: int
    of: int
    is_gathered: bool = False


@dataclass(frozen=True, kw_only=True)
class Content:
    """What the log holds; `version` names it whatever its parts."""

    version: str
    rows: int
    items: int


def parts(home: Home) -> list[Part]:
    """The files of the log in the order in which they were appended."""
    found = []
    for path in tables.parts(home, EVIDENCE):
        told = NAME.fullmatch(path.name)
        number, older, bucket, of, gathered, state = told.groups() if told else (0, None, None, None, None, None)
        found.append(
            Part(
                path=path, number=int(number), state=state or older or "", bucket=int(bucket or 0), of=int(of or 1),
                is_gathered=gathered is not None,
            )
        )  # fmt: skip
    return sorted(found, key=lambda part: (part.number, part.path.name))


def states_of(connection: duckdb.DuckDBPyConnection, decisions: str, number: int) -> dict[int, str]:
    """16 hexadecimal digits for each of so many buckets of a table of decisions that name the evidence they rest on."""
    sql = load("evidence_states").format(bucket=item_buckets.sql(number), decisions=decisions)
    return dict(connection.execute(sql, {"first_profile": FIRST_PROFILE}).fetchall())


def append(home: Home, bucket: int, state: str, batches: Iterable[pa.RecordBatch]) -> Part:
    """Write evidence in the order of its items as the next part of a bucket whose decisions rest on `state`."""
    number = _next_number(parts(home))
    path = home.table(EVIDENCE.key) / f"part-{number:06}{_of(bucket, home.buckets)}{damage.WAITS}{state}.parquet"
    with replacing(path) as partial:
        _write(partial, batches, {})
    damage.keep_second(EVIDENCE, path)
    return Part(path=path, number=number, state=state, bucket=bucket, of=home.buckets)


def settle(written: Iterable[Part]) -> None:
    """The decisions of these parts took their place. The second copy of each has its name already."""
    for part in written:
        path = part.path.with_name(f"part-{part.number:06}{_of(part.bucket, part.of)}.parquet")
        if damage.second(part.path) != damage.second(path):
            # Of an older version: the name of its second copy would bring back the part.
            damage.second(part.path).unlink(missing_ok=True)
        os.replace(part.path, path)
        if not damage.second(path).is_file():
            damage.keep_second(EVIDENCE, path)


def settled(connection: duckdb.DuckDBPyConnection, home: Home) -> duckdb.DuckDBPyRelation:
    """What stands in the log. The other parts are those of buckets that somebody decides just now, who renames them."""
    files = [part.path for part in parts(home) if not part.state]
    if not files:
        return connection.from_arrow(EVIDENCE.schema.empty_table())
    damage.require_whole(home, EVIDENCE, files)
    return connection.read_parquet([str(path) for path in files], hive_partitioning=False, union_by_name=True)


def begin(home: Home, connection: duckdb.DuckDBPyConnection, decisions: str, buckets: Collection[int]) -> None:
    """Settle what killed runs left of these buckets: what the decisions rest on stays, and the rest goes.

    For who has the buckets alone. Where nothing was left it costs a look at the names.
    """
    _begin(connection, decisions, [one for one in _unsettled(home) if one.of == home.buckets and one.bucket in buckets])


def is_unsettled(home: Home) -> bool:
    """Whether the log wants who has all buckets alone: there is none for decisions of before it, or a run was killed
    while the home had another number of buckets.
    """
    return is_missing(home) or any(part.of != home.buckets for part in _unsettled(home))


def is_missing(home: Home) -> bool:
    """Whether there are decisions of before there was a log."""
    return not tables.files_of(home, EVIDENCE) and bool(tables.files_of(home, DECISIONS))


def begin_all(home: Home, now: datetime | None = None) -> int:
    """Settle the parts of all buckets, and have the evidence of decisions of before there was a log; how many rows.

    For who has all buckets alone.
    """
    with tables.engine(home, memory_bytes=MEMORY_BYTES) as connection:
        tables.relation(connection, home, DECISIONS).create_view("decisions")
        _begin(connection, "decisions", _unsettled(home))
    return complete(home, now) if is_missing(home) else 0


def keep_of_before(home: Home) -> int:
    """As `begin_all`, where it is wanted, once nobody else decides: what the next decision of a home would do too."""
    if not is_unsettled(home):
        return 0
    with alone(home.table(DECISIONS.key), "decides"):
        return begin_all(home)


def complete(home: Home, now: datetime | None = None, *, was_there: bool = False) -> int:
    """Append what the decisions rest on and the log does not say; how many rows. For who has all buckets alone.

    A log without any part begins now, unless it is known that it was there and is gone.
    """
    now = now or datetime.now(UTC).replace(microsecond=0)
    is_first = is_missing(home) and not was_there
    path = home.table(EVIDENCE.key) / f"part-{_next_number(parts(home)):06}.parquet"
    with tables.engine(home, memory_bytes=MEMORY_BYTES) as connection:
        for name, table in (("decisions", DECISIONS), ("kept", EVIDENCE), ("items", ITEMS)):
            tables.relation(connection, home, table).create_view(name)
        sql, given = load("evidence_missing"), {"first_profile": FIRST_PROFILE, "today": now.date().isoformat()}
        found = connection.sql(sql, params=given).to_arrow_reader(ROWS_IN_A_GROUP)
        with replacing(path) as partial:
            rows = _write(partial, found, {BEGUN: now.isoformat().encode()} if is_first else {})
    if not rows:
        damage.remove(path)
        return 0
    damage.keep_second(EVIDENCE, path)
    if is_first:
        log.warning("%s begins with the evidence of %s decided items; none of before was kept", EVIDENCE.key, rows)
    return rows


def begun_at(home: Home) -> datetime | None:
    """Since when the log has all evidence; None where it has that of every decision of the home."""
    told = [told for part in parts(home) if (told := _footer(part.path).get(BEGUN))]
    return max(datetime.fromisoformat(one.decode()) for one in told) if told else None


def gather(home: Home) -> None:
    """Make one part of many small ones, in their order. For who has all buckets alone.

    Whoever is killed between the new part and the end of the old ones leaves both; what the new one says that it holds
    goes the next time. While one of them is damaged all stay as they are: it is named by who reads it.
    """
    found = [part for part in parts(home) if not part.state]
    try:
        _drop_gathered(found)
        if len(found) >= GATHERED_FROM:
            _gather(home, found)
    except DamagedTable as error:
        log.warning("parts were not gathered: %s", error)


def _gather(home: Home, found: Sequence[Part]) -> None:
    sizes = [damage.row_count(EVIDENCE, part.path) for part in found]
    # Those after the last large one alone, so that the order of an item's rows is that of the parts.
    chosen = found[max((at + 1 for at, rows in enumerate(sizes) if rows >= SMALL_ROWS), default=0) :]
    if len(chosen) < GATHERED_FROM:
        return
    footer = {GATHERED: "\n".join(part.path.name for part in chosen).encode()}
    if begun := [told for part in chosen if (told := _footer(part.path).get(BEGUN))]:
        footer[BEGUN] = max(begun)
    path = home.table(EVIDENCE.key) / f"part-{_next_number(found):06}-gathered.parquet"
    with replacing(path) as partial:
        _write(partial, (batch for part in chosen for batch in damage.batches(EVIDENCE, part.path)), footer)
    damage.keep_second(EVIDENCE, path)
    for part in chosen:
        damage.remove(part.path)


def content_of(home: Home) -> Content:
    """How much the log holds, and what names it."""
    with tables.engine(home) as connection:
        settled(connection, home).create_view("evidence")
        (told,) = connection.sql(load("evidence_version")).to_arrow_table().to_pylist()
    return Content(**told)


def _begin(connection: duckdb.DuckDBPyConnection, decisions: str, left: list[Part]) -> None:
    states = {number: states_of(connection, decisions, number) for number in {part.of for part in left}}
    for part in left:
        if states[part.of].get(part.bucket, NOTHING) == part.state:
            damage.remove(part.path)
        else:
            settle([part])


def _unsettled(home: Home) -> list[Part]:
    return [part for part in parts(home) if part.state]


def _write(path: Path, batches: Iterable[pa.RecordBatch], footer: Mapping[bytes, bytes]) -> int:
    rows = 0
    with pq.ParquetWriter(path, EVIDENCE.schema, **WRITTEN) as writer:
        for batch in cut(batches, ROWS_IN_A_GROUP):
            rows += batch.num_rows
            writer.write_table(pa.Table.from_batches([batch]).select(EVIDENCE.schema.names).cast(EVIDENCE.schema))
        writer.add_key_value_metadata(dict(footer))
    return rows


def _drop_gathered(found: list[Part]) -> None:
    """Remove, from the list too, what a gathered part holds that is whole and lies there twice."""
    for path in [part.path for part in found if part.is_gathered]:
        names = _footer(path).get(GATHERED, b"").decode().split("\n")
        if held := [part for part in found if part.path.name in names]:
            damage.verify(EVIDENCE, path)
            damage.keep_second(EVIDENCE, path)
        for part in held:
            damage.remove(part.path)
            found.remove(part)


def _footer(path: Path) -> Mapping[bytes, bytes]:
    with damage.named(EVIDENCE, path):
        return pq.read_metadata(path).metadata or {}


def _of(bucket: int, of: int) -> str:
    return "" if of == 1 else f"-{bucket}of{of}"


def _next_number(found: Collection[Part]) -> int:
    return max((part.number for part in found), default=-1) + 1
