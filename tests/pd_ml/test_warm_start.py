"""`train ... --init-from`: training goes on from the weights of a finished model of the same stage."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from pd_ml.metrics_log import read_metrics
from pd_ml.provenance import read_run
from tests.pd_ml.command import (
    TINY_CLIP,
    TINY_TRANSFORMER,
    TINY_UNET,
    TINY_UNET_ALONE,
    TINY_UPSCALER,
    run_here,
    settings,
)

ONE_STEP = settings("steps=1", "learning_rate=1e-9", "ema_decay=null", "validate_every_steps=1")
STAGES = {
    "clip": (TINY_CLIP, "model.safetensors"),
    "unet": (TINY_UNET_ALONE, "unet/diffusion_pytorch_model.safetensors"),
    "unet_text": (TINY_UNET, "unet/diffusion_pytorch_model.safetensors"),
    "transformer": (TINY_TRANSFORMER, "transformer/diffusion_pytorch_model.safetensors"),
    "super_resolution": (TINY_UPSCALER, "unet/diffusion_pytorch_model.safetensors"),
}
INPUTS = {"clip": "tokenizer", "unet_text": "clip", "transformer": "clip"}


def command(stage: str, dataset: Path, models: Path, out: Path) -> list[str | Path]:
    source = INPUTS.get(stage)
    inputs = ["--input", f"{source}={models / source}"] if source else []
    return ["train", stage, "--recipe", "debug", "--dataset", dataset, *inputs, "--out", out, *STAGES[stage][0]]


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


@pytest.mark.parametrize("stage", STAGES)
def test_training_starts_from_the_weights_of_the_finished_model(
    dataset: Path, models: Path, upscaler: Path, tmp_path: Path, stage: str
) -> None:
    base = command(stage, dataset, models, tmp_path / "warm")
    assert run_here(*base, *ONE_STEP, "--init-from", models / stage) == 0
    before, after = (load_file(folder / STAGES[stage][1]) for folder in (models / stage, tmp_path / "warm"))
    assert max(float((before[name] - after[name]).abs().max()) for name in before) < 1e-6
    record = read_run(tmp_path / "warm")
    assert record.inputs["init_from"] == read_run(models / stage).digest
    cold = command(stage, dataset, models, tmp_path / "cold")
    assert run_here(*cold, *ONE_STEP) == 0
    assert read_run(tmp_path / "cold").version != record.version
    fresh = load_file(tmp_path / "cold" / STAGES[stage][1])
    assert any(not torch.equal(before[name], fresh[name]) for name in before)
    first = {name: read_metrics(tmp_path / name / "metrics.jsonl")[0]["validation_loss"] for name in ("warm", "cold")}
    assert first["warm"] < first["cold"], "the first validation is that of the trained weights"


def test_another_architecture_is_refused_with_the_weights_and_the_settings_that_would_do(
    dataset: Path, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = command("unet", dataset, models, tmp_path / "out")
    assert run_here(*base, *settings("channels=[8,24]"), "--init-from", models / "unet") == 1
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert message.startswith("ConfigError: --init-from") and "of another shape are" in message
    assert "conv_norm_out" not in message, "weights that fit are not named"
    assert "--set channels=[8,16]" in message
    base = command("unet", dataset, models, tmp_path / "other")
    assert run_here(*base, *settings("attention=[true,true]"), "--init-from", models / "unet") == 1
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert "it has no down_blocks.0.attentions.0" in message and "--set attention=[false,true]" in message
    assert not (tmp_path / "out").exists()


def test_another_stage_a_damaged_folder_and_a_stage_without_weights_are_named(
    dataset: Path, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = command("unet", dataset, models, tmp_path / "out")
    assert run_here(*base, "--init-from", models / "clip") == 1
    assert "--init-from: " in (line := one_line(capsys)) and "a clip model, expected unet" in line
    assert run_here(*base, "--init-from", tmp_path) == 1
    assert "no run.json" in one_line(capsys)
    tokenizer = ["train", "tokenizer", "--recipe", "debug", "--dataset", dataset, "--out", tmp_path / "out"]
    assert run_here(*tokenizer, "--init-from", models / "tokenizer") == 1
    assert "the stage tokenizer trains no weights" in one_line(capsys)
    assert not (tmp_path / "out").exists()


def test_a_folder_begun_without_a_warm_start_is_not_gone_on_with_from_one(
    dataset: Path, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.with_name("out.partial").mkdir()
    inputs = {"dataset": json.loads((dataset / "manifest.json").read_text())["digest"]}
    record = read_run(models / "unet")
    begun = {"stage": "unet", "config": dict(record.config), "inputs": inputs, "version": record.version}
    (out.with_name("out.partial") / "job.json").write_text(json.dumps(begun))
    assert run_here(*command("unet", dataset, models, out), "--init-from", models / "unet") == 1
    assert "inputs.init_from was None" in capsys.readouterr().err
