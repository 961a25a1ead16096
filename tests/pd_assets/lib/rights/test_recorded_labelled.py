"""Labelled file pages: no trap is accepted but those that only knowledge of makers and things tells; recall stays."""

import pytest

from tests.material import recorded
from tests.pd_assets.lib.rights.labelled import FILE, Labelled, accepted, labelled_pages

# Open: makers whose page is silent, and a page without maker and date.
OPEN = frozenset(("adv/R-dali-1924", "adv/R-picasso-creator", "adv/R-bare-wd", "adv/R-kahlo-link", "adv/R-stamp-1995"))
RECALL = {"strict": 25, "life70": 33, "us": 40}


@pytest.fixture(scope="module")
def pages() -> list[Labelled]:
    return labelled_pages(recorded("rights").parent / FILE)


@pytest.mark.parametrize("profile", RECALL)
def test_no_trap_is_accepted_but_those_that_are_known_to_be_open(pages: list[Labelled], profile: str) -> None:
    free = {page.name for page in pages if profile in page.free}
    assert accepted(pages, profile) - free <= OPEN
    assert len(accepted(pages, profile) & free) >= RECALL[profile]
