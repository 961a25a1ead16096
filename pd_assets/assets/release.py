"""What tells of released work: the ledger of models, which pictures each of them saw and how often."""

import hashlib

import dagster as dg

from pd_assets.assets.models import STAGES
from pd_assets.lib.catalog.schemas import MODEL_LEDGER
from pd_assets.lib.home import Home
from pd_assets.lib.release.ledger import keep, summary
from pd_assets.lib.release.lineage import LATEST, Model, models
from pd_assets.lib.release.shown import counts_of, draw
from pd_assets.resources import Platform
from pd_assets.running.step import drawn, step, stored, table_metadata

# Drawn for each model in use.
DRAWN = ("unet_text", "latent_diffusion", "clip")


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


assets = [release_ledger]
