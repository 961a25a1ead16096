"""The page of a picture: the sentence, evidence, rules, history, copies, models, labels; what is not there, and what is
there no more.
"""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS, TAKEDOWNS
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release.notes import Note, write
from pd_assets.lib.release.takedowns import take_down
from tests.pd_assets.lib.planting import THEN, item, plant
from tests.pd_assets.web.asking import ACCEPTED, COPY, REFUSED, WAITING, client, copied, planted

PLACE = f"/pictures/commons:M{ACCEPTED}"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return planted(tmp_path_factory.mktemp("picture") / "home")


@pytest.fixture(scope="module")
def asked(shared: Home) -> TestClient:
    return client(shared)


@pytest.fixture
def home(shared: Home, tmp_path: Path) -> Home:
    return copied(shared, tmp_path / "home")


def test_a_page_tells_why_it_may_be_used_and_where_it_went(asked: TestClient) -> None:
    answer = asked.get(PLACE)
    assert answer.status_code == 200
    page = " ".join(answer.text.split())
    assert "May be used: free because its maker August &lt;b&gt;Macke&lt;/b&gt; died in 1914" in page
    assert f'src="/image/commons:M{ACCEPTED}"' in page and 'alt="Tree &lt;i&gt;3&lt;/i&gt;"' in page
    assert "Read at revision 77 of its page" in page and "e" * 64 in page
    assert "licence tag" in page.lower() and "As it is kept (JSON)" in page
    assert '<strong>held</strong> <span class="badge">decided</span> · <code>accept-free-work</code>' in page
    assert "<strong>did not hold</strong>" in page and "<strong>not asked</strong>" in page
    assert "the calendar" in page and "(revision 76 to 77)" in page
    assert f'href="/pictures/commons:M{COPY}"' in page
    assert "was shown it 6 times" in page and "/models/clip/0123456789abcdef" in page, "the copy is counted with it"
    assert "August Macke, “Tree" in page and "statement P170" in page and "a tree" in page
    assert "<i>3" not in page and "<b>Macke" not in page


def test_what_waits_and_what_is_refused_says_what_would_settle_it_and_shows_no_picture(asked: TestClient) -> None:
    waits = asked.get(f"/pictures/commons:M{WAITING}").text
    assert "May not be used yet: somebody asks for its deletion" in waits
    assert "What would settle it" in waits and "decision to keep it" in waits
    assert "/image/" not in waits and "only what is accepted is fetched" in waits
    assert "May not be used: " in asked.get(f"/pictures/commons:M{REFUSED}").text


@pytest.mark.parametrize(
    "called",
    ["M3", "3", "File:Tree_<i>3</i>.jpg", "https://archive.test/wiki/3", "https:/archive.test/wiki/3", f"{3:040x}"],
)
def test_every_name_leads_to_the_one_page_of_a_picture(asked: TestClient, called: str) -> None:
    answer = asked.get(f"/pictures/{called}")
    assert (answer.status_code, answer.headers["location"]) == (302, PLACE)


def test_what_nobody_has_is_a_page_that_suggests_what_is_near(asked: TestClient) -> None:
    answer = asked.get("/pictures/Tree <i>33</i>")
    assert answer.status_code == 404 and f'href="{PLACE}"' in answer.text
    assert "<i>33" not in answer.text
    for called in ("commons:M999", "%FF%00", "..%2F..%2Fetc%2Fpasswd", "x" * 2_000):
        assert asked.get(f"/pictures/{called}").status_code == 404
    assert "found a name of 2,001 characters" in asked.get(f"/pictures/{'x' * 2_001}").text


def test_a_page_of_the_sandbox_is_told_with_the_command_that_makes_it_answer(home: Home) -> None:
    assert "answers while" not in client(home).get(PLACE).text
    plant(home, ITEMS, [item(ACCEPTED, page_url="http://127.0.0.1:8425/wiki/3")])
    (home.root / "sandbox").mkdir()
    (home.root / "sandbox/sandbox.json").write_text('{"port": 8425, "pictures": null}')
    assert "answers while <code>pdd sandbox --port 8425</code> runs" in client(home).get(PLACE).text


@pytest.mark.parametrize("purge", [False, True])
def test_a_picture_that_was_taken_down_a_second_ago_is_said_to_be_and_is_not_shown(home: Home, purge: bool) -> None:
    site = client(home)
    assert site.get(PLACE).status_code == 200
    number = take_down(home, f"commons:M{ACCEPTED}", reason="the heirs, Ms X of Y, ask for it", purge=purge).number
    for one in (ACCEPTED, COPY):
        answer = site.get(f"/pictures/commons:M{one}")
        assert answer.status_code == 404 and "/image/" not in answer.text and "/thumb/" not in answer.text
        assert f"May not be used: taken down ({number}, " in answer.text and "the heirs" not in answer.text
        assert f'href="/ask/receipts/{number}"' in answer.text
        assert "May be used" not in answer.text
        assert "The calendar may change this" not in answer.text and "by the rule <code>" not in answer.text


def test_a_takedown_that_is_noted_and_in_no_table_yet_counts(home: Home) -> None:
    write(home, Note(named=f"commons:M{ACCEPTED}", reason="a complaint", taken_down_at=THEN))
    assert client(home).get(PLACE).status_code == 404


def test_where_the_takedowns_cannot_be_read_nothing_is_shown(home: Home) -> None:
    take_down(home, "commons:M0", reason="a complaint")
    (home.table(TAKEDOWNS.key) / "part-0.parquet").write_bytes(b"no table")
    page = client(home).get(PLACE).text
    assert "not known whether it is taken down" in page and "/image/" not in page and "Not all could be read" in page


def test_an_empty_home_says_that_it_has_no_such_picture(tmp_path: Path) -> None:
    answer = client(open_home(tmp_path / "empty")).get("/pictures/M1")
    assert answer.status_code == 404 and "Nothing here is called “M1”" in answer.text


def test_what_an_archive_calls_an_address_is_a_link_only_where_it_is_one(home: Home) -> None:
    plant(home, ITEMS, [item(ACCEPTED, page_url="javascript:alert(1)")])
    page = client(home).get(PLACE)
    assert (
        page.status_code == 200 and "javascript:" not in page.text and "The archive gives no page of it." in page.text
    )


def test_what_was_purged_and_left_the_catalogue_is_still_said_to_be_taken_down(home: Home) -> None:
    take_down(home, f"commons:M{ACCEPTED}", reason="a complaint", purge=True)
    for table in (ITEMS, DECISIONS, FILES):
        plant(home, table, [])
    answer = client(home).get(PLACE)
    assert answer.status_code == 404 and "May not be used: taken down (T-" in answer.text
    assert "was shown it 6 times" in answer.text, "what a model learnt stays told"
