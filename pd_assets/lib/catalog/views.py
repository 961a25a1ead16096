"""`catalog.duckdb`: views over the Parquet tables for people and tools, rebuilt beside and renamed into place.

Each table is there by its short name (`decisions`) and by its key with a dot (`rights.decisions`; the database itself
is called `catalog`, so `catalog.items` works too).
"""

import duckdb

from pd_assets.lib.catalog.schemas import TABLES
from pd_assets.lib.catalog.tables import files_of
from pd_assets.lib.home import Home, replacing


def rebuild(home: Home) -> None:
    """Write `catalog.duckdb` anew; a reader of the old file is not disturbed."""
    with replacing(home.catalog) as partial:
        partial.unlink()
        with duckdb.connect(str(partial)) as connection:
            for key, table in TABLES.items():
                if files := [str(path) for path in files_of(home, table)]:
                    for statement in _statements(key, files):
                        connection.sql(statement)


def _statements(key: str, files: list[str]) -> list[str]:
    group, name = key.split("/")
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in files)
    rows = f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
    statements = [f"create view {name} as select * from {rows}"]
    if group != "catalog":
        statements += [f"create schema if not exists {group}", f"create view {group}.{name} as select * from {rows}"]
    return statements
