"""A DuckDB for a person's questions: it sees the tables of a home, and no file of this machine.

What keeps it so are DuckDB's own locks, not a look at the words of a question: no file is opened, no extension loaded,
no setting changed. The tables reach it through Arrow, which reads their files for it and cannot write them.
https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from pd_assets.lib.catalog.schemas import TABLES, Table, short_name
from pd_assets.lib.catalog.tables import files_of
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home
from pd_assets.lib.machine import sizes

# The last one holds the others, itself included.
LOCKS = {
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "temp_directory": "''",
    "enable_external_access": "false",
    "lock_configuration": "true",
}
ONLY_ASKS = "pdd sql only asks the tables: it reads and writes no other file, loads no extension and changes no setting"


@contextmanager
def locked(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the tables as they are: by short name (`decisions`) and by key with a dot (`rights.decisions`).

    One that was never written is there too, and empty.
    """
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as catalog; use catalog")
        for table in TABLES.values():
            _show(connection, home, table)
        allowed = sizes()
        connection.execute(f"set threads = {allowed.threads}; set memory_limit = '{allowed.memory_bytes} B'")
        for name, value in LOCKS.items():
            connection.execute(f"set {name} = {value}")
        yield connection


def _show(connection: duckdb.DuckDBPyConnection, home: Home, table: Table) -> None:
    """Make the views of a table. Its files are opened when a question reads them."""
    files = [str(path) for path in files_of(home, table)]
    group, name = table.key.split("/")
    rows = ds.dataset(files, schema=table.schema, format="parquet") if files else table.schema.empty_table()
    connection.register(table.key, rows)
    views = [f"main.{name}"] if short_name(table.key) else []
    if group != "catalog":
        # The database has that name, so that `catalog.items` is there too.
        connection.execute(f"create schema if not exists {group}")
        views.append(f"{group}.{name}")
    for view in views:
        connection.execute(f'create view {view} as select * from "{table.key}"')


@dataclass(frozen=True, kw_only=True)
class Described:
    """A table as a question names it, and of each of its columns name, type and what is in it."""

    key: str
    names: tuple[str, ...]
    columns: tuple[tuple[str, str, str], ...]


def described() -> list[Described]:
    """Every table that can be asked, in the order of the line."""
    return [
        Described(
            key=key,
            names=tuple(filter(None, (short_name(key), key.replace("/", ".")))),
            columns=tuple((name, str(kind), says) for name, (kind, says) in table.columns.items()),
        )
        for key, table in TABLES.items()
    ]


def statements_in(connection: duckdb.DuckDBPyConnection, text: str) -> list[str]:
    """The statements of a text; one that cannot be read is left as it is, and fails where it is asked."""
    try:
        return [one.query for one in connection.extract_statements(text)]
    except duckdb.Error:
        return [text]


@contextmanager
def answering(connection: duckdb.DuckDBPyConnection, statement: str) -> Iterator[duckdb.DuckDBPyRelation | None]:
    """The answer to a statement, if it has one. ConfigError where it fails, or wants more than to ask."""
    try:
        connection.execute("begin transaction read only")
        yield connection.sql(statement)
    except (duckdb.Error, pa.ArrowException) as error:
        told = " ".join(str(error).split())
        refused = isinstance(error, duckdb.PermissionException | duckdb.TransactionException) or "locked" in told
        raise ConfigError(f"the query failed: {told}" + (f"; {ONLY_ASKS}" if refused else "")) from error
    finally:
        # Unless the statement has ended it.
        with suppress(duckdb.Error):
            connection.execute("rollback")
