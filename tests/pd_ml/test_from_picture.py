"""Pictures that are started from a picture, drawn anew in parts, or of another size."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image

from pd_ml.config import SamplingConfig
from pd_ml.diffusion.canvas import Canvas, anew_weights, start_pixels
from pd_ml.diffusion.flow import RectifiedFlow
from pd_ml.diffusion.from_picture import begins_twice, draw_on, first_step, steps_of
from pd_ml.diffusion.order import Order, checked
from pd_ml.diffusion.sampling import draw, draw_unprompted, open_pipeline, takes_prompts
from pd_ml.diffusion.studio import paint as draw_order
from pd_ml.diffusion.variance_preserving import VariancePreserving
from pd_ml.marks.detection import anchors_of, detect
from pd_ml.marks.origin import ALTERED, GENERATED
from tests.pd_ml.command import run_here
from tests.pd_ml.paintings import paint

CPU = torch.device("cpu")
STAGES = ("unet", "unet_text", "transformer", "latent_unet", "latent_diffusion")
SAMPLING = SamplingConfig(sample_steps=4, guidance_scale=2.0)

Pixels = npt.NDArray[np.uint8]


def start(side: int = 16) -> Pixels:
    return start_pixels(Image.open(io.BytesIO(paint(3).jpeg)).convert("RGB"), side, side)


def drawn(folder: Path, canvas: Canvas, sampling: SamplingConfig = SAMPLING, *, seed: int = 0) -> Pixels:
    return draw_on(
        open_pipeline(folder, CPU),
        canvas,
        ["a tree", "a boat"],
        sampling,
        seed=seed,
        places=[0, 1],
        batch_size=1,
    )


def apart(one: Pixels, other: Pixels) -> float:
    """The mean difference of two pictures, in levels."""
    return float(np.abs(one.astype(float) - other).mean())


@pytest.mark.parametrize("stage", STAGES)
def test_at_full_strength_a_start_is_forgotten_and_the_less_the_nearer_it_is(latent_models: Path, stage: str) -> None:
    folder = latent_models / stage
    pipeline = open_pipeline(folder, CPU)
    if takes_prompts(pipeline):
        pure = draw(pipeline, ["a tree", "a boat"], SAMPLING, seed=0, batch_size=1)
    else:
        pure = draw_unprompted(pipeline, [0, 1], SAMPLING, seed=0, batch_size=1)
    found = drawn(folder, Canvas(width=16, height=16, start_HWC=start(), strength=1.0))
    assert np.abs(found.astype(int) - pure).max() <= 1
    many = SamplingConfig(sample_steps=50, guidance_scale=1.0)
    little = drawn(folder, Canvas(width=16, height=16, start_HWC=start(), strength=0.02), many)
    expected = start()
    if hasattr(pipeline, "vae"):
        with torch.no_grad():
            images = torch.from_numpy(start().copy()).permute(2, 0, 1)[None] / 127.5 - 1
            seen = pipeline.vae.decode(pipeline.vae.encode(images).latent_dist.mode()).sample
        expected = ((seen[0] / 2 + 0.5).clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
    assert apart(little, expected) < apart(pure, expected)
    # What predicts pictures has to learn to leave one as it is; what predicts velocities begins with that.
    assert stage == "transformer" or apart(little, expected) < 12


@pytest.mark.parametrize("stage", STAGES)
def test_what_the_mask_keeps_stays_to_the_bit_and_the_rest_is_drawn_anew_the_same_each_time(
    latent_models: Path, stage: str
) -> None:
    anew_HW = np.zeros((16, 16), np.float32)
    anew_HW[:, 10:] = 1
    canvas = Canvas(width=16, height=16, start_HWC=start(), strength=1.0, anew_HW=anew_HW)
    found = drawn(latent_models / stage, canvas)
    assert (found[:, :, :10] == start()[:, :10]).all()
    assert apart(found[:, :, 10:], start()[:, 10:]) > 5 and apart(found[0], found[1]) > 0
    assert (drawn(latent_models / stage, canvas) == found).all()
    assert (drawn(latent_models / stage, canvas, seed=1) != found).any()


def test_a_small_model_draws_with_one_thread_and_leaves_their_number_as_it_was(models: Path) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    seen: list[int] = []
    try:
        ready = checked(Order(model=models / "unet", steps=2))
        draw_order(ready, open_pipeline(models / "unet", CPU), lambda *_: seen.append(torch.get_num_threads()))
        assert (seen, torch.get_num_threads()) == ([1, 1], 2)
    finally:
        torch.set_num_threads(before)


def test_one_step_is_taken_at_least_and_all_of_them_at_full_strength() -> None:
    assert [first_step(strength, 20) for strength in (1, 0.6, 0.05, 0.001)] == [0, 8, 19, 19]


def test_steps_whose_timesteps_are_the_same_whole_number_are_all_taken(latent_models: Path) -> None:
    folder = latent_models / "unet_text"
    pipeline, told = open_pipeline(folder, CPU), []
    # So great a shift has all but the last steps near 1000, where they are rounded to the same number.
    flow = RectifiedFlow(shift=1000.0).scheduler()
    pipeline.register_modules(scheduler=flow)
    assert begins_twice(pipeline, 20) and not begins_twice(open_pipeline(folder, CPU), 20)
    ready = checked(Order(model=folder, prompts=("a tree",), steps=20))
    pixels_NHWC = draw_order(ready, pipeline, lambda *step: told.append(step))
    assert pixels_NHWC.shape == (1, 16, 16, 3)
    assert told[-1] == (20, 20, 1) and len(told) == 20
    canvas = Canvas(width=16, height=16, start_HWC=start(), strength=0.9, anew_HW=np.ones((16, 16), np.float32))
    draw_on(pipeline, canvas, ["a tree"], replace(SAMPLING, sample_steps=20), seed=0, places=[0], batch_size=1)
    assert flow.step_index == 20, "it went on to the end"


def test_a_step_more_than_was_asked_for_is_counted(models: Path) -> None:
    pipeline, told = open_pipeline(models / "unet", CPU), []
    pipeline.register_modules(
        scheduler=VariancePreserving(
            prediction="epsilon", betas="linear", zero_terminal_snr=False, snr_gamma=None
        ).scheduler()
    )
    canvas = Canvas(width=16, height=16, start_HWC=start(), strength=0.5)
    assert (steps_of(pipeline, None, 61), steps_of(pipeline, canvas, 61)) == (62, 31)
    draw_order(checked(Order(model=models / "unet", steps=61)), pipeline, lambda *step: told.append(step))
    assert told[-1] == (62, 62, 1) and len(told) == 62


def test_a_pixel_is_kept_where_all_that_it_covers_is_black() -> None:
    mask = Image.new("L", (64, 32), 0)
    mask.putpixel((20, 5), 255)
    weights_HW = anew_weights(mask, 8, 8)
    assert (weights_HW > 0).sum() == 1 and weights_HW[1, 1] > 0
    assert (anew_weights(Image.new("L", (16, 16), 255), 8, 8) == 1).all()


@pytest.mark.parametrize(
    ("stage", "size"), [("unet_text", (24, 16)), ("transformer", (24, 16)), ("latent_diffusion", (16, 32))]
)
def test_another_size_is_drawn_with_a_warning_and_with_its_marks(
    latent_models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], stage: str, size: tuple[int, int]
) -> None:
    base = ["sample", "--model", latent_models / stage, "--prompt", "a tree", "--steps", "2"]
    width, height = size
    assert run_here(*base, "--width", width, "--height", height, "--out", tmp_path / "sheet.png") == 0
    assert f"learnt pictures of 16 x 16 pixels, at {width} x {height}" in capsys.readouterr().err
    with Image.open(tmp_path / "sheet" / "0000.png") as image:
        assert image.size == size and f"{width} x {height} pixels" in image.text["pd_sampling"]


def test_what_is_made_of_a_real_picture_is_marked_as_altered_and_of_a_drawn_one_as_made(
    models: Path, tmp_path: Path
) -> None:
    (tmp_path / "real.jpg").write_bytes(paint(3).jpeg)
    base = ["sample", "--model", models / "unet_text", "--prompt", "a tree", "--steps", "2"]
    assert run_here(*base, "--out", tmp_path / "drawn.png") == 0
    for name, source_type in (("real.jpg", ALTERED), ("drawn/0000.png", GENERATED)):
        out = tmp_path / "of" / name.replace("/", "-").replace(".jpg", ".png")
        out.parent.mkdir(exist_ok=True)
        assert run_here(*base, "--image", tmp_path / name, "--strength", "0.5", "--out", out) == 0
        found = detect(out.with_suffix("") / "0000.png", anchors_of([]))
        assert found.credentials is not None and found.xmp is not None
        assert found.xmp.source_type == source_type and source_type in found.credentials.source_types


def test_a_sketch_of_another_shape_is_cut_to_its_centre_and_that_is_said(models: Path, tmp_path: Path) -> None:
    Image.new("RGBA", (90, 30), (0, 0, 0, 0)).save(tmp_path / "sketch.png")
    mask = Image.new("L", (90, 30), 0)
    mask.paste(255, (40, 0, 50, 30))
    mask.save(tmp_path / "mask.png")
    order = Order(model=models / "unet", image=tmp_path / "sketch.png", mask=tmp_path / "mask.png")
    ready = checked(order)
    assert ready.canvas is not None and ready.canvas.start_HWC is not None and ready.canvas.anew_HW is not None
    assert (ready.canvas.start_HWC == 255).all(), "what is transparent lies on white"
    assert ready.canvas.strength == 1 and 0.2 < ready.canvas.anew_HW.mean() < 0.5
    assert "90 x 30 pixels, of which the centre" in ready.warnings[0]
