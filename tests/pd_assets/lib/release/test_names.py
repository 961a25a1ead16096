"""What people call a picture leads to that one or to none: endings, sites, and the addresses that claimants have."""

from pathlib import Path

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import ITEMS, TAKEDOWNS
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release import index
from pd_assets.lib.release.pictures import find_pictures
from pd_assets.lib.release.takedowns import take_down
from pd_assets.lib.release.trace import trace
from tests.pd_assets.lib.planting import Row, item, plant

WIKI = "https://commons.wikimedia.org/wiki/"
UPLOADS = "https://upload.wikimedia.org/wikipedia/commons/"
LOOPBACK = "http://127.0.0.1:8080"
MUSEUM = "https://museum.test/art/7.jpg"


def commons(number: int, name: str, **changes: object) -> Row:
    """An item as Commons has it: `name` as in its addresses, with its ending."""
    title = name.rpartition(".")[0].replace("_", " ").replace("%C3%A9", "é")
    addresses = {"page_url": f"{WIKI}File:{name}", "file_url": f"{UPLOADS}2/27/{name}"}
    return item(number, title=title, **{**addresses, **changes})


def museum(number: int, title: str) -> Row:
    addresses = {"page_url": f"https://museum.test/art/{number}", "file_url": f"https://museum.test/art/{number}.jpg"}
    return item(number, item_id=f"cleveland:{number}", source="cleveland", title=title, sha1=None, **addresses)


@pytest.fixture(scope="module", params=["with the index", "without it"])
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Home:
    made = open_home(tmp_path_factory.mktemp("names") / "home")
    made.claim(LOOPBACK + "/w/api.php")
    loopback = {"page_url": f"{LOOPBACK}/wiki/File:Mill.jpg", "file_url": f"{LOOPBACK}/images/2/27/Mill.jpg"}
    rows = [
        commons(1, "House_in_spring.jpg"),
        commons(2, "Twin.jpg"),
        commons(3, "Twin.JPG"),
        commons(4, "Caf%C3%A9.tif"),
        commons(5, "Portrait,_no._77.jpg"),
        commons(6, "Mill.jpg", **loopback),
        museum(7, "House in spring"),
        museum(8, "The Sea"),
        museum(9, "untitled.jpg"),
        museum(10, "Bild: The Sea"),
        commons(1066, "Battle.jpg"),
    ]
    plant(made, ITEMS, sorted(rows, key=lambda row: str(row["item_id"])))
    if request.param == "with the index":
        index.refresh(made)
    return made


def found(home: Home, called: str) -> dict[str, str]:
    return dict(find_pictures(home, called).matched_by)


@pytest.mark.parametrize(
    "called",
    [
        *("File:House in spring.gif", "House in spring.png", "House_in_spring.JPG", "File:House in Spring.jpg"),
        *("File:House in spring.jpeg", "File:House in spring.webp", "file:house in spring.bmp", "The Sea.jpg"),
        *("http://example.com/evil/House_in_spring.jpg", "https://example.com/wiki/File:House_in_spring.jpg"),
        *("http://example.com/evil/House_in_spring.png", "example.com/wiki/File:House_in_spring.jpg"),
        *("http://example.com/House_in_spring", "https://example.com/w/index.php?title=File:House_in_spring.jpg"),
        *("https://example.com/w/index.php?curid=1", "https://en.wikipedia.org/w/index.php?curid=1"),
        *("https://commons.wikimedia.org@example.com/wiki/File:House_in_spring.jpg", "File:The Sea"),
        *("https://commons.wikimedia.org.example.com/wiki/File:House_in_spring.jpg", "File:The Sea.jpg"),
        *("https://notwikimedia.org/wiki/File:House_in_spring.jpg", "https://museum.test/art/The_Sea"),
        *("https://museum.test/art/House_in_spring.jpg", "http://127.0.0.1:8081/wiki/File:Mill.jpg"),
        *(f"{UPLOADS}thumb/2/27/House_in_spring.png/600px-House_in_spring.png", "//example.com/House_in_spring.jpg"),
        *("https://en.wikipedia.org/wiki/House_in_spring", f"{WIKI}Category:House_in_spring"),
        *("https://upload.wikimedia.org/wikipedia/en/2/27/House_in_spring.jpg", f"{WIKI}File_talk:House_in_spring.jpg"),
        *("https://example.com/X#/media/File:House_in_spring.jpg", f"{WIKI}File:A/House_in_spring.jpg"),
        *("sha1:" + "0" * 64, "sha256:" + f"{1:040x}", "https://en.wikipedia.org/wiki/X#/media/File:Twin.png"),
    ],
)
def test_another_ending_or_another_site_is_another_picture(home: Home, called: str) -> None:
    assert found(home, called) == {}


