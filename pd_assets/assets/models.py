"""The models as assets: each runs the same `python -m pd_ml train` that a person would, unless it is done already.

What is trained becomes the `candidate` of its stage, and the later stages are made of that; evaluation/report makes it
`latest`, with all that it was made of. The unconditional U-Nets are judged by nobody and are `latest` at once.
"""

from collections.abc import Mapping
from pathlib import Path

import dagster as dg
from pydantic import Field

from pd_assets.assets.dataset import DATASET, models_of_dataset
from pd_assets.lib.child import run_pd_ml
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home
from pd_assets.lib.release.curves import LOSSES
from pd_assets.lib.release.ledger import keep, summary
from pd_assets.lib.release.lineage import CANDIDATE, LATEST, model_in, require_proven, trained_last
from pd_assets.lib.release.reconstruction import read_reconstruction
from pd_assets.lib.release.shown import as_markdown, counts_of, draw
from pd_assets.lib.release.warm_start import Start, find_start
from pd_assets.lib.settings import Settings
from pd_assets.resources import Platform
from pd_assets.running.history import dataset_of, note_dataset, run_that_made
from pd_assets.running.pools import GPU
from pd_assets.running.step import drawn, picture, step
from pd_ml.config import StageConfig, with_overrides
from pd_ml.provenance import UNFINISHED, RunRecord, folder_digest, read_run, version_of
from pd_ml.recipes import recipe

OWNERS = ["team:models"]
# Nothing judges these, and nothing is made of them.
AT_ONCE = ("unet", "latent_unet")
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
        settings = platform.settings()
        recipe_name = config.recipe or settings.recipe
        changes = [*settings.changes_to(stage), *config.set]
        dataset = dataset_of_run(context, home, config.dataset)
        models = {name: trained_last(home, name) for name in inputs}
        resolved = with_overrides(recipe(stage, recipe_name), changes)
        digests = {name: folder_digest(folder) for name, folder in {"dataset": dataset, **models}.items()}
        start = _start(home, settings, stage, resolved, digests)
        out = start.finished or home.model(stage, version_of(stage, resolved, {**digests, **start.inputs}))
        trained = not out.is_dir()
        if trained:
            arguments = ["train", stage, "--recipe", recipe_name, "--dataset", str(dataset), "--out", str(out)]
            for name, folder in models.items():
                arguments += ["--input", f"{name}={folder}"]
            if start.ancestor is not None:
                # It is read whole, and lies in the bucket alone where another machine trained it.
                home.fetched(start.ancestor)
                arguments += ["--init-from", str(start.ancestor)]
            for change in changes:
                arguments += ["--set", change]
            # Where the checkpoints of a training are that another machine began.
            home.fetched(out.with_name(f"{out.name}{UNFINISHED}"))
            run_pd_ml(arguments, lambda event: _note(context, event))
        run = read_run(out)
        require_proven(out, run)
        keep(home, stage, out.name)
        home.point("models", stage, CANDIDATE, out.name)
        if stage in AT_ONCE:
            home.point("models", stage, LATEST, out.name)
    context.log_event(_models_of_dataset(home, run.dataset_version))
    return dg.MaterializeResult(
        data_version=dg.DataVersion(folder_digest(out)),
        metadata={
            **_described(home, out, run),
            **_made_by(context.instance, run),
            "trained_now": trained,
            "start": start.why,
            "recipe": recipe_name,
            **done.cost_if(trained),
        },
    )


def _start(home: Home, settings: Settings, stage: str, config: StageConfig, digests: Mapping[str, str]) -> Start:
    """What PD_WARM_START makes of a training."""
    if not settings.warm_start:
        return Start()
    return find_start(home, stage, config, digests, profile=settings.rights_profile)


def dataset_of_run(context: dg.AssetExecutionContext, home: Home, name: str) -> Path:
    """The version that this run, or one that it continues, finished or learnt from; else the latest one. On this disk.

    A night may finish another one while a training is under way: all of its stages learn from the same.
    """
    version = dataset_of(context.instance, context.run, name)
    folder = home.dataset(name, version) if version else None
    if folder is None or not folder.is_dir():
        folder = _latest_dataset(home, name)
    home.fetched(folder)
    note_dataset(context.instance, context.run, name, folder.name)
    return folder


