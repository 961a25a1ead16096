"""Fetching the accepted pictures: every outcome is a row, failures come again later, and a kill costs little."""

import hashlib
import random
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from PIL import Image

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.items import build_licensed
from pd_assets.lib.catalog.schemas import CLUSTERS, DECISIONS, FILES, ITEMS, LICENSED
from pd_assets.lib.errors import AccessDenied
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.images import journal
from pd_assets.lib.images.decode import MOST_PIXELS
from pd_assets.lib.images.fetch import TRIES_OF_A_FILE, FetchCounts, fetch_accepted
from pd_assets.lib.images.pool import Bounds, Decoders
from pd_assets.lib.images.stored import altered, discard
from pd_assets.sandbox import Archive, SandboxServer
from pd_assets.sandbox.faults import Request
from tests.conftest import ROOT
from tests.patience import PATIENCE_S, until
from tests.pd_assets.lib.images.museum import Museum
from tests.pd_assets.lib.local_server import LocalServer, Reply
from tests.pd_assets.lib.pictures import encoded, flat_png, painting, png_header_only
from tests.pd_assets.lib.planting import MAX_SIDE, PROFILE, decision, item, plant
from tests.pd_assets.lib.scraping import no_sleep, scrape

Row = dict[str, object]


@pytest.fixture(scope="module")
def decoders() -> Iterator[Decoders]:
    with Decoders() as running:
        yield running


@pytest.fixture
def museum(tmp_path: Path, decoders: Decoders) -> Iterator[Museum]:
    made = Museum(open_home(tmp_path / "home"), decoders)
    with made.server:
        yield made


def test_an_accepted_picture_is_stored_under_the_sha256_of_its_bytes(museum: Museum) -> None:
    museum.hold(1, encoded(painting(1)))
    counts = museum.fetch()
    row = museum.rows()[1]
    assert (counts.wanted, counts.fetched, counts.failed, row["status"], row["error"]) == (1, 1, 0, "ok", None)
    (path,) = museum.stored()
    assert path == museum.home.root / str(row["path"])
    assert path.relative_to(museum.home.images).as_posix() == f"{str(row['sha256'])[:2]}/{row['sha256']}.jpg"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == row["sha256"]
    with Image.open(path) as picture:
        assert picture.size == (row["width"], row["height"]) == (128, 96)
    assert (row["size_bytes"], row["max_side"], len(str(row["phash"]))) == (path.stat().st_size, MAX_SIDE, 16)


def test_only_live_usable_accepted_items_are_fetched(museum: Museum) -> None:
    oddities: list[Row] = [{}, {"status": "deleted"}, {"problem": "hidden"}, {"sha1": None}, {}, {}]
    for number, changes in enumerate(oddities):
        museum.hold(number, encoded(painting(number)), **changes)
    museum.verdicts[4], museum.verdicts[5] = "reject", "quarantine"
    assert museum.fetch().wanted == 1
    assert museum.asked() == ["/0.jpg"]


def test_a_second_run_asks_for_nothing(museum: Museum) -> None:
    for number in range(3):
        museum.hold(number, encoded(painting(number)))
    first = museum.fetch()
    museum.asked()
    assert museum.fetch() == FetchCounts(wanted=3, fetched=0, failed=0, digest=first.digest)
    assert museum.asked() == []


def test_the_same_picture_on_two_pages_is_stored_once(museum: Museum) -> None:
    for number in (1, 2):
        museum.hold(number, encoded(painting(7)))
    museum.fetch()
    assert len(museum.stored()) == 1
    assert museum.rows()[1]["sha256"] == museum.rows()[2]["sha256"]


def test_no_more_than_two_files_are_asked_for_at_a_time_and_nothing_but_an_address_is_sent(museum: Museum) -> None:
    museum.server.meeting = Barrier(2, timeout=PATIENCE_S)
    for number in range(12):
        museum.hold(number, encoded(painting(number, 64, 48)))
    museum.fetch()
    assert museum.server.most_in_flight() == 2
    assert all("authorization" not in one.headers and "cookie" not in one.headers for one in museum.server.asked)


# --- failures are rows -----------------------------------------------------------------------------------------------


