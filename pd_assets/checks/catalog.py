"""Checks on the catalogue. The licence-filtered table is read anew and judged by a query of its own."""

from datetime import UTC, datetime

import dagster as dg

from pd_assets.lib.catalog.items import find_unfree
from pd_assets.lib.rights.changes import MONTH_DAYS, withdrawn
from pd_assets.resources import Platform

LISTED = 20


@dg.asset_check(
    asset=dg.AssetKey(["catalog", "licensed_images"]),
    name="only_free_pictures",
    blocking=True,
    description="Every row has an accepting decision with evidence, no tag with conditions, a live page and a decoded "
    "picture, and is there once. Tells which items lost their acceptance lately, and why.",
)
def only_free_pictures(platform: Platform) -> dg.AssetCheckResult:
    profile = platform.settings().rights_profile
    problems = find_unfree(platform.home(), profile=profile)
    lost = withdrawn(platform.home(), profile=profile, today=datetime.now(UTC).date())
    said = f"{len(problems)} rows should not be there" if problems else "every row is free"
    return dg.AssetCheckResult(
        passed=not problems,
        severity=dg.AssetCheckSeverity.ERROR,
        description=said + (f"; {len(lost)} times an acceptance was lost in {MONTH_DAYS} days" if lost else ""),
        metadata={
            "problems": dg.MetadataValue.json(problems[:LISTED]),
            "count": len(problems),
            "withdrawn": dg.MetadataValue.json(lost[:LISTED]),
            "withdrawn_count": len(lost),
        },
    )


checks = [only_free_pictures]
