"""The watermark on drawn pictures: what is marked is found after JPEG, resizing and cropping, and nothing else is."""

import io
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter

from pd_ml.errors import MarkError
from pd_ml.marks import watermark
from pd_ml.marks.tile import TILE_PX, tile, tiled

Pixels = npt.NDArray[np.uint8]


@cache
def drawn(seed: int, height: int = 256, width: int = 256) -> Pixels:
    """A sky of clouds with shapes before it, and some grain."""
    chance = np.random.default_rng(seed)
    coarse = chance.integers(40, 216, (height // 32 + 2, width // 32 + 2, 3), dtype=np.uint8)
    picture = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(picture)
    for _ in range(12):
        left, top, across, down = (int(value) for value in chance.integers(0, (width, height, 90, 90)))
        colour = tuple(int(level) for level in chance.integers(0, 256, 3))
        draw.ellipse((left, top, left + across, top + down), fill=colour)
        draw.line((left, top, top, left), fill=colour[::-1], width=2)
    grainy = np.asarray(picture.filter(ImageFilter.GaussianBlur(0.7))) + chance.normal(0, 4, (height, width, 1))
    return np.clip(grainy, 0, 255).astype(np.uint8)


@cache
def marked_drawing(seed: int) -> Pixels:
    return watermark.embed(drawn(seed))


def jpeg(pixels_HWC: Pixels, quality: int) -> Pixels:
    with io.BytesIO() as file:
        Image.fromarray(pixels_HWC).save(file, "JPEG", quality=quality)
        return np.asarray(Image.open(file))


def resized(pixels_HWC: Pixels, scale: float) -> Pixels:
    height, width = (round(side * scale) for side in pixels_HWC.shape[:2])
    return np.asarray(Image.fromarray(pixels_HWC).resize((width, height), Image.Resampling.LANCZOS))


ATTACKS = {
    "none": lambda pixels_HWC: pixels_HWC,
    "JPEG q50": lambda pixels_HWC: jpeg(pixels_HWC, 50),
    "half": lambda pixels_HWC: resized(pixels_HWC, 0.5),
    "crop": lambda pixels_HWC: pixels_HWC[9:239, 21:251],
    "crop, enlarged back, JPEG": lambda pixels_HWC: jpeg(resized(pixels_HWC[9:239, 21:251], 256 / 230), 75),
    "mirrored": lambda pixels_HWC: np.ascontiguousarray(pixels_HWC[:, ::-1]),
}


def is_found(pixels_HWC: Pixels) -> bool:
    found = watermark.find(pixels_HWC)
    assert found is not None
    return found.is_found


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_marked_is_found_and_nothing_else(attack: str) -> None:
    assert all(is_found(ATTACKS[attack](marked_drawing(seed))) for seed in range(12))
    assert not any(is_found(ATTACKS[attack](drawn(seed))) for seed in range(12))


def test_what_is_found_says_how_surely_and_how_the_picture_was_resized() -> None:
    marked = watermark.embed(drawn(0, 320, 256))
    for scale in (1.0, 0.5, 0.7, 1.4):
        found = watermark.find(resized(marked, scale))
        assert found is not None and found.is_found and found.score >= found.threshold
        assert found.scale == pytest.approx(scale, rel=0.01)
    nothing = watermark.find(drawn(0, 320, 256))
    assert nothing is not None and nothing.score < nothing.threshold and nothing.scale is None


def test_a_picture_that_is_too_small_cannot_be_marked() -> None:
    assert watermark.is_large_enough(256, 300) and not watermark.is_large_enough(255, 4000)
    with pytest.raises(MarkError, match=r"300 x 255 px is too small .* needs 256 px at each side: draw it larger$"):
        watermark.embed(drawn(0, 255, 300))


def test_a_picture_below_the_stated_size_is_not_judged() -> None:
    assert watermark.find(drawn(0, 63, 400)) is None
    assert watermark.find(drawn(0, 64, 400)) is not None


@given(
    height=st.integers(256, 400),
    width=st.integers(256, 400),
    dark=st.integers(0, 255),
    spread=st.sampled_from([0, 1, 20, 255]),
    seed=st.integers(0, 99),
)
@settings(max_examples=10, deadline=None)
def test_marking_keeps_shape_and_type_and_stays_within_its_levels(
    height: int, width: int, dark: int, spread: int, seed: int
) -> None:
    chance = np.random.default_rng(seed)
    noise = dark + chance.integers(0, spread + 1, (height, width, 3)) - spread // 2
    picture = np.clip(noise, 0, 255).astype(np.uint8)
    before = picture.copy()
    marked = watermark.embed(picture)
    assert (marked.shape, marked.dtype) == (picture.shape, np.uint8) and np.array_equal(picture, before)
    change = marked.astype(np.int16) - picture
    assert 0 < np.abs(change).max() <= watermark.MOST_LEVELS
    assert 10 * np.log10(255**2 / np.square(change).mean()) >= watermark.PSNR_DB
    assert np.array_equal(marked, watermark.embed(picture))


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_flat_picture_is_marked_and_found_and_stays_grey(level: int) -> None:
    flat = np.full((256, 300, 3), level, np.uint8)
    marked = watermark.embed(flat)
    assert (np.ptp(marked, axis=2) == 0).all()
    assert is_found(marked) and is_found(resized(marked, 0.5))
    found = watermark.find(flat)
    assert found is not None and not found.is_found and np.isfinite(found.score)


def test_lines_of_black_and_white_do_not_drown_the_mark() -> None:
    picture = Image.new("RGB", (256, 256), "white")
    draw = ImageDraw.Draw(picture)
    chance = np.random.default_rng(0)
    for _ in range(300):
        left, top, across, down = (int(value) for value in chance.integers((0, 0, -25, -25), (256, 256, 25, 25)))
        draw.line((left, top, left + across, top + down), fill="black", width=2)
    pixels_HWC = np.asarray(picture)
    marked = watermark.embed(pixels_HWC)
    assert is_found(jpeg(marked, 50)) and is_found(resized(marked, 0.5)) and not is_found(pixels_HWC)


@pytest.mark.parametrize("shape", [(1100, 700), (256, 2000)])
def test_a_large_or_long_picture_is_marked_alike_in_all_its_parts(shape: tuple[int, int]) -> None:
    marked = watermark.embed(drawn(1, *shape))
    height, width = shape
    assert all(is_found(part) for part in (marked, marked[:256, :256], marked[height - 256 :, width - 256 :]))


def test_what_is_marked_twice_is_still_found() -> None:
    again = watermark.embed(watermark.embed(drawn(2, 300, 300))[21:, 13:])
    assert is_found(jpeg(again, 60))


def test_the_tile_is_the_one_that_was_published() -> None:
    """Pictures marked by this version must be found by the next: a change here is a new VERSION."""
    assert watermark.VERSION == "1"
    assert tile().shape == (TILE_PX, TILE_PX)
    assert tile()[[0, 5, 63], [0, 40, 63]] == pytest.approx([-1.15085, -0.33069, -1.29877], abs=1e-4)
    assert np.array_equal(tiled(70, 3, 65), np.tile(tile(), (2, 2))[6:9, :65])
