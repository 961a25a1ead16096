"""Fetching bucket by bucket: the same rows whatever the cut, a file written once, a journal for what a kill cuts."""

import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.buckets import bucket_of
from pd_assets.lib.catalog.damage import second
from pd_assets.lib.catalog.schemas import FILES
from pd_assets.lib.home import open_home
from pd_assets.lib.images.journal import PLACE, Journal
from pd_assets.lib.images.pool import Decoders
from tests.conftest import ROOT
from tests.patience import until
from tests.pd_assets.lib.images.museum import Museum
from tests.pd_assets.lib.local_server import Reply
from tests.pd_assets.lib.pictures import encoded, painting
from tests.pd_assets.lib.planting import file, plant

Row = dict[str, object]
GREY = encoded(Image.new("RGB", (128, 96), "grey"))


@pytest.fixture(scope="module")
def decoders() -> Iterator[Decoders]:
    with Decoders() as running:
        yield running


@pytest.fixture
def museum(tmp_path: Path, decoders: Decoders) -> Iterator[Museum]:
    made = Museum(open_home(tmp_path / "home"), decoders)
    with made.server:
        yield made


def hold(museum: Museum, numbers: Iterable[int]) -> None:
    for number in numbers:
        museum.hold(number, encoded(painting(number, 40, 30)))


def told(museum: Museum) -> dict[int, Row]:
    """The rows, but for what only says when and where."""
    return {
        number: {name: value for name, value in row.items() if name not in FILES.volatile}
        for number, row in museum.rows().items()
    }


def files(museum: Museum) -> dict[int, int]:
    """The time of each bucket's file."""
    paths = [tables.bucket_file(museum.home, FILES, bucket) for bucket in range(museum.home.buckets)]
    return {bucket: path.stat().st_mtime_ns for bucket, path in enumerate(paths)}


def test_the_rows_are_the_same_whatever_the_number_of_buckets_and_their_order(museum: Museum, tmp_path: Path) -> None:
    hold(museum, range(12))
    whole = museum.fetch()
    once = told(museum)
    museum.home = open_home(tmp_path / "four")
    museum.home.fix_buckets(4)
    counts = [museum.fetch(buckets=some) for some in ([2], [3, 0], [1])]
    assert told(museum) == once
    assert sum(one.wanted for one in counts) == sum(one.fetched for one in counts) == whole.wanted == 12
    assert museum.fetch().digest == counts[-1].digest


def test_only_the_files_of_buckets_that_change_are_written(museum: Museum) -> None:
    museum.home.fix_buckets(4)
    hold(museum, range(12))
    museum.fetch()
    before = files(museum)
    museum.verdicts[3] = "reject"
    museum.fetch()
    after = files(museum)
    assert [bucket for bucket in before if before[bucket] != after[bucket]] == [bucket_of("commons:M3", 4)]
    assert set(museum.rows()) == set(range(12)) - {3}


def test_a_placeholder_shows_across_buckets(museum: Museum) -> None:
    museum.home.fix_buckets(16)
    for number in range(1, 6):
        museum.hold(number, f"original {number}".encode(), thumb_url=f"{museum.server.url}/thumb{number}")
        museum.replies |= {f"/{number}.jpg": Reply(status=404), f"/thumb{number}": Reply(body=GREY)}
    buckets = sorted({bucket_of(f"commons:M{number}", 16) for number in range(1, 6)})
    assert len(buckets) > 3
    for bucket in buckets:
        museum.fetch(buckets=[bucket])
    rows = museum.rows().values()
    assert [(row["status"], row["path"]) for row in rows] == [("failed", None)] * 5
    assert all(str(row["error"]).startswith("placeholder") for row in rows)


def test_a_process_killed_among_several_buckets_loses_none_that_it_was_done_with(
    museum: Museum, tmp_path: Path
) -> None:
    museum.home.fix_buckets(4)
    hold(museum, range(40))
    in_order = sorted(range(40), key=lambda number: (bucket_of(f"commons:M{number}", 4), f"commons:M{number}"))
    done = [number for number in range(40) if bucket_of(f"commons:M{number}", 4) < 2]
    quick = dict(museum.replies)
    for number in in_order[len(done) + 3 :]:
        museum.replies[f"/{number}.jpg"] = Reply(body=quick[f"/{number}.jpg"].body, delay_s=5)
    museum.plant()
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.pd_assets.lib.images.killed_while_fetching", str(museum.home.root)],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    # The second bucket was written, and the third is under way.
    until(lambda: tables.bucket_file(museum.home, FILES, 1).is_file() or child.poll() is not None)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    museum.replies |= quick
    museum.asked()
    counts = museum.fetch()
    assert set(museum.asked()).isdisjoint(f"/{number}.jpg" for number in done)
    assert (counts.wanted, counts.fetched) == (40, 40 - len(done))
    killed, digest = told(museum), counts.digest
    museum.home = open_home(tmp_path / "undisturbed")
    museum.home.fix_buckets(4)
    assert (museum.fetch().digest, told(museum)) == (digest, killed)
    assert not list((tmp_path / "home" / PLACE).glob("*"))


