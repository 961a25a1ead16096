"""Answers that are kept while the tables are what they were."""

from pathlib import Path

from pd_assets.lib.catalog.answers import answer
from pd_assets.lib.catalog.schemas import DECISIONS
from pd_assets.lib.home import Home, open_home
from tests.pd_assets.lib.planting import PROFILE, decision, plant


def accepted(home: Home, profile: str = PROFILE) -> int:
    found = answer(home, "decided_by", {"decisions": DECISIONS}, {"profile": profile}).to_pylist()
    return sum(int(row["items"]) for row in found if row["verdict"] == "accept")


def test_an_answer_is_that_of_the_tables_as_they_are_whatever_was_kept(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    assert accepted(home) == 0
    plant(home, DECISIONS, [decision(1), decision(2)])
    assert (accepted(home), accepted(home, "other")) == (2, 0)
    kept = {path: path.stat().st_mtime_ns for path in home.scratch.glob("answer-*")}
    assert (accepted(home), {path: path.stat().st_mtime_ns for path in kept}) == (2, kept)
    for path in kept:
        path.write_bytes(path.read_bytes()[:-9])
    assert accepted(home) == 2
    plant(home, DECISIONS, [decision(1), decision(2, "reject")])
    assert accepted(home) == 1
