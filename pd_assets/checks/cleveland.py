"""Checks on Cleveland's records: whether the last read was whole, and how old what the museum gives is."""

from datetime import UTC, datetime

import dagster as dg

from pd_assets.lib.cleveland.records import ARCHIVE
from pd_assets.lib.museums.whole_file import last
from pd_assets.resources import Platform

# The museum writes its file every day; once none came for seven months.
OLD_AFTER_DAYS = 30


@dg.asset_check(
    asset=dg.AssetKey(["cleveland", "records"]),
    name="whole_and_young",
    description="The last read was whole, so that what the museum took back is withdrawn, and the museum touched "
    f"a work in the {OLD_AFTER_DAYS} days before today.",
)
def whole_and_young(platform: Platform) -> dg.AssetCheckResult:
    synced = last(ARCHIVE, platform.home())
    days = synced.days_old(datetime.now(UTC).date()) if synced else None
    found = [
        *(["nothing was read yet"] if synced is None else []),
        *([f"nothing was withdrawn: {synced.kept}"] if synced and synced.kept else []),
        *(["no work says when it was changed"] if synced and days is None else []),
        *([f"the youngest change is {days} days old"] if days is not None and days > OLD_AFTER_DAYS else []),
    ]
    return dg.AssetCheckResult(
        passed=not found,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(found) or "the last read was whole, and is of these weeks",
        metadata={"days_since_a_work_changed": days if days is not None else -1},
    )


checks = [whole_and_young]
