"""The Action API's client: what it asks, how it follows continuations, and what it makes of answers that are none."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from urllib.parse import parse_qs, urlsplit

import pytest

from pd_assets.lib.commons.client import LONGEST_TITLES_BYTES, CommonsClient
from pd_assets.lib.errors import AccessDenied, AddressRefused, ArchiveError, FetchFailed
from pd_assets.lib.http import PoliteSession
from pd_assets.sandbox import Archive, SandboxServer
from tests.pd_assets.lib.local_server import LocalServer, Reply, in_turn
from tests.pd_assets.lib.scraping import no_sleep

Answer = dict[str, object]
SITE: Answer = {"query": {"general": {"generator": "MediaWiki 1.39.17"}}}
MAXLAG: Answer = {"error": {"code": "maxlag", "info": "Waiting for db1: 7 seconds lagged", "lag": 7}}
GOING_ON: Answer = {
    "continue": {"tlcontinue": "1|10|B", "continue": "||"},
    "query": {"pages": [{"pageid": 1, "ns": 6}]},
}
REFUSED: Answer = {"error": {"code": "badcontinue", "info": "Invalid continue param."}}
MAXLAG_IN_A_LIST: Answer = {"errors": [{"code": "maxlag", "text": "Waiting for db1", "data": {"lag": 7}}]}


def as_json(answer: Answer, **headers: str) -> Reply:
    sent = {"Content-Type": "application/json; charset=utf-8", **headers}
    return Reply(body=json.dumps(answer).encode(), headers=sent)


def asked(server: LocalServer) -> list[dict[str, str]]:
    """The parameters of every request."""
    queries = (urlsplit(one.target).query for one in server.asked)
    return [{name: values[0] for name, values in parse_qs(query).items()} for query in queries]


Serve = Callable[[Sequence[Reply]], tuple[LocalServer, CommonsClient]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server with the given replies, and a client of it that does not wait."""
    with ExitStack() as stack:

        def start(replies: Sequence[Reply]) -> tuple[LocalServer, CommonsClient]:
            server = stack.enter_context(LocalServer(in_turn(replies)))
            session = stack.enter_context(PoliteSession("tests", sleep=no_sleep))
            return server, CommonsClient(f"{server.url}/w/api.php", session, thumb_side=640, token="t0ken")

        yield start


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    archive = Archive()
    archive.add("Category:Full", wikitext="")
    for number in range(120):
        archive.add(
            f"File:Picture {number:03}.jpg", wikitext="[[Category:Full]]{{PD-old-100}}", content=b"\xff\xd8\xff"
        )
    with SandboxServer(archive) as server:
        yield server


def test_every_request_asks_for_version_2_of_the_format_and_yields_to_lag(serve: Serve) -> None:
    server, client = serve([as_json(SITE)])
    client.probe()
    (query,) = asked(server)
    assert {"action": "query", "format": "json", "formatversion": "2", "maxlag": "5"}.items() <= query.items()
    assert server.asked[0].headers["authorization"] == "Bearer t0ken"


@pytest.mark.parametrize("lagged", [MAXLAG, MAXLAG_IN_A_LIST])
def test_a_lagging_archive_is_asked_again(serve: Serve, lagged: Answer) -> None:
    replies = [as_json(lagged, **{"Retry-After": "5", "MediaWiki-API-Error": "maxlag"}), as_json(lagged), as_json(SITE)]
    server, client = serve(replies)
    client.category_facts(["A"])
    assert len(server.asked) == 3


@pytest.mark.parametrize("code", ["ratelimited", "readonly", "internal_api_error_DBQueryError"])
def test_errors_that_pass_are_waited_for(serve: Serve, code: str) -> None:
    server, client = serve([as_json({"error": {"code": code, "info": "x"}}), as_json(SITE)])
    client.probe()
    assert len(server.asked) == 2


def test_a_lag_that_does_not_end_is_given_up(serve: Serve) -> None:
    server, client = serve([as_json(MAXLAG)])
    with pytest.raises(FetchFailed, match="asked to wait, 5 times"):
        client.subcategories("A")
    assert len(server.asked) == 5


