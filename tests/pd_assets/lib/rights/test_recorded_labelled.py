"""Labelled file pages: no trap is accepted but those that only knowledge of makers and things tells; recall stays."""

import pytest

from tests.material import recorded
from tests.pd_assets.lib.rights.labelled import FILE, Labelled, accepted, labelled_pages

# Open: makers whose page is silent, a page without maker and date, frames and sculptures in other languages.
OPEN = frozenset(
    ("adv/R-dali-1924", "adv/R-picasso-creator", "adv/R-originalrahmen", "adv/R-bare-wd", "adv/R-holz",
     "adv2/R2-bust-cs", "adv2/R2-cartel-ru", "adv/R-kahlo-link", "adv/R-pomnik", "adv/R-stamp-1995")
)  # fmt: skip
RECALL = {"strict": 29, "life70": 39, "us": 48}


@pytest.fixture(scope="module")
def pages() -> list[Labelled]:
    return labelled_pages(recorded("rights").parent / FILE)


@pytest.mark.parametrize("profile", RECALL)
def test_no_trap_is_accepted_but_those_that_are_known_to_be_open(pages: list[Labelled], profile: str) -> None:
    free = {page.name for page in pages if profile in page.free}
    assert accepted(pages, profile) - free <= OPEN
    assert len(accepted(pages, profile) & free) >= RECALL[profile]
