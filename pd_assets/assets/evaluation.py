"""The evaluation as an asset: metrics with their floors, and a grid of samples with their prompts."""

import json
from pathlib import Path

import dagster as dg
from pydantic import Field

from pd_assets.assets.dataset import DATASET
from pd_assets.assets.models import latest
from pd_assets.lib.child import run_pd_ml
from pd_assets.resources import Platform
from pd_assets.steps import picture, step
from pd_ml.provenance import folder_digest, read_run, version_of
from pd_ml.recipes import recipe


class EvaluationConfig(dg.Config):
    """What to evaluate."""

    dataset: str = Field(DATASET, description="name of the dataset whose held-out pictures are used")
    recipe: str = Field("", description="debug, small or base; empty takes PD_RECIPE")


@dg.asset(
    key=["evaluation", "report"],
    group_name="evaluation",
    kinds={"json"},
    owners=["team:models"],
    deps=[
        dg.AssetDep(["dataset", "manifest"]),
        dg.AssetDep(["models", "clip"]),
        dg.AssetDep(["models", "unet_text"]),
    ],
    description="Metrics with their floors on held-out pictures, and a sample grid with the prompts written under it.",
)
def evaluation_report(platform: Platform, config: EvaluationConfig) -> dg.MaterializeResult:
    with step() as done:
        home = platform.home()
        recipe_name = config.recipe or platform.settings().recipe
        folders = {
            "dataset": latest(home, "dataset", config.dataset),
            "clip": latest(home, "models", "clip"),
            "model": latest(home, "models", "unet_text"),
        }
        attributes = home.root / "sandbox" / "attributes.json"
        digests = {name: folder_digest(folder) for name, folder in folders.items()}
        version = version_of("evaluate", recipe("evaluate", recipe_name), digests)
        out = home.root / "evaluation" / "report" / version
        if not out.is_dir():
            run_pd_ml(_arguments(recipe_name, folders, out, attributes), lambda event: None)
        home.point("evaluation", "report", "latest", version)
    report = json.loads((out / "report.json").read_text())
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version),
        metadata={
            "version": version,
            "model_version": read_run(folders["model"]).version,
            "report": dg.MetadataValue.json(report),
            **{name: dg.MetadataValue.float(value) for name, value in read_run(out).metrics.items()},
            "samples": picture(out / "samples.png"),
            "loss_curve": picture(out / "loss_curve.png"),
            "folder": dg.MetadataValue.path(str(out)),
            **done.cost,
        },
    )


def _arguments(recipe_name: str, folders: dict[str, Path], out: Path, attributes: Path) -> list[str]:
    arguments = ["evaluate", "--recipe", recipe_name, "--out", str(out)]
    for name, folder in folders.items():
        arguments += [f"--{name}", str(folder)]
    if attributes.is_file():
        arguments += ["--attributes", str(attributes)]
    return arguments


assets = [evaluation_report]
