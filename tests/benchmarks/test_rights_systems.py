"""The systems of benchmarks/rights run on all pages, and decide as they say they do."""

import json
from pathlib import Path

import pytest

from benchmarks.rights import compare
from benchmarks.rights.pages import PAGES, PROFILES, VERDICTS, Page, read_decisions, read_pages
from benchmarks.rights.score import score
from benchmarks.rights.source.law import LAST_DEATH_70, LAST_DEATH_100, LAST_US_YEAR, by_age
from benchmarks.rights.systems import extmetadata, openverse, ours
from pd_assets.lib.rights.case import US_TERM_YEARS

CC = "creativecommons.org"


def page(**summary: str) -> Page:
    return Page(id="a", form="Met", language="en", kind="free", title="File:A.jpg", wikitext="", free=frozenset(),
                extmetadata=summary)  # fmt: skip


def test_make_bench_rights_prints_one_table_and_leaves_everybodys_decisions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Every tenth page has all verdicts, and most forms.
    some = tmp_path / "pages.jsonl"
    some.write_text("".join(f"{line}\n" for line in PAGES.read_text().splitlines()[::10]))
    pages = read_pages(some)
    assert compare.main(["--pages", str(some), "--out", str(tmp_path / "out")]) == 0
    head, _, *rows = capsys.readouterr().out.splitlines()
    assert all(row.count("|") == head.count("|") for row in rows)
    systems = ["**ours**, all", "**extmetadata**, all", "**Openverse**, all"]
    assert [row.split("|")[1].strip() for row in rows[:3]] == systems
    for name in ("ours", "extmetadata", "openverse"):
        decided = list(read_decisions(tmp_path / "out" / f"{name}.csv"))
        assert {(one.id, one.profile) for one in decided} == {(page.id, name) for page in pages for name in PROFILES}
        assert {one.verdict for one in decided} <= set(VERDICTS)


@pytest.mark.parametrize(
    ("summary", "by_summary", "by_openverse"),
    [
        ({"LicenseShortName": "Public domain", "License": "pd"}, "accept", "wait"),
        ({"LicenseShortName": "CC0", "LicenseUrl": f"http://{CC}/publicdomain/zero/1.0/deed.en"}, "accept", "accept"),
        ({"LicenseShortName": "PDM", "LicenseUrl": f"https://{CC}/publicdomain/mark/1.0/"}, "reject", "accept"),
        ({"LicenseShortName": "CC BY 4.0", "LicenseUrl": f"https://{CC}/licenses/by/4.0"}, "reject", "reject"),
        ({"LicenseShortName": "Credit", "LicenseUrl": "https://example.org/publicdomain/zero/1.0/"}, "reject", "wait"),
        ({}, "wait", "wait"),
    ],
)  # fmt: skip
def test_the_two_others_read_the_summary_alone(summary: dict[str, str], by_summary: str, by_openverse: str) -> None:
    assert {one.verdict for one in extmetadata.decisions([page(**summary)])} == {by_summary}
    assert {one.verdict for one in openverse.decisions([page(**summary)])} == {by_openverse}


def test_ours_runs_on_pages_of_others_and_lists_every_false_accept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    box = "{{Artwork|artist=Jan Steen (1626–1679)|title=Inn|date=1660|medium=oil on canvas}}"
    text = f"{box}\n{{{{PD-Art|PD-old-100-expired}}}}"
    raw: dict[str, object] = {
        "set": "s", "id": "steen", "form": "own", "wikitext": text, "title": "File:Inn.jpg", "more": 1,
        "categories": [], "templates": [], "extmetadata": None, "statements": {}, "note": "called wrong on purpose",
        "expected": {"strict": "A", "life70": "N", "us": "A"},
    }  # fmt: skip
    (tmp_path / "pages.json").write_text(json.dumps([raw]))
    (tmp_path / "entities.json").write_text(json.dumps({"Q1": {"kind": "person", "name": "Jan Steen", "died": 1679}}))
    (tmp_path / "templates.json").write_text(json.dumps({"Artwork": "box", "PD-Art": {"kind": "licence"}}))
    given = [f"--{name}={tmp_path / name}.json" for name in ("pages", "entities", "templates")]
    assert ours.main([*given, f"--out={tmp_path / 'd.csv'}", "--waiting", "--by", "kind"]) == 0
    said = capsys.readouterr().out
    assert "FALSE ACCEPT life70 s/steen" in said and "called wrong on purpose" in said
    assert [one.verdict for one in read_decisions(tmp_path / "d.csv")] == ["accept"] * 3


def test_the_terms_of_the_labels_are_those_of_the_engine_on_the_labels_day() -> None:
    assert ours.ON.year - US_TERM_YEARS - 1 == LAST_US_YEAR
    assert (ours.ON.year - 1 - 70, ours.ON.year - 1 - 100) == (LAST_DEATH_70, LAST_DEATH_100)
    assert [by_age(died, 1900) for died in (1925, 1926, 1955, 1956, None)] == ["AAA", "NAA", "NAA", "NNA", "AAA"]
    assert [by_age(None, made) for made in (1851, 1930, 1931)] == ["AAA", "NAA", "NNN"]


def test_ours_accepts_nothing_that_is_not_free() -> None:
    pages = read_pages(PAGES)
    scores = score(pages, ours.decisions(pages))
    found = {f"{one.profile} {page_id}" for one in scores for page_id in one.all.false_accepts}
    assert sorted(found) == []
