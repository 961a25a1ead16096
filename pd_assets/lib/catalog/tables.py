"""Reading and writing tables: Parquet files in one folder per table, replaced as a whole, with a digest of content.

A partition is a folder of part files, each replaced as a whole: what fits no memory is written and mended part by part.
What DuckDB computes is streamed into the file; what it cannot hold it spills to a folder under PD_HOME/.tmp.

A table by bucket has a file for each item bucket, `part-3.parquet` for bucket 3: each is replaced on its own, so that
who makes one bucket leaves the others alone. In a home of one bucket it is the one file of any other table. Every file
that is written in one go has its digest in its footer.
Errors: TableError, and DamagedTable among them; ConfigError where the disk is full.
"""

import hashlib
import itertools
import os
import shutil
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pd_assets.lib.catalog import buckets as item_buckets
from pd_assets.lib.catalog import damage, table_files
from pd_assets.lib.catalog.damage import WRITTEN, read_file
from pd_assets.lib.catalog.schemas import CATEGORIES, PAGES, Table
from pd_assets.lib.catalog.table_files import digest, file_digest, stream, typed, used_digest
from pd_assets.lib.errors import TableError
from pd_assets.lib.home import Home, named_if_full, replacing
from pd_assets.lib.machine import sizes

PART = "part-0.parquet"
BATCH_ROWS = table_files.BATCH_ROWS
# A part is read by row groups, so that a few rows of it do not cost the memory of all.
ROWS_IN_A_GROUP = 250
ABANDONED_AFTER_S = 24 * 3600
# A table, or several of the same columns.
Tables = Table | tuple[Table, ...]


# What the block at work calls for each table that it opens, before it reads it.
_WATCHER: ContextVar[Callable[[Home, Table], None] | None] = ContextVar("watcher", default=None)


@contextmanager
def watched(opened: Callable[[Home, Table], None]) -> Iterator[None]:
    """Call `opened` for each table that the block opens, each time; not in threads and processes that it starts."""
    token = _WATCHER.set(opened)
    try:
        yield
    finally:
        _WATCHER.reset(token)


def _note(home: Home, table: Table) -> None:
    if (opened := _WATCHER.get()) is not None:
        opened(home, table)


def as_table(table: Table, rows: Iterable[Mapping[str, object]]) -> pa.Table:
    """Rows as an Arrow table in the schema's order, sorted by the table's key."""
    return sort(table, pa.Table.from_pylist(list(rows), schema=table.schema))


def sort(table: Table, content: pa.Table) -> pa.Table:
    """`content` with the columns, types and row order of `table`; TableError where they do not fit."""
    return typed(table, content).sort_by([(name, "ascending") for name in table.sort_by]).combine_chunks()


def write(home: Home, table: Table, content: pa.Table, *, partition: str | None = None) -> str:
    """Replace a table (or one partition of it) by `content` and return its digest."""
    content = sort(table, content)
    if partition is None:
        return write_buckets(home, table, cut(table, content, home.buckets))
    else:
        folder = home.partition(table.key, partition)
        write_part(table, folder / part_name(0), content)
        for path in partition_parts(home, table, partition):
            if path.name != part_name(0):
                path.unlink()
    return digest(table, content)


def write_batches(home: Home, table: Table, batches: Iterable[pa.RecordBatch]) -> str:
    """Replace a table by batches that come in the order of `sort_by`, in bounded memory, and return its digest.

    The digest is that of `write` for the same rows, however they are cut. TableError where they come in another order.
    For a table by bucket only in a home of one bucket: `write_buckets` is for all.
    """
    assert not table.by_bucket or home.buckets == 1, f"{table.key} has {home.buckets} buckets"
    return write_buckets(home, table, ((0, batch) for batch in batches))


