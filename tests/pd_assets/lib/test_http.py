"""The polite session against a real server on loopback: what it sends, how it waits, what it makes of every answer."""

import gzip
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

import pytest

from pd_assets.lib.errors import ArchiveError, ArchiveResting, FetchFailed
from pd_assets.lib.http import LONGEST_WAIT_S, Answer, PoliteSession, naming_the_archive, retry_after_s
from pd_assets.lib.pacing import ACTION_API, ACTION_API_WITH_TOKEN, API, MEDIA, MEDIA_FILES, HostPolicy
from tests.patience import PATIENCE_S
from tests.pd_assets.lib.local_server import LocalServer, Reply, in_turn
from tests.pd_assets.lib.serving import CONTACT, FINE, Serve
from tests.pd_assets.lib.virtual_time import VirtualTime


def test_the_user_agent_names_the_project_its_version_and_the_operator(serve: Serve) -> None:
    server, session = serve(FINE)
    session.get(server.url, policy=ACTION_API)
    agent = server.asked[0].headers["user-agent"]
    assert agent.startswith("PublicDomainDiffusionBot/")
    name, contact, library = agent.split(" ")
    assert contact == f"({CONTACT})"
    assert library.startswith("python-requests/")
    assert name.split("/")[1][0].isdigit()


def test_gzip_is_asked_for_and_undone(serve: Serve) -> None:
    body = b'{"query": {}}' * 500
    packed = gzip.compress(body)
    server, session = serve(Reply(body=packed, headers={"Content-Encoding": "gzip", "Content-Type": "text/x; q=1"}))
    answer = session.get(server.url, policy=ACTION_API)
    assert answer.body == body
    assert answer.content_type == "text/x"
    assert server.asked[0].headers["accept-encoding"] == "gzip"


def test_parameters_and_headers_are_sent(serve: Serve) -> None:
    server, session = serve(FINE)
    session.get(
        f"{server.url}/w/api.php", policy=ACTION_API, params={"titles": "A|B c"}, headers={"Authorization": "Bearer x"}
    )
    assert server.asked[0].target == "/w/api.php?titles=A%7CB+c"
    assert server.asked[0].headers["authorization"] == "Bearer x"


def test_retry_after_is_waited_for_before_the_next_try(serve: Serve, time: VirtualTime) -> None:
    server, session = serve(Reply(status=429, headers={"Retry-After": "7"}), FINE)
    assert session.get(server.url, policy=MEDIA).body == b"fine"
    assert time.longest == 7
    assert len(server.asked) == 2


def test_a_429_without_retry_after_is_waited_for_a_minute(serve: Serve, time: VirtualTime) -> None:
    server, session = serve(Reply(status=429), FINE)
    session.get(server.url, policy=MEDIA)
    assert time.longest == 60


def test_a_wait_longer_than_a_run_may_take_ends_the_run_and_is_not_cut_short(serve: Serve, time: VirtualTime) -> None:
    server, session = serve(Reply(status=429, headers={"Retry-After": str(int(LONGEST_WAIT_S) * 6)}), FINE)
    for _ in range(2):
        with pytest.raises(ArchiveResting, match=r"asked to wait 3[56].*run again later"):
            session.get(server.url, policy=MEDIA)
    assert len(server.asked) == 1
    assert max(time.sleeps) < 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_is_tried_again_ever_later(serve: Serve, time: VirtualTime, status: int) -> None:
    server, session = serve(*[Reply(status=status)] * 3, FINE)
    assert session.get(server.url, policy=MEDIA).body == b"fine"
    assert [round(seconds) for seconds in time.sleeps if seconds] == [1, 2, 4]


def test_tries_are_bounded_and_the_error_says_what_was_seen(serve: Serve) -> None:
    server, session = serve(Reply(status=503), tries=3)
    with pytest.raises(FetchFailed, match=r"HTTP 503, 3 times.*run again later") as failed:
        session.get(server.url, policy=MEDIA)
    assert len(server.asked) == 3
    assert not failed.value.permanent


def test_the_traffic_counts_tries_errors_bytes_and_only_the_waits_that_happened(
    serve: Serve, time: VirtualTime
) -> None:
    server, session = serve(Reply(status=500, body=b"12345"), Reply(reset=True), FINE, Reply(status=404), tries=3)
    session.get(server.url, policy=MEDIA)
    with pytest.raises(FetchFailed):
        session.get(server.url, policy=MEDIA)
    traffic = session.traffic[server.url.removeprefix("http://"), MEDIA_FILES]
    assert (traffic.requests, traffic.retries, traffic.size_bytes) == (4, 2, len(b"12345fine"))
    assert traffic.waited_s == pytest.approx(sum(time.sleeps))
    assert traffic.errors == {"HTTP 500": 1, "the connection was refused or lost": 1, "HTTP 404": 1}
    assert traffic.started_at <= traffic.ended_at


