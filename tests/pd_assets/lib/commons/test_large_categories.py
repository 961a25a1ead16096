"""Categories of any size: bounded memory, few requests, parts of bounded size, and kills at any moment."""

import json
import random
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import PAGES
from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.commons.index import load_partition
from pd_assets.lib.commons.parts import MOST_PART_BYTES, ROWS_IN_A_PART
from pd_assets.lib.commons.sync import CategorySync, KnownPages, sync_category
from pd_assets.lib.errors import AddressRefused
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.http import PoliteSession
from tests.conftest import ROOT
from tests.patience import until
from tests.pd_assets.lib.commons.large_category import CATEGORY, LargeCategory
from tests.pd_assets.lib.local_server import LocalServer, Reply
from tests.pd_assets.lib.scraping import THUMB_SIDE, listed_pages, no_sleep

T = TypeVar("T")

MANY = 40_000
FEW = 8_000
GIANT = 300_000
KILLS = 6


def command(server: LocalServer, home: Home) -> list[str]:
    module = "tests.pd_assets.lib.commons.sync_once"
    return [sys.executable, "-m", module, f"{server.url}/w/api.php", str(home.root), CATEGORY]


def measured(server: LocalServer, home: Home) -> dict[str, float]:
    """Sync in a process of its own: details asked for, its peak memory, and its requests."""
    before = server.count
    done = subprocess.run(command(server, home), cwd=ROOT, check=True, capture_output=True, text=True)
    told: dict[str, float] = json.loads(done.stdout)
    return {**told, "requests": server.count - before}


def sync(server: LocalServer, home: Home, *, limit: int | None = None) -> CategorySync:
    with PoliteSession("tests", sleep=no_sleep) as session:
        client = CommonsClient(f"{server.url}/w/api.php", session, thumb_side=THUMB_SIDE)
        return sync_category(client, home, CATEGORY, KnownPages(home=home, thumb_side=THUMB_SIDE, limit=limit))


def sizes(home: Home) -> list[int]:
    return [tables.read_part(PAGES, path, ["pageid"]).num_rows for path in parts(home)]


def parts(home: Home) -> list[Path]:
    return tables.partition_parts(home, PAGES, CATEGORY)


@pytest.mark.extended
@pytest.mark.slow
def test_memory_hardly_grows_with_the_category_and_the_requests_stay_few(tmp_path: Path) -> None:
    peaks: dict[int, list[float]] = {}
    for files in (FEW, MANY):
        large = LargeCategory(files=files, text_bytes=200)
        home = open_home(tmp_path / str(files))
        with large.serve() as server:
            first = measured(server, home)
            again = measured(server, home)
            large.edited = set(range(1, files + 1, 100))
            changed = measured(server, home)
        assert [one["details_asked"] for one in (first, again, changed)] == [files, 0, files / 100]
        assert first["requests"] <= 0.05 * files
        assert again["requests"] <= files / 500 + 10
        assert changed["requests"] <= files / 500 + 10 + files / 100 / 50
        assert set(sizes(home)) == {ROWS_IN_A_PART}
        peaks[files] = [one["peak_mb"] for one in (first, again, changed)]
    for few, many in zip(peaks[FEW], peaks[MANY], strict=True):
        growth_mb = max(0.0, (many - few) / (MANY - FEW) * 10_000)
        assert growth_mb < 5
        assert many + growth_mb * (GIANT - MANY) / 10_000 < 400


@pytest.mark.extended
@pytest.mark.slow
def test_memory_does_not_grow_with_what_pages_hold(tmp_path: Path) -> None:
    large = LargeCategory(files=4000, text_bytes=25_000)
    home = open_home(tmp_path)
    with large.serve() as server:
        first = measured(server, home)
        large.edited = set(range(1, 4001, 10))
        changed = measured(server, home)
    assert max(first["peak_mb"], changed["peak_mb"]) < 400
    assert len(sizes(home)) > 4000 / ROWS_IN_A_PART
    assert all(tables.read_part(PAGES, path).nbytes < 1.1 * MOST_PART_BYTES for path in parts(home))


