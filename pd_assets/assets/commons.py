"""Wikimedia Commons as assets: the category graph, the pages of each category, and the refresh of all of them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import dagster as dg
from pydantic import Field

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CATEGORIES, PAGES
from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.commons.suppressions import look_up
from pd_assets.lib.commons.sync import CategorySync, KnownPages, sync_category
from pd_assets.lib.commons.walk import walk
from pd_assets.lib.errors import ArchiveError, ConfigError
from pd_assets.lib.home import Home, alone
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.progress import track
from pd_assets.partitions import commons_category
from pd_assets.pools import COMMONS_API
from pd_assets.resources import Platform
from pd_assets.steps import asked_of_hosts, step, table_metadata

PARTITIONS_AT_ONCE = 5000
OWNERS = ["team:curation"]


@dg.asset(
    key=["commons", "categories"],
    group_name="commons",
    kinds={"parquet"},
    owners=OWNERS,
    pool=COMMONS_API,
    metadata=table_metadata(CATEGORIES),
    description="The category graph below the configured roots; it registers the partitions of `commons/pages`.",
)
def commons_categories(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult:
    settings = platform.settings()
    with step() as done:
        home = platform.home()
        with alone(home.root / "commons", "reads the archive"), platform.session(context.run_id) as session:
            client = platform.commons(session)
            _probe(client, home)
            home.claim(settings.commons_api)
            found = walk(client, settings.commons_roots, depth=settings.commons_depth, exclude=settings.commons_exclude)
        live = [asdict(category) for category in found]
        names = {category.category for category in found}
        before = tables.rows(tables.read_or_empty(home, CATEGORIES))
        retired = [{**row, "status": "retired"} for row in before if row["category"] not in names]
        tables.sweep(home.table(CATEGORIES.key))
        digest = tables.write(home, CATEGORIES, tables.as_table(CATEGORIES, [*live, *retired]))
        _register(context.instance, sorted(names), retired=[str(row["category"]) for row in retired])
    return dg.MaterializeResult(
        data_version=dg.DataVersion(digest),
        metadata={
            "dagster/row_count": len(live),
            "retired": len(retired),
            "files": sum(category.files for category in found),
            **asked_of_hosts(session.traffic),
            **done.cost,
        },
    )


def _probe(client: CommonsClient, home: Home) -> None:
    """Make sure that this is an archive. One that never answered is a wrong setting, and is not waited for."""
    try:
        client.probe()
    except ArchiveError as error:
        if home.archive is None:
            raise ConfigError(str(error)) from None
        raise


def _register(instance: dg.DagsterInstance, names: list[str], *, retired: list[str]) -> None:
    """Make the partitions of `commons/pages` those of the walk; the rows of retired ones stay in the table."""
    of = str(commons_category.name)
    known = set(instance.get_dynamic_partitions(of))
    new = [name for name in names if name not in known]
    for start in range(0, len(new), PARTITIONS_AT_ONCE):
        instance.add_dynamic_partitions(of, new[start : start + PARTITIONS_AT_ONCE])
    for name in known.intersection(retired):
        instance.delete_dynamic_partition(of, name)


class Sync(dg.Config):
    """How much one run may do."""

    limit: int | None = Field(default=None, ge=1, description="most files read in this run; the next one goes on there")


@dg.asset(
    key=["commons", "pages"],
    group_name="commons",
    kinds={"parquet"},
    owners=OWNERS,
    deps=[commons_categories],
    partitions_def=commons_category,
    # A run takes many partitions: each is reported when it is done, so that one run loses nothing when it is stopped.
    backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=1000),
    output_required=False,
    pool=COMMONS_API,
    metadata=table_metadata(PAGES),
    description="Every file directly in the category with all its evidence, synchronised incrementally. "
    "`commons/refresh` does the same for all categories in one run.",
)
def commons_pages(
    context: dg.AssetExecutionContext, config: Sync, platform: Platform
) -> Iterator[dg.MaterializeResult]:
    keys = list(context.partition_keys)
    with step(), _run(platform, config, context.run_id) as run:
        left = []
        for one in run.synchronise(keys):
            if one.is_complete:
                context.log_event(_partition(one.category, _summary([one]), one.digest))
            else:
                left.append(one.category)
        if left and not run.known.is_exhausted:
            raise ArchiveError(f"{run.client.api} could not list {'; '.join(left)}; the others are done")
    yield from ()


@dg.asset(
    key=["commons", "refresh"],
    group_name="commons",
    kinds={"parquet"},
    owners=OWNERS,
    deps=[commons_categories],
    pool=COMMONS_API,
    description="Synchronises every live category through the same function as `commons/pages`, and reports a "
    "materialisation of that asset for each category that changed.",
)
def commons_refresh(context: dg.AssetExecutionContext, config: Sync, platform: Platform) -> dg.MaterializeResult:
    with step() as done, _run(platform, config, context.run_id) as run:
        found = look_up(run.client, run.home)
        run.known.suppressed = found.pageids
        reported = context.instance.get_materialized_partitions(dg.AssetKey(["commons", "pages"]))
        wanted = run.with_files()
        for category in sorted(run.live.keys() - set(wanted) - reported):
            context.log_event(_partition(category, {"dagster/row_count": 0}))
        synced = []
        for one in run.synchronise(wanted):
            synced.append(one)
            if one.is_changed or one.category not in reported:
                context.log_event(_partition(one.category, _summary([one]), one.digest))
        if not run.known.is_exhausted:
            found.done(run.home)
    return dg.MaterializeResult(
        metadata={
            **_summary(synced),
            "not_reached": len(wanted) - sum(one.is_complete for one in synced),
            "suppressed_or_restored": len(found.pageids),
            **asked_of_hosts(run.session.traffic),
            **done.cost,
        }
    )


@dataclass(frozen=True, kw_only=True)
class _Run:
    """One run over some categories: the archive, and what is known of it. `live`: category -> files in it."""

    home: Home
    session: PoliteSession
    client: CommonsClient
    known: KnownPages
    live: Mapping[str, int]

    def with_files(self) -> list[str]:
        """The live categories that hold files, by the archive's count or ours; the others need no listing."""
        stored = self.home.partitions(PAGES.key)
        return sorted(category for category, files in self.live.items() if files > 0 or category in stored)

    def synchronise(self, categories: Sequence[str]) -> Iterator[CategorySync]:
        """Synchronise them one after the other, as far as the run's limit goes."""
        for category in track(categories, "synchronising categories", total=len(categories), unit="categories"):
            if self.known.is_exhausted:
                return
            files = self.live.get(category)
            yield sync_category(self.client, self.home, category, self.known, track, expected_files=files)


@contextmanager
def _run(platform: Platform, config: Sync, run_id: str) -> Iterator[_Run]:
    home, settings = platform.home(), platform.settings()
    with alone(home.root / "commons", "reads the archive"), platform.session(run_id) as session:
        client = platform.commons(session)
        home.claim(settings.commons_api)
        tables.sweep(home.root / "commons")
        known = KnownPages(home=home, thumb_side=settings.max_side, limit=config.limit)
        yield _Run(home=home, session=session, client=client, known=known, live=_live_categories(home))


def _partition(category: str, metadata: dict[str, int], digest: str | None = None) -> dg.AssetMaterialization:
    tags = {"dagster/data_version": digest} if digest else {}
    return dg.AssetMaterialization(asset_key=["commons", "pages"], partition=category, metadata=metadata, tags=tags)


def _live_categories(home: Home) -> dict[str, int]:
    """The categories of the last walk that found them, and how many files the archive counted in each."""
    content = tables.read(home, CATEGORIES, ["category", "status", "files"])
    return {str(row["category"]): int(str(row["files"])) for row in tables.rows(content) if row["status"] == "live"}


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