def test_bytes_are_counted_as_they_come_over_the_line_and_a_redirect_as_a_request(serve: Serve) -> None:
    packed = gzip.compress(bytes(100_000))
    moved = Reply(status=301, headers={"Location": "/elsewhere"}, body=b"gone")
    server, session = serve(moved, Reply(body=packed, headers={"Content-Encoding": "gzip"}))
    assert len(session.get(server.url, policy=ACTION_API).body) == 100_000
    traffic = session.traffic[server.url.removeprefix("http://"), API]
    assert (traffic.requests, traffic.size_bytes) == (len(server.asked), len(packed) + len(b"gone"))


def test_the_connection_is_kept_and_used_again(serve: Serve) -> None:
    server, session = serve(FINE)
    for _ in range(5):
        session.get(server.url, policy=ACTION_API)
    assert (len(server.asked), server.connections) == (5, 1)


def test_pictures_are_not_asked_for_packed(serve: Serve) -> None:
    server, session = serve(FINE)
    session.get(server.url, policy=MEDIA)
    assert server.asked[0].headers["accept-encoding"] == "identity"


HTML = b"<!DOCTYPE html>\n<html><title>Wikimedia Error</title>"


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/json", "image/jpeg"])
@pytest.mark.parametrize("policy", [ACTION_API, MEDIA], ids=["api", "media"])
def test_a_web_page_with_status_200_counts_like_a_server_error(
    serve: Serve, time: VirtualTime, kind: str, policy: HostPolicy
) -> None:
    page = Reply(body=HTML, headers={"Content-Type": kind})
    server, session = serve(page, page, FINE)
    assert session.get(server.url, policy=policy).body == b"fine"
    assert [round(seconds) for seconds in time.sleeps if seconds] == [1, 2]


def test_a_body_that_trickles_is_given_up_when_the_answer_took_too_long(serve: Serve) -> None:
    server, session = serve(answer_timeout_s=0.3)

    def reply(number: int, target: str) -> Reply:
        # However busy this machine is, the second answer comes in time.
        session.answer_timeout_s = PATIENCE_S if number else 0.3
        return FINE if number else Reply(body=bytes(10_000), trickle_s=0.02)

    server.reply = reply
    assert session.get(server.url, policy=MEDIA).body == b"fine"
    (traffic,) = session.traffic.values()
    assert traffic.errors == {"the answer was not whole after 0.3 s": 1}


def test_a_lost_connection_is_tried_again(serve: Serve) -> None:
    server, session = serve(Reply(reset=True), Reply(reset=True), FINE)
    assert session.get(server.url, policy=MEDIA).body == b"fine"
    assert len(server.asked) == 3


def test_a_body_shorter_than_announced_is_never_taken_for_whole(serve: Serve) -> None:
    whole = bytes(range(256)) * 400
    server, session = serve(Reply(body=whole, cut_to=50_000), Reply(body=whole))
    assert session.get(server.url, policy=MEDIA).body == whole
    assert len(server.asked) == 2


def test_a_server_that_says_nothing_is_given_up_after_the_time_out(serve: Serve) -> None:
    server, session = serve(Reply(delay_s=PATIENCE_S), tries=2, read_timeout_s=0.1)
    with pytest.raises(FetchFailed, match=r"no answer within 0.1 s, 2 times"):
        session.get(server.url, policy=MEDIA)


def test_a_port_where_nobody_listens_is_a_named_error(time: VirtualTime) -> None:
    with LocalServer(in_turn([FINE])) as server:
        url = server.url
    session = PoliteSession(CONTACT, tries=2, sleep=time.sleep, clock=time.clock)
    with session, pytest.raises(FetchFailed, match="refused or lost"):
        session.get(url, policy=MEDIA)


@pytest.mark.parametrize(("status", "permanent"), [(400, True), (404, True), (410, True), (418, False)])
def test_an_address_that_is_not_there_fails_at_once(serve: Serve, status: int, permanent: bool) -> None:
    server, session = serve(Reply(status=status), FINE)
    with pytest.raises(FetchFailed, match=f"HTTP {status}") as failed:
        session.get(server.url, policy=MEDIA)
    assert len(server.asked) == 1
    assert failed.value.permanent is permanent


