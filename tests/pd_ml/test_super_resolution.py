"""The stage `super_resolution`: what its batches hold, what it refuses, and that it learns more than bicubic knows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pd_ml.config import SuperResolutionConfig, TrainingConfig
from pd_ml.data.loader import open_split
from pd_ml.data.pixels import centre_crops
from pd_ml.errors import ConfigError
from pd_ml.metrics_log import read_metrics
from pd_ml.provenance import read_run
from pd_ml.training.super_resolution_stage import SuperResolutionTask, random_crops
from pd_ml.training.task import Places, whole
from tests.pd_ml.command import TINY_UPSCALER, run_here, settings

CPU = torch.device("cpu")
# An eighth of the steps of the recipe, on smaller crops, most of them for the expected picture: enough to come above
# bicubic.
BUDGET = (
    *("steps=130", "validate_every_steps=130", "previews=1", "sample_steps=2", "crop_size=32", "channels=[48,64]"),
    *("learning_rate=0.002", "warmup_steps=10", "one_step_share=0.75"),
)
CONFIG = SuperResolutionConfig(
    image_size=48,
    crop_size=32,
    patch_size=4,
    channels=(8, 16),
    norm_groups=4,
    training=TrainingConfig(batch_size=32, threads=1, device="cpu"),
)


def task(dataset: Path, cache: Path, config: SuperResolutionConfig = CONFIG) -> SuperResolutionTask:
    train, validation = (open_split(dataset, split, image_size=48, cache=cache) for split in ("train", "validation"))
    return SuperResolutionTask(config, train, validation, CPU)


def test_a_part_of_a_batch_is_that_part_of_the_whole(dataset: Path, tmp_path: Path) -> None:
    made = task(dataset, tmp_path)
    all_of_it, part = made.batch(3, whole(32)), made.batch(3, Places(start=10, stop=15, total=32))
    for name in ("enlarged_BCHW", "noise_levels_B"):
        assert torch.allclose(getattr(all_of_it, name)[10:15], getattr(part, name), atol=1e-6)
    for name in ("images_BCHW", "noise_BCHW", "levels_B"):
        assert torch.allclose(getattr(all_of_it.residual, name)[10:15], getattr(part.residual, name), atol=1e-5)
    other = made.batch(4, whole(32))
    assert not torch.equal(other.enlarged_BCHW, all_of_it.enlarged_BCHW)


def test_a_share_starts_from_nothing_at_level_one_and_the_rest_from_noise(dataset: Path, tmp_path: Path) -> None:
    made = task(dataset, tmp_path, replace(CONFIG, one_step_share=0.25))
    batches = [made.batch(step, whole(32)).residual for step in range(20)]
    levels = torch.cat([batch.levels_B for batch in batches])
    noise_std = torch.cat([batch.noise_BCHW.flatten(1).std(1) for batch in batches])
    at_one = levels == 1
    assert 0.18 < float(at_one.float().mean()) < 0.32
    assert torch.all(noise_std[at_one] == 0) and torch.all(noise_std[~at_one] > 0.9)


def test_half_of_the_small_pictures_get_noise_and_residuals_have_about_variance_one(
    dataset: Path, tmp_path: Path
) -> None:
    made = task(dataset, tmp_path, replace(CONFIG, degraded_share=0.0))
    batches = [made.batch(step, whole(32)) for step in range(10)]
    told = torch.cat([batch.noise_levels_B for batch in batches])
    assert 0.4 < float((told == 0).float().mean()) < 0.6 and float(told.max()) <= CONFIG.noise_level_max
    residual = torch.cat([batch.residual.images_BCHW for batch in batches])
    assert 0.8 < float(residual.std()) < 1.25
    assert 0.8 < float(residual[told > 0.1].std()) < 1.2, "enlarged noise is counted"


def test_crops_are_parts_of_the_picture_and_every_corner_can_be_drawn() -> None:
    pixels = np.arange(2 * 6 * 6 * 3, dtype=np.uint8).reshape(2, 6, 6, 3)
    crops = random_crops(pixels, 4, torch.tensor([[0.0, 0.999], [0.5, 0.0]]))
    assert np.array_equal(crops[0], pixels[0, :4, 2:]) and np.array_equal(crops[1], pixels[1, 1:5, :4])
    assert np.array_equal(centre_crops(pixels, 4), pixels[:, 1:5, 1:5])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"crop_size": 30}, "crop_size 30 is not a multiple of 8"),
        ({"crop_size": 64}, "crop_size 64 is more than image_size 48"),
        ({"patch_size": 3}, "patch_size is 3, expected 1, 2 or 4"),
        ({"channels": ()}, "channels is empty"),
        ({"norm_groups": 3}, "channels 8 is not a multiple of norm_groups 3"),
        ({"degraded_share": 1.5}, "degraded_share is 1.5"),
        ({"noise_level_max": -0.1}, "noise_level_max is -0.1"),
    ],
)
def test_a_config_that_does_not_fit_is_named(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        replace(CONFIG, **changes)
    assert words in str(caught.value)


def test_the_same_command_makes_the_same_weights(dataset: Path, upscaler: Path, tmp_path: Path) -> None:
    base = ["train", "super_resolution", "--recipe", "debug", "--dataset", dataset, "--out", tmp_path / "again"]
    assert run_here(*base, *TINY_UPSCALER) == 0
    assert read_run(tmp_path / "again").digest == read_run(upscaler).digest


@pytest.mark.extended
@pytest.mark.slow
def test_the_expected_picture_comes_nearer_to_the_original_than_bicubic_enlargement(
    dataset: Path, tmp_path: Path
) -> None:
    base = ["train", "super_resolution", "--recipe", "debug", "--dataset", dataset, "--out", tmp_path / "model"]
    assert run_here(*base, *settings(*BUDGET)) == 0
    first, *_, last = [row for row in read_metrics(tmp_path / "model/metrics.jsonl") if "validation_psnr_db" in row]
    assert last["validation_loss"] < 0.9 * first["validation_loss"]
    assert last["validation_psnr_db"] > last["validation_psnr_bicubic_db"] + 0.15
