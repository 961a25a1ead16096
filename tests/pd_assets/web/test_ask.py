"""Is my picture in it: by file and by name, hostile files and forms, and a takedown from its request to its receipt."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from pd_assets.lib.catalog.schemas import TAKEDOWNS
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release import asked_requests
from pd_assets.lib.release.asked import MOST_BYTES
from pd_assets.lib.release.receipts import receipts
from pd_assets.lib.release.takedowns import take_down
from pd_assets.lib.release.undoing import undo
from pd_assets.lib.settings import Settings
from pd_assets.web.served import served
from tests.pd_assets.lib.pictures import encoded, flat_png, painting, png_header_only
from tests.pd_assets.lib.release.test_look import detailed, passed_on
from tests.pd_assets.lib.release.test_trace import with_pictures
from tests.pd_assets.web.asking import ACCEPTED, COPY, client, client_of, copied, planted

CALLED = f"commons:M{ACCEPTED}"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return planted(tmp_path_factory.mktemp("ask") / "home")


@pytest.fixture(scope="module")
def asked(home: Home) -> TestClient:
    return client(home)


def drop(site: TestClient, body: bytes, name: str = "mine.png") -> tuple[int, str]:
    answer = site.post("/ask", files={"file": (name, body)})
    return answer.status_code, " ".join(answer.text.split())


def test_the_page_asks_in_two_ways_and_works_without_javascript(asked: TestClient) -> None:
    page = asked.get("/ask").text
    assert 'enctype="multipart/form-data"' in page and 'type="file"' in page and 'for="file"' in page
    assert 'action="/ask/requests"' in page and "Trained only on" in page
    assert "<script>" not in page and "style=" not in page and "onclick" not in page


def test_the_same_bytes_are_found_with_datasets_models_and_copies(asked: TestClient, home: Home) -> None:
    status, page = drop(asked, (home.root / f"images/{ACCEPTED}.jpg").read_bytes())
    assert status == 200 and "The very same picture" in page
    assert "Tree &lt;i&gt;3&lt;/i&gt;" in page and "A copy of what was asked for." in page
    assert "was shown it 3 times" in page and "main <code>" in page and "May be used: free because" in page
    assert f'value="{CALLED}"' in page, "the request for a takedown names it"


def test_a_smaller_copy_is_found_by_its_look_and_a_stranger_is_said_to_be_unknown(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    with_pictures(home, {1: 1, 2: 2})
    site = client(home)
    status, page = drop(site, passed_on(detailed(1)), "holiday.jpg")
    assert status == 200 and "It looks the same: likeness 0.9" in page and "commons:M1" in page
    assert "commons:M2" not in page
    status, page = drop(site, encoded(painting(77)))
    assert status == 200 and "Not known here" in page and "No picture here has the bytes of “mine.png”" in page


@pytest.mark.parametrize(
    ("make", "said"),
    [
        pytest.param(lambda: b"", "found an empty file", id="empty"),
        pytest.param(lambda: b"Dear Sir or Madam", "found no picture that can be read (not a picture", id="text"),
        pytest.param(lambda: png_header_only(20_000, 10_000), "found no picture that can be read", id="200 megapixels"),
        pytest.param(lambda: png_header_only(60_000, 60_000), "at most 300 megapixels", id="bomb by its size"),
        pytest.param(lambda: flat_png(18_000, 18_000), "at most 300 megapixels", id="bomb that holds what it says"),
        pytest.param(lambda: encoded(painting(1))[:-200], "found no picture that can be read", id="cut off"),
    ],
)
def test_a_file_that_is_no_picture_or_a_trap_is_answered_in_words(
    asked: TestClient, make: Callable[[], bytes], said: str
) -> None:
    status, page = drop(asked, make(), "<b>trap</b>.png")
    assert (status, said in page, "<b>trap" in page) == (400, True, False), page[:3000]
    assert 'role="alert"' in page


def test_what_is_too_large_is_told_whether_or_not_it_says_how_large_it_is(asked: TestClient) -> None:
    def endless() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        for _ in range(MOST_BYTES // 1_000_000 + 2):
            yield bytes(1_000_000)

    answer = asked.post("/ask", content=endless(), headers={"content-type": "multipart/form-data; boundary=x"})
    assert answer.status_code == 413 and "larger than 50 MB" in answer.text


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"file=a", "application/x-www-form-urlencoded"), (b"nonsense", "multipart/form-data; boundary=x"),
     (b"nonsense", "multipart/form-data")],
)  # fmt: skip
def test_a_form_without_a_file_is_told_what_is_expected(asked: TestClient, content: bytes, kind: str) -> None:
    answer = asked.post("/ask", content=content, headers={"content-type": kind})
    assert answer.status_code == 400 and ("found no file" in answer.text or "expected one file" in answer.text)


def test_nothing_of_a_dropped_file_is_kept(asked: TestClient, home: Home, tmp_path: Path) -> None:
    def lying() -> set[Path]:
        return {path for path in home.root.rglob("*") if path.is_file() and ".tmp" not in path.parts}

    before = lying()
    drop(asked, encoded(painting(78)))
    assert lying() == before


@pytest.mark.parametrize("called", [CALLED, "M3", "https://archive.test/wiki/3", "File:Tree <i>3</i>.png", f"{3:040x}"])
def test_a_name_or_an_address_is_answered_in_the_same_way(asked: TestClient, called: str) -> None:
    page = asked.get("/ask", params={"called": called}).text
    assert f'href="/pictures/{CALLED}"' in page and f'href="/pictures/commons:M{COPY}"' in page


def test_a_name_that_nobody_has_is_answered_with_what_is_near(asked: TestClient) -> None:
    page = asked.get("/ask", params={"called": "Tree <i>33</i>"}).text
    assert "Not known here" in page and f'href="/pictures/{CALLED}"' in page and "<i>33" not in page
    assert "is known to have had this picture" in page
    assert asked.get("/ask", params={"called": "x" * 2_001}).status_code == 400
    assert asked.get("/ask", params={"called": "x" * 2_000}).status_code == 200


def test_what_nobody_can_tell_is_said_to_be_unknown(home: Home, tmp_path: Path) -> None:
    home = copied(home, tmp_path / "home")
    for part in home.table("dataset/members").rglob("*.parquet"):
        part.write_bytes(b"no table")
    for path in home.table("dataset/members").rglob("*.json"):
        path.unlink()
    page = client(home).get("/ask", params={"called": "M7"}).text
    assert "<strong>Unknown.</strong>" in page and "is known to have had" not in page


def test_a_takedown_goes_from_its_request_to_its_receipt(home: Home, tmp_path: Path) -> None:
    home = copied(home, tmp_path / "home")
    site = client(home)
    asking = {"which": "M3", "reason": "I painted <b>it</b>", "contact": "ada@painters.test"}
    place = site.post("/ask/requests", data=asking).headers["location"]
    waits = site.get(place).text
    assert "waits for an operator" in waits and "ada@" not in waits and "I painted &lt;b&gt;it&lt;/b&gt;" in waits
    assert site.get(f"/pictures/{CALLED}").status_code == 200, "nothing happens before an operator confirms"
    listed = site.get("/ask/requests").text
    assert "ada@painters.test" in listed and f'action="{place}/confirm"' in listed
    assert "whoever reaches this site acts as its operator" in listed

    assert site.post(f"{place}/confirm", data={"reason": "  "}).status_code == 400
    assert site.post(f"{place}/confirm", data={"reason": "her own", "ground": "copyright", "purge": "yes"}).headers[
        "location"
    ] == place  # fmt: skip
    (receipt,), _ = receipts(home)
    assert receipt.named == (CALLED,) and receipt.reason == "her own" and receipt.is_purge
    told = site.get(place).text
    assert "ada@" not in site.get("/ask/requests").text, "it is forgotten with the answer"
    assert "carried out" in told and f'href="/ask/receipts/{receipt.number}"' in told
    page = site.get(f"/ask/receipts/{receipt.number}").text
    assert "What cannot be undone" in page and "clip" in page and "her own" not in page
    gone = site.get(f"/pictures/{CALLED}")
    assert gone.status_code == 404 and "/image/" not in gone.text
    again = site.post(f"{place}/decline", data={"reason": "no"})
    assert again.status_code == 400 and "was confirmed already" in again.text


def test_a_receipt_of_what_was_undone_says_so_and_the_picture_is_shown_again(home: Home, tmp_path: Path) -> None:
    home = copied(home, tmp_path / "home")
    number = take_down(home, CALLED, reason="a complaint").number
    undo(home, number, reason="she meant another, says Ms X")
    site = client(home)
    page = site.get(f"/ask/receipts/{number}").text
    assert "undone" in page and "something waits" not in page and "Ms X" not in page
    assert site.get(f"/pictures/{CALLED}").status_code == 200


def test_a_request_that_is_declined_says_why(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    site = client(home)
    place = site.post("/ask/requests", data={"which": "File:Of nobody.jpg", "reason": "mine"}).headers["location"]
    assert "nothing was called so here then" in site.get(place).text
    failed = site.post(f"{place}/confirm", data={"reason": "theirs"})
    assert failed.status_code == 400 and "is called" in failed.text
    assert site.post(f"{place}/decline", data={"reason": ""}).status_code == 400
    site.post(f"{place}/decline", data={"reason": "no such picture"})
    assert "declined" in site.get(place).text and "no such picture" in site.get(place.lower()).text
    assert "None waits." in site.get("/ask/requests").text


@pytest.mark.parametrize(
    "given",
    [{}, {"which": "M3"}, {"which": "M3", "reason": "x" * 4_001}, {"which": "x" * 2_001, "reason": "r"},
     {"which": "M3", "reason": "r", "contact": "c" * 301}, {"which": "M3", "reason": "x" * 70_000},
     {"which": "Tree", "reason": "\ud800"}],
    ids=["nothing", "no reason", "long reason", "long name", "long contact", "huge", "no text"],
)  # fmt: skip
def test_a_request_that_says_too_little_or_too_much_is_told_so_and_kept_nowhere(
    asked: TestClient, home: Home, given: dict[str, str]
) -> None:
    body = "&".join(f"{name}={value}" for name, value in given.items()).encode("utf-8", "surrogatepass")
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = asked.post("/ask/requests", content=body, headers=headers)
    assert (answer.status_code == 400 and "expected" in answer.text) or "say which picture" in answer.text
    assert asked_requests.all_of_them(home) == ([], [])


def test_what_is_no_number_is_no_file(asked: TestClient) -> None:
    for number in ("R-20261201-AAAAAAAA", "..%2F..%2Fnoted%2Ftable", "x" * 500):
        assert asked.get(f"/ask/requests/{number}").status_code == 404
        assert asked.get(f"/ask/receipts/{number}").status_code == 404


def test_a_home_that_may_only_be_read_says_that_it_takes_no_requests_and_shows_nobody_an_address(
    tmp_path: Path,
) -> None:
    home = open_home(tmp_path / "home")
    asked_requests.ask(home, which="M3", reason="mine", contact="ada@painters.test")
    settings = Settings(home=home.root)
    for one in (
        served(open_home(home.root, to_ask=True), settings),
        served(home, settings, read_only=True),
    ):
        site = client_of(one)
        assert "read-only" in site.get("/ask").text and 'name="reason"' not in site.get("/ask").text
        answer = site.post("/ask/requests", data={"which": "M3", "reason": "mine"})
        assert answer.status_code == 403 and len(asked_requests.all_of_them(home)[0]) == 1
        listed = site.get("/ask/requests").text
        assert "ada@" not in listed and "Nothing can be read or decided here" in listed
        assert drop(site, b"no picture")[0] == 400, "a question changes nothing"


def test_another_page_cannot_send_a_request_or_confirm_one(asked: TestClient, home: Home) -> None:
    for path in ("/ask", "/ask/requests", "/ask/requests/R-20261201-AAAAAAAA/confirm"):
        answer = asked.post(path, data={"which": "M3", "reason": "r"}, headers={"origin": "https://elsewhere.test"})
        assert answer.status_code == 403
    assert not list((home.table(TAKEDOWNS.key) / asked_requests.FOLDER).glob("*.json"))
