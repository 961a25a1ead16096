"""The jobs: which assets run together.

`commons/pages` is left out of all of them; `commons/refresh` does its work. `models/unet` is for who asks for it. The
Smithsonian's units are partitions of a job of their own, which a schedule starts for those that are chosen.
"""

import dagster as dg

from pd_assets.pods import GPU_POD

SOURCES = dg.AssetSelection.assets(["commons", "categories"], ["commons", "refresh"])
SMITHSONIAN = dg.AssetSelection.assets(["smithsonian", "records"])
CATALOG = dg.AssetSelection.groups("catalog", "rights", "images")
DATASET = dg.AssetSelection.groups("dataset")
MODELS = dg.AssetSelection.groups("models", "evaluation") - dg.AssetSelection.assets(["models", "unet"])

refresh_sources = dg.define_asset_job(
    "refresh_sources", SOURCES, description="Walk the categories and bring every page up to date."
)
refresh_smithsonian = dg.define_asset_job(
    "refresh_smithsonian", SMITHSONIAN, description="Bring the records of some of the Smithsonian's units up to date."
)
build_dataset = dg.define_asset_job(
    "build_dataset", CATALOG | DATASET, description="Decide, fetch, catalogue, and export a dataset."
)
train_models = dg.define_asset_job(
    "train_models",
    DATASET | MODELS,
    description="Export the licensed pictures as they are now, train the text-conditioned models on them, evaluate.",
    tags=GPU_POD,
)
nightly = dg.define_asset_job(
    "nightly",
    SOURCES | CATALOG | DATASET,
    description="Refresh, decide, fetch, catalogue, export a dataset; each step only where something changed.",
)
whole_line = dg.define_asset_job(
    "whole_line",
    SOURCES | CATALOG | DATASET | MODELS,
    description="The straight line, from the categories to an evaluated model.",
)

jobs = [refresh_sources, refresh_smithsonian, build_dataset, train_models, nightly, whole_line]
