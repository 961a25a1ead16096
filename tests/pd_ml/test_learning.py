"""Do models learn what captions say? Judged by pixels alone, against the same training with captions dealt out."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from pd_ml.provenance import read_run
from tests.pd_ml.command import run_here, settings
from tests.pd_ml.paintings import ATTRIBUTES, write_dataset

COUNTS = {"train": 1000, "validation": 100, "test": 100}
# No caption of these is longer.
TOKENS = settings("text_max_position_embeddings=24")
# In steps, not seconds: the recipe takes 450 for a larger CLIP and 400 for a larger U-Net that draws 16 px. One colour
# in four is chance.
CLIP_BUDGET = settings(
    *("steps=125", "validate_every_steps=125", "batch_size=100", "learning_rate=0.002"),
    *("image_tower.width=64", "text_tower.width=64"),
)
UNET_BUDGET = settings(
    *("steps=125", "validate_every_steps=125", "checkpoint_every_steps=125", "image_size=8", "channels=[24,32]"),
    *("attention=[false,true]", "norm_groups=8", "learning_rate=0.002", "preview_prompts=2", "sample_steps=2"),
)
# The recipe takes 1000 steps at 32 px, after which objects can be told (tests/bench/denoisers.py).
TRANSFORMER_BUDGET = settings(
    *("steps=150", "validate_every_steps=150", "checkpoint_every_steps=150", "image_size=16", "patch_size=4"),
    *("width=96", "layers=4", "preview_prompts=2", "sample_steps=2"),
)
DRAWING = settings("sample_steps=8", "permutations=100", "n=100", "audit=4")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tokenizer and CLIP of the honest captions, in a folder beside the dataset `honest`."""
    folder = tmp_path_factory.mktemp("learning")
    dataset = write_dataset(folder / "honest", COUNTS)
    base: list[str | Path] = ["--recipe", "debug", "--dataset", dataset]
    clip = ["--input", f"tokenizer={folder / 'tokenizer'}", "--out", folder / "clip", *CLIP_BUDGET]
    assert run_here("train", "tokenizer", *base, "--out", folder / "tokenizer", *TOKENS) == 0
    assert run_here("train", "clip", *base, *clip) == 0
    return folder / "clip"


def judged(
    clip: Path, dataset: Path, stage: str = "unet_text", budget: Sequence[str] = UNET_BUDGET
) -> dict[str, dict[str, float]]:
    """Train a text-to-image model on `dataset`; what is seen of what was asked for in its pictures, by attribute."""
    folder = dataset.parent
    model, report = folder / f"{dataset.name}-{stage}", folder / f"{dataset.name}-{stage}-report"
    base = ["--recipe", "debug", "--dataset", dataset]
    assert run_here("train", stage, *base, "--input", f"clip={clip}", "--out", model, *budget) == 0
    (folder / "attributes.json").write_text(json.dumps(ATTRIBUTES))
    command = ["evaluate", *base, "--model", model, "--clip", clip, "--out", report]
    assert run_here(*command, "--attributes", folder / "attributes.json", *DRAWING) == 0
    found = json.loads((report / "report.json").read_text())
    assert found["n"] == 100
    return {name: entry["generated"] for name, entry in found["colour_attributes"].items()}


@pytest.mark.slow
def test_clip_finds_held_out_pictures_by_their_captions(clip: Path) -> None:
    metrics = read_run(clip).metrics
    assert metrics["validation_recall_at_1_chance"] < 0.02
    assert metrics["validation_recall_at_1"] > 0.4
    assert metrics["validation_zero_shot"] > 2 * metrics["validation_zero_shot_chance"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stage", "budget"),
    [pytest.param("unet_text", UNET_BUDGET, marks=pytest.mark.extended), ("transformer", TRANSFORMER_BUDGET)],
)
def test_pictures_show_the_sky_and_ground_that_held_out_captions_name(
    clip: Path, stage: str, budget: Sequence[str]
) -> None:
    found = judged(clip, clip.parent / "honest", stage, budget)
    for attribute in ("sky", "ground"):
        assert found[attribute]["p"] < 1e-6
        assert found[attribute]["accuracy"] > 0.8


@pytest.mark.extended
@pytest.mark.slow
def test_captions_dealt_out_at_random_teach_nothing(clip: Path) -> None:
    found = judged(clip, write_dataset(clip.parent / "shuffled", COUNTS, shuffled_captions=True))
    for attribute in ("sky", "ground"):
        assert found[attribute]["p"] > 0.01
