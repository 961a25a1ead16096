"""Each kind of contradiction is found on a page that has it, and on no page that says the same twice."""

import csv
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pd_assets.cli import main
from pd_assets.lib.catalog.schemas import PAGES
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.rights.category_check import COLUMNS, check_category
from pd_assets.lib.rights.contradictions import KINDS, Contradiction, contradictions
from pd_assets.lib.rights.evidence import evidence_of
from tests.pd_assets.lib.planting import page, plant
from tests.pd_assets.lib.rights.cases import AUTO, EXPIRED, OLD, TODAY, box, merged, own, said

CATEGORY = "Winter in art"
PUBLIC_DOMAIN, COPYRIGHTED, CC0, CC_BY_SA, PAINTING = "Q19652", "Q50423863", "Q6938433", "Q18199165", "Q42"
CC = "{{Cc-by-sa-4.0}}"
ZERO = "{{Cc-zero}}"
DEAD_100 = "Q29940705"
LATE = "Anna Vester (1880 – 1950)"


def found(
    text: str, mediainfo: str | None = None, today: date = TODAY, categories: tuple[str, ...] = ()
) -> list[Contradiction]:
    row: dict[str, object] = {"source": "commons", "status": "live", "revid": 1, "title": "File:Winter.jpg",
                              "wikitext": text, "mediainfo": mediainfo, "categories": list(categories)}  # fmt: skip
    return contradictions(row, evidence_of(row), today)


# What a page says, and every kind that is found on it.
PAGES_OF_KIND: dict[str, tuple[str, str | None, set[str]]] = {
    "tag-life": (box(OLD, artist=LATE, date="1900"), None, {"tag-life"}),
    "tag-date": (box(OLD, artist="Anna Vester", date="1955"), None, {"tag-date"}),
    "tag-category": (box(OLD), None, {"tag-category"}),
    "tag-death-year": (box("{{PD-Art|PD-old-auto-expired|deathyear=1880}}"), None, {"tag-death-year"}),
    "tag-anonymous": (box("{{PD-Art|PD-anon-70}}"), None, {"tag-anonymous"}),
    "tag-expired": (box(EXPIRED, date="1940"), None, {"tag-expired", "made-after-death"}),
    "dates": (box(OLD), said("P571", 1910), {"dates"}),
    "made-after-death": (box(OLD, date="1931"), None, {"made-after-death"}),
    "made-before-birth": (box(OLD, artist="Anna Vester (1870–1925)"), None, {"made-before-birth"}),
    "own-work-old": (own(ZERO, date="1899"), None, {"own-work-old"}),
    "maker-statement": (box(OLD), said("P170", None, P4174="Paintbox"), {"maker-statement"}),
    "status": (box(OLD), said("P6216", COPYRIGHTED), {"status"}),
    "status-reason": (box("{{PD-Art|PD-old-70}}", artist=LATE, date="1900"),
                      said("P6216", PUBLIC_DOMAIN, P459=DEAD_100), {"status-reason"}),
    "licence-statement": (box(OLD), said("P275", CC_BY_SA), {"licence-statement"}),
    "licences-exclude": (box(f"{OLD}\n{CC}"), None, {"licences-exclude"}),
}  # fmt: skip


def test_every_kind_has_a_page() -> None:
    assert set(PAGES_OF_KIND) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_that_contradicts_itself_is_found_with_what_contradicts_what(kind: str) -> None:
    text, mediainfo, kinds = PAGES_OF_KIND[kind]
    all_found = found(text, mediainfo, categories=("1955 paintings",) if kind == "tag-category" else ())
    assert {one.kind for one in all_found} == kinds
    for one in all_found:
        assert one.this and one.that and one.this != one.that
        assert one.says.endswith((".", "?")) and "None" not in one.this + one.that + one.says


def test_the_words_name_the_tag_the_maker_and_the_year_from_which_it_would_be_true() -> None:
    (one,) = found(*PAGES_OF_KIND["tag-life"][:2])
    assert (one.this, one.that) == ("the tag PD-old-100", "Anna Vester, who died in 1950 (page)")
    assert "1950 that is so from 2051 on" in one.says
    assert found(*PAGES_OF_KIND["tag-life"][:2], today=date(2050, 12, 31)) != []
    assert found(*PAGES_OF_KIND["tag-life"][:2], today=date(2051, 1, 1)) == []


CONSISTENT = {
    "a painter long dead": (box(OLD), None),
    "the year of death in the tag": (box("{{PD-Art|PD-old-auto-expired|deathyear=1925}}"), None),
    "a year of death that is told by the tag alone": (box(AUTO, artist="Anna Vester"), None),
    "a date that is a few years off": (box(OLD), said("P571", 1864)),
    "the date of a photograph of a work that has an item": (
        box(OLD), merged(said("P571", 2009), said("P6243", PAINTING)),
    ),
    "an unknown maker, and a tag for such": (box("{{PD-Art|PD-anon-70}}", artist="{{Unknown|artist}}"), None),
    "free by tag and by statement": (box(OLD), merged(said("P6216", PUBLIC_DOMAIN), said("P275", CC0))),
    "copyrighted in one country": (box(OLD), said("P6216", COPYRIGHTED, P1001="Q145")),
    "a photograph that is licensed beside the work": (box("{{Licensed-PD-Art|PD-old-100|Cc-by-sa-4.0}}"), None),
    "a licence with conditions, in the structured data too": (
        own(CC), merged(said("P6216", COPYRIGHTED), said("P275", CC_BY_SA)),
    ),
    "an own work of today": (own(ZERO), None),
    "nothing at all": ("", None),
    "structured data that nobody can read": (box(OLD), "{"),
}  # fmt: skip


