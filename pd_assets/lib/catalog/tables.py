"""Reading and writing tables: Parquet files in one folder per table, replaced as a whole, with a digest of content.

A partition is a folder of part files, each replaced as a whole: what fits no memory is written and mended part by part.
Errors: TableError.
"""

import hashlib
import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pd_assets.lib.catalog.schemas import Table
from pd_assets.lib.errors import TableError
from pd_assets.lib.home import Home, replacing

PART = "part-0.parquet"
# A part is read by row groups, so that a few rows of it do not cost the memory of all.
ROWS_IN_A_GROUP = 250


def as_table(table: Table, rows: Iterable[Mapping[str, object]]) -> pa.Table:
    """Rows as an Arrow table in the schema's order, sorted by the table's key."""
    return sort(table, pa.Table.from_pylist(list(rows), schema=table.schema))


def sort(table: Table, content: pa.Table) -> pa.Table:
    """`content` with the columns, types and row order of `table`; TableError where they do not fit."""
    try:
        typed = content.select(list(table.columns)).cast(table.schema)
    except (KeyError, pa.ArrowInvalid, ValueError) as error:
        raise TableError(f"{table.key}: rows do not fit the schema ({error})") from error
    return typed.sort_by([(name, "ascending") for name in table.sort_by]).combine_chunks()


def write(home: Home, table: Table, content: pa.Table, *, partition: str | None = None) -> str:
    """Replace a table (or one partition of it) by `content` and return its digest."""
    content = sort(table, content)
    if partition is None:
        with replacing(home.table(table.key) / PART) as partial:
            pq.write_table(content, partial, compression="ZSTD")
    else:
        folder = home.partition(table.key, partition)
        write_part(table, folder / part_name(0), content)
        for path in partition_parts(home, table, partition):
            if path.name != part_name(0):
                path.unlink()
    return digest(table, content)


def part_name(number: int) -> str:
    """The file of one part of a partition."""
    return f"part-{number:05}.parquet"


def write_part(table: Table, path: Path, content: pa.Table) -> None:
    """Replace one part of a partition by `content`, sorted."""
    with replacing(path) as partial:
        pq.write_table(sort(table, content), partial, compression="ZSTD", row_group_size=ROWS_IN_A_GROUP)


def read_part(table: Table, path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """One part of a partition; columns that it was written without are null."""
    return _read_file(table, path, columns)


def read_rows(table: Table, path: Path, name: str, values: Collection[object]) -> pa.Table:
    """The rows of one part whose column `name` is among `values`; the others are not kept in memory."""
    return _read_file(table, path, wanted=pc.field(name).isin(list(values)))


def partition_parts(home: Home, table: Table, partition: str) -> list[Path]:
    """The part files of one partition, in the order of their numbers."""
    found = home.partition(table.key, partition).glob("part-*.parquet")
    return sorted(found, key=lambda path: (int(path.stem.removeprefix("part-")), path.name))


def sweep(folder: Path) -> None:
    """Remove what a killed process left half-written in a folder; only for who is the one writer there."""
    for path in folder.glob(".*.partial"):
        path.unlink(missing_ok=True)


def digest(table: Table, content: pa.Table) -> str:
    """SHA-256 of a table's content without the columns that only say when: equal content, equal digest."""
    buffer = io.BytesIO()
    stable = content.select([name for name in content.column_names if name not in table.volatile])
    pq.write_table(stable.replace_schema_metadata(None), buffer, compression="NONE", use_dictionary=False)
    return hashlib.sha256(buffer.getbuffer()).hexdigest()


def read(home: Home, table: Table, columns: Sequence[str] | None = None) -> pa.Table:
    """A whole table (all its partitions); TableError where it was never written."""
    files = parts(home, table)
    if not files:
        raise TableError(f"{table.key}: no table in {home.table(table.key)}; materialise {table.key} first")
    return pa.concat_tables(_read_file(table, file, columns) for file in files)


def _read_file(
    table: Table, path: Path, columns: Sequence[str] | None = None, wanted: pc.Expression | None = None
) -> pa.Table:
    try:
        chosen = None if columns is None else list(columns)
        return pq.read_table(path, schema=table.schema, columns=chosen, filters=wanted)
    except (OSError, pa.ArrowInvalid) as error:
        raise TableError(
            f"{table.key}: {path} cannot be read ({error}); delete that file and materialise {table.key} again"
        ) from error


def read_or_empty(home: Home, table: Table, columns: Sequence[str] | None = None) -> pa.Table:
    """A whole table, or an empty one where it was never written."""
    if parts(home, table):
        return read(home, table, columns)
    return table.schema.empty_table().select(columns or list(table.columns))


def read_partition(home: Home, table: Table, partition: str) -> pa.Table:
    """One partition, or an empty table where it was never written."""
    files = partition_parts(home, table, partition)
    content = [_read_file(table, path) for path in files]
    return sort(table, pa.concat_tables(content)) if content else table.schema.empty_table()


def has_partition(home: Home, table: Table, partition: str) -> bool:
    """Whether a partition was ever written, be it without rows."""
    return bool(partition_parts(home, table, partition))


def parts(home: Home, table: Table) -> list[Path]:
    """The Parquet files of a table, in a stable order; temporary files are never among them."""
    found = home.table(table.key).rglob("*.parquet")
    return sorted(path for path in found if not path.name.startswith("."))


def rows(content: pa.Table) -> Iterator[dict[str, object]]:
    """The rows of a table one by one, in bounded memory."""
    for batch in content.to_batches(max_chunksize=1024):
        yield from batch.to_pylist()


def query(
    home: Home, sql: str, tables: Mapping[str, Table], parameters: Mapping[str, object] | None = None
) -> pa.Table:
    """Run `sql` in DuckDB over the named tables (missing ones are empty) and return the result."""
    with duckdb.connect() as connection:
        connection.execute("SET threads = 2")
        for name, table in tables.items():
            relation(connection, home, table).create_view(name)
        return connection.sql(sql, params=dict(parameters or {})).to_arrow_table()


def relation(connection: duckdb.DuckDBPyConnection, home: Home, table: Table) -> duckdb.DuckDBPyRelation:
    """A table as a DuckDB relation; one without files is empty."""
    files = [str(path) for path in parts(home, table)]
    if not files:
        return connection.from_arrow(table.schema.empty_table())
    return connection.read_parquet(files, hive_partitioning=False, union_by_name=True)