UNFETCHABLE = (
    (Reply(body=encoded(painting(99))), "do not have the SHA-1 that the page gives"),
    (Reply(body=b"<html>Not here</html>", headers={"Content-Type": "text/html"}), "HTML page"),
    (Reply(body=b"no picture", headers={"Content-Type": "image/jpeg"}), "image/jpeg that begins b'no picture'"),
    (Reply(body=encoded(painting(3)), headers={"Content-Type": "text/plain"}), "answered text/plain"),
    (Reply(status=404), "HTTP 404: renamed or deleted since the last sync"),
    (Reply(status=400, body=b"Use thumbnail steps"), "HTTP 400"),
    (Reply(status=500), "HTTP 500"),
    (Reply(reset=True), "refused or lost"),
)


def test_what_cannot_be_fetched_is_a_row_with_the_reason_and_the_others_go_on(museum: Museum) -> None:
    for number, (reply, _) in enumerate(UNFETCHABLE):
        museum.hold(number, encoded(painting(number)))
        museum.replies[f"/{number}.jpg"] = reply
    last = len(UNFETCHABLE)
    museum.hold(last, encoded(painting(last)))
    counts = museum.fetch()
    assert (counts.wanted, counts.fetched, counts.failed) == (last + 1, 1, last)
    rows = museum.rows()
    for number, (_, reason) in enumerate(UNFETCHABLE):
        failed = rows[number]
        assert (failed["status"], failed["sha256"], failed["path"], failed["tries"]) == ("failed", None, None, 1)
        assert reason in str(failed["error"])
    assert rows[last]["status"] == "ok"
    assert len(museum.stored()) == 1


def test_a_truncated_original_with_the_right_sha1_is_a_failed_row(museum: Museum) -> None:
    museum.hold(1, encoded(painting(1))[:2000])
    assert museum.fetch().failed == 1
    assert "cannot be decoded" in str(museum.rows()[1]["error"])
    assert museum.stored() == []


def test_a_failure_is_tried_again_ever_less_often(museum: Museum) -> None:
    waits = {1: 0, 2: 1, 3: 7, 4: 30}
    cases = dict(enumerate((tries, days) for tries in waits for days in waits.values()))
    for number in cases:
        museum.hold(number, encoded(painting(number)))
    whole = dict(museum.replies)
    museum.replies.clear()
    museum.fetch()
    failed = museum.rows()
    assert {row["tries"] for row in failed.values()} == {1}
    plant(museum.home, FILES, [aged(failed[number], days, tries=tries) for number, (tries, days) in cases.items()])
    museum.asked()
    museum.fetch()
    due = {number for number, (tries, days) in cases.items() if days >= waits[tries]}
    assert sorted(museum.asked()) == sorted(f"/{number}.jpg" for number in due)
    rows = museum.rows()
    assert all(rows[number]["tries"] == tries + (number in due) for number, (tries, _) in cases.items())
    plant(museum.home, FILES, [aged(row, 30) for row in rows.values()])
    museum.replies |= whole
    assert museum.fetch().fetched == len(cases)
    assert {(row["status"], row["tries"], row["error"]) for row in museum.rows().values()} == {("ok", 1, None)}


def aged(row: Row, days: int, **changes: object) -> Row:
    return {**row, "fetched_at": datetime.now(UTC) - timedelta(days=days), **changes}


def test_a_new_version_of_a_failed_file_is_fetched_at_once(museum: Museum) -> None:
    museum.hold(1, b"not yet a picture")
    for _ in range(3):
        museum.fetch()
    museum.hold(1, encoded(painting(1)))
    assert museum.fetch().fetched == 1


# --- where the thumbnail cannot be had, and what is none -------------------------------------------------------------

ICON = encoded(Image.new("RGB", (120, 120), "grey"), "PNG")


NO_THUMBNAILS = {
    "500": Reply(status=500),
    "503": Reply(status=503),
    "404": Reply(status=404),
    "400": Reply(status=400, body=b"Use thumbnail steps"),
    "a web page": Reply(body=b"<html>Error</html>", headers={"Content-Type": "text/html"}),
    "cut off": Reply(body=encoded(painting(5, 140, 105))[:2000]),
    "an icon": Reply(body=ICON),
    "another shape": Reply(body=encoded(painting(7, 140, 140))),
}