def _latest_dataset(home: Home, name: str) -> Path:
    """ConfigError where there is none."""
    folder = home.latest("dataset", name)
    if folder is None:
        raise ConfigError(f"no finished version of dataset/{name} in {home.root}; materialise dataset/manifest first")
    return folder


def _models_of_dataset(home: Home, version: str) -> dg.AssetObservation:
    """What the dataset's asset shows of the models that were made of a version."""
    return dg.AssetObservation(asset_key=MANIFEST, metadata={"version": version, **models_of_dataset(home, version)})


def _made_by(instance: dg.DagsterInstance, run: RunRecord) -> dict[str, dg.MetadataValue]:
    """A link to the run that made the dataset version, where this instance knows of it."""
    made = run_that_made(instance, MANIFEST, run.dataset_version)
    return {"dataset_made_by": dg.MetadataValue.dagster_run(made)} if made else {}


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
        **_shown(home, out),
        "inputs": dg.MetadataValue.json(dict(run.inputs)),
        "metrics": dg.MetadataValue.json(dict(run.metrics)),
        **_losses(run),
        **_pictures(out, run),
        **_reconstruction(out),
        "folder": dg.MetadataValue.path(str(out)),
    }


def _shown(home: Home, out: Path) -> dict[str, dg.MetadataValue]:
    """What the model was trained on, counted from its ledger; nothing where there is none."""
    model = model_in(home, out)
    told, ledger = summary(home, model), model.sources[0].ledger
    if told is None or ledger is None:
        return {"ledger": dg.MetadataValue.text(model.sources[0].why)}
    counts = counts_of(home, ledger)
    return {
        "pictures_trained_on": dg.MetadataValue.int(told.trained_on),
        "pictures_measured_with": dg.MetadataValue.int(told.measured_with),
        "showings": dg.MetadataValue.int(told.times_shown),
        "trained_on": dg.MetadataValue.md(as_markdown(counts)),
        **({"shown": drawn("what it was trained on", draw(counts))} if counts else {}),
    }


def _reconstruction(out: Path) -> dict[str, dg.MetadataValue]:
    """What a VAE keeps of held-out pictures, beside trivial ways to store as much; nothing for other models."""
    found = read_reconstruction(out)
    if found is None:
        return {}
    return {
        "psnr_db": dg.MetadataValue.float(found.psnr_db),
        "psnr_gain_db": dg.MetadataValue.float(found.gain_db),
        "reconstruction": dg.MetadataValue.json(dict(found.report)),
    }


def _losses(run: RunRecord) -> dict[str, dg.MetadataValue]:
    """The last losses as numbers, which the UI plots from version to version; the curve is a picture beside them."""
    return {name: dg.MetadataValue.float(run.metrics[name]) for name in LOSSES if name in run.metrics}


def _pictures(out: Path, run: RunRecord) -> dict[str, dg.MetadataValue]:
    """Curve and sheet, with where the local site shows the whole of them (`pdd up`: at the same port)."""
    page = f"/models/{run.stage}/{run.version}"
    places = {"loss_curve.png": page, "samples.png": f"{page}/sheets/samples"}
    return {
        name.removesuffix(".png"): picture(out / name, whole_at=place)
        for name, place in places.items()
        if (out / name).is_file()
    }


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
    description="U-Net in pixel space, conditioned on the token states of our CLIP text tower, with its pipeline. In "
    "no job, as the transformer draws more for less; materialise it.",
)
def models_unet_text(
    context: dg.AssetExecutionContext, platform: Platform, config: TrainConfig
) -> dg.MaterializeResult:
    return _train(context, platform, "unet_text", config, inputs=("clip",))


