"""Fetching pictures of an archive that gives no SHA-1: again where the medium changed, and never a firewall's page."""

import hashlib
from pathlib import Path

from PIL import Image

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS, RECORDS
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.images.fetch import fetch_accepted
from tests.pd_assets.lib.local_server import LocalServer, Reply
from tests.pd_assets.lib.pictures import encoded, painting
from tests.pd_assets.lib.planting import MAX_SIDE, PROFILE, decision, item, plant

NAME = "smithsonian:fsg_1:FSG-1"
REJECTED = b"<html><head><title>Request Rejected</title></head><body>Your support ID is: 1</body></html>"


def fetched(home: Home, url: str, signature: str) -> dict[str, object]:
    """The row of the one accepted medium after a run."""
    told = {"item_id": NAME, "source": "smithsonian", "sha1": None, "file_url": url, "thumb_url": url}
    plant(home, ITEMS, [{**item(1), **told}])
    plant(home, DECISIONS, [{**decision(1, "accept"), "item_id": NAME}])
    plant(home, RECORDS, [{"item_id": NAME, "status": "live", "media_signature": signature}])
    with PoliteSession("tests", tries=2, sleep=lambda seconds: None) as session:
        fetch_accepted(home, session, profile=PROFILE, max_side=MAX_SIDE)
    (row,) = tables.rows(tables.read(home, FILES))
    return row


def test_a_medium_is_fetched_once_and_again_when_it_or_its_address_changed(tmp_path: Path) -> None:
    home, body = open_home(tmp_path), encoded(painting(1))
    with LocalServer(lambda number, target: Reply(body=body, headers={"Content-Type": "image/jpeg"})) as server:
        asked = []
        for path, signature in (("/a", "1"), ("/a", "1"), ("/a", "2"), ("/b", "2"), ("/b", "2")):
            row = fetched(home, server.url + path, signature)
            asked.append(len(server.asked))
    assert asked == [1, 1, 2, 3, 3]
    assert (row["status"], row["sha1"], row["signature"]) == ("ok", None, "2")
    assert row["received_sha1"] == hashlib.sha1(body, usedforsecurity=False).hexdigest()


def test_a_page_that_rejects_the_request_is_a_failure_by_that_name(tmp_path: Path) -> None:
    reply = Reply(body=REJECTED, headers={"Content-Type": "image/jpeg"})
    with LocalServer(lambda number, target: reply) as server:
        row = fetched(open_home(tmp_path), server.url + "/a", "1")
    assert row["status"] == "failed" and "Request Rejected" in str(row["error"])
    assert len(server.asked) == 3


def test_records_that_deliver_one_picture_for_different_media_show_a_placeholder(tmp_path: Path) -> None:
    home, grey = open_home(tmp_path), encoded(Image.new("RGB", (128, 96), "grey"))
    names = [*(f"smithsonian:fsg_{n}:FSG-{n}" for n in range(5)), *(f"smithsonian:shared_{n}:SHARED" for n in range(5))]
    shared = encoded(painting(3))
    with LocalServer(
        lambda number, target: Reply(
            body=shared if target == "/common" else grey, headers={"Content-Type": "image/jpeg"}
        )
    ) as server:
        urls = {name: f"{server.url}/{'common' if name.endswith('SHARED') else name[-1]}" for name in names}
        told = [{"source": "smithsonian", "sha1": None, "file_url": url, "thumb_url": url} for url in urls.values()]
        plant(home, ITEMS, [{**item(1), **one, "item_id": name} for one, name in zip(told, names, strict=True)])
        plant(home, DECISIONS, [{**decision(1, "accept"), "item_id": name} for name in names])
        plant(home, RECORDS, [{"item_id": name, "status": "live", "media_signature": "1"} for name in names])
        with PoliteSession("tests", sleep=lambda seconds: None) as session:
            counts = fetch_accepted(home, session, profile=PROFILE, max_side=MAX_SIDE)
    assert (counts.fetched, counts.failed) == (5, 5)
    failed = [row for row in tables.rows(tables.read(home, FILES)) if row["status"] == "failed"]
    assert all(str(row["error"]).startswith("placeholder") for row in failed)
    assert {row["item_id"] for row in failed} == set(names[:5])
