"""The table of labels and captions of every licensed picture, under a label policy. Writes dataset/captions.

Policy `cc0` uses CC0 fields only; `all` adds CC BY-SA text, whose licence then is that of the captions, and whose pages
are kept for attribution. A picture without a usable label has no caption, and text-conditioned training leaves it out.

A row is carried over where its page, the names of the things that the page names, the label policy, the language and
the code are what they were; only the text of other pages is read. Everything passes through in batches.
"""

import os
import tempfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate, groupby
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pd_assets.lib.catalog import buckets as item_buckets
from pd_assets.lib.catalog import damage, tables
from pd_assets.lib.catalog.schemas import CAPTIONS, LICENSED, PAGES, THINGS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.crew import cut
from pd_assets.lib.dataset import names
from pd_assets.lib.dataset.caption_crew import LABELLED, Crew, crew_of, read_rows
from pd_assets.lib.dataset.caption_rows import Terms
from pd_assets.lib.dataset.label_changes import Differences, LabelChanges
from pd_assets.lib.dataset.labels import labels_version
from pd_assets.lib.dataset.merging import merged
from pd_assets.lib.home import Home
from pd_assets.lib.museums.contract import ALL_RECORDS
from pd_assets.lib.page.languages import ENGLISH
from pd_assets.lib.prior.kept import show as show_imported

MEMORY_BYTES = 700_000_000
PAGES_AT_ONCE, ROWS_AT_ONCE = 250, 5_000
# Fewer are done sooner in this process than others take to start.
WORTH_A_CREW = 2_000
# Buckets are written as soon as so many rows were read for them, or with the first one that has more.
READ_AT_ONCE = 200_000
PREVIOUS = ("item_id", "labels", "source_digest", "labels_version", "page_digest", "things", "made_of", "captions")


@dataclass(frozen=True, kw_only=True)
class CaptionCounts:
    """Of the buckets that were asked for: licensed pictures, those with at least one caption, captions in all, rows
    that were made anew, and what is different in them. The digest is that of the whole table."""

    pictures: int
    captioned: int
    captions: int
    read: int
    digest: str
    changes: LabelChanges


def build_captions(
    home: Home,
    *,
    policy: str,
    language: str = ENGLISH,
    buckets: Collection[int] | None = None,
    crew: int | None = None,
) -> CaptionCounts:
    """Bring the table in step with the licensed pictures from what is stored; asks no archive.

    Pictures without labels keep an empty list of captions. `crew` is how many processes read, by default one a core
    where there is enough to do.
    """
    wanted = sorted(range(home.buckets) if buckets is None else buckets)
    with (
        tables.engine(home, memory_bytes=MEMORY_BYTES) as connection,
        tempfile.TemporaryDirectory(dir=home.scratch, prefix="captions-") as folder,
    ):
        spooled = Path(folder) / "names.arrow"
        terms = Terms(policy=policy, language=language, names=str(spooled))
        work = _Work(home=home, connection=connection, terms=terms, spool=Path(folder))
        waiting = work.look(wanted)
        names.spool(connection, spooled)
        count = sum(waiting.values())
        size = crew if crew is not None else (len(os.sched_getaffinity(0)) if count > WORTH_A_CREW else 0)
        from_version = work.version_before()
        with crew_of(terms, size) as hands:
            for some in _shares(waiting):
                work.read(some, hands)
                tables.write_buckets(home, CAPTIONS, work.rows(some), some)
        if buckets is None:
            tables.drop_others(home, CAPTIONS)
    return CaptionCounts(
        pictures=work.pictures,
        captioned=work.captioned,
        captions=work.captions,
        read=count,
        digest=tables.stored_digest(home, CAPTIONS),
        changes=work.different.changes(from_version),
    )


