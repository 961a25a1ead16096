"""Written answers: none under conditions is accepted, not even with a public-domain tag put on it."""

from pathlib import Path

import pytest

from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.rules import decide
from tests.material import WRITTEN
from tests.pd_assets.lib.rights.answers import shown_pages
from tests.pd_assets.lib.rights.bound import FREE_TEXT, Json, is_bound, pages_below, short_name, verdicts
from tests.pd_assets.lib.rights.cases import TODAY

ANSWERS = WRITTEN / "commons"


@pytest.fixture(scope="module")
def pages() -> list[Json]:
    return pages_below(ANSWERS)


def test_no_written_page_is_accepted_without_its_wikitext(pages: list[Json]) -> None:
    assert len(pages) > 30
    assert [page["title"] for page in pages if "accept" in verdicts(page, "").values()] == []


def test_a_ground_put_on_a_written_page_under_conditions_does_not_make_it_acceptable(pages: list[Json]) -> None:
    bound = [page for page in pages if is_bound(page)]
    assert len(bound) > 20
    assert [page["title"] for page in bound if "accept" in verdicts(page, FREE_TEXT).values()] == []


def test_a_ground_put_on_a_written_page_that_is_public_domain_is_accepted_for_some(pages: list[Json]) -> None:
    free = [page for page in pages if short_name(page) == "public domain" and not is_bound(page)]
    assert sum(verdicts(page, FREE_TEXT)["strict"] == "accept" for page in free) > len(free) / 2 > 3


def test_the_second_boxes_of_a_rendered_page_are_what_the_summary_hides() -> None:
    (page,) = [page for page in shown_pages(ANSWERS) if page.key == "rendered/second_boxes_of_an_old_page.html"]
    names = page.row["categories"]
    assert names == ["Isotta of Orl", "CC-PD-Mark", "PD Old", "PD-Art (PD-old default)", "PD-Art (PD-old)"]
    evidence = from_page({"status": "live", "wikitext": "", "categories": names})
    assert decide(evidence, "us", TODAY).verdict == "reject"


def test_answers_that_are_no_answer_of_pages_show_none(tmp_path: Path) -> None:
    for name, text in (("list.json", "[[], 1]"), ("text.json", '"a text"'), ("notes.txt", "{"), ("bare.html", "<p>")):
        (tmp_path / name).write_text(text)
    assert [page.key for page in shown_pages(tmp_path)] == ["bare.html"]
