"""Checks on the catalogue. The licence-filtered table is read anew and judged by a query of its own."""

import dagster as dg

from pd_assets.lib.catalog.items import find_unfree
from pd_assets.resources import Platform

LISTED = 20


@dg.asset_check(
    asset=dg.AssetKey(["catalog", "licensed_images"]),
    name="only_free_pictures",
    blocking=True,
    description="Every row has an accepting decision with evidence, no tag with conditions, a live page and a decoded "
    "picture, and is there once.",
)
def only_free_pictures(platform: Platform) -> dg.AssetCheckResult:
    problems = find_unfree(platform.home(), profile=platform.settings().rights_profile)
    return dg.AssetCheckResult(
        passed=not problems,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{len(problems)} rows should not be there" if problems else "every row is free",
        metadata={"problems": dg.MetadataValue.json(problems[:LISTED]), "count": len(problems)},
    )


checks = [only_free_pictures]
