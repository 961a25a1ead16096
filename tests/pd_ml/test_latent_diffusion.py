"""The latent pipelines: they open in plain diffusers, sample, and say what they cannot read."""

import shutil
import subprocess
from pathlib import Path

import diffusers
import numpy as np
import pytest
import torch
from PIL import Image

from pd_ml.config import LatentDiffusionConfig, SamplingConfig
from pd_ml.data.latents import read_index
from pd_ml.diffusion.objective import objective_of
from pd_ml.diffusion.sampling import cut_off, draw, draw_unprompted, load_pipeline, picture_size_px, takes_prompts
from pd_ml.errors import ConfigError, ProvenanceError
from pd_ml.models.latent_diffusion import build_latent_diffusion_unet, latent_scheduler
from pd_ml.provenance import read_run
from pd_ml.seeding import seed_of
from tests import warm
from tests.pd_ml.command import TINY_LATENT_DIFFUSION, run_here, settings

CPU = torch.device("cpu")
SHORT = SamplingConfig(sample_steps=4, guidance_scale=3.0)

WITHOUT_US = """
import sys
sys.modules["pd_ml"] = None
import numpy, torch, diffusers
torch.set_num_threads(1)
kind, folder, out, seed = sys.argv[1:5]
pipeline = getattr(diffusers, kind).from_pretrained(folder)
assert pipeline.safety_checker is None
more = {}
if kind != "StableDiffusionPipeline":
    more["image"] = torch.from_numpy(numpy.load(out + ".image.npy"))
    more["strength"] = 0.6
if kind == "StableDiffusionInpaintPipeline":
    more["mask_image"] = torch.from_numpy(numpy.load(out + ".mask.npy"))
    more["height"] = more["width"] = 16
drawn = pipeline(
    ["a tree"], negative_prompt=[""], num_inference_steps=4, guidance_scale=3.0, output_type="np",
    generator=[torch.Generator().manual_seed(int(seed))], **more,
).images
numpy.save(out, drawn)
"""

PLAIN_LATENT = """
import sys
sys.modules["pd_ml"] = None
import numpy, torch, diffusers
torch.set_num_threads(1)
folder, out, seed = sys.argv[1:]
pipeline = diffusers.DiffusionPipeline.from_pretrained(folder, custom_pipeline=folder, trust_remote_code=True)
generator = [torch.Generator().manual_seed(int(seed))]
numpy.save(out, pipeline(1, num_inference_steps=4, generator=generator, output_type="np").images)
"""


