"""Trainings through Dagster, made tiny: the first model is promoted, the second judged by it on the same pictures."""

import dagster as dg
import pytest

from pd_assets.lib.release.lineage import models, newest
from pd_assets.lib.release.promotion import latest_judgements
from tests.pd_assets.line import QUIET, Line

STAGES = ("tokenizer", "clip", "transformer")
TINY = {
    "models__tokenizer": ["vocab_size=600"],
    "models__clip": ["steps=2", "batch_size=8"],
    "models__transformer": ["steps=2", "batch_size=4"],
    "evaluation__report": ["n=8", "permutations=10", "reference=32", "sample_steps=2"],
}


def train(line: Line) -> dg.ExecuteInProcessResult:
    ops = {name: {"config": {"recipe": "debug", "set": changes}} for name, changes in TINY.items()}
    done = line.defs.resolve_job_def("train_models").execute_in_process(
        instance=line.instance, run_config={**QUIET, "ops": ops}, raise_on_error=False
    )
    assert done.success, [event.message for event in done.all_events if event.is_step_failure]
    return done


def trained_now(done: dg.ExecuteInProcessResult) -> list[object]:
    found = [event.materialization for event in done.get_asset_materialization_events()]
    return [one.metadata["trained_now"].value for one in found if "trained_now" in one.metadata]


@pytest.mark.extended
@pytest.mark.slow
def test_models_are_promoted_after_their_evaluation_and_a_version_is_trained_once(own_night: Line) -> None:
    line = own_night
    assert trained_now(train(line)) == [True, True, True]
    first = {model.stage: model for model in models(line.home)}
    assert all(model.is_latest and model.is_candidate for model in first.values())
    judgement = latest_judgements(line.home)["transformer"]
    assert (judgement.candidate, judgement.replaced, judgement.promoted) == (first["transformer"].version, None, True)
    observed = line.instance.fetch_observations(dg.AssetKey(["dataset", "manifest"]), limit=1).records[0]
    assert observed.asset_observation is not None
    told = observed.asset_observation.metadata["models"].value
    assert isinstance(told, dict) and set(told) == {f"{stage} {first[stage].version}" for stage in STAGES}

    assert trained_now(train(line)) == [False, False, False], "the same dataset was trained twice"

    line.archive.paint_more(10)
    assert line.run("nightly").success
    assert trained_now(train(line)) == [True, True, True]
    second = newest(line.home, "transformer")
    assert second is not None and second.name != first["transformer"].version
    judgement = latest_judgements(line.home)["transformer"]
    assert (judgement.candidate, judgement.replaced) == (second.name, first["transformer"].version)
    assert set(judgement.numbers) == {"candidate", "candidate_by_the_same_clip", "replaced"}
    in_use = line.home.pointed("models", "transformer", "latest")
    assert in_use == (second.name if judgement.promoted else first["transformer"].version)
