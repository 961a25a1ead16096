"""The curators' queue in a browser's words: blind where it must be, and told plainly what follows."""

import re
from collections.abc import Callable
from html import escape
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image
from starlette.testclient import TestClient

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS, PAGES, TAKEDOWNS
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.rights.audit import draw_sample, folder_of, save_sample
from pd_assets.lib.rights.audit_answers import answers_of
from pd_assets.lib.rights.claims import digest_of
from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.judgements import FOLDER, read_judgements
from pd_assets.lib.settings import Settings
from pd_assets.web.served import served
from pd_assets.web.site import site
from tests.pd_assets.lib.planting import THEN, decision, file, item, page, plant
from tests.pd_assets.lib.rights.cases import OLD, box

OWN = "http://127.0.0.1"
REASON = "The museum's own page says that the painter died in 1925."
PAGE = box(OLD + "{{PD-Atlantis}}", artist="Anna Vester (1830-1880)", description="Colorized")
EVIDENCE = from_page({"status": "live", "revid": 7, "wikitext": PAGE}).to_json()
DIGEST = digest_of(EVIDENCE)
WAITS = "/judge/waiting/commons:M2"
# What would tell of the verdict of an audited decision.
VERDICTS = ("Accepted under", "Refused:", "Waits:", "the-rule", "later-hand")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Four items wait, one of them with a stored picture; four are decided."""
    home = open_home(tmp_path / "home")
    plant(home, ITEMS, [item(number, title=f"<b>Picture {number}") for number in range(8)])
    path = home.root / "images" / "2.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (60, 40), "navy").save(path)
    plant(home, FILES, [file(2, path="images/2.jpg")])
    waits = [
        decision(number, "quarantine", rule_id="later-hand", reasons=["alteration_unclear"],
                 evidence=EVIDENCE, evidence_digest=DIGEST)
        for number in range(4)
    ]  # fmt: skip
    plant(home, DECISIONS, [*waits, *(decision(number, "accept", rule_id="the-rule") for number in range(4, 8))])
    return home


def browser(home: Home) -> TestClient:
    return TestClient(site(served(home, Settings(home=home.root))), base_url=OWN, headers={"Origin": OWN})


@pytest.fixture
def client(home: Home) -> TestClient:
    return browser(home)


@pytest.fixture
def answer(client: TestClient) -> Callable[..., str]:
    """Answer about a picture as the form does; the page that follows."""

    def post(said: str, role: str, *, at: str = WAITS, status: int = 200, **more: str) -> str:
        form = {"answer": said, "role": role, "reason": REASON, "seen": DIGEST, **more}
        told = client.post(at, data=form)
        assert told.status_code == status, told.text
        return told.text

    return post


def test_the_queue_leads_to_each_picture_that_waits_and_titles_are_text(client: TestClient) -> None:
    start = client.get("/judge", params={"role": "curator A"}).text
    assert "4 wait under the profile strict" in start and "role=curator+A" in start
    line = client.get("/judge/waiting", params={"role": "curator A", "rule": "later-hand"}).text
    places = re.findall(r'<li><a href="(/judge/waiting/[^"]+)"', line)
    assert len(places) == 4 and "&lt;b&gt;Picture 2" in line and "<b>Picture" not in line
    shown = client.get(places[0].replace("&amp;", "&")).text
    assert 'value="curator A"' in shown and 'name="rule" value="later-hand"' in shown
    assert client.get("/judge/waiting", params={"rule": "no-such-rule", "past": "-1"}).status_code == 200


def test_a_picture_that_waits_is_shown_with_what_its_page_says_why_it_waits_and_what_follows(
    client: TestClient,
) -> None:
    shown = client.get(WAITS).text
    assert 'src="data:image/jpeg;base64,' in shown and "Anna Vester" in shown
    assert "PD-old-100" in shown and "One answer alone changes nothing" in shown
    assert "what-follows" in client.get("/judge").text
    bare = client.get("/judge/waiting/commons:M3").text
    assert "<img" not in bare and "https://archive.test/wiki/3" in bare


def test_a_picture_that_was_taken_down_or_purged_is_not_shown(client: TestClient, home: Home) -> None:
    plant(home, TAKEDOWNS, [{"item_id": "commons:M2", "reason": "the heirs ask", "taken_down_at": THEN}])
    assert "<img" not in client.get(WAITS).text and "It is taken down" in client.get(WAITS).text
    plant(home, TAKEDOWNS, [])
    (home.root / "images" / "2.jpg").write_bytes(b"no picture")
    assert "<img" not in client.get(WAITS).text
    (home.root / "images" / "2.jpg").unlink()
    assert "<img" not in client.get(WAITS).text


def test_the_second_person_sees_no_answer_of_the_first_and_then_both_see_all(
    client: TestClient, home: Home, answer: Callable[..., str]
) -> None:
    before = tables.stored_digest(home, DECISIONS)
    following = answer("free", "registrar A")
    assert "Your answer is kept" in following and "commons:M2" not in following, "the next picture is shown"
    for place in (WAITS, f"{WAITS}?role=registrar+B", "/judge?role=registrar+B", "/judge/waiting?role=registrar+B"):
        shown = client.get(place).text
        assert REASON not in shown and "registrar A" not in shown
    assert "1 picture was judged, by one role." in client.get("/judge").text
    assert "one person has judged it" in client.get("/judge/waiting?role=registrar+B").text
    assert "one person has judged it" not in client.get("/judge/waiting?role=registrar+A").text
    assert "the first answer counts" in client.get(f"{WAITS}?role=registrar+A").text
    answer("free", "registrar B")
    shown = client.get(WAITS).text
    assert "Two people say: free" in shown and "registrar A on " in shown and "<textarea" not in shown
    assert "1 of 1 pictures have one answer of both (100.0%)" in client.get("/judge").text
    assert tables.stored_digest(home, DECISIONS) == before, "no verdict changes"


def test_what_two_differ_about_is_listed_and_settled_by_a_third(
    client: TestClient, home: Home, answer: Callable[..., str]
) -> None:
    answer("free", "curator A")
    answer("not_free", "curator B", reason="")
    start = client.get("/judge").text
    assert "0 of 1 pictures have one answer" in start and WAITS.replace(":", "%3A") in start
    assert "Settle</button>" in client.get(f"{WAITS}?role=rights+officer").text
    answer("not_free", "rights officer")
    assert "No two people differ" in client.get("/judge").text
    (standing,) = read_judgements(home).of_item("commons:M2")
    assert standing.answer == "not_free"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"answer": ""}, "found no answer"),
        ({"answer": "accept"}, "expected one of free"),
        ({"reason": "so"}, "at least 12"),
        ({"reason": "x" * 3000}, "at most 2000"),
        ({"role": "Anna Schmidt"}, "no person&#39;s name"),
        ({"role": "anna@museum.org"}, "no person&#39;s name"),
        ({"role": ""}, "expected the name of a role"),
        ({"seen": "0" * 64}, "look at it again"),
    ],
    ids=str,
)
def test_what_cannot_be_an_answer_is_told_beside_what_was_written_and_nothing_is_kept(
    home: Home, answer: Callable[..., str], more: dict[str, str], told: str
) -> None:
    form = {
        "said": "free",
        "role": "curator A",
        **{"said" if name == "answer" else name: value for name, value in more.items()},
    }
    page_again = answer(form.pop("said"), form.pop("role"), status=400, **form)
    assert told in page_again and 'role="alert"' in page_again
    assert (form.get("reason", REASON)[:20]).replace("'", "&#39;") in page_again
    assert not list((home.root / FOLDER).glob("*.json"))


def test_a_form_of_another_site_or_a_huge_one_judges_nothing(client: TestClient, home: Home) -> None:
    form = {"answer": "free", "role": "curator A", "reason": REASON, "seen": DIGEST}
    assert client.post(WAITS, data=form, headers={"Origin": "http://elsewhere.test"}).status_code == 403
    assert client.post(WAITS, data={**form, "more": "x" * 50_000}).status_code == 400
    assert client.post(WAITS, data={f"field{number}": "" for number in range(99)}).status_code == 400
    assert client.post("/judge/waiting/commons:M4", data=form).status_code == 404, "it does not wait"
    assert client.post("/judge/waiting/../x", data=form).status_code == 404
    assert not list((home.root / FOLDER).glob("*.json"))


def test_damaged_judgements_are_named_on_the_page(client: TestClient, home: Home, answer: Callable[..., str]) -> None:
    answer("free", "curator A")
    (path,) = (home.root / FOLDER).glob("*.json")
    path.write_text(path.read_text().replace('"free"', '"not_free"'))
    shown = client.get("/judge").text
    assert path.name in shown and "count for nothing" in shown
    assert "Nobody has judged it" in client.get(WAITS).text


def test_an_empty_home_and_one_that_is_read_only_are_told_of(tmp_path: Path, home: Home) -> None:
    client = browser(open_home(tmp_path / "empty"))
    for place in ("/judge", "/judge/waiting", "/judge/audit", "/judge/category", "/judge/label"):
        assert client.get(place).status_code == 200
    assert "pdd run nightly" in client.get("/judge").text
    assert client.post("/judge/audit", data={"n": "10", "seed": "0"}).status_code == 400
    asked = browser(open_home(home.root, to_ask=True))
    shown = asked.get(WAITS).text
    assert "This home is read-only" in shown and "<textarea" not in shown
    form = {"answer": "free", "role": "curator A", "reason": REASON, "seen": DIGEST}
    assert "cannot be written" in asked.post(WAITS, data=form).text


def test_the_audit_is_drawn_on_the_page_and_judged_blind_by_each_role(client: TestClient, home: Home) -> None:
    drawn = client.post("/judge/audit", data={"n": "4", "seed": "0"}).text
    place = re.findall(r'href="(/judge/audit/strict-[0-9a-f]{12}/first/)"', drawn)[0]
    assert "Rates are shown when both have judged" in drawn
    sample = draw_sample(home, profile="strict", count=4, seed=0)
    folder = folder_of(home, sample.name)
    for role, said in (("first", "free"), ("second", "not_free")):
        own = place.replace("first", role)
        for at, one in enumerate(sample.items):
            shown = client.get(own).text
            assert escape(one.title) in shown and not any(word in shown for word in VERDICTS)
            assert 'aria-pressed="true"' not in shown, "nobody sees the other's answer"
            client.post(f"{own}{at}/{said if at else 'free'}")
            assert len(answers_of(folder, role)) == at + 1, "kept before the next picture is shown"
        assert "All is judged." in client.get(own).text
    assert "agreement of two people: 1 of 4" in client.get("/judge/audit").text
    settles = client.get(place.replace("first", "settle")).text
    assert "free and not free" in settles


def test_a_sample_that_cannot_be_read_is_named_and_hides_no_other(client: TestClient, home: Home) -> None:
    kept = draw_sample(home, profile="strict", count=4, seed=0)
    save_sample(home, kept)
    (save_sample(home, draw_sample(home, profile="strict", count=2, seed=1)) / "sample.json").write_text("{")
    shown = client.get("/judge/audit").text
    assert kept.name in shown and "cannot be read" in shown and "2 drawn so far" in client.get("/judge").text


def test_the_audit_asks_no_other_host_for_a_picture(client: TestClient, home: Home) -> None:
    plant(home, ITEMS, [item(number, thumb_url="https://archive.test/thumb.jpg") for number in range(8)])
    sample = draw_sample(home, profile="strict", count=8, seed=0)
    save_sample(home, sample)
    for at in range(8):
        shown = client.get(f"/judge/audit/{sample.name}/first/{at}").text
        assert "thumb.jpg" not in shown and not re.search(r'src="https?:', shown)


@pytest.mark.parametrize(
    "place",
    ["strict-000000000000/first/", "..%2f..%2frights/first/", "strict-x/first/0", "{name}/fourth/", "{name}/first/99",
     "{name}/first/-1"],
)  # fmt: skip
def test_a_sample_a_role_or_a_picture_that_is_not_there_is_no_page(client: TestClient, home: Home, place: str) -> None:
    sample = draw_sample(home, profile="strict", count=4, seed=0)
    save_sample(home, sample)
    assert client.get(f"/judge/audit/{place.format(name=sample.name)}").status_code == 404


@pytest.mark.parametrize("form", [{"n": "0", "seed": "0"}, {"n": "x", "seed": "0"}, {"n": "9" * 30}, {}], ids=str)
def test_a_sample_of_no_size_is_refused_with_what_was_expected(client: TestClient, form: dict[str, str]) -> None:
    told = client.post("/judge/audit", data=form)
    assert told.status_code == 400 and "expected a whole number" in told.text


def test_a_category_is_checked_on_its_page_with_links_to_edit(client: TestClient, home: Home) -> None:
    late = box(OLD, artist="Anna Vester (1880 – 1950)", date="1900")
    address = "https://commons.wikimedia.org/wiki/File:Late.jpg"
    rows = [
        page(1, "Winter", wikitext=late, title="File:<i>Late.jpg", page_url=address),
        page(2, "Winter", wikitext=""),
    ]
    plant(home, PAGES, rows, partition="Winter")
    shown = client.get("/judge/category", params={"title": "Category:winter"}).text
    assert "2 pages read, 1 of them contradict themselves" in shown and f'href="{address}?action=edit"' in shown
    assert "File:&lt;i&gt;Late.jpg" in shown and "Anna Vester" in shown
    refused = client.get("/judge/category", params={"title": "Winters"})
    assert refused.status_code == 400 and "did you mean &#39;Winter&#39;" in refused.text
    assert client.get("/judge/category", params={"title": "x" * 400}).status_code == 400


def test_a_role_in_capitals_is_asked_for_again_with_what_was_typed(client: TestClient) -> None:
    told = client.get("/judge", params={"role": "Curator A"})
    assert told.status_code == 400 and 'role="alert"' in told.text and "in small letters" in told.text
    assert 'value="Curator A"' in told.text and 'href="/judge/waiting"' in told.text


@pytest.mark.parametrize("role", ["Anna Schmidt", "x" * 500, "<script>"])
def test_a_role_in_the_address_that_is_none_is_refused_and_shown_as_text(client: TestClient, role: str) -> None:
    told = client.get(f"/judge?role={quote(role)}")
    assert told.status_code == 400 and "<script>" not in told.text and "expected the name of a role" in told.text
