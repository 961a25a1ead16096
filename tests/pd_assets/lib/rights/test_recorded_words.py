"""Labelled file pages: each gets a sentence that a person can read, and an explanation without our codes."""

from pd_assets.cli.decide import explanation
from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.words_for_people import REASONS
from tests.material import recorded
from tests.pd_assets.lib.rights.labelled import FILE, ON, labelled_pages
from tests.pd_assets.lib.rights.test_words_for_people import PYTHON


def test_every_labelled_page_is_explained_in_words() -> None:
    pages = labelled_pages(recorded("rights").parent / FILE)
    assert len(pages) > 90
    for page in pages:
        first, *rest = explanation(from_page(page.row), "strict", ON, 30, page=page.row, everything=True)
        assert first.startswith(("Waits: ", "Refused: ", "Accepted under strict: ")) and 20 < len(first) < 600, (
            page.name
        )
        assert not set(first.split()) & set(REASONS)
        assert [line for line in rest if PYTHON.search(line)] == [], page.name