def _shares(waiting: dict[int, int]) -> Iterator[list[int]]:
    """The buckets in their order, as many at a time as have READ_AT_ONCE rows to read."""
    placed = zip(waiting, accumulate(waiting.values()), strict=True)
    for _, some in groupby(placed, key=lambda found: max(0, found[1] - 1) // READ_AT_ONCE):
        yield [bucket for bucket, _ in some]


@dataclass(kw_only=True)
class _Work:
    """The joins around the batches, in one DuckDB connection; what was written is counted."""

    home: Home
    connection: duckdb.DuckDBPyConnection
    terms: Terms
    spool: Path
    different: Differences = field(default_factory=Differences)
    pictures: int = 0
    captioned: int = 0
    captions: int = 0

    def look(self, buckets: list[int]) -> dict[int, int]:
        """Note which rows are kept and which are to be read; how many of each bucket that is not as it was."""
        run = self.connection.execute
        tables.relation(self.connection, self.home, PAGES).create_view("pages")
        tables.relation(self.connection, self.home, ALL_RECORDS).create_view("stored_records")
        tables.relation(self.connection, self.home, THINGS).create_view("things")
        tables.relation(self.connection, self.home, LICENSED).create_view("all_licensed")
        show_imported(self.home, self.connection)
        run(f"create view records as {load('record_digests')}")
        run(f"create table keys as {names.KEYS}")
        run(
            f"create table licensed as select * from (select item_id, {item_buckets.sql(self.home.buckets)} as bucket "
            "from all_licensed) where list_contains($buckets, bucket)",
            {"buckets": buckets},
        )
        self._show_previous(buckets)
        run(f"create table sources as {load('label_sources')}")
        run(
            "create table kept as with named as (select bucket, item_id, bit_xor(key) as names from "
            "(select bucket, item_id, unnest(things) as thing from previous) join keys using (thing) group by all) "
            "select sources.bucket, sources.item_id from sources "
            "join previous using (bucket, item_id) left join named using (bucket, item_id) "
            "where previous.page_digest = sources.page_digest and previous.labels_version = $labels_version "
            "and previous.made_of = $terms || '-' || coalesce(named.names, 0) order by all",
            {**self._version, "terms": self.terms.digest},
        )
        run("create table waiting as select sources.* from sources anti join kept using (bucket, item_id)")
        rows, kept, found = (
            dict(run(f"select bucket, count(*) from {name} group by bucket").fetchall())
            for name in ("previous", "kept", "waiting")
        )
        same = [bucket for bucket in buckets if bucket not in found and 0 < rows.get(bucket, 0) == kept.get(bucket)]
        captions = self.connection.sql(
            "select captions from previous where list_contains($same, bucket)", params={"same": same}
        )
        self._count(captions.to_arrow_reader(ROWS_AT_ONCE))
        return {bucket: found.get(bucket, 0) for bucket in buckets if bucket not in same}

    def _show_previous(self, buckets: list[int]) -> None:
        """The rows as they stand, each with the bucket in whose file it is."""
        columns = ", ".join(PREVIOUS)
        every = [
            tables.relation(self.connection, self.home, CAPTIONS, bucket=bucket).project(
                f"{columns}, {bucket} as bucket"
            )
            for bucket in buckets
            if tables.bucket_file(self.home, CAPTIONS, bucket).is_file()
        ] or [self.connection.from_arrow(CAPTIONS.schema.empty_table()).project(f"{columns}, 0 as bucket")]
        whole = every[0]
        for one in every[1:]:
            whole = whole.union(one)
        whole.create_view("previous")

    @property
    def _version(self) -> dict[str, object]:
        return {"labels_version": labels_version()}

    def version_before(self) -> str | None:
        """Of what read the labels of the first row there is."""
        found = self.connection.execute("select labels_version from previous limit 1").fetchall()
        return str(found[0][0]) if found and found[0][0] else None

    def read(self, buckets: list[int], crew: Crew) -> None:
        """Label the pages and records that wait, into the table `fresh`, and add up what differs."""
        run = self.connection.execute
        run(
            "create or replace table unread as select * from waiting where list_contains($buckets, bucket)",
            {"buckets": buckets},
        )
        # Their labels are looked at only where another reader read them.
        other = "labels_version is distinct from $labels_version"
        ((is_other,),) = run(
            f"select exists(from previous semi join unread using (bucket, item_id) where {other})", self._version
        ).fetchall()
        run(
            f"create or replace table before as select item_id, source_digest, "
            f"case when {is_other} and {other} then labels end as labels "
            "from previous semi join unread using (bucket, item_id)",
            self._version,
        )
        path = self.spool / "labelled.parquet"
        with pq.ParquetWriter(path, LABELLED, compression="ZSTD") as writer:
            for source in ("label_pages", "label_records"):
                found = self.connection.sql(load(source)).to_arrow_reader(PAGES_AT_ONCE)
                for rows, different in crew.do(read_rows, cut(found, PAGES_AT_ONCE)):
                    writer.write_batch(rows)
                    self.different.add(different)
        run(
            "create or replace table fresh as select * from read_parquet($path) order by bucket, item_id",
            {"path": str(path)},
        )

    def rows(self, buckets: list[int]) -> Iterator[tuple[int, pa.RecordBatch]]:
        """The rows of these buckets in their order, those that are kept and those that were read."""
        for bucket in buckets:
            for batch in merged(self._kept(bucket), self._fresh(bucket), "item_id"):
                self._count([batch])
                yield bucket, batch

    def _fresh(self, bucket: int) -> Iterator[pa.RecordBatch]:
        columns = ", ".join(CAPTIONS.columns)
        found = self._beside().sql(f"select {columns} from fresh where bucket = {bucket}")
        yield from (batch.cast(CAPTIONS.schema) for batch in found.to_arrow_reader(ROWS_AT_ONCE))

    def _kept(self, bucket: int) -> Iterator[pa.RecordBatch]:
        """The rows of the file as it stands that are kept: it is read only where there are any."""
        beside = self._beside()
        if not beside.execute(f"from kept where bucket = {bucket} limit 1").fetchall():
            return
        for batch in damage.batches(CAPTIONS, tables.bucket_file(self.home, CAPTIONS, bucket), ROWS_AT_ONCE):
            ids = batch["item_id"]
            kept = beside.sql(
                f"select item_id from kept where bucket = {bucket} and item_id between $first and $last",
                params={"first": ids[0].as_py(), "last": ids[-1].as_py()},
            ).to_arrow_table()
            yield batch.filter(pc.is_in(ids, value_set=kept["item_id"].combine_chunks()))

    def _beside(self) -> duckdb.DuckDBPyConnection:
        """A connection for an answer that is read while there are others."""
        ((schema,),) = self.connection.execute("select current_schema()").fetchall()
        beside = self.connection.cursor()
        beside.execute(f"use memory.{schema}")
        return beside

    def _count(self, batches: Iterable[pa.RecordBatch]) -> None:
        for batch in batches:
            lengths = pc.list_value_length(batch["captions"])
            self.pictures += batch.num_rows
            self.captioned += pc.sum(pc.greater(lengths, 0)).as_py() or 0
            self.captions += pc.sum(lengths).as_py() or 0
