"""Whether two pictures are the same one: re-encoded, resized, cropped; and how few of many are candidates for it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from pd_assets.lib.images.decode import normalise
from pd_assets.lib.release.alike import SIDE, likeness
from pd_assets.lib.release.look import SAME_BY_HASHES, Known, Look, is_same, look_of, stored_grey
from tests.pd_assets.lib.pictures import encoded, painting


def detailed(seed: int, width: int = 320, height: int = 240) -> Image.Image:
    """Soft blobs with finer ones in them, as a painting has both."""
    fine = Image.fromarray(np.random.default_rng(seed + 1000).integers(0, 256, (48, 64, 3), dtype=np.uint8), "RGB")
    return Image.blend(painting(seed, width, height), fine.resize((width, height), Image.Resampling.BICUBIC), 0.4)


def look(picture: Image.Image | bytes) -> Look:
    found = normalise(picture if isinstance(picture, bytes) else encoded(picture, quality=95), max_side=1280)
    return look_of(found.body, phash=found.phash, detail_hash=found.quality.detail_hash)


def passed_on(picture: Image.Image, *, crop: Sequence[float] = (0, 0, 0, 0), scale: float = 0.6) -> bytes:
    """As a JPEG of quality 70, with these shares cut off at left, top, right and bottom."""
    width, height = picture.size
    left, top, right, bottom = crop
    box = (round(left * width), round(top * height), round((1 - right) * width), round((1 - bottom) * height))
    cut = picture.crop(box)
    small = cut.resize((round(cut.width * scale), round(cut.height * scale)), Image.Resampling.LANCZOS)
    return encoded(small, quality=70)


CROPS = {
    "none": (0.0, 0.0, 0.0, 0.0),
    "2% at each side": (0.02,) * 4,
    "5% at each side": (0.05,) * 4,
    "5% at the left": (0.05, 0, 0, 0),
    "uneven": (0.01, 0.05, 0.03, 0.0),
}


@pytest.mark.parametrize("crop", CROPS.values(), ids=CROPS)
def test_a_picture_that_was_passed_on_is_the_same_one_and_another_is_not(crop: Sequence[float]) -> None:
    for seed in range(4):
        asked = look(passed_on(detailed(seed), crop=crop))
        assert is_same(asked, look(detailed(seed)))
        assert not any(is_same(asked, look(detailed(other))) for other in range(20, 26))


def test_it_is_the_same_one_whichever_of_the_two_was_cropped() -> None:
    small, whole = look(passed_on(detailed(1), crop=(0.04,) * 4)), look(detailed(1))
    assert is_same(small, whole) and is_same(whole, small)


def test_it_may_be_brighter_and_of_less_contrast() -> None:
    altered = ImageEnhance.Contrast(ImageEnhance.Brightness(detailed(2)).enhance(1.15)).enhance(0.8)
    assert is_same(look(altered), look(detailed(2)))


def test_a_white_margin_that_strangers_share_makes_them_no_copies() -> None:
    def framed(seed: int) -> Look:
        sheet = Image.new("RGB", (400, 320), "white")
        sheet.paste(detailed(seed), (40, 40))
        return look(sheet)

    assert is_same(framed(1), framed(1)) and not is_same(framed(1), framed(2))


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_even_picture_has_nothing_to_compare(level: int) -> None:
    even = np.full((SIDE, SIDE), level, dtype=np.uint8)
    assert likeness(even, even) == 0.0


def test_where_the_picture_is_gone_the_hashes_tell_of_a_small_crop_and_of_no_stranger() -> None:
    for seed in range(6):
        asked = look(passed_on(detailed(seed), crop=(0.02,) * 4))
        gone = look(detailed(seed))
        assert is_same(asked, Look(phash=gone.phash, detail_hash=gone.detail_hash))
        other = look(detailed(seed + 50))
        assert not is_same(asked, Look(phash=other.phash, detail_hash=other.detail_hash))


def test_candidates_come_with_the_distance_as_it_is_the_likeliest_first() -> None:
    looks = [look(detailed(seed)) for seed in range(12)]
    known = Known.of([one.phash for one in looks], [one.detail_hash for one in looks])
    first, *_ = known.near(look(passed_on(detailed(7), crop=(0.02,) * 4)))
    assert first.place == 7 and first.score <= SAME_BY_HASHES
    assert first.distance == looks[7].bits_to(look(passed_on(detailed(7), crop=(0.02,) * 4)))
    assert len(known.near(looks[3], most=1)) == 1


def test_a_stored_picture_that_is_gone_or_damaged_has_no_second_look(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    assert stored_grey(path) is None
    path.write_bytes(encoded(detailed(1))[:300])
    assert stored_grey(path) is None
    path.write_bytes(encoded(detailed(1)))
    grey = stored_grey(path)
    assert grey is not None and grey.shape == (SIDE, SIDE)
