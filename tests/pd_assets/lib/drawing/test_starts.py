"""Pictures to begin with: what people give is decoded apart, ours may be shown, masks lie where they were painted."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from pd_assets.lib.drawing.kept import Kept
from pd_assets.lib.drawing.starts import GIVEN_SIDE, Starts, rectangle, shown_start
from pd_assets.lib.drawing.wish import Wish
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.gallery.standing import NotShown
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release.takedowns import take_down
from tests.pd_assets.lib.drawing.planted import picture, plant_pictures

ITEM = "commons:M1"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = open_home(tmp_path / "home")
    plant_pictures(home, 1)
    return home


@pytest.fixture
def starts(home: Home) -> Starts:
    return Starts(home, Kept.of(home), "strict")


def huge_png(side: int) -> bytes:
    """A header of so many pixels, and next to nothing behind it."""
    header = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"\0" * 1000)
    parts = [header, data, b"IEND"]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(one) - 4) + one + struct.pack(">I", zlib.crc32(one)) for one in parts
    )


def test_a_picture_that_was_given_is_kept_as_large_as_a_model_may_want_it(starts: Starts) -> None:
    name = starts.give_picture(picture((2_000, 1_000), kind="JPEG"))
    assert name == starts.named(name)
    with Image.open(starts.path_of(name)) as opened:
        assert opened.size == (GIVEN_SIDE, GIVEN_SIDE // 2)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>not a picture</html>", "first bytes"),
        (picture((64, 64))[:100], "cannot be read"),
        (huge_png(20_000), "400000000|20000 x 20000 pixels"),
        (huge_png(14_000), "cannot be read"),
    ],
    ids=["no picture", "cut off", "400 megapixels", "a bomb of 196 megapixels"],
)
def test_what_is_no_whole_picture_is_refused_in_words(starts: Starts, body: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as error:
        starts.give_picture(body)
    assert "expected a whole JPEG, PNG" in str(error.value)


def test_one_of_ours_is_called_as_on_every_page_and_is_not_copied(home: Home, starts: Starts) -> None:
    for called in (ITEM, f"picture:{ITEM}", "M1", "https://archive.test/wiki/1"):
        assert starts.named(called) == f"picture:{ITEM}"
    assert starts.path_of(f"picture:{ITEM}") == home.root / "images" / "1.png"


def test_what_was_taken_down_is_nothing_to_begin_with_and_what_began_with_it_is_not_shown(
    home: Home, starts: Starts
) -> None:
    kept = starts.kept
    first = kept.new(Wish(stage="unet", version="v1", start=f"picture:{ITEM}"))
    second = kept.new(Wish(stage="unet", version="v1", start=f"drawn:{first.id}/0"))
    assert starts.withdrawn(f"drawn:{second.id}/0") == ""
    take_down(home, ITEM, reason="asked for")
    assert starts.withdrawn(f"drawn:{second.id}/0") == ITEM
    with pytest.raises(NotShown, match="taken down"):
        starts.named(ITEM)
    with pytest.raises(ConfigError, match="taken down since"):
        starts.path_of(f"drawn:{second.id}/0")


def test_a_mask_lies_over_the_middle_that_is_drawn_from(starts: Starts, tmp_path: Path) -> None:
    out = tmp_path / "mask.png"
    starts.write_mask("rect:50,0,50,100", starts.path_of(f"picture:{ITEM}"), (16, 16), out)
    with Image.open(out) as mask:
        assert (mask.size, mask.getbbox()) == ((128, 64), (64, 0, 96, 64)), "the right half of the square in the middle"


def test_a_mask_that_was_painted_is_white_wherever_the_brush_was(starts: Starts, tmp_path: Path) -> None:
    painted = Image.new("RGB", (512, 512))
    painted.paste((255, 255, 255), (0, 256, 512, 512))
    encoded = io.BytesIO()
    painted.save(encoded, "PNG")
    name, out = starts.give_mask(encoded.getvalue()), tmp_path / "mask.png"
    starts.write_mask(name, starts.path_of(f"picture:{ITEM}"), (16, 16), out)
    with Image.open(out) as mask:
        assert mask.getbbox() == (32, 32, 96, 64)
    with Image.open(io.BytesIO(starts.shown_mask(name, (16, 16), 512))) as shown:
        assert (shown.size, shown.getchannel("A").getbbox()) == ((512, 512), (0, 256, 512, 512))
    assert starts.give_mask(black()) == "", "nothing was painted"


def black() -> bytes:
    encoded = io.BytesIO()
    Image.new("RGB", (32, 32)).save(encoded, "PNG")
    return encoded.getvalue()


def test_a_start_is_shown_as_it_is_cut(starts: Starts) -> None:
    body = shown_start(starts.path_of(f"picture:{ITEM}"), (16, 16), 512)
    with Image.open(io.BytesIO(body)) as shown:
        assert shown.size == (512, 512)
        assert [shown.getpixel((x, 100))[2] > 128 for x in (200, 300)] == [False, True]  # type: ignore[index]


def test_a_rectangle_is_typed_in_percent() -> None:
    assert rectangle("", "", "", "") == ""
    assert rectangle("10", "", "50", "20.4") == "rect:10,0,50,20"
    for typed in (("10", "10", "", "10"), ("10", "10", "0", "10"), ("nan", "0", "1", "1"), ("a", "0", "1", "1")):
        with pytest.raises(ConfigError, match="percent"):
            rectangle(*typed)
