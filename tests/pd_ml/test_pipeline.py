import hashlib
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import DiffusionPipeline
from transformers import CLIPTextModel

from pd_ml.config import SamplingConfig
from pd_ml.data.loader import open_split
from pd_ml.diffusion.pipeline import text_states
from pd_ml.diffusion.sampling import draw, load_pipeline
from pd_ml.errors import DeviceError, ProvenanceError
from pd_ml.models.attention import use_attention
from pd_ml.models.tokenizer import load_tokenizer
from pd_ml.training.captions import TokenisedCaptions
from tests import warm
from tests.pd_ml.command import ROOT

CPU = torch.device("cpu")
PROMPTS = ["a boat on the left, blue sky", "a tree"]

FRESH = """
import sys, hashlib, torch
from pathlib import Path
from pd_ml.config import SamplingConfig
from pd_ml.diffusion.sampling import draw, load_pipeline
torch.set_num_threads(1)
pipeline = load_pipeline(Path(sys.argv[1]), torch.device("cpu"))
drawn = draw(pipeline, sys.argv[2:], SamplingConfig(sample_steps=3), seed=5)
print(hashlib.sha256(drawn.tobytes()).hexdigest())
"""


def test_a_fresh_process_draws_the_same_pictures(models: Path) -> None:
    pixels = draw(load_pipeline(models / "unet_text", CPU), PROMPTS, SamplingConfig(sample_steps=3), seed=5)
    command = [warm.program(), "-c", FRESH, str(models / "unet_text"), *PROMPTS]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == hashlib.sha256(pixels.tobytes()).hexdigest()


def test_text_states_in_training_are_those_of_the_pipeline(models: Path, dataset: Path, tmp_path: Path) -> None:
    pipeline = load_pipeline(models / "unet_text", CPU)
    examples = open_split(dataset, "test", image_size=16, cache=tmp_path).first(4)
    encoder = CLIPTextModel.from_pretrained(models / "clip")
    ids = TokenisedCaptions(load_tokenizer(models / "clip"), examples).first(range(4))
    with torch.no_grad():
        in_training = text_states(encoder, ids)
        in_pipeline = pipeline.encode_prompt([captions[0] for captions in examples.captions])
    assert torch.equal(in_training, in_pipeline)


def test_a_picture_depends_on_seed_and_place_and_hardly_on_the_batch(models: Path) -> None:
    pipeline = load_pipeline(models / "unet_text", CPU)
    sampling = SamplingConfig(sample_steps=3)
    together = draw(pipeline, ["a tree"] * 3, sampling, seed=1)
    one_by_one = draw(pipeline, ["a tree"] * 3, sampling, seed=1, batch_size=1)
    assert np.abs(together.astype(int) - one_by_one.astype(int)).max() <= 1
    assert not np.array_equal(together[0], together[1])
    assert not np.array_equal(together, draw(pipeline, ["a tree"] * 3, sampling, seed=2))


def test_guidance_and_negative_prompt_change_the_picture(models: Path) -> None:
    pipeline = load_pipeline(models / "unet_text", CPU)
    plain = draw(pipeline, ["a tree"], SamplingConfig(sample_steps=3, guidance_scale=1.0), seed=1)
    guided = draw(pipeline, ["a tree"], SamplingConfig(sample_steps=3, guidance_scale=4.0), seed=1)
    away = draw(
        pipeline, ["a tree"], SamplingConfig(sample_steps=3, guidance_scale=4.0), seed=1, negative_prompt="boat"
    )
    assert not np.array_equal(plain, guided)
    assert not np.array_equal(guided, away)


def test_the_folder_brings_its_own_pipeline_code(models: Path) -> None:
    folder = models / "unet_text"
    shipped = DiffusionPipeline.from_pretrained(
        folder, custom_pipeline=str(folder / "pipeline.py"), trust_remote_code=True
    )
    shipped.set_progress_bar_config(disable=True)
    generator = [torch.Generator().manual_seed(3)]
    theirs = shipped(["a tree"], num_inference_steps=3, generator=generator, output_type="np").images
    generator = [torch.Generator().manual_seed(3)]
    ours = load_pipeline(folder, CPU)(["a tree"], num_inference_steps=3, generator=generator, output_type="np").images
    assert "pd_ml" not in type(shipped).__module__
    assert np.array_equal(theirs, ours)


def test_a_changed_weight_is_not_loaded(models: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(models / "unet_text", copy)
    weights = next((copy / "unet").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\1")
    with pytest.raises(ProvenanceError, match="has another SHA-256"):
        load_pipeline(copy, CPU)


def test_xformers_is_refused_loudly_without_cuda(models: Path) -> None:
    unet = load_pipeline(models / "unet_text", CPU).unet
    use_attention(unet, "sdpa", "cpu")
    with pytest.raises(DeviceError, match="xformers needs CUDA, found cpu"):
        use_attention(unet, "xformers", "cpu")
