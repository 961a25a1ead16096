"""Pictures to begin with: what people give is decoded apart, ours may be shown, masks lie where they were painted."""

import hashlib
import io
import shutil
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS
from pd_assets.lib.drawing.kept import DRAWN, Kept
from pd_assets.lib.drawing.starts import GIVEN_SIDE, Starts, rectangle, shown_start
from pd_assets.lib.drawing.wish import Wish
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.gallery.standing import NotShown
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.images.decode import normalise
from pd_assets.lib.release.takedowns import take_down
from tests.pd_assets.lib.drawing.planted import picture, plant_pictures
from tests.pd_assets.lib.pictures import encoded
from tests.pd_assets.lib.planting import MAX_SIDE, decision, file, item, plant
from tests.pd_assets.lib.release.test_look import detailed, passed_on

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
    body = picture((2_000, 1_000), kind="JPEG")
    name = starts.give_picture(body, max_side=MAX_SIDE)
    assert name == starts.named(name)
    with Image.open(starts.path_of(name)) as opened:
        assert opened.size == (GIVEN_SIDE, GIVEN_SIDE // 2)
    original = starts.kept.original(starts.path_of(name))
    assert original is not None and original.read_bytes() == body, "its marks are told of the file that was given"


def test_what_was_given_is_kept_within_bounds_whether_it_is_drawn_from_or_not(home: Home) -> None:
    kept = Kept(home.root / "drawn", most_given=2)
    given = [kept.give(b"small", original=str(number).encode()) for number in range(4)]
    assert [kept.given(one) is not None for one in given] == [False, False, True, True]
    assert len(list((kept.root / ".given").iterdir())) == 3 * 2, "each with its original and its names"


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
        starts.give_picture(body, max_side=MAX_SIDE)
    assert "expected a whole JPEG, PNG" in str(error.value)


def test_one_of_ours_is_called_as_on_every_page_and_is_not_copied(home: Home, starts: Starts) -> None:
    for called in (ITEM, f"picture:{ITEM}", "M1", "https://archive.test/wiki/1"):
        assert starts.named(called) == f"picture:{ITEM}"
    assert starts.path_of(f"picture:{ITEM}") == home.root / "images" / "1.png"


def test_what_was_taken_down_is_nothing_to_begin_with_and_what_began_with_it_is_not_shown(
    home: Home, starts: Starts
) -> None:
    first = drawn(starts, f"picture:{ITEM}")
    second = drawn(starts, first)
    wishes = [one.wish for name in starts.kept.names() if (one := starts.kept.read(name))]
    assert [starts.withdrawn(one) for one in wishes] == ["", ""]
    take_down(home, ITEM, reason="asked for")
    assert [ITEM in starts.withdrawn(one) for one in wishes] == [True, True]
    with pytest.raises(NotShown, match="taken down"):
        starts.named(ITEM)
    with pytest.raises(ConfigError, match="taken down since"):
        starts.path_of(second)


def drawn(starts: Starts, start: str) -> str:
    """A result that began with something, as a start."""
    wish = Wish(stage="unet", version="v1", start=start, root=starts.root_of(start))
    drawing = replace(starts.kept.new(wish), state=DRAWN, files=("0000.png",))
    (starts.kept.folder(drawing.id) / "0000.png").write_bytes(picture((8, 8)))
    starts.kept.write(drawing)
    return f"drawn:{drawing.id}/0"


def test_a_result_is_known_by_what_it_all_began_with_however_long_ago_and_though_that_is_gone(
    home: Home, starts: Starts
) -> None:
    ours, given = drawn(starts, f"picture:{ITEM}"), starts.give_picture(picture((64, 64)), max_side=MAX_SIDE)
    of_it, of_given, of_nothing = ours, drawn(starts, given), drawn(starts, drawn(starts, ""))
    for _ in range(25):
        of_it = drawn(starts, of_it)
    shutil.rmtree(starts.kept.folder(ours[6:].partition("/")[0]))
    starts.kept.forget(given.removeprefix("given:"))
    assert [starts.path_of(one).name for one in (of_it, of_given, of_nothing)] == ["0000.png"] * 3
    take_down(home, ITEM, reason="asked for")
    take_down(home, given.removeprefix("given:"), reason="asked for")
    for one in (of_it, of_given):
        with pytest.raises(ConfigError, match="taken down since"):
            starts.path_of(one)
    assert starts.path_of(of_nothing)


def test_a_result_of_which_nobody_can_tell_what_it_began_with_counts_as_taken_down(starts: Starts) -> None:
    gone = "drawn:20260101-000000000000-00000000/0"
    with pytest.raises(ConfigError, match="nobody can tell any more"):
        starts.path_of(drawn(starts, gone))


def home_of(root: Path, body: bytes) -> Home:
    """A home with one picture as it was really fetched."""
    home, stored = open_home(root), normalise(body, max_side=MAX_SIDE)
    path = f"images/{stored.sha256[:2]}/{stored.sha256}.jpg"
    (home.root / path).parent.mkdir(parents=True)
    (home.root / path).write_bytes(stored.body)
    plant(home, ITEMS, [item(1)])
    plant(home, DECISIONS, [decision(1)])
    hashes = {"sha1": hashlib.sha1(body).hexdigest(), "phash": stored.phash, "detail_hash": stored.quality.detail_hash}
    plant(home, FILES, [file(1, sha256=stored.sha256, path=path, **hashes)])
    return home


def test_what_was_taken_down_is_no_start_by_its_bytes_those_of_the_store_or_its_look(tmp_path: Path) -> None:
    painting = detailed(3)
    original = encoded(painting, quality=90)
    home = home_of(tmp_path / "home", original)
    starts = Starts(home, Kept.of(home), "strict")
    (stored,) = (home.root / "images").glob("*/*.jpg")
    same = [original, stored.read_bytes(), passed_on(painting)]
    earlier = drawn(starts, starts.give_picture(same[2], max_side=MAX_SIDE))
    take_down(home, ITEM, reason="asked for")
    for body in same:
        with pytest.raises(ConfigError, match="was taken down here, or looks like one that was"):
            starts.give_picture(body, max_side=MAX_SIDE)
    with pytest.raises(ConfigError, match="taken down since"):
        starts.path_of(earlier)
    assert starts.give_picture(encoded(detailed(4), quality=90), max_side=MAX_SIDE).startswith("given:")


def test_a_purge_takes_what_was_drawn_of_the_picture_and_what_somebody_gave_that_shows_it(tmp_path: Path) -> None:
    painting = detailed(3)
    home = home_of(tmp_path / "home", encoded(painting, quality=90))
    starts = Starts(home, Kept.of(home), "strict")
    given = starts.give_picture(passed_on(painting), max_side=MAX_SIDE)
    other = starts.give_picture(encoded(detailed(4), quality=90), max_side=MAX_SIDE)
    made = [drawn(starts, f"picture:{ITEM}"), drawn(starts, given)]
    made += [drawn(starts, made[0]), drawn(starts, "drawn:20260101-000000000000-00000000/0")]
    stays = [drawn(starts, other), drawn(starts, "")]
    done = take_down(home, ITEM, reason="for good", purge=True)
    folders = [f"drawn/{one[6:].partition('/')[0]}" for one in made]
    assert set(folders) < set(done.purged.sheets) and not any((home.root / one).exists() for one in folders)
    assert [bool(starts.path_of(one)) for one in (*stays, other)] == [True] * 3
    digest = given.removeprefix("given:")
    assert not list((home.root / "drawn" / ".given").glob(f"{digest}*")) and starts.kept.names() == sorted(
        (one[6:].partition("/")[0] for one in stays), reverse=True
    )


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
