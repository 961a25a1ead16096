"""The labelling page is behind the guard: its buttons work, and nobody else's do."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from pd_assets.lib.catalog.schemas import PAGES
from pd_assets.lib.home import open_home
from pd_assets.lib.labelling.queue import Unlabelled
from pd_assets.lib.labelling.site import labelling_site
from pd_assets.lib.labelling.work import LabellingWork
from tests.pd_assets.lib.planting import page, plant

CATEGORY = "Winter in art"
OWN = "http://127.0.0.1:8422"


@pytest.fixture
def work(tmp_path: Path) -> LabellingWork:
    home = open_home(tmp_path / "home")
    plant(home, PAGES, [page(1, CATEGORY)], partition=CATEGORY)
    picture = home.images / "ab" / "picture.jpg"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"a picture")
    waits = Unlabelled(
        item_id="commons:M1",
        pageid=1,
        title="File:One.jpg",
        page_url="https://commons.wikimedia.org/wiki/File:One.jpg",
        picture=picture,
        categories=(CATEGORY,),
    )
    return LabellingWork(home=home, queue=[waits], reread=lambda _: {})


@pytest.fixture
def client(work: LabellingWork) -> TestClient:
    site = labelling_site(work, also_called=["pictures.museum.org"])
    return TestClient(site, base_url=OWN, follow_redirects=False)


def test_a_button_of_the_page_works_also_behind_a_proxy_that_is_named(client: TestClient, work: LabellingWork) -> None:
    assert "File:One.jpg" in client.get("/").text
    proxied = {"Host": "pictures.museum.org", "Origin": "https://pictures.museum.org"}
    assert client.post("/skip?at=0", headers=proxied).status_code == 303
    assert work.skipped == 1
    assert client.post("/skip?at=0", headers={"Origin": OWN}).status_code == 303
    assert work.skipped == 1, "the button was that of a picture before"


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.com"}, {"Origin": "null"}, {"Host": "evil.com"}, {"Origin": "http://127.0.0.1:1"}, {}],
    ids=str,
)
def test_a_form_of_another_page_changes_nothing(
    client: TestClient, work: LabellingWork, headers: dict[str, str]
) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    assert client.post("/skip?at=0", headers=form).status_code in (400, 403, 415)
    assert client.get("/skip?at=0", headers=headers).status_code in (400, 403, 405)
    assert (work.at, work.skipped) == (0, 0)


def test_the_page_runs_no_script_and_no_other_page_shows_it_or_its_pictures(client: TestClient) -> None:
    policy = client.get("/").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ") and "script-src" not in policy and "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert client.get("/picture/0").content == b"a picture"
    embedded = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    assert client.get("/picture/0", headers=embedded).status_code == 403
