"""Checks on the Smithsonian's records: what came otherwise than we know it is listed, never dropped in silence."""

import dagster as dg

from pd_assets.lib.smithsonian.report import strangeness
from pd_assets.resources import Platform

LISTED = 50


@dg.asset_check(
    asset=dg.AssetKey(["smithsonian", "records"]),
    name="nothing_unknown",
    description="No unit of the index and no field, unit code or usage of a record is one that we do not know, and "
    "every shard could be read to its end.",
)
def nothing_unknown(platform: Platform) -> dg.AssetCheckResult:
    found = strangeness(platform.home())
    return dg.AssetCheckResult(
        passed=not found,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{len(found)} kinds of things that we do not know" if found else "everything is as we know it",
        metadata={"unknown": dg.MetadataValue.json(dict(list(found.items())[:LISTED])), "count": len(found)},
    )


checks = [nothing_unknown]
