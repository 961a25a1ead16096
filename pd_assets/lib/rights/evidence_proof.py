"""Whether `rights/evidence` is whole: each row is that of its digest, and every digest named elsewhere is there.

A row proves itself: of a damaged part those that do are kept, and rights/decisions tells what it rests on.
Errors: DamagedTable, for what has to be read to tell.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.catalog import damage, tables
from pd_assets.lib.catalog.mending import move_away
from pd_assets.lib.catalog.schemas import CHANGES, DECISIONS, EVIDENCE, MEMBERS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.errors import DamagedTable
from pd_assets.lib.home import Home, alone, replacing
from pd_assets.lib.rights import evidence_log
from pd_assets.lib.rights.claims import digest_of

ROWS = evidence_log.ROWS_IN_A_GROUP


@dataclass(frozen=True, kw_only=True)
class Lost:
    """Evidence that a table names by digest and that is not there: how many, and one of the items."""

    by_table: str
    digests: int
    item_id: str

    @property
    def is_told(self) -> bool:
        """Whether the table that names it has it too."""
        return self.by_table == DECISIONS.key

    def __str__(self) -> str:
        return f"{self.digests} that {self.by_table} names are not there, the first of {self.item_id}"


def find_lost(home: Home, *, latest_alone: bool = False) -> list[Lost]:
    """What decisions, changes (since the log began) and members of datasets name and the log does not have.

    There are members of every version that ever was: with `latest_alone` those of the current ones are looked at. Where
    the log is gone as a whole, members tell that there was one.
    """
    begun = evidence_log.begun_at(home)
    with tables.engine(home) as connection:
        for name, table in (("evidence", EVIDENCE), ("decisions", DECISIONS), ("changes", CHANGES)):
            tables.relation(connection, home, table).create_view(name)
        _members(connection, home, latest_alone).create_view("members")
        named = connection.execute("select 1 from members where evidence_digest is not null limit 1").fetchone()
        given = {
            "begun": None if begun is None else begun.isoformat(),
            "is_begun": bool(tables.files_of(home, EVIDENCE)) or named is not None,
        }
        found = connection.execute(load("evidence_lost"), given).fetchall()
    return [Lost(by_table=by_table, digests=digests, item_id=item_id) for by_table, digests, item_id in found]


def _members(connection: duckdb.DuckDBPyConnection, home: Home, latest_alone: bool) -> duckdb.DuckDBPyRelation:
    """Item and evidence of the members; a part of before tells none."""
    paths = [path for path in tables.parts(home, MEMBERS) if not latest_alone or _is_latest(home, path)]
    damage.require_whole(home, MEMBERS, paths)
    told = [path for path in paths if "evidence_digest" in pq.read_schema(path).names]
    if not told:
        return connection.from_arrow(MEMBERS.schema.empty_table())
    return connection.read_parquet([str(path) for path in told], hive_partitioning=False, union_by_name=True)


def _is_latest(home: Home, part: Path) -> bool:
    return home.pointed("dataset", part.parent.name, "latest") == part.stem


def find_altered(home: Home) -> Iterator[tuple[Path, str]]:
    """The parts with rows that are not those of their digests, each with what was found; what is no Parquet any more is
    for damage.py to tell."""
    for path in tables.files_of(home, EVIDENCE):
        altered, first = 0, ""
        with suppress(DamagedTable):
            for batch in damage.batches(EVIDENCE, path, ROWS):
                wrong = batch.filter(pa.array([not is_right for is_right in _proven(batch)])).to_pylist()
                altered, first = altered + len(wrong), first or next((str(row.get("item_id")) for row in wrong), "")
            if altered:
                yield path, f"{altered} rows are not what their digests say, the first of {first}"


def restore(home: Home) -> Iterator[str]:
    """Set damaged and altered parts aside, keep what of them proves itself, and append what the decisions rest on."""
    with alone(home.table(DECISIONS.key), "decides"):
        damaged = {found.path for found in damage.damaged(home, EVIDENCE, tables.files_of(home, EVIDENCE))}
        for path in sorted({*damaged, *(path for path, _ in find_altered(home))}):
            yield _restored(home, path)
        with suppress(DamagedTable):
            # Of a log that is gone as a whole, what others name is missing; they still name it afterwards.
            if rows := evidence_log.complete(home, was_there=bool(find_lost(home))):
                yield f"{EVIDENCE.key}: {rows} rows were restored from {DECISIONS.key}"


def _restored(home: Home, path: Path) -> str:
    aside = move_away(home, path)
    rows = 0
    with replacing(path) as partial, pq.ParquetWriter(partial, EVIDENCE.schema, **damage.WRITTEN) as writer:
        for batch in _readable(aside):
            kept = batch.filter(pa.array(_proven(batch)))
            rows += kept.num_rows
            if kept.num_rows:
                writer.write_table(pa.Table.from_batches([kept]).select(EVIDENCE.schema.names).cast(EVIDENCE.schema))
    if not rows:
        damage.remove(path)
    return f"{EVIDENCE.key}: set aside as {aside}; {rows} of its rows prove themselves, and were kept"


def _readable(path: Path) -> Iterator[pa.RecordBatch]:
    """The row groups of a file that can be read."""
    with (
        suppress(OSError, pa.ArrowException, ValueError),
        pq.ParquetFile(path, page_checksum_verification=True) as file,
    ):
        for number in range(file.num_row_groups):
            with suppress(OSError, pa.ArrowException, ValueError):
                yield from file.read_row_group(number).to_batches()


def _proven(batch: pa.RecordBatch) -> list[bool]:
    if not {"evidence", "digest", "item_id"} <= set(batch.schema.names):
        return [False] * batch.num_rows
    pairs = zip(batch["evidence"].to_pylist(), batch["digest"].to_pylist(), strict=True)
    return [text is not None and digest_of(text) == digest for text, digest in pairs]
