"""Checks on the scrape: that it was done lately, for every category. Between the runs, freshness policies watch it."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

import dagster as dg

from pd_assets.assets.commons import BEHIND

REFRESH = dg.AssetKey(["commons", "refresh"])
MOST_DAYS = 3
LISTED = 20


@dg.asset_check(
    asset=REFRESH,
    name="scraped_lately",
    description=f"The last refresh is at most {MOST_DAYS} days old and brought every category up to date. A warning "
    f"while a category waits for the next night, an error once it has waited for more than {MOST_DAYS} days.",
)
def scraped_lately(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    return judge_freshness(context.instance, today=datetime.now(UTC).date())


def judge_freshness(instance: dg.DagsterInstance, *, today: date) -> dg.AssetCheckResult:
    """The check as of a day."""
    event = instance.get_latest_materialization_event(REFRESH)
    if event is None or event.asset_materialization is None:
        return dg.AssetCheckResult(passed=False, description="nothing was scraped yet: start the job refresh_sources")
    age_days = (today - datetime.fromtimestamp(event.timestamp, UTC).date()).days
    told = event.asset_materialization.metadata.get(BEHIND)
    behind = dict(told.value) if told is not None and isinstance(told.value, Mapping) else {}
    longest_days = max(((today - date.fromisoformat(str(since))).days for since in behind.values()), default=0)
    waiting = f"{len(behind)} categories wait for the next refresh, the longest for {longest_days} days"
    said = f"the last refresh is {age_days} days old"
    is_error = max(age_days, longest_days) > MOST_DAYS
    return dg.AssetCheckResult(
        passed=age_days <= MOST_DAYS and not behind,
        severity=dg.AssetCheckSeverity.ERROR if is_error else dg.AssetCheckSeverity.WARN,
        description=f"{said}; {waiting}" if behind else said,
        metadata={
            "age_days": age_days,
            "behind": len(behind),
            "longest_days": longest_days,
            "categories": dg.MetadataValue.json(dict(list(behind.items())[:LISTED])),
        },
    )


checks = [scraped_lately]
