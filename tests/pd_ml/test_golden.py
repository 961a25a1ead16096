"""The losses of the first 20 steps of each stage, frozen: a change of the code that moves them changes the model.

CPU, one thread, seed 0. Who changes them on purpose raises the stage's CODE_VERSION and says why.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from pd_ml.metrics_log import read_metrics
from tests.pd_ml.command import TINY_CLIP, TINY_UNET, run_here, settings

TWENTY = settings("steps=20", "log_every_steps=5", "validate_every_steps=20", "checkpoint_every_steps=20")
TINY_PLAIN = settings(
    "channels=[8,16]", "attention=[false,true]", "head_width=8", "norm_groups=4", "batch_size=8", "warmup_steps=2"
)

# Stage: its input, its settings, the mean losses of steps 1-5, 6-10, 11-15, 16-20.
GOLDEN: Mapping[str, tuple[str, list[str], list[float]]] = {
    "clip": ("tokenizer", TINY_CLIP, [3.598369, 3.142866, 2.85707, 2.700846]),
    "unet": ("", TINY_PLAIN, [1.437254, 1.281227, 1.185752, 1.121836]),
    "unet_text": ("clip", TINY_UNET, [1.36765, 1.247334, 1.144605, 1.078473]),
}


@pytest.mark.parametrize("stage", GOLDEN)
def test_the_first_twenty_steps_lose_what_they_always_lost(
    dataset: Path, models: Path, tmp_path: Path, stage: str
) -> None:
    source, tiny, golden = GOLDEN[stage]
    inputs = ["--input", f"{source}={models / source}"] if source else []
    base = ["train", stage, "--recipe", "debug", "--dataset", dataset, *inputs, "--out", tmp_path / stage]
    assert run_here(*base, *tiny, *TWENTY) == 0
    rows = read_metrics(tmp_path / stage / "metrics.jsonl")
    assert [row["train_loss"] for row in rows if "train_loss" in row] == pytest.approx(golden, abs=1e-4)
