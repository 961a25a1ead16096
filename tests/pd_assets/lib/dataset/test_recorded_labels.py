"""Recorded pages and records give the fields that a person reads on them; golden_labels.json was reviewed by eye."""

import json
import re
from collections import defaultdict

import pytest

from pd_assets.lib.dataset.labels import read_labels
from tests.material import WRITTEN, recorded
from tests.pd_assets.lib.dataset.golden import OF_RECORDED, Row, record_row, short, summaries, told

GOLDEN = json.loads(OF_RECORDED.read_text())


@pytest.fixture(scope="module")
def pages() -> dict[str, Row]:
    return summaries(recorded("commons"))


@pytest.mark.parametrize("title", sorted(GOLDEN["commons"]))
def test_a_recorded_page_gives_what_a_person_reads_on_it(title: str, pages: dict[str, Row]) -> None:
    assert {label.field: label.value for label in short(read_labels(pages[title]))} == GOLDEN["commons"][title]


@pytest.mark.parametrize("name", sorted(GOLDEN["smithsonian"]))
def test_a_recorded_record_gives_what_a_person_reads_on_it(name: str) -> None:
    answer = json.loads(recorded(f"smithsonian/{name}").read_text())
    assert told(record_row(answer)) == GOLDEN["smithsonian"][name]


def test_a_written_page_names_its_maker_where_recorded_ones_of_its_form_do(pages: dict[str, Row]) -> None:
    """The form: the markup of the maker's field, whether it leads to a user, and what the source says of the work."""
    known: dict[object, set[bool]] = defaultdict(set)
    for row in pages.values():
        known[form(row)].add("artist" in told(row))
    for title, row in summaries(WRITTEN / "commons").items():
        assert form(row) in known, (title, form(row))
        assert ("artist" in told(row)) in known[form(row)], title


def form(row: Row) -> object:
    metadata = json.loads(str(row["extmetadata"]))
    artist, credit = (str(metadata.get(name, {}).get("value", "")) for name in ("Artist", "Credit"))
    return tuple(re.findall(r"<(\w+)", artist)), "User:" in artist, "own-work" in credit, artist == credit


def test_the_written_records_tell_the_fields_that_recorded_ones_of_their_unit_tell() -> None:
    recorded_lines = recorded("smithsonian/sample_edan_lines.txt").read_text().splitlines()
    written_lines = (WRITTEN / "smithsonian" / "lines.txt").read_text().splitlines()
    assert fields(written_lines) == fields(recorded_lines)


def fields(lines: list[str]) -> dict[str, list[str]]:
    """By unit, the fields in which labels are found, short or long."""
    records = [json.loads(line) for line in lines]
    return {one["unitCode"]: sorted({label.field for label in read_labels(record_row(one))}) for one in records}
