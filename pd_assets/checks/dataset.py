"""Checks on the dataset: the finished folder is read anew and held against its manifest and the catalogue."""

import dagster as dg

from pd_assets.assets.dataset import DATASET
from pd_assets.lib.dataset.audit import find_faults
from pd_assets.lib.release import members
from pd_assets.lib.soundness import changed
from pd_assets.resources import Platform

MANIFEST = dg.AssetKey(["dataset", "manifest"])
LISTED = 20


@dg.asset_check(
    asset=MANIFEST,
    name="whole_and_licensed",
    blocking=True,
    description="Every shard has the SHA-256 and the rows that the manifest says, every picture in it is licensed, and "
    "dataset/members lists them as the manifest sealed it.",
)
def whole_and_licensed(context: dg.AssetCheckExecutionContext, platform: Platform) -> dg.AssetCheckResult:
    name = _last_written(context.instance)
    home = platform.home()
    problems = find_faults(home, name=name)
    if (why := members.known(home).unknown.get(home.pointed("dataset", name, "latest") or "")) is not None:
        problems = [*problems, f"not known which pictures it holds: {why}"]
    return dg.AssetCheckResult(
        passed=not problems,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{len(problems)} problems" if problems else "every shard is whole, every picture licensed",
        metadata={"dataset": name, "problems": dg.MetadataValue.json(problems[:LISTED]), "count": len(problems)},
    )


@dg.asset_check(
    asset=MANIFEST,
    name="nothing_damaged",
    description="No file of a table or of a dataset version is another than it was written, as far as its size and "
    "time tell; `pdd doctor --verify` reads all of them.",
)
def nothing_damaged(platform: Platform) -> dg.AssetCheckResult:
    found = [str(fault) for fault in changed(platform.home())]
    return dg.AssetCheckResult(
        passed=not found,
        severity=dg.AssetCheckSeverity.ERROR,
        description=" | ".join(found[:LISTED]) or "nothing was altered since it was written",
        metadata={"damaged": dg.MetadataValue.json(found[:LISTED]), "count": len(found)},
    )


def _last_written(instance: dg.DagsterInstance) -> str:
    """The name of the dataset that was finished last."""
    event = instance.get_latest_materialization_event(MANIFEST)
    found = event.asset_materialization.metadata.get("name") if event and event.asset_materialization else None
    return str(found.value) if found is not None else DATASET


checks = [whole_and_licensed, nothing_damaged]
