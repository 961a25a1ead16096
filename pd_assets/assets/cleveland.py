"""The Cleveland Museum of Art as an asset: all works of its open access."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from pd_assets.lib.catalog.mending import set_aside
from pd_assets.lib.catalog.schemas import CLEVELAND_RECORDS
from pd_assets.lib.cleveland.records import ARCHIVE
from pd_assets.lib.home import alone
from pd_assets.lib.museums.whole_file import synchronise
from pd_assets.resources import Platform
from pd_assets.running.pools import CLEVELAND
from pd_assets.running.step import asked_of_hosts, counted, step, stored, table_metadata

# The schedule comes every week.
WEEKLY = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=16), warn_window=timedelta(days=9))


@dg.asset(
    key=["cleveland", "records"],
    group_name="cleveland",
    kinds={"parquet"},
    owners=["team:curation"],
    pool=CLEVELAND,
    freshness_policy=WEEKLY,
    metadata=table_metadata(CLEVELAND_RECORDS),
    description="Every work of the museum's open access with the main picture of it and all its evidence, and a row "
    "with the reason for each that cannot be read. Read whole where the museum's file changed.",
)
def cleveland_records(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult:
    settings, home = platform.settings(), platform.home()
    index = settings.cleveland_index
    with step() as done, alone(home.root / "cleveland", "reads the archive"):
        set_aside(home, CLEVELAND_RECORDS)
        with platform.session(context.run.run_id, index) as session:
            synced = synchronise(ARCHIVE, home, session, index, side=settings.max_side)
    reading, outcome = synced.state.reading, synced.outcome
    if synced.kept:
        context.log.warning("nothing was withdrawn, for the read was not whole: %s", synced.kept)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(synced.digest),
        metadata={
            "dagster/row_count": reading.lines,
            "works": reading.records,
            "with_picture": reading.media,
            "is_read": synced.is_read,
            "new": outcome.new,
            "changed": outcome.changed,
            "gone": outcome.gone,
            "nothing_withdrawn_because": synced.kept,
            "days_since_a_work_changed": synced.days_old(datetime.now(UTC).date()) or 0,
            "sha256_of_the_file": synced.state.content,
            "reasons": counted("why there is no usable record", dict(sorted(reading.reasons.items()))),
            "usage": counted("share_license_status", dict(sorted(reading.usage.items()))),
            **stored(home, CLEVELAND_RECORDS, None),
            **asked_of_hosts(session.traffic),
            **done.cost,
        },
    )


assets = [cleveland_records]
