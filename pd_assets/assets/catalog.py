"""The catalogue as assets: one row per file, and the table of pictures that are free, decoded and unique."""

import dagster as dg

from pd_assets.lib.catalog import items, tables, views
from pd_assets.lib.catalog.schemas import ITEMS, LICENSED
from pd_assets.resources import Platform
from pd_assets.steps import counted, step, table_metadata

OWNERS = ["team:curation"]


@dg.asset(
    key=["catalog", "items"],
    group_name="catalog",
    kinds={"duckdb", "parquet"},
    owners=OWNERS,
    deps=[
        dg.AssetDep(["commons", "pages"], partition_mapping=dg.AllPartitionMapping()),
        dg.AssetDep(["commons", "refresh"]),
    ],
    metadata=table_metadata(ITEMS),
    description="One row per file of either archive, however many categories hold it.",
)
def catalog_items(platform: Platform) -> dg.MaterializeResult:
    with step() as done:
        home = platform.home()
        digest = items.build_items(home)
        by_status = items.count(home, ITEMS, "status")
    return dg.MaterializeResult(
        data_version=dg.DataVersion(digest),
        metadata={"dagster/row_count": sum(by_status.values()), "status": counted("status", by_status), **done.cost},
    )


@dg.asset(
    key=["catalog", "licensed_images"],
    group_name="catalog",
    kinds={"duckdb", "parquet"},
    owners=OWNERS,
    deps=[
        dg.AssetDep(["catalog", "items"]),
        dg.AssetDep(["rights", "decisions"]),
        dg.AssetDep(["images", "files"]),
    ],
    metadata=table_metadata(LICENSED),
    description="The licence-filtered table: accepted, decoded, live, and one of each set of equal copies.",
)
def catalog_licensed_images(platform: Platform) -> dg.MaterializeResult:
    with step() as done:
        home = platform.home()
        digest = items.build_licensed(home, profile=platform.settings().rights_profile)
        views.rebuild(home)
        by_rule = items.count(home, LICENSED, "rule_id")
    return dg.MaterializeResult(
        data_version=dg.DataVersion(digest),
        metadata={
            "dagster/row_count": sum(by_rule.values()),
            "rules": counted("accepted by", by_rule),
            "table": dg.MetadataValue.path(str(home.table(LICENSED.key) / tables.PART)),
            **done.cost,
        },
    )


assets = [catalog_items, catalog_licensed_images]
