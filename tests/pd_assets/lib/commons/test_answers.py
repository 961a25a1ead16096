"""Every written answer becomes records, or rows that say what is the matter: the forms of ten years, and today's."""

from pathlib import Path

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import PAGES
from pd_assets.lib.commons.records import parse_member
from tests.material import WRITTEN, json_of
from tests.pd_assets.lib.commons.answers import (
    damaged_rows,
    is_empty_log,
    members_of,
    outcomes,
    pages_of,
    parsed,
    parsed_chunks,
)
from tests.pd_assets.lib.commons.whole_pages import parsed_pages, whole_pages

FOLDERS = ("answers", "continuation", "entities", "listings", "parts", "titles")
# The archive's answer to a search for titles: of no page, and the client never asks for one.
NO_PAGES = "opensearch.json"


def about_pages(*folders: str) -> list[Path]:
    paths = [path for folder in folders for path in sorted((WRITTEN / "commons" / folder).glob("*.json"))]
    return [path for path in paths if path.name != NO_PAGES]


def test_every_answer_about_pages_becomes_rows_and_each_unusable_one_says_why() -> None:
    """`completed` adds what these answers were not asked for."""
    assert {folder: outcomes(parsed(about_pages(folder))) for folder in FOLDERS} == {
        "answers": {("live", None): 28},
        "continuation": {("live", None): 8, ("live", "no_file"): 8},
        "entities": {("live", "no_file"): 3, ("deleted", None): 2},
        "listings": {("live", "not_a_file"): 1},
        "parts": {("live", None): 1, ("live", "no_file"): 4, ("live", "not_bitmap"): 1},
        "titles": {("live", "no_file"): 3, ("moved", "no_file"): 1, ("deleted", None): 9},
    }


def test_every_written_answer_is_of_pages_or_members_and_a_search_is_of_neither() -> None:
    for path in about_pages(*FOLDERS):
        answer = json_of(path)
        assert list(pages_of(answer)) or members_of(answer) or is_empty_log(answer), path.name
    with pytest.raises(ValueError, match="an answer of another kind"):
        list(pages_of(json_of(WRITTEN / "commons" / "listings" / NO_PAGES)))


def test_the_written_listings_become_members() -> None:
    members = [parse_member(entry) for path in about_pages("listings") for entry in members_of(json_of(path))]
    assert [member.pageid for member in members] == [41000004, 41000001, 41000002, 41000003]
    assert all(member.title.startswith("File:Bench") for member in members)


def test_written_chunks_of_one_batch_become_one_row_a_page() -> None:
    pages = parsed_chunks([WRITTEN / "commons" / "continuation" / f"chunk{number}.json" for number in (1, 2, 3)])
    assert [page.pageid for page in pages] == [44700001, 44700002, 44700003, 44700004]
    assert outcomes(pages) == {("live", None): 4}


def test_the_whole_pages_become_rows_and_what_is_no_picture_says_why() -> None:
    assert outcomes(list(parsed_pages().values())) == {
        ("live", None): 55,
        ("live", "not_bitmap"): 2,
        ("live", "no_wikitext"): 1,
        ("moved", None): 1,
        ("deleted", None): 1,
    }


def test_a_whole_page_is_read_with_all_its_evidence() -> None:
    page = parsed_pages()["a landscape long expired, with a Creator template"]
    assert (page.title, page.mime, page.mediatype) == (
        "File:Anna Vester - Weir with herons.jpg",
        "image/jpeg",
        "BITMAP",
    )
    assert (page.width, page.height, page.size_bytes) == (2400, 1800, 1080000)
    assert page.categories == ("Lunt", "PD-Art (PD-old-100-expired)", "PD-old-100-expired")
    assert page.hidden_categories == page.categories[1:]
    assert page.templates == ("Artwork", "PD-Art")
    assert page.wikitext and page.wikitext.startswith("=={{int:filedesc}}==")
    assert page.mediainfo and page.extmetadata and page.uploaded_at
    assert page.file_url and page.file_url.endswith("/Anna_Vester_-_Weir_with_herons.jpg")


def test_the_rows_of_all_written_answers_fit_the_table() -> None:
    pages = [*parsed(about_pages(*FOLDERS)), *parsed_pages().values()]
    content = tables.as_table(PAGES, [page.in_category("Written") for page in pages])
    assert content.num_rows == len(pages) > 100
    assert not [row["title"] for row in tables.rows(content) if "?" in str(row["file_url"])]


def test_a_written_page_with_any_part_of_another_kind_is_a_row_all_the_same() -> None:
    whole = [page for path in about_pages(*FOLDERS) for page in pages_of(json_of(path))][::3]
    rows = damaged_rows([*whole, *list(whole_pages().values())[::20]])
    assert tables.as_table(PAGES, rows).num_rows > 1000
