"""What a dry run foresees, against what is built and counted."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from pd_ml.config import UnetConfig
from pd_ml.data.loader import open_split
from pd_ml.models.unet import build_unet
from pd_ml.recipes import RECIPES, recipe
from pd_ml.training.estimate import DEVICES, estimate
from pd_ml.training.throughput import flops_per_image
from pd_ml.training.unet_stage import UnetTask
from tests.pd_ml.command import run_here

SMALL_CARD, LARGE_CARD = DEVICES[1], DEVICES[2]


def test_parameters_and_flops_are_those_of_the_model_that_is_trained(dataset: Path, tmp_path: Path) -> None:
    config = recipe("unet", "debug")
    assert isinstance(config, UnetConfig)
    found = estimate(config, {})
    assert found is not None
    assert found.parameters == sum(parameter.numel() for parameter in build_unet(config).parameters())
    train = open_split(dataset, "train", image_size=16, cache=tmp_path)
    task = UnetTask(config, train, train, torch.device("cpu"))
    counted = flops_per_image(task, task.model, batch_size=config.training.batch_size)
    assert found.flops_per_image == pytest.approx(counted, rel=0.02)


def test_twice_the_steps_take_twice_the_time_and_a_larger_picture_more_memory() -> None:
    config = recipe("unet", "debug")
    assert isinstance(config, UnetConfig)
    longer = replace(config, training=replace(config.training, steps=2 * config.training.steps))
    larger = replace(config, image_size=32)
    once, twice, large = (estimate(one, {}) for one in (config, longer, larger))
    assert once is not None and twice is not None and large is not None
    assert twice.hours(LARGE_CARD) == pytest.approx(2 * once.hours(LARGE_CARD))
    assert 3 < large.activation_bytes_per_image / once.activation_bytes_per_image < 5
    assert 3 < large.flops_per_image / once.flops_per_image < 5


def test_small_fits_twelve_gigabytes_and_base_takes_a_day_or_two_on_an_h100() -> None:
    small, base = (recipe("unet", name) for name in RECIPES[1:])
    assert isinstance(small, UnetConfig) and isinstance(base, UnetConfig)
    found_small, found_base = estimate(small, {}), estimate(base, {})
    assert found_small is not None and found_base is not None
    assert found_small.fitting(SMALL_CARD, small.training.batch_size) == small.training.batch_size
    assert found_base.fitting(LARGE_CARD, base.training.batch_size) == base.training.batch_size
    assert 12 < found_base.hours(LARGE_CARD) < 48


def test_a_dry_run_says_parameters_flops_memory_and_time_and_writes_nothing(
    dataset: Path, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = ["train", "unet_text", "--recipe", "debug", "--dataset", dataset, "--input", f"clip={models / 'clip'}"]
    assert run_here(*base, "--out", tmp_path / "out", "--dry-run") == 0
    said = capsys.readouterr()
    for words in ("million parameters", "GFLOP an image", "memory: ", "RTX 3060 12 GB: about", "nothing was written"):
        assert words in said.err
    event = next(json.loads(line) for line in said.out.splitlines() if json.loads(line)["event"] == "estimate")
    assert event["parameters"] > 2_000_000 and event["images"] == 400 * 32
    assert list(tmp_path.iterdir()) == []
