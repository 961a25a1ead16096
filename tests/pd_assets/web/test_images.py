"""The pictures that a site gives away, and those that it does not any more."""

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image
from starlette.testclient import TestClient

from pd_assets.lib.gallery.building import build
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release import notes
from pd_assets.lib.release.takedowns import Asked, noted
from pd_assets.lib.settings import Settings
from pd_assets.web.served import served
from pd_assets.web.site import site
from tests.pd_assets.lib.gallery.planted import with_pictures
from tests.pd_assets.lib.planting import PROFILE


def made(folder: Path) -> Home:
    home = with_pictures(open_home(folder), 8, (640, 480))
    build(home, PROFILE)
    return home


def opened(home: Home) -> TestClient:
    return TestClient(site(served(home, Settings(home=home.root))), base_url="http://127.0.0.1")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return made(tmp_path)


@pytest.fixture
def client(home: Home) -> TestClient:
    return opened(home)


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Nobody changes it."""
    return made(tmp_path_factory.mktemp("read"))


@pytest.fixture(scope="module")
def reader(read: Home) -> TestClient:
    return opened(read)


def test_a_small_copy_is_a_webp_and_the_picture_is_as_it_is_stored(read: Home, reader: TestClient) -> None:
    thumb, image = reader.get("/thumb/commons:M1"), reader.get("/image/commons%3AM1")
    with Image.open(io.BytesIO(thumb.content)) as small:
        assert (small.format, max(small.size)) == ("WEBP", 320)
    assert image.content == (read.root / "images/1.jpg").read_bytes()
    assert (thumb.headers["content-type"], image.headers["content-type"]) == ("image/webp", "image/jpeg")
    assert {answer.headers["cache-control"] for answer in (thumb, image)} == {"no-cache"}
    assert not list(read.root.rglob("*.webp"))


@pytest.mark.parametrize("kind", ["thumb", "image"])
def test_what_a_browser_kept_may_be_shown_again_until_it_is_taken_down(
    home: Home, client: TestClient, kind: str
) -> None:
    kept = {"If-None-Match": client.get(f"/{kind}/commons:M1").headers["etag"]}
    assert client.get(f"/{kind}/commons:M1", headers=kept).status_code == 304
    (note,) = noted(Asked(names=("commons:M1",), reason="asked"))
    notes.write(home, note)
    answer = client.get(f"/{kind}/commons:M1", headers=kept)
    assert answer.status_code == 404
    assert note.number in answer.text


@pytest.mark.parametrize("kind", ["thumb", "image"])
def test_a_picture_that_was_purged_a_second_ago_is_not_shown_from_memory(
    home: Home, client: TestClient, kind: str
) -> None:
    kept = {"If-None-Match": client.get(f"/{kind}/commons:M1").headers["etag"]}
    (home.root / "images/1.jpg").unlink()
    for headers in ({}, kept):
        answer = client.get(f"/{kind}/commons:M1", headers=headers)
        assert answer.status_code == 404 and "not in the store any more" in answer.text


@pytest.mark.parametrize("kind", ["thumb", "image"])
@pytest.mark.parametrize(
    ("item_id", "told"),
    [
        ("commons:M2", "waiting"),
        ("commons:M3", "refused"),
        ("commons:M99", "No picture here is called"),
        ("..%2F..%2Fetc%2Fpasswd", "No picture here is called"),
        ("%3Cscript%3E", "&lt;script&gt;"),
    ],
)
def test_a_page_says_why_a_picture_is_not_shown(reader: TestClient, kind: str, item_id: str, told: str) -> None:
    answer = reader.get(f"/{kind}/{item_id}")
    assert answer.status_code == 404
    assert told in answer.text and "<script>alert" not in answer.text


def test_a_damaged_file_in_the_store_is_told_and_no_error_of_ours(home: Home, client: TestClient) -> None:
    path = home.root / "images/1.jpg"
    path.write_bytes(path.read_bytes()[:300])
    for kind in ("thumb", "image"):
        answer = client.get(f"/{kind}/commons:M1")
        assert answer.status_code == 404 and "damaged" in answer.text


def test_many_who_ask_at_once_get_the_same(reader: TestClient) -> None:
    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(lambda number: reader.get(f"/thumb/commons:M{number % 2 * 4 + 1}"), range(24)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 2
