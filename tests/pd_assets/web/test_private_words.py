"""The operator's own words, and those of whoever asked for a takedown, are on no page and in no exported file."""

from collections import deque
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from pd_assets.lib.release import asked_requests
from pd_assets.lib.release.takedowns import take_down
from pd_assets.lib.release.undoing import undo
from pd_assets.lib.settings import Settings
from pd_assets.web.export import accepted, export, links_in
from pd_assets.web.served import served
from pd_assets.web.site import site
from tests.pd_assets.web.furnished import OLD, bundle_of, furnished, over

# Where the operator reads requests, and whoever asked reads their own.
THEIRS = "/ask/requests"
PRIVATE = "Jane Roe"


def pages_of(site: TestClient) -> dict[str, str]:
    """Every page that a link leads to, but the choices of facets."""
    pages: dict[str, str] = {}
    waiting, seen = deque(["/"]), {"/"}
    while waiting:
        address = waiting.popleft()
        answer = site.get(address)
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        pages[address] = answer.text
        for link in links_in(answer.text, address):
            is_told = not link.startswith(("/static/", "/thumb/", "/pictures?"))
            if link not in seen and (is_told or link == "/pictures?verdict=accept"):
                seen.add(link)
                waiting.append(link)
    return pages


@pytest.mark.extended
def test_of_a_takedown_pages_and_files_tell_number_and_day_and_no_private_word(tmp_path: Path) -> None:
    home = furnished(tmp_path / "home")
    bundle_of(home, "unet_text", OLD)
    asking = asked_requests.ask(home, which="commons:M3", reason=f"I am {PRIVATE}", contact="jane@roe.test")
    number = asked_requests.confirm(home, asking.number, reason=f"a letter of {PRIVATE}", ground="privacy").number
    undone = take_down(home, "commons:M5", reason=f"{PRIVATE} again").number
    undo(home, undone, reason=f"{PRIVATE} was wrong")
    asked_requests.ask(home, which="commons:M4", reason=f"I am {PRIVATE} too")

    pages = pages_of(over(home))
    assert [address for address, text in pages.items() if PRIVATE in text and not address.startswith(THEIRS)] == []
    day = f"{asking.asked_at.day} {asking.asked_at:%B %Y}"
    telling = {address for address, text in pages.items() if f"taken down on request: {number}, {day}" in text}
    dataset = home.latest("dataset", "main")
    assert dataset is not None
    assert {f"/reports/datasets/{dataset.name}", f"/models/unet_text/{OLD}"} <= telling
    assert any("/bundles/" in address for address in telling)
    assert f"/ask/receipts/{number}" in pages, "the operator's list leads there"
    assert f">I am {PRIVATE} too</textarea>" not in pages[THEIRS], "what was asked is no reason of the operator's"

    shown = served(home, Settings(home=home.root), read_only=True)
    export(site(shown), tmp_path / "files", accepted(shown).__contains__)
    files = [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
    assert len(files) > 20 and not [path for path in files if PRIVATE.encode() in path.read_bytes()]
