"""The gallery as a browser asks for it, with and without htmx."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from pd_assets.lib.gallery.building import build
from pd_assets.lib.gallery.vectors import Maker, Started
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release import notes
from pd_assets.lib.release.takedowns import Asked, noted
from pd_assets.lib.settings import Settings
from pd_assets.web import gallery
from pd_assets.web.export import export
from pd_assets.web.served import served
from pd_assets.web.site import site
from tests.patience import until
from tests.pd_assets.lib.gallery.planted import home_of, vectors_of
from tests.pd_assets.lib.planting import PROFILE

COUNT = 90
HTMX = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Nobody changes it; its CLIP and dataset are names, and have vectors of some pictures."""
    home = home_of(tmp_path_factory.mktemp("site"), COUNT)
    vectors_of(home, [number for number in range(COUNT) if number % 4 < 2])
    build(home, PROFILE)
    return home


@pytest.fixture(scope="module")
def client(home: Home) -> Iterator[TestClient]:
    with opened(home) as client:
        yield client


def opened(home: Home) -> TestClient:
    return TestClient(site(served(home, Settings(home=home.root))), base_url="http://127.0.0.1")


def shown(text: str) -> list[str]:
    """The items on the wall."""
    return re.findall(r'<a href="/pictures/([^"?]+)">\n(?:<img|<span)', text)


def links(text: str) -> list[str]:
    return [link.replace("&amp;", "&") for link in re.findall(r'<a href="(/pictures\?[^"]+)" hx-get', text)]


def test_the_first_page_shows_a_wall_with_alternative_texts_verdicts_and_counts(client: TestClient) -> None:
    answer = client.get("/pictures")
    assert answer.status_code == 200 and "90 pictures, page 1 of 2, pictures first" in answer.text
    assert len(shown(answer.text)) == 60
    assert re.search(r'<img src="/thumb/commons:M4" alt="Untitled 4, by Émile Durand"', answer.text)
    assert 'class="badge reject">refused' in answer.text and "Houses, 45 pictures" in answer.text
    assert "style=" not in answer.text and "http://" not in answer.text and "https://" not in answer.text


def test_refused_pictures_are_listed_without_one_and_with_their_reason_in_words(client: TestClient) -> None:
    text = client.get("/pictures?verdict=reject").text
    assert shown(text) and "<img" not in text
    assert "it is refused: no tag on the page names a ground" in text


def test_every_facet_is_a_link_that_works_without_javascript_and_can_be_passed_on(client: TestClient) -> None:
    text = client.get("/pictures?verdict=accept").text
    narrower = next(link for link in links(text) if "century=" in link)
    assert "verdict=accept" in narrower
    page = client.get(narrower).text
    assert 0 < len(shown(page)) < len(shown(text))
    assert 'aria-current="true"' in page
    # The way back is a link too.
    assert "/pictures?verdict=accept" in links(page)


def test_words_are_found_in_titles_and_labels_without_case_and_accents(client: TestClient) -> None:
    assert "18 pictures" in client.get("/pictures", params={"q": "CHATEAU D'ETE"}).text
    assert shown(client.get("/pictures?q=thing3").text)


def test_htmx_gets_the_part_that_changes_and_says_the_count_aloud(client: TestClient) -> None:
    part = client.get("/pictures?q=boat&page=1", headers=HTMX).text
    assert "<html" not in part and part.count('id="found"') == 1
    assert '<p id="told" hx-swap-oob="innerHTML">18 pictures' in part
    whole = client.get("/pictures?q=boat", headers={**HTMX, "HX-History-Restore-Request": "true"}).text
    assert "<html" in whole and whole.count('id="told"') == 1


def test_where_nothing_fits_the_page_says_what_to_loosen(client: TestClient) -> None:
    text = client.get("/pictures?verdict=reject&medium=oil+on+canvas&q=boat").text
    assert "Nothing fits all of this." in text
    assert re.search(r"\d+ pictures? without verdict: refused", text)
    assert re.search(r"\d+ pictures? without medium: oil on canvas", text)
    assert "Nothing here has “zeppelin”" in client.get("/pictures?q=zeppelin").text


@pytest.mark.parametrize(
    "query",
    [
        "q=" + "word+" * 10_000,
        "page=-1",
        "verdict=free",
        "sort=x",
        "q=%00",
        "q=***",
        "artist=" + "x" * 9_000,
        "page=1e9",
    ],
)
def test_a_hostile_address_gets_a_clear_message(client: TestClient, query: str) -> None:
    answer = client.get(f"/pictures?{query}")
    assert answer.status_code == 400
    assert re.search(r'role="alert">[^<]*found [^<]*expected', answer.text)
    # htmx would show nothing of an answer that is called an error.
    assert client.get(f"/pictures?{query}", headers=HTMX).status_code == 200


