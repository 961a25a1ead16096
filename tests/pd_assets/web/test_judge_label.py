"""The labelling page is behind the guard: its buttons work, nobody else's do; without a contact nothing is asked."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from pd_assets.lib.catalog.schemas import PAGES, TAKEDOWNS
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.labelling.queue import Unlabelled
from pd_assets.lib.labelling.work import LabellingWork
from pd_assets.lib.settings import Settings
from pd_assets.web.judge_label import labelling_site
from pd_assets.web.served import served
from pd_assets.web.site import site
from tests.pd_assets.lib.planting import THEN, page, plant

CATEGORY = "Winter in art"
OWN = "http://127.0.0.1:8422"
DONE, SKIP = "/judge/label/done?at=0", "/judge/label/skip?at=0"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = open_home(tmp_path / "home")
    plant(home, PAGES, [page(1, CATEGORY)], partition=CATEGORY)
    return home


@pytest.fixture
def work(home: Home) -> LabellingWork:
    picture = home.images / "ab" / "picture.jpg"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"a picture")
    waits = Unlabelled(
        item_id="commons:M1",
        pageid=1,
        title="File:<b>One.jpg",
        page_url="https://commons.wikimedia.org/wiki/File:One.jpg",
        picture=picture,
        categories=(CATEGORY,),
    )
    return LabellingWork(home=home, queue=[waits], reread=lambda _: {})


@pytest.fixture
def client(work: LabellingWork) -> TestClient:
    served_here = served(work.home, Settings(home=work.home.root))
    application = labelling_site(served_here, work, also_called=["pictures.museum.org"])
    return TestClient(application, base_url=OWN, follow_redirects=False)


def test_a_button_of_the_page_works_also_behind_a_proxy_that_is_named(client: TestClient, work: LabellingWork) -> None:
    assert client.get("/").headers["location"] == "/judge/label"
    assert "File:&lt;b&gt;One.jpg" in client.get("/judge/label").text
    proxied = {"Host": "pictures.museum.org", "Origin": "https://pictures.museum.org"}
    assert client.post(SKIP, headers=proxied).status_code == 303
    assert work.skipped == 1
    assert client.post(SKIP, headers={"Origin": OWN}).status_code == 303
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
    assert client.post(SKIP, headers=form).status_code in (400, 403, 415)
    assert client.get(SKIP, headers=headers).status_code in (400, 403, 405)
    assert (work.at, work.skipped) == (0, 0)


def test_the_page_needs_no_script_and_no_other_page_shows_it_or_its_pictures(client: TestClient) -> None:
    shown = client.get("/judge/label")
    policy = shown.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "onclick" not in shown.text and "hx-" not in shown.text, "plain forms"
    assert client.get("/judge/label/picture/0").content == b"a picture"
    embedded = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    assert client.get("/judge/label/picture/0", headers=embedded).status_code == 403


def test_a_picture_that_was_taken_down_or_purged_meanwhile_is_not_shown(
    client: TestClient, work: LabellingWork
) -> None:
    plant(work.home, TAKEDOWNS, [{"item_id": "commons:M1", "reason": "the heirs ask", "taken_down_at": THEN}])
    assert client.get("/judge/label/picture/0").status_code == 404
    assert "<img" not in client.get("/judge/label").text
    plant(work.home, TAKEDOWNS, [])
    work.queue[0].picture.unlink()
    assert client.get("/judge/label/picture/0").status_code == 404
    assert client.get("/judge/label/picture/9").status_code == 404


def test_without_a_contact_the_page_says_what_to_set_and_nobody_is_asked(home: Home) -> None:
    client = TestClient(site(served(home, Settings(home=home.root))), base_url=OWN, follow_redirects=False)
    shown = client.get("/judge/label")
    assert shown.status_code == 200 and "PD_CONTACT is not set" in shown.text
    assert client.post(DONE, headers={"Origin": OWN}).status_code == 303
    assert client.get("/judge/label/picture/0").status_code == 404
    assert not (home.root / "labelling").exists()


def test_with_a_contact_the_site_picks_its_own_queue_and_at_its_end_says_so(home: Home) -> None:
    settings = Settings(home=home.root, contact="curator@museum.org")
    client = TestClient(site(served(home, settings)), base_url=OWN, follow_redirects=False)
    assert "<h1>All done</h1>" in client.get("/judge/label").text
