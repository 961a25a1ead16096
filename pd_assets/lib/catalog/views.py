"""`catalog.duckdb`: views over the Parquet tables for people and tools, rebuilt beside and renamed into place.

Each table is there by its short name (`decisions`) and by its key with a dot (`rights.decisions`; the database itself
is called `catalog`, so `catalog.items` works too). Paths are relative to the home, so that a copy of it never answers
from another: open it there (`cd $PD_HOME && duckdb catalog.duckdb`), or set DuckDB's `file_search_path`.
"""

import logging
import tempfile
from pathlib import Path

import duckdb

from pd_assets.lib.catalog import damage
from pd_assets.lib.catalog.schemas import TABLES, short_name
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
                elif files:
                    for statement in _statements(key, [str(path.relative_to(home.root.resolve())) for path in files]):
                        connection.sql(statement)


def _statements(key: str, files: list[str]) -> list[str]:
    group, name = key.split("/")
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in files)
    rows = f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
    statements = [f"create view {name} as select * from {rows}"] if short_name(key) else []
    if group != "catalog":
        statements += [f"create schema if not exists {group}", f"create view {group}.{name} as select * from {rows}"]
    return statements