@pytest.mark.parametrize(
    ("called", "item_id"),
    [
        ("File:Twin.jpg", "commons:M2"),
        ("Twin.JPG", "commons:M3"),
        ("twin.JPG", "commons:M3"),
        ("File:Portrait, no. 77", "commons:M5"),
        ("File:Portrait, no. 77.jpg", "commons:M5"),
        *((name, "commons:M1") for name in ("file:house in spring.jpg", "house in spring.jpg", "File:house_in_spring")),
        *((name, "commons:M1") for name in ("Image:House in spring.jpg", " File: House__in spring.jpg ")),
        ("Datei:House in spring.jpg", "commons:M1"),
        ("Bild: The Sea", "cleveland:10"),
        ("File:House%20in%20spring.jpg", "commons:M1"),
        ("File:Cafe\u0301.tif\u200e", "commons:M4"),
        ("The Sea", "cleveland:8"),
        ("untitled.jpg", "cleveland:9"),
    ],
)
def test_a_name_is_compared_as_mediawiki_has_titles(home: Home, called: str, item_id: str) -> None:
    assert found(home, called) == {item_id: "title"}


def test_a_name_without_an_ending_means_all_that_are_called_so(home: Home) -> None:
    assert set(found(home, "Twin")) == {"commons:M2", "commons:M3"}
    assert set(found(home, "House in spring")) == {"commons:M1", "cleveland:7"}
    assert set(found(home, "Portrait, no. 77")) == {"commons:M5"}


@pytest.mark.parametrize(
    ("called", "item_id", "matched_by"),
    [
        (f"{UPLOADS}thumb/2/27/House_in_spring.jpg/600px-House_in_spring.jpg", "commons:M1", "file_url"),
        (f"{UPLOADS}thumb/2/27/House_in_spring.jpg/600px-thumbnail.jpg?utm=1", "commons:M1", "file_url"),
        (f"{UPLOADS}thumb/2/27/Caf%C3%A9.tif/lossy-page1-600px-Caf%C3%A9.tif.jpg", "commons:M4", "file_url"),
        (f"{UPLOADS}thumb/2/27/Café.tif/lossy-page1-600px-Café.tif.jpg", "commons:M4", "title"),
        (f"{UPLOADS}2/27/Café.tif", "commons:M4", "title"),
        (f"{UPLOADS}2/27/House_in_spring.jpg?20260101", "commons:M1", "title"),
        (f"{LOOPBACK}/images/thumb/2/27/Mill.jpg/600px-Mill.jpg", "commons:M6", "file_url"),
        (f"{LOOPBACK}/w/thumb.php?f=Mill.jpg&width=600", "commons:M6", "title"),
        ("127.0.0.1:8080/images/thumb/2/27/Mill.jpg/600px-Mill.jpg", "commons:M6", "file_url"),
        (f"{LOOPBACK}/wiki/File:Mill.jpg?uselang=de#Licensing", "commons:M6", "title"),
        (f"{LOOPBACK}/w/index.php?curid=6", "commons:M6", "page"),
        (f"{WIKI[:-5]}w/index.php?curid=1", "commons:M1", "page"),
        ("https://commons.m.wikimedia.org/?curid=1", "commons:M1", "page"),
        (f"{WIKI}Special:FilePath/House_in_spring.jpg?width=300", "commons:M1", "title"),
        (f"{WIKI}Special:Filepath/House in spring.jpg", "commons:M1", "title"),
        (f"{WIKI}Special:Redirect/file/File:House_in_spring.jpg?width=300", "commons:M1", "title"),
        (f"{WIKI[:-5]}w/index.php?title=Special:Redirect/file/House_in_spring.jpg&width=3", "commons:M1", "title"),
        (f"{WIKI[:-5]}w/index.php?title=Special:FilePath&file=House_in_spring.jpg", "commons:M1", "title"),
        ("https://en.wikipedia.org/wiki/X#/media/File:House_in_spring.jpg", "commons:M1", "title"),
        ("https://de.wikipedia.org/wiki/X#/media/Datei:House_in_spring.jpg", "commons:M1", "title"),
        ("https://fr.m.wikipedia.org/wiki/X#/media/Fichier%3AHouse_in_spring.jpg", "commons:M1", "title"),
        ("https://en.wikipedia.org/wiki/X#mediaviewer/File:Caf%C3%A9.tif", "commons:M4", "title"),
        ("https://de.wikipedia.org/wiki/Datei:House_in_spring.jpg", "commons:M1", "title"),
        ("commons.wikimedia.org/wiki/File:House_in_spring.jpg", "commons:M1", "page_url"),
        ("commons.wikimedia.org/wiki/File:House_in_spring.jpg?uselang=de", "commons:M1", "title"),
        (f"{UPLOADS[6:]}2/27/House_in_spring.jpg", "commons:M1", "file_url"),
        (f"{UPLOADS[6:]}thumb/2/27/House_in_spring.jpg/600px-House_in_spring.jpg", "commons:M1", "file_url"),
        ("https://commons.m.wikimedia.org/wiki/File:House_in_spring.jpg", "commons:M1", "title"),
        ("HTTP://commons.wikimedia.org:80/wiki/File%3AHouse%20in%20spring.jpg", "commons:M1", "title"),
        (f"{WIKI}File:Caf%C3%A9.tif", "commons:M4", "page_url"),
        (f"{WIKI}File:Café.tif", "commons:M4", "title"),
        (f"{WIKI}file:house_in_spring.jpg", "commons:M1", "title"),
        (MUSEUM, "cleveland:7", "file_url"),
        ("museum.test/art/8", "cleveland:8", "page_url"),
    ],
)
def test_the_addresses_that_claimants_have_lead_to_the_picture(
    home: Home, called: str, item_id: str, matched_by: str
) -> None:
    assert found(home, called) == {item_id: matched_by}


