"""The latent line through Dagster, made tiny: what is made of what, what it shows, and what a takedown does to it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg
import numpy as np
import pyarrow.parquet as pq
import pytest
from dagster._core.execution.execute_in_process_result import ExecuteInProcessResult
from PIL import Image

from pd_assets.cli.demo import draw_enlarged, latent_numbers
from pd_assets.lib.home import Home
from pd_assets.lib.release.lineage import Model, models
from pd_assets.lib.release.promotion import latest_judgements
from pd_assets.lib.release.takedowns import take_down
from pd_assets.lib.release.trace import trace
from pd_assets.lib.release.withdrawals import exposures, find_withdrawn
from pd_ml.provenance import read_ledger, verify_outputs
from tests.pd_assets.line import QUIET, Line, Night

pytestmark = pytest.mark.slow

LATENT = ("vae", "latents", "latent_unet", "latent_diffusion")
STAGES = ("tokenizer", "clip", *LATENT, "super_resolution")
DENOISER = ["steps=2", "batch_size=4", "channels=[16,16]", "attention=[false,true]", "norm_groups=4"]
TINY = {
    "models__tokenizer": ["vocab_size=600"],
    "models__clip": ["steps=2", "batch_size=8"],
    "models__vae": ["steps=4", "batch_size=4", "image_size=16", "channels=[16,16,16]"],
    "models__latents": [],
    "models__latent_unet": [*DENOISER, "head_width=8", "previews=2", "sample_steps=2"],
    "models__latent_diffusion": [*DENOISER, "heads=2", "preview_prompts=2", "sample_steps=2"],
    "models__super_resolution": ["steps=4", "batch_size=4", "sample_steps=2", "crop_size=32", "channels=[16,16]"],
    "evaluation__report": ["n=8", "audit=4", "permutations=10", "reference=32", "sample_steps=2"],
}


@pytest.fixture(scope="module")
def trained(
    first_night: Night, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Line, ExecuteInProcessResult]]:
    """A line after a night and one training of the latent models; tests that use it leave it as it is."""
    with first_night.copy(tmp_path_factory.mktemp("latent line")) as made:
        yield made, train(made)


def train(line: Line, assets: Sequence[str] | None = None) -> ExecuteInProcessResult:
    ops = {name: {"config": {"recipe": "debug", "set": changes}} for name, changes in TINY.items()}
    if assets is not None:
        ops = {name: told for name, told in ops.items() if name.replace("__", "/") in assets}
    done = line.defs.resolve_job_def("train_latent_models").execute_in_process(
        instance=line.instance,
        run_config={**QUIET, "ops": ops},
        asset_selection=None if assets is None else [dg.AssetKey(key.split("/")) for key in assets],
        raise_on_error=False,
    )
    assert done.success, [event.step_failure_data.error for event in done.all_events if event.is_step_failure]
    return done


def newest_models(home: Home) -> dict[str, Model]:
    return {model.stage: model for model in models(home) if model.is_candidate}


def learnt_from(folder: Path) -> set[str]:
    """The items that a model's weights learnt from."""
    rows = [row for batch in read_ledger(folder).batches(["item_id", "relation"]) for row in batch.to_pylist()]
    return {row["item_id"] for row in rows if row["relation"] == "trained_on"}


def metadata(done: ExecuteInProcessResult, key: str) -> dict[str, object]:
    (one,) = (
        event.materialization
        for event in done.get_asset_materialization_events()
        if event.materialization.asset_key.to_user_string() == key
    )
    return {name: value.value for name, value in one.metadata.items()}


def test_every_model_names_what_it_was_made_of_by_digest(trained: tuple[Line, ExecuteInProcessResult]) -> None:
    line, _ = trained
    found = newest_models(line.home)
    assert set(found) == set(STAGES)
    made_of = {
        "vae": ("clip",),
        "latents": ("vae", "clip"),
        "latent_unet": ("latents", "vae"),
        "latent_diffusion": ("latents", "vae", "clip"),
        "super_resolution": (),
    }
    dataset = line.home.latest("dataset", "main")
    assert dataset is not None
    for stage, inputs in made_of.items():
        run = found[stage].run
        assert {name: run.inputs[name] for name in inputs} == {name: found[name].run.digest for name in inputs}
        assert set(run.inputs) == {"dataset", *inputs} and run.dataset_version == dataset.name
        assert found[stage].unknown == frozenset()


def test_every_asset_shows_its_numbers_its_pictures_and_its_inputs(
    trained: tuple[Line, ExecuteInProcessResult],
) -> None:
    _, done = trained
    for stage in (*LATENT, "super_resolution"):
        shown = metadata(done, f"models/{stage}")
        assert shown["trained_now"] is True and shown["recipe"] == "debug"
        assert len(str(shown["digest"])) == 64 and len(str(shown["version"])) == 16
        if stage != "latents":
            assert str(shown["loss_curve"]).startswith("![") and str(shown["samples"]).startswith("![")
    vae = metadata(done, "models/vae")
    assert isinstance(vae["psnr_db"], float) and 3 < vae["psnr_db"] < 60
    assert isinstance(vae["reconstruction"], dict) and {"vae", "bicubic_1/4", "mean_picture"} <= set(
        vae["reconstruction"]
    )
    report = metadata(done, "evaluation/report")
    assert report["model"] == dg.AssetKey(["models", "latent_diffusion"])
    assert report["super_resolution/model"] == dg.AssetKey(["models", "super_resolution"])
    gain = report["super_resolution/gain_db"]
    assert isinstance(gain, float) and np.isfinite(gain)
    for told in (report["report"], report["super_resolution/report"]):
        assert (
            "| measure |" in str(told) and "![samples](data:image/" in str(told) and "[Its page](/models/" in str(told)
        )
    plotted = [name for name, value in report.items() if isinstance(value, float)]
    assert len(plotted) <= 12, "few numbers are plotted"
    assert isinstance(vae["train_loss"], float) and isinstance(vae["validation_loss"], float)


