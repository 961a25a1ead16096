"""Synchronising the bulk metadata: incremental, equal to a run from scratch, robust against what shards may hold."""

import bz2
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import RECORDS
from pd_assets.lib.errors import ArchiveError, ConfigError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.smithsonian.report import strangeness
from pd_assets.lib.smithsonian.sync import UnitSync
from tests.conftest import ROOT
from tests.patience import until
from tests.pd_assets.lib.smithsonian.bulk import BulkServer, GeneratedBulk, record, record_id, synchronise

Row = dict[str, object]
UNITS = {"FSG": 60, "CHNDM": 40}
VOLATILE = {"fetched_at"}
REJECTED = b"<html><head><title>Request Rejected</title></head><body>The requested URL was rejected.</body></html>"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


@pytest.fixture
def bulk() -> GeneratedBulk:
    return GeneratedBulk.of(UNITS, shards=8)


def rows(home: Home) -> dict[str, Row]:
    found = list(tables.rows(tables.read_or_empty(home, RECORDS)))
    by_id = {str(row["item_id"]): row for row in found}
    assert len(by_id) == len(found), "every row has an id of its own"
    return by_id


def live(home: Home) -> dict[str, Row]:
    """The live rows without what only says when."""
    return {
        name: {column: value for column, value in row.items() if column not in VOLATILE}
        for name, row in rows(home).items()
        if row["status"] == "live"
    }


def reasons(home: Home) -> list[str]:
    return sorted(str(row["problem"]) for row in rows(home).values() if row["media_id"] is None)


def test_every_line_is_a_record_with_its_media_or_a_row_with_a_reason(bulk: GeneratedBulk, home: Home) -> None:
    with BulkServer(bulk.files()) as server:
        done = synchronise(server.index, home)
    assert {unit: one.reading.lines for unit, one in done.items()} == UNITS
    reading = done["FSG"].reading
    without = [one for one in bulk.units["FSG"].values() if "online_media" not in json.dumps(one["content"]).split('"')]
    assert reading.reasons == {"no_media": len(without)} and reading.records == 60 - len(without)
    assert len(rows(home)) == sum(one.reading.media + one.reading.reasons.total() for one in done.values())
    one = rows(home)["smithsonian:fsg_1:FSG-000001-0"]
    assert (one["title"], one["usage_access"], one["shard"]) == (
        "Object 1 & more",
        "CC0",
        bulk.shard_of("FSG", "fsg_1"),
    )
    assert one["thumb_url"] == "https://ids.si.edu/ids/deliveryService?id=FSG-000001-0&max=512"


@pytest.mark.extended
@pytest.mark.slow
def test_two_thousand_records_changed_and_synchronised_again_equal_a_run_from_scratch(tmp_path: Path) -> None:
    bulk = GeneratedBulk.of({"FSG": 800, "CHNDM": 700, "NMNHBIRDS": 500}, shards=32)
    again, scratch = open_home(tmp_path / "again"), open_home(tmp_path / "scratch")
    with BulkServer(bulk.files()) as server:
        first = synchronise(server.index, again)
        assert len(server.sent()) == 3 * 32 and sum(one.reading.lines for one in first.values()) == 2000
        changed = change(bulk)
        server.files = bulk.files()
        second = synchronise(server.index, again)
        assert server.sent() == changed, "only the changed shards are read"
        synchronise(server.index, scratch)
    assert sum(one.read for one in second.values()) == len(changed)
    assert live(again) == live(scratch)
    assert {unit: one.digest for unit, one in second.items()} == {
        unit: one.digest for unit, one in synchronise_folder(bulk, tmp_path).items()
    }
    gone = {name for name, row in rows(again).items() if row["status"] == "deleted"}
    assert gone and all(
        name.startswith(("smithsonian:chndm_7:", "smithsonian:fsg_3:", "smithsonian:fsg_8")) for name in gone
    )
    assert rows(again)["smithsonian:fsg_22:FSG-000022-0"]["usage_access"] == "Usage conditions apply"
    assert second["NMNHBIRDS"].is_changed is False and second["FSG"].gone == len([n for n in gone if ":fsg_" in n])


def synchronise_folder(bulk: GeneratedBulk, tmp_path: Path) -> dict[str, UnitSync]:
    return synchronise(bulk.write(tmp_path / "copy"), open_home(tmp_path / "from the folder"))