def test_a_body_over_the_limit_is_refused_before_it_is_read(serve: Serve) -> None:
    server, session = serve(Reply(headers={"Content-Length": "900000000"}))
    with pytest.raises(FetchFailed, match="900000000 bytes") as failed:
        session.get(server.url, policy=MEDIA)
    assert failed.value.permanent


def test_an_answer_may_ask_to_wait_by_what_it_says(serve: Serve, time: VirtualTime) -> None:
    server, session = serve(Reply(body=b"lagged"), FINE)

    def wait(answer: Answer) -> float | None:
        return 5.0 if answer.body == b"lagged" else None

    assert session.get(server.url, policy=ACTION_API, check=wait).body == b"fine"
    assert time.longest == 5


def test_a_proxy_of_the_environment_is_never_used_for_this_machine(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    server, session = serve(FINE, tries=1)
    assert session.get(server.url, policy=MEDIA).body == b"fine"


# --- limits, in virtual time: the session reaches a server that stands in for the archive's host as a proxy -----------


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch, time: VirtualTime) -> Iterator[Callable[..., LocalServer]]:
    """Start a host that is not this machine, so that its policy holds; a request brings 40 KB."""
    with ExitStack() as stack:

        def start(*replies: Reply, together: int = 1) -> LocalServer:
            answers = in_turn(replies or [Reply(body=bytes(40_000))])
            server = stack.enter_context(LocalServer(answers, together=together, clock=time.clock))
            monkeypatch.setenv("http_proxy", server.url)
            monkeypatch.setenv("no_proxy", "")
            return server

        yield start


Archive = Callable[..., LocalServer]


def ask_from_threads(time: VirtualTime, policy: HostPolicy, times: int) -> float:
    """The seconds of virtual time that so many requests took. The sleeps of threads come one after the other."""
    began = time.clock()
    with PoliteSession(CONTACT, sleep=time.sleep, clock=time.clock) as session, ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: session.get(f"http://archive.test/{n}", policy=policy), range(times)))
    return time.clock() - began


def at_rate(kind: str, per_s: float) -> HostPolicy:
    """Two at a time, and so many a second."""
    return HostPolicy(kind=kind, concurrency=2, start_per_s=per_s, most_per_s=per_s)


def test_the_api_is_asked_one_request_at_a_time_and_less_than_five_a_second(
    archive: Archive, time: VirtualTime
) -> None:
    server = archive()
    # How long this machine took to answer is no matter here.
    ask_from_threads(time, replace(ACTION_API, slow_after_s=None), 6)
    assert len(server.asked) == 6
    assert server.most_in_flight() == 1
    assert min(server.gaps_s()) > 0.2


def test_with_a_token_the_api_is_asked_three_at_a_time_and_no_more_than_ten_a_second(
    archive: Archive, time: VirtualTime
) -> None:
    server = archive(together=3)
    took_s = ask_from_threads(time, replace(ACTION_API_WITH_TOKEN, slow_after_s=None), 9)
    assert server.most_in_flight() == 3
    assert took_s / 8 > 0.1


def test_media_are_fetched_two_at_a_time_with_starts_spaced(archive: Archive, time: VirtualTime) -> None:
    server = archive(together=2)
    took_s = ask_from_threads(time, at_rate(MEDIA_FILES, 50), 12)
    assert server.most_in_flight() == 2
    assert took_s / 11 >= 0.0199


def test_the_two_hosts_of_an_archive_share_their_limits_and_their_pauses(archive: Archive) -> None:
    server = archive(together=2)
    urls = [f"http://{host}.archive.test/{n}" for n in range(4) for host in ("upload", "thumb")]
    with PoliteSession(CONTACT) as session, ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda url: session.get(url, policy=at_rate(MEDIA_FILES, 50)), urls))
    assert server.most_in_flight() == 2
    assert sorted(session.traffic) == [("thumb.archive.test", MEDIA_FILES), ("upload.archive.test", MEDIA_FILES)]
    assert [traffic.requests for traffic in session.traffic.values()] == [4, 4]


def test_on_this_machine_nothing_is_paced_and_as_many_run_at_a_time_as_elsewhere() -> None:
    for policy, most in ((ACTION_API, 1), (ACTION_API_WITH_TOKEN, 3), (MEDIA, 2)):
        with LocalServer(in_turn([FINE]), together=most) as server, PoliteSession(CONTACT) as session:
            with ThreadPoolExecutor(6) as pool:
                list(pool.map(partial(session.get, policy=policy), [server.url] * 12))
            assert server.most_in_flight() == most
            assert [traffic.waited_s for traffic in session.traffic.values()] == [0]


