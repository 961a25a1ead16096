"""The audit of copies on latent models: one that was overfitted on 8 pictures is flagged, an honest one is not."""

import json
from pathlib import Path

import pytest

from tests.pd_ml.command import run_here, settings
from tests.pd_ml.paintings import write_dataset

VAE = settings(
    "image_size=16",
    "channels=[16,32,32]",
    "norm_groups=8",
    "training.steps=200",
    "validate_every_steps=200",
    "checkpoint_every_steps=200",
    "learning_rate=0.002",
)
UNET = settings(
    "channels=[48,64]",
    "attention=[false,true]",
    "steps=260",
    "batch_size=8",
    "validate_every_steps=260",
    "checkpoint_every_steps=260",
    "preview_prompts=2",
)
DRAWING = settings("sample_steps=10", "permutations=20", "audit=32")


@pytest.fixture(scope="module")
def vae(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of many pictures, so that it can draw more than those 8."""
    folder = tmp_path_factory.mktemp("memorisation")
    dataset = write_dataset(folder / "many", {"train": 400, "validation": 40, "test": 40})
    base = ["train", "vae", "--recipe", "debug", "--dataset", dataset, "--input", f"clip={models / 'clip'}"]
    assert run_here(*base, "--out", folder / "vae", *VAE) == 0
    return folder / "vae"


def audited(models: Path, vae: Path, dataset: Path) -> dict[str, dict[str, dict[str, float]]]:
    """Train a latent model on `dataset`; the report on what it draws."""
    out, clip = dataset.with_name(f"{dataset.name}-model"), models / "clip"
    base = ["--recipe", "debug", "--dataset", dataset]
    made_of = ["--input", f"vae={vae}", "--input", f"clip={clip}"]
    latents = out.with_name(f"{dataset.name}-latents")
    assert run_here("train", "latents", *base, *made_of, "--out", latents) == 0
    assert (
        run_here("train", "latent_diffusion", *base, *made_of, "--input", f"latents={latents}", "--out", out, *UNET)
        == 0
    )
    report = out.with_name(f"{dataset.name}-report")
    command = ["evaluate", *base, "--model", out, "--clip", clip, "--out", report, "--n", "48", *DRAWING]
    assert run_here(*command) == 0
    found: dict[str, dict[str, dict[str, float]]] = json.loads((report / "report.json").read_text())
    return found


@pytest.mark.extended
@pytest.mark.slow
def test_a_latent_model_overfitted_on_8_pictures_is_flagged(models: Path, vae: Path) -> None:
    dataset = write_dataset(vae.parent / "eight", {"train": 8, "validation": 40, "test": 40}, seed=5)
    found = audited(models, vae, dataset)
    assert found["memorisation"]["generated"]["flagged"]
    assert found["memorisation_training_captions"]["generated"]["flagged"]
    assert not found["memorisation"]["control_held_out"]["flagged"]
    assert found["memorisation"]["generated"]["share"] > 0.5


@pytest.mark.extended
@pytest.mark.slow
def test_a_latent_model_of_many_pictures_is_not_flagged(models: Path, vae: Path) -> None:
    found = audited(models, vae, vae.parent / "many")
    assert not found["memorisation"]["generated"]["flagged"]
    assert found["memorisation"]["control_copies"]["flagged"]
