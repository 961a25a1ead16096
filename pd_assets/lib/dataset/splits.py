"""Train, validation and test by a stable hash: copies stay together, nothing changes sides as the catalogue grows.

A cluster of copies goes where its hash says when it is first seen, and stays there. Where two clusters turn out to be
one, the side of the one that was seen first holds for both; of two first seen together, that of the smaller item.

Copies lie in different buckets, so all buckets are assigned at once, and each takes its rows from a file of that, which
lies beside the table until the table is whole: the buckets are the same whether they are made in one build or one after
another, and what a killed build did not come to is what it would have been.
"""

import hashlib
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pd_assets.lib.catalog import buckets as item_buckets
from pd_assets.lib.catalog import damage, tables
from pd_assets.lib.catalog.schemas import CLUSTERS, LICENSED, SPLITS
from pd_assets.lib.catalog.schemas.table import TEXT
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.home import Home, alone, replacing

# Of 1000 clusters: the rest is train.
VALIDATION_PER_MILLE = 50
TEST_PER_MILLE = 50
MEMORY_BYTES = 700_000_000
ROWS_AT_ONCE = 20_000
SPLIT_NAMES = ("train", "validation", "test")
FIRST_SEEN = pa.schema({"cluster": TEXT, "split": TEXT})


@dataclass(frozen=True, kw_only=True)
class SplitCounts:
    """Pictures in each split, of the buckets that were asked for; the digest of the whole table."""

    counts: Mapping[str, int]
    digest: str


def build_splits(home: Home, buckets: Collection[int] | None = None) -> SplitCounts:
    """Assign every licensed picture to a split and write dataset/splits."""
    tables.require(home, LICENSED)
    wanted = sorted(range(home.buckets) if buckets is None else buckets)
    counts: Counter[str] = Counter(dict.fromkeys(SPLIT_NAMES, 0))
    with (
        alone(home.table(SPLITS.key), "assigns splits"),
        tables.engine(home, memory_bytes=MEMORY_BYTES) as connection,
        tempfile.TemporaryDirectory(dir=home.scratch, prefix="splits-") as scratch,
    ):
        if home.buckets == 1:
            rows = _assigned(home, connection, Path(scratch))
        else:
            path = _assigned_file(home, connection, Path(scratch))
            rows = connection.sql(
                "select * from read_parquet($path) where list_contains($buckets, bucket)",
                params={"path": str(path), "buckets": wanted},
            )
        digest = tables.write_buckets(home, SPLITS, _counted(_by_bucket(rows), counts), buckets)
        if home.buckets == 1:
            # The table is whole: what a home of more buckets left says nothing any more.
            tables.drop_others(home, SPLITS)
    return SplitCounts(counts=dict(counts), digest=digest)


def _assigned_file(home: Home, connection: duckdb.DuckDBPyConnection, scratch: Path) -> Path:
    """The file of what all buckets are to be for the pictures as they are: as it was left, else made now."""
    told = [home.buckets, *(tables.stored_digest(home, table) for table in (LICENSED, CLUSTERS))]
    key = hashlib.sha256(repr(told).encode()).hexdigest()[:16]
    left = _left(home)
    if left and left[-1].stem.endswith(key):
        return left[-1]
    number = 1 + int(left[-1].stem.split("-")[1]) if left else 0
    path = home.table(SPLITS.key) / f".assigned-{number:09}-{key}.parquet"
    rows = _assigned(home, connection, scratch).to_arrow_reader(ROWS_AT_ONCE)
    with replacing(path) as partial, pq.ParquetWriter(partial, rows.schema, **damage.WRITTEN) as writer:
        for batch in rows:
            writer.write_batch(batch)
    for older in left:
        older.unlink()
    return path


def _left(home: Home) -> list[Path]:
    """The files of what all buckets were to be, the last one last; those that are whole."""
    found = sorted(home.table(SPLITS.key).glob(".assigned-*.parquet"))
    return [path for path in found if not damage.damaged(home, SPLITS, [path])]


def _assigned(home: Home, connection: duckdb.DuckDBPyConnection, scratch: Path) -> duckdb.DuckDBPyRelation:
    """The rows of all buckets, by what all of them were to be after the build before."""
    run = connection.execute
    tables.relation(connection, home, LICENSED).create_view("licensed")
    tables.relation(connection, home, CLUSTERS).create_view("clusters")
    left = _left(home)
    before = connection.read_parquet(str(left[-1])) if left else tables.relation(connection, home, SPLITS)
    before.create_view("before")
    run(
        "create table now_in as select "
        f"{item_buckets.sql(home.buckets)} as bucket, item_id, "
        "coalesce(nullif(cluster, ''), nullif(phash, ''), item_id) as cluster from licensed"
    )
    run(f"create table sides as {load('split_sides')}")
    new = connection.sql("select distinct cluster from now_in anti join sides using (cluster)")
    path = scratch / "first_seen.parquet"
    with pq.ParquetWriter(path, FIRST_SEEN, compression="ZSTD") as writer:
        for batch in new.to_arrow_reader(ROWS_AT_ONCE):
            names = batch["cluster"].to_pylist()
            writer.write_table(pa.table({"cluster": names, "split": list(map(split_of, names))}, schema=FIRST_SEEN))
    connection.read_parquet(str(path)).create_view("first_seen")
    return connection.sql(load("splits"))


def _by_bucket(rows: duckdb.DuckDBPyRelation) -> Iterator[tuple[int, pa.RecordBatch]]:
    for batch in rows.to_arrow_reader(ROWS_AT_ONCE):
        for bucket in batch["bucket"].unique().to_pylist():
            yield bucket, batch.filter(pc.equal(batch["bucket"], bucket)).select(list(SPLITS.columns))


def _counted(
    batches: Iterable[tuple[int, pa.RecordBatch]], counts: Counter[str]
) -> Iterator[tuple[int, pa.RecordBatch]]:
    for bucket, batch in batches:
        for found in batch["split"].value_counts().to_pylist():
            counts[found["values"]] += found["counts"]
        yield bucket, batch


def split_of(cluster: str) -> str:
    """The split of a cluster of copies, from nothing but its name."""
    place = int.from_bytes(hashlib.blake2b(cluster.encode(), digest_size=8).digest(), "big") % 1000
    if place < TEST_PER_MILLE:
        return "test"
    return "validation" if place < TEST_PER_MILLE + VALIDATION_PER_MILLE else "train"
