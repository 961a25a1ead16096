"""The pictures: truthful colours, captions that name them, the same bytes for the same seed, few look-alikes."""

import io
import random

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pd_assets.sandbox import attributes
from pd_assets.sandbox.painting import Painting
from pd_assets.sandbox.scenes import CAPTIONS, GROUND, SKY, Scene, scene
from tests.cost import cost_s

COUNT = 500


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    rng = random.Random(7)
    return [scene(rng) for _ in range(COUNT)]


@pytest.fixture(scope="module")
def pictures(scenes: list[Scene]) -> list[Image.Image]:
    return [Image.open(io.BytesIO(Painting(scene=shown).read())) for shown in scenes]


def nearest(colours: NDArray[np.float64], palette: dict[str, tuple[int, int, int]]) -> str:
    median = np.median(colours.reshape(-1, 3), axis=0)
    return min(palette, key=lambda name: float(np.sum((median - np.array(palette[name])) ** 2)))


def test_the_top_and_bottom_quarters_of_a_16_pixel_copy_show_the_colours_of_sky_and_ground(
    scenes: list[Scene], pictures: list[Image.Image]
) -> None:
    right = 0
    for shown, picture in zip(scenes, pictures, strict=True):
        small = np.asarray(picture.resize((16, 16), Image.Resampling.BOX), dtype=np.float64)
        right += nearest(small[:4], dict(SKY)) == shown.sky and nearest(small[-4:], dict(GROUND)) == shown.ground
    assert right / COUNT > 0.99


def test_every_caption_holds_exactly_one_phrase_of_each_attribute(scenes: list[Scene]) -> None:
    told = attributes()["attributes"]
    for shown in scenes[:100]:
        for template in range(len(CAPTIONS)):
            caption = shown.caption(template).lower()
            for name, truth in (("sky", shown.sky), ("ground", shown.ground)):
                values = told[name]["values"]
                assert [value for value in values if values[value]["phrase"] in caption] == [truth]
            assert all(word in caption for word in (shown.object, shown.side, shown.season))


def test_attributes_name_their_region_phrase_and_colour() -> None:
    told = attributes()["attributes"]
    assert {name: told[name]["region"] for name in told} == {"sky": "top", "ground": "bottom"}
    assert told["sky"]["values"]["blue"] == {"phrase": "blue sky", "rgb": list(SKY["blue"])}
    assert not set(SKY) & set(GROUND)


def test_the_same_painting_always_gives_the_same_bytes_and_another_seed_gives_others(scenes: list[Scene]) -> None:
    first = scenes[0]
    assert Painting(scene=first).read() == Painting(scene=first).read()
    other = Scene(**{**vars(first), "seed": first.seed + 1})
    assert Painting(scene=first).read() != Painting(scene=other).read()


def test_pictures_of_equal_attributes_differ_and_perceptual_hashes_are_mostly_distinct(
    pictures: list[Image.Image],
) -> None:
    k, i = np.arange(32)[:, None], np.arange(32)[None]
    dct = np.cos(np.pi * k * (2 * i + 1) / 64)
    bits = []
    for picture in pictures:
        grey = np.asarray(picture.convert("L").resize((32, 32), Image.Resampling.LANCZOS), dtype=np.float64)
        low = (dct @ grey @ dct.T)[:8, :8].ravel()
        bits.append(low > np.median(low[1:]))
    hashes = np.array(bits)
    assert len({row.tobytes() for row in hashes}) > 0.99 * COUNT
    far = np.array([np.min(np.delete((hashes != row).sum(1), n)) for n, row in enumerate(hashes)])
    assert float(np.mean(far <= 4)) < 0.05


def test_drawing_and_encoding_a_picture_takes_at_most_four_milliseconds_of_cpu(scenes: list[Scene]) -> None:
    Painting(scene=scenes[0]).read()
    assert cost_s(lambda: [Painting(scene=shown).read() for shown in scenes[:100]]) / 100 < 0.004


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_larger_and_non_square_pictures_decode_at_their_size(scenes: list[Scene], format: str) -> None:
    data = Painting(scene=scenes[1], width=1200, height=800, format=format).read()
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.size, picture.format, picture.mode) == ((1200, 800), format, "RGB")


def test_a_cut_off_file_has_a_header_but_cannot_be_decoded(scenes: list[Scene]) -> None:
    data = Painting(scene=scenes[2], cut=True).read()
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.size == (256, 256)
        with pytest.raises(OSError):
            picture.load()