def test_the_original_is_asked_for_where_its_thumbnail_cannot_be_had(museum: Museum) -> None:
    for number, reply in enumerate(NO_THUMBNAILS.values()):
        thumbnail = f"/thumb{number}.jpg"
        url = museum.server.url + thumbnail
        museum.hold(number, encoded(painting(number)), thumb_url=url, width=256, height=192)
        museum.replies[thumbnail] = reply
    assert museum.fetch().fetched == len(NO_THUMBNAILS)
    asked = museum.asked()
    for (number, row), name in zip(sorted(museum.rows().items()), NO_THUMBNAILS, strict=True):
        own = [target for target in asked if target in (f"/thumb{number}.jpg", f"/{number}.jpg")]
        assert own[-1] == f"/{number}.jpg" and own.count(own[-1]) == 1 and own[0] != own[-1], name
        expected = ("original", f"{museum.server.url}/{number}.jpg", MAX_SIDE)
        assert (row["made_from"], row["url"], row["width"]) == expected, name
    assert museum.fetch().fetched == 0
    assert museum.asked() == []


def test_an_icon_of_the_kind_of_file_is_never_asked_for(museum: Museum) -> None:
    icon = f"{museum.server.url}/w/resources/assets/file-type-icons/fileicon-webp.png"
    museum.hold(1, encoded(painting(1), "WEBP"), thumb_url=icon)
    museum.fetch()
    assert museum.asked() == ["/1.jpg"]
    assert museum.rows()[1]["status"] == "ok"


def test_neither_thumbnail_nor_original_is_one_failure_with_both_reasons(museum: Museum) -> None:
    museum.hold(1, encoded(painting(1)), thumb_url=f"{museum.server.url}/thumb.jpg")
    museum.replies |= {"/thumb.jpg": Reply(status=500), "/1.jpg": Reply(status=502)}
    museum.fetch()
    assert museum.asked() == ["/thumb.jpg"] * TRIES_OF_A_FILE + ["/1.jpg"] * TRIES_OF_A_FILE
    row = museum.rows()[1]
    assert "HTTP 500" in str(row["error"]) and "then the original" in str(row["error"]) and "502" in str(row["error"])
    assert (row["made_from"], row["tries"]) == ("thumbnail", 1)


def test_one_file_that_fails_is_waited_for_by_nobody_and_a_host_that_asks_for_it_is(tmp_path: Path) -> None:
    waits: list[float] = []
    for status, fewest_s, most_s in ((500, 0, 0), (503, 0, 0), (404, 0, 0), (429, 50, 1000)):
        waits.clear()
        home = open_home(tmp_path / str(status))
        with LocalServer(lambda _, target, status=status: Reply(status=status)) as server:
            urls = {"file_url": f"{server.url}/1.jpg", "thumb_url": f"{server.url}/thumb.jpg"}
            plant(home, ITEMS, [{**item(1), **urls}])
            plant(home, DECISIONS, [decision(1)])
            with PoliteSession("tests", tries=3, sleep=waits.append) as session:
                fetch_accepted(home, session, profile=PROFILE, max_side=MAX_SIDE)
        assert fewest_s <= sum(waits) <= most_s


def test_sides_may_change_places_as_a_camera_was_turned(museum: Museum) -> None:
    for number, (width, height) in enumerate([(192, 256), (256, 192)]):
        museum.hold(number, encoded(painting(number)), width=width, height=height)
    assert museum.fetch().fetched == 2


def test_an_original_of_another_size_than_its_page_says_is_refused(museum: Museum) -> None:
    museum.hold(1, encoded(painting(1)), width=512, height=384)
    museum.fetch()
    assert museum.rows()[1]["error"] == "the page gives 512 x 384 pixels, and what came has 256 x 192"


def test_a_picture_in_the_store_of_another_shape_than_its_page_says_is_fetched_again(museum: Museum) -> None:
    museum.hold(1, encoded(painting(1, 120, 120)))
    museum.fetch()
    museum.hold(1, encoded(painting(1)), width=256, height=192, sha1=museum.items[1]["sha1"])
    museum.fetch()
    assert "SHA-1" in str(museum.rows()[1]["error"])


