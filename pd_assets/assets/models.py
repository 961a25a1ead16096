"""The models as assets: each runs the same `python -m pd_ml train` that a person would, unless it is done already.

What is trained becomes the `candidate` of its stage, and the later stages are made of that; evaluation/report makes it
`latest`, with the whole chain. The unconditional U-Net is in no chain and is `latest` at once.
"""

from collections.abc import Mapping
from pathlib import Path

import dagster as dg
from pydantic import Field

from pd_assets.assets.dataset import DATASET
from pd_assets.lib.child import run_pd_ml
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home
from pd_assets.lib.release.lineage import CANDIDATE, LATEST, require_proven, trained_last, trained_on
from pd_assets.lib.release.warm_start import Start, find_start
from pd_assets.lib.settings import Settings
from pd_assets.pools import GPU
from pd_assets.resources import Platform
from pd_assets.steps import picture, step
from pd_ml.config import StageConfig, with_overrides
from pd_ml.provenance import RunRecord, folder_digest, read_run, version_of
from pd_ml.recipes import recipe

OWNERS = ["team:models"]
# What evaluation/report judges and promotes together.
CHAIN = ("tokenizer", "clip", "unet_text")
MANIFEST = dg.AssetKey(["dataset", "manifest"])


class TrainConfig(dg.Config):
    """What to train on, and how."""

    dataset: str = Field(DATASET, description="name of the dataset; its latest version is used")
    recipe: str = Field("", description="debug, small or base; empty takes PD_RECIPE")
    set: list[str] = Field(default_factory=list, description="changes to the recipe, each as field=value")


def _train(
    context: dg.AssetExecutionContext, platform: Platform, stage: str, config: TrainConfig, inputs: tuple[str, ...] = ()
) -> dg.MaterializeResult:
    """Train one stage into the folder of its version; a finished version is only described again."""
    with step() as done:
        home = platform.home()
        recipe_name = config.recipe or platform.settings().recipe
        dataset = latest_dataset(home, config.dataset)
        models = {name: trained_last(home, name) for name in inputs}
        resolved = with_overrides(recipe(stage, recipe_name), config.set)
        digests = {name: folder_digest(folder) for name, folder in {"dataset": dataset, **models}.items()}
        start = _start(home, platform.settings(), stage, resolved, digests)
        out = start.finished or home.model(stage, version_of(stage, resolved, {**digests, **start.inputs}))
        trained = not out.is_dir()
        if trained:
            arguments = ["train", stage, "--recipe", recipe_name, "--dataset", str(dataset), "--out", str(out)]
            for name, folder in models.items():
                arguments += ["--input", f"{name}={folder}"]
            if start.ancestor is not None:
                arguments += ["--init-from", str(start.ancestor)]
            for change in config.set:
                arguments += ["--set", change]
            run_pd_ml(arguments, lambda event: _note(context, event))
        run = read_run(out)
        require_proven(out, run)
        home.point("models", stage, CANDIDATE, out.name)
        if stage not in CHAIN:
            home.point("models", stage, LATEST, out.name)
    context.log_event(_models_of_dataset(home, run.dataset_version))
    return dg.MaterializeResult(
        data_version=dg.DataVersion(folder_digest(out)),
        metadata={
            **_described(home, out, run),
            "trained_now": trained,
            "start": start.why,
            "recipe": recipe_name,
            **done.cost,
        },
    )


def _start(home: Home, settings: Settings, stage: str, config: StageConfig, digests: Mapping[str, str]) -> Start:
    """What PD_WARM_START makes of a training."""
    if not settings.warm_start:
        return Start()
    return find_start(home, stage, config, digests, profile=settings.rights_profile)


def latest_dataset(home: Home, name: str) -> Path:
    """The latest version of a dataset; ConfigError where there is none."""
    folder = home.latest("dataset", name)
    if folder is None:
        raise ConfigError(f"no finished version of dataset/{name} in {home.root}; materialise dataset/manifest first")
    return folder


