"""The jobs: which assets run together.

`commons/pages` is left out of all of them; `commons/refresh` does its work. `models/unet` is for who asks for it, and
the latent models and the upscaler have jobs of their own. The Smithsonian's units are partitions of a job of their own,
which a schedule starts for those that are chosen; Cleveland has a job of its own too, which a schedule starts.
"""

from collections.abc import Iterable

import dagster as dg

from pd_assets.partitions import all_buckets
from pd_assets.running.kubernetes import GPU_POD
from pd_assets.running.private import UnresolvedAssetJobDefinition

# In the latent line, or beside it: what PD_RETRAIN_LATENT is about.
LATENT_STAGES = ("vae", "latents", "latent_unet", "latent_diffusion", "super_resolution")

SOURCES = dg.AssetSelection.assets(["commons", "categories"], ["commons", "refresh"], ["commons", "templates"])
CREATORS = dg.AssetSelection.assets(["commons", "creators"])
SMITHSONIAN = dg.AssetSelection.assets(["smithsonian", "records"])
CLEVELAND = dg.AssetSelection.assets(["cleveland", "records"])
CATALOG = dg.AssetSelection.groups("catalog", "rights", "images")
DATASET = dg.AssetSelection.groups("dataset")
CLIP = dg.AssetSelection.assets(["models", "tokenizer"], ["models", "clip"])
# What follows a training: its report, and its ledger.
EVALUATION = dg.AssetSelection.groups("evaluation") | dg.AssetSelection.assets(["release", "ledger"])
MODELS = CLIP | dg.AssetSelection.assets(["models", "transformer"]) | EVALUATION
UPSCALER = dg.AssetSelection.assets(["models", "super_resolution"])
LATENT = dg.AssetSelection.assets(*(["models", stage] for stage in LATENT_STAGES))

refresh_sources = dg.define_asset_job(
    "refresh_sources",
    SOURCES,
    description="Walk the categories, bring every page up to date, ask what new templates are.",
)
refresh_smithsonian = dg.define_asset_job(
    "refresh_smithsonian", SMITHSONIAN, description="Bring the records of some of the Smithsonian's units up to date."
)
refresh_cleveland = dg.define_asset_job(
    "refresh_cleveland", CLEVELAND, description="Bring the works of the Cleveland Museum of Art up to date."
)
build_dataset = dg.define_asset_job(
    "build_dataset",
    CREATORS | CATALOG | DATASET,
    description="Learn of makers, decide, fetch, catalogue, and export a dataset.",
)
train_models = dg.define_asset_job(
    "train_models",
    DATASET | MODELS,
    description="Export the licensed pictures as they are now, train the text-conditioned models on them, evaluate.",
    tags=GPU_POD,
)
train_latent_models = dg.define_asset_job(
    "train_latent_models",
    DATASET | CLIP | LATENT | EVALUATION,
    description="Export the licensed pictures as they are now, train CLIP, VAE, latent models and upscaler, evaluate.",
    tags=GPU_POD,
)
train_all_models = dg.define_asset_job(
    "train_all_models",
    DATASET | MODELS | LATENT,
    description="train_models and train_latent_models in one: what the sensors ask for where PD_RETRAIN_LATENT is 1.",
    tags=GPU_POD,
)
release = dg.define_asset_job(
    "release",
    dg.AssetSelection.groups("release"),
    description="Have the ledger of every model, and a bundle of each one in use, or all reasons why there is none.",
)
nightly = dg.define_asset_job(
    "nightly",
    SOURCES | CREATORS | CATALOG | DATASET,
    description="Refresh, learn of makers, decide, fetch, catalogue, export; each step only where something changed.",
)
whole_line = dg.define_asset_job(
    "whole_line",
    SOURCES | CREATORS | CATALOG | DATASET | MODELS | UPSCALER,
    description="The straight line, from the categories to an evaluated model and its upscaler.",
)

jobs = [
    refresh_sources,
    refresh_smithsonian,
    refresh_cleveland,
    build_dataset,
    train_models,
    train_latent_models,
    train_all_models,
    release,
    nightly,
    whole_line,
]

# Nothing in them is by bucket; the Smithsonian's has partitions of its own.
NO_BUCKETS = (refresh_sources, refresh_smithsonian, refresh_cleveland, release)


def over_all_buckets(
    jobs: Iterable[UnresolvedAssetJobDefinition], number: int
) -> dict[str, UnresolvedAssetJobDefinition]:
    """The jobs by name; in a home of several buckets, those that make what is by bucket make all of them in a run."""
    return {job.name: _over(job, number) if number > 1 and job not in NO_BUCKETS else job for job in jobs}


def _over(job: UnresolvedAssetJobDefinition, number: int) -> UnresolvedAssetJobDefinition:
    tags = {**(job.tags or {}), **all_buckets(number)}
    return dg.define_asset_job(job.name, job.selection, description=job.description, tags=tags)
