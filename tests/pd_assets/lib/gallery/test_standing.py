"""Which pictures may be shown, as of now, and what is said of the others."""

from dataclasses import replace
from pathlib import Path

import pytest

from pd_assets.lib.gallery.building import build
from pd_assets.lib.gallery.keeping import Keeper
from pd_assets.lib.gallery.standing import NotShown, Standing, told_of
from pd_assets.lib.gallery.thumbs import Thumbs, Unreadable, small
from pd_assets.lib.gallery.withheld import Withheld
from pd_assets.lib.home import Home
from pd_assets.lib.release import notes
from pd_assets.lib.release.takedowns import Asked, noted, take_down
from tests.pd_assets.lib.gallery.planted import with_pictures
from tests.pd_assets.lib.pictures import encoded, painting, png_header_only
from tests.pd_assets.lib.planting import PROFILE


def made(folder: Path) -> Home:
    home = with_pictures(Home(root=folder), 8)
    build(home, PROFILE)
    return home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return made(tmp_path)


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Nobody changes it."""
    return made(tmp_path_factory.mktemp("read"))


def standing(home: Home) -> Standing:
    return Standing(Keeper(home, PROFILE), Withheld(home))


def test_an_accepted_picture_is_shown_as_it_is_stored(read: Home) -> None:
    shown = standing(read)
    item = shown.shown("commons:M1")
    assert shown.body(item) == (read.root / "images/1.jpg").read_bytes()


@pytest.mark.parametrize(
    ("item_id", "told"),
    [
        ("commons:M2", "it is waiting: "),
        ("commons:M3", "it is refused: "),
        ("commons:M99", "No picture here is called"),
        ("x" * 5_000, "No picture here is called"),
        ("commons:M1\n", "No picture here is called"),
        ("commons:M1' or 1=1 --", "No picture here is called"),
        ("", "No picture here is called"),
    ],
)
@pytest.mark.parametrize("is_in_step", [True, False])
def test_what_is_not_shown_says_why_with_an_index_and_without(
    read: Home, item_id: str, told: str, is_in_step: bool
) -> None:
    shown = standing(read)
    if not is_in_step:
        shown.keeper = Keeper(read, PROFILE, making=lambda home, profile: None)
        shown.keeper._open, shown.keeper._looked = None, float("inf")
    with pytest.raises(NotShown, match=told):
        shown.shown(item_id)


def test_the_tables_say_the_same_as_the_index(read: Home) -> None:
    gallery = Keeper(read, PROFILE).current()
    assert gallery is not None
    for number in range(4):
        assert told_of(read, PROFILE, f"commons:M{number}") == gallery.item(f"commons:M{number}")


def test_a_picture_is_withheld_from_the_moment_that_its_takedown_is_noted(home: Home) -> None:
    shown = standing(home)
    item = shown.shown("commons:M1")
    (note,) = noted(Asked(names=("commons:M1",), reason="asked"))
    notes.write(home, note)
    with pytest.raises(NotShown, match=f"taken down .{note.number}"):
        shown.shown("commons:M1")
    # By its digest its copies are withheld too, once it is known which they are.
    notes.write(home, replace(note, named=str(item.sha256)))
    assert shown.withheld.why("commons:M77", item.sha256) is not None


def test_a_takedown_that_was_carried_out_withholds_the_picture_and_a_forgotten_one_does_not(home: Home) -> None:
    shown = standing(home)
    take_down(home, "commons:M4", reason="asked")
    with pytest.raises(NotShown, match="taken down"):
        shown.shown("commons:M4")
    assert shown.shown("commons:M1")


def test_a_picture_that_is_gone_or_altered_is_not_shown(home: Home) -> None:
    shown = standing(home)
    item = shown.shown("commons:M1")
    path = home.root / "images/1.jpg"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(NotShown, match="damaged"):
        shown.body(item)
    path.unlink()
    assert not shown.is_stored(item)
    with pytest.raises(NotShown, match="not in the store"):
        shown.body(item)


def test_a_path_that_leaves_the_home_is_not_read(read: Home) -> None:
    shown = standing(read)
    item = replace(shown.shown("commons:M1"), path="../../etc/passwd")
    with pytest.raises(NotShown, match="no place in this home"):
        shown.body(item)


def test_small_copies_are_made_once_and_kept_up_to_a_number_of_bytes() -> None:
    bodies = [encoded(painting(number, 640, 480)) for number in range(4)]
    made: list[int] = []

    def body(number: int) -> bytes:
        made.append(number)
        return bodies[number]

    one = len(small(bodies[0]))
    thumbs = Thumbs(kept_bytes=3 * one)
    for number in (0, 1, 0, 2, 3, 0, 1):
        thumbs.of(str(number), lambda number=number: body(number))  # type: ignore[misc]
        assert thumbs.held_bytes <= 3 * one
    assert made.count(0) == 1 or made.count(1) == 2
    assert made[:3] == [0, 1, 2]


@pytest.mark.parametrize("body", [b"", b"no picture", png_header_only(40_000, 40_000), encoded(painting(1))[:200]])
def test_what_is_no_picture_is_named(body: bytes) -> None:
    with pytest.raises(Unreadable):
        small(body)
