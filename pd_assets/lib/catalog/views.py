"""`catalog.duckdb`: views over the Parquet tables for people and tools, rebuilt beside and renamed into place.

Each table is there by its short name (`decisions`) and by its key with a dot (`rights.decisions`; the database itself
is called `catalog`, so `catalog.items` works too). Paths are relative to the home, so that a copy of it never answers
from another: open it there (`cd $PD_HOME && duckdb catalog.duckdb`), or set DuckDB's `file_search_path`. A table that
was never written is there too, and empty.
"""

import logging
import tempfile
from pathlib import Path

import duckdb

from pd_assets.lib.catalog import damage
from pd_assets.lib.catalog.schemas import TABLES, Table, short_name
from pd_assets.lib.catalog.tables import files_of
from pd_assets.lib.home import Home, replacing

log = logging.getLogger(__name__)


def rebuild(home: Home) -> None:
    """Write `catalog.duckdb` anew; a reader of the old file is not disturbed. A damaged table has no view."""
    with replacing(home.catalog) as partial, tempfile.TemporaryDirectory(prefix="pdd-") as folder:
        partial.unlink()
        # DuckDB splits its search path at commas, and knows no other way to write one.
        place = Path(folder) / "home"
        place.symlink_to(home.root)
        with duckdb.connect(str(partial), config={"file_search_path": str(place)}) as connection:
            for key, table in TABLES.items():
                files = files_of(home, table)
                if found := damage.damaged(home, table, files):
                    log.warning("%s has no view in %s: %s", key, home.catalog.name, found[0])
                else:
                    rows = _rows(connection, table, [str(path.relative_to(home.root.resolve())) for path in files])
                    for statement in _statements(key, rows):
                        connection.sql(statement)


def _rows(connection: duckdb.DuckDBPyConnection, table: Table, files: list[str]) -> str:
    """What selects the rows of a table; of one that was never written its columns alone."""
    empty = connection.from_arrow(table.schema.empty_table())
    kinds = dict(zip(empty.columns, map(str, empty.types), strict=True))
    if not files:
        return f"select {', '.join(_null(name, kind) for name, kind in kinds.items())} where false"
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in files)
    rows = f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
    # What an older version wrote lacks the columns that came later.
    found = connection.sql(f"select * from {rows} limit 0").columns
    later = [_null(name, kind) for name, kind in kinds.items() if name not in found]
    return f"select {', '.join(['*', *later])} from {rows}"


def _null(name: str, kind: str) -> str:
    return f'null::{kind} as "{name}"'


def _statements(key: str, rows: str) -> list[str]:
    group, name = key.split("/")
    statements = [f"create view {name} as {rows}"] if short_name(key) else []
    if group != "catalog":
        statements += [f"create schema if not exists {group}", f"create view {group}.{name} as {rows}"]
    return statements
