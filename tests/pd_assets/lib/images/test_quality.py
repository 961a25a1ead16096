"""Measurements of drawn pictures: each tells apart what it is for, and none changes with the size of the picture."""

import time

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from pd_assets.lib.images.decode import normalise
from pd_assets.lib.images.quality import Quality, measure
from tests.pd_assets.lib.pictures import encoded, painting


def page_of_text(width: int = 900, height: int = 1200, size: int = 26) -> Image.Image:
    """A printed page: dark words of several lengths on paper, in even lines."""
    random = np.random.default_rng(3)
    page = Image.new("RGB", (width, height), (236, 228, 206))
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size)
    for top in range(80, height - 80, round(size * 1.5)):
        left = 80.0
        while left < width - 160:
            word = "".join(random.choice(list("etaoinshrdlu"), int(random.integers(2, 9))))
            draw.text((left, top), word, fill=(30, 26, 22), font=font)
            left += draw.textlength(word + " ", font)
    return page


def even(colour: str = "white") -> Image.Image:
    return Image.new("RGB", (400, 300), colour)


def test_a_blurred_picture_is_less_sharp() -> None:
    grain = np.random.default_rng(1).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    sharp = Image.fromarray(grain).resize((640, 480), Image.Resampling.BICUBIC)
    values = [measure(sharp.filter(ImageFilter.GaussianBlur(radius))).sharpness for radius in (0, 2, 6)]
    assert values[0] > 2 * values[1] > 4 * values[2]
    assert measure(even()).sharpness == 0


def test_greyness_is_the_share_of_pixels_without_colour() -> None:
    colours = Image.new("RGB", (400, 300), (200, 40, 30))
    assert measure(colours).greyness == 0
    assert measure(ImageOps.grayscale(painting(2)).convert("RGB")).greyness == 1
    half = colours.copy()
    half.paste((90, 90, 90), (0, 0, 200, 300))
    assert measure(half).greyness == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("side", [300, 1200])
def test_border_is_the_share_of_uniform_margins(side: int) -> None:
    picture = painting(3, side, side)
    assert measure(picture).border < 0.05
    mounted = ImageOps.expand(picture, side // 4, "white")
    assert measure(mounted).border == pytest.approx(1 - 1 / 1.5**2, abs=0.03)
    scanned = Image.new("RGB", (side, side + side // 2), "black")
    scanned.paste(picture, (0, 0))
    assert measure(scanned).border == pytest.approx(1 / 3, abs=0.03)
    assert measure(even()).border == 1


@pytest.mark.parametrize("size", [20, 26, 34])
def test_a_page_of_text_is_told_from_pictures(size: int) -> None:
    assert measure(page_of_text(size=size)).text_page > 0.5
    assert measure(page_of_text(1800, 2400, 2 * size)).text_page > 0.5
    assert max(measure(painting(seed, 640, 480)).text_page for seed in range(8)) < 0.1
    assert measure(even()).text_page == 0


def test_entropy_grows_with_the_levels_of_grey() -> None:
    ramp = Image.fromarray(np.tile(np.arange(256, dtype=np.uint8), (256, 1))).convert("RGB")
    assert measure(even()).entropy == 0
    assert measure(ramp).entropy == pytest.approx(8, abs=0.01)


@pytest.mark.parametrize(
    ("size", "aspect"), [((400, 300), 1.3333), ((300, 400), 0.75), ((2000, 1), 2000.0), ((1, 1), 1.0)]
)
def test_aspect_is_width_by_height(size: tuple[int, int], aspect: float) -> None:
    assert measure(Image.new("RGB", size)).aspect == aspect


def test_every_measurement_comes_with_the_normalised_picture() -> None:
    picture = normalise(encoded(painting(4, 640, 480)), max_side=320)
    assert isinstance(picture.quality, Quality)
    assert picture.quality.aspect == pytest.approx(4 / 3, abs=0.001)
    assert len(picture.quality.detail_hash) == 64


def test_measuring_costs_little_beside_decoding() -> None:
    """Less than a third of the time that even a smooth picture of the usual size takes to decode."""
    image = painting(5, 1280, 960)
    body = encoded(image)
    spent = {"decode": 0.0, "measure": 0.0}
    for _ in range(5):
        for name, work in (("decode", lambda: normalise(body, max_side=1280)), ("measure", lambda: measure(image))):
            started = time.process_time()
            work()
            spent[name] += time.process_time() - started
    assert spent["measure"] < 0.33 * spent["decode"]
