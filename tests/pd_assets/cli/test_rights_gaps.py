"""`pdd rights-gaps`: which templates hold back otherwise free pages, for a person and as a file."""

import csv
from datetime import date
from pathlib import Path

import pytest

from pd_assets.cli import main
from pd_assets.cli.rights_gaps import found_gaps, in_words
from pd_assets.lib.catalog.items import build_items
from pd_assets.lib.catalog.schemas import PAGES, TEMPLATES
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.rights.decisions import decide_all
from tests.pd_assets.lib.planting import THEN, page, plant
from tests.pd_assets.lib.rights.cases import EXPIRED, box

# The template beside the licence of each page; page 6 lacks more than that, 7 waits for two, 8 for words alone.
BESIDE = ("Pond base", "Pond base", "Pond base", "PD-pond", "Pond in winter")
YOUNG = "{{PD-Art|PD-old-70-expired}}"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Eight decided pages, and what the archive says of some of their templates."""
    home = open_home(tmp_path / "home")
    texts = [box(f"{EXPIRED}{{{{{name}}}}}") for name in BESIDE]
    texts += [
        box("{{PD-lake}}"),
        box(YOUNG + "{{PD-pond}}{{Pond base}}", artist="Karl Immerwald († 1935)", date="1900"),
        box(EXPIRED, permission="Ask the museum"),
    ]
    pages = [page(number, "A", wikitext=text, digest=str(number)) for number, text in enumerate(texts, start=1)]
    plant(home, PAGES, pages, partition="A")
    told = {"Pond base": "unclassified", "PD-pond": "licence", "PD-lake": "licence"}
    rows = [{"name": name, "target": name, "kind": kind, "categories": [], "asked_at": THEN}
            for name, kind in told.items()]  # fmt: skip
    plant(home, TEMPLATES, rows)
    build_items(home)
    decide_all(home, profile="strict", today=date(2026, 11, 29), fresh_days=0)
    monkeypatch.setenv("PD_HOME", str(home.root))
    return home


def test_templates_are_listed_by_the_pages_that_wait_for_them_alone(home: Home) -> None:
    profile, gaps = found_gaps(None)
    assert profile == "strict"
    assert [(gap.template, gap.kind, dict(gap.pages)) for gap in gaps] == [
        ("pond base", "unclassified", {"strict": 3, "life70": 4, "us": 4}),
        ("pd-pond", "unknown licence", {"strict": 1, "life70": 2, "us": 2}),
        ("pond in winter", "not asked yet", {"strict": 1, "life70": 1, "us": 1}),
    ]
    assert gaps[0].example == "Picture 1"


def test_a_person_reads_the_first_of_them_and_a_file_has_all(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rights-gaps", "--profile", "us", "--n", "1"]) == 0
    said = capsys.readouterr().out
    assert "3 templates hold back pages that are otherwise free, sorted by us" in said
    assert "pond base: Picture 1" in said and "pd-pond" not in said
    assert main(["rights-gaps", "--csv", str(tmp_path / "gaps.csv")]) == 0
    with (tmp_path / "gaps.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["template"] for row in rows] == ["pond base", "pd-pond", "pond in winter"]
    assert (rows[0]["strict"], rows[0]["us"], rows[0]["kind"]) == ("3", "4", "unclassified")


def test_a_home_without_gaps_says_so_and_a_profile_that_there_is_none_of_is_named(home: Home) -> None:
    assert list(in_words([], "strict", 5)) == ["no page waits for an unknown template alone"]
    with pytest.raises(ConfigError, match="expected one of strict, life70, us"):
        found_gaps("loose")


def test_a_template_that_the_archive_classifies_re_decides_its_pages_and_no_other(home: Home) -> None:
    """Four of the eight pages use the pond base: three are free with it, and one waits for another tag."""
    told = {"Pond base": "source", "PD-pond": "licence", "PD-lake": "licence"}
    plant(home, TEMPLATES, [{"name": name, "target": name, "kind": kind, "asked_at": THEN}
                            for name, kind in told.items()])  # fmt: skip
    counts = decide_all(home, profile="strict", today=date(2026, 11, 29), fresh_days=0)
    assert counts.pages_read == 4
    assert dict(counts.moves) == {"quarantine (unknown-tag) -> accept (accept-free-work)": 3}
    assert [gap.template for gap in found_gaps(None)[1]] == ["pd-pond", "pond in winter"]
