"""Wikimedia Commons as assets: the category graph, the pages of each category, and the refresh of all of them."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict

import dagster as dg

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CATEGORIES, PAGES
from pd_assets.lib.commons.records import Page
from pd_assets.lib.commons.sync import CategorySync, KnownPages, sync_category
from pd_assets.lib.commons.walk import walk
from pd_assets.lib.home import Home
from pd_assets.lib.progress import track
from pd_assets.partitions import commons_category
from pd_assets.resources import Platform
from pd_assets.steps import step, table_metadata

PARTITIONS_AT_ONCE = 5000
OWNERS = ["team:curation"]


@dg.asset(
    key=["commons", "categories"],
    group_name="commons",
    kinds={"parquet"},
    owners=OWNERS,
    pool="commons_api",
    metadata=table_metadata(CATEGORIES),
    description="The category graph below the configured roots; it registers the partitions of `commons/pages`.",
)
def commons_categories(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult:
    settings = platform.settings()
    with step() as done:
        home = platform.home()
        with platform.session() as session:
            client = platform.commons(session)
            home.claim(settings.commons_api)
            found = walk(client, settings.commons_roots, depth=settings.commons_depth, exclude=settings.commons_exclude)
        live = [asdict(category) for category in found]
        names = {category.category for category in found}
        before = tables.rows(tables.read_or_empty(home, CATEGORIES))
        retired = [{**row, "status": "retired"} for row in before if row["category"] not in names]
        digest = tables.write(home, CATEGORIES, tables.as_table(CATEGORIES, [*live, *retired]))
        _register(context.instance, sorted(names))
    return dg.MaterializeResult(
        data_version=dg.DataVersion(digest),
        metadata={
            "dagster/row_count": len(live),
            "retired": len(retired),
            "files": sum(category.files for category in found),
            "requests": sum(traffic.requests for traffic in session.traffic.values()),
            **done.cost,
        },
    )


def _register(instance: dg.DagsterInstance, names: list[str]) -> None:
    known = set(instance.get_dynamic_partitions(str(commons_category.name)))
    new = [name for name in names if name not in known]
    for start in range(0, len(new), PARTITIONS_AT_ONCE):
        instance.add_dynamic_partitions(str(commons_category.name), new[start : start + PARTITIONS_AT_ONCE])


@dg.asset(
    key=["commons", "pages"],
    group_name="commons",
    kinds={"parquet"},
    owners=OWNERS,
    pool="commons_api",
    deps=[commons_categories],
    partitions_def=commons_category,
    backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=50),
    metadata=table_metadata(PAGES),
    description="Every file directly in the category with all its evidence, synchronised incrementally. "
    "`commons/refresh` does the same for all categories in one run.",
)
def commons_pages(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult:
    with step() as done:
        synced, requests = _synchronise(platform, list(context.partition_keys))
    return dg.MaterializeResult(metadata={**_summary(synced), "requests": requests, **done.cost})


@dg.asset(
    key=["commons", "refresh"],
    group_name="commons",
    kinds={"parquet"},
    owners=OWNERS,
    pool="commons_api",
    deps=[commons_categories],
    description="Synchronises every live category through the same function as `commons/pages`, and reports a "
    "materialisation of that asset for each category that changed.",
)
def commons_refresh(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult:
    with step() as done:
        synced, requests = _synchronise(platform, _live_categories(platform.home()))
        for one in synced:
            if one.is_changed:
                context.log_event(
                    dg.AssetMaterialization(
                        asset_key=["commons", "pages"],
                        partition=one.category,
                        metadata=_summary([one]),
                        tags={"dagster/data_version": one.digest},
                    )
                )
    return dg.MaterializeResult(metadata={**_summary(synced), "requests": requests, **done.cost})


def _live_categories(home: Home) -> list[str]:
    content = tables.read(home, CATEGORIES, ["category", "status", "files"])
    return [str(row["category"]) for row in tables.rows(content) if row["status"] == "live"]


def _synchronise(platform: Platform, categories: list[str]) -> tuple[list[CategorySync], int]:
    home, settings = platform.home(), platform.settings()
    with platform.session() as session:
        client = platform.commons(session)
        home.claim(settings.commons_api)
        known = KnownPages(home=home, thumb_side=settings.max_side)
        listed = track(categories, "synchronising categories", total=len(categories), unit="categories")
        synced = [
            sync_category(
                client, home, category, known, lambda pages, total: track(pages, "reading pages", total=total)
            )
            for category in listed
        ]
    return synced, sum(traffic.requests for traffic in session.traffic.values())


def _reading(pages: Iterable[Page], total: int) -> Iterator[Page]:
    return track(pages, "reading pages", total=total)


def _summary(synced: list[CategorySync]) -> dict[str, int]:
    return {
        "dagster/row_count": sum(one.files for one in synced),
        "categories": len(synced),
        "changed_categories": sum(one.is_changed for one in synced),
        "new": sum(one.new for one in synced),
        "changed": sum(one.changed for one in synced),
        "gone": sum(one.gone for one in synced),
        "details_asked": sum(one.details_asked for one in synced),
    }


assets = [commons_categories, commons_pages, commons_refresh]
