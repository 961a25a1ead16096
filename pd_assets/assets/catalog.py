"""The catalogue as assets: one row per file, the pictures that are free, decoded and unique, and what are copies."""

import dagster as dg

from pd_assets.assets.needs import needs
from pd_assets.lib.catalog import duplicates, items, views
from pd_assets.lib.catalog.item_parts import bring_in_step, generations
from pd_assets.lib.catalog.looks import stale
from pd_assets.lib.catalog.schemas import (
    CATEGORIES,
    CLUSTERS,
    DECISIONS,
    FILES,
    ITEMS,
    LICENSED,
    PAGES,
    TAKEDOWNS,
)
from pd_assets.lib.catalog.tables import require, require_sources
from pd_assets.lib.museums.contract import ALL_RECORDS
from pd_assets.lib.release import index
from pd_assets.lib.release.kept_out import count_kept_out
from pd_assets.lib.release.takedowns import resume
from pd_assets.resources import Platform
from pd_assets.running.skip import unless_unchanged
from pd_assets.running.step import counted, step, stored, table_metadata

OWNERS = ["team:curation"]


@dg.asset(
    key=["catalog", "items"],
    group_name="catalog",
    kinds={"duckdb", "parquet"},
    owners=OWNERS,
    deps=needs(CATEGORIES, PAGES, *ALL_RECORDS),
    metadata=table_metadata(ITEMS),
    description="One row per file of either archive, however many categories hold it.",
)
@unless_unchanged(makes=(ITEMS,), writes=generations, per_run=("source_files_read", "parts_written"))
def catalog_items(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult:
    with step() as done:
        home = platform.home()
        require_sources(home)
        built = bring_in_step(home)
        views.rebuild(home)
        by_status = items.count(home, ITEMS, "status")
    return dg.MaterializeResult(
        data_version=dg.DataVersion(built.digest),
        metadata={
            "dagster/row_count": sum(by_status.values()),
            "status": counted("status", by_status),
            "source_files": built.sources,
            "source_files_read": built.sources_read,
            "parts": built.parts,
            "parts_written": built.parts_written,
            **stored(home, ITEMS),
            **done.cost,
        },
    )


@dg.asset(
    key=["catalog", "licensed_images"],
    group_name="catalog",
    kinds={"duckdb", "parquet"},
    owners=OWNERS,
    deps=needs(CATEGORIES, ITEMS, DECISIONS, TAKEDOWNS, FILES),
    metadata=table_metadata(LICENSED),
    description="The licence-filtered table: accepted, decoded, live, and of all copies of a picture the one with the "
    "best rights evidence (catalog/clusters), unless one of them is refused for a condition.",
)
@unless_unchanged(
    makes=(LICENSED, CLUSTERS),
    writes=lambda home: [home.catalog],
    settings=lambda settings: settings.rights_profile,
    time=lambda home, settings: stale(home, days=settings.stale_days),
)
def catalog_licensed_images(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult:
    with step() as done:
        home, settings = platform.home(), platform.settings()
        require(home, ITEMS, DECISIONS, FILES)
        resume(home, purges=False)
        found = stale(home, days=settings.stale_days)
        left_out = items.stale_items(home, found)
        digest = items.build_licensed(home, profile=settings.rights_profile, stale=left_out)
        waiting = items.count_accepted(home, left_out, profile=settings.rights_profile)
        if waiting:
            context.log.warning(
                f"{waiting} accepted pictures are left out: not read anew for {settings.stale_days} days: {found}"
            )
        views.rebuild(home)
        index.refresh(home)
        kept_out = count_kept_out(home, profile=settings.rights_profile)
        by_rule = items.count(home, LICENSED, "rule_id")
    return dg.MaterializeResult(
        data_version=dg.DataVersion(digest),
        metadata={
            "dagster/row_count": sum(by_rule.values()),
            "rules": counted("accepted by", by_rule),
            "left_out_as_stale": waiting,
            "left_out_as_taken_down": counted("takedown", kept_out),
            "stale": str(found),
            "table": dg.MetadataValue.path(str(home.table(LICENSED.key))),
            **stored(home, LICENSED),
            **done.cost,
        },
    )


@dg.asset(
    key=["catalog", "clusters"],
    group_name="catalog",
    kinds={"duckdb", "parquet"},
    owners=OWNERS,
    deps=needs(LICENSED),
    metadata=table_metadata(CLUSTERS),
    description="Copies of one picture, by bytes and by look: which is kept, and which a refused one keeps out. "
    "catalog/licensed_images writes the table, because it is filtered by it; this reports what is in it.",
)
@unless_unchanged(makes=(CLUSTERS,))
def catalog_clusters(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult:
    with step() as done:
        home = platform.home()
        require(home, CLUSTERS)
        copies = duplicates.count_copies(home)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(copies.digest),
        metadata={
            "dagster/row_count": copies.pictures,
            "copies": copies.copies,
            "by_likeness": counted("copies found by", copies.by_likeness),
            "rights_conflicts": copies.conflicts,
            "conflicts": dg.MetadataValue.json(list(copies.examples)),
            **stored(home, CLUSTERS),
            **done.cost,
        },
    )


assets = [catalog_items, catalog_licensed_images, catalog_clusters]