def change(bulk: GeneratedBulk) -> set[str]:
    """Edit, remove, add and re-license some records; the shards that this changes."""
    units = bulk.units
    touched = {("FSG", name) for name in ("fsg_1", "fsg_3", "fsg_22", "fsg_8")} | {("CHNDM", "chndm_7")}
    changed = {f"{unit.lower()}/{bulk.shard_of(unit, name)}" for unit, name in touched}
    units["FSG"]["fsg_1"]["title"] = "Another title"
    del units["FSG"]["fsg_3"]
    licensed = record("FSG", 22)
    medium(licensed)["usage"] = {"access": "Usage conditions apply"}
    units["FSG"]["fsg_22"] = licensed
    # A medium of a record goes, the record stays.
    media(units["FSG"]["fsg_8"]).clear()
    del units["CHNDM"]["chndm_7"]
    units["FSG"][record_id("FSG", 9001)] = record("FSG", 9001)
    return changed | {f"fsg/{bulk.shard_of('FSG', 'fsg_9001')}"}


def media(one: Row) -> list[Row]:
    content = one["content"]
    assert isinstance(content, dict)
    found = content["descriptiveNonRepeating"]["online_media"]["media"]
    assert isinstance(found, list)
    return found


def medium(one: Row) -> Row:
    return media(one)[0]


def test_an_unchanged_version_keeps_when_it_was_read_and_a_changed_one_does_not(
    bulk: GeneratedBulk, home: Home, tmp_path: Path
) -> None:
    index = bulk.write(tmp_path / "copy")
    synchronise(index, home)
    before = rows(home)
    # `fetched_at` is in whole seconds.
    time.sleep(1.1)
    bulk.units["FSG"]["fsg_1"]["title"] = "Another title"
    done = synchronise(bulk.write(tmp_path / "copy"), home)
    after = rows(home)
    assert {name for name in after if after[name]["fetched_at"] != before[name]["fetched_at"]} == {
        "smithsonian:fsg_1:FSG-000001-0"
    }
    assert (done["FSG"].read, done["FSG"].changed, done["FSG"].new, done["CHNDM"].read) == (1, 1, 0, 0)


def test_a_shard_that_was_only_touched_is_not_parsed_and_counts_as_unchanged(
    bulk: GeneratedBulk, home: Home, tmp_path: Path
) -> None:
    index = bulk.write(tmp_path / "copy")
    first = synchronise(index, home)
    os.utime(index / "fsg" / "00.txt", (1, 1))
    second = synchronise(index, home)
    assert second["FSG"].read == 0 and not second["FSG"].is_changed and second["FSG"].digest == first["FSG"].digest


def test_a_record_that_comes_back_is_live_again(bulk: GeneratedBulk, home: Home, tmp_path: Path) -> None:
    kept = bulk.units["FSG"].pop("fsg_1")
    name = "smithsonian:fsg_1:FSG-000001-0"
    states = []
    for is_there in (True, False, False, True):
        bulk.units["FSG"].pop("fsg_1", None)
        bulk.units["FSG"] |= {"fsg_1": kept} if is_there else {}
        done = synchronise(bulk.write(tmp_path / "copy"), home)
        states.append((rows(home)[name]["status"], done["FSG"].gone))
    assert states == [("live", 0), ("deleted", 1), ("deleted", 0), ("live", 0)]


def test_another_longest_side_makes_the_addresses_anew_and_reads_no_shard(bulk: GeneratedBulk, home: Home) -> None:
    with BulkServer(bulk.files()) as server:
        synchronise(server.index, home)
        server.sent()
        synchronise(server.index, home, side=1024)
        assert server.sent() == set()
    urls = {
        str(row["thumb_url"])
        for row in rows(home).values()
        if row["thumb_url"] and "deliveryService" in str(row["thumb_url"])
    }
    assert urls and all(url.endswith("&max=1024") for url in urls)
    assert {row["thumb_side"] for row in rows(home).values()} == {1024, None}