@pytest.mark.parametrize(
    "error",
    [
        {"error": {"code": "invalidcategory", "info": "The category name you entered is not valid."}},
        {"errors": [{"code": "invalidcategory", "text": "The category name you entered is not valid."}]},
    ],
)
def test_other_errors_are_named_with_their_code_and_text(serve: Serve, error: Answer) -> None:
    server, client = serve([as_json(error)])
    with pytest.raises(ArchiveError, match="invalidcategory: The category name"):
        list(client.members("A"))
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=b"<!DOCTYPE html><html>hello</html>", headers={"Content-Type": "text/html"}),
        Reply(body=b"", headers={"Content-Type": "text/html"}),
        Reply(body=b"[1, 2]", headers={"Content-Type": "application/json"}),
        as_json({}),
        as_json({"query": {"general": {"generator": "OtherWiki"}}}),
        Reply(status=404, body=b"<html>"),
        Reply(status=500, body=b"<html>"),
    ],
)
def test_an_address_that_is_no_action_api_is_named_with_the_setting(serve: Serve, reply: Reply) -> None:
    server, client = serve([reply])
    with pytest.raises(
        ArchiveError, match=r"PD_COMMONS_API=http://127\.0\.0\.1:\d+/w/api\.php .*(expected|address of)"
    ):
        client.probe()
    assert len(server.asked) <= 2


def test_html_in_the_middle_of_a_run_is_named_too(serve: Serve) -> None:
    _, client = serve([Reply(body=b"<html>", headers={"Content-Type": "text/html"})])
    with pytest.raises(ArchiveError, match="answered text/html, expected JSON"):
        list(client.details([1]))


def test_json_that_was_cut_off_is_asked_for_again(serve: Serve) -> None:
    whole = as_json(SITE)
    server, client = serve([Reply(body=whole.body[:20], headers=whole.headers), whole])
    client.probe()
    assert len(server.asked) == 2


def test_a_refused_client_stops(serve: Serve) -> None:
    server, client = serve([Reply(status=403)])
    with pytest.raises(AccessDenied, match="PD_CONTACT"):
        client.probe()
    with pytest.raises(AddressRefused, match="PD_CONTACT"):
        list(client.members("A"))
    with pytest.raises(AccessDenied, match="PD_CONTACT"):
        list(client.members("B"))
    assert len(server.asked) == 3


def test_a_port_where_nobody_listens_is_named_with_the_setting() -> None:
    with LocalServer(in_turn([])) as server:
        url = server.url
    with (
        PoliteSession("tests", sleep=no_sleep) as session,
        pytest.raises(ArchiveError, match=r"PD_COMMONS_API=.*refused"),
    ):
        CommonsClient(f"{url}/w/api.php", session, thumb_side=640).probe()


# --- continuations ---------------------------------------------------------------------------------------------------


def test_a_continued_query_repeats_its_parameters_with_every_key_of_continue(serve: Serve) -> None:
    first = {"continue": {"tlcontinue": "1|10|B", "continue": "||info"}, "query": {"pages": [{"pageid": 1, "ns": 6}]}}
    second = {"continue": {"clcontinue": "9", "continue": "||x"}, "query": {"pages": [{"pageid": 1}]}}
    server, client = serve([as_json(first), as_json(second), as_json({"batchcomplete": True, "query": {}})])
    list(client.details([1]))
    queries = asked(server)
    same = {name: value for name, value in queries[0].items() if name not in ("tlcontinue", "clcontinue", "continue")}
    assert queries == [
        same,
        {**same, "tlcontinue": "1|10|B", "continue": "||info"},
        {**same, "clcontinue": "9", "continue": "||x"},
    ]


def test_a_listing_that_stands_still_is_given_up(serve: Serve) -> None:
    server, client = serve([as_json({"continue": {"continue": "again"}})])
    with pytest.raises(ArchiveError, match="the same continuation again and again"):
        list(client.members("A"))
    assert len(server.asked) == 2