@pytest.mark.parametrize(
    ("called", "item_id", "matched_by"),
    [
        ("commons:m1066", "commons:M1066", "item_id"),
        ("Commons:M1066", "commons:M1066", "item_id"),
        ("m1066", "commons:M1066", "page"),
        ("Cleveland:8", "cleveland:8", "item_id"),
        (f"sha1:{1066:040x}", "commons:M1066", "sha1"),
        (f"SHA1:{1066:040X}", "commons:M1066", "sha1"),
    ],
)
def test_ids_and_digests_are_understood_as_people_write_them(
    home: Home, called: str, item_id: str, matched_by: str
) -> None:
    assert found(home, called) == {item_id: matched_by}


def test_where_the_address_of_a_file_is_exact_no_title_is_tried_beside_it(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    plant(home, ITEMS, [commons(1, "A.jpg"), commons(2, "A.jpg", page_url=f"{LOOPBACK}/2", file_url=None)])
    assert found(home, f"{WIKI}File:A.jpg") == {"commons:M1": "page_url"}


@pytest.mark.parametrize("called", ["File:House in spring.gif", "http://example.com/evil/House_in_spring.png"])
def test_what_does_not_fit_is_told_as_near(home: Home, called: str) -> None:
    with pytest.raises(ConfigError, match=r"near it: .*commons:M1 \(House in spring\)"):
        trace(home, called)


@pytest.mark.parametrize(
    "called",
    ["File:A.gif", "http://example.com/evil/A.jpg", "https://example.com/?curid=1", "https://en.wikipedia.org/wiki/A"],
)
def test_a_purge_by_the_name_of_another_picture_removes_and_notes_nothing(tmp_path: Path, called: str) -> None:
    home = open_home(tmp_path / "home")
    home.claim("https://commons.wikimedia.org/w/api.php")
    plant(home, ITEMS, [commons(1, "A.jpg")])
    with pytest.raises(ConfigError, match=r"nothing in .* is called"):
        take_down(home, called, reason="a complaint", purge=True)
    assert tables.files_of(home, TAKEDOWNS) == []


def test_a_digest_with_its_kind_that_nobody_has_seen_is_taken_down_as_itself(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    plant(home, ITEMS, [commons(1, "A.jpg")])
    (one,) = take_down(home, f"sha256:{'AB' * 32}", reason="announced").pictures
    assert (one.item_id, one.sha256) == ("", "ab" * 32)
    (one,) = take_down(home, "commons:m404", reason="announced").pictures
    assert one.item_id == "commons:M404"


@pytest.mark.parametrize(
    "called",
    [
        *("https://[", "http://x:y/a.jpg", "//", "https://en.wikipedia.org/wiki/%00%ff.jpg", "File:", ".jpg"),
        *("File:.jpg", "https://", "a" * 5000, "http://[::1]/File:A.jpg"),
    ],
)
def test_what_is_no_name_finds_nothing_and_breaks_nothing(home: Home, called: str) -> None:
    assert found(home, called) == {}