def test_what_an_older_decoder_may_have_made_otherwise_is_fetched_again_once(museum: Museum) -> None:
    for number, mime in enumerate(("image/png", "image/tiff", "image/jpeg")):
        museum.hold(number, encoded(painting(number), "PNG"), mime=mime)
    museum.fetch()
    (museum.home.images / "decoder.json").write_text('{"generation": 1, "began": "2026-01-01T00:00:00+00:00"}')
    plant(museum.home, FILES, [aged(row, 1) for row in museum.rows().values()])
    museum.asked()
    assert [museum.fetch().fetched for _ in range(2)] == [2, 0]
    assert sorted(museum.asked()) == ["/0.jpg", "/1.jpg"]


# --- a transfer is proven whole where it can be ----------------------------------------------------------------------


def tagged(body: bytes, damage: bytes = b"") -> Reply:
    """A file with its MD5 as ETag, damaged on its way or not."""
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
    return Reply(body=body + damage, headers={"Content-Type": "image/webp", "ETag": f'"{digest}"'})


def with_thumbnails(museum: Museum, numbers: Iterable[int], damaged: Iterable[int]) -> None:
    for number in numbers:
        museum.hold(number, b"the original is not there", thumb_url=f"{museum.server.url}/thumb{number}")
        museum.replies[f"/{number}.jpg"] = Reply(status=404)
        body = encoded(painting(number, 140, 105), "WEBP")
        museum.replies[f"/thumb{number}"] = tagged(body, b"more" if number in damaged else b"")


def test_bytes_without_the_md5_of_their_etag_are_refused_once_a_host_was_seen_to_give_it(museum: Museum) -> None:
    with_thumbnails(museum, range(1, 6), damaged=(1, 2, 4))
    counts = museum.fetch()
    assert (counts.fetched, counts.failed) == (2, 3)
    rows = museum.rows()
    assert all("do not have the MD5" in str(rows[number]["error"]) for number in (1, 2, 4))
    assert all(rows[number]["path"] is None for number in (1, 2, 4))


def test_a_host_that_was_seen_to_give_the_md5_is_remembered(museum: Museum) -> None:
    with_thumbnails(museum, [1], damaged=())
    museum.fetch()
    with_thumbnails(museum, [1, 2], damaged=[2])
    assert museum.fetch().failed == 1


def test_the_etags_of_a_host_that_gives_something_else_are_no_reason(museum: Museum) -> None:
    for number in (1, 2):
        museum.hold(number, encoded(painting(number)))
        headers = {"Content-Type": "image/jpeg", "ETag": f'"{number:032x}"'}
        museum.replies[f"/{number}.jpg"] = Reply(body=encoded(painting(number)), headers=headers)
    assert museum.fetch().failed == 0


def test_a_file_that_comes_short_of_its_length_is_refused(museum: Museum) -> None:
    whole = encoded(painting(1, 400, 300), "WEBP", lossless=True)
    museum.hold(1, whole)
    museum.replies["/1.jpg"] = Reply(body=whole, cut_to=len(whole) - 1)
    assert museum.fetch().failed == 1
    assert "refused or lost" in str(museum.rows()[1]["error"])


# --- placeholders ----------------------------------------------------------------------------------------------------


def not_available(museum: Museum, numbers: Iterable[int]) -> None:
    """Items of different originals, whose thumbnails are all one grey picture; the originals are not there."""
    for number in numbers:
        museum.hold(number, f"original {number}".encode(), thumb_url=f"{museum.server.url}/thumb{number}")
        museum.replies[f"/{number}.jpg"] = Reply(status=404)
        museum.replies[f"/thumb{number}"] = Reply(body=encoded(Image.new("RGB", (128, 96), "grey")))


def test_what_more_than_three_unrelated_items_deliver_is_a_placeholder(museum: Museum) -> None:
    not_available(museum, range(1, 6))
    museum.hold(6, encoded(painting(6)))
    counts = museum.fetch()
    assert (counts.fetched, counts.failed) == (1, 5)
    rows = museum.rows()
    for number in range(1, 6):
        row = rows[number]
        assert str(row["error"]).startswith("placeholder: more than 3 unrelated items")
        assert (row["status"], row["path"], row["phash"]) == ("failed", None, None)
    assert len({row["sha256"] for row in rows.values()}) == 2