def wait_until_asked(server: LocalServer, requests: int, process: "subprocess.Popen[bytes]") -> None:
    """Until so many requests came, or the process is done: how fast it is says nothing of where it stands."""
    until(lambda: len(server.asked) >= requests or process.poll() is not None, longest_pause_s=0.002)


@pytest.mark.extended
@pytest.mark.slow
def test_a_sync_killed_six_times_ends_like_an_undisturbed_one(tmp_path: Path) -> None:
    large = LargeCategory(files=5000, delay_s=0.01)
    chance = random.Random(20261122)
    calm, killed = open_home(tmp_path / "calm"), open_home(tmp_path / "killed")
    kept: list[int] = []
    with large.serve() as server:
        for number in range(KILLS):
            if number == KILLS // 2:
                large.edited = set(range(1, 5001, 7))
            before = len(server.asked)
            process = subprocess.Popen(command(server, killed), cwd=ROOT, stdout=subprocess.DEVNULL)
            # A listing of 5,000 files is 10 requests, their details are 100.
            wait_until_asked(server, before + chance.randint(5, 75), process)
            process.kill()
            process.wait()
            kept.append(sum(sizes(killed)))
        last = measured(server, killed)
        undisturbed = measured(server, calm)
    assert kept == sorted(kept) and kept[-1] > 0
    assert last["details_asked"] < undisturbed["details_asked"] == 5000
    assert listed_pages(killed) == listed_pages(calm)
    assert load_partition(killed, CATEGORY).digest == load_partition(calm, CATEGORY).digest
    assert sum(sizes(killed)) == 5000
    left = {path.relative_to(killed.root) for path in killed.root.rglob("*") if path.is_file()}
    assert left == {path.relative_to(calm.root) for path in calm.root.rglob("*") if path.is_file()}


