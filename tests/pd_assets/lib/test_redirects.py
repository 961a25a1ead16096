"""A request that is sent on: within its archive only, counted and paced, and without what its first host was told."""

import pytest

from pd_assets.lib.addresses import Archive, archive_at, place_of
from pd_assets.lib.errors import FetchFailed, PdError
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.pacing import ACTION_API, API, MEDIA
from tests.pd_assets.lib.local_server import LocalServer, Reply, in_turn
from tests.pd_assets.lib.serving import CONTACT, FINE, Serve

SECRETS = {"Authorization": "Bearer secret", "X-Api-Key": "secret", "Cookie": "a=secret", "X-Anything": "secret"}


def to(location: str, status: int = 302) -> Reply:
    return Reply(status=status, headers={"Location": location, "Set-Cookie": "s=1; Path=/"}, body=b"moved")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_within_the_host_is_followed_with_what_the_host_was_told(serve: Serve, status: int) -> None:
    server, session = serve(to("/thumb/%C3%BC/a.jpg", status), FINE)
    answer = session.get(server.url, policy=ACTION_API, params={"q": "1"}, headers=SECRETS)
    assert (answer.body, answer.url) == (b"fine", server.url)
    assert [one.target for one in server.asked] == ["/?q=1", "/thumb/%C3%BC/a.jpg"]
    assert [one.headers.get("x-api-key") for one in server.asked] == ["secret", "secret"]
    assert [one.headers.get("cookie") for one in server.asked] == ["a=secret", "a=secret"]
    (traffic,) = session.traffic.values()
    assert (traffic.requests, traffic.size_bytes) == (2, len(b"movedfine"))


def test_no_secret_goes_to_another_host_of_the_archive_and_each_has_its_own_traffic() -> None:
    with LocalServer(in_turn([FINE])) as elsewhere, LocalServer(in_turn([to(f"{elsewhere.url}/a")])) as server:
        both = Archive(private=frozenset(map(place_of, (server.url, elsewhere.url))))
        with PoliteSession(CONTACT, archives=(both,)) as session:
            assert session.get(server.url, policy=ACTION_API, headers=SECRETS).body == b"fine"
    assert "secret" not in str(elsewhere.asked[0].headers)
    assert elsewhere.asked[0].headers["user-agent"] == server.asked[0].headers["user-agent"]
    assert [one.requests for one in session.traffic.values()] == [1, 1]
    assert {kind for _, kind in session.traffic} == {API}


@pytest.mark.parametrize("archives", ["as set", "none set"])
def test_another_service_of_this_machine_is_never_asked(archives: str) -> None:
    with LocalServer(in_turn([FINE])) as elsewhere, LocalServer(in_turn([to(elsewhere.url)])) as server:
        known = (archive_at(place_of(server.url)), archive_at(place_of(elsewhere.url))) if archives == "as set" else ()
        with (
            PoliteSession(CONTACT, tries=1, archives=known) as session,
            pytest.raises(FetchFailed, match=r"which is no host of this archive.*PD_ARCHIVE_HOSTS") as failed,
        ):
            session.get(server.url, policy=MEDIA, headers=SECRETS)
    assert not failed.value.permanent
    assert elsewhere.asked == []


NO_ADDRESSES = (
    *("file:///etc/passwd", "ftp://127.0.0.1/x", "data:text/plain,x", "http://[::1/x", "http://a..b/x"),
    *("http://127.0.0.1:99999/", "http://127.0.0.1:1:2/", "\xff\xfe", "http://\xa0/"),
)


@pytest.mark.parametrize("location", NO_ADDRESSES)
def test_a_location_that_is_no_address_costs_its_file_only(serve: Serve, location: str) -> None:
    server, session = serve(to(location), FINE)
    with pytest.raises(FetchFailed, match=r"redirects to .*, which is no") as failed:
        session.get(server.url, policy=MEDIA)
    assert not failed.value.permanent and str(failed.value).isprintable()
    assert session.get(f"{server.url}/other", policy=MEDIA).body == b"fine"


@pytest.mark.parametrize("location", ["http://192.0.2.1/x", "http://169.254.169.254/", "http://10.0.0.1/", "//x/"])
def test_a_host_outside_of_the_archive_is_never_asked(serve: Serve, location: str) -> None:
    server, session = serve(to(location))
    with pytest.raises(FetchFailed, match="no host of this archive"):
        session.get(server.url, policy=MEDIA)
    assert len(server.asked) == 1


def test_what_one_parser_takes_for_this_host_and_another_for_a_further_one_is_asked_of_this_one(serve: Serve) -> None:
    server, session = serve()
    odd = f"{server.url}\\@192.0.2.1/x"
    server.reply = lambda number, target: FINE if number else to(odd)
    assert session.get(server.url, policy=MEDIA, headers=SECRETS).body == b"fine"
    assert server.asked[1].target == "/%5C@192.0.2.1/x"


def test_redirects_come_to_an_end(serve: Serve) -> None:
    server, session = serve(to("/again"))
    with pytest.raises(FetchFailed, match="more than 5 redirects"):
        session.get(server.url, policy=MEDIA)
    assert len(server.asked) == 6


@pytest.mark.parametrize("headers", [{}, {"Location": ""}])
def test_a_redirect_to_nowhere_is_named(serve: Serve, headers: dict[str, str]) -> None:
    server, session = serve(Reply(status=302, headers=headers))
    with pytest.raises(FetchFailed, match="HTTP 302 without an address"):
        session.get(server.url, policy=MEDIA)


def test_an_address_of_no_archive_is_not_asked() -> None:
    with LocalServer(in_turn([FINE])) as elsewhere:
        archives = (archive_at(place_of("https://commons.wikimedia.org/w/api.php")),)
        with (
            PoliteSession(CONTACT, archives=archives) as session,
            pytest.raises(FetchFailed, match=r"127\.0\.0\.1 is no host of the archives that are set.*PD_ARCHIVE_HOSTS"),
        ):
            session.get(elsewhere.url, policy=MEDIA)
    assert elsewhere.asked == []


def test_a_name_of_a_public_host_that_has_a_private_address_is_not_asked() -> None:
    with LocalServer(in_turn([FINE])) as server:
        # The same machine by a name that does not say so; as it is one of the archive's, only its address tells.
        url = server.url.replace("127.0.0.1", "127.1")
        archive = Archive(places=frozenset({place_of(url)}))
        with (
            PoliteSession(CONTACT, tries=1, archives=(archive,)) as session,
            pytest.raises(FetchFailed, match=r"127\.1 is at 127\.0\.0\.1, which is no public address"),
        ):
            session.get(url, policy=MEDIA)
        assert server.asked == [] and server.connections == 0


@pytest.mark.parametrize(
    "url",
    ["http://[::1/x", "http://a..b/x", "http://127.0.0.1/\ud800", "file:///etc/passwd", "", "\x00", "http://\ud800/"],
)
def test_what_is_no_address_is_a_named_error(serve: Serve, url: str) -> None:
    _, session = serve()
    with pytest.raises(PdError, match="expected an http or https address of the web") as failed:
        session.get(url, policy=MEDIA)
    assert str(failed.value).isprintable()


def test_no_password_of_the_operator_s_own_files_is_sent(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server, session = serve(FINE)
    monkeypatch.setenv("NETRC", "/dev/stdin")
    session.get(server.url, policy=ACTION_API, headers={"Authorization": "Bearer x"})
    assert server.asked[0].headers["authorization"] == "Bearer x"
