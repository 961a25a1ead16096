"""`catalog.duckdb`: views over the Parquet tables for people and tools, rebuilt beside and renamed into place."""

import duckdb

from pd_assets.lib.catalog.schemas import TABLES
from pd_assets.lib.catalog.tables import parts
from pd_assets.lib.home import Home, replacing


def rebuild(home: Home) -> None:
    """Write `catalog.duckdb` anew; a reader of the old file is not disturbed."""
    with replacing(home.catalog) as partial:
        partial.unlink()
        with duckdb.connect(str(partial)) as connection:
            for key, table in TABLES.items():
                files = [str(path) for path in parts(home, table)]
                if files:
                    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in files)
                    schema, name = key.split("/")
                    connection.execute(f"create schema if not exists {schema}").fetchall()
                    connection.execute(
                        f"create view {schema}.{name} as select * from "
                        f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
                    ).fetchall()
