"""Checks on the ledgers of models (they add up, rest on accepting evidence, name nothing that was taken down) and on
bundles: they verify, and may still be handed out.
"""

from collections.abc import Callable

import dagster as dg

from pd_assets.lib.home import Home
from pd_assets.lib.release import bundle, ledger_proof
from pd_assets.lib.release.ledger_proof import Problems
from pd_assets.resources import Platform

LEDGER, BUNDLE = dg.AssetKey(["release", "ledger"]), dg.AssetKey(["release", "bundle"])


def _check(
    name: str, description: str, find: Callable[[Home], Problems], *, fine: str, severity: dg.AssetCheckSeverity
) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=LEDGER, name=name, description=description)
    def made(platform: Platform) -> dg.AssetCheckResult:
        problems = find(platform.home())
        return dg.AssetCheckResult(
            passed=not problems.count,
            severity=severity,
            description=f"{problems.count} problems: {problems.first[0]}" if problems.count else fine,
            metadata={"problems": dg.MetadataValue.json(list(problems.first)), "count": problems.count},
        )

    return made


@dg.asset_check(
    asset=BUNDLE,
    name="verifies",
    description="Every bundle that is the latest of its model is whole, and says what its own ledger gives: as "
    "`python -m pd_ml verify` finds it.",
)
def verifies(platform: Platform) -> dg.AssetCheckResult:
    return _told(bundle.unverified(platform.home(), platform.settings().signing_key), fine="every bundle verifies")


@dg.asset_check(
    asset=BUNDLE,
    name="may_still_be_handed_out",
    description="Nothing speaks today against a bundle that is the latest of its model: no picture of it was taken "
    "down or lost its ground since.",
)
def may_still_be_handed_out(platform: Platform) -> dg.AssetCheckResult:
    profile = platform.settings().rights_profile
    return _told(bundle.refused_today(platform.home(), profile=profile), fine="every bundle may still be handed out")


def _told(problems: list[str], *, fine: str) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=not problems,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{len(problems)} problems: {problems[0]}" if problems else fine,
        metadata={"problems": dg.MetadataValue.json(problems), "count": len(problems)},
    )


checks = [
    verifies,
    may_still_be_handed_out,
    _check(
        "adds_up",
        "The showings of every ledger add up to the pictures that its training counted while it ran.",
        ledger_proof.wrong_sums,
        fine="every ledger adds up to what its training counted",
        severity=dg.AssetCheckSeverity.ERROR,
    ),
    _check(
        "rests_on_evidence",
        "Every picture that a model was trained on had accepting evidence then, which rights/evidence still has.",
        ledger_proof.unaccepted,
        fine="every picture was accepted on evidence that is kept",
        severity=dg.AssetCheckSeverity.ERROR,
    ),
    _check(
        "nothing_taken_down",
        "No model in use, nor one that it was made of, was trained on a picture that was taken down.",
        ledger_proof.taken_down,
        fine="nothing that a model in use was trained on was taken down",
        severity=dg.AssetCheckSeverity.ERROR,
    ),
    _check(
        "every_model_has_one",
        "Every model has a ledger that its record proves. A warning: what one without it saw is unknown, and treated "
        "as seen.",
        ledger_proof.untold,
        fine="every model has a proven ledger",
        severity=dg.AssetCheckSeverity.WARN,
    ),
]