def paced(time: VirtualTime) -> PoliteSession:
    """A session that paces this machine, too."""
    return PoliteSession(CONTACT, pace_loopback=True, sleep=time.sleep, clock=time.clock)


def test_pacing_can_be_switched_on_for_this_machine(time: VirtualTime) -> None:
    with LocalServer(in_turn([FINE]), clock=time.clock) as server, paced(time) as session:
        for _ in range(3):
            session.get(server.url, policy=at_rate(API, 10))
    assert server.gaps_s() == [pytest.approx(0.1)] * 2


def test_the_bandwidth_stays_under_the_limit_in_every_window_also_within_one_file(
    archive: Archive, time: VirtualTime
) -> None:
    # Windows of half a second that take 200 KB: five files of 40 KB, however they are spread.
    policy = HostPolicy(kind=MEDIA_FILES, concurrency=1, bits_per_s=8 * 400_000, window_s=0.5)
    server = archive()
    took_s = ask_from_threads(time, policy, 20)
    starts = sorted(one.at for one in server.asked)
    # One is on its way before it has been counted.
    assert max(sum(start <= other < start + 0.5 for other in starts) for start in starts) <= 5 + 1
    assert took_s >= 20 * 40_000 / 400_000 - 0.5
    assert ask_from_threads(time, replace(policy, concurrency=2), 20) >= 20 * 40_000 / 400_000 - 0.5
    began = time.clock()
    with LocalServer(in_turn([Reply(body=bytes(1_000_000))])) as server, paced(time) as session:
        assert len(session.get(server.url, policy=policy).body) == 1_000_000
    assert time.clock() - began >= 1_000_000 / 400_000 - 0.6


def test_an_answer_of_the_api_that_took_the_server_long_is_followed_by_a_pause(time: VirtualTime) -> None:
    late = Reply(delay_s=0.15)
    for slow_after_s, pause_s in ((0.1, 5), (PATIENCE_S, pytest.approx(1 / 3.2, abs=0.1))):
        time.sleeps.clear()
        with LocalServer(in_turn([late])) as server, paced(time) as session:
            for _ in range(2):
                session.get(server.url, policy=replace(ACTION_API, slow_after_s=slow_after_s))
        assert time.sleeps == [0, pause_s]


def test_after_a_429_media_come_half_as_fast(time: VirtualTime) -> None:
    limited = Reply(status=429, headers={"Retry-After": "30"})
    with LocalServer(in_turn([FINE, limited, FINE])) as server, paced(time) as session:
        for _ in range(3):
            session.get(server.url, policy=MEDIA)
    assert time.sleeps == [0, pytest.approx(1, abs=0.1), pytest.approx(30), pytest.approx(2, abs=0.2)]


def test_a_wait_asked_of_one_thread_holds_all_of_them(archive: Archive, time: VirtualTime) -> None:
    server = archive(Reply(status=429, headers={"Retry-After": "100"}), FINE)
    ask_from_threads(time, HostPolicy(kind=API, concurrency=1), 4)
    first, *others = sorted(one.at for one in server.asked)
    assert len(others) == 4
    assert others[0] - first >= 100


# --- pieces ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"Retry-After": "12"}, 12.0), ({"retry-after": "-3"}, 0.0), ({"Retry-After": "soon"}, None), ({}, None)],
)
def test_retry_after_is_read_as_seconds(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers) == seconds


def test_retry_after_is_read_as_a_date() -> None:
    assert retry_after_s({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0.0
    later = retry_after_s({"Retry-After": "Wed, 21 Oct 2150 07:28:00 GMT"})
    assert later is not None and later > 3e9


def test_a_failure_to_reach_the_archive_names_the_setting() -> None:
    expected = r"PD_COMMONS_API=http://x\.test/api\.php cannot be used: gone"
    with (
        pytest.raises(ArchiveError, match=expected),
        naming_the_archive("http://x.test/api.php", "PD_COMMONS_API"),
    ):
        raise FetchFailed("gone")


def test_a_wait_is_written_to_the_log(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    server, session = serve(Reply(status=503), FINE)
    with caplog.at_level(logging.WARNING):
        session.get(server.url, policy=MEDIA)
    assert "HTTP 503; waiting 1 s (try 1 of 5)" in caplog.text
