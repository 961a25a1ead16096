"""What a fetch has to do: the items whose pictures are to be fetched, and the rows of images/files that no longer hold.

One join over the tables tells it, in bounded memory and without Python per row; of each row that still holds only the
size of its picture is asked of the disk. What it found lies on the disk while the fetch goes on.
"""

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pd_assets.lib.catalog import buckets as item_buckets
from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS, TAKEDOWNS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.home import Home
from pd_assets.lib.images.placeholders import ICONS
from pd_assets.lib.images.proof import ROUNDED_PX
from pd_assets.lib.images.stored import have_sizes
from pd_assets.lib.museums.contract import ALL_RECORDS

Row = dict[str, object]
# A failure is tried again after so many days, by how often it was tried.
RETRY_AFTER_DAYS = (0, 0, 1, 7, 30)
JOIN_BYTES = 1_000_000_000
PLACE = ".plan"
# The size of the picture was asked for these alone.
_OF_THE_PICTURE = ("had_path", "had_size_bytes", "is_current")


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What pictures are wanted: those that a profile accepts, in this size. `decoder_began`: see generation.py."""

    profile: str
    max_side: int
    originals: bool
    now: datetime
    decoder_began: datetime

    def parameters(self) -> dict[str, object]:
        return {
            "profile": self.profile,
            "max_side": self.max_side,
            "originals": self.originals,
            "icons": ICONS,
            "now_s": int(self.now.timestamp()),
            "began_s": int(self.decoder_began.timestamp()),
            "wait_days": list(RETRY_AFTER_DAYS),
            "rounded_px": ROUNDED_PX,
        }


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`wanted` pictures are to be fetched, in the order of buckets and items; in `buckets` something is to do."""

    path: Path
    wanted: int
    buckets: frozenset[int]

    def todo(self) -> Iterator[Row]:
        """The items whose pictures are to be fetched, each beside what is known of it."""
        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(1024):
                yield from batch.filter(batch["is_wanted"]).to_pylist()

    def gone(self, bucket: int) -> pa.Table:
        """The items of a bucket whose rows are not to be kept as they are."""
        is_one = (pc.field("bucket") == bucket) & pc.field("has_row")
        return pq.read_table(self.path, columns=["item_id"], filters=is_one)


@contextmanager
def planned(home: Home, wishes: Wishes, buckets: Collection[int] | None) -> Iterator[Plan]:
    """The plan for some buckets, all if None; only for who is alone in images/."""
    folder = home.images / PLACE
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with tables.engine(home, memory_bytes=JOIN_BYTES) as connection:
            _compare(connection, home, wishes, buckets, folder / "found.parquet")
            found = connection.read_parquet(str(folder / "found.parquet"))
            bucket = item_buckets.sql(home.buckets)
            in_order = found.project(f"*, {bucket} as bucket").order("bucket, item_id")
            plan = _write(folder / "plan.parquet", in_order.to_arrow_reader(tables.BATCH_ROWS))
        (folder / "found.parquet").unlink()
        yield plan
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _compare(
    connection: duckdb.DuckDBPyConnection, home: Home, wishes: Wishes, buckets: Collection[int] | None, path: Path
) -> None:
    """Write what does not hold."""
    for name, table in (("decisions", DECISIONS), ("files", FILES)):
        tables.relation(connection, home, table, buckets=buckets).create_view(name)
    for name, several in (("items", ITEMS), ("records", ALL_RECORDS), ("takedowns", TAKEDOWNS)):
        tables.relation(connection, home, several).create_view(name)
    answer = connection.sql(load("wanted"), params=wishes.parameters()).to_arrow_reader(tables.BATCH_ROWS)
    with pq.ParquetWriter(path, _without_picture(answer.schema)) as writer:
        for batch in answer:
            holds = _holds(home, batch)
            writer.write_batch(batch.filter(pc.invert(holds)).drop_columns(list(_OF_THE_PICTURE)))


def _holds(home: Home, batch: pa.RecordBatch) -> pa.Array:
    """Which rows hold: the tables say so, and the picture is there in its size."""
    shows = pc.and_(batch["is_current"], pc.fill_null(pc.equal(batch["had_status"], "ok"), False))
    asked = batch.filter(shows)
    whole = have_sizes(home, asked["had_path"].to_pylist(), asked["had_size_bytes"].to_pylist())
    return pc.replace_with_mask(batch["is_current"], shows, pa.array(whole, pa.bool_()))


def _without_picture(schema: pa.Schema) -> pa.Schema:
    return pa.schema([field for field in schema if field.name not in _OF_THE_PICTURE])


def _write(path: Path, batches: pa.RecordBatchReader) -> Plan:
    wanted, found = 0, set[int]()
    with pq.ParquetWriter(path, batches.schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
            wanted += batch["is_wanted"].true_count
            found.update(pc.unique(batch["bucket"]).to_pylist())
    return Plan(path=path, wanted=wanted, buckets=frozenset(found))
