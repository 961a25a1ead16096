"""Finished folders in a fresh process that has diffusers and no pd_ml."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from pd_ml.config import SamplingConfig
from pd_ml.diffusion.sampling import draw_unprompted, load_pipeline
from pd_ml.seeding import seed_of
from tests import warm
from tests.pd_ml.command import TINY_UNET_ALONE, run_here, settings

WITHOUT_US = """
import sys
sys.modules["pd_ml"] = None
import numpy, torch, diffusers
torch.set_num_threads(1)
folder, out, seed, *more = sys.argv[1:]
if more:
    pipeline = diffusers.DiffusionPipeline.from_pretrained(folder, custom_pipeline=folder, trust_remote_code=True)
else:
    pipeline = diffusers.DDPMPipeline.from_pretrained(folder)
generator = [torch.Generator().manual_seed(int(seed))]
prompts = {"prompt": more} if more else {"batch_size": 1}
drawn = pipeline(**prompts, num_inference_steps=5, generator=generator, output_type="np").images
numpy.save(out, drawn)
"""


def drawn_without_us(folder: Path, out: Path, *prompt: str) -> np.ndarray:
    command = [warm.program(), "-c", WITHOUT_US, str(folder), str(out), str(seed_of(1, "sample", 0)), *prompt]
    found = subprocess.run(command, cwd=out.parent, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    return np.round(np.load(out) * 255).astype(np.uint8)


@pytest.mark.parametrize("objective", ["flow", "v_prediction", "epsilon"])
def test_an_unconditional_model_is_diffusers_own_pipeline(dataset: Path, tmp_path: Path, objective: str) -> None:
    folder = tmp_path / "unet"
    command = ["train", "unet", "--recipe", "debug", "--dataset", dataset, "--out", folder, *TINY_UNET_ALONE]
    assert run_here(*command, *settings(f"objective={objective}")) == 0
    ours = draw_unprompted(load_pipeline(folder, torch.device("cpu")), [0], SamplingConfig(sample_steps=5), seed=1)
    assert ours.std() > 5
    assert np.array_equal(drawn_without_us(folder, tmp_path / "theirs.npy"), ours)


def test_a_text_model_brings_its_pipeline_along(models: Path, tmp_path: Path) -> None:
    one = drawn_without_us(models / "unet_text", tmp_path / "one.npy", "a tree")
    assert one.shape == (1, 16, 16, 3)
    assert not np.array_equal(one, drawn_without_us(models / "unet_text", tmp_path / "two.npy", "blue sky"))
