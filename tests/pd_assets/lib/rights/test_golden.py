"""Every written page and record decided under every profile, frozen: a changed rule shows here what it changes."""

import pytest

from pd_assets.lib.rights.rules import MUSEUMS, RULES
from tests.pd_assets.lib.rights.golden import OF_WRITTEN, Decided, accepted, decided_written, frozen

ALL = "strict life70 us"
# What may be accepted, and under which profiles: each was read and judged by a person. The day is 22 November 2026.
PAGES = {
    "a landscape long expired, with a Creator template": ALL,
    "a scanned plate of a book": ALL,
    "a death year beside the tag": ALL,
    "an etching whose statements agree": ALL,
    "an old painting that a museum released with CC0": ALL,
    "old, with CC0 alone": ALL,
    "own photograph under CC0": ALL,
    "own photograph released by its maker": ALL,
    "an anonymous woodcut of the 15th century": ALL,
    "an old photograph": ALL,
    "a German box": ALL,
    "dead since 1925: free after 100 years": ALL,
    "dead since 1926: not yet 100 years": "life70 us",
    "dead since 1950: free after 70 years": "life70 us",
    "made in 1930, free in the United States": "life70 us",
    "dead since 1962: not even 70 years": "us",
    "expired in the United States only": "us",
    "a photograph of NASA": "us",
    "a photograph of the US government of 1936": "us",
    "statements of one country only": "us",
}
# A page of a manuscript of the 13th century, and a portrait of the 16th.
ANSWERS = {
    "answers/manuscript_long_expired.json#File:King Odo on his throne.jpg rebuilt": ALL,
    "answers/old_tags_without_a_year.json#File:Queen Isotta.jpg rebuilt": ALL,
}
# CC0 of the medium and of its text: an old drawing, an engine, a specimen, a painting of 1847.
RECORDS = {
    "chndm_1900-1-12": ALL,
    "nasm_A19000012000": ALL,
    "nmnhvz_14000012": ALL,
    "fsg_F1900.012": ALL,
}


@pytest.fixture(scope="module")
def decided() -> Decided:
    return decided_written()


def test_every_written_page_is_decided_as_it_was_frozen(decided: Decided) -> None:
    golden = frozen(OF_WRITTEN)
    assert {key: (golden.get(key), now) for key, now in decided.items() if golden.get(key) != now} == {}
    assert decided.keys() == golden.keys()


def test_no_written_page_is_accepted_but_those_that_a_person_judged_free(decided: Decided) -> None:
    found = accepted(decided)
    records = {key.split(":")[1]: names for key, names in found.items() if key.startswith("smithsonian:")}
    assert records == RECORDS
    pages = {key: names for key, names in found.items() if not key.startswith("smithsonian:")}
    assert pages == {f"pages.jsonl#{shows}": names for shows, names in PAGES.items()} | ANSWERS


def test_the_written_pages_try_every_rule_that_pages_of_commons_can_meet(decided: Decided) -> None:
    tried = {said.split()[1] for by in decided.values() for said in by.values()}
    # No written page has a value that cannot be kept, or a date that cannot be read; cases.py has some. The one own
    # photograph of anything is of a stadium, which is a work of another; shown_cases.py has others. No page says what
    # people came to; test_judged.py does.
    untried = {"page-unreadable", "date-unread", "own-subject-unclear", "accept-judged", "judged-not-free"}
    assert tried >= {rule.rule_id for rule in RULES if rule.applies_to != MUSEUMS} - untried