def pages_but(sick: set[int]) -> Callable[[int, str], Reply]:
    """Tells of pages at once, but goes on and on about the templates of the sick ones."""

    def reply(number: int, target: str) -> Reply:
        query = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        if "pageids" not in query:
            return as_json(SITE)
        ids = [int(one) for one in query["pageids"].split("|")]
        pages = [{"pageid": one, "ns": 6, "title": f"File:{one}.jpg", "lastrevid": 7} for one in ids]
        answer: Answer = {"query": {"pages": pages}}
        if sick.intersection(ids) and "templates" in query["prop"]:
            answer["continue"] = {"tlcontinue": str(number), "continue": "||"}
        return as_json(answer)

    return reply


def test_a_page_whose_details_never_end_is_incomplete_and_the_others_are_whole() -> None:
    with LocalServer(pages_but({33})) as server, PoliteSession("tests", sleep=no_sleep) as session:
        client = CommonsClient(f"{server.url}/w/api.php", session, thumb_side=640)
        found = list(client.details(range(1, 121)))
    assert [page.pageid for page in found] == list(range(1, 121))
    assert {page.pageid for page in found if page.problem == "incomplete"} == {33}
    assert (found[32].title, found[32].revid, found[32].status) == ("File:33.jpg", 7, "live")
    # 100 answers for the fifty, 4 + 30 for tens, 9 + 12 for single pages, 1 without templates, 2 for the other pages.
    assert len(server.asked) == 158


@pytest.mark.parametrize("sick", [{1}, {1, 2}])
def test_pages_that_the_archive_cannot_make_are_incomplete_while_it_answers_other_questions(sick: set[int]) -> None:
    def reply(number: int, target: str) -> Reply:
        query = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        if sick.intersection(int(one) for one in query.get("pageids", "0").split("|")):
            return Reply(status=500)
        return pages_but(set())(number, target)

    with LocalServer(reply) as server, PoliteSession("tests", sleep=no_sleep) as session:
        client = CommonsClient(f"{server.url}/w/api.php", session, thumb_side=640)
        found = list(client.details([1, 2, 3]))
    assert [page.pageid for page in found] == [1, 2, 3]
    assert {page.pageid for page in found if page.problem == "incomplete"} == sick


def test_an_archive_that_is_down_makes_no_page_incomplete(serve: Serve) -> None:
    server, client = serve([Reply(status=503)])
    with pytest.raises(FetchFailed, match="HTTP 503"):
        list(client.details(range(50)))
    assert len(server.asked) == 5 + 2


def test_a_continuation_that_is_refused_starts_the_query_anew(serve: Serve) -> None:
    GOING_ON: Answer = {
        "continue": {"tlcontinue": "1|10|B", "continue": "||"},
        "query": {"pages": [{"pageid": 1, "ns": 6}]},
    }
    whole: Answer = {
        "query": {"pages": [{"pageid": 1, "ns": 6, "templates": [{"ns": 10, "title": "Template:PD-old-100"}]}]}
    }
    server, client = serve([as_json(GOING_ON), as_json(REFUSED), as_json(whole)])
    (page,) = client.details([1])
    assert (page.templates, page.problem) == (("PD-old-100",), "no_file")
    assert ["continue" in query for query in asked(server)] == [False, True, False]


def test_a_continuation_that_is_refused_again_and_again_costs_its_pages_only(serve: Serve) -> None:
    GOING_ON: Answer = {
        "continue": {"tlcontinue": "1|10|B", "continue": "||"},
        "query": {"pages": [{"pageid": 1, "ns": 6}]},
    }
    server, client = serve([as_json(one) for one in [GOING_ON, REFUSED] * 20])
    (page,) = client.details([1])
    assert page.problem == "incomplete"
    assert len(server.asked) < 40


def test_a_page_of_html_in_between_is_a_fault_that_passes(serve: Serve) -> None:
    html = Reply(body=b"<!DOCTYPE html><title>Wikimedia Error</title>", headers={"Content-Type": "text/html"})
    server, client = serve([html, as_json({"query": {"pages": [{"pageid": 1, "ns": 6, "title": "File:A.jpg"}]}})])
    assert [page.title for page in client.details([1])] == ["File:A.jpg"]
    assert len(server.asked) == 2


