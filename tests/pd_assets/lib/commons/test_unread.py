"""Pages that could not be read are remembered with their reason, and asked for again ever less often."""

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pd_assets.lib.commons.unread import LONGEST_REASON, UnreadPages, load_unread, reproducible
from pd_assets.lib.home import Home, open_home

NIGHT = datetime(2026, 3, 1, 2, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


def test_a_page_is_asked_for_again_ever_less_often() -> None:
    unread = UnreadPages()
    asked = []
    for day in range(60):
        now = NIGHT + timedelta(days=day)
        if unread.is_due(7, now=now, revid=3):
            asked.append(day)
            unread.failed(7, "its width is no number", now=now, revid=3)
    assert asked == [0, 1, 2, 9, 39]


def test_another_revision_is_asked_for_at_once_and_its_tries_begin_anew() -> None:
    unread = UnreadPages()
    for _ in range(4):
        unread.failed(7, "its width is no number", now=NIGHT, revid=3)
    assert not unread.is_due(7, now=NIGHT, revid=3)
    assert unread.is_due(7, now=NIGHT, revid=4)
    page = unread.failed(7, "its width is no number", now=NIGHT + timedelta(days=1), revid=4)
    assert (page.tries, page.first_at) == (1, NIGHT)


def test_where_the_revision_is_not_known_time_alone_counts() -> None:
    unread = UnreadPages()
    for _ in range(3):
        unread.failed(7, "the archive answers nothing", now=NIGHT)
    assert not unread.is_due(7, now=NIGHT, revid=4)
    assert unread.failed(7, "the archive answers nothing", now=NIGHT, revid=4).tries == 4


def test_what_was_noted_is_there_after_loading_and_what_was_read_is_not(home: Home) -> None:
    unread = load_unread(home)
    unread.failed(7, "odd", now=NIGHT, title="File:\ud800.jpg", revid=3)
    unread.failed(8, "odder", now=NIGHT)
    unread.read(8)
    unread.save(home)
    (page,) = load_unread(home)
    assert (page.pageid, page.title, page.revid, page.reason, page.first_at) == (7, "File:?.jpg", 3, "odd", NIGHT)
    assert load_unread(home) == unread


def test_a_home_without_such_pages_has_no_such_file(home: Home) -> None:
    load_unread(home).save(home)
    assert not (home.root / "commons" / "unread.json").exists()


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"pages": [{}]}',
        '{"pages": 7}',
        '{"pages": [7]}',
        "[" * 100_000,
        json.dumps({"pages": [{"pageid": 1, "title": "", "revid": None, "reason": "", "tries": 1,
                               "first_at": "9999-12-31T23:59:59+00:00", "last_at": "9999-12-31T23:59:59+00:00"}]}),
        json.dumps({"pages": [{"pageid": 1, "title": "", "revid": None, "reason": "", "tries": -9,
                               "first_at": "2026-01-01T00:00:00+00:00", "last_at": "2026-01-01T00:00:00+00:00"}]}),
    ],
)  # fmt: skip
def test_a_damaged_file_is_begun_anew_with_a_warning(
    home: Home, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = home.root / "commons" / "unread.json"
    path.parent.mkdir()
    path.write_text(content)
    with caplog.at_level(logging.WARNING):
        assert len(load_unread(home)) == 0
    assert "begun anew" in caplog.text


def test_a_reason_is_one_short_line_without_places_in_memory() -> None:
    said = f"cannot read {object()!r}:\n  \ud800 " + "x" * 1_000
    assert reproducible(said).startswith("cannot read <object object>: ? xxx")
    assert len(reproducible(said)) == LONGEST_REASON
