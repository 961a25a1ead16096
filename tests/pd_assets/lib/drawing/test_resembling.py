"""What a drawn picture resembles: the nearest that was trained on, and how near beside pictures that were held out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pd_assets.lib.drawing.kept import Kept
from pd_assets.lib.drawing.resembling import how_near, resembling
from pd_assets.lib.drawing.starts import Starts
from pd_assets.lib.home import open_home
from pd_assets.lib.release.takedowns import take_down
from tests.pd_assets.lib.drawing.planted import plant_pictures

HELD_OUT = {"count": 218, "nearest_train_distance": {"p01": 0.01, "p05": 0.02, "p25": 0.05, "p50": 0.1, "p75": 0.2}}


@dataclass
class Found:
    """Vectors of which the answer is known."""

    answer: Sequence[tuple[str, float]]
    held_out: dict[str, object] = field(default_factory=lambda: dict(HELD_OUT))

    def nearest(self, vector: Sequence[float], k: int, *, split: str | None = "train") -> Sequence[tuple[str, float]]:
        assert split == "train"
        return self.answer[:k]


@pytest.mark.parametrize(
    ("distance", "said", "is_warning"),
    [
        (0.005, "Closer than 99 of 100", True),
        (0.01, "Closer than 99 of 100", True),
        (0.015, "Closer than 95 of 100", True),
        (0.03, "Closer than 75 of 100", False),
        (0.15, "Closer than 25 of 100", False),
        (0.5, "No closer than most", False),
    ],
)
def test_a_distance_is_told_beside_those_of_held_out_pictures(distance: float, said: str, is_warning: bool) -> None:
    words, warns = how_near(distance, HELD_OUT)
    assert words.startswith(said) and "218 of them were measured" in words
    assert warns is is_warning


def test_without_held_out_pictures_nothing_is_compared() -> None:
    assert how_near(0.002, {}) == ("There is no held-out picture to compare this distance with.", False)


@pytest.mark.parametrize(
    ("count", "said", "is_warning"),
    [
        (99, "Closer than 95 of 100", True),
        (19, "Closer than 75 of 100", False),
        (3, "There are 3 held-out pictures, too few", False),
    ],
)
def test_few_held_out_pictures_tell_no_exact_shares(count: int, said: str, is_warning: bool) -> None:
    words, warns = how_near(0.005, {**HELD_OUT, "count": count})
    assert words.startswith(said) and warns is is_warning


@pytest.mark.parametrize("held_out", [{}, HELD_OUT, {**HELD_OUT, "count": 3}])
def test_a_copy_is_always_a_warning(held_out: dict[str, object]) -> None:
    assert how_near(0.0003, held_out) == ("For our CLIP it is the same picture.", True)


def test_the_nearest_pictures_come_with_whom_to_credit_and_what_was_taken_down_is_not_shown(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    plant_pictures(home, 1, 2)
    take_down(home, "commons:M2", reason="asked for")
    standing = Starts(home, Kept.of(home), "strict").standing
    found = resembling(standing, Found([("commons:M1", 0.015), ("commons:M2", 0.1), ("commons:M9", 0.2)]), [1.0])
    first, second, third = found.pictures
    assert (first.title, first.credit) == ("Picture 1", "A. Painter, 1742, Wikimedia Commons")
    assert (second.is_taken_down, second.title, second.credit) == (True, "", "")
    assert third.title == "commons:M9", "nothing is known of it any more"
    assert found.is_warning
    assert resembling(standing, Found([]), [1.0]).pictures == ()
