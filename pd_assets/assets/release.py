"""What is handed out and what tells of it: the ledger of models, and bundles with their proof."""

import hashlib
import json
from pathlib import Path

import dagster as dg
from pydantic import Field

from pd_assets.assets.models import STAGES
from pd_assets.checks.every import against_release
from pd_assets.lib.catalog.schemas import MODEL_LEDGER
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home
from pd_assets.lib.release.bundle import make_bundle
from pd_assets.lib.release.ledger import keep, summary
from pd_assets.lib.release.lineage import LATEST, Model, models
from pd_assets.lib.release.operator import NotReleasable
from pd_assets.lib.release.promotion import JUDGED
from pd_assets.lib.release.shown import counts_of, draw
from pd_assets.resources import Platform
from pd_assets.running.step import drawn, picture, step, stored, table_metadata

# What gates and papers ask beside the models.
READ = (
    "evaluation/report",
    "catalog/items",
    "catalog/clusters",
    "images/files",
    "rights/decisions",
    "rights/evidence",
    "rights/takedowns",
    "dataset/captions",
    "dataset/manifest",
)
# Drawn for each model in use.
DRAWN = ("transformer", "unet_text", "latent_diffusion", "clip")


@dg.asset(
    key=["release", "ledger"],
    group_name="release",
    kinds={"parquet"},
    owners=["team:models"],
    deps=[*(dg.AssetDep(["models", stage]) for stage in STAGES), dg.AssetDep(["rights", "evidence"])],
    metadata=table_metadata(MODEL_LEDGER),
    description="For each model, every picture that it was trained on or measured with: how often it was shown, at "
    "which revision of its page, on which evidence, with captions of which licence. A part for each model, proven by "
    "the model's own record; it outlives the model's folder.",
)
def release_ledger(platform: Platform) -> dg.MaterializeResult:
    with step() as done:
        home = platform.home()
        found = models(home)
        added = [one for one in found if keep(home, one.stage, one.version)]
        told = {f"{one.stage} {one.version}": (one, summary(home, one)) for one in found}
    lines = [
        f"| {name} | {one.standing} | {told.trained_on} | {told.measured_with} | {told.held} | {told.times_shown} |"
        if told
        else f"| {name} | {one.standing} | unknown, treated as seen | | | |"
        for name, (one, told) in told.items()
    ]
    head = ["| model | | trained on | measured with | held | showings |", "|---|---|---|---|---|---|"]
    return dg.MaterializeResult(
        data_version=dg.DataVersion(_version(found)),
        metadata={
            "models": dg.MetadataValue.md("\n".join([*head, *lines])),
            "models_with_ledger": sum(told is not None for _, told in told.values()),
            "models_without_ledger": sum(told is None for _, told in told.values()),
            "added": len(added),
            **_pictures(home, found),
            **stored(home, MODEL_LEDGER),
            **done.cost,
        },
    )


def _pictures(home: Home, found: list[Model]) -> dict[str, dg.MetadataValue]:
    used = [one for one in found if one.version == home.pointed("models", one.stage, LATEST) and one.stage in DRAWN]
    return {
        f"{one.stage}_shown": drawn(f"what {one.stage} {one.version} was trained on", draw(counts_of(home, ledger)))
        for one in used
        if (ledger := one.sources[0].ledger) is not None
    }


def _version(found: list[Model]) -> str:
    told = sorted((one.stage, one.version, one.run.seal, one.sources[0].ledger is not None) for one in found)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


class BundleConfig(dg.Config):
    """What to release."""

    models: list[str] = Field(
        default_factory=list,
        description="each a stage, whose latest version is taken, or `stage/version`; empty: every stage that draws "
        "and has a latest version",
    )


@dg.asset(
    key=["release", "bundle"],
    group_name="release",
    kinds={"folder"},
    owners=["team:models"],
    deps=[
        release_ledger,
        *(dg.AssetDep(key.split("/")) for key in READ),
    ],
    description="What may be handed out of a model: weights, cards, ledger, attribution of labels, bills of materials, "
    "signature. Refused with all reasons where a picture in its ancestry is not free today, a foreign input or an "
    "unenforced clean room is in the chain, the audit of copies exceeds its floor, a check fails, or the evaluation is "
    "missing.",
)
def release_bundle(context: dg.AssetExecutionContext, platform: Platform, config: BundleConfig) -> dg.MaterializeResult:
    with step() as done:
        home, settings = platform.home(), platform.settings()
        made, refused = {}, {}
        for stage, version in _asked(home, config.models):
            failed = against_release(context.instance, home, stage, version)
            try:
                made[stage] = make_bundle(home, stage, version, settings=settings, failed=failed)
            except NotReleasable as error:
                refused[f"{stage}/{version}"] = error.reasons
    if refused:
        raise dg.Failure(
            description=f"refused: {'; '.join(f'{name} for {len(why)} reasons' for name, why in refused.items())}. "
            + " · ".join(f"{name}: {reason}" for name, why in refused.items() for reason in why),
            metadata={"reasons": dg.MetadataValue.md(_listed(refused))},
            allow_retries=False,
        )
    return dg.MaterializeResult(
        data_version=dg.DataVersion("-".join(folder.name for folder in made.values())),
        metadata={
            "in_short": "; ".join(f"{stage}: {folder}" for stage, folder in made.items()),
            **{f"{stage}/{name}": value for stage, folder in made.items() for name, value in _shown(folder).items()},
            **done.cost,
        },
    )


def _asked(home: Home, models: list[str]) -> list[tuple[str, str]]:
    """Stage and version of each model that is asked for; ConfigError where there is none."""
    found = []
    for name in models or [stage for stage in JUDGED if home.pointed("models", stage, LATEST)]:
        stage, _, version = name.partition("/")
        pointed = version or home.pointed("models", stage, LATEST)
        if pointed is None:
            raise ConfigError(
                f"models/{stage} has no latest version in {home.root}; materialise evaluation/report first"
            )
        found.append((stage, pointed))
    if not found:
        raise ConfigError(f"no model in {home.root} is in use; materialise evaluation/report, which promotes them")
    return found


def _shown(folder: Path) -> dict[str, dg.MetadataValue]:
    return {
        "folder": dg.MetadataValue.path(str(folder)),
        "card": dg.MetadataValue.md((folder / "README.md").read_text().split("\n---\n", 1)[-1]),
        "samples": picture(folder / "samples.png"),
        "licence": dg.MetadataValue.text(_licence(folder)),
    }


def _licence(folder: Path) -> str:
    """That of the weights, as the bill of materials has it."""
    (told,) = json.loads((folder / "bom.cdx.json").read_text())["metadata"]["component"]["licenses"]
    return str(told["license"].get("id") or told["license"]["name"])


def _listed(refused: dict[str, tuple[str, ...]]) -> str:
    return "\n".join(f"- {name}: {reason}" for name, why in refused.items() for reason in why)


assets = [release_ledger, release_bundle]