BAD_LINES = {
    "truncated": b'{"type":"edanmdm","content":{"descriptiveNonRepeating":{"record_ID":"fsg_x1","unit',
    "truncated in a word": b'{"type":"edanmdm","content": tru',
    "invalid_json": b'{"type": edanmdm}',
    "html": REJECTED,
    "not_an_object": b"[1, 2]",
    "deep": b"[" * 200_000,
    "not_utf8": b'{"title":"\xff\xfe","url":"edanmdm:fsg_x2"}',
    "not_edanmdm": b'{"type":"ead_component","url":"ead_component:sova-1","content":{}}',
    "no_record_id": b'{"type":"edanmdm","content":{"descriptiveNonRepeating":{}}}',
    "wrong_shape": b'{"type":"edanmdm","url":"edanmdm:fsg_x3","content":{"descriptiveNonRepeating":[]}}',
    "media no list": b'{"type":"edanmdm","url":"edanmdm:fsg_x4","content":{"descriptiveNonRepeating":'
    b'{"online_media":{"media":"one"}}}}',
    "rights no object": b'{"type":"edanmdm","url":"edanmdm:fsg_x5","content":{"freetext":"\xc2\xa9 1999",'
    b'"descriptiveNonRepeating":{"online_media":{"media":[{"idsId":"a"}]}}}}',
    "no_media": b'{"type":"edanmdm","url":"edanmdm:fsg_x6","content":{"descriptiveNonRepeating":{"online_media":{}}}}',
    "half a surrogate pair": b'{"type":"edanmdm","url":"edanmdm:fsg_\\ud800","content":{"descriptiveNonRepeating":{}}}',
    "huge number": b'{"lastTimeUpdated":' + b"9" * 5000 + b"}",
}


def test_bad_lines_become_rows_with_reasons_and_the_shard_goes_on(
    bulk: GeneratedBulk, home: Home, tmp_path: Path
) -> None:
    bulk.extra["FSG", "07"] = [*BAD_LINES.values(), b"", b"  "]
    good = json.dumps(record("FSG", 5000)).encode()
    bulk.extra["FSG", "07"] += [good, good]
    done = synchronise(bulk.write(tmp_path / "copy"), home)["FSG"]
    assert done.reading.lines == 60 + len(BAD_LINES) + 2
    assert done.reading.lines == done.reading.records + done.reading.reasons.total()
    found = done.reading.reasons
    for reason in ("html", "not_an_object", "not_utf8", "not_edanmdm", "no_record_id", "duplicate_record"):
        assert found[reason] == 1, reason
    assert (found["truncated"], found["invalid_json"], found["wrong_shape"]) == (2, 3, 3)
    assert any(row["record_id"] == "fsg_5000" and row["problem"] is None for row in rows(home).values())
    known = {row["record_id"] for row in rows(home).values() if row["problem"] == "truncated"}
    assert known == {"fsg_x1", None}, "what a broken line says of itself is kept"


def test_equal_bad_lines_are_rows_of_their_own_in_every_run(bulk: GeneratedBulk, home: Home, tmp_path: Path) -> None:
    bulk.extra["FSG", "07"] = [b"{", b"{", b"{"]
    for title in ("one", "two"):
        bulk.units["FSG"]["fsg_1"]["title"] = title
        synchronise(bulk.write(tmp_path / "copy"), home)
        assert reasons(home).count("truncated") == 3


