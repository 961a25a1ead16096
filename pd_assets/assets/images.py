"""The accepted items' pictures as an asset."""

import dagster as dg
from pydantic import Field

from pd_assets.assets.needs import needs
from pd_assets.lib.catalog.items import count
from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS, TAKEDOWNS
from pd_assets.lib.catalog.tables import require
from pd_assets.lib.images.fetch import fetch_accepted
from pd_assets.lib.museums.contract import ALL_RECORDS
from pd_assets.lib.release.takedowns import resume
from pd_assets.resources import Platform
from pd_assets.running.by_bucket import chosen, reports_buckets
from pd_assets.running.pools import MEDIA
from pd_assets.running.step import asked_of_hosts, cost_of_a_picture, counted, step, stored, table_metadata


class ImagesConfig(dg.Config):
    """Which file of a picture is fetched."""

    originals: bool = Field(
        default=False,
        description="fetch originals instead of thumbnails: verified by SHA-1, and many times the bytes",
    )


@dg.asset(
    key=["images", "files"],
    group_name="images",
    kinds={"parquet"},
    owners=["team:curation"],
    deps=needs(ITEMS, DECISIONS, TAKEDOWNS, *ALL_RECORDS),
    pool=MEDIA,
    backfill_policy=dg.BackfillPolicy.single_run(),
    metadata=table_metadata(FILES),
    description="Accepted items' bytes: fetched, verified, decoded, normalised, stored under their SHA-256. "
    "Failures are rows, and are tried again.",
)
@reports_buckets(FILES)
def images_files(context: dg.AssetExecutionContext, platform: Platform, config: ImagesConfig) -> dg.MaterializeResult:
    settings = platform.settings()
    with step() as done:
        home = platform.home()
        require(home, ITEMS, DECISIONS)
        # Names that no table knew may be in the new ones.
        resume(home, purges=False)
        with platform.session(context.run.run_id) as session:
            counts = fetch_accepted(
                home,
                session,
                profile=settings.rights_profile,
                max_side=settings.max_side,
                originals=config.originals,
                buckets=chosen(context, home),
            )
        by_status = count(home, FILES, "status")
    return dg.MaterializeResult(
        data_version=dg.DataVersion(counts.digest),
        metadata={
            "dagster/row_count": sum(by_status.values()),
            "fetched": counts.fetched,
            "failed": counts.failed,
            "status": counted("status", by_status),
            **asked_of_hosts(session.traffic),
            **cost_of_a_picture(home),
            **stored(home, FILES),
            **done.cost,
        },
    )


assets = [images_files]
