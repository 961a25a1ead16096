"""Wikimedia Commons as assets: the category graph, the pages of each category, the refresh of all of them, and what
Wikidata says of the persons and works that they name.

One category that cannot be brought up to date costs no other: lib/commons/many.py goes on with the rest.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

import dagster as dg
from pydantic import Field

from pd_assets.assets.needs import needs
from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.looks import COMMONS, load_looks
from pd_assets.lib.catalog.mending import set_aside
from pd_assets.lib.catalog.schemas import CATEGORIES, CREATORS, PAGES
from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.commons.creators import build_creators, is_due
from pd_assets.lib.commons.many import ManySync, digest_of_all
from pd_assets.lib.commons.suppressions import look_up
from pd_assets.lib.commons.sync import CategorySync, KnownPages
from pd_assets.lib.commons.walk import Category, Earlier, imported, walk
from pd_assets.lib.errors import ArchiveError, ConfigError, TableError
from pd_assets.lib.home import Home, alone
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.prior import kept
from pd_assets.partitions import commons_category
from pd_assets.resources import Platform
from pd_assets.running.history import reported_before
from pd_assets.running.pools import COMMONS_API
from pd_assets.running.private import delete_dynamic_partitions
from pd_assets.running.skip import unless_unchanged
from pd_assets.running.step import asked_of_hosts, counted, step, stored, table_metadata

PARTITIONS_AT_ONCE = 5000
OWNERS = ["team:curation"]
PAGES_KEY = dg.AssetKey(["commons", "pages"])
# The nightly comes every day: one that is late is seen in the morning, and two that failed are an alarm.
DAILY = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=75), warn_window=timedelta(hours=27))
LISTED = 200
MOST_LOOKED_UP_AGAIN = 500
# Metadata of commons/refresh that its check reads: category -> the day since which it could not be brought up to date.
BEHIND = "behind_since"


@dg.asset(
    key=["commons", "categories"],
    group_name="commons",
    kinds={"parquet"},
    owners=OWNERS,
    pool=COMMONS_API,
    freshness_policy=DAILY,
    metadata=table_metadata(CATEGORIES),
    description="The category graph below the configured roots; it registers the partitions of `commons/pages`.",
)
def commons_categories(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult:
    settings = platform.settings()
    with step() as done:
        home = platform.home()
        with alone(home.root / "commons", "reads the archive"), platform.session(context.run.run_id) as session:
            client = platform.commons(session)
            _probe(client, home)
            home.claim(settings.commons_api)
            before = list(tables.rows(tables.read_or_empty(home, CATEGORIES)))
            earlier = Earlier(categories=_walked_before(before), looks=load_looks(home, COMMONS))
            found = walk(
                client,
                settings.commons_roots,
                depth=settings.commons_depth,
                exclude=settings.commons_exclude,
                earlier=earlier,
            )
            earlier.looks.save(home, COMMONS)
            found += imported(titles := _imported_titles(context, home, earlier))
        live = [asdict(category) for category in found]
        names = {category.category for category in found}
        retired = [{**row, "status": "retired"} for row in before if row["category"] not in names]
        tables.sweep(home.table(CATEGORIES.key))
        digest = tables.write(home, CATEGORIES, tables.as_table(CATEGORIES, [*live, *retired]))
        _register(context.instance, sorted(names), retired=[str(row["category"]) for row in retired])
    return dg.MaterializeResult(
        data_version=dg.DataVersion(digest),
        metadata={
            "dagster/row_count": len(live),
            "retired": len(retired),
            "files": sum(max(0, category.files) for category in found),
            "imported_titles": titles,
            "unlisted": dg.MetadataValue.json(dict(list(sorted(earlier.unlisted.items()))[:LISTED])),
            **stored(home, CATEGORIES),
            **asked_of_hosts(session.traffic),
            **done.cost,
        },
    )


def _imported_titles(context: dg.AssetExecutionContext, home: Home, earlier: Earlier) -> int:
    """How many titles `pdd import-prior` took over; as many as before where their file is damaged: the sync tells."""
    try:
        return len(kept.titles(home))
    except TableError as error:
        context.log.warning(str(error))
        return before.files if (before := earlier.categories.get(kept.IMPORTED)) else 0


def _walked_before(rows: Iterable[Mapping[str, object]]) -> dict[str, Category]:
    """The live categories of the last walk."""
    return {
        str(row["category"]): Category(**{**row, "parents": tuple(row["parents"]), "path": tuple(row["path"])})  # type: ignore[arg-type]
        for row in rows
        if row["status"] == "live"
    }


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
    for some in batched([name for name in names if name not in known], PARTITIONS_AT_ONCE):
        instance.add_dynamic_partitions(of, some)
    for some in batched(sorted(known.intersection(retired)), PARTITIONS_AT_ONCE):
        delete_dynamic_partitions(instance, of, some)


def batched(names: list[str], most: int) -> Iterator[list[str]]:
    """The names, so many at a time: a statement of SQL takes only so many."""
    for start in range(0, len(names), most):
        yield names[start : start + most]


class Sync(dg.Config):
    """How much one run may do."""

    limit: int | None = Field(default=None, ge=0, description="most files read in this run; the next one goes on there")


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
    description="Every file directly in the category with all its evidence, synchronised incrementally. A run takes "
    "many partitions; those that fail cost no other, and `Re-execute from failure` takes only them. `commons/refresh` "
    "does the same for all categories in one run.",
)
def commons_pages(
    context: dg.AssetExecutionContext, config: Sync, platform: Platform
) -> Iterator[dg.MaterializeResult]:
    done_before = reported_before(context.instance, context.run, PAGES_KEY)
    keys = [key for key in context.partition_keys if key not in done_before]
    with step(), _run(platform, config, context.run.run_id) as run:
        for one in run.many.synchronise(keys):
            if one.is_complete:
                context.log_event(_partition(run.home, one))
        if run.many.failed:
            raise ArchiveError(_told(run.many, of=len(keys))) from run.many.may_pass
    yield from ()


def _told(many: ManySync, *, of: int) -> str:
    """Which categories failed, and why."""
    named = [f"{category} ({why})" for category, why in sorted(many.failed.items())]
    more = f"; and {len(named) - LISTED} more" if len(named) > LISTED else ""
    return f"{len(named)} of {of} categories could not be brought up to date: {'; '.join(named[:LISTED])}{more}"


@dg.asset(
    key=["commons", "refresh"],
    group_name="commons",
    kinds={"parquet"},
    owners=OWNERS,
    deps=[commons_categories],
    pool=COMMONS_API,
    freshness_policy=DAILY,
    description="Synchronises every live category through the same function as `commons/pages`, and reports a "
    "materialisation of that asset for each category that changed. One that fails is tried again at the end, and is "
    "then left to the next night.",
)
def commons_refresh(context: dg.AssetExecutionContext, config: Sync, platform: Platform) -> dg.MaterializeResult:
    with step() as done, _run(platform, config, context.run.run_id) as run:
        found = look_up(run.client, run.home)
        run.known.suppressed = found.pageids
        reported = context.instance.get_materialized_partitions(PAGES_KEY)
        wanted = run.with_files()
        for category in sorted(run.live.keys() - set(wanted) - reported):
            context.log_event(_without_files(category))
        synced: dict[str, CategorySync] = {}
        for one in run.many.synchronise(wanted, again=True):
            synced[one.category] = one
            if one.is_changed or one.category not in reported:
                context.log_event(_partition(run.home, one))
        # What was suppressed and could not be read again is looked up in the next run too, unless that is too much.
        is_owed = run.many.failed or any(pageid in run.known.unread.by_pageid for pageid in found.pageids)
        if not run.known.is_exhausted and not (is_owed and len(found.pageids) < MOST_LOOKED_UP_AGAIN):
            found.done(run.home)
        version = digest_of_all(run.home, run.live, synced.values())
    left = sorted(set(wanted) - {one.category for one in synced.values() if one.is_complete})
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version),
        metadata={
            **_summary(synced.values()),
            "in_short": _in_short(synced.values(), run.many.failed),
            "by_category": dg.MetadataValue.json(_by_category(run, synced.values())),
            "unread": dg.MetadataValue.json(
                [f"{page.pageid} {page.title}: {page.reason}" for page in islice(run.known.unread, LISTED)]
            ),
            "not_reached": len(left),
            "failed": len(run.many.failed),
            "failures": dg.MetadataValue.json(dict(list(sorted(run.many.failed.items()))[:LISTED])),
            BEHIND: dg.MetadataValue.json(_behind(context.instance, left)),
            "suppressed_or_restored": len(found.pageids),
            **stored(run.home, PAGES),
            **asked_of_hosts(run.session.traffic),
            **done.cost,
        },
    )


def _behind(instance: dg.DagsterInstance, left: list[str]) -> dict[str, str]:
    """Since which day each of these could not be brought up to date."""
    event = instance.get_latest_materialization_event(dg.AssetKey(["commons", "refresh"]))
    last = event.asset_materialization.metadata.get(BEHIND) if event and event.asset_materialization else None
    before = last.value if last is not None and isinstance(last.value, Mapping) else {}
    today = datetime.now(UTC).date().isoformat()
    return {category: str(before.get(category, today)) for category in left}


def _in_short(synced: Iterable[CategorySync], failed: Mapping[str, str]) -> str:
    """What was listed, is known as it is now, and is missing, for a person."""
    listed, missing = (sum(getattr(one, name) for one in synced) for name in ("listed", "missing"))
    lacking = [f"{one.category}: {one.missing}" for one in sorted(synced, key=lambda one: -one.missing) if one.missing]
    where = f" ({'; '.join(lacking[:5])}{'; ...' if len(lacking) > 5 else ''})" if lacking else ""
    said = f"{listed} files listed, {listed - missing} known, {missing} missing{where}"
    return f"{said}; {len(failed)} categories not listed ({'; '.join(sorted(failed)[:5])})" if failed else said


def _by_category(run: "_Run", synced: Iterable[CategorySync]) -> dict[str, dict[str, int | None]]:
    """Listed, known and missing files of each category, those first that lack most."""
    told: dict[str, dict[str, int | None]] = {}
    for category in sorted(run.many.failed):
        look = run.known.looks.sources.get(category)
        told[category] = {"listed": None, "known": look.files if look else 0, "missing": None}
    for one in sorted(synced, key=lambda one: (-one.missing, one.category)):
        told.setdefault(one.category, {"listed": one.listed, "known": one.listed - one.missing, "missing": one.missing})
    return dict(islice(told.items(), LISTED))


@dataclass(frozen=True, kw_only=True)
class _Run:
    """One run over some categories: the archive, and what is known of it. `live`: category -> files in it."""

    home: Home
    session: PoliteSession
    client: CommonsClient
    known: KnownPages
    live: Mapping[str, int]
    many: ManySync

    def with_files(self) -> list[str]:
        """The live categories that hold files, by the archive's count or our last look, and those that were not found
        empty lately: counters drift."""
        is_empty = self.known.looks.has_no_files
        return sorted(
            category for category, files in self.live.items() if files or not is_empty(category, now=self.known.now)
        )


@contextmanager
def _run(platform: Platform, config: Sync, run_id: str) -> Iterator[_Run]:
    home, settings = platform.home(), platform.settings()
    with alone(home.root / "commons", "reads the archive"), platform.session(run_id) as session:
        client = platform.commons(session)
        home.claim(settings.commons_api)
        tables.sweep(home.root / "commons")
        set_aside(home, PAGES)
        known = KnownPages(home=home, thumb_side=settings.max_side, limit=config.limit)
        live = _live_categories(home)
        many = ManySync(client=client, home=home, known=known, files=live)
        yield _Run(home=home, session=session, client=client, known=known, live=live, many=many)


def _partition(home: Home, one: CategorySync) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(
        asset_key=PAGES_KEY,
        partition=one.category,
        metadata={**_summary([one]), **stored(home, PAGES, one.category)},
        tags={"dagster/data_version": one.digest},
    )


def _without_files(category: str) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(asset_key=PAGES_KEY, partition=category, metadata={"dagster/row_count": 0})


def _live_categories(home: Home) -> dict[str, int]:
    """The categories of the last walk that found them, and how many files the archive counted in each."""
    content = tables.read(home, CATEGORIES, ["category", "status", "files"])
    return {str(row["category"]): int(str(row["files"])) for row in tables.rows(content) if row["status"] == "live"}


def _summary(synced: Collection[CategorySync]) -> dict[str, int]:
    return {
        "dagster/row_count": sum(one.files for one in synced),
        "categories": len(synced),
        "changed_categories": sum(one.is_changed for one in synced),
        "new": sum(one.new for one in synced),
        "changed": sum(one.changed for one in synced),
        "gone": sum(one.gone for one in synced),
        "details_asked": sum(one.details_asked for one in synced),
    }


@dg.asset(
    key=["commons", "creators"],
    group_name="commons",
    kinds={"parquet"},
    owners=OWNERS,
    deps=needs(PAGES),
    pool=COMMONS_API,
    metadata=table_metadata(CREATORS),
    description="What Wikidata says of the persons and works that pages name: life dates, years of making, makers, at "
    "which revision. Evidence for the rights; an edit counts once it stood for two days.",
)
@unless_unchanged(
    makes=(CREATORS,),
    settings=lambda settings: [settings.commons_api, settings.wikidata_api],
    time=lambda home, _: _are_due(home),
    per_run=("asked", "changed", "failed", "requests", "bytes", "ledger"),
)
def commons_creators(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult:
    """Where nobody answers, what is known serves, and the next night asks again."""
    with step() as done, platform.wikidata(context.run.run_id) as wikidata:
        home = platform.home()
        with alone(home.root / "commons", "reads the archive"), platform.session(context.run.run_id) as session:
            tables.sweep(home.table(CREATORS.key))
            counts = build_creators(home, commons=platform.commons(session), wikidata=wikidata)
    if counts.stopped is not None:
        context.log.warning(f"{counts.waiting} persons and works are not asked for yet: {counts.stopped}")
    of_items = wikidata.session.traffic if wikidata is not None else {}
    # One archive may answer for both, in a session each.
    traffic = {**session.traffic, **{(f"{host} (items)", kind): one for (host, kind), one in of_items.items()}}
    return dg.MaterializeResult(
        data_version=dg.DataVersion(counts.digest),
        metadata={
            "dagster/row_count": sum(counts.by_kind.values()),
            "named": counts.named,
            "kinds": counted("kind", counts.by_kind),
            "asked": counts.asked,
            "changed": counts.changed,
            "failed": counts.failed,
            "edited_lately": counts.recent,
            "waiting": counts.waiting,
            "stopped": counts.stopped or "no",
            "archive": platform.settings().wikidata_api or "none (PD_WIKIDATA_API)",
            **stored(home, CREATORS),
            **asked_of_hosts(traffic),
            **done.cost,
        },
    )


def _are_due(home: Home) -> bool:
    """Whether something is to be asked for again; a damaged table is set aside, so that all of it is."""
    set_aside(home, CREATORS)
    return is_due(home)


assets = [commons_categories, commons_pages, commons_refresh, commons_creators]