def write_buckets(
    home: Home,
    table: Table,
    batches: Iterable[tuple[int, pa.RecordBatch]],
    buckets: Collection[int] | None = None,
) -> str:
    """Replace `buckets` of a table, all of them if None, by batches that come bucket by bucket in ascending order, each
    in the order of `sort_by`, in bounded memory; returns the digest of the whole table.

    A bucket takes its place as soon as it is whole. One of which no batch comes is empty. TableError for another order.
    A table that is not by bucket has bucket 0 alone.
    """
    number = home.buckets if table.by_bucket else 1
    wanted = sorted(range(number) if buckets is None else buckets)
    coming = iter(batches)
    following = next(coming, None)

    def of(bucket: int) -> Iterator[pa.RecordBatch]:
        nonlocal following
        while following is not None and following[0] == bucket:
            batch, following = following[1], next(coming, None)
            yield batch

    for bucket in wanted:
        write_bucket(home, table, bucket, of(bucket))
    if following is not None:
        raise TableError(f"{table.key}: rows of bucket {following[0]} come where {wanted} were wanted, in this order")
    if buckets is None:
        drop_others(home, table)
    return stored_digest(home, table)


def write_bucket(home: Home, table: Table, bucket: int, batches: Iterable[pa.RecordBatch]) -> None:
    """Replace one bucket of a table by batches in the order of `sort_by`."""
    path = bucket_file(home, table, bucket)
    with replacing(path) as partial:
        stream(table, batches, partial)
    damage.keep_second(table, path)


def cut(table: Table, content: pa.Table, number: int) -> Iterator[tuple[int, pa.RecordBatch]]:
    """A sorted table as `write_buckets` takes it: cut into so many buckets where it is by bucket."""
    if not table.by_bucket or number == 1:
        yield from ((0, batch) for batch in content.to_batches())
        return
    placed = item_buckets.buckets_of(content["item_id"].to_pylist(), number)
    for bucket in range(number):
        yield from ((bucket, batch) for batch in content.filter(pa.array(placed == bucket)).to_batches())


def bucket_file(home: Home, table: Table, bucket: int) -> Path:
    """The file of one bucket of a table."""
    return home.table(table.key) / f"part-{bucket}.parquet"


def read_bucket(home: Home, table: Table, bucket: int, columns: Sequence[str] | None = None) -> pa.Table:
    """One bucket of a table, or an empty table where it was never written."""
    _note(home, table)
    path = bucket_file(home, table, bucket)
    if path.is_file():
        return read_file(table, path, columns)
    return table.schema.empty_table().select(columns or list(table.columns))


def write_query(
    home: Home,
    table: Table,
    sql: str,
    inputs: Mapping[str, Table],
    parameters: Mapping[str, object] | None = None,
) -> str:
    """Replace a table by what `sql` gives, in the order of `sort_by`, streamed from DuckDB; returns its digest."""
    with engine(home) as connection:
        _show(connection, home, inputs)
        answer = connection.sql(sql, params=dict(parameters or {}))
        return write_batches(home, table, answer.to_arrow_reader(BATCH_ROWS))


def drop_others(home: Home, table: Table) -> None:
    """Drop the files of a table that are none of its buckets: what it held before in more parts."""
    buckets = {bucket_file(home, table, bucket).name for bucket in range(home.buckets if table.by_bucket else 1)}
    for path in home.table(table.key).glob("*.parquet"):
        if path.name not in buckets:
            damage.remove(path)


def part_name(number: int) -> str:
    """The file of one part of a partition."""
    return f"part-{number:05}.parquet"


def write_part(table: Table, path: Path, content: pa.Table) -> None:
    """Replace one part of a partition by `content`, sorted."""
    with replacing(path) as partial:
        pq.write_table(sort(table, content), partial, row_group_size=ROWS_IN_A_GROUP, **WRITTEN)


