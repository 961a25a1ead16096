"""The sync against a sandbox archive: it asks for no more than it must, and ends where a scrape from scratch would."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import PAGES
from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.commons.suppressions import ACTIONS
from pd_assets.lib.commons.sync import CategorySync
from pd_assets.lib.errors import ArchiveError, TableError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.http import PoliteSession
from pd_assets.sandbox import Archive, SandboxServer
from tests.pd_assets.lib import scraping
from tests.pd_assets.lib.scraping import THUMB_SIDE, asked_in_all, item, listed_pages, live_items, no_sleep, statuses

ROOTS = ("Root",)
LOG_REQUESTS = len(ACTIONS)
FREE = "{{PD-Art|PD-old-100-expired}}"


class Ticking:
    """A clock that goes on by a second whenever somebody looks at it."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


def jpeg(colour: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(buffer, "JPEG")
    return buffer.getvalue()


def small_archive() -> Archive:
    """Root > A, B (both empty of subcategories); files 0-5 in A, 4-9 in B, so that 4 and 5 are in both."""
    archive = Archive(clock=Ticking())
    archive.add("Category:Root", wikitext="")
    for name in "AB":
        archive.add(f"Category:{name}", wikitext="[[Category:Root]]")
    for number in range(10):
        links = ("[[Category:A]]" if number < 6 else "") + ("[[Category:B]]" if number > 3 else "")
        archive.add(f"File:{number}.jpg", wikitext=f"{FREE}{links}", content=jpeg(f"#{number}0{number}0{number}0"))
    return archive


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with SandboxServer(small_archive()) as running:
        yield running


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


def scrape(home: Home, server: SandboxServer) -> dict[str, CategorySync]:
    return scraping.scrape(home, server.api_url, ROOTS)


def asked_for(server: SandboxServer) -> list[int]:
    """The page ids of every details request since the log was cleared."""
    return [int(one) for line in server.faults.log for one in line.params.get("pageids", "").split("|") if one]


def id_of(server: SandboxServer, title: str) -> int:
    page = server.archive.page(title)
    assert page is not None
    return page.pageid


def assert_like_from_scratch(home: Home, server: SandboxServer, fresh: Path) -> None:
    scratch = open_home(fresh)
    scrape(scratch, server)
    assert listed_pages(home) == listed_pages(scratch)
    assert live_items(home) == live_items(scratch)
    assert live_items(home)


def test_the_first_sync_stores_every_file_with_its_evidence(home: Home, server: SandboxServer) -> None:
    synced = scrape(home, server)
    assert {name: (one.files, one.new, one.changed, one.gone) for name, one in synced.items()} == {
        "A": (6, 6, 0, 0),
        "B": (6, 6, 0, 0),
        "Root": (0, 0, 0, 0),
    }
    rows = listed_pages(home)
    assert {category for category, _ in rows} == {"A", "B"}
    one = rows["A", id_of(server, "File:5.jpg")]
    assert one["categories"] == ["A", "B", "CC-PD-Mark", "PD-Art (PD-old-100-expired)", "PD-old-100-expired"]
    assert str(one["wikitext"]).startswith(FREE)
    assert len(live_items(home)) == 10


def test_a_file_in_two_categories_is_asked_for_once(home: Home, server: SandboxServer) -> None:
    synced = scrape(home, server)
    assert len(asked_for(server)) == len(set(asked_for(server))) == 10
    assert asked_in_all(synced) == 10
    both = item(home, id_of(server, "File:4.jpg"))
    assert (both["partitions"], both["status"]) == (["A", "B"], "live")


def test_a_second_sync_asks_for_no_details_and_changes_nothing(home: Home, server: SandboxServer) -> None:
    first = scrape(home, server)
    written = {path: path.stat().st_mtime_ns for path in tables.parts(home, PAGES)}
    server.faults.log.clear()
    second = scrape(home, server)
    assert asked_for(server) == []
    assert asked_in_all(second) == 0
    assert not any(one.is_changed or one.new or one.changed or one.gone for one in second.values())
    assert all(one.is_changed for one in first.values())
    assert {path: path.stat().st_mtime_ns for path in tables.parts(home, PAGES)} == written
    assert {name: one.digest for name, one in second.items()} == {name: one.digest for name, one in first.items()}


def test_an_unchanged_category_costs_one_request_for_500_files(home: Home) -> None:
    archive = Archive(clock=Ticking())
    archive.add("Category:Full", wikitext="")
    picture = jpeg("red")
    for number in range(1001):
        archive.add(f"File:{number:04}.jpg", wikitext="[[Category:Full]]", content=picture)
    with SandboxServer(archive) as server, PoliteSession("tests", sleep=no_sleep) as session:
        client = CommonsClient(server.api_url, session, thumb_side=THUMB_SIDE)
        first = scraping.sync(home, client, ["Full"])["Full"]
        assert (first.files, first.details_asked) == (1001, 1001)
        assert len(server.faults.log) == 3 + 21 + LOG_REQUESTS
        server.faults.log.clear()
        second = scraping.sync(home, client, ["Full"])["Full"]
        assert (second.files, second.details_asked, second.is_changed) == (1001, 0, False)
        assert len(server.faults.log) == 3 + LOG_REQUESTS


# --- one event each, then the same rows as from scratch --------------------------------------------------------------


def test_a_new_file_is_found(home: Home, server: SandboxServer, tmp_path: Path) -> None:
    scrape(home, server)
    page = server.archive.add("File:New.jpg", wikitext=f"{FREE}[[Category:A]]", content=jpeg("blue"))
    server.faults.log.clear()
    synced = scrape(home, server)
    assert asked_for(server) == [page.pageid]
    assert (synced["A"].new, synced["A"].is_changed, synced["B"].is_changed) == (1, True, False)
    assert_like_from_scratch(home, server, tmp_path / "fresh")


def test_an_edited_page_is_read_again_once_though_two_categories_list_it(
    home: Home, server: SandboxServer, tmp_path: Path
) -> None:
    scrape(home, server)
    page = server.archive.edit("File:4.jpg", "{{Cc-by-sa-4.0}}[[Category:A]][[Category:B]]")
    server.faults.log.clear()
    synced = scrape(home, server)
    assert asked_for(server) == [page.pageid]
    assert (synced["A"].is_changed, synced["B"].is_changed) == (True, True)
    assert "Cc-by-sa-4.0" in str(listed_pages(home)["B", page.pageid]["templates"])
    assert_like_from_scratch(home, server, tmp_path / "fresh")


def test_an_overwritten_file_has_its_new_sha1(home: Home, server: SandboxServer, tmp_path: Path) -> None:
    scrape(home, server)
    pageid = id_of(server, "File:0.jpg")
    before = item(home, pageid)
    server.archive.overwrite("File:0.jpg", jpeg("green"))
    scrape(home, server)
    after = item(home, pageid)
    assert after["sha1"] != before["sha1"] and after["title"] == before["title"]
    assert_like_from_scratch(home, server, tmp_path / "fresh")


@pytest.mark.parametrize("leave_redirect", [True, False])
def test_a_renamed_file_keeps_its_item(home: Home, server: SandboxServer, tmp_path: Path, leave_redirect: bool) -> None:
    scrape(home, server)
    pageid = id_of(server, "File:4.jpg")
    server.archive.move("File:4.jpg", "File:Better name.jpg", leave_redirect=leave_redirect)
    scrape(home, server)
    assert (item(home, pageid)["title"], item(home, pageid)["status"]) == ("Better name", "live")
    assert len(live_items(home)) == 10
    assert_like_from_scratch(home, server, tmp_path / "fresh")


def test_a_deleted_file_is_kept_as_deleted_with_its_last_evidence(
    home: Home, server: SandboxServer, tmp_path: Path
) -> None:
    scrape(home, server)
    pageid = id_of(server, "File:4.jpg")
    before = item(home, pageid)
    server.archive.delete("File:4.jpg")
    server.faults.log.clear()
    synced = scrape(home, server)
    assert asked_for(server) == [pageid]
    assert (synced["A"].gone, synced["B"].gone, asked_in_all(synced)) == (1, 1, 1)
    after = item(home, pageid)
    assert (after["status"], after["partitions"]) == ("deleted", [])
    assert (after["sha1"], after["revid"], after["categories"]) == (
        before["sha1"],
        before["revid"],
        before["categories"],
    )
    assert_like_from_scratch(home, server, tmp_path / "fresh")
    server.faults.log.clear()
    assert not any(one.is_changed for one in scrape(home, server).values())
    assert asked_for(server) == []


def test_a_restored_file_is_live_again(home: Home, server: SandboxServer, tmp_path: Path) -> None:
    scrape(home, server)
    pageid = id_of(server, "File:0.jpg")
    server.archive.delete("File:0.jpg")
    scrape(home, server)
    server.archive.restore("File:0.jpg")
    scrape(home, server)
    assert item(home, pageid)["status"] == "live"
    assert statuses(home, pageid) == {"A": "live"}
    assert_like_from_scratch(home, server, tmp_path / "fresh")


def test_a_file_deleted_and_restored_between_two_runs_is_as_it_was(
    home: Home, server: SandboxServer, tmp_path: Path
) -> None:
    scrape(home, server)
    server.archive.edit("File:0.jpg", f"{FREE}[[Category:A]] better")
    scrape(home, server)
    server.archive.delete("File:0.jpg")
    server.archive.restore("File:0.jpg")
    scrape(home, server)
    assert_like_from_scratch(home, server, tmp_path / "fresh")


def test_a_file_that_changes_category_leaves_one_and_joins_the_other(
    home: Home, server: SandboxServer, tmp_path: Path
) -> None:
    scrape(home, server)
    pageid = id_of(server, "File:9.jpg")
    server.archive.recategorise("File:9.jpg", add=["A"], remove=["B"])
    server.faults.log.clear()
    synced = scrape(home, server)
    assert asked_for(server) == [pageid]
    assert (synced["A"].new, synced["B"].gone) == (1, 1)
    assert statuses(home, pageid) == {"A": "live", "B": "left"}
    assert (item(home, pageid)["status"], item(home, pageid)["partitions"]) == ("live", ["A"])
    assert_like_from_scratch(home, server, tmp_path / "fresh")


def test_a_file_that_leaves_the_first_of_two_categories_is_asked_for_once(
    home: Home, server: SandboxServer, tmp_path: Path
) -> None:
    scrape(home, server)
    page = server.archive.recategorise("File:5.jpg", remove=["A"])
    server.faults.log.clear()
    scrape(home, server)
    assert asked_for(server) == [page.pageid]
    assert statuses(home, page.pageid) == {"A": "left", "B": "live"}
    assert_like_from_scratch(home, server, tmp_path / "fresh")


def test_a_file_that_leaves_every_category_is_left_and_comes_back(
    home: Home, server: SandboxServer, tmp_path: Path
) -> None:
    scrape(home, server)
    page = server.archive.recategorise("File:0.jpg", remove=["A"])
    scrape(home, server)
    assert (item(home, page.pageid)["status"], item(home, page.pageid)["partitions"]) == ("left", [])
    assert_like_from_scratch(home, server, tmp_path / "fresh")
    server.archive.recategorise("File:0.jpg", add=["B"])
    scrape(home, server)
    assert (item(home, page.pageid)["status"], item(home, page.pageid)["partitions"]) == ("live", ["B"])
    assert_like_from_scratch(home, server, tmp_path / "fresh2")


def test_a_category_that_the_walk_loses_takes_its_files_with_it(
    home: Home, server: SandboxServer, tmp_path: Path
) -> None:
    scrape(home, server)
    server.archive.edit("Category:B", "no longer below the root")
    scrape(home, server)
    assert item(home, id_of(server, "File:9.jpg"))["status"] == "left"
    both = item(home, id_of(server, "File:5.jpg"))
    assert (both["status"], both["partitions"]) == ("live", ["A"])
    assert set(live_items(home)) == {f"commons:M{id_of(server, f'File:{number}.jpg')}" for number in range(6)}


def test_a_redirect_in_a_category_is_no_live_item(home: Home, server: SandboxServer) -> None:
    page = server.archive.add("File:Old.jpg", wikitext="#REDIRECT [[File:0.jpg]]\n[[Category:A]]", content=jpeg("red"))
    scrape(home, server)
    assert item(home, page.pageid)["status"] == "moved"
    server.faults.log.clear()
    scrape(home, server)
    assert asked_for(server) == []


def test_everything_at_once_ends_like_a_scrape_from_scratch(home: Home, server: SandboxServer, tmp_path: Path) -> None:
    scrape(home, server)
    archive = server.archive
    archive.add("File:New.jpg", wikitext=f"{FREE}[[Category:B]]", content=jpeg("blue"))
    archive.edit("File:0.jpg", f"{FREE}[[Category:A]] edited")
    archive.overwrite("File:1.jpg")
    archive.move("File:2.jpg", "File:Two.jpg")
    archive.move("File:3.jpg", "File:Three.jpg", leave_redirect=False)
    archive.delete("File:4.jpg")
    archive.recategorise("File:6.jpg", add=["A"], remove=["B"])
    archive.set_caption("File:7.jpg", "A red square")
    archive.add("Category:C", wikitext="[[Category:A]]")
    archive.recategorise("File:8.jpg", add=["C"])
    scrape(home, server)
    assert_like_from_scratch(home, server, tmp_path / "fresh")
    server.faults.log.clear()
    scrape(home, server)
    assert asked_for(server) == []


# --- what else may happen --------------------------------------------------------------------------------------------


def test_another_thumbnail_size_reads_everything_anew(home: Home, server: SandboxServer) -> None:
    scrape(home, server)
    with PoliteSession("tests", sleep=no_sleep) as session:
        client = CommonsClient(server.api_url, session, thumb_side=20)
        synced = scraping.sync(home, client, ["A", "B"])
    assert asked_in_all(synced) == 10
    assert {row["thumb_side"] for row in listed_pages(home).values()} == {20}


def test_a_sync_that_fails_half_way_leaves_the_partition_as_it_was(home: Home, server: SandboxServer) -> None:
    scrape(home, server)
    before = listed_pages(home)
    server.archive.edit("File:0.jpg", "changed [[Category:A]]")
    server.faults.lag = 60.0
    with PoliteSession("tests", sleep=no_sleep) as session, pytest.raises(ArchiveError):
        scraping.sync(home, CommonsClient(server.api_url, session, thumb_side=THUMB_SIDE), ["A"])
    assert listed_pages(home) == before


def test_passing_faults_of_the_archive_change_no_row(home: Home, server: SandboxServer, tmp_path: Path) -> None:
    server.faults.set({"status": 503, "times": 3, "path": "/w/api.php"})
    scrape(home, server)
    assert_like_from_scratch(home, server, tmp_path / "fresh")


def test_a_damaged_partition_is_a_named_error(home: Home, server: SandboxServer) -> None:
    scrape(home, server)
    part = home.partition(PAGES.key, "A") / tables.part_name(0)
    part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(TableError, match=r"commons/pages: .*A/part-00000\.parquet is damaged .*; run"):
        scrape(home, server)


@pytest.mark.parametrize("name", ["AC/DC", "...", "Я" * 120, "🎨 art"])
def test_categories_of_any_name_are_kept(home: Home, name: str) -> None:
    archive = Archive(clock=Ticking())
    archive.add(f"Category:{name}", wikitext="")
    archive.add("File:One.jpg", wikitext=f"[[Category:{name}]]", content=jpeg("red"))
    with SandboxServer(archive) as server:
        synced = scraping.scrape(home, server.api_url, [name])
        assert synced[name].files == 1
        assert list(home.partitions(PAGES.key)) == [name]
        assert len(live_items(home)) == 1
        assert asked_in_all(scraping.scrape(home, server.api_url, [name])) == 0
