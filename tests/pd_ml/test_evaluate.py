"""`python -m pd_ml evaluate`: what the report holds for a model without and with prompts."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch
from torch import Tensor, nn

from pd_ml.evaluation.originals import times_shown
from pd_ml.provenance import LEDGER, read_ledger, read_run
from tests.pd_ml.command import run_here, settings
from tests.pd_ml.paintings import write_dataset

SPLITS = {"train": 64, "validation": 16, "test": 16}
QUICK = settings("sample_steps=2", "permutations=20", "audit=4")


class Classes(nn.Module):
    """Returns features only when asked, like the Inception export."""

    def forward(self, images: Tensor, return_features: bool = False) -> Tensor:
        features = images.float().mean(dim=[2, 3])
        return features if return_features else features.sum(1)


def command(models: Path, dataset: Path, stage: str, out: Path, *more: object) -> list[object]:
    base = ["evaluate", "--model", models / stage, "--clip", models / "clip", "--dataset", dataset, "--out", out]
    return [*base, "--n", "24", *QUICK, *more]


@pytest.fixture(scope="module")
def report(models: Path, dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluation")
    torch.jit.script(Classes()).save(str(folder / "features.pt"))
    arguments = command(models, dataset, "unet", folder / "report", "--fid-weights", folder / "features.pt")
    assert run_here(*arguments) == 0
    return folder / "report"


def test_every_distance_has_its_floor_its_size_and_its_judge(report: Path, models: Path) -> None:
    found = json.loads((report / "report.json").read_text())
    clip = {"clip": read_run(models / "clip").digest}
    for name in ("mmd", "kid"):
        assert (found[name]["n"], found[name]["reference_n"]) == (24, 32)
        assert found[name]["measured_by"] == clip
        assert found[name]["generated"] > found[name]["floor_real_vs_real"]
        assert 0 < found[name]["p"] <= 1 and found[name]["floor_std"] > 0
    for name in ("generated", "floor_real_vs_real"):
        assert {"precision", "recall", "density", "coverage", "n"} <= set(found["prdc"][name])
    assert found["prdc"]["measured_by"] == clip


def test_fid_is_measured_with_the_users_network(report: Path) -> None:
    found = json.loads((report / "report.json").read_text())
    assert found["fid"]["generated"] > found["fid"]["floor_real_vs_real"] > 0
    assert found["fid"]["measured_by"]["fid_weights"] == found["inputs"]["fid_weights"]


def test_the_audit_stands_beside_two_controls_whose_answer_is_known(report: Path) -> None:
    audit = json.loads((report / "report.json").read_text())["memorisation"]
    assert (audit["generated"]["n"], audit["training_pictures"]) == (24, 64)
    assert audit["control_copies"]["share"] > 0.9 and audit["control_copies"]["flagged"]
    assert not audit["control_held_out"]["flagged"]
    assert audit["thresholds"]["calibrated_on"] == 16


def test_the_audit_tells_copies_apart_by_how_often_the_ledger_says_that_pictures_were_shown(
    report: Path, models: Path
) -> None:
    audit = json.loads((report / "report.json").read_text())["memorisation"]
    bands, rows = audit["by_exposure"], pq.read_table(read_ledger(models / "unet").path).to_pylist()
    times = [row["times_shown"] for row in rows if row["split"] == "train"]
    assert (
        sum(band["n"] for band in bands) == 24
        and sum(band["copies"] for band in bands) == (audit["generated"]["copies"])
    )
    for band in bands:
        in_it = [one for one in times if band["shown_from"] <= one <= band["shown_to"]]
        assert band["training_pictures"] == len(in_it)
    assert sum(band["training_pictures"] for band in bands) == len(times) == 64
    assert sum(band["n"] for band in audit["by_typicality"]["bands"]) == 24
    generated, floor = audit["generated"], audit["held_out_floor"]
    assert audit["exceeds_floor"] == (generated["flagged"] or generated["low"] > floor["high"]) and floor["n"] == 16


def test_a_ledger_that_proves_nothing_or_is_of_other_pictures_leaves_the_exposure_unknown(
    models: Path, tmp_path: Path
) -> None:
    ids = tuple(row["item_id"] for row in pq.read_table(read_ledger(models / "unet").path).to_pylist())
    assert times_shown(models / "unet", (*ids, "another")) == (
        f"the model's ledger does not name {len(ids) - 63} of {len(ids) + 1} training pictures"
    )
    copy = shutil.copytree(models / "unet", tmp_path / "unet")
    (copy / LEDGER).unlink()
    assert times_shown(copy, ids) == "nothing proves the ledger beside the model"


def test_a_model_without_prompts_has_no_numbers_about_prompts(report: Path) -> None:
    found = json.loads((report / "report.json").read_text())
    assert found["model_stage"] == "unet" and found["trained_on_this_dataset"]
    assert "clip_score" not in found and "memorisation_training_captions" not in found
    assert found["colour_attributes"] == {}
    for name in ("samples", "nearest_by_pixels", "nearest_by_clip", "loss_curve"):
        assert 1_000 < (report / f"{name}.png").stat().st_size <= 1_000_000
    assert {"mmd.generated", "kid.floor_real_vs_real", "memorisation.generated.share"} <= set(read_run(report).metrics)


def relations(report: Path) -> Counter[tuple[str, str]]:
    rows = pq.read_table(read_ledger(report).path).to_pylist()
    assert {row["times_shown"] for row in rows} == {0} and all(row["captions"] == [] for row in rows)
    return Counter((row["split"], row["relation"]) for row in rows)


def test_the_ledger_of_a_report_has_what_the_model_was_measured_with(report: Path, models: Path) -> None:
    # 24 are drawn, compared with all that are held out, and looked for among all training pictures.
    assert relations(report) == {(split, "measured_with"): n for split, n in SPLITS.items()}
    row = pq.read_table(report / LEDGER).slice(0, 1).to_pylist()[0]
    assert (row["stage"], row["version"]) == ("unet", read_run(models / "unet").version)


def test_an_upscaler_is_measured_with_the_held_out_pictures_that_it_enlarges(
    models: Path, upscaler: Path, dataset: Path, tmp_path: Path
) -> None:
    assert run_here(*command(models, dataset, "super_resolution", tmp_path / "report")) == 0
    found = relations(tmp_path / "report")
    assert found["train", "held"] == 64
    assert found["validation", "measured_with"] + found["test", "measured_with"] == 24


def test_a_model_with_prompts_is_asked_for_its_training_captions_too(
    models: Path, dataset: Path, tmp_path: Path
) -> None:
    assert run_here(*command(models, dataset, "unet_text", tmp_path / "report")) == 0
    found = json.loads((tmp_path / "report" / "report.json").read_text())
    assert found["memorisation_training_captions"]["generated"]["n"] == 4
    assert 0 < found["clip_score"]["generated"]["p"] <= 1
    assert found["conditioned_on_this_clip"]
    assert "fid" not in found, "nobody gave it a network to measure with"


def test_what_cannot_be_measured_with_is_one_named_line(
    models: Path, dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "no.pt").write_bytes(b"not a module")
    assert run_here(*command(models, dataset, "unet", tmp_path / "r", "--fid-weights", tmp_path / "no.pt")) == 1
    assert "not a TorchScript module" in capsys.readouterr().err
    assert run_here(*command(models, dataset, "clip", tmp_path / "r")) == 1
    assert "a clip model draws no pictures" in capsys.readouterr().err
    few = write_dataset(tmp_path / "few", {"train": 8, "validation": 1, "test": 1})
    assert run_here(*command(models, few, "unet", tmp_path / "r")) == 1
    assert "2 pictures in validation and test, expected at least 4" in capsys.readouterr().err
    assert not (tmp_path / "r").exists()