def test_the_fourth_item_that_delivers_it_may_come_nights_later(museum: Museum) -> None:
    not_available(museum, (1, 2, 3))
    assert museum.fetch().failed == 0
    build_licensed(museum.home, profile=PROFILE)
    assert len({row["cluster"] for row in clusters(museum)}) == 1
    not_available(museum, [4])
    museum.fetch()
    assert {row["status"] for row in museum.rows().values()} == {"failed"}
    build_licensed(museum.home, profile=PROFILE)
    assert clusters(museum) == []
    assert tables.read(museum.home, LICENSED).num_rows == 0
    # A fifth comes while the others wait to be tried again.
    not_available(museum, [5])
    museum.fetch()
    assert museum.rows()[5]["status"] == "failed"


def test_an_item_whose_placeholder_gives_way_to_its_picture_is_a_picture_again(museum: Museum) -> None:
    not_available(museum, range(1, 5))
    museum.fetch()
    body = encoded(painting(1))
    museum.replies["/thumb1"] = Reply(body=body)
    museum.fetch()
    rows = museum.rows()
    assert (rows[1]["status"], rows[2]["status"], rows[2]["tries"]) == ("ok", "failed", 2)


def test_one_file_on_many_pages_is_no_placeholder(museum: Museum) -> None:
    for number in range(1, 7):
        museum.hold(number, encoded(painting(7)))
    assert museum.fetch().failed == 0


def clusters(museum: Museum) -> list[Row]:
    return list(tables.rows(tables.read(museum.home, CLUSTERS)))


# --- keeping in step -------------------------------------------------------------------------------------------------


def test_an_item_that_is_accepted_no_longer_loses_its_row(museum: Museum) -> None:
    for number in (1, 2):
        museum.hold(number, encoded(painting(number)))
    museum.fetch()
    museum.verdicts[1] = "reject"
    museum.fetch()
    assert set(museum.rows()) == {2}


def test_an_overwritten_file_is_fetched_anew(museum: Museum) -> None:
    museum.hold(1, encoded(painting(1)))
    museum.fetch()
    before = museum.rows()[1]
    museum.hold(1, encoded(painting(2)))
    assert museum.fetch().fetched == 1
    assert museum.rows()[1]["sha256"] != before["sha256"]


def test_a_picture_that_vanished_from_the_store_is_fetched_again(museum: Museum) -> None:
    museum.hold(1, encoded(painting(1)))
    museum.fetch()
    museum.stored()[0].unlink()
    assert museum.fetch().fetched == 1
    assert len(museum.stored()) == 1


