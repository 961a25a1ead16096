"""The archive's templates as an asset: what each one is, by the archive's own classification."""

import dagster as dg

from pd_assets.assets.needs import needs
from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.mending import set_aside
from pd_assets.lib.catalog.schemas import PAGES, TEMPLATES
from pd_assets.lib.commons.templates import due_by_now, learn_templates
from pd_assets.lib.home import Home, alone
from pd_assets.resources import Platform
from pd_assets.running.pools import COMMONS_API
from pd_assets.running.skip import unless_unchanged
from pd_assets.running.step import asked_of_hosts, counted, step, stored, table_metadata

OWNERS = ["team:curation"]


@dg.asset(
    key=["commons", "templates"],
    group_name="commons",
    kinds={"parquet"},
    owners=OWNERS,
    deps=needs(PAGES),
    pool=COMMONS_API,
    metadata=table_metadata(TEMPLATES),
    description="What each template that the pages use is, by the categories of its own page: a licence tag, a "
    "warning, an information box, a source, maintenance. Only what is new, or was asked long ago, is asked for.",
)
@unless_unchanged(
    makes=(TEMPLATES,),
    settings=lambda settings: settings.commons_api,
    time=lambda home, _: _due(home),
    per_run=("asked", "requests", "bytes", "ledger"),
)
def commons_templates(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult:
    """What is not told waits: where the archive fails on the way, what it told is kept, and the rest is asked again."""
    home, settings = platform.home(), platform.settings()
    with (
        step() as done,
        alone(home.root / "commons", "reads the archive"),
        platform.session(context.run.run_id) as session,
    ):
        home.claim(settings.commons_api)
        tables.sweep(home.table(TEMPLATES.key))
        found = learn_templates(home, platform.commons(session))
    if found.problem is not None:
        context.log.warning("what %d templates are is not known yet: %s", found.untold, found.problem)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(found.digest),
        metadata={
            "dagster/row_count": sum(found.kinds.values()),
            "kinds": counted("kind", found.kinds),
            "asked": found.asked,
            "not_told": found.untold,
            **stored(home, TEMPLATES),
            **asked_of_hosts(session.traffic),
            **done.cost,
        },
    )


def _due(home: Home) -> int:
    """What is to be asked again by the passing of time. A damaged table is set aside first, and asked for anew."""
    set_aside(home, TEMPLATES)
    return due_by_now(home)


assets = [commons_templates]
