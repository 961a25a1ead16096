"""Imported titles in the sync: listed like a category, found again after a rename, gone where the archive has none."""

from pathlib import Path

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import PAGES
from pd_assets.lib.commons.sync import CategorySync, KnownPages, sync_category
from pd_assets.lib.errors import TableError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.prior.kept import IMPORTED, keep, place
from pd_assets.lib.prior.told import in_short
from pd_assets.sandbox import Archive
from tests.pd_assets.lib.commons.in_process import InProcess
from tests.pd_assets.lib.scraping import THUMB_SIDE

TITLES = ("File:1.jpg", "File:2.jpg", "File:Gone.jpg")


def synced(home: Home, session: InProcess) -> CategorySync:
    known = KnownPages(home=home, thumb_side=THUMB_SIDE)
    return sync_category(session.client(), home, IMPORTED, known)


def stored(home: Home) -> dict[str, str]:
    return {str(row["title"]): str(row["status"]) for row in tables.rows(tables.read(home, PAGES))}


def small_archive() -> Archive:
    archive = Archive()
    for number in range(3):
        archive.add(f"File:{number}.jpg", wikitext="{{PD-old-100}}", content=b"")
    return archive


def test_only_what_was_imported_is_read_and_a_second_look_asks_for_no_details(tmp_path: Path) -> None:
    home, session = open_home(tmp_path / "home"), InProcess(archive=small_archive())
    assert in_short(home) == "nothing of a prior system (pdd import-prior)"
    keep(home, [(title, ()) for title in TITLES])
    assert in_short(home) == "3 titles of a prior system, not read yet: pdd run nightly"
    first, second = synced(home, session), synced(home, session)
    assert in_short(home) == "3 titles of a prior system; the archive has 2 files of them"
    assert (first.listed, first.details_asked, second.listed, second.details_asked) == (2, 2, 2, 0)
    assert stored(home) == {"File:1.jpg": "live", "File:2.jpg": "live"}


def test_a_renamed_file_is_found_where_it_is_now_and_a_deleted_one_goes(tmp_path: Path) -> None:
    home, session = open_home(tmp_path / "home"), InProcess(archive=small_archive())
    keep(home, [(title, ()) for title in TITLES])
    synced(home, session)
    session.archive.move("File:1.jpg", "File:New name.jpg")
    session.archive.delete("File:2.jpg")
    synced(home, session)
    assert stored(home) == {"File:New name.jpg": "live", "File:2.jpg": "deleted"}


def test_a_damaged_file_of_titles_is_a_named_error_and_no_page_is_taken_for_gone(tmp_path: Path) -> None:
    home, session = open_home(tmp_path / "home"), InProcess(archive=small_archive())
    keep(home, [(title, ()) for title in TITLES])
    synced(home, session)
    place(home).write_bytes(b"PAR1 and nothing more")
    with pytest.raises(TableError, match="remove it and run pdd import-prior again"):
        synced(home, session)
    assert set(stored(home).values()) == {"live"}
