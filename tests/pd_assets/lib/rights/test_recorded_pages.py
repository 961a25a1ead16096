"""Recorded answers of Commons: none under conditions is accepted, not even with a public-domain tag put on it."""

import pytest

from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.rules import decide
from tests.material import recorded
from tests.pd_assets.lib.rights.bound import FREE_TEXT, Json, is_bound, pages_below, short_name, verdicts
from tests.pd_assets.lib.rights.cases import TODAY


@pytest.fixture(scope="module")
def pages() -> list[Json]:
    return pages_below(recorded("commons"))


def test_no_recorded_page_is_accepted_without_its_wikitext(pages: list[Json]) -> None:
    assert len(pages) > 150
    assert [page["title"] for page in pages if "accept" in verdicts(page, "").values()] == []


def test_a_ground_put_on_a_recorded_page_under_conditions_does_not_make_it_acceptable(pages: list[Json]) -> None:
    bound = [page for page in pages if is_bound(page)]
    assert len(bound) > 100
    assert [page["title"] for page in bound if "accept" in verdicts(page, FREE_TEXT).values()] == []


def test_a_ground_put_on_a_recorded_page_that_is_public_domain_is_accepted_for_some(pages: list[Json]) -> None:
    free = [page for page in pages if short_name(page) == "public domain" and not is_bound(page)]
    assert sum(verdicts(page, FREE_TEXT)["strict"] == "accept" for page in free) > len(free) / 2 > 5


def test_the_second_boxes_of_recorded_html_pages_are_what_the_summary_hides() -> None:
    page = next(recorded("commons").rglob("File-Catherine-aragon*.html")).read_text()
    names = [name for name in ("PD-Art (PD-old-100)", "PD-Art (PD-old)", "PD Old", "PD-old-100") if name in page]
    evidence = from_page({"status": "live", "wikitext": "", "categories": names})
    assert names and decide(evidence, "us", TODAY).verdict == "reject"
