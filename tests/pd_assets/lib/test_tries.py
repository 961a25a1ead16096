"""Whom a fault concerns: one address, which alone waits or is refused, or its host."""

from collections.abc import Callable

import pytest

from pd_assets.lib.errors import AccessDenied, AddressRefused, ArchiveResting, FetchFailed
from pd_assets.lib.pacing import ACTION_API, MEDIA
from tests.pd_assets.lib.local_server import Reply
from tests.pd_assets.lib.serving import FINE, Serve
from tests.pd_assets.lib.virtual_time import VirtualTime


def test_a_host_that_refuses_several_addresses_is_asked_no_more_and_the_remedy_is_named(serve: Serve) -> None:
    server, session = serve(Reply(status=403, body=b"<html>"))
    for path, error in (("/1", AddressRefused), ("/1", AddressRefused), ("/2", AddressRefused), ("/3", AccessDenied)):
        with pytest.raises(error, match="PD_CONTACT"):
            session.get(server.url + path, policy=ACTION_API)
    with pytest.raises(AccessDenied, match="PD_CONTACT"):
        session.get(f"{server.url}/4", policy=ACTION_API)
    assert len(server.asked) == 4


def test_what_is_refused_between_answers_says_nothing_of_the_host(serve: Serve) -> None:
    server, session = serve()
    server.reply = lambda number, target: FINE if number % 3 == 2 else Reply(status=403)
    for number in range(12):
        if number % 3 == 2:
            assert session.get(f"{server.url}/{number}", policy=MEDIA).body == b"fine"
        else:
            with pytest.raises(AddressRefused) as refused:
                session.get(f"{server.url}/{number}", policy=MEDIA)
            assert not refused.value.permanent


def test_a_question_that_the_api_refuses_says_nothing_of_others(serve: Serve) -> None:
    server, session = serve(Reply(status=403), FINE)
    with pytest.raises(AddressRefused):
        session.get(server.url, policy=ACTION_API, params={"titles": "A"})
    assert session.get(server.url, policy=ACTION_API, params={"titles": "B"}).body == b"fine"


def failing(name: str, fault: Reply, meanwhile: Callable[[int], object] = lambda number: None) -> Callable[..., Reply]:
    """Answers an address with a fault, and all others well; `meanwhile` happens before each fault."""
    faults: list[str] = []

    def reply(number: int, target: str) -> Reply:
        if not target.endswith(name):
            return FINE
        faults.append(target)
        meanwhile(len(faults))
        return fault

    return reply


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_file_that_the_host_cannot_make_holds_no_other(serve: Serve, time: VirtualTime, status: int) -> None:
    server, session = serve(tries=4)
    seen_s: list[float] = []

    def another(number: int) -> None:
        began = time.clock()
        session.get(f"{server.url}/{number}", policy=MEDIA)
        seen_s.append(time.clock() - began)

    server.reply = failing("/bad", Reply(status=status), another)
    with pytest.raises(FetchFailed, match=f"HTTP {status}, 4 times"):
        session.get(f"{server.url}/bad", policy=MEDIA)
    assert seen_s == [0, 0, 0, 0]
    assert sum(time.sleeps) == 1 + 2 + 4


def test_several_files_in_a_row_that_fail_hold_the_host(serve: Serve, time: VirtualTime) -> None:
    server, session = serve(*[Reply(status=500)] * 6, FINE, tries=2)
    for path in "123":
        with pytest.raises(FetchFailed, match="HTTP 500, 2 times"):
            session.get(f"{server.url}/{path}", policy=MEDIA)
    # Those of one address wait by themselves; what waits for its turn the second time was held with the whole host.
    assert time.sleeps == [0, 1, 0, *[0, 1, 0], *[0, 1]]
    assert len(server.asked) == 6


def test_a_429_that_one_address_repeats_while_others_are_answered_holds_the_host_once(
    serve: Serve, time: VirtualTime
) -> None:
    server, session = serve(tries=3)
    seen_s: list[float] = []

    def another(number: int) -> None:
        if number > 1:
            began = time.clock()
            session.get(f"{server.url}/{number}", policy=MEDIA)
            seen_s.append(time.clock() - began)

    server.reply = failing("/bad", Reply(status=429), another)
    with pytest.raises(FetchFailed, match="HTTP 429, 3 times"):
        session.get(f"{server.url}/bad", policy=MEDIA)
    assert session.get(f"{server.url}/later", policy=MEDIA).body == b"fine"
    assert seen_s == [0, 0]
    assert [seconds for seconds in time.sleeps if seconds] == [60, 120]


def test_a_file_that_is_to_be_had_in_hours_is_that_file_alone(serve: Serve, time: VirtualTime) -> None:
    resting = Reply(status=503, headers={"Retry-After": "7200"})
    server, session = serve()
    server.reply = failing("/bad", resting)
    with pytest.raises(FetchFailed, match="HTTP 503, and it asked to wait 7200 s"):
        session.get(f"{server.url}/bad", policy=MEDIA)
    assert session.get(f"{server.url}/good", policy=MEDIA).body == b"fine"
    assert sum(time.sleeps) == 0
    server.reply = lambda number, target: resting
    for path, error in (("/1", FetchFailed), ("/2", FetchFailed), ("/3", ArchiveResting), ("/4", ArchiveResting)):
        with pytest.raises(error):
            session.get(server.url + path, policy=MEDIA)
    assert len(server.asked) == 5
