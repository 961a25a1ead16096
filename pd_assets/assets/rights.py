"""The rights decision as an asset: every item under every profile, from stored evidence alone."""

import dagster as dg

from pd_assets.lib.catalog.schemas import DECISIONS
from pd_assets.lib.rights.decisions import decide_all
from pd_assets.lib.rights.rules import RULESET_VERSION
from pd_assets.resources import Platform
from pd_assets.steps import counted, step, table_metadata


@dg.asset(
    key=["rights", "decisions"],
    group_name="rights",
    kinds={"parquet"},
    owners=["team:curation"],
    deps=[dg.AssetDep(["catalog", "items"])],
    code_version=RULESET_VERSION,
    metadata=table_metadata(DECISIONS),
    description="Accept, reject or quarantine, with the rule, the reasons and the evidence: one row per item and "
    "profile. What no rule accepts is rejected.",
)
def rights_decisions(platform: Platform) -> dg.MaterializeResult:
    with step() as done:
        counts = decide_all(platform.home(), profile=platform.settings().rights_profile)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(counts.digest),
        metadata={
            "dagster/row_count": counts.rows,
            "profile": counts.profile,
            "verdicts": counted(f"verdict ({counts.profile})", counts.verdicts),
            "rules": counted("decided by", counts.rules),
            "accepted": counts.verdicts.get("accept", 0),
            "ruleset": RULESET_VERSION,
            **done.cost,
        },
    )


assets = [rights_decisions]
