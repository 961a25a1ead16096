"""Every answer that was recorded from the live archive becomes records, or rows that say what is the matter."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import PAGES
from pd_assets.lib.commons.records import merge_chunks, parse_member, parse_page
from tests.material import json_of, recorded
from tests.pd_assets.lib.commons.answers import (
    NOW,
    Json,
    damaged_rows,
    is_empty_log,
    members_of,
    outcomes,
    pages_of,
    parsed,
    parsed_chunks,
)

FOLDERS = ("openverse", "wikimedia-commoner/api", "flickypedia/api")
# The live archive's answer to a search for titles: of no page, and the client never asks for one.
NO_PAGES = {"opensearch-Meles-meles-912443.json"}


def answers_in(folder: str) -> list[Path]:
    return sorted(recorded(f"commons/{folder}").rglob("*.json"))


def about_pages(folder: str) -> list[Path]:
    return [path for path in answers_in(folder) if path.name not in NO_PAGES]


def test_every_answer_about_pages_becomes_rows_and_each_unusable_one_says_why() -> None:
    """The counts are of pages; `completed` adds what the recordings did not ask for."""
    found = {folder: outcomes(parsed(about_pages(folder))) for folder in FOLDERS}
    assert found == {
        # 34 without a file: 24 of later chunks and trimmed answers, 6 parts of an imageinfo, 4 with a title alone.
        "openverse": {("live", None): 123, ("live", "no_file"): 34, ("live", "not_bitmap"): 5},
        "wikimedia-commoner/api": {("live", None): 50, ("deleted", None): 2, ("live", "not_a_file"): 2},
        # Structured data, rendered text and redirects: no answer of these describes a file's bytes.
        "flickypedia/api": {("live", "no_file"): 27, ("deleted", None): 13, ("moved", "no_file"): 1},
    }


def test_every_recorded_file_is_read_and_every_answer_is_of_pages_or_members() -> None:
    counted = {folder: len(answers_in(folder)) for folder in FOLDERS}
    assert counted == {"openverse": 37, "wikimedia-commoner/api": 59, "flickypedia/api": 41}
    for folder in FOLDERS:
        for path in answers_in(folder):
            if path.name in NO_PAGES:
                with pytest.raises(ValueError, match="an answer of another kind"):
                    list(pages_of(json_of(path)))
            else:
                answer = json_of(path)
                assert list(pages_of(answer)) or members_of(answer) or is_empty_log(answer), path.name


def test_the_recorded_listings_become_members() -> None:
    members = [
        parse_member(entry) for path in answers_in("wikimedia-commoner/api") for entry in members_of(json_of(path))
    ]
    assert len(members) == 35
    assert all(member.pageid > 0 and member.title.startswith("File:") for member in members)


def test_the_rows_of_all_recorded_answers_fit_the_table() -> None:
    rows = [page.in_category("Recorded") for folder in FOLDERS for page in parsed(about_pages(folder))]
    content = tables.as_table(PAGES, rows)
    assert content.num_rows == len(rows) == sum(len(parsed(about_pages(folder))) for folder in FOLDERS)
    assert not [row["title"] for row in tables.rows(content) if "?" in str(row["file_url"])]


def chunk(name: str) -> Path:
    return recorded(f"commons/openverse/continuation/{name}.json")


def pages_in(name: str) -> list[Mapping[str, object]]:
    return list(json.loads(chunk(name).read_text())["query"]["pages"].values())


def test_recorded_chunks_of_one_batch_become_one_row_a_page() -> None:
    pages = parsed_chunks([chunk(f"wmc_pretty{number}") for number in (1, 2, 3)])
    assert len(pages) == 9
    assert outcomes(pages) == {("live", None): 9}


def test_recorded_chunks_of_one_batch_merge_into_what_was_recorded_as_merged() -> None:
    pages: dict[int, Json] = {}
    for name in ("wmc_pretty1", "wmc_pretty2", "wmc_pretty3"):
        merge_chunks(pages, pages_in(name))
    assert pages == {page["pageid"]: page for page in pages_in("wmc_pretty123")}
    assert all(page["imageinfo"] for page in pages.values())


def test_recorded_pages_are_read_with_their_address_and_size() -> None:
    for raw in pages_in("wmc_pretty_nocontinue"):
        page = parse_page(raw, thumb_side=1280, fetched_at=NOW)
        assert page.file_url is not None and page.file_url.startswith("https://upload.wikimedia.org/")
        assert page.width and page.height and page.size_bytes
        assert page.extmetadata and "GPSLatitude" not in json.loads(page.extmetadata)


def test_a_recorded_missing_page_is_a_deleted_one() -> None:
    path = recorded("commons/flickypedia/api/query-info-File-FishingBoatsByTheRiver-jpg-f2953a.json")
    (raw,) = json.loads(path.read_text())["body"]["query"]["pages"].values()
    # Recorded with formatversion=1, where a flag is an empty text.
    assert raw["missing"] == ""
    assert parse_page({**raw, "missing": True}, thumb_side=1280, fetched_at=NOW).status == "deleted"


def test_a_recorded_page_with_any_part_of_another_kind_is_a_row_all_the_same() -> None:
    some = [path for folder in FOLDERS for path in answers_in(folder)[:12] if path.name not in NO_PAGES]
    rows = damaged_rows([page for path in some for page in pages_of(json_of(path))][::2])
    assert tables.as_table(PAGES, rows).num_rows > 1000
