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
from tests.pd_assets.lib.virtual_time import VirtualTime

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
    # 16 answers for the fifty, 11 + 8 + 7 + 6 + 6 for its halves, 2 x 6 for the page, 1 without templates; then one
    # for each sound half, and two for the other pages.
    assert len(server.asked) == 75
    assert list(client.unread) == [33]
    assert "still not complete after 6 answers" in client.unread[33]


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


def pages_and_one(bad: int, code: str, *, only_with_a_thumbnail: bool = False) -> Callable[[int, str], Reply]:
    """Tells of pages, but answers an error to every question that the bad one is in."""

    def reply(number: int, target: str) -> Reply:
        query = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        ids = [int(one) for one in query.get("pageids", "0").split("|")]
        if bad in ids and ("iiurlwidth" in query or not only_with_a_thumbnail):
            return as_json({"error": {"code": code, "info": "Could not normalize image parameters for Cut off.jpg."}})
        if ids == [0]:
            return as_json(SITE)
        return as_json({"query": {"pages": [whole(one, 0 if one == bad else 600) for one in ids]}})

    return reply


def whole(pageid: int, width: int) -> Answer:
    info = {"url": f"http://a.test/{pageid}.jpg", "sha1": "0" * 40, "mediatype": "BITMAP", "width": width, "height": 9}
    revision = {"revid": 7, "slots": {"main": {"content": "x"}}}
    named = {"pageid": pageid, "ns": 6, "title": f"File:{pageid}.jpg", "lastrevid": 7}
    return {**named, "imageinfo": [info], "revisions": [revision]}


def test_a_file_of_0_x_0_has_a_row_with_its_reason_and_costs_its_batch_a_few_halves() -> None:
    replies = pages_and_one(33, "urlparamnormal", only_with_a_thumbnail=True)
    with LocalServer(replies) as server, PoliteSession("tests", sleep=no_sleep) as session:
        client = CommonsClient(f"{server.url}/w/api.php", session, thumb_side=640)
        found = list(client.details(range(1, 51)))
    assert [page.pageid for page in found] == list(range(1, 51))
    assert {page.pageid: page.problem for page in found if page.problem} == {33: "no_size"}
    assert (found[32].revid, found[32].wikitext, client.unread) == (7, "x", {})
    # Fifty and five halves and the page itself fail; as many halves are told, and the page without a thumbnail.
    assert len(server.asked) == 7 + 6 + 1


@pytest.mark.parametrize("code", ["internal_api_error_MWException", "something_new"])
def test_a_page_that_the_archive_breaks_at_costs_one_wait_and_a_few_halves_and_later_one_question(code: str) -> None:
    time = VirtualTime(is_running=False)
    with (
        LocalServer(pages_and_one(5, code)) as server,
        PoliteSession("tests", sleep=time.sleep, clock=time.clock) as session,
    ):
        client = CommonsClient(f"{server.url}/w/api.php", session, thumb_side=640)
        found = list(client.details(range(1, 51)))
        assert [page.pageid for page in found if page.problem] == [5] == list(client.unread)
        assert client.unread[5].startswith(f"{server.url}/w/api.php: {code}: Could not normalize")
        # The whole batch is asked for once more where it may pass; of the page itself three questions are tried.
        assert len(server.asked) == 7 + 6 + 3 + code.startswith("internal")
        assert sum(time.sleeps) <= 5
        client.unread.clear()
        before = len(server.asked)
        assert [page.problem for page in client.details(range(1, 51), suspects={5})] == [
            "incomplete" if pageid == 5 else None for pageid in range(1, 51)
        ]
        assert (len(server.asked) - before, list(client.unread)) == (2, [5])


def test_a_page_that_is_well_again_is_told_whole() -> None:
    with LocalServer(pages_and_one(0, "none")) as server, PoliteSession("tests", sleep=no_sleep) as session:
        client = CommonsClient(f"{server.url}/w/api.php", session, thumb_side=640)
        assert [page.problem for page in client.details([1, 2, 3], suspects={2})] == [None, None, None]
        queries = asked(server)
        assert [(query["pageids"], "iiurlwidth" in query) for query in queries] == [
            ("1|3", True),
            ("2", False),
            ("2", True),
        ]
        assert client.unread == {}


def test_an_archive_that_fails_for_all_pages_is_given_up_soon(serve: Serve) -> None:
    server, client = serve([as_json({"error": {"code": "readapidenied", "info": "no"}})])
    with pytest.raises(ArchiveError, match=r"50 questions about pages failed one after the other; the last: .*denied"):
        list(client.details(range(1, 500)))
    assert len(server.asked) == 50
    with pytest.raises(ArchiveError, match="51 questions"):
        list(client.details(range(1, 500)))
    assert len(server.asked) == 51


def test_what_fails_after_many_failures_of_a_run_is_left_to_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pd_assets.lib.commons.client.MOST_FAILURES_IN_A_RUN", 1)
    with LocalServer(pages_and_one(5, "odd")) as server, PoliteSession("tests", sleep=no_sleep) as session:
        client = CommonsClient(f"{server.url}/w/api.php", session, thumb_side=640)
        assert {page.problem for page in client.details(range(1, 51))} == {"incomplete"}
        assert (len(server.asked), sorted(client.unread)) == (1, list(range(1, 51)))


def test_the_older_versions_of_a_file_are_not_asked_for() -> None:
    """As MediaWiki goes on where one file is alone in its batch, beside a continuation that is wanted."""

    def reply(number: int, target: str) -> Reply:
        query = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        page = whole(1, 600)
        older = {**whole(1, 500)["imageinfo"][0], "url": "http://a.test/archive/1.jpg"}  # type: ignore[index]
        if "iistart" in query:
            page["imageinfo"] = [older]
        following: Answer = {"iistart": f"2020-01-{28 - number:02}T00:00:00Z", "continue": "||info"}
        if "tlcontinue" not in query:
            following["tlcontinue"] = "1|10|B"
            del page["revisions"]
        return as_json({"continue": following, "query": {"pages": [page, {"pageid": 2, "missing": True}]}})

    with LocalServer(reply) as server, PoliteSession("tests", sleep=no_sleep) as session:
        client = CommonsClient(f"{server.url}/w/api.php", session, thumb_side=640)
        told, gone = client.details([1, 2])
    assert (told.width, told.file_url, told.problem, gone.status) == (600, "http://a.test/1.jpg", None, "deleted")
    assert ["iistart" in query for query in asked(server)] == [False, False]


def test_a_page_that_an_answer_does_not_speak_of_is_not_gone(serve: Serve) -> None:
    _, client = serve([as_json({"query": {"pages": [whole(1, 600)]}})])
    assert [(page.pageid, page.status, page.problem) for page in client.details([1, 2])] == [
        (1, "live", None),
        (2, "live", "incomplete"),
    ]


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
    no_slot: Answer = {
        "warnings": [{"code": "x", "text": 'Unrecognized value for parameter "rvslots": mediainfo'}],
        "query": {"pages": [{"pageid": 1}]},
    }
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
