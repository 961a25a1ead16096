"""Labelled file pages: no trap is accepted, and most of what is free is. What waits: docs/rights.md."""

import pytest

from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.rules import decide
from tests.material import recorded
from tests.pd_assets.lib.rights.labelled import FILE, ON, Labelled, accepted, labelled_pages

# Of 53, 60 and 72 that are free.
RECALL = {"strict": 47, "life70": 55, "us": 68}


@pytest.fixture(scope="module")
def pages() -> list[Labelled]:
    return labelled_pages(recorded("rights").parent / FILE)


@pytest.mark.parametrize("profile", RECALL)
def test_no_trap_is_accepted_and_most_of_what_is_free_is(pages: list[Labelled], profile: str) -> None:
    free = {page.name for page in pages if profile in page.free}
    found = accepted(pages, profile)
    assert found - free == set()
    assert len(found & free) >= RECALL[profile]


@pytest.mark.parametrize("profile", RECALL)
def test_without_knowledge_of_makers_and_templates_pages_wait_and_no_trap_is_accepted(
    pages: list[Labelled], profile: str
) -> None:
    taken = {page.name for page in pages if decide(from_page(page.row), profile, ON).verdict == "accept"}
    assert taken <= {page.name for page in pages if profile in page.free}
    assert taken < accepted(pages, profile)
