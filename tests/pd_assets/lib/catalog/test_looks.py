"""When sources were last looked at, and what of that is too long ago."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pd_assets.lib.catalog.looks import COMMONS, EMPTY_FOR_DAYS, Looks, Stale, load_looks, stale
from pd_assets.lib.catalog.schemas import CATEGORIES, PAGES
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.smithsonian.sync import note_unread
from tests.pd_assets.lib.planting import page, plant

NOW = datetime(2026, 11, 29, 2, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def test_what_is_noted_is_read_again(home: Home) -> None:
    looks = Looks(walked={"Leaf": NOW.isoformat()})
    looks.saw("Ä", now=NOW, files=3)
    looks.could_not_read(7, read_before=days_ago(2))
    looks.could_not_read(7, read_before=days_ago(1))
    looks.save(home, COMMONS)
    assert load_looks(home, COMMONS) == looks
    assert looks.failed == {"7": days_ago(2).isoformat()}


@pytest.mark.parametrize("damaged", ["", "{", "[]", '{"sources": {"A": {"at": "now", "files": 1}}}', '{"sources": 3}'])
def test_a_damaged_note_is_begun_anew(home: Home, damaged: str) -> None:
    path = home.root / COMMONS / "looks.json"
    path.parent.mkdir(parents=True)
    path.write_text(damaged)
    assert load_looks(home, COMMONS) == Looks()


def test_what_was_found_empty_is_believed_to_be_so_for_less_than_a_week() -> None:
    looks = Looks(walked={"A": NOW.isoformat()})
    looks.saw("A", now=NOW, files=0)
    looks.saw("B", now=NOW, files=1)
    for after, is_believed in ((min(EMPTY_FOR_DAYS) - 0.1, True), (max(EMPTY_FOR_DAYS), False)):
        then = NOW + timedelta(days=after)
        assert (looks.has_no_files("A", now=then), looks.has_no_subcategories("A", now=then)) == (is_believed,) * 2
        assert not looks.has_no_files("B", now=then) and not looks.has_no_files("C", now=then)


def test_a_category_is_stale_by_its_last_look_and_without_one_by_its_newest_part(home: Home) -> None:
    plant(home, CATEGORIES, [{"category": name, "status": "live"} for name in "ABC"])
    for name in ("A", "B", "Retired"):
        plant(home, PAGES, [page(1, name)], partition=name)
        (part,) = home.partition(PAGES.key, name).glob("part-*.parquet")
        os.utime(part, (days_ago(20).timestamp(),) * 2)
    assert stale(home, days=14, now=NOW) == Stale(categories=("A", "B"))
    looks = Looks()
    looks.saw("A", now=days_ago(13), files=1)
    looks.saw("B", now=days_ago(15), files=1)
    looks.save(home, COMMONS)
    found = stale(home, days=14, now=NOW)
    assert (found, str(found)) == (Stale(categories=("B",)), "1 categories (B)")
    assert not stale(home, days=21, now=NOW)


def test_a_shard_is_stale_where_it_could_not_be_read_and_was_read_too_long_ago(home: Home) -> None:
    looks = Looks()
    looks.saw("SAAM/01", now=days_ago(20), files=0)
    looks.saw("SAAM/02", now=days_ago(20), files=0)
    looks.save(home, "smithsonian")
    assert not stale(home, days=14, now=NOW)
    note_unread(home, "SAAM", ["01"], read=["02"])
    assert stale(home, days=14, now=NOW) == Stale(shards=("SAAM/01",))
    note_unread(home, "SAAM", [], read=["01"])
    assert not stale(home, days=14, now=NOW)