def test_what_an_address_says_is_text_and_never_markup(client: TestClient) -> None:
    for name in ("q", "artist", "artist-find", "like", "category"):
        text = client.get("/pictures", params={name: "<script>alert(1)</script>\"'"}).text
        assert "<script>alert" not in text


def test_a_page_after_the_last_is_the_last_and_says_so(client: TestClient) -> None:
    text = client.get("/pictures?page=77").text
    assert "There is no page 77; this is the last one." in text and len(shown(text)) == 30


def test_pictures_that_look_like_one_come_with_the_nearest_first(client: TestClient) -> None:
    text = client.get("/pictures?like=commons:M4").text
    assert set(shown(text)[:2]) == {"commons:M1", "commons:M5"} and "commons:M4" not in shown(text)
    assert "Pictures that look like <a" in text and "Untitled 4" in text
    assert "not in the dataset that our CLIP has read" in client.get("/pictures?like=commons:M2").text


def test_words_that_pictures_look_like_are_asked_of_our_clip(home: Home) -> None:
    asked: list[str] = []

    def embed(texts: Sequence[str]) -> Sequence[Sequence[float]]:
        asked.extend(texts)
        return [[1.0, *[0.0] * 7]]

    app = Starlette(routes=list(gallery.routes(served(home, Settings(home=home.root)), embed_texts=embed)))
    text = TestClient(app, base_url="http://127.0.0.1").get("/pictures?looks=a+quiet+house").text
    assert asked == ["a quiet house"] and shown(text)[0] == "commons:M0"
    assert 'id="looks"' in text


def test_without_a_model_the_page_says_what_makes_one(tmp_path: Path, client: TestClient) -> None:
    home = home_of(tmp_path, 4)
    build(home, PROFILE)
    with opened(home) as other:
        text = other.get("/pictures?like=commons:M1").text
        assert "there is no CLIP yet" in text and len(shown(text)) == 4
    assert "The words could not be compared with pictures" in client.get("/pictures?looks=house").text


def test_a_takedown_of_a_second_ago_is_on_the_wall_without_its_picture(tmp_path: Path) -> None:
    home = home_of(tmp_path, 4)
    build(home, PROFILE)
    with opened(home) as client:
        assert "/thumb/commons:M1" in client.get("/pictures").text
        (note,) = noted(Asked(names=("commons:M1",), reason="asked"))
        notes.write(home, note)
        text = client.get("/pictures").text
    assert "/thumb/commons:M1" not in text and f"taken down ({note.number})" in text


def test_an_empty_home_says_which_command_fills_it(tmp_path: Path) -> None:
    with opened(open_home(tmp_path)) as client:
        answer = client.get("/pictures")
    assert answer.status_code == 200 and "pdd demo" in answer.text


def test_a_home_that_must_not_be_written_is_shown_and_stays_as_it_is(tmp_path: Path) -> None:
    home = home_of(tmp_path / "home", 4)
    before = sorted(home.root.rglob("*"))
    with opened(open_home(home.root, to_ask=True)) as client:
        assert len(shown(client.get("/pictures").text)) == 4
    assert sorted(home.root.rglob("*")) == before


@pytest.mark.parametrize("read_only", [False, True])
def test_our_clip_reads_the_pictures_from_the_start_of_a_site_that_may_start_work_and_of_no_other(
    tmp_path: Path, read_only: bool
) -> None:
    home = home_of(tmp_path / "home", 4)
    (vectors_of(home, [1]) / "told.json").unlink()
    build(home, PROFILE)
    began: list[Home] = []

    def making(home: Home, started: Started) -> None:
        began.append(home)

    shown = served(home, Settings(home=home.root), read_only=read_only)
    shown = replace(shown, maker=Maker(home, making=making))
    with TestClient(site(shown), base_url="http://127.0.0.1") as client:
        if not read_only:
            until(lambda: began)
        text = client.get("/pictures?like=commons:M1").text
    assert ("nothing is started here" in text, len(began)) == ((True, 0) if read_only else (False, 1))


def test_an_export_has_no_pictures_read(tmp_path: Path) -> None:
    home = home_of(tmp_path / "home", 4)
    (vectors_of(home, [1]) / "told.json").unlink()
    before = sorted((home.root / ".index" / "vectors").rglob("*"))
    shown = served(home, Settings(home=home.root), read_only=True)
    export(site(shown), tmp_path / "files", lambda item_id: False)
    assert not shown.maker.is_making and sorted((home.root / ".index" / "vectors").rglob("*")) == before
