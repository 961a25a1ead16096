"""What a second run finds in an archive that changed, without a server: the sharp edge of the sync in milliseconds."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pd_assets.lib.commons.sync import CategorySync, KnownPages, sync_category
from pd_assets.lib.home import Home, open_home
from pd_assets.sandbox.archive import Archive
from tests.pd_assets.lib import scraping
from tests.pd_assets.lib.commons.in_process import InProcess
from tests.pd_assets.lib.scraping import THUMB_SIDE, listed_pages, statuses

FREE = "{{PD-Art|PD-old-100-expired}}"
JPEG = b"\xff\xd8\xff"


class Ticking:
    """A clock that goes on by a second whenever somebody looks at it."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


@pytest.fixture
def archive() -> Archive:
    """A and B; files 0-5 in A, 4-9 in B, so that 4 and 5 are in both."""
    made = Archive(clock=Ticking())
    for name in "AB":
        made.add(f"Category:{name}", wikitext="")
    for number in range(10):
        links = ("[[Category:A]]" if number < 6 else "") + ("[[Category:B]]" if number > 3 else "")
        made.add(f"File:{number}.jpg", wikitext=f"{FREE}{links}", content=JPEG)
    return made


@pytest.fixture
def session(archive: Archive) -> InProcess:
    return InProcess(archive=archive)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


def sync(session: InProcess, home: Home, categories: Sequence[str] = ("A", "B")) -> dict[str, CategorySync]:
    return scraping.sync(home, session.client(), categories)


def id_of(archive: Archive, title: str) -> int:
    page = archive.page(title)
    assert page is not None
    return page.pageid


def test_a_listing_of_many_answers_is_followed_to_its_end(session: InProcess, home: Home) -> None:
    synced = sync(session, home)
    assert {name: (one.files, one.new) for name, one in synced.items()} == {"A": (6, 6), "B": (6, 6)}
    ids = {id_of(session.archive, f"File:{number}.jpg") for number in range(10)}
    assert {pageid for _, pageid in listed_pages(home)} == ids == set(session.details_asked())


def test_where_nothing_changed_a_second_run_asks_for_no_page(session: InProcess, home: Home) -> None:
    first = sync(session, home)
    session.asked.clear()
    second = sync(session, home)
    assert session.details_asked() == []
    assert not any(one.is_changed for one in second.values())
    assert {name: one.digest for name, one in second.items()} == {name: one.digest for name, one in first.items()}


def test_an_edited_page_is_read_again(session: InProcess, home: Home) -> None:
    sync(session, home)
    session.asked.clear()
    page = session.archive.edit("File:4.jpg", "{{Cc-by-sa-4.0}}[[Category:A]][[Category:B]]")
    sync(session, home)
    assert session.details_asked() == [page.pageid]
    assert all("Cc-by-sa-4.0" in str(listed_pages(home)[name, page.pageid]["wikitext"]) for name in "AB")


def test_a_page_of_which_only_a_template_changed_is_read_again(session: InProcess, home: Home) -> None:
    """Its revision is the one that is stored; only the moment at which it was last rendered tells."""
    sync(session, home)
    session.asked.clear()
    page = session.archive.touch("File:4.jpg")
    synced = sync(session, home)
    assert session.details_asked() == [page.pageid]
    assert listed_pages(home)["B", page.pageid]["touched"] == page.touched
    assert (synced["A"].is_changed, synced["B"].is_changed) == (True, True)


def test_a_page_whose_touch_date_went_back_is_read_again(session: InProcess, home: Home) -> None:
    session.archive.touch("File:0.jpg")
    sync(session, home)
    session.asked.clear()
    session.archive.delete("File:0.jpg")
    page = session.archive.restore("File:0.jpg")
    sync(session, home)
    assert session.details_asked() == [page.pageid]
    assert listed_pages(home)["A", page.pageid]["touched"] == page.touched


def test_a_deleted_page_is_noticed_in_every_category_and_its_evidence_stays(session: InProcess, home: Home) -> None:
    sync(session, home)
    pageid = id_of(session.archive, "File:4.jpg")
    session.archive.delete("File:4.jpg")
    session.asked.clear()
    synced = sync(session, home)
    assert session.details_asked() == [pageid]
    assert [(one.gone, one.files) for one in synced.values()] == [(1, 5), (1, 5)]
    assert statuses(home, pageid) == {"A": "deleted", "B": "deleted"}
    assert {str(row["wikitext"])[: len(FREE)] for row in scraping.stored_rows(home, pageid)} == {FREE}


def test_a_page_that_left_one_category_is_left_there_and_live_in_the_other(session: InProcess, home: Home) -> None:
    sync(session, home)
    page = session.archive.recategorise("File:5.jpg", remove=["A"])
    sync(session, home)
    assert statuses(home, page.pageid) == {"A": "left", "B": "live"}


def test_a_renamed_page_has_its_new_title_under_its_old_id(session: InProcess, home: Home) -> None:
    sync(session, home)
    pageid = id_of(session.archive, "File:4.jpg")
    session.archive.move("File:4.jpg", "File:Better.jpg", leave_redirect=False)
    sync(session, home)
    assert {listed_pages(home)[name, pageid]["title"] for name in "AB"} == {"File:Better.jpg"}


def test_a_redirect_is_moved_and_not_live_in_every_category_that_lists_it(session: InProcess, home: Home) -> None:
    text = "#REDIRECT [[File:0.jpg]]\n[[Category:A]][[Category:B]]"
    page = session.archive.add("File:Old.jpg", wikitext=text, content=JPEG)
    sync(session, home)
    assert statuses(home, page.pageid) == {"A": "moved", "B": "moved"}


def test_a_run_that_its_limit_ends_takes_nothing_for_gone(session: InProcess, home: Home) -> None:
    sync(session, home)
    for number in range(6):
        session.archive.touch(f"File:{number}.jpg")
    known = KnownPages(home=home, thumb_side=THUMB_SIDE, limit=2)
    cut_off = sync_category(session.client(), home, "A", known)
    assert (cut_off.is_complete, cut_off.details_asked, cut_off.gone, cut_off.files) == (False, 2, 0, 6)
    assert known.is_exhausted
