"""The catalogue on generated tables: joined from scratch, after 1% of changes, filtered; and the search for copies.

`python -m tests.bench.catalog --n 10000000 --hashes 1000000`
"""

import argparse
import os
import resource
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import psutil
import pyarrow as pa

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.duplicates import BITS, find_near
from pd_assets.lib.catalog.item_parts import Built, bring_in_step
from pd_assets.lib.catalog.items import build_licensed
from pd_assets.lib.catalog.schemas import CATEGORIES, DECISIONS, FILES, ITEMS, LICENSED, PAGES, Table
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.machine import sizes

PROFILE = "strict"
ROWS_IN_A_CATEGORY = 4_000
# Every fifth file is in the next category too.
PAGES_SQL = """
select
    f as pageid, 'File:Portrait of a person, no. ' || f || '.jpg' as title,
    'Paintings by painter ' || lpad(cast({category} as varchar), 6, '0') as category, 'live' as status,
    cast(null as varchar) as problem, f + 1000 as revid, md5('' || f) || '00000000' as sha1, 'image/jpeg' as mime,
    4000 as width, 3000 + cast(f % 999 as integer) as height, 5000000 + f as size_bytes,
    'https://upload.example.org/commons/' || f || '/Portrait.jpg' as file_url,
    'https://upload.example.org/commons/thumb/' || f || '/1280px-Portrait.jpg' as thumb_url, 1280 as thumb_side,
    'https://commons.example.org/wiki/File:Portrait_' || f || '.jpg' as page_url,
    ['Paintings by painter ' || {category}, 'PD-Art (PD-old-100-expired)', '{year}s portraits'] as categories,
    md5('{year}' || f) as digest,
    make_timestamptz(2026, 1, 1 + cast({generation} as integer), 0, 0, 0, 'UTC') as fetched_at
from range({first}, {end}) files(f)
"""
DECISIONS_SQL = """
select
    'commons:M' || f as item_id, 'strict' as profile,
    case when f % 5 < 3 then 'accept' else 'reject' end as verdict, 'pd-old-100-expired' as rule_id,
    case when f % 5 < 3 then [] else ['no_ground'] end as reasons, 'x' as ruleset_version,
    md5('' || f) as evidence_digest,
    '{"artist":"A. Painter ' || f % 5000 || '","date_text":"' || 1600 + f % 300 || '","tags":[]}' as evidence
from range(0, $n) files(f) order by item_id
"""
# Pictures that were fetched so far: every tenth accepted one, or as many as the search for copies is to take.
FILES_SQL = """
select
    'commons:M' || f as item_id, sha256('' || f) as sha256, md5('' || f) || '00000000' as sha1,
    'images/' || f || '.jpg' as path, 1280 as width, 960 as height, 'image/jpeg' as mime, 300000 as size_bytes,
    substr(md5('p' || f), 1, 16) as phash, md5('d' || f) || md5('e' || f) as detail_hash, 'ok' as status
from range(0, $n) files(f) where f % 5 = 0 and f % $step = 0 order by item_id
"""


@dataclass(kw_only=True)
class Spent:
    """Wall time, processor time and the most memory of this process."""

    seconds: float = 0.0
    cpu_s: float = 0.0
    peak_bytes: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1_000_000, help="files in the catalogue")
    parser.add_argument("--hashes", type=int, default=1_000_000, help="pictures among which copies are searched")
    parser.add_argument("--home", type=Path, help="where the tables are generated; a temporary folder without")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.home) as folder:
        home = open_home(Path(folder))
        join(home, options.n)
        filtered(home, options.n)
    hashes(options.hashes)


