"""The upscaler's pipeline and `python -m pd_ml upscale`: sizes, seams, what is refused, pictures of other models."""

import itertools
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pd_ml.config import SuperResolutionConfig
from pd_ml.diffusion.enlarging import MAX_SMALL_PIXELS
from pd_ml.diffusion.flow import RectifiedFlow
from pd_ml.diffusion.upscale import enlarge, load_upscaler
from pd_ml.diffusion.upscale_pipeline import PdUpscalePipeline, enlarged, ramp, residual_spread, tile_starts, velocity
from pd_ml.models.super_resolution import build_unet
from pd_ml.provenance import read_run
from tests import warm
from tests.pd_ml.command import run_apart, run_here

CPU = torch.device("cpu")

WITHOUT_US = """
import sys
sys.modules["pd_ml"] = None
import numpy, torch, diffusers
torch.set_num_threads(1)
folder, small, out = sys.argv[1:]
pipeline = diffusers.DiffusionPipeline.from_pretrained(folder, custom_pipeline=folder, trust_remote_code=True)
generator = [torch.Generator().manual_seed(3)]
drawn = pipeline(numpy.load(small), num_inference_steps=3, generator=generator, output_type="np").images
numpy.save(out, drawn)
"""


def untrained(patch_size: int = 4) -> PdUpscalePipeline:
    """Random weights and a large residual: what they draw is plain to see."""
    torch.manual_seed(0)
    unet = build_unet(SuperResolutionConfig(crop_size=64, patch_size=patch_size, channels=(16, 32), norm_groups=8))
    pipeline = PdUpscalePipeline(
        unet=unet.eval(), scheduler=RectifiedFlow().scheduler(), residual_std=0.5, patch_size=patch_size
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def gradient(height: int, width: int) -> np.ndarray:
    """A picture without an edge in it, 1HWC in [0, 1]."""
    rows, columns = np.meshgrid(np.linspace(0.2, 0.8, height), np.linspace(0.3, 0.7, width), indexing="ij")
    return np.stack([rows, columns, (rows + columns) / 2], axis=-1)[None].astype(np.float32)


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def picture_file(path: Path, width: int, height: int, mode: str = "RGB") -> Path:
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8)).convert(mode).save(path)
    return path


@given(length=st.integers(1, 400), tile=st.integers(8, 96))
def test_tiles_cover_every_pixel_and_neighbours_share_at_least_the_overlap(length: int, tile: int) -> None:
    overlap = tile // 4
    starts = tile_starts(length, tile, overlap)
    assert starts[0] == 0 and starts[-1] == max(length - tile, 0)
    assert all(left < right <= left + tile - overlap for left, right in itertools.pairwise(starts))


def test_a_tiles_weight_is_never_zero_and_full_in_the_middle() -> None:
    weights = ramp(32, 8)
    assert weights.min() > 0 and torch.all(weights[8:24] == 1)
    assert torch.equal(weights, weights.flip(0)) and torch.all(weights[:8].diff() > 0)


def test_a_large_picture_has_no_seams_where_tiles_laid_side_by_side_have() -> None:
    pipeline = untrained()
    small = gradient(16, 48)
    blended = pipeline(small, num_inference_steps=1, tile_px=16, output_type="np").images[0]
    parts = [
        pipeline(small[:, :, at : at + 16], num_inference_steps=1, output_type="np").images[0] for at in (0, 16, 32)
    ]
    side_by_side = np.concatenate(parts, axis=1)

    def jump_at_borders(image: np.ndarray) -> float:
        """How sharply the mean of a patch bends where two tiles meet, against the rest of the picture."""
        patches = image.reshape(16, 4, 48, 4, 3).mean(axis=(1, 3))
        bend = np.abs(np.diff(patches, n=2, axis=1)).mean(axis=(0, 2))
        at_borders = np.isin(np.arange(46), [14, 15, 30, 31])
        inside = ~at_borders & (np.arange(46) > 2) & (np.arange(46) < 43)
        return float(bend[at_borders].mean() / bend[inside].mean())

    assert jump_at_borders(side_by_side) > 3
    assert jump_at_borders(blended) < 1.5


def test_a_picture_that_fits_a_tile_is_worked_on_as_a_whole() -> None:
    pipeline = untrained()
    small = gradient(16, 14)
    fitting = [pipeline(small, num_inference_steps=1, tile_px=tile, output_type="np").images for tile in (16, 64, 100)]
    assert np.allclose(fitting[0], fitting[1], atol=1e-5) and np.allclose(fitting[0], fitting[2], atol=1e-5)
    in_tiles = pipeline(small, num_inference_steps=1, tile_px=8, output_type="np").images
    assert np.abs(in_tiles - fitting[0]).max() > 0.01


