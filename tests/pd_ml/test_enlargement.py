"""`python -m pd_ml evaluate` of an upscaler: its gain over bicubic, its distance, and a picture of all ways."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from pd_ml.evaluation.clip_space import ClipSpace
from pd_ml.evaluation.enlargement import Enlargements, measured, resized
from pd_ml.provenance import read_run
from tests.pd_ml.command import run_here, settings


def test_the_report_on_an_upscaler_has_every_way_and_its_judge(
    upscaler: Path, models: Path, dataset: Path, tmp_path: Path
) -> None:
    out = tmp_path / "report"
    base = ["evaluate", "--model", upscaler, "--clip", models / "clip", "--dataset", dataset, "--out", out]
    assert run_here(*base, "--n", "16", *settings("sample_steps=2")) == 0
    found = json.loads((out / "report.json").read_text())
    told = found["enlargement"]
    assert (found["model_stage"], found["n"]) == ("super_resolution", 16)
    assert told["measured_by"] == {"clip": read_run(models / "clip").digest}
    for way in ("expected", "drawn", "bicubic"):
        assert told[way]["n"] == told["paired_mmd"][way]["n"] == 16 and 5 < told[way]["psnr_db"] < 60
    gain = told["expected"]["psnr_db"] - told["bicubic"]["psnr_db"]
    assert told["gain_db"]["value"] == pytest.approx(gain, abs=1e-4)
    assert {"enlargement.gain_db.value", "enlargement.mmd_gain.value"} <= set(read_run(out).metrics)
    for name in ("samples", "loss_curve"):
        assert (out / f"{name}.png").stat().st_size > 1_000


def test_pictures_nearer_to_the_originals_than_bicubic_are_told_so(models: Path) -> None:
    rng = np.random.default_rng(0)
    real = rng.integers(0, 256, (48, 16, 16, 3), dtype=np.uint8)
    bicubic = resized(resized(real, 4), 16)
    nearly = np.round(0.9 * real + 0.1 * bicubic).astype(np.uint8)
    made = Enlargements(real_NHWC=real, bicubic_NHWC=bicubic, expected_NHWC=nearly, drawn_NHWC=nearly)
    told = measured(made, ClipSpace(models / "clip", torch.device("cpu")), seed=0)
    gain, nearer = told["gain_db"], told["mmd_gain"]
    assert isinstance(gain, dict) and isinstance(nearer, dict)
    assert gain["value"] > 10 and gain["p"] < 1e-6
    assert nearer["value"] > 0 and nearer["p"] < 0.01
