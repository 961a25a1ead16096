"""What an asset is made of, as arrows of the graph: the assets of the tables that it opens.

A test holds them against what each step opened while it ran (`tables_read`).
"""

import dagster as dg

from pd_assets.lib.catalog.schemas import PAGES, RECORDS, Table

PARTITIONED = (PAGES.key, RECORDS.key)
# The nightly writes pages through this one, of all categories at once.
REFRESH = ["commons", "refresh"]


def needs(*tables: Table) -> list[dg.AssetDep]:
    """The assets of some tables; of a partitioned one all of its partitions."""
    found = [_of(table.key) for table in tables]
    return [*found, dg.AssetDep(REFRESH)] if PAGES in tables else found


def _of(key: str) -> dg.AssetDep:
    mapping = dg.AllPartitionMapping() if key in PARTITIONED else None
    return dg.AssetDep(key.split("/"), partition_mapping=mapping)
