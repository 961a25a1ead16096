"""One thread, no network, and tiny finished models that all workers of a run read."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.once import made_once
from tests.pd_ml.command import (
    TINY_CLIP,
    TINY_LATENT_DIFFUSION,
    TINY_LATENT_UNET,
    TINY_TRANSFORMER,
    TINY_UNET,
    TINY_UNET_ALONE,
    TINY_UPSCALER,
    TINY_VAE,
    run_apart,
    run_here,
)
from tests.pd_ml.paintings import write_dataset


@pytest.fixture(scope="session")
def dataset(common_folder: Path) -> Path:
    """64 + 16 + 16 paintings."""

    def make(folder: Path) -> None:
        write_dataset(folder / "paintings", {"train": 64, "validation": 16, "test": 16})

    return made_once(common_folder, "dataset", make) / "paintings"


@pytest.fixture(scope="session")
def models(common_folder: Path, dataset: Path) -> Path:
    """A folder with a finished `tokenizer`, `clip`, `unet`, `unet_text` and `transformer`, all tiny."""

    def make(folder: Path) -> None:
        base = ["--recipe", "debug", "--dataset", str(dataset)]
        assert run_here("train", "tokenizer", *base, "--out", folder / "tokenizer") == 0
        clip = ["--input", f"tokenizer={folder / 'tokenizer'}", "--out", folder / "clip", *TINY_CLIP]
        assert run_here("train", "clip", *base, *clip) == 0
        assert run_here("train", "unet", *base, "--out", folder / "unet", *TINY_UNET_ALONE) == 0
        unet = ["--input", f"clip={folder / 'clip'}", "--out", folder / "unet_text", *TINY_UNET]
        patches = ["--input", f"clip={folder / 'clip'}", "--out", folder / "transformer", *TINY_TRANSFORMER]
        assert run_here("train", "transformer", *base, *patches) == 0
        # Like the runs that it is compared with, in a process that has done nothing else.
        assert run_apart("train", "unet_text", *base, *unet).returncode == 0

    return made_once(common_folder, "models", make)


@pytest.fixture(scope="session")
def upscaler(common_folder: Path, dataset: Path, models: Path) -> Path:
    """A finished `super_resolution`, tiny, beside the other models."""

    def make(_: Path) -> None:
        base = ["--recipe", "debug", "--dataset", dataset, "--out", models / "super_resolution"]
        assert run_here("train", "super_resolution", *base, *TINY_UPSCALER) == 0

    made_once(common_folder, "upscaler", make)
    return models / "super_resolution"


@pytest.fixture(scope="session")
def latent_models(common_folder: Path, dataset: Path, models: Path) -> Path:
    """`models` with a finished `vae`, `latents`, `latent_unet` and `latent_diffusion` in it, tiny as well."""

    def make(_: Path) -> None:
        base = ["--recipe", "debug", "--dataset", dataset]
        clip, vae, latents = (["--input", f"{name}={models / name}"] for name in ("clip", "vae", "latents"))
        assert run_here("train", "vae", *base, *clip, "--out", models / "vae", *TINY_VAE) == 0
        assert run_here("train", "latents", *base, *vae, *clip, "--out", models / "latents") == 0
        plain = [*latents, *vae, "--out", models / "latent_unet", *TINY_LATENT_UNET]
        assert run_here("train", "latent_unet", *base, *plain) == 0
        prompted = [*latents, *vae, *clip, "--out", models / "latent_diffusion", *TINY_LATENT_DIFFUSION]
        assert run_here("train", "latent_diffusion", *base, *prompted) == 0

    made_once(common_folder, "latent models", make)
    return models


@pytest.fixture(autouse=True)
def ordinary_floats() -> Iterator[None]:
    """A training flushes denormal numbers to zero in its process; other tests do not expect that of theirs."""
    yield
    if "torch" in sys.modules:
        sys.modules["torch"].set_flush_denormal(False)
