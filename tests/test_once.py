"""What several workers need is made once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.once import made_once


def test_of_several_at_once_one_makes_it_and_all_see_it_whole(tmp_path: Path) -> None:
    made: list[int] = []

    def make(folder: Path) -> None:
        made.append(1)
        for number in range(50):
            (folder / str(number)).write_text("whole")

    with ThreadPoolExecutor(8) as workers:
        seen = list(workers.map(lambda _: len(list(made_once(tmp_path, "it", make).iterdir())), range(8)))
    assert (made, seen) == ([1], [50] * 8)


def test_what_could_not_be_made_is_not_tried_again_and_each_says_why(tmp_path: Path) -> None:
    made: list[int] = []

    def fail(folder: Path) -> None:
        made.append(1)
        raise OSError("the disk is full")

    with pytest.raises(OSError):
        made_once(tmp_path, "it", fail)
    with pytest.raises(pytest.fail.Exception, match=r"`it` could not be made for another test:\nOSError.*disk is full"):
        made_once(tmp_path, "it", fail)
    assert made == [1]