def test_an_interruption_costs_at_most_the_part_in_the_making(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    refused: list[str] = []

    class Stopping(LargeCategory):
        def reply(self, number: int, target: str) -> Reply:
            pageids = parse_qs(urlsplit(target).query).get("pageids", [""])[0].split("|")
            refused.extend({"4500"}.intersection(pageids))
            return Reply(status=403) if refused else super().reply(number, target)

    whole = LargeCategory(files=5000, text_bytes=10)
    with Stopping(files=5000, text_bytes=10).serve() as server, pytest.raises(AddressRefused):
        sync(server, home)
    assert sizes(home) == [2000, 2000]
    with whole.serve() as server:
        assert sync(server, home).details_asked == 1000
    assert sizes(home) == [2000, 2000, 1000]


def test_new_files_fill_the_last_part_and_only_parts_with_changes_are_written(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    large = LargeCategory(files=4500, text_bytes=10)
    with large.serve() as server:
        sync(server, home)
        written = [path.stat().st_mtime_ns for path in parts(home)]
        large.edited, large.files = {2001, 2500}, 4503
        news = sync(server, home)
        assert (news.details_asked, news.new, news.changed, news.files) == (5, 3, 2, 4503)
        assert sizes(home) == [2000, 2000, 503]
        now = [path.stat().st_mtime_ns for path in parts(home)]
        assert [old == new for old, new in zip(written, now, strict=True)] == [True, False, False]


def test_the_digest_does_not_tell_how_rows_are_spread_over_parts(tmp_path: Path) -> None:
    grown, whole = open_home(tmp_path / "grown"), open_home(tmp_path / "whole")
    large = LargeCategory(files=4100, text_bytes=10)
    with large.serve() as server:
        for limit in (150, 2100, None):
            spread = sync(server, grown, limit=limit)
        content = tables.read_partition(grown, PAGES, CATEGORY)
        tables.write_part(PAGES, parts(grown)[0].with_name(tables.part_name(7)), content.slice(2000))
        tables.write_part(PAGES, parts(grown)[0], content.slice(0, 2000))
        for path in parts(grown)[1:-1]:
            path.unlink()
        assert sizes(grown) == [2000, 2100] and sizes(whole) == []
        assert load_partition(grown, CATEGORY).digest == spread.digest == sync(server, whole).digest
        large.edited = {17}
        assert sync(server, whole).digest != spread.digest


def test_a_limit_stops_the_run_and_the_next_one_goes_on_there(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    with LargeCategory(files=1300, text_bytes=10).serve() as server:
        runs = [sync(server, home, limit=500) for _ in range(4)]
        requests = server.count
    assert [one.details_asked for one in runs] == [500, 500, 300, 0]
    assert [one.files for one in runs] == [500, 1000, 1300, 1300]
    assert [one.is_complete for one in runs] == [False, False, True, True]
    assert [one.gone for one in runs] == [0, 0, 0, 0]
    # Listings are read no further than needed: 2 + 3 + 3 + 3; and 10 + 10 + 6 requests for details.
    assert requests == 11 + 26


def test_what_the_first_limited_run_read_lies_in_one_part_that_later_runs_fill(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    with LargeCategory(files=3000, text_bytes=10).serve() as server:
        for _ in range(4):
            sync(server, home, limit=700)
    assert sizes(home) == [2000, 800]


def test_parts_that_were_stored_without_digests_are_read_all_the_same(tmp_path: Path) -> None:
    home, fresh = open_home(tmp_path / "old"), open_home(tmp_path / "fresh")
    with LargeCategory(files=60, text_bytes=10).serve() as server:
        sync(server, home)
        content = tables.read_partition(home, PAGES, CATEGORY)
        (part,) = parts(home)
        empty = content.set_column(content.column_names.index("digest"), "digest", [[None] * 60])
        tables.write_part(PAGES, part.with_name("part-0.parquet"), empty)
        part.unlink()
        again = sync(server, home)
        assert (again.details_asked, again.is_changed, again.digest) == (0, False, sync(server, fresh).digest)


def test_a_run_shows_how_many_answers_and_pages_are_to_come(tmp_path: Path) -> None:
    shown: list[tuple[str, int | None]] = []

    def progress(items: Iterable[T], title: str, *, total: int | None = None, unit: str = "") -> Iterable[T]:
        shown.append((title, total))
        return items

    with (
        LargeCategory(files=1001, text_bytes=10).serve() as server,
        PoliteSession("tests", sleep=no_sleep) as session,
    ):
        client = CommonsClient(f"{server.url}/w/api.php", session, thumb_side=THUMB_SIDE)
        known = KnownPages(home=open_home(tmp_path), thumb_side=THUMB_SIDE)
        sync_category(client, known.home, CATEGORY, known, progress, expected_files=1001)
    assert shown == [(f"listing {CATEGORY}", 3), ("reading pages", 1001)]


def test_an_incomplete_page_is_asked_for_once_a_run_and_ever_less_often_until_it_is_whole(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    large = LargeCategory(files=60, text_bytes=10, endless={5})

    def run(day: int) -> tuple[list[int], set[object]]:
        with large.serve() as server, PoliteSession("tests", sleep=no_sleep) as session:
            client = CommonsClient(f"{server.url}/w/api.php", session, thumb_side=THUMB_SIDE)
            now = datetime(2026, 11, 1 + day, 2, tzinfo=UTC)
            known = KnownPages(home=home, thumb_side=THUMB_SIDE, now=now)
            asked = [sync_category(client, home, name, known).details_asked for name in "AB"]
        stored = tables.rows(tables.read(home, PAGES))
        return asked, {(row["category"], row["pageid"]) for row in stored if row["problem"] == "incomplete"}

    incomplete = {("A", 5), ("B", 5)}
    assert run(0) == ([60, 0], incomplete)
    assert [run(day) for day in range(1, 5)] == [([asked, 0], incomplete) for asked in (1, 1, 0, 0)]
    large.endless = set()
    assert run(8) == ([0, 0], incomplete)
    assert run(9) == ([1, 0], set())
    assert run(10) == ([0, 0], set())
