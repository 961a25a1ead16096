"""Suppressed versions change no listing: the log names the pages, once, and at the cost of a few requests."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import PAGES
from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.commons.suppressions import ACTIONS, LOOK_BACK, MOST_REQUESTS_EACH, Suppressions, look_up
from pd_assets.lib.commons.sync import KnownPages, sync_category
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.http import PoliteSession
from tests.pd_assets.lib.commons.large_category import CATEGORY, LargeCategory
from tests.pd_assets.lib.scraping import THUMB_SIDE, no_sleep

REVISION, RESTORE = ACTIONS


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


def at(minute: int) -> str:
    return f"2026-02-01T{minute // 60:02}:{minute % 60:02}:00Z"


def look(archive: LargeCategory, home: Home, *, is_done: bool = True) -> tuple[list[int], int]:
    """The pages that the log names now, and the requests that it took."""
    with archive.serve() as server, PoliteSession("tests", sleep=no_sleep) as session:
        found: Suppressions = look_up(CommonsClient(server.url, session, thumb_side=THUMB_SIDE), home)
        if is_done:
            found.done(home)
        return sorted(found.pageids), server.count


def sync(archive: LargeCategory, home: Home, categories: Sequence[str] = (CATEGORY,)) -> int:
    """A run over some categories; the details that it asked for."""
    with archive.serve() as server, PoliteSession("tests", sleep=no_sleep) as session:
        client = CommonsClient(server.url, session, thumb_side=THUMB_SIDE)
        found = look_up(client, home)
        known = KnownPages(home=home, thumb_side=THUMB_SIDE, suppressed=found.pageids)
        asked = sum(sync_category(client, home, name, known).details_asked for name in categories)
        found.done(home)
        return asked


def problems(home: Home) -> dict[object, object]:
    return {row["pageid"]: row["problem"] for row in tables.rows(tables.read(home, PAGES)) if row["problem"]}


def test_a_hidden_version_is_found_though_its_listing_says_what_it_said(home: Home) -> None:
    archive = LargeCategory(files=60, text_bytes=10)
    assert sync(archive, home) == 60
    archive.hidden = {7}
    archive.events.append((REVISION, at(5), 7))
    assert sync(archive, home) == 1
    # A picture that is not told of has no media type either: it is hidden, and so no usable picture.
    assert problems(home) == {7: "hidden"}
    assert sync(archive, home) == 0


def test_a_suppressed_page_in_two_categories_is_asked_for_once(home: Home) -> None:
    archive = LargeCategory(files=60, text_bytes=10)
    assert sync(archive, home, ["A", "B"]) == 60
    archive.hidden = {7}
    archive.events.append((REVISION, at(5), 7))
    assert sync(archive, home, ["A", "B"]) == 1
    hidden = [row["category"] for row in tables.rows(tables.read(home, PAGES)) if row["problem"] == "hidden"]
    assert hidden == ["A", "B"]


def test_pages_that_no_category_holds_cost_nothing(home: Home) -> None:
    archive = LargeCategory(files=60, text_bytes=10)
    sync(archive, home)
    archive.events += [(REVISION, at(5), 999), (REVISION, at(5), 0)]
    assert sync(archive, home) == 0


def test_what_happened_before_the_first_run_is_no_news(home: Home) -> None:
    archive = LargeCategory(files=3, events=[(REVISION, at(0), 1), (RESTORE, at(20), 2)])
    assert look(archive, home) == ([], len(ACTIONS))
    assert look(archive, home) == ([1, 2], len(ACTIONS))  # once more, for the overlap
    assert look(archive, home) == ([], len(ACTIONS))


def test_an_event_that_becomes_visible_late_is_found(home: Home) -> None:
    archive = LargeCategory(files=3, events=[(REVISION, at(60), 1)])
    look(archive, home)
    look(archive, home)
    archive.events += [(REVISION, at(53), 2), (RESTORE, at(0), 9)]
    assert look(archive, home)[0] == [2, 9]
    assert look(archive, home)[0] == []


def test_pages_are_named_again_until_they_were_read(home: Home) -> None:
    archive = LargeCategory(files=3)
    look(archive, home)
    archive.events.append((RESTORE, at(9), 3))
    assert look(archive, home, is_done=False)[0] == [3]
    assert look(archive, home)[0] == [3]
    assert look(archive, home)[0] == []


def test_a_long_log_is_read_over_several_runs(home: Home) -> None:
    archive = LargeCategory(files=3)
    look(archive, home)
    archive.events = [(REVISION, at(number // 10), number) for number in range(1, 4001)]
    found: set[int] = set()
    for _ in range(3):
        pageids, requests = look(archive, home)
        assert requests <= MOST_REQUESTS_EACH * len(ACTIONS) <= 10
        found |= set(pageids)
    assert found == set(range(1, 4001))


@pytest.mark.parametrize("text", ["{", "[]", '{"delete/revision": {"since": "2026"}}', '{"delete/revision": 3}'])
def test_where_the_cursor_is_damaged_sixty_days_are_looked_up_again(home: Home, text: str) -> None:
    lately = (datetime.now(UTC) - LOOK_BACK + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    archive = LargeCategory(files=3, events=[(REVISION, "2020-01-01T00:00:00Z", 1), (REVISION, lately, 2)])
    (home.root / "commons").mkdir()
    (home.root / "commons" / "cursor.json").write_text(text)
    assert look(archive, home)[0] == [2]
    assert look(archive, home)[0] == []


def test_a_damaged_cursor_is_whole_again_after_a_look_without_news(home: Home) -> None:
    archive = LargeCategory(files=3, events=[(REVISION, "2020-01-01T00:00:00Z", 1)])
    path = home.root / "commons" / "cursor.json"
    path.parent.mkdir()
    path.write_text("{")
    look(archive, home)
    assert set(json.loads(path.read_text())) == set(ACTIONS)


def test_the_cursor_is_readable_and_not_written_without_news(home: Home) -> None:
    archive = LargeCategory(files=3, events=[(REVISION, at(0), 1)])
    look(archive, home)
    look(archive, home)
    path = home.root / "commons" / "cursor.json"
    written = path.stat().st_mtime_ns
    look(archive, home)
    assert path.stat().st_mtime_ns == written
    assert json.loads(path.read_text())[REVISION] == {"since": at(0), "seen": [0]}
