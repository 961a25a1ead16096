"""Every answer that was recorded from the live archive becomes records, or rows that say what is the matter."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import PAGES
from pd_assets.lib.commons.records import Page, parse_member, parse_page
from tests.conftest import ROOT
from tests.pd_assets.lib.commons.recorded import Json, completed, members_of, merged, pages_of

RECORDED = ROOT.parent / "shared/data/commons"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FOLDERS = ("openverse", "wikimedia-commoner/api", "flickypedia/api")
WRONG: tuple[object, ...] = (None, 7, -1.5, "text", [], [None], {}, {"value": 1}, True)
# The live archive's answer to a search for titles: of no page, and the client never asks for one.
NO_PAGES = {"opensearch-Meles-meles-912443.json"}


def recorded(folder: str) -> list[Path]:
    found = sorted((RECORDED / folder).rglob("*.json"))
    if not found:
        pytest.skip(f"no recorded answers in {RECORDED / folder}")
    return found


def answer_of(path: Path) -> object:
    """The body, where the recording holds the request and the headers too."""
    content = json.loads(path.read_text())
    return content["body"] if isinstance(content, dict) and "recorded_at" in content else content


def parsed(folder: str) -> list[Page]:
    answers = [answer_of(path) for path in recorded(folder) if path.name not in NO_PAGES]
    pages = [page for answer in answers for page in pages_of(answer)]
    return [parse_page(completed(page), thumb_side=1280, fetched_at=NOW) for page in pages]


def outcomes(pages: list[Page]) -> Counter[tuple[str, str | None]]:
    return Counter((page.status, page.problem) for page in pages)


def test_every_answer_about_pages_becomes_rows_and_each_unusable_one_says_why() -> None:
    """The counts are of pages; `completed` adds what the recordings did not ask for."""
    found = {folder: outcomes(parsed(folder)) for folder in FOLDERS}
    assert found == {
        # 34 without a file: 24 of later chunks and trimmed answers, 6 parts of an imageinfo, 4 with a title alone.
        "openverse": {("live", None): 123, ("live", "no_file"): 34, ("live", "not_bitmap"): 5},
        "wikimedia-commoner/api": {("live", None): 50, ("deleted", None): 2, ("live", "not_a_file"): 2},
        # Structured data, rendered text and redirects: no answer of these describes a file's bytes.
        "flickypedia/api": {("live", "no_file"): 27, ("deleted", None): 13, ("moved", "no_file"): 1},
    }


def test_every_recorded_file_is_read_and_every_answer_is_of_pages_or_members() -> None:
    counted = {folder: len(recorded(folder)) for folder in FOLDERS}
    assert counted == {"openverse": 37, "wikimedia-commoner/api": 59, "flickypedia/api": 41}
    for folder in FOLDERS:
        for path in recorded(folder):
            if path.name in NO_PAGES:
                with pytest.raises(ValueError, match="an answer of another kind"):
                    list(pages_of(answer_of(path)))
            else:
                answer = answer_of(path)
                assert list(pages_of(answer)) or members_of(answer) or is_empty_log(answer), path.name


def test_the_recorded_listings_become_members() -> None:
    members = [
        parse_member(entry) for path in recorded("wikimedia-commoner/api") for entry in members_of(answer_of(path))
    ]
    assert len(members) == 35
    assert all(member.pageid > 0 and member.title.startswith("File:") for member in members)


def test_the_rows_of_all_recorded_answers_fit_the_table() -> None:
    rows = [page.in_category("Recorded") for folder in FOLDERS for page in parsed(folder)]
    content = tables.as_table(PAGES, rows)
    assert content.num_rows == len(rows) == sum(len(parsed(folder)) for folder in FOLDERS)
    assert not [row["title"] for row in tables.rows(content) if "?" in str(row["file_url"])]


def test_recorded_chunks_of_one_batch_become_one_row_a_page() -> None:
    chunks = [RECORDED / f"openverse/continuation/wmc_pretty{number}.json" for number in (1, 2, 3)]
    if not chunks[0].is_file():
        pytest.skip(f"no recorded answers in {RECORDED}")
    pages = [parse_page(completed(page), thumb_side=1280, fetched_at=NOW) for page in merged(chunks).values()]
    assert len(pages) == 9
    assert outcomes(pages) == {("live", None): 9}


def test_a_recorded_page_with_any_part_of_another_kind_is_a_row_all_the_same() -> None:
    whole = [page for folder in FOLDERS for path in recorded(folder)[:12] for page in pages_of_readable(path)][::2]
    rows = []
    for page in whole:
        for damaged in damages(completed(page)):
            rows.append(parse_page(damaged, thumb_side=1280, fetched_at=NOW).in_category("Recorded"))
    assert tables.as_table(PAGES, rows).num_rows > 1000


def pages_of_readable(path: Path) -> list[Json]:
    return [] if path.name in NO_PAGES else list(pages_of(answer_of(path)))


def is_empty_log(answer: object) -> bool:
    return isinstance(answer, str) and "<logevents />" in answer


def damages(page: Json) -> Iterator[Json]:
    """The page with each of its parts, and each part of its imageinfo, replaced by something of another kind."""
    for name, wrong in product(page, WRONG):
        yield {**page, name: wrong}
    info = page.get("imageinfo")
    if isinstance(info, list) and info and isinstance(info[0], dict):
        for name, wrong in product(info[0], WRONG):
            yield {**page, "imageinfo": [{**info[0], name: wrong}]}