def test_a_step_that_had_nothing_to_do_plots_no_number_anew(trained: tuple[Line, ExecuteInProcessResult]) -> None:
    line, done = trained
    first, again = metadata(done, "models/vae"), metadata(train(line, ["models/vae"]), "models/vae")
    assert again["trained_now"] is False
    assert {name for name, value in again.items() if isinstance(value, float) and value != first[name]} == set()
    assert isinstance(first["seconds"], float) and isinstance(again["seconds"], str)


def test_what_is_judged_is_promoted_with_all_that_it_was_made_of(trained: tuple[Line, ExecuteInProcessResult]) -> None:
    line, _ = trained
    found = newest_models(line.home)
    assert {stage for stage, model in found.items() if model.is_latest} == set(STAGES)
    judged = latest_judgements(line.home)
    assert {stage: one.candidate for stage, one in judged.items()} == {
        stage: found[stage].version for stage in ("latent_diffusion", "super_resolution")
    }
    assert {"gain_db", "mmd"} == set(judged["super_resolution"].numbers["candidate"])


def test_the_checks_of_every_stage_ran_and_tell_whole_files_and_fitting_latents(
    trained: tuple[Line, ExecuteInProcessResult],
) -> None:
    _, done = trained
    found = {(one.asset_key.path[-1], one.check_name): one.passed for one in done.get_asset_check_evaluations()}
    for stage in STAGES:
        assert found[stage, "saw_no_taken_down_picture"] and found[stage, "files_are_whole"]
    assert found["latents", "made_of_the_newest"]
    assert ("vae", "beats_trivial_storage") in found and ("report", "keeps_its_floors") in found


def test_a_picture_that_is_taken_down_leaves_the_whole_line(trained: tuple[Line, ExecuteInProcessResult]) -> None:
    """The last test: it changes the line."""
    line, _ = trained
    first = newest_models(line.home)
    dataset = first["vae"].run.dataset_version
    victim = min(set.intersection(*(learnt_from(first[stage].folder) for stage in STAGES if stage != "latents")))

    take_down(line.home, victim, reason="the heirs ask for it", purge=False)
    withdrawn = find_withdrawn(line.home, profile="strict")
    assert {one.model.stage for one in exposures(line.home, withdrawn) if one.pictures} == set(STAGES)

    done = take_down(line.home, victim, reason="for good", purge=True)
    assert done.purged.latents == (first["latents"].version,) and not first["latents"].folder.exists()
    # Latents that are gone as well: their ledger is kept.
    assert {model.stage for model in trace(line.home, victim).models} == set(STAGES)
    for stage in ("vae", "super_resolution"):
        folder = first[stage].folder
        assert {path.name for path in folder.rglob("*.png")} == {"loss_curve.png"}
        assert not list(folder.glob("tensorboard/*"))
        verify_outputs(folder)
    drawn = {path.name for path in line.home.root.glob("evaluation/report/*/*.png")}
    assert drawn == {"loss_curve.png"} and any("nearest_by_pixels" in path for path in done.purged.sheets)

    assert line.run("build_dataset").success
    again = [f"models/{stage}" for stage in ("tokenizer", "clip", "vae", "latents")]
    retrained = train(line, again)
    assert [metadata(retrained, key)["trained_now"] for key in again] == [True] * 4
    latents = newest_models(line.home)["latents"]
    assert dataset not in latents.datasets
    held = captioned_items(latents.folder)
    assert victim not in held and len(held) > 10
    assert metadata(train(line, ["models/latents"]), "models/latents")["trained_now"] is False


def captioned_items(latents: Path) -> set[str]:
    """Every item that a folder of latents holds."""
    return {str(item) for path in latents.glob("*.parquet") for item in pq.read_table(path)["item_id"].to_pylist()}


def test_the_latent_demo_ends_with_enlarged_pictures_and_a_number_of_each_model(
    trained: tuple[Line, ExecuteInProcessResult],
) -> None:
    line, _ = trained
    sheet = draw_enlarged(line.home, "latent_diffusion", "latent")
    drawn = [Image.open(path) for path in sorted(sheet.with_suffix("").iterdir())]
    assert len(drawn) >= 2 and {picture.size for picture in drawn} == {(64, 64)}
    assert all(np.asarray(picture).std() > 1 for picture in drawn)
    numbers = latent_numbers(line.home)
    assert numbers[0].startswith("vae: PSNR ")
    assert numbers[-1].startswith("super_resolution: ") and "dB over bicubic" in numbers[-1]
    assert any(number.startswith("latent_diffusion: ") for number in numbers)