@pytest.mark.parametrize("what", CONSISTENT)
def test_a_page_that_says_the_same_twice_is_not_found(what: str) -> None:
    assert found(*CONSISTENT[what]) == []


def test_all_rights_given_up_beside_conditions_and_free_statements_beside_them_are_found() -> None:
    assert {one.kind for one in found(own(f"{ZERO}\n{CC}"))} == {"licences-exclude"}
    stated = merged(said("P6216", PUBLIC_DOMAIN), said("P275", CC0))
    assert {one.kind for one in found(own(CC), stated)} == {"status", "licence-statement"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = open_home(tmp_path / "home")
    address = "https://commons.wikimedia.org/wiki/File:Late.jpg"
    rows = [
        page(1, CATEGORY, wikitext=box(OLD)),
        page(2, CATEGORY, wikitext=box(OLD, artist=LATE, date="1900"), title="File:=Late.jpg", page_url=address),
        page(3, CATEGORY, wikitext=box(OLD, artist=LATE, date="1900"), status="deleted"),
        page(4, CATEGORY, wikitext=box(f"{OLD}\n{CC}"), page_url="javascript:alert(1)"),
    ]
    plant(home, PAGES, rows, partition=CATEGORY)
    plant(home, PAGES, [], partition="Winter in Holland")
    plant(home, PAGES, [], partition="#imported")
    return home


@pytest.mark.parametrize("title", [CATEGORY, "Category:winter_in_art", " category: Winter  in art "])
def test_a_category_is_read_as_it_lies_in_the_home(home: Home, title: str) -> None:
    checked = check_category(home, title, TODAY)
    assert (checked.category, checked.pages, checked.unread, checked.is_cut) == (CATEGORY, 3, 0, False)
    late, both = checked.contradicting
    assert late.edit_url == "https://commons.wikimedia.org/wiki/File:Late.jpg?action=edit"
    assert both.edit_url == "", "an address that is none of the web is no link"
    cut = check_category(home, title, TODAY, most=2)
    assert (cut.pages, cut.is_cut, len(cut.contradicting)) == (2, True, 1)


def test_a_category_that_harvested_pages_carry_is_read_too_each_page_once(home: Home) -> None:
    carried = {"categories": ["A", "Paintings of boats"], "wikitext": box(OLD, artist=LATE, date="1900")}
    plant(home, PAGES, [page(5, "A", **carried), page(6, "A", **carried, status="deleted")], partition="A")
    plant(home, PAGES, [page(5, "B", **carried), page(7, "B")], partition="B")
    checked = check_category(home, "Category:paintings_of boats", TODAY)
    assert (checked.category, checked.pages, len(checked.contradicting)) == ("Paintings of boats", 1, 1)


@pytest.mark.parametrize(
    ("title", "told"),
    [
        ("Winter in arts", "did you mean 'Winter in art'"),
        ("holland", "did you mean 'Winter in Holland'"),
        ("Zebras", "2 categories are there, such as 'Winter in Holland'"),
        ("#imported", "was not harvested"),
        ("", "was not harvested"),
    ],
)
def test_a_category_that_was_not_harvested_is_an_error_that_names_one_that_was(
    home: Home, title: str, told: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        check_category(home, title, TODAY)
    assert told in str(refused.value) or told.replace("Winter in Holland", CATEGORY) in str(refused.value)


def test_the_command_tells_the_same_in_words_as_csv_and_as_json(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PD_HOME", str(home.root))
    checked = check_category(home, CATEGORY, datetime.now(UTC).date())
    assert main(["check-category", CATEGORY]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"{CATEGORY}: 3 pages read, 2 of them contradict themselves\n")
    assert "File:Late.jpg?action=edit" in told and "tag-life: the tag PD-old-100 against Anna Vester" in told
    assert main(["check-category", CATEGORY, "--csv"]) == 0
    lines = list(csv.reader(capsys.readouterr().out.splitlines()))
    assert lines[0] == list(COLUMNS)
    assert lines[1:] == [list(cells) for one in checked.contradicting for cells in one.cells()]
    assert main(["check-category", CATEGORY, "--json"]) == 0
    told_too = json.loads(capsys.readouterr().out)
    assert [one["title"] for one in told_too["contradicting"]] == [one.title for one in checked.contradicting]
    assert main(["check-category", "Zebras"]) == 1
    assert "was not harvested" in capsys.readouterr().err