def test_a_shard_that_is_a_web_page_or_breaks_off_deletes_nothing(
    bulk: GeneratedBulk, home: Home, tmp_path: Path
) -> None:
    index = bulk.write(tmp_path / "copy")
    synchronise(index, home)
    whole = live(home)
    shards = sorted({bulk.shard_of("FSG", name) for name in bulk.units["FSG"]})[:3]
    (index / "fsg" / f"{shards[0]}.txt").write_bytes(REJECTED)
    (index / "fsg" / f"{shards[1]}.txt").write_bytes(b'{"type":"edanmdm","content')
    packed = gzip.compress((index / "fsg" / f"{shards[2]}.txt").read_bytes())
    (index / "fsg" / f"{shards[2]}.txt").write_bytes(packed[: len(packed) // 2])
    done = synchronise(index, home)["FSG"]
    assert done.suspect == shards and done.gone == 0
    assert {name: row for name, row in live(home).items() if name in whole} == whole
    assert len([kind for kind in strangeness(home) if "breaks off" in kind]) == 3


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_packed_shards_are_read_by_what_they_are_not_by_their_names(
    bulk: GeneratedBulk, home: Home, tmp_path: Path, pack: object
) -> None:
    assert callable(pack)
    index = bulk.write(tmp_path / "copy")
    plain = synchronise(index, open_home(tmp_path / "plain"))
    for number, path in enumerate(sorted(index.glob("*/[0-9a-f][0-9a-f].txt"))):
        packed = pack(path.read_bytes())
        path.write_bytes(packed)
        if number % 2:
            path.rename(path.with_name(path.name + (".gz" if pack is gzip.compress else ".bz2")))
    done = synchronise(index, home)
    assert {unit: one.digest for unit, one in done.items()} == {unit: one.digest for unit, one in plain.items()}


def test_a_folder_without_indexes_is_read_by_its_folders(bulk: GeneratedBulk, home: Home, tmp_path: Path) -> None:
    index = bulk.write(tmp_path / "copy")
    indexed = synchronise(index, open_home(tmp_path / "indexed"))
    for path in index.rglob("index.txt"):
        path.unlink()
    assert {unit: one.digest for unit, one in synchronise(index, home).items()} == {
        unit: one.digest for unit, one in indexed.items()
    }


def test_a_shard_that_cannot_be_fetched_stays_as_it_was_and_the_next_run_reads_it(
    bulk: GeneratedBulk, home: Home
) -> None:
    with BulkServer(bulk.files()) as server:
        synchronise(server.index, home)
        before = live(home)
        shard = bulk.shard_of("FSG", "fsg_1")
        bulk.units["FSG"]["fsg_1"]["title"] = "Another title"
        server.files = bulk.files()
        server.faults[f"/metadata/edan/fsg/{shard}.txt"] = rejecting
        done = synchronise(server.index, home)["FSG"]
        assert list(done.failed) == [shard] and "Request Rejected" in done.failed[shard]
        assert live(home) == before
        server.faults.clear()
        assert synchronise(server.index, home)["FSG"].read == 1
    assert rows(home)["smithsonian:fsg_1:FSG-000001-0"]["title"] == "Another title"


def rejecting(handler: BaseHTTPRequestHandler) -> bool:
    """The page of a firewall, with status 200."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html")
    handler.send_header("Content-Length", str(len(REJECTED)))
    handler.end_headers()
    handler.wfile.write(REJECTED)
    return True


def test_an_archive_that_is_down_ends_the_run_after_a_few_shards(bulk: GeneratedBulk, home: Home) -> None:
    with BulkServer(bulk.files()) as server:
        for number in range(bulk.shards):
            server.faults[f"/metadata/edan/fsg/{number:02x}.txt"] = rejecting
        with pytest.raises(ArchiveError, match="shards in a row"):
            synchronise(server.index, home)
        assert len(server.headers) < 20
        assert all("tests" in headers["user-agent"] for headers in server.headers)


def test_a_unit_that_nobody_knows_and_a_changed_schema_are_reported_not_dropped(home: Home, tmp_path: Path) -> None:
    bulk = GeneratedBulk.of({"FSG": 5, "MOON": 3})
    strange = bulk.units["FSG"]["fsg_1"]
    strange["newField"] = 1
    medium(strange)["usage"] = {"access": "Free for all"}
    content = strange["content"]
    assert isinstance(content, dict)
    content["descriptiveNonRepeating"]["unit_code"] = "MARS"
    done = synchronise(bulk.write(tmp_path / "copy"), home)
    assert done["FSG"].reading.lines == 5
    assert strangeness(home).keys() >= {
        "unit in the index: moon",
        "FSG: record.newField",
        "FSG: media.usage.access = Free for all",
        "FSG: unit_code = MARS",
    }
    assert rows(home)["smithsonian:fsg_1:FSG-000001-0"]["usage_access"] == "Free for all"


def test_a_shard_that_the_index_lists_no_more_takes_its_records_with_it(
    bulk: GeneratedBulk, home: Home, tmp_path: Path
) -> None:
    index = bulk.write(tmp_path / "copy")
    synchronise(index, home)
    shard = bulk.shard_of("FSG", "fsg_1")
    lines = (index / "fsg" / "index.txt").read_text().splitlines()
    (index / "fsg" / "index.txt").write_text("\n".join(line for line in lines if f"/{shard}.txt" not in line))
    done = synchronise(index, home)["FSG"]
    assert done.gone >= 1 and rows(home)["smithsonian:fsg_1:FSG-000001-0"]["status"] == "deleted"
    assert done.digest == synchronise(index, open_home(tmp_path / "scratch"))["FSG"].digest


@pytest.mark.parametrize("damage", ["state", "part", "state of another shape"])
def test_what_somebody_damaged_beside_the_parts_is_read_anew(
    bulk: GeneratedBulk, home: Home, tmp_path: Path, damage: str
) -> None:
    index = bulk.write(tmp_path / "copy")
    first = synchronise(index, home)["FSG"]
    folder = home.partition(RECORDS.key, "FSG")
    if damage == "part":
        (folder / f"part-{int(bulk.shard_of('FSG', 'fsg_1'), 16):05}.parquet").unlink()
    else:
        (folder / "shards.json").write_text("{" if damage == "state" else '{"shards": {"00": 3}}')
    again = synchronise(index, home)["FSG"]
    assert again.digest == first.digest and again.read == (1 if damage == "part" else bulk.shards)


@pytest.mark.parametrize("content", [None, "", REJECTED.decode(), '{"units": []}'])
def test_an_index_that_is_none_is_a_named_error(home: Home, tmp_path: Path, content: str | None) -> None:
    index = tmp_path / "copy"
    if content is not None:
        index.mkdir()
        (index / "index.txt").write_text(content)
    with pytest.raises((ArchiveError, ConfigError), match=r"index|PD_SMITHSONIAN_INDEX"):
        synchronise(index, home)


def test_an_address_without_an_index_names_the_setting(home: Home) -> None:
    with BulkServer({}) as server, pytest.raises(ArchiveError, match="PD_SMITHSONIAN_INDEX"):
        synchronise(server.url, home)


@pytest.mark.parametrize("path", ["", "/", "/metadata/edan", "/metadata/edan/", "/metadata/edan/index.txt"])
def test_the_bucket_its_folder_and_its_index_all_name_the_bulk_metadata(home: Home, path: str) -> None:
    with BulkServer(GeneratedBulk.of({"FSG": 3}).files()) as server:
        assert synchronise(server.url + path, home)["FSG"].reading.lines == 3


def killed_runs(server: BulkServer, home: Home, times: int) -> Iterator[int]:
    """Start a sync and kill it after ever more requests; the exit codes."""
    for number in range(times):
        enough = len(server.log) + 3 + 6 * number
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.pd_assets.lib.smithsonian.sync_once", server.index, str(home.root)], cwd=ROOT
        )
        until(had(server, enough, process), longest_pause_s=0.002)
        process.send_signal(signal.SIGKILL)
        yield process.wait()


def had(server: BulkServer, requests: int, process: "subprocess.Popen[bytes]") -> Callable[[], bool]:
    return lambda: len(server.log) >= requests or process.poll() is not None


def test_a_sync_that_is_killed_ends_like_an_undisturbed_one(tmp_path: Path) -> None:
    bulk = GeneratedBulk.of({"FSG": 1600}, shards=16)
    home = open_home(tmp_path / "home")
    with BulkServer(bulk.files()) as server:
        codes = list(killed_runs(server, home, 2))
        assert -signal.SIGKILL in codes, "at least one was still at work"
        read_before = len(server.sent())
        done = synchronise(server.index, home)["FSG"]
        assert done.read == len(server.sent())
        calm = synchronise(server.index, open_home(tmp_path / "calm"))["FSG"]
    assert read_before > 0 and done.digest == calm.digest
    assert live(home) == live(open_home(tmp_path / "calm"))
    assert not list(home.root.rglob(".*.partial"))


@pytest.mark.extended
@pytest.mark.slow
def test_a_line_of_half_a_gigabyte_costs_no_memory(tmp_path: Path) -> None:
    folder = tmp_path / "fsg"
    folder.mkdir()
    with (folder / "00.txt").open("wb") as file:
        file.write(json.dumps(record("FSG", 1)).encode() + b"\n")
        file.write(b'{"type":"edanmdm","url":"edanmdm:fsg_long","title":"')
        # A hole in the file: half a gigabyte of zeros that takes no room on the disk.
        file.seek(500_000_000, os.SEEK_CUR)
        file.write(b'"}\n' + json.dumps(record("FSG", 2)).encode() + b"\n")
    home = open_home(tmp_path / "home")
    done = subprocess.run(
        [sys.executable, "-m", "tests.pd_assets.lib.smithsonian.sync_once", str(tmp_path), str(home.root)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    peak_mb = int(done.stdout.split()[-1])
    shutil.rmtree(folder)
    assert reasons(home) == ["too_long"] and len(rows(home)) == 3
    assert next(row["record_id"] for row in rows(home).values() if row["problem"]) == "fsg_long"
    assert peak_mb < 350
