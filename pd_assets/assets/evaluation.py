"""The evaluation as an asset: metrics with their floors, samples with their prompts, and the promotion of the model."""

import dagster as dg
from pydantic import Field

from pd_assets.assets.dataset import DATASET
from pd_assets.assets.models import dataset_of_run
from pd_assets.lib.release.evaluation import Evaluator, read_report
from pd_assets.lib.release.promotion import settle
from pd_assets.pools import GPU
from pd_assets.resources import Platform
from pd_assets.steps import picture, step
from pd_ml.config import EvaluateConfig, with_overrides
from pd_ml.provenance import read_run
from pd_ml.recipes import recipe


class EvaluationConfig(dg.Config):
    """What to evaluate."""

    dataset: str = Field(DATASET, description="name of the dataset whose held-out pictures are used")
    recipe: str = Field("", description="debug, small or base; empty takes PD_RECIPE")
    set: list[str] = Field(default_factory=list, description="changes to the recipe, each as field=value")
    promote_anyway: bool = Field(False, description="make the model latest also where it falls behind the one in use")


@dg.asset(
    key=["evaluation", "report"],
    group_name="evaluation",
    kinds={"json"},
    owners=["team:models"],
    pool=GPU,
    deps=[
        dg.AssetDep(["dataset", "manifest"]),
        dg.AssetDep(["models", "clip"]),
        dg.AssetDep(["models", "unet_text"]),
    ],
    description="Metrics with their floors on held-out pictures, and a sample grid with the prompts written under it. "
    "Makes the model that was trained last `latest`, with those that it was made of, unless it falls behind.",
)
def evaluation_report(
    context: dg.AssetExecutionContext, platform: Platform, config: EvaluationConfig
) -> dg.MaterializeResult:
    with step() as done:
        home = platform.home()
        settings = platform.settings()
        recipe_name = config.recipe or settings.recipe
        changes = [*settings.changes_to("evaluate"), *config.set]
        resolved = with_overrides(recipe("evaluate", recipe_name), changes)
        assert isinstance(resolved, EvaluateConfig)
        evaluator = Evaluator(
            home=home,
            dataset=dataset_of_run(context, home, config.dataset),
            recipe_name=recipe_name,
            config=resolved,
            changes=changes,
        )
        candidate = evaluator.candidate
        out = evaluator.report(candidate, evaluator.clip_of(candidate))
        judgement = evaluator.judged(candidate, out, promote_anyway=config.promote_anyway)
        settle(home, judgement, candidate)
        home.point("evaluation", "report", "latest", out.name)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(out.name),
        metadata={
            "version": out.name,
            "model_version": candidate.version,
            "dataset_version": judgement.dataset_version,
            "promoted": judgement.promoted,
            "compared_with": judgement.replaced or "none: the first one",
            "falls_behind_in": dg.MetadataValue.json(list(judgement.behind)),
            "report": dg.MetadataValue.json(dict(read_report(out))),
            **{name: dg.MetadataValue.float(value) for name, value in read_run(out).metrics.items()},
            "samples": picture(out / "samples.png"),
            "loss_curve": picture(out / "loss_curve.png"),
            "folder": dg.MetadataValue.path(str(out)),
            **done.cost,
        },
    )


assets = [evaluation_report]