def apart(code: str, out: Path, *arguments: object) -> np.ndarray:
    command = [warm.program(), "-c", code, *map(str, arguments)]
    found = subprocess.run(command, cwd=out.parent, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    return np.load(out)


def as_bytes(drawn: np.ndarray) -> np.ndarray:
    return np.round(drawn * 255).astype(np.uint8)


def test_plain_diffusers_draws_the_same_picture_bit_for_bit(latent_models: Path, tmp_path: Path) -> None:
    folder = latent_models / "latent_diffusion"
    ours = draw(load_pipeline(folder, CPU), ["a tree"], SHORT, seed=1)
    out = tmp_path / "theirs.npy"
    theirs = apart(WITHOUT_US, out, "StableDiffusionPipeline", folder, out, seed_of(1, "sample", 0))
    assert np.array_equal(as_bytes(theirs), ours)
    assert ours.shape == (1, 16, 16, 3)


@pytest.mark.parametrize("kind", ["StableDiffusionImg2ImgPipeline", "StableDiffusionInpaintPipeline"])
def test_image_to_image_and_inpainting_open_the_folder_and_repeat_bit_for_bit(
    latent_models: Path, tmp_path: Path, kind: str
) -> None:
    folder, out = latent_models / "latent_diffusion", tmp_path / "theirs.npy"
    image = np.random.default_rng(0).random((1, 3, 16, 16)).astype(np.float32) * 2 - 1
    mask = np.zeros((1, 1, 16, 16), dtype=np.float32)
    mask[..., :8] = 1
    np.save(f"{out}.image.npy", image)
    np.save(f"{out}.mask.npy", mask)
    theirs = apart(WITHOUT_US, out, kind, folder, out, 5)
    pipeline = getattr(diffusers, kind).from_pretrained(folder)
    more = {"mask_image": torch.from_numpy(mask), "height": 16, "width": 16} if "Inpaint" in kind else {}
    ours = pipeline(
        ["a tree"],
        image=torch.from_numpy(image),
        strength=0.6,
        negative_prompt=[""],
        num_inference_steps=4,
        guidance_scale=3.0,
        output_type="np",
        generator=[torch.Generator().manual_seed(5)],
        **more,
    ).images
    assert np.array_equal(theirs, ours)
    assert ours.shape == (1, 16, 16, 3) and np.isfinite(ours).all() and ours.std() > 0.01


def test_a_model_without_prompts_brings_its_pipeline_along(latent_models: Path, tmp_path: Path) -> None:
    folder = latent_models / "latent_unet"
    pipeline = load_pipeline(folder, CPU)
    assert not takes_prompts(pipeline) and picture_size_px(pipeline) == 16
    ours = draw_unprompted(pipeline, [0], SHORT, seed=1)
    out = tmp_path / "theirs.npy"
    theirs = apart(PLAIN_LATENT, out, folder, out, seed_of(1, "sample", 0))
    assert np.array_equal(as_bytes(theirs), ours)


@pytest.mark.parametrize("objective", ["flow", "v_prediction", "epsilon"])
def test_latents_are_never_kept_within_the_range_of_pictures(objective: str) -> None:
    config = LatentDiffusionConfig(objective=objective)
    scheduler = latent_scheduler(objective_of(config))
    assert not scheduler.config.thresholding
    scheduler.set_timesteps(10)
    timestep = scheduler.timesteps[-1]
    sample = torch.full((1, 4, 4, 4), 6.0)
    scheduler.step(torch.zeros_like(sample), timestep, sample)
    last = scheduler.model_outputs[-1]
    assert last is not None and float(last.abs().max()) > 2


def test_every_objective_trains_and_samples_in_latent_space(latent_models: Path, dataset: Path, tmp_path: Path) -> None:
    inputs = [part for name in ("latents", "vae", "clip") for part in ("--input", f"{name}={latent_models / name}")]
    for objective in ("v_prediction", "epsilon"):
        out = tmp_path / objective
        base = ["train", "latent_diffusion", "--recipe", "debug", "--dataset", dataset, *inputs, "--out", out]
        assert run_here(*base, *TINY_LATENT_DIFFUSION, *settings(f"objective={objective}")) == 0
        assert draw(load_pipeline(out, CPU), ["a tree"], SHORT, seed=1).std() > 1


@pytest.mark.parametrize(("stage", "more"), [("latent_unet", []), ("latent_diffusion", ["--prompt", "a tree"])])
def test_sample_draws_and_a_picture_is_the_same_however_many_are_asked_for(
    latent_models: Path, tmp_path: Path, stage: str, more: list[str]
) -> None:
    base = ["sample", "--model", latent_models / stage, *more, "--steps", "3"]
    for n in (1, 3):
        assert run_here(*base, "--n", n, "--out", tmp_path / f"{n}.png") == 0
    pictures = {n: [np.asarray(Image.open(p)) for p in sorted((tmp_path / str(n)).iterdir())] for n in (1, 3)}
    assert len(pictures[3]) == 3 and pictures[1][0].shape == (16, 16, 3)
    assert np.array_equal(pictures[1][0], pictures[3][0])


def test_a_prompt_longer_than_the_context_is_cut_with_a_warning_that_shows_what_was_lost(
    latent_models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline = load_pipeline(latent_models / "latent_diffusion", CPU)
    room = pipeline.tokenizer.model_max_length - 2
    kept = "a " * room
    assert cut_off(pipeline, kept) == ""
    assert cut_off(pipeline, f"{kept}Lost  Ünd Gone") == "Lost  Ünd Gone"
    for model in ("latent_diffusion", "unet_text"):
        base = ["sample", "--model", latent_models / model, "--steps", "2", "--prompt"]
        assert run_here(*base, f"{kept}lost words", "--out", tmp_path / "cut.png") == 0
        assert "warning: prompt is longer than 48 tokens, not read: 'lost words'" in capsys.readouterr().err
        assert run_here(*base, kept, "--out", tmp_path / "whole.png") == 0
        assert "warning" not in capsys.readouterr().err
        cut, whole = (np.asarray(Image.open(tmp_path / name / "0000.png")) for name in ("cut", "whole"))
        assert np.array_equal(cut, whole)


def test_a_component_of_another_model_in_the_folder_is_a_named_error(latent_models: Path, tmp_path: Path) -> None:
    mixed = tmp_path / "mixed"
    shutil.copytree(latent_models / "latent_diffusion", mixed)
    shutil.copytree(latent_models / "vae", mixed / "vae", dirs_exist_ok=True)
    (mixed / "unet" / "config.json").write_bytes((latent_models / "latent_unet" / "unet" / "config.json").read_bytes())
    with pytest.raises(ProvenanceError, match=r"unet/config\.json has another SHA-256"):
        load_pipeline(mixed, CPU)


def test_a_unet_that_cannot_halve_the_latents_is_a_named_error(latent_models: Path) -> None:
    config = LatentDiffusionConfig(channels=(32, 32, 32, 32), attention=(True,) * 4)
    with pytest.raises(ConfigError, match="latents of 4x4 cannot be halved 3 times"):
        build_latent_diffusion_unet(config, read_index(latent_models / "latents"))


def test_the_record_names_dataset_latents_vae_and_clip_by_digest(latent_models: Path) -> None:
    record = read_run(latent_models / "latent_diffusion")
    assert set(record.inputs) == {"dataset", "latents", "vae", "clip"}
    for name in ("latents", "vae", "clip"):
        assert record.inputs[name] == read_run(latent_models / name).digest
    assert read_run(latent_models / "latents").inputs["vae"] == record.inputs["vae"]


@pytest.mark.parametrize("stage", ["vae", "latent_unet", "latent_diffusion"])
def test_a_dry_run_foresees_the_cost_and_writes_nothing(
    latent_models: Path, dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], stage: str
) -> None:
    names = {"vae": ["clip"], "latent_unet": ["latents", "vae"], "latent_diffusion": ["latents", "vae", "clip"]}[stage]
    inputs = [part for name in names for part in ("--input", f"{name}={latent_models / name}")]
    settings_of = settings("channels=[32,32]", "attention=[true,true]") if stage != "vae" else []
    base = ["train", stage, "--recipe", "debug", "--dataset", dataset, *inputs, "--out", tmp_path / "out"]
    assert run_here(*base, *settings_of, "--dry-run") == 0
    said = capsys.readouterr().err
    assert "million parameters" in said and "nothing was written" in said
    assert list(tmp_path.iterdir()) == []


def test_evaluate_measures_a_latent_model(latent_models: Path, dataset: Path, tmp_path: Path) -> None:
    base = ["evaluate", "--model", latent_models / "latent_diffusion", "--clip", latent_models / "clip", "--n", "8"]
    quick = settings("sample_steps=2", "permutations=20", "audit=4")
    assert run_here(*base, "--dataset", dataset, "--out", tmp_path / "report", *quick) == 0
    metrics = read_run(tmp_path / "report").metrics
    assert {"mmd.generated", "memorisation.generated.share"} <= set(metrics)
