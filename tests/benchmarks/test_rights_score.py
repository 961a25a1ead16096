"""The scorer of benchmarks/rights: its figures on pages counted by hand, its intervals, and what it refuses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.rights.pages import PAGES, BadFile, Decided, Page, read_pages, write_decisions
from benchmarks.rights.score import lines, score, share_of
from tests.conftest import ROOT


def page(name: str, *free: str, form: str = "Met", kind: str = "free") -> Page:
    return Page(id=name, form=form, language="en", kind=kind, title=name, wikitext="", free=frozenset(free))


def told(profile: str = "us", **verdicts: str) -> list[Decided]:
    return [Decided(id=name, profile=profile, verdict=verdict) for name, verdict in verdicts.items()]


FOUR = [page("a", "us"), page("b", "us"), page("c", "us", form="SMK"), page("d", kind="trap")]


def test_precision_recall_waits_and_refusals_are_those_counted_by_hand() -> None:
    of_us = score(FOUR, told(a="accept", b="wait", c="reject", d="accept"))[2]
    assert (of_us.all.precision.count, of_us.all.precision.of) == (1, 2)
    assert (of_us.all.recall.count, of_us.all.recall.of) == (1, 3)
    assert (of_us.all.waits.count, of_us.all.refused.count) == (1, 1)
    assert of_us.all.false_accepts == ("d",)
    assert {name: found.recall.count for name, found in of_us.by["form"].items()} == {"Met": 1, "SMK": 0}
    assert of_us.by["kind"]["trap"].precision.share == 0.0


def test_a_page_that_nobody_decided_waits() -> None:
    of_us = score(FOUR, told(a="accept"))[2]
    assert (of_us.all.waits.count, of_us.all.precision.share) == (2, 1.0)


def test_the_interval_is_wilsons() -> None:
    # 81 of 263 with 95%: 0.2553 to 0.3662 (Newcombe 1998, Statistics in Medicine 17, table I, method 3).
    found = share_of(81, 263)
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)
    assert (share_of(0, 0).low, share_of(0, 0).high) == (0.0, 1.0)
    assert (round(share_of(10, 10).low, 4), round(share_of(10, 10).high, 4)) == (0.7225, 1.0)


@pytest.mark.parametrize(
    ("decided", "says"),
    [
        (told(e="accept"), "the page 'e', which is not among the labelled ones"),
        (told("uk", a="accept"), "the profile 'uk' of a, expected one of strict, life70, us"),
        (told(a="yes"), "the verdict 'yes' of a, expected one of accept, wait, reject"),
        (told(a="accept") + told(a="wait"), "a under us twice"),
    ],
)
def test_a_decision_that_fits_no_page_is_refused_with_what_was_expected(decided: list[Decided], says: str) -> None:
    with pytest.raises(BadFile, match=says):
        score(FOUR, decided)


def test_the_tables_name_every_group_and_false_accept() -> None:
    text = "\n".join(lines(score(FOUR, told(a="accept", d="accept"))))
    assert "| SMK | 1 | 0 | none |" in text and "False accepts under us: d" in text


def test_any_system_is_scored_by_the_standard_library_alone(tmp_path: Path) -> None:
    pages = read_pages(PAGES)
    write_decisions((Decided(id=one.id, profile="us", verdict="accept") for one in pages), tmp_path / "all.csv")
    command = [sys.executable, "-S", "-m", "benchmarks.rights.score", str(tmp_path / "all.csv"), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    strict, _, us = json.loads(done.stdout)
    assert us["all"]["recall"]["count"] == us["all"]["recall"]["of"] == sum("us" in one.free for one in pages)
    assert strict["all"]["waits"]["count"] == sum("strict" in one.free for one in pages)


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("page,verdict\na,accept\n")
    command = [sys.executable, "-m", "benchmarks.rights.score", str(tmp_path / "d.csv")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "found no column id, profile" in done.stderr
