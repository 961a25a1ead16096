"""The losses of the first 20 steps of each stage, frozen: a change of the code that moves them changes the model.

CPU, one thread, seed 0. Who changes them on purpose raises the stage's CODE_VERSION and says why.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from pd_ml.metrics_log import read_metrics
from tests.pd_ml.command import (
    TINY_CLIP,
    TINY_LATENT_DIFFUSION,
    TINY_LATENT_UNET,
    TINY_TRANSFORMER,
    TINY_UNET,
    TINY_UPSCALER,
    TINY_VAE,
    run_here,
    settings,
)

TWENTY = settings("steps=20", "log_every_steps=5", "validate_every_steps=20", "checkpoint_every_steps=20")
TINY_PLAIN = settings(
    "channels=[8,16]", "attention=[false,true]", "head_width=8", "norm_groups=4", "batch_size=8", "warmup_steps=2"
)

# Stage: its inputs, its settings, the mean losses of steps 1-5, 6-10, 11-15, 16-20.
GOLDEN: Mapping[str, tuple[str, list[str], list[float]]] = {
    "clip": ("tokenizer", TINY_CLIP, [3.650086, 3.138467, 2.867186, 2.707325]),
    "unet": ("", TINY_PLAIN, [1.437254, 1.281227, 1.185752, 1.121836]),
    "super_resolution": ("", TINY_UPSCALER, [1.819996, 1.967128, 1.925468, 2.16786]),
    "vae": ("clip", TINY_VAE, [0.616305, 1.213493, 1.294176, 1.243446]),
    "latent_unet": ("latents vae", TINY_LATENT_UNET, [2.131923, 2.018764, 2.017763, 2.037518]),
    "latent_diffusion": ("latents vae clip", TINY_LATENT_DIFFUSION, [2.112271, 2.030317, 2.023287, 2.062553]),
    "transformer": ("clip", TINY_TRANSFORMER, [0.317477, 0.282949, 0.233512, 0.206423]),
    "unet_text": ("clip", TINY_UNET, [1.36765, 1.247334, 1.144605, 1.078473]),
}


@pytest.mark.parametrize("stage", GOLDEN)
def test_the_first_twenty_steps_lose_what_they_always_lost(
    dataset: Path, latent_models: Path, tmp_path: Path, stage: str
) -> None:
    source, tiny, golden = GOLDEN[stage]
    inputs = [part for name in source.split() for part in ("--input", f"{name}={latent_models / name}")]
    base = ["train", stage, "--recipe", "debug", "--dataset", dataset, *inputs, "--out", tmp_path / stage]
    assert run_here(*base, *tiny, *TWENTY) == 0
    rows = read_metrics(tmp_path / stage / "metrics.jsonl")
    assert [row["train_loss"] for row in rows if "train_loss" in row] == pytest.approx(golden, abs=1e-4)