@dg.asset(
    key=["models", "transformer"],
    group_name="models",
    kinds={"pytorch", "huggingface"},
    owners=OWNERS,
    pool=GPU,
    deps=[dg.AssetDep(["dataset", "manifest"]), dg.AssetDep(["models", "clip"])],
    description="Transformer over patches of pixels that predicts the picture, told of the text by our CLIP's text "
    "tower, with its pipeline.",
)
def models_transformer(
    context: dg.AssetExecutionContext, platform: Platform, config: TrainConfig
) -> dg.MaterializeResult:
    return _train(context, platform, "transformer", config, inputs=("clip",))


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


@dg.asset(
    key=["models", "vae"],
    group_name="models",
    kinds={"pytorch", "huggingface"},
    owners=OWNERS,
    pool=GPU,
    deps=[dg.AssetDep(["dataset", "manifest"]), dg.AssetDep(["models", "clip"])],
    description="Autoencoder from random weights on our own pictures: an AutoencoderKL with the scaling factor of its "
    "latents, measured on held-out pictures beside trivial ways to store as much.",
)
def models_vae(context: dg.AssetExecutionContext, platform: Platform, config: TrainConfig) -> dg.MaterializeResult:
    return _train(context, platform, "vae", config, inputs=("clip",))


@dg.asset(
    key=["models", "latents"],
    group_name="models",
    kinds={"pytorch", "numpy"},
    owners=OWNERS,
    pool=GPU,
    deps=[
        dg.AssetDep(["dataset", "manifest"]),
        dg.AssetDep(["models", "vae"]),
        dg.AssetDep(["models", "clip"]),
    ],
    description="The dataset as the VAE and the text tower see it, computed once: moments of every picture and token "
    "states of every caption. Made again where dataset, VAE or CLIP change.",
)
def models_latents(context: dg.AssetExecutionContext, platform: Platform, config: TrainConfig) -> dg.MaterializeResult:
    return _train(context, platform, "latents", config, inputs=("vae", "clip"))


@dg.asset(
    key=["models", "latent_unet"],
    group_name="models",
    kinds={"pytorch", "huggingface"},
    owners=OWNERS,
    pool=GPU,
    deps=[
        dg.AssetDep(["dataset", "manifest"]),
        dg.AssetDep(["models", "latents"]),
        dg.AssetDep(["models", "vae"]),
    ],
    description="Unconditional U-Net in the VAE's latent space, with its pipeline.",
)
def models_latent_unet(
    context: dg.AssetExecutionContext, platform: Platform, config: TrainConfig
) -> dg.MaterializeResult:
    return _train(context, platform, "latent_unet", config, inputs=("latents", "vae"))


@dg.asset(
    key=["models", "latent_diffusion"],
    group_name="models",
    kinds={"pytorch", "huggingface"},
    owners=OWNERS,
    pool=GPU,
    deps=[
        dg.AssetDep(["dataset", "manifest"]),
        dg.AssetDep(["models", "latents"]),
        dg.AssetDep(["models", "vae"]),
        dg.AssetDep(["models", "clip"]),
    ],
    description="U-Net in latent space, conditioned on our CLIP text tower: a StableDiffusionPipeline folder that "
    "plain diffusers opens.",
)
def models_latent_diffusion(
    context: dg.AssetExecutionContext, platform: Platform, config: TrainConfig
) -> dg.MaterializeResult:
    return _train(context, platform, "latent_diffusion", config, inputs=("latents", "vae", "clip"))


@dg.asset(
    key=["models", "super_resolution"],
    group_name="models",
    kinds={"pytorch", "huggingface"},
    owners=OWNERS,
    pool=GPU,
    deps=[dg.AssetDep(["dataset", "manifest"])],
    description="Upscaler x4 from random weights on our own pictures, made small by blur, noise and JPEG, with its "
    "pipeline.",
)
def models_super_resolution(
    context: dg.AssetExecutionContext, platform: Platform, config: TrainConfig
) -> dg.MaterializeResult:
    return _train(context, platform, "super_resolution", config)


assets = [
    models_tokenizer,
    models_clip,
    models_transformer,
    models_unet_text,
    models_unet,
    models_vae,
    models_latents,
    models_latent_unet,
    models_latent_diffusion,
    models_super_resolution,
]
STAGES = tuple(asset.key.path[-1] for asset in assets)