def _models_of_dataset(home: Home, version: str) -> dg.AssetObservation:
    """What the dataset's asset shows of the models that were made of a version."""
    return dg.AssetObservation(
        asset_key=MANIFEST, metadata={"version": version, "models": dg.MetadataValue.json(trained_on(home, version))}
    )


def _note(context: dg.AssetExecutionContext, event: Mapping[str, object]) -> None:
    """A line in the run's log for what a person wants to know; the curves are in metrics.jsonl."""
    if event.get("event") in ("progress", "validation", "checkpoint", "resumed"):
        context.log.info(" ".join(f"{key}={value}" for key, value in event.items()))


def _described(home: Home, out: Path, run: RunRecord) -> dict[str, dg.MetadataValue]:
    return {
        "version": dg.MetadataValue.text(run.version),
        "digest": dg.MetadataValue.text(run.digest),
        "dataset_version": dg.MetadataValue.text(run.dataset_version),
        "dataset": dg.MetadataValue.asset(MANIFEST),
        "in_use": dg.MetadataValue.text(home.pointed("models", run.stage, LATEST) or "none yet"),
        "pictures_seen": dg.MetadataValue.int(run.item_count),
        "inputs": dg.MetadataValue.json(dict(run.inputs)),
        "metrics": dg.MetadataValue.json(dict(run.metrics)),
        **{name.removesuffix(".png"): picture(out / name) for name in PICTURES if (out / name).is_file()},
        "folder": dg.MetadataValue.path(str(out)),
    }


PICTURES = ("loss_curve.png", "samples.png")


@dg.asset(
    key=["models", "tokenizer"],
    group_name="models",
    kinds={"huggingface"},
    owners=OWNERS,
    pool=GPU,
    deps=[dg.AssetDep(["dataset", "manifest"])],
    description="Byte-level BPE trained on our own captions; any text round-trips.",
)
def models_tokenizer(
    context: dg.AssetExecutionContext, platform: Platform, config: TrainConfig
) -> dg.MaterializeResult:
    return _train(context, platform, "tokenizer", config)


@dg.asset(
    key=["models", "clip"],
    group_name="models",
    kinds={"pytorch", "huggingface"},
    owners=OWNERS,
    pool=GPU,
    deps=[dg.AssetDep(["dataset", "manifest"]), dg.AssetDep(["models", "tokenizer"])],
    description="CLIP from random weights on our own pictures and captions: text tower for conditioning, both towers "
    "for evaluation.",
)
def models_clip(context: dg.AssetExecutionContext, platform: Platform, config: TrainConfig) -> dg.MaterializeResult:
    return _train(context, platform, "clip", config, inputs=("tokenizer",))


@dg.asset(
    key=["models", "unet_text"],
    group_name="models",
    kinds={"pytorch", "huggingface"},
    owners=OWNERS,
    pool=GPU,
    deps=[dg.AssetDep(["dataset", "manifest"]), dg.AssetDep(["models", "clip"])],
    description="U-Net in pixel space, conditioned on the token states of our CLIP text tower, with its pipeline.",
)
def models_unet_text(
    context: dg.AssetExecutionContext, platform: Platform, config: TrainConfig
) -> dg.MaterializeResult:
    return _train(context, platform, "unet_text", config, inputs=("clip",))


@dg.asset(
    key=["models", "unet"],
    group_name="models",
    kinds={"pytorch", "huggingface"},
    owners=OWNERS,
    pool=GPU,
    deps=[dg.AssetDep(["dataset", "manifest"])],
    description="Unconditional U-Net in pixel space: a folder that plain diffusers opens. In no job; materialise it.",
)
def models_unet(context: dg.AssetExecutionContext, platform: Platform, config: TrainConfig) -> dg.MaterializeResult:
    return _train(context, platform, "unet", config)


assets = [models_tokenizer, models_clip, models_unet_text, models_unet]
STAGES = tuple(asset.key.path[-1] for asset in assets)