@pytest.mark.parametrize("patch_size", [1, 2, 4])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (7, 5), (16, 16), (33, 18), (9, 70)])
def test_any_size_becomes_exactly_four_times_as_large(patch_size: int, width: int, height: int) -> None:
    drawn = untrained(patch_size)(gradient(height, width), num_inference_steps=1, tile_px=16, output_type="np").images
    assert drawn.shape == (1, 4 * height, 4 * width, 3)
    assert np.isfinite(drawn).all()


def test_at_level_one_the_velocity_is_noise_less_the_networks_guess_of_the_residual() -> None:
    torch.manual_seed(1)
    unet = build_unet(SuperResolutionConfig(crop_size=64, patch_size=4, channels=(16,), norm_groups=8)).eval()
    noise, base = torch.randn(2, 3, 16, 16), torch.randn(2, 3, 16, 16)
    ones, zeros = torch.ones(2), torch.zeros(2)
    with torch.no_grad():
        found = velocity(unet, noise, base, ones, zeros, patch_size=4)
        folded = torch.nn.functional.pixel_unshuffle(torch.cat([noise, base], 1), 4)
        guess = torch.nn.functional.pixel_shuffle(unet(folded, ones * 1000, class_labels=zeros).sample, 4)
    assert torch.allclose(found, noise + guess, atol=1e-5)


def test_the_spread_of_the_residual_is_that_of_enlarged_noise() -> None:
    noise = torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert float(enlarged(noise).std()) == pytest.approx(float(residual_spread(0.0, torch.tensor([1.0]))), rel=0.05)


def test_noise_level_and_seed_change_a_drawn_picture_and_the_expected_one_has_no_chance_in_it(upscaler: Path) -> None:
    pipeline, _ = load_upscaler(upscaler, CPU)
    small = (gradient(8, 8) * 255).astype(np.uint8)
    drawn = enlarge(pipeline, small, steps=3, seed=1)
    assert np.array_equal(drawn, enlarge(pipeline, small, steps=3, seed=1))
    assert not np.array_equal(drawn, enlarge(pipeline, small, steps=3, seed=2))
    assert not np.array_equal(drawn, enlarge(pipeline, small, steps=3, seed=1, noise_level=0.2))
    assert np.array_equal(enlarge(pipeline, small, steps=1, seed=1), enlarge(pipeline, small, steps=1, seed=2))


def test_the_colder_the_nearer_drawn_pictures_are_to_one_another(upscaler: Path) -> None:
    pipeline, _ = load_upscaler(upscaler, CPU)

    def apart(temperature: float) -> float:
        drawn = [
            pipeline(
                gradient(8, 8),
                num_inference_steps=3,
                temperature=temperature,
                generator=[torch.Generator().manual_seed(seed)],
                output_type="np",
            ).images
            for seed in range(2)
        ]
        return float(np.abs(drawn[0] - drawn[1]).mean())

    assert apart(0) == 0 and 0.001 < apart(0.4) < 0.8 * apart(1)
    with pytest.raises(ValueError, match="temperature -1"):
        pipeline(gradient(8, 8), temperature=-1)