def join(home: Home, n: int) -> None:
    """catalog/items from scratch, with nothing changed, and after changes; equal to a build from scratch each time."""
    print(f"catalog/items, {n:,} files, {rows_of(n):,} listings in {n // ROWS_IN_A_CATEGORY:,} categories", flush=True)
    generate(home, n)
    first = timed("from scratch", lambda: bring_in_step(home))
    timed("nothing changed", lambda: bring_in_step(home), first[1])
    categories = range(0, n // ROWS_IN_A_CATEGORY)
    write_pages(home, n, categories[:: max(1, 100)], generation=1)
    after, _ = timed("1% of the categories changed, every file in them", lambda: bring_in_step(home), first[1])
    shutil.rmtree(home.table(ITEMS.key).resolve())
    again, _ = timed("from scratch", lambda: bring_in_step(home), first[1])
    assert after.digest == again.digest != first[0].digest
    print(
        f"  of {after.sources:,} source files {after.sources_read:,} were read; of {after.parts:,} parts "
        f"{after.parts_written:,} written; the digests are equal"
    )
    timed("peer: the same join in DuckDB into one file, without state", lambda: plainly(home), first[1])


def filtered(home: Home, n: int) -> None:
    """catalog/licensed_images from items, decisions and the pictures that were fetched."""
    tables.write_query(home, DECISIONS, whole(DECISIONS, DECISIONS_SQL), {}, {"n": n})
    tables.write_query(home, FILES, whole(FILES, FILES_SQL), {}, {"n": n, "step": 10})
    print(f"catalog/licensed_images, {n:,} items, {n * 6 // 10:,} accepted, {n // 10:,} fetched", flush=True)
    timed("clusters of copies, decision filter, licensed table", lambda: build_licensed(home, profile=PROFILE))
    print(f"  {sum(pa.parquet.read_metadata(path).num_rows for path in tables.parts(home, LICENSED)):,} rows")


def hashes(n: int) -> None:
    """Pairs among n pictures, one in fifty of them a changed copy; among few of them also by comparing all pairs."""
    print(f"copies among {n:,} pictures, one in fifty a copy that differs in {BITS - 4} of 64 bits", flush=True)
    with duckdb.connect() as connection:
        connection.execute(f"set threads = {sizes().threads}")
        planted = plant_looks(connection, n)
        timed("banding", lambda: find_near(connection))
        found = connection.sql("select count(distinct (a, b)) from pairs").fetchall()[0][0]
        print(f"  {found:,} pairs found, {planted:,} planted")
    few = min(n, 30_000)
    with duckdb.connect() as connection:
        connection.execute(f"set threads = {sizes().threads}")
        plant_looks(connection, few)
        _, banded = timed(f"banding, {few:,}", lambda: find_near(connection))
        values = np.array([p for (p,) in connection.sql("select p from looks order by n").fetchall()], dtype=np.uint64)
        pairs, _ = timed(f"peer: all pairs in numpy, {few:,}", lambda: all_pairs(values), banded)
        print(f"  {connection.sql('select count(distinct (a, b)) from pairs').fetchall()[0][0]:,} and {pairs:,} pairs")


def plant_looks(connection: duckdb.DuckDBPyConnection, n: int) -> int:
    """A table `looks` of random hashes in which every fiftieth is the one before it with a few bits changed."""
    words = ", ".join(f"md5_number_lower('{name}' || source) as {name}" for name in ("p", "d0", "d1", "d2", "d3"))
    flipped = " | ".join(f"(1::ubigint << ({bits} + n % 5))" for bits in (1, 11, 21, 31, 41, 51))
    connection.execute(
        f"create table looks as select n, case when n % 50 = 49 then xor(p, {flipped}) else p end as p, "
        f"d0, case when n % 50 = 49 then xor(d1, 65535) else d1 end as d1, d2, d3 from ("
        f"select *, {words} from ("
        f"select n, case when n % 50 = 49 then n - 1 else n end as source from range({n}) t(n)))"
    )
    connection.execute("create table pairs (a bigint, b bigint)")
    return n // 50


def all_pairs(values: np.ndarray) -> int:
    found = 0
    for number in range(len(values)):
        found += int((np.bitwise_count(values[number + 1 :] ^ values[number]) <= BITS).sum())
    return found


def rows_of(n: int) -> int:
    return n + n // 5


def generate(home: Home, n: int) -> None:
    started = time.monotonic()
    count = n // ROWS_IN_A_CATEGORY
    write_pages(home, n, range(count), generation=0)
    statuses = [{"category": category(number), "status": "live"} for number in range(count)]
    tables.write(
        home,
        CATEGORIES,
        tables.as_table(CATEGORIES, [{**dict.fromkeys(CATEGORIES.columns), **row} for row in statuses]),
    )
    print(f"  generated in {time.monotonic() - started:.0f} s", flush=True)


def category(number: int) -> str:
    return f"Paintings by painter {number:06}"


def write_pages(home: Home, n: int, categories: Iterator[int] | range, *, generation: int) -> None:
    """The part file of each category: its own files, and every fifth file of the category before it."""
    with duckdb.connect() as connection:
        connection.execute("set threads = 2; set timezone = 'UTC'")
        for number in categories:
            first = number * ROWS_IN_A_CATEGORY
            own = PAGES_SQL.format(
                category=number,
                first=first,
                end=first + ROWS_IN_A_CATEGORY,
                generation=generation,
                year=1800 + generation,
            )
            before = PAGES_SQL.format(
                category=number, first=max(0, first - ROWS_IN_A_CATEGORY), end=first, generation=0, year=1800
            )
            folder = home.partition(PAGES.key, category(number))
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / tables.part_name(0)
            path.unlink(missing_ok=True)
            connection.sql(f"{own} union all select * from ({before}) where pageid % 5 = 0").write_parquet(
                str(path), compression="zstd"
            )


def plainly(home: Home) -> None:
    """What most would write: one query over all files, one file out."""
    with tables.engine(home) as connection:
        tables.relation(connection, home, PAGES).create_view("pages")
        connection.sql(
            "select arg_max(pages, fetched_at) as page, list(category) as partitions "
            "from pages group by pageid order by pageid"
        ).write_parquet(str(home.root / "plain.parquet"), compression="zstd")


def whole(table: Table, sql: str) -> str:
    """A query with the columns that it leaves out as null."""
    named = sql
    columns = ", ".join(
        f"cast({name if f' as {name}' in named else 'null'} as {sql_type(kind)}) as {name}"
        for name, (kind, _) in table.columns.items()
    )
    return f"select {columns} from ({named}) as told order by {', '.join(table.sort_by)}"


def sql_type(kind: pa.DataType) -> str:
    names = {"string": "varchar", "int32": "integer", "int64": "bigint", "double": "double", "bool": "boolean"}
    if pa.types.is_list(kind):
        return "varchar[]"
    return "timestamptz" if pa.types.is_timestamp(kind) else names[str(kind)]


def timed(name: str, work: Callable[[], object], beside: Spent | None = None) -> tuple[Built, Spent]:
    with measured() as spent:
        found = work()
    against = f"{beside.seconds / spent.seconds:8.1f} x" if beside else ""
    print(
        f"  {name:<62} {spent.seconds:8.1f} s {spent.cpu_s:8.1f} CPU-s {spent.peak_bytes / 1e9:6.2f} GB {against}",
        flush=True,
    )
    return found, spent  # type: ignore[return-value]


@contextmanager
def measured() -> Iterator[Spent]:
    spent, done = Spent(), threading.Event()
    process = psutil.Process(os.getpid())

    def watch() -> None:
        while not done.wait(0.05):
            spent.peak_bytes = max(spent.peak_bytes, process.memory_info().rss)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    started, cpu = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    yield spent
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent.seconds = time.monotonic() - started
    spent.cpu_s = used.ru_utime + used.ru_stime - cpu.ru_utime - cpu.ru_stime
    done.set()
    watcher.join()


if __name__ == "__main__":
    main()
