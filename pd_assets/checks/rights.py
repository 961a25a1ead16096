"""Checks on the decisions and their drift. The tables are read anew and judged by queries of their own."""

from collections.abc import Mapping
from datetime import UTC, datetime

import dagster as dg

from pd_assets.lib.rights import changes
from pd_assets.lib.rights.breakdown import tags_of
from pd_assets.lib.rights.evidence_proof import find_lost
from pd_assets.lib.rights.proof import find_unproven
from pd_assets.resources import Platform
from pd_assets.running.step import counted

LISTED, NAMED = 20, 3
# In a month, of 100,000 items; below so many items one of them would be a rate.
MOST_DRIFT_PER_100_000 = 1_000.0
FEW_ITEMS = 20


@dg.asset_check(
    asset=dg.AssetKey(["rights", "decisions"]),
    name="every_acceptance_is_proven",
    blocking=True,
    description="Every accepted row has evidence that fits its digest and names a ground, no tag with conditions, "
    "nothing in doubt, a live page, no copy under conditions, and a tag that nobody knows only where two people judged "
    "the page.",
)
def every_acceptance_is_proven(platform: Platform) -> dg.AssetCheckResult:
    problems = find_unproven(platform.home())
    return dg.AssetCheckResult(
        passed=not problems,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{len(problems)} problems with accepted rows" if problems else "every accepted row is proven",
        metadata={"problems": dg.MetadataValue.json(problems[:LISTED]), "count": len(problems)},
    )


@dg.asset_check(
    asset=dg.AssetKey(["rights", "decisions"]),
    name="no_unknown_tags",
    description="Licence tags that the rule table does not know, by frequency, so that it can grow. A warning: pages "
    "with one of them are not accepted, unless two people judge the page.",
)
def no_unknown_tags(platform: Platform) -> dg.AssetCheckResult:
    unknown = tags_of(platform.home(), profile=platform.settings().rights_profile, kind="unknown")
    items = {one.tag: one.items for one in unknown}
    return dg.AssetCheckResult(
        passed=not unknown,
        severity=dg.AssetCheckSeverity.WARN,
        description=_unknown(items) if items else "every tag is known",
        metadata={"tags": counted("unknown tag", dict(list(items.items())[:LISTED])), "count": len(unknown)},
    )


def _unknown(items: Mapping[str, int]) -> str:
    named = ", ".join(list(items)[:NAMED]) + (", ..." if len(items) > NAMED else "")
    return (
        f"{len(items)} licence tags that the rule table does not know ({named}). Pages with one of them are not "
        "accepted until it does, or two people judge the page, so nothing gets in by it"
    )


@dg.asset_check(
    asset=dg.AssetKey(["rights", "evidence"]),
    name="every_named_evidence_is_there",
    description="Every digest of evidence that decisions, changes of verdicts and members of the current datasets name "
    "is in rights/evidence. `pdd doctor --verify` looks at all datasets that ever were and holds each row against its "
    "digest; `--repair` restores what is still told.",
)
def every_named_evidence_is_there(platform: Platform) -> dg.AssetCheckResult:
    lost = find_lost(platform.home(), latest_alone=True)
    return dg.AssetCheckResult(
        passed=not lost,
        severity=dg.AssetCheckSeverity.ERROR,
        description="; ".join(map(str, lost)) or "every evidence that is named is there",
        metadata={"lost": {one.by_table: one.digests for one in lost}, "count": sum(one.digests for one in lost)},
    )


@dg.asset_check(
    asset=dg.AssetKey(["rights", "changes"]),
    name="little_drift",
    description=f"In {changes.MONTH_DAYS} days the archives changed the verdict on at most "
    f"{MOST_DRIFT_PER_100_000:g} of 100,000 items. A warning: more of them point at a campaign on the wiki, or at a "
    "template that changed.",
)
def little_drift(platform: Platform) -> dg.AssetCheckResult:
    profile = platform.settings().rights_profile
    drift = changes.drift(platform.home(), profile=profile, today=datetime.now(UTC).date())
    return dg.AssetCheckResult(
        passed=drift.items < FEW_ITEMS or drift.per_100_000 <= MOST_DRIFT_PER_100_000,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{drift.items} items of {drift.of} in {changes.MONTH_DAYS} days: {drift.per_100_000:g} of 100,000",
        metadata={"items": drift.items, "per_100_000": drift.per_100_000, "most": MOST_DRIFT_PER_100_000},
    )


checks = [every_acceptance_is_proven, every_named_evidence_is_there, no_unknown_tags, little_drift]