def as_killed(museum: Museum, *parts: Iterable[int]) -> list[Path]:
    """A home whose rows only the journal of a killed run tells, in these parts."""
    museum.fetch()
    rows = museum.rows()
    museum.asked()
    for path in tables.parts(museum.home, FILES):
        second(path).unlink()
        path.unlink()
    journal = Journal(museum.home)
    for part in parts:
        journal.add(tables.as_table(FILES, [rows[number] for number in part]))
    return sorted((museum.home.root / PLACE).iterdir())


def test_what_the_journal_of_a_killed_run_tells_is_not_fetched_again_but_for_a_damaged_part(
    museum: Museum, caplog: pytest.LogCaptureFixture
) -> None:
    museum.home.fix_buckets(2)
    hold(museum, range(6))
    parts = as_killed(museum, (0, 1), (2, 3), (4, 5))
    body = parts[1].read_bytes()
    parts[1].write_bytes(body[: len(body) // 2])
    assert museum.fetch().fetched == 2
    assert sorted(museum.asked()) == ["/2.jpg", "/3.jpg"]
    assert f"{parts[1]}: damaged" in caplog.text
    assert [path.name for path in (museum.home.root / ".damaged" / PLACE).iterdir()] == [parts[1].name]
    assert not list((museum.home.root / PLACE).iterdir())
    assert [row["status"] for row in museum.rows().values()] == ["ok"] * 6


def test_placeholders_among_what_a_killed_run_told_are_named(museum: Museum) -> None:
    hold(museum, range(4))
    as_killed(museum)
    alike = [file(number, sha256="a" * 64) for number in range(4)]
    journal = Journal(museum.home)
    for row in alike:
        journal.add(tables.as_table(FILES, [row]))
    journal.settle()
    assert {(row["status"], row["path"]) for row in museum.rows().values()} == {("failed", None)}


def test_a_journal_writes_as_much_as_it_is_told_and_the_table_is_written_once(museum: Museum) -> None:
    plant(museum.home, FILES, [file(number) for number in range(3000)])
    path = tables.bucket_file(museum.home, FILES, 0)
    before = path.stat().st_mtime_ns, path.stat().st_ino
    journal = Journal(museum.home)
    for first in range(3000, 5000, 100):
        journal.add(tables.as_table(FILES, [file(number) for number in range(first, first + 100)]))
    sizes = [part.stat().st_size for part in (museum.home.root / PLACE).iterdir()]
    assert len(sizes) == 20 and max(sizes) < 1.2 * min(sizes)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before
    assert tables.read(museum.home, FILES).num_rows == 3000
    told = journal.settle()
    assert (told.rows, told.ok, tables.read(museum.home, FILES).num_rows) == (2000, 2000, 5000)


def test_a_file_of_before_there_were_digests_in_footers_is_written_anew_once_and_nothing_is_fetched(
    museum: Museum,
) -> None:
    hold(museum, range(3))
    digest = museum.fetch().digest
    museum.asked()
    path = tables.bucket_file(museum.home, FILES, 0)
    assert museum.rows()[0]["received_sha1"] is None
    pq.write_table(tables.read(museum.home, FILES).drop_columns(["received_sha1"]), path)
    assert not tables.tells_digests(FILES, path)
    used = tables.used_digests(museum.home, FILES)
    assert (museum.fetch().digest, museum.asked()) == (digest, [])
    assert tables.tells_digests(FILES, path)
    assert tables.used_digests(museum.home, FILES) == used
    written = path.stat().st_mtime_ns
    museum.fetch()
    assert path.stat().st_mtime_ns == written


def test_a_failure_that_failed_again_is_no_news(museum: Museum) -> None:
    rows = [file(1), file(2, status="failed", error="HTTP 500", tries=1)]
    plant(museum.home, FILES, rows)
    digest, used = tables.stored_digest(museum.home, FILES), tables.used_digests(museum.home, FILES)
    plant(museum.home, FILES, [rows[0], {**rows[1], "error": "HTTP 502", "tries": 2}])
    assert tables.stored_digest(museum.home, FILES) != digest
    assert tables.used_digests(museum.home, FILES) == used
    plant(museum.home, FILES, [rows[0], {**rows[1], "status": "ok"}])
    assert tables.used_digests(museum.home, FILES) != used