def test_a_fresh_process_without_pd_ml_draws_the_same_picture(upscaler: Path, tmp_path: Path) -> None:
    small = gradient(10, 12)
    np.save(tmp_path / "small.npy", small)
    command = [warm.program(), "-c", WITHOUT_US, upscaler, tmp_path / "small.npy", tmp_path / "large.npy"]
    found = subprocess.run([str(part) for part in command], cwd=tmp_path, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    pipeline, _ = load_upscaler(upscaler, CPU)
    ours = pipeline(small, num_inference_steps=3, generator=[torch.Generator().manual_seed(3)], output_type="np").images
    assert np.array_equal(np.load(tmp_path / "large.npy"), ours)


def test_the_command_writes_a_signed_picture_the_same_in_every_process(upscaler: Path, tmp_path: Path) -> None:
    small = picture_file(tmp_path / "small.jpg", 21, 13)
    base = ["upscale", small]
    more = ["--model", upscaler, "--tile", "16", "--steps", "2"]
    assert run_here(*base, tmp_path / "here.png", *more) == 0
    assert run_apart(*base, tmp_path / "there.png", *more).returncode == 0
    # The content credentials of the two say when each was signed; nothing else differs.
    with Image.open(tmp_path / "here.png") as image, Image.open(tmp_path / "there.png") as again:
        assert np.array_equal(np.asarray(image), np.asarray(again)) and image.text == again.text
        assert image.size == (84, 52)
        assert image.text["pd_upscaler_digest"] == read_run(upscaler).digest
        assert image.text["pd_upscaling"] == "seed 0, 2 steps, noise level 0.0, tiles of 16 px"


@pytest.mark.parametrize("mode", ["L", "P", "LA", "RGBA", "I;16", "1"])
def test_every_kind_of_picture_is_read_and_transparency_is_kept(upscaler: Path, tmp_path: Path, mode: str) -> None:
    if mode == "I;16":
        Image.fromarray(np.full((6, 6), 32896, dtype=np.uint16)).save(tmp_path / "small.png")
    else:
        picture_file(tmp_path / "small.png", 6, 6, mode)
    assert run_here("upscale", tmp_path / "small.png", tmp_path / "l.png", "--model", upscaler, "--steps", "1") == 0
    with Image.open(tmp_path / "l.png") as image:
        assert image.size == (24, 24)
        assert image.mode == ("RGBA" if "A" in mode else "RGB")
        if mode == "I;16":
            assert abs(float(np.asarray(image).mean()) - 128) < 12


def test_a_turned_photograph_is_enlarged_upright(upscaler: Path, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (12, 6), "red").save(tmp_path / "turned.jpg", exif=exif)
    assert run_here("upscale", tmp_path / "turned.jpg", tmp_path / "l.png", "--model", upscaler, "--steps", "1") == 0
    with Image.open(tmp_path / "l.png") as image:
        assert image.size == (24, 48)


def test_what_cannot_be_enlarged_is_one_named_line(
    upscaler: Path, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = picture_file(tmp_path / "small.png", 4, 4)
    out = tmp_path / "large.png"
    (tmp_path / "text.png").write_text("no picture")
    wide = tmp_path / "wide.png"
    Image.new("1", (MAX_SMALL_PIXELS + 1, 1)).save(wide)
    cases = {
        "PictureError: " + str(tmp_path / "none.png"): ["upscale", tmp_path / "none.png", out, "--model", upscaler],
        "cannot be read as a picture": ["upscale", tmp_path / "text.png", out, "--model", upscaler],
        "expected at most 4,000,000 in all": ["upscale", wide, out, "--model", upscaler],
        "expected a name that ends in .png": ["upscale", small, tmp_path / "large.jpg", "--model", upscaler],
        "a unet model, expected super_resolution": ["upscale", small, out, "--model", models / "unet"],
        "no run.json": ["upscale", small, out, "--model", tmp_path],
        "use it with upscale": ["sample", "--model", upscaler, "--out", out],
    }
    for words, command in cases.items():
        assert run_here(*command) == 1
        assert words in one_line(capsys)
    assert not out.exists()
    for wrong in (["--tile", "4"], ["--noise-level", "2"], ["--steps", "0"]):
        with pytest.raises(SystemExit) as caught:
            run_here("upscale", small, out, "--model", upscaler, *wrong)
        assert caught.value.code == 2


@pytest.mark.parametrize(
    ("stage", "more"),
    [("unet", []), ("unet_text", ["--prompt", "a tree"]), ("latent_unet", []), ("latent_diffusion", ["--prompt", "a"])],
)
def test_samples_of_any_picture_model_come_four_times_as_large(
    upscaler: Path, latent_models: Path, tmp_path: Path, stage: str, more: list[str]
) -> None:
    models = latent_models
    base = ["sample", "--model", models / stage, *more, "--steps", "3"]
    assert run_here(*base, "--n", "2", "--upscale", upscaler, "--out", tmp_path / "two.png") == 0
    assert run_here(*base, "--n", "1", "--upscale", "--out", tmp_path / "one.png") == 0
    one, two = (np.asarray(Image.open(tmp_path / name / "0000.png")) for name in ("one", "two"))
    assert one.shape == (64, 64, 3)
    assert np.array_equal(one, two), "the upscaler beside the model is the same, and so is the picture"
    with Image.open(tmp_path / "two" / "0001.png") as image:
        assert image.text["pd_upscaler_digest"] == read_run(upscaler).digest
        assert image.text["pd_model_digest"] == read_run(models / stage).digest


def test_a_missing_upscaler_and_one_named_by_latest(
    upscaler: Path, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "models"
    (home / "unet").mkdir(parents=True)
    (home / "unet" / "v1").symlink_to(models / "unet")
    command = ["sample", "--model", home / "unet" / "v1", "--steps", "2", "--upscale", "--out", tmp_path / "x.png"]
    (home / "lonely").symlink_to(models / "clip")
    assert run_here("sample", "--model", home / "none" / "v1", "--upscale", "--out", tmp_path / "x.png") == 1
    assert "no finished super_resolution model beside" in one_line(capsys)
    (home / "super_resolution").mkdir()
    (home / "super_resolution" / "v7").symlink_to(upscaler)
    (home / "super_resolution" / "latest").write_text("v7\n")
    assert run_here(*command) == 0
    with Image.open(tmp_path / "x" / "0000.png") as image:
        assert image.size == (64, 64)