def test_a_picture_of_another_size_than_its_row_says_is_fetched_again(museum: Museum) -> None:
    damages = (b"", b"half", b"longer than it was")
    for number in range(len(damages)):
        museum.hold(number, encoded(painting(number)))
    museum.fetch()
    whole = {path: path.read_bytes() for path in museum.stored()}
    for (path, body), damage in zip(whole.items(), damages, strict=True):
        path.write_bytes(body[: len(body) // 2] + damage)
    assert museum.fetch().fetched == len(damages)
    assert {path: path.read_bytes() for path in museum.stored()} == whole


def test_a_picture_whose_bytes_were_altered_is_found_and_then_fetched_again(museum: Museum) -> None:
    for number in (1, 2, 3):
        museum.hold(number, encoded(painting(min(number, 2))))
    museum.fetch()
    assert list(altered(museum.home)) == []
    path = museum.home.root / str(museum.rows()[2]["path"])
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"!")
    found = list(altered(museum.home))
    assert found == [("commons:M2", path), ("commons:M3", path)]
    discard(place for _, place in found)
    assert museum.fetch().fetched == 2
    assert (path.read_bytes(), list(altered(museum.home))) == (whole, [])


def test_a_thumbnail_serves_while_it_covers_the_longest_side_and_else_the_original(museum: Museum) -> None:
    museum.hold(1, encoded(painting(1)), thumb_url=f"{museum.server.url}/thumb.jpg")
    museum.replies["/thumb.jpg"] = Reply(body=encoded(painting(1, 140, 105)))
    for max_side, asked, made_from in (
        (MAX_SIDE, "/thumb.jpg", "thumbnail"),
        (64, "/thumb.jpg", "thumbnail"),
        (200, "/1.jpg", "original"),
    ):
        museum.fetch(max_side=max_side)
        assert museum.asked() == [asked]
        row = museum.rows()[1]
        assert (row["width"], row["max_side"], row["made_from"]) == (max_side, max_side, made_from)
        assert row["url"] == museum.server.url + asked


def test_originals_are_fetched_where_they_are_asked_for_and_then_kept(museum: Museum) -> None:
    museum.hold(1, encoded(painting(1)), thumb_url=f"{museum.server.url}/thumb.jpg")
    museum.replies["/thumb.jpg"] = Reply(body=encoded(painting(1, 140, 105)))
    museum.fetch()
    assert museum.fetch(originals=True).fetched == 1
    assert museum.fetch(originals=True).fetched == 0
    assert museum.fetch().fetched == 0
    assert museum.asked() == ["/thumb.jpg", "/1.jpg"]


def test_only_the_original_shows_that_it_was_truncated(museum: Museum) -> None:
    museum.hold(1, encoded(painting(1))[:2000], thumb_url=f"{museum.server.url}/thumb.jpg")
    museum.replies["/thumb.jpg"] = Reply(body=encoded(painting(1, 140, 105)))
    assert museum.fetch().failed == 0
    assert museum.fetch(originals=True).failed == 1
    assert "cannot be decoded" in str(museum.rows()[1]["error"])


def test_a_renamed_file_is_fetched_under_its_new_address_at_once(museum: Museum) -> None:
    body = encoded(painting(1))
    museum.hold(1, body)
    del museum.replies["/1.jpg"]
    for _ in range(4):
        museum.fetch()
    assert (museum.rows()[1]["tries"], museum.rows()[1]["status"]) == (2, "failed")
    museum.replies["/renamed.jpg"] = Reply(body=body)
    new = f"{museum.server.url}/renamed.jpg"
    museum.items[1] |= {"file_url": new, "thumb_url": new}
    assert museum.fetch().fetched == 1
    assert (museum.rows()[1]["status"], museum.rows()[1]["tries"]) == ("ok", 1)


def test_a_renamed_file_that_is_here_already_is_not_fetched_again(museum: Museum) -> None:
    museum.hold(1, encoded(painting(1)))
    before = museum.fetch().digest
    museum.asked()
    museum.items[1] |= {"file_url": f"{museum.server.url}/renamed.jpg", "thumb_url": None}
    assert museum.fetch().digest == before
    assert museum.asked() == []


def test_an_original_of_too_many_pixels_is_refused_without_asking_for_it(museum: Museum) -> None:
    museum.hold(1, png_header_only(60_000, 40_000), width=60_000, height=40_000)
    assert museum.fetch().failed == 1
    assert f"the page gives 60000 x 40000 pixels, more than {MOST_PIXELS}" in str(museum.rows()[1]["error"])
    assert museum.asked() == []


def test_a_bomb_whose_page_lies_is_refused_by_its_own_numbers(museum: Museum) -> None:
    museum.hold(1, png_header_only(60_000, 40_000), width=600, height=400)
    museum.hold(2, encoded(painting(2)))
    assert museum.fetch().fetched == 1
    assert f"60000 x 40000 pixels, more than {MOST_PIXELS}" in str(museum.rows()[1]["error"])


def test_a_picture_that_kills_its_decoder_is_a_row_and_the_others_go_on(museum: Museum) -> None:
    museum.hold(1, flat_png(17_000, 17_000))
    museum.hold(2, encoded(painting(2)))
    with Decoders(bounds=Bounds(time_s=1.0)) as decoders:
        counts = museum.fetch(decoders=decoders)
    assert (counts.fetched, counts.failed) == (1, 1)
    assert "decoder killed: it took longer than 1 s" in str(museum.rows()[1]["error"])


def test_a_drawing_is_kept_as_a_png(museum: Museum) -> None:
    museum.hold(1, encoded(painting(1, 100, 60).convert("1"), "PNG"))
    museum.fetch()
    row = museum.rows()[1]
    assert (row["mime"], row["path"]) == ("image/png", f"images/{str(row['sha256'])[:2]}/{row['sha256']}.png")
    assert (museum.home.root / str(row["path"])).is_file()


def test_what_a_killed_run_left_half_written_is_swept(museum: Museum) -> None:
    museum.hold(1, encoded(painting(1)))
    museum.fetch()
    folder = museum.stored()[0].parent
    (folder / ".abc.jpg.x.partial").write_bytes(b"half")
    (museum.home.table(FILES.key) / ".part-0.parquet.x.partial").write_bytes(b"half")
    museum.fetch()
    assert list(museum.home.root.rglob("*.partial")) == []
    assert len(museum.stored()) == 1


def test_a_second_run_at_the_same_time_waits_and_finds_everything_done(museum: Museum) -> None:
    for number in range(6):
        museum.hold(number, encoded(painting(number)))
        museum.replies[f"/{number}.jpg"] = Reply(body=encoded(painting(number)), delay_s=0.05)
    museum.plant()
    with ThreadPoolExecutor(2) as threads:
        counts = [one.result() for one in [threads.submit(museum.run) for _ in range(2)]]
    assert sorted(one.fetched for one in counts) == [0, 6]
    assert len(museum.asked()) == 6


def test_a_refusal_in_the_middle_ends_the_run_and_keeps_what_was_fetched(museum: Museum) -> None:
    for number in range(30):
        museum.hold(number, encoded(painting(number, 40, 30)))
    refused = sorted(museum.items, key=lambda number: f"commons:M{number}")[20:]
    museum.replies |= {f"/{number}.jpg": Reply(status=403) for number in refused}
    with pytest.raises(AccessDenied, match="PD_CONTACT"):
        museum.fetch()
    assert [row["status"] for row in museum.rows().values()].count("ok") == 20
    for number in refused:
        museum.hold(number, encoded(painting(number, 40, 30)))
    assert museum.fetch().fetched == 10


def test_a_host_that_lets_nobody_in_costs_the_pictures_of_other_hosts_nothing(museum: Museum) -> None:
    for number in range(12):
        museum.hold(number, encoded(painting(number, 40, 30)))
    with LocalServer(lambda *_: Reply(status=403)) as closed:
        for number in range(6):
            museum.items[number] |= {
                "file_url": f"{closed.url}/{number}.jpg",
                "thumb_url": f"{closed.url}/{number}.jpg",
            }
        with pytest.raises(AccessDenied, match="PD_CONTACT"):
            museum.fetch()
        assert {number for number, row in museum.rows().items() if row["status"] == "ok"} == set(range(6, 12))
        assert len(closed.asked) < 6


def test_one_file_that_is_refused_is_a_row_and_the_others_go_on(museum: Museum) -> None:
    for number in range(5):
        museum.hold(number, encoded(painting(number, 40, 30)))
    museum.replies["/2.jpg"] = Reply(status=403)
    assert museum.fetch().fetched == 4
    assert "HTTP 403" in str(museum.rows()[2]["error"])


# --- against the sandbox archive -------------------------------------------------------------------------------------


@pytest.fixture
def accepted(tmp_path: Path) -> Callable[..., Home]:
    """Scrape a sandbox's category `Full` into a home and accept everything."""

    def prepare(server: SandboxServer, name: str = "home") -> Home:
        home = open_home(tmp_path / name)
        scrape(home, server.api_url, ["Full"])
        items = [{**row, "thumb_side": MAX_SIDE} for row in tables.rows(tables.read(home, ITEMS))]
        plant(home, ITEMS, items)
        plant(home, DECISIONS, [{**decision(0), "item_id": row["item_id"]} for row in items])
        return home

    return prepare


def archive_of(bodies: Mapping[str, bytes]) -> Archive:
    archive = Archive()
    archive.add("Category:Full", wikitext="")
    for name, body in bodies.items():
        archive.add(f"File:{name}.jpg", wikitext="[[Category:Full]]", content=body)
    return archive


def fetch(home: Home) -> FetchCounts:
    with PoliteSession("tests", sleep=no_sleep) as session:
        return fetch_accepted(home, session, profile=PROFILE, max_side=MAX_SIDE)


def test_large_pictures_are_fetched_as_the_smallest_standard_thumbnail_that_covers(
    accepted: Callable[..., Home],
) -> None:
    bodies = {"Large": encoded(painting(1, 900, 600)), "Small": encoded(painting(2, 100, 60))}
    with SandboxServer(archive_of(bodies)) as server:
        home = accepted(server)
        server.faults.log.clear()
        assert fetch(home).fetched == 2
        paths = sorted(request.path for request in server.faults.log)
    assert [path.rsplit("/", 1)[1] for path in paths] == ["Small.jpg", "330px-Large.jpg"]
    sizes = {(row["width"], row["height"]) for row in tables.rows(tables.read(home, FILES))}
    assert sizes == {(128, 85), (100, 60)}


# Told to the journal as often by what is killed: as many pictures as in a real run say no more.
OFTEN = 50


def start_fetching(home: Home) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.pd_assets.lib.images.killed_while_fetching", str(home.root), str(OFTEN)],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )


class SlowingDown(deque[Request]):
    """The log of a server that takes its time from one of its requests on."""

    def __init__(self, server: SandboxServer, *, after: int) -> None:
        super().__init__()
        self.server, self.after = server, after

    def append(self, request: Request) -> None:
        super().append(request)
        self.server.faults.delay_s = 2.0 if len(self) > self.after else 0.0


def test_a_process_killed_in_the_middle_loses_little_and_the_next_run_finishes(
    accepted: Callable[..., Home],
) -> None:
    total = OFTEN + 50
    bodies = {f"{number:04}": encoded(painting(number, 24, 16)) for number in range(total)}
    with SandboxServer(archive_of(bodies)) as server:
        home = accepted(server)
        # The last files come so slowly that it is still at work when it is killed.
        server.faults.log = SlowingDown(server, after=OFTEN + 20)
        child = start_fetching(home)
        until(lambda: told_by_journal(home) != [] or child.poll() is not None, longest_pause_s=0.005)
        child.send_signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
        kept = len(told_by_journal(home))
        assert kept == OFTEN
        assert all((home.root / str(row["path"])).is_file() for row in told_by_journal(home))
        assert tables.parts(home, FILES) == []
        server.faults.log = deque()
        server.faults.delay_s = 0.0
        counts = fetch(home)
        assert (counts.wanted, counts.fetched, counts.failed) == (total, total - kept, 0)
        # By address: what the killed run had asked for last may be noted only now.
        assert len({request.path for request in server.faults.log}) == total - kept
    assert tables.read(home, FILES).num_rows == total


def told_by_journal(home: Home) -> list[Row]:
    parts = [tables.read_part(FILES, path) for path in home.matching(f"{journal.PLACE}/*.parquet")]
    return [row for part in parts for row in tables.rows(part)]


@pytest.mark.extended
@pytest.mark.slow
def test_kills_at_random_moments_and_one_clean_run_leave_what_an_undisturbed_run_leaves(
    accepted: Callable[..., Home],
) -> None:
    bodies = {f"{number:04}": encoded(painting(number, 24, 16)) for number in range(4 * OFTEN)}
    moments = random.Random(3)
    with SandboxServer(archive_of(bodies)) as server:
        killed, undisturbed = accepted(server, "killed"), accepted(server, "undisturbed")
        for _ in range(5):
            server.faults.log.clear()
            server.faults.delay_s = 0.02
            child = start_fetching(killed)
            asked = moments.randint(1, 2 * OFTEN)
            until(has_asked(server, asked, child), longest_pause_s=0.002)
            # Not only when an answer has just gone out.
            time.sleep(moments.random() * 0.05)
            child.send_signal(signal.SIGKILL)
            child.wait()
        server.faults.delay_s = 0.0
        clean, expected = fetch(killed), fetch(undisturbed)
    assert (clean.wanted, clean.failed, clean.digest) == (expected.wanted, 0, expected.digest)
    assert pictures_below(killed.images) == pictures_below(undisturbed.images)
    named = {str(row["path"]) for row in tables.rows(tables.read(killed, FILES))}
    assert {path.relative_to(killed.root).as_posix() for path in killed.images.rglob("*.jpg")} == named
    assert [*killed.root.rglob("*.partial"), *told_by_journal(killed)] == []


def has_asked(server: SandboxServer, requests: int, child: subprocess.Popen[bytes]) -> Callable[[], bool]:
    return lambda: len(server.faults.log) >= requests or child.poll() is not None


def pictures_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.jpg")}
