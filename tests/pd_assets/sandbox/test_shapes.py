"""The sandbox's answers against those written in the form of Wikimedia Commons, key by key."""

import pytest

from tests.material import WRITTEN, paths_of
from tests.pd_assets.lib.commons.whole_pages import whole_pages
from tests.pd_assets.sandbox.asking import Asker
from tests.pd_assets.sandbox.shapes import (
    LICENCES,
    UNUSED,
    addresses_of_titles,
    entries,
    has_the_shape_of,
    licences,
    pages_below,
    sandbox_pages,
    sandbox_statement,
    statements_below,
)


@pytest.fixture(scope="module")
def theirs() -> list[dict]:
    return pages_below(WRITTEN / "commons")


def test_every_extmetadata_key_has_a_written_source_and_visibility(reading: Asker, theirs: list[dict]) -> None:
    ours, known = entries(sandbox_pages(reading)), entries(theirs)
    assert known.keys() - ours.keys() <= UNUSED
    for name in ours.keys() & known.keys():
        assert ours[name] <= known[name], name


def test_imageinfo_has_no_key_that_written_answers_have_not(reading: Asker, theirs: list[dict]) -> None:
    # No written answer was asked for time, digest and type.
    known = {name for page in theirs for info in page["imageinfo"] for name in info}
    for page in sandbox_pages(reading):
        assert page["imageinfo"][0].keys() <= known | {"timestamp", "sha1", "mime", "mediatype"}
        assert page["imagerepository"] == "local"


def test_licence_values_are_spelt_as_written(reading: Asker, theirs: list[dict]) -> None:
    ours = {told for told in licences(sandbox_pages(reading)) if told[0] in LICENCES}
    assert ours and ours <= licences(theirs)


def test_addresses_of_the_same_title_are_those_of_written_answers(theirs: list[dict]) -> None:
    assert addresses_of_titles(theirs) > 20


def test_a_mediainfo_entity_has_the_written_statement_shape(reading: Asker) -> None:
    has_the_shape_of(sandbox_statement(reading), statements_below(WRITTEN / "commons")["P6216"][0])


def test_a_whole_page_has_no_part_that_the_sandbox_does_not_answer_to_the_same_question(reading: Asker) -> None:
    """The sandbox answers in today's form, of which nothing was recorded; what it never has is asked for elsewhere."""
    ours = {path for page in sandbox_pages(reading) for path in paths_of(page)}
    page = whole_pages()["a landscape long expired, with a Creator template"]
    assert set(paths_of(page)) - ours == set()
