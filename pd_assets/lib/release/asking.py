"""Questions to tables of which some files may be damaged: only those are read that can be, and the others are named."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import Table
from pd_assets.lib.home import Home

SQL_TYPES = {
    "string": "varchar",
    "int32": "integer",
    "int64": "bigint",
    "double": "double",
    "bool": "boolean",
    "timestamp[s, tz=UTC]": "timestamptz",
}
# Read at once.
ROWS = 20_000


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Some files of a table."""

    table: Table
    paths: tuple[Path, ...]


def ask(
    home: Home, sql: str, inputs: Mapping[str, Table | Parts], parameters: Mapping[str, object] | None = None
) -> pa.Table:
    """As `tables.query`, also over only some files of a table."""
    with looking_at(home, inputs) as connection:
        return connection.sql(sql, params=dict(parameters or {})).to_arrow_table()


@contextmanager
def looking_at(home: Home, inputs: Mapping[str, Table | Parts]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with a view of each input, for several questions."""
    with tables.engine(home) as connection:
        for name, one in inputs.items():
            if isinstance(one, Table):
                tables.relation(connection, home, one).create_view(name)
            else:
                shown(connection, one).create_view(name)
        yield connection


def shown(connection: duckdb.DuckDBPyConnection, some: Parts) -> duckdb.DuckDBPyRelation:
    """The rows of some files; columns that they were written without are null."""
    # Not by `from_arrow`, which imports pandas: a third of a second of every question.
    nulls = {field.name: f'null::{sql_type(field.type)} as "{field.name}"' for field in some.table.schema}
    if not some.paths:
        return connection.sql(f"select {', '.join(nulls.values())} where false")
    found = connection.read_parquet(list(map(str, some.paths)), hive_partitioning=False, union_by_name=True)
    # What an older version wrote lacks the columns that came later.
    later = [said for name, said in nulls.items() if name not in found.columns]
    return found.project(", ".join(["*", *later])) if later else found


def sql_type(kind: pa.DataType) -> str:
    """A type of Arrow's as DuckDB writes it."""
    if pa.types.is_list(kind):
        return f"{sql_type(kind.value_type)}[]"
    if pa.types.is_struct(kind):
        return f"struct({', '.join(f'{field.name} {sql_type(field.type)}' for field in kind)})"
    return SQL_TYPES[str(kind)]


def readable(
    home: Home, table: Table, columns: Sequence[str], *, whole: bool = True, paths: Sequence[Path] | None = None
) -> tuple[Parts, list[str]]:
    """The files of a table, or `paths` of them, whose `columns` are there and can be read to the end, and why others
    cannot.

    Without `whole` only what the files say of themselves is looked at, which costs little.
    """
    found, damaged = [], []
    try:
        paths = tables.parts(home, table) if paths is None else paths
    except OSError as error:
        return Parts(table=table, paths=()), [f"{table.key} ({error.strerror or error})"]
    for path in paths:
        if (why := _problem(path, columns, whole=whole)) is None:
            found.append(path)
        else:
            damaged.append(f"{table.key} ({path.relative_to(home.table(table.key).resolve())}: {why})")
    return Parts(table=table, paths=tuple(found)), damaged


def _problem(path: Path, columns: Sequence[str], *, whole: bool) -> str | None:
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            if missing := sorted(set(columns) - set(file.schema_arrow.names)):
                return f"no column {', '.join(missing)}"
            for _ in file.iter_batches(ROWS, columns=list(columns), use_threads=False) if whole else ():
                pass
    except (OSError, pa.ArrowException, ValueError) as error:
        return " ".join(str(error).split())[:200]
    return None
