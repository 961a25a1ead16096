"""Names of the Wikidata items that the structured data of licensed pictures name. Writes dataset/things.

Wikidata's labels are CC0. Only what is not known yet is asked for, fifty items a request, and again after half a year.
What a page names is read from it once: dataset/captions keeps it as long as the page stays as it is.
Errors: ArchiveError, FetchFailed, TableError.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CAPTIONS, LICENSED, PAGES, RECORDS, THINGS
from pd_assets.lib.catalog.schemas.table import TEXT
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.dataset.labels import labels_version, things_of
from pd_assets.lib.home import Home
from pd_assets.lib.page.languages import ENGLISH, UNMARKED
from pd_assets.lib.prior.kept import show as show_imported

# Wikidata's label for all languages, of a person's name or a picture's title.
FOR_ALL_LANGUAGES = "mul"
GOOD_FOR = timedelta(days=180)
MEMORY_BYTES = 700_000_000
PAGES_AT_ONCE = 5_000
# What was learnt is stored whenever so many were asked for: an interruption costs no more.
ASKED_AT_ONCE = 20_000
NAMED = pa.schema({"thing": TEXT})
Row = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class ThingCounts:
    """Items that the pages name, those with a name, those asked for in this run; the table's digest."""

    things: int
    named: int
    asked: int
    digest: str


def build_things(home: Home, client: CommonsClient | None, *, language: str = ENGLISH) -> ThingCounts:
    """Learn the names of new items and write the table; without a client nothing is asked, and what is known stays."""
    languages = tuple(dict.fromkeys((language, ENGLISH, UNMARKED)))
    with (
        tables.engine(home, memory_bytes=MEMORY_BYTES) as connection,
        tempfile.TemporaryDirectory(dir=home.scratch, prefix="things-") as folder,
    ):
        now = datetime.now(UTC).replace(microsecond=0)
        _note_wanted(home, connection, Path(folder) / "named.parquet")
        _note_known(home, connection, languages, now)
        ((asked,),) = connection.execute("select count(*) from unknown").fetchall()
        if client is None or not asked:
            _write(home, connection)
        else:
            for start in range(0, asked, ASKED_AT_ONCE):
                # What was learnt before an error is kept.
                learnt: list[Row] = []
                try:
                    for row in _ask(client, _unknown(connection, start), languages, now):
                        learnt.append(row)
                finally:
                    _learn(connection, learnt)
                    _write(home, connection)
        ((things,),) = connection.execute("select count(*) from wanted").fetchall()
        ((named,),) = connection.execute("select count(distinct thing) from known where name is not null").fetchall()
    return ThingCounts(
        things=things,
        named=named,
        asked=asked if client is not None else 0,
        digest=tables.stored_digest(home, THINGS),
    )


def _note_wanted(home: Home, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Every thing that a licensed page names, once, in the table `wanted`. Museums' records name none."""
    run = connection.execute
    for name, table in (("pages", PAGES), ("captions", CAPTIONS), ("all_licensed", LICENSED)):
        tables.relation(connection, home, table).create_view(name)
    connection.from_arrow(RECORDS.schema.empty_table()).create_view("stored_records")
    show_imported(home, connection)
    run(f"create view records as {load('record_digests')}")
    run("create view licensed as select item_id, 0 as bucket from all_licensed")
    run(f"create table sources as {load('label_sources')}")
    run(
        "create table remembered as select item_id, captions.things from sources join captions using (item_id) "
        "where captions.page_digest = sources.page_digest and captions.labels_version = $labels_version",
        {"labels_version": labels_version()},
    )
    unread = connection.sql(
        "select mediainfo from pages join (from sources anti join remembered using (item_id)) as unread "
        "on unread.pageid = pages.pageid and unread.category = pages.category where mediainfo is not null"
    )
    with pq.ParquetWriter(path, NAMED, compression="ZSTD") as writer:
        for batch in unread.to_arrow_reader(PAGES_AT_ONCE):
            named = {thing for text in batch["mediainfo"].to_pylist() for thing in things_of({"mediainfo": text})}
            writer.write_table(pa.table({"thing": sorted(named)}, schema=NAMED))
    run(
        "create table wanted as select distinct thing from "
        "(select unnest(things) as thing from remembered union all select thing from read_parquet($path))",
        {"path": str(path)},
    )


def _note_known(home: Home, connection: duckdb.DuckDBPyConnection, languages: tuple[str, ...], now: datetime) -> None:
    """What is stored of the wanted things in the table `known`; those that are to be asked for in `unknown`."""
    tables.relation(connection, home, THINGS).create_view("stored")
    connection.execute("create table known as select * from stored semi join wanted using (thing)")
    connection.execute(
        "create table unknown as select thing, row_number() over (order by len(thing), thing) - 1 as place "
        "from wanted anti join (select thing from known "
        "where fetched_at > $old and list_contains($languages, language) "
        "group by thing having count(distinct language) = $count) as young using (thing)",
        {"old": now - GOOD_FOR, "languages": list(languages), "count": len(languages)},
    )


def _unknown(connection: duckdb.DuckDBPyConnection, start: int) -> list[str]:
    found = connection.execute(
        "select thing from unknown where place >= $start and place < $end order by place",
        {"start": start, "end": start + ASKED_AT_ONCE},
    ).fetchall()
    return [str(thing) for (thing,) in found]


def _learn(connection: duckdb.DuckDBPyConnection, learnt: list[Row]) -> None:
    connection.register("learnt", pa.Table.from_pylist(learnt, schema=THINGS.schema))
    connection.execute("delete from known where thing in (select thing from learnt)")
    connection.execute("insert into known by name select * from learnt")
    connection.unregister("learnt")


def _write(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    columns = ", ".join(THINGS.columns)
    found = connection.sql(f"select {columns} from known order by {', '.join(THINGS.sort_by)}")
    tables.write_batches(home, THINGS, found.to_arrow_reader(tables.BATCH_ROWS))


def _ask(client: CommonsClient, ids: list[str], languages: tuple[str, ...], now: datetime) -> Iterator[Row]:
    """A row for each item and language, without a name where there is none."""
    codes = {language: language or FOR_ALL_LANGUAGES for language in languages}
    for answer in client.entity_labels(ids, tuple(codes.values())):
        for thing, names in answer.items():
            for language, code in codes.items():
                yield {"thing": thing, "language": language, "name": names.get(code), "fetched_at": now}