def test_what_the_archive_warns_of_is_logged_once(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    cut: Answer = {
        "warnings": {"result": {"warnings": "This result was truncated"}},
        "query": {"pages": [{"pageid": 1}]},
    }
    no_slot: Answer = {"warnings": [{"code": "x", "text": 'Unrecognized value for parameter "rvslots": mediainfo'}]}
    _, client = serve([as_json(cut), as_json(cut), as_json(no_slot)])
    for _ in range(3):
        list(client.details([1]))
    assert [record.getMessage().rpartition("warns: ")[2] for record in caplog.records] == ["This result was truncated"]


def test_details_come_in_the_order_asked_fifty_a_request_and_missing_ones_say_so(sandbox: SandboxServer) -> None:
    with PoliteSession("tests", sleep=no_sleep) as session:
        client = CommonsClient(sandbox.api_url, session, thumb_side=640)
        ids = [member.pageid for member in client.members("Full")][::-1]
        sandbox.faults.log.clear()
        pages = list(client.details([*ids, 999_999]))
    assert [page.pageid for page in pages] == [*ids, 999_999]
    assert [page.status for page in pages] == ["live"] * 120 + ["deleted"]
    batches = [request.params["pageids"].count("|") + 1 for request in sandbox.faults.log]
    assert set(batches) == {50, 21}
    assert all("PD-old-100" in page.templates for page in pages[:-1])


def test_nothing_is_asked_for_no_pages(serve: Serve) -> None:
    server, client = serve([as_json({})])
    assert list(client.details([])) == []
    assert client.category_facts([]) == {}
    assert server.asked == []


def test_a_category_without_files_or_page_has_no_members(sandbox: SandboxServer) -> None:
    with PoliteSession("tests", sleep=no_sleep) as session:
        client = CommonsClient(sandbox.api_url, session, thumb_side=640)
        assert list(client.members("Nowhere")) == []
        assert client.subcategories("Nowhere") == []


# --- categories ------------------------------------------------------------------------------------------------------


def test_a_missing_or_invalid_category_does_not_exist_unless_it_has_members(serve: Serve) -> None:
    pages = [
        {"ns": 14, "title": "Category:Gone", "missing": True},
        {"ns": 14, "title": "Category:Red", "missing": True, "categoryinfo": {"size": 2, "files": 2, "subcats": 0}},
        {"title": "Category:Bad[", "invalid": True, "invalidreason": "bad"},
        {"pageid": 5, "ns": 14, "title": "Category:Fine", "categoryinfo": {"size": 3, "files": 1, "subcats": 2}},
    ]
    _, client = serve([as_json({"query": {"pages": pages}})])
    facts = client.category_facts(["Gone", "Red", "Bad[", "Fine"])
    assert {title: fact.exists for title, fact in facts.items()} == {
        "Gone": False,
        "Red": True,
        "Bad[": False,
        "Fine": True,
    }
    assert (facts["Fine"].pageid, facts["Fine"].files, facts["Fine"].subcategories) == (5, 1, 2)


def test_many_long_titles_are_asked_for_in_addresses_that_servers_take(serve: Serve) -> None:
    server, client = serve([as_json({"query": {"pages": []}})])
    titles = [f"Картины художника {number} " + "я" * 80 for number in range(60)]
    client.category_facts(titles)
    sent = [title for query in asked(server) for title in query["titles"].split("|")]
    assert sent == [f"Category:{title}" for title in titles]
    assert all(len(one.target) < LONGEST_TITLES_BYTES + 500 for one in server.asked)


def test_short_titles_go_fifty_a_request(serve: Serve) -> None:
    server, client = serve([as_json({"query": {"pages": []}})])
    client.category_facts([f"C{number}" for number in range(101)])
    assert [query["titles"].count("|") + 1 for query in asked(server)] == [50, 50, 1]
