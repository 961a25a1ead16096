"""The rights decision as assets: every item under every profile from stored evidence alone, and the log of changes."""

import dagster as dg

from pd_assets.lib.catalog.schemas import CHANGES, DECISIONS
from pd_assets.lib.home import Home
from pd_assets.lib.rights import changes
from pd_assets.lib.rights.audit import latest_result
from pd_assets.lib.rights.breakdown import LISTED, TagCount, draw, tags_of
from pd_assets.lib.rights.decisions import decide_all
from pd_assets.lib.rights.rules import RULESET_VERSION
from pd_assets.resources import Platform
from pd_assets.steps import counted, drawn, step, table_metadata

OWNERS = ["team:curation"]


@dg.asset(
    key=["rights", "decisions"],
    group_name="rights",
    kinds={"parquet"},
    owners=OWNERS,
    deps=[dg.AssetDep(["catalog", "items"])],
    code_version=RULESET_VERSION,
    metadata=table_metadata(DECISIONS),
    description="Accept, reject or quarantine, with the rule, the reasons and the evidence: one row per item and "
    "profile. What no rule accepts is rejected. A changed rule decides everything again, without a request.",
)
def rights_decisions(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult:
    settings = platform.settings()
    with step() as done:
        home = platform.home()
        counts = decide_all(home, profile=settings.rights_profile, fresh_days=settings.fresh_days)
        tags = tags_of(home, profile=counts.profile)
        plot = draw(counts.by_rule, tags, profile=counts.profile)
    for change in counts.changed:
        context.log.info(change)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(counts.digest),
        metadata={
            "dagster/row_count": counts.rows,
            "profile": counts.profile,
            "verdicts": counted(f"verdict ({counts.profile})", counts.verdicts),
            "rules": counted("decided by", counts.rules),
            "breakdown": drawn("licence breakdown", plot),
            "licences": _licences(tags),
            "accepted": counts.verdicts.get("accept", 0),
            "ruleset": RULESET_VERSION,
            "pages_read": counts.pages_read,
            "verdicts_changed": sum(counts.moves.values()),
            "changed_by_rule": counted("verdict (rule), before -> now", counts.moves),
            "changed": dg.MetadataValue.json(list(counts.changed)),
            **_audited(home),
            **done.cost,
        },
    )


def _audited(home: Home) -> dict[str, dg.MetadataValue]:
    """What a person found in the last audit."""
    result = latest_result(home)
    return {} if result is None else {"last_audit": dg.MetadataValue.json(dict(result))}


def _licences(tags: list[TagCount]) -> dg.MetadataValue:
    lines = [
        f"| {one.tag.replace('|', '&#124;')} | {one.kind} | "
        + " | ".join(str(one.verdicts.get(verdict, 0)) for verdict in ("accept", "quarantine", "reject"))
        + " |"
        for one in tags[:LISTED]
    ]
    head = ["| licence tag | kind | accept | quarantine | reject |", "|---|---|---|---|---|"]
    return dg.MetadataValue.md("\n".join([*head, *lines]))


@dg.asset(
    key=["rights", "changes"],
    group_name="rights",
    kinds={"parquet"},
    owners=OWNERS,
    deps=[dg.AssetDep(["rights", "decisions"])],
    metadata=table_metadata(CHANGES),
    description="The drift log: every change of a verdict with its cause, from the first decision on. The rows are "
    "appended while rights/decisions is made, as both must tell the same; this asset adds up the months.",
)
def rights_changes(platform: Platform) -> dg.MaterializeResult:
    profile = platform.settings().rights_profile
    with step() as done:
        home = platform.home()
        months = changes.by_month(home, profile=profile)
        version = changes.version_of(home)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version),
        metadata={
            "dagster/row_count": changes.count_rows(home, CHANGES),
            "profile": profile,
            "months": _months(months),
            "per_100_000_this_month": months[0].per_100_000 if months else 0.0,
            **done.cost,
        },
    )


def _months(months: list[changes.Month]) -> dg.MetadataValue:
    lines = [
        f"| {one.month} | {one.items} | {one.per_100_000:g} | "
        f"{', '.join(f'{cause}: {items}' for cause, items in one.causes.items())} |"
        for one in months[:LISTED]
    ]
    head = ["| month | items whose verdict changed | of 100,000 items | by cause |", "|---|---|---|---|"]
    return dg.MetadataValue.md("\n".join([*head, *lines]))


assets = [rights_decisions, rights_changes]