def read_part(table: Table, path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """One part of a partition; columns that it was written without are null."""
    return read_file(table, path, columns)


def read_rows(table: Table, path: Path, name: str, values: Collection[object]) -> pa.Table:
    """The rows of one part whose column `name` is among `values`; the others are not kept in memory."""
    return read_file(table, path, wanted=pc.field(name).isin(list(values)))


def partition_parts(home: Home, table: Table, partition: str) -> list[Path]:
    """The part files of one partition, in the order of their numbers."""
    _note(home, table)
    found = home.partition(table.key, partition).glob("part-*.parquet")
    return sorted(found, key=lambda path: (int(path.stem.removeprefix("part-")), path.name))


def sweep(folder: Path) -> None:
    """Remove what a killed process left half-written in a folder; call it only as the one writer there."""
    for path in folder.glob(".*.partial"):
        path.unlink(missing_ok=True)


def stored_digest(home: Home, table: Table) -> str:
    """The digest of a stored table, from the footers of its files where they tell it.

    Of one of several buckets it is a digest over those of the buckets.
    """
    found = [file_digest(table, path) for path in _files(home, table)]
    if len(found) == 1:
        return found[0]
    return hashlib.sha256("\n".join(found).encode()).hexdigest()


def used_digests(home: Home, table: Table) -> list[str]:
    """The digests of the rows that others are made of, of each file of a table."""
    return [used_digest(table, path) for path in _files(home, table)]


def _files(home: Home, table: Table) -> list[Path]:
    """The files of the buckets, or those that there are."""
    files = [bucket_file(home, table, bucket) for bucket in range(home.buckets if table.by_bucket else 1)]
    return files if all(path.is_file() for path in files) else parts(home, table)


def require(home: Home, *needed: Table) -> None:
    """TableError with all of these tables that were never written; one without rows is there."""
    missing = [table.key for table in needed if not _is_written(home.table(table.key))]
    if missing:
        raise TableError(f"no table {', '.join(missing)} in {home.root}; materialise {', '.join(missing)} first")


def require_sources(home: Home) -> None:
    """TableError where the walk found files and their pages are not there: all of them would seem to be gone."""
    walked = rows(read_or_empty(home, CATEGORIES, ["status", "files"]))
    if any(row["status"] == "live" and row["files"] for row in walked):
        require(home, PAGES)


def _is_written(folder: Path) -> bool:
    return folder.is_dir() and any(not path.name.startswith(".") for path in folder.iterdir())


def count_rows(home: Home, table: Table) -> int:
    """The rows of a table, as the footers of its files say."""
    return sum(damage.row_count(table, path) for path in parts(home, table))


def read(home: Home, table: Table, columns: Sequence[str] | None = None) -> pa.Table:
    """A whole table (all its partitions); TableError where it was never written."""
    files = parts(home, table)
    if not files:
        raise TableError(f"{table.key}: no table in {home.table(table.key)}; materialise {table.key} first")
    return pa.concat_tables(read_file(table, file, columns) for file in files)


def read_or_empty(home: Home, table: Table, columns: Sequence[str] | None = None) -> pa.Table:
    """A whole table, or an empty one where it was never written."""
    if parts(home, table):
        return read(home, table, columns)
    return table.schema.empty_table().select(columns or list(table.columns))


def read_partition(home: Home, table: Table, partition: str) -> pa.Table:
    """One partition, or an empty table where it was never written."""
    files = partition_parts(home, table, partition)
    content = [read_file(table, path) for path in files]
    return sort(table, pa.concat_tables(content)) if content else table.schema.empty_table()


def has_partition(home: Home, table: Table, partition: str) -> bool:
    """Whether a partition was ever written; one without rows was."""
    return bool(partition_parts(home, table, partition))


def parts(home: Home, table: Table) -> list[Path]:
    """The Parquet files of a table, in a stable order; temporary files are never among them.

    The folder may be a link that is switched when the table is replaced: the files stay those of one state of it.
    """
    _note(home, table)
    return files_of(home, table)


def files_of(home: Home, table: Table) -> list[Path]:
    """The same, for who does not read what is in them: it is not noted as opened."""
    found: list[str] = []
    for folder, _, names in os.walk(home.table(table.key).resolve()):
        found += [f"{folder}/{name}" for name in names if name.endswith(".parquet") and not name.startswith(".")]
    return [Path(path) for path in sorted(found, key=lambda path: path.split("/"))]


def rows(content: pa.Table) -> Iterator[dict[str, object]]:
    """The rows of a table one by one, in bounded memory."""
    for batch in content.to_batches(max_chunksize=1024):
        yield from batch.to_pylist()


def query(
    home: Home, sql: str, tables: Mapping[str, Tables], parameters: Mapping[str, object] | None = None
) -> pa.Table:
    """Run `sql` in DuckDB over the named tables (missing ones are empty) and return the result."""
    with engine(home) as connection:
        _show(connection, home, tables)
        return connection.sql(sql, params=dict(parameters or {})).to_arrow_table()


@contextmanager
def engine(home: Home, *, memory_bytes: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with bounds on threads and memory, and a folder under PD_HOME/.tmp (`home.scratch`) for what exceeds it.

    What the block creates goes with it. All blocks of a process are on one database, since opening one costs 40
    CPU-ms; one that asks for a bound of its own has a database of its own. TableError where it fails; the next block
    begins on a new database then.
    """
    base = home.scratch
    base.mkdir(parents=True, exist_ok=True)
    open_one = _open if memory_bytes else _shared
    allowed = sizes().memory_bytes
    with _named_errors(home):
        database = open_one(base, min(memory_bytes or allowed, allowed), os.getpid(), int(time.monotonic() // 3600))
        schema = f"block_{next(_BLOCKS)}"
        with database.cursor() as connection:
            try:
                connection.execute(f"create schema {schema}; use memory.{schema}")
                yield connection
                connection.execute(f"use memory.main; drop schema {schema} cascade")
            except BaseException:
                _DATABASES.clear()
                raise


def _open(base: Path, memory_bytes: int, pid: int, hour: int) -> duckdb.DuckDBPyConnection:
    """A database of a process and an hour: it makes its folder when it needs one, and takes it along when it ends."""
    for left in base.iterdir():
        # Of a process that was killed; nothing of a running one is that old.
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > ABANDONED_AFTER_S:
                shutil.rmtree(left, ignore_errors=True)
    return duckdb.connect(
        config={
            "threads": str(sizes().threads),
            "memory_limit": f"{memory_bytes} B",
            "temp_directory": str(base / f"duckdb-{uuid.uuid4()}"),
            # A file that was replaced is read anew.
            "enable_external_file_cache": "false",
        }
    )


def _shared(base: Path, memory_bytes: int, pid: int, hour: int) -> duckdb.DuckDBPyConnection:
    """The last one, or a new one in its place."""
    asked = (base, memory_bytes, pid, hour)
    if asked not in _DATABASES:
        # A database of the process that this one was forked from has no threads here: its end would wait for them.
        _INHERITED.extend(one for key, one in _DATABASES.items() if key[2] != pid)
        _DATABASES.clear()
        _DATABASES[asked] = _open(*asked)
    return _DATABASES[asked]


_DATABASES: dict[tuple[Path, int, int, int], duckdb.DuckDBPyConnection] = {}
_INHERITED: list[duckdb.DuckDBPyConnection] = []
_BLOCKS = itertools.count()


@contextmanager
def _named_errors(home: Home) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        if (full := named_if_full(error, home.scratch)) is not None:
            raise full from error
        told = " ".join(str(error).split())
        raise TableError(f"the tables of {home.root} cannot be read or joined ({told})") from error


def _show(connection: duckdb.DuckDBPyConnection, home: Home, tables: Mapping[str, Tables]) -> None:
    for name, table in tables.items():
        relation(connection, home, table).create_view(name)


def relation(
    connection: duckdb.DuckDBPyConnection,
    home: Home,
    table: Tables,
    *,
    bucket: int | None = None,
    buckets: Collection[int] | None = None,
) -> duckdb.DuckDBPyRelation:
    """A table, or several as one, as a DuckDB relation; without files it is empty. DamagedTable where a file is not
    what was written. With `bucket` that bucket alone, of a table by bucket; with `buckets` those."""
    several = table if isinstance(table, tuple) else (table,)
    files: list[Path] = []
    for one in several:
        wanted = buckets if bucket is None else (bucket,)
        if wanted is None:
            of_one = parts(home, one)
        else:
            _note(home, one)
            of_one = [path for path in (bucket_file(home, one, number) for number in wanted) if path.is_file()]
        damage.require_whole(home, one, of_one)
        files += of_one
    if not files:
        return connection.from_arrow(several[0].schema.empty_table())
    found = connection.read_parquet([str(path) for path in files], hive_partitioning=False, union_by_name=True)
    if set(several[0].columns) <= set(found.columns):
        return found
    # What an older version wrote lacks the columns that came later.
    empty = connection.from_arrow(several[0].schema.empty_table())
    kinds = zip(empty.columns, empty.types, strict=True)
    later = [f'null::{kind} as "{name}"' for name, kind in kinds if name not in found.columns]
    return found.project(", ".join(["*", *later])) if later else found
