"""Progress that is told in lines, where no terminal draws a bar."""

from itertools import pairwise

import pytest

from pd_assets.lib.progress import Pauses, track


def test_the_lines_of_a_long_work_come_after_ever_longer_pauses() -> None:
    pauses = Pauses()
    told = [second for second in range(8 * 3600) if pauses.are_over(second)]
    assert told[:5] == [10, 30, 70, 150, 310]
    assert {later - sooner for sooner, later in pairwise(told[8:])} == {600}
    assert len(told) < 60, "eight hours of work"


def test_a_short_work_tells_nothing_through_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(track(range(1000), "counting")) == list(range(1000))
    assert capsys.readouterr() == ("", "")
