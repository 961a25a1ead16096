"""The evaluation as an asset: metrics with their floors, samples with their prompts, and the promotion of the model."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from pydantic import Field

from pd_assets.assets.dataset import DATASET
from pd_assets.assets.models import dataset_of_run
from pd_assets.lib.release import shelf
from pd_assets.lib.release.evaluation import Evaluator, read_report
from pd_assets.lib.release.judged_numbers import BETTER, WORSE, Number, as_markdown, numbers
from pd_assets.lib.release.lineage import Model
from pd_assets.lib.release.promotion import JUDGED, Judgement, settle
from pd_assets.resources import Platform
from pd_assets.running.pools import GPU
from pd_assets.running.step import picture_in_place, step
from pd_ml.config import EvaluateConfig, with_overrides
from pd_ml.provenance import read_run
from pd_ml.recipes import recipe

PLOTTED = ("memorisation.share", "memorisation_training_captions.share")


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
        *(dg.AssetDep(["models", stage]) for stage in JUDGED),
    ],
    description="Metrics with their floors on held-out pictures, and a sample grid with the prompts written under it: "
    "of the text-conditioned model, the latent one and the upscaler, those that there are. Makes what was trained last "
    "`latest`, with what it was made of, unless it falls behind.",
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
        before = evaluator.finished()
        judged = [_judge(evaluator, candidate, config.promote_anyway) for candidate in evaluator.candidates]
        worked = evaluator.finished() != before
        home.point("evaluation", "report", "latest", judged[0].out.name)
    return dg.MaterializeResult(
        data_version=dg.DataVersion("-".join(one.out.name for one in judged)),
        metadata={
            **_described(judged[0]),
            **{f"{one.stage}/{name}": value for one in judged[1:] for name, value in _described(one).items()},
            **done.cost_if(worked),
        },
    )


@dataclass(frozen=True, kw_only=True)
class Judged:
    """The report on the newest model of a stage, and what became of the model."""

    stage: str
    out: Path
    judgement: Judgement
    numbers: tuple[Number, ...]


def _judge(evaluator: Evaluator, candidate: Model, promote_anyway: bool) -> Judged:
    out = evaluator.report(candidate, evaluator.clip_of(candidate))
    judgement = evaluator.judged(candidate, out, promote_anyway=promote_anyway)
    settle(evaluator.home, judgement, candidate)
    evaluator.home.point("evaluation", "report", candidate.stage, out.name)
    evaluated = shelf.evaluated(evaluator.home, candidate)
    # Its newest evaluation is this one, unless one by another CLIP was made later: then it is told of as it is.
    is_this = evaluated is not None and evaluated.folder == out
    found = evaluated.numbers if evaluated is not None and is_this else tuple(numbers(read_report(out)))
    return Judged(stage=candidate.stage, out=out, judgement=judgement, numbers=found)


def _described(judged: Judged) -> dict[str, dg.MetadataValue]:
    out, judgement = judged.out, judged.judgement
    page = f"/models/{judged.stage}/{judgement.candidate}"
    found = judged.numbers
    return {
        "version": dg.MetadataValue.text(out.name),
        "model": dg.MetadataValue.asset(dg.AssetKey(["models", judged.stage])),
        "model_version": dg.MetadataValue.text(judgement.candidate),
        "dataset_version": dg.MetadataValue.text(judgement.dataset_version),
        "promoted": dg.MetadataValue.bool(judgement.promoted),
        "compared_with": dg.MetadataValue.text(judgement.replaced or "none: the first one"),
        "falls_behind_in": dg.MetadataValue.json(list(judgement.behind)),
        "report": dg.MetadataValue.md(_as_page(judged, found, page)),
        **_plotted(found),
        "all_numbers": dg.MetadataValue.json(dict(read_run(out).metrics)),
        "folder": dg.MetadataValue.path(str(out)),
    }


def _plotted(found: Sequence[Number]) -> dict[str, dg.MetadataValue]:
    """The few numbers that the UI plots: those that a model is judged by, and the share of copies."""
    return {one.key: dg.MetadataValue.float(one.plain) for one in found if one.is_judged or one.key in PLOTTED}


def _as_page(judged: Judged, found: Sequence[Number], page: str) -> str:
    """One report in Markdown: what became of it, what changed, the numbers with their floors, what it drew."""
    judgement = judged.judgement
    became = "is in use" if judgement.promoted else "was **not** put in use"
    against = f", beside {judgement.replaced}" if judgement.replaced else ": it is the first one"
    parts = [f"**{judged.stage} {judgement.candidate}** {became}{against}. [Its page]({page})"]
    parts += [f"- {problem}" for problem in judgement.problems] or ["Every floor is kept."]
    for how in (BETTER, WORSE):
        changed = [f"{one.words}: {one.before} → {one.value}" for one in found if one.change == how]
        if changed:
            parts.append(f"**Became {how}**\n\n" + "\n".join(f"- {one}" for one in changed))
    parts.append(as_markdown(found))
    parts.append(picture_in_place(judged.out / "samples.png", whole_at=f"{page}/sheets/evaluation"))
    return "\n\n".join(part for part in parts if part)


assets = [evaluation_report]
