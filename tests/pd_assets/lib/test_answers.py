"""Answers are read within bounds and whole, or are none: what is packed, cut off, too long or no HTTP at all."""

import gzip
import socket
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import pytest

from pd_assets.lib.answers import BLOCK_BYTES, MOST_UNPACKED_BYTES, retry_after_s, unpacked
from pd_assets.lib.connections import BadAnswer
from pd_assets.lib.errors import FetchFailed
from pd_assets.lib.http import PoliteSession
from pd_assets.lib.pacing import ACTION_API, MEDIA, HostPolicy
from tests.pd_assets.lib.local_server import Reply
from tests.pd_assets.lib.serving import CONTACT, FINE, Serve

PACKED = {"Content-Encoding": "gzip"}


def pieces(body: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


@pytest.mark.parametrize("size", [1, 7, 1000, 1 << 20])
def test_gzip_is_undone_however_it_comes(size: int) -> None:
    bodies = [bytes(range(256)) * 50, b"", bytes(300_000), b"end"]
    packed = b"".join(map(gzip.compress, bodies))
    found = list(unpacked(pieces(packed, size)))
    assert b"".join(found) == b"".join(bodies)
    assert max(map(len, found)) <= BLOCK_BYTES


@pytest.mark.parametrize(
    "packed",
    [
        pytest.param(gzip.compress(bytes(9000))[:-1], id="without its last byte"),
        pytest.param(gzip.compress(b"a")[:12], id="without its end"),
        pytest.param(b"\x1f", id="one byte"),
        pytest.param(b"not gzip!!", id="something else"),
    ],
)
def test_gzip_that_is_cut_off_or_damaged_is_no_answer(packed: bytes) -> None:
    with pytest.raises(BadAnswer, match="its gzip"):
        list(unpacked(pieces(packed, 5)))


def test_nothing_unpacks_to_nothing() -> None:
    assert list(unpacked([])) == []


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(1, wbits=31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(size >> 20)) + packer.flush()


def test_a_bomb_comes_out_in_small_pieces() -> None:
    pieces_of_it = unpacked([bomb(8 << 20)])
    assert max(map(len, pieces_of_it)) == BLOCK_BYTES


@pytest.mark.parametrize("policy", [ACTION_API, MEDIA], ids=["api", "media"])
def test_an_answer_that_unpacks_without_end_stops_at_its_bound(serve: Serve, policy: HostPolicy) -> None:
    server, session = serve(Reply(body=bomb(MOST_UNPACKED_BYTES + (1 << 20)), headers=PACKED))
    with pytest.raises(FetchFailed, match=f"more than {MOST_UNPACKED_BYTES} bytes") as failed:
        session.get(server.url, policy=policy)
    assert failed.value.permanent
    assert len(server.asked) == 1


def test_an_answer_of_the_api_has_a_bound_that_holds_before_it_is_read(serve: Serve) -> None:
    server, session = serve(Reply(headers={"Content-Length": str(MOST_UNPACKED_BYTES + 1)}))
    with pytest.raises(FetchFailed, match=f"more than {MOST_UNPACKED_BYTES}"):
        session.get(server.url, policy=ACTION_API)


def test_a_download_is_counted_as_it_unpacks(serve: Serve, tmp_path: Path) -> None:
    server, session = serve(Reply(body=gzip.compress(bytes(200_000)), headers=PACKED))
    assert len(session.download(server.url, tmp_path / "a", policy=MEDIA, most_bytes=200_000).body) == BLOCK_BYTES
    assert (tmp_path / "a").stat().st_size == 200_000
    with pytest.raises(FetchFailed, match="more than 199999 bytes"):
        session.download(server.url, tmp_path / "a", policy=MEDIA, most_bytes=199_999)


@contextmanager
def speaking(answer: bytes, times: int = 1) -> Iterator[str]:
    """The URL of a server that says these bytes to everybody, so many times, and hangs up."""
    speaking_to: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def speak() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                speaking_to.append(connection)
                with connection:
                    connection.recv(10_000)
                    with suppress(OSError):
                        for _ in range(times):
                            connection.sendall(answer)

        speaker = Thread(target=speak, daemon=True)
        speaker.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        listener.shutdown(socket.SHUT_RDWR)
    # Whoever stopped to read may have left a full buffer: the kernel would try it for a hundred seconds more.
    for connection in speaking_to:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    speaker.join()


OK = b"HTTP/1.1 200 OK\r\n"
MANY = b"".join(b"X-%d: y\r\n" % number for number in range(150))
# What a server says, and how the error calls it.
BROKEN = {
    "a body that ends too soon": (OK + b"Content-Length: 1000\r\n\r\nabc", "refused or lost"),
    "chunks that end too soon": (OK + b"Transfer-Encoding: chunked\r\n\r\n64\r\nabc", "refused or lost"),
    "chunks without an end": (OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "refused or lost"),
    "a chunk of no size": (OK + b"Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n", "refused or lost"),
    "a negative length": (OK + b"Content-Length: -5\r\n\r\nabc", "its Content-Length is '-5'"),
    "two lengths": (OK + b"Content-Length: 3\r\nContent-Length: 5\r\n\r\nabc", "could not be read"),
    "a length in words": (OK + b"Content-Length: three\r\n\r\nabc", "its Content-Length is 'three'"),
    "a length of Arabic digits": (OK + "Content-Length: ٣\r\n\r\nabc".encode(), "its Content-Length is"),
    "an endless length": (OK + b"Content-Length: " + b"9" * 400 + b"\r\n\r\nabc", "its Content-Length is '999"),
    "many headers": (OK + MANY + b"\r\nabc", "no HTTP .*got more than 100 headers"),
    "a long header": (OK + b"X: " + b"y" * 70_000 + b"\r\n\r\nabc", "no HTTP .*got more than 65536 bytes"),
    "no HTTP": (b"\x00\xff garbage\r\n\r\n", "no HTTP"),
    "a status that is none": (b"HTTP/1.1 abc OK\r\n\r\n", "no HTTP"),
    "nothing": (b"", "refused or lost"),
    "what nobody asked for": (OK + b"Content-Encoding: br\r\nContent-Length: 3\r\n\r\nabc", "packed as 'br'"),
    "packed twice": (OK + b"Content-Encoding: gzip, gzip\r\nContent-Length: 3\r\n\r\nabc", "packed as 'gzip, gzip'"),
    "a part": (b"HTTP/1.1 206 Partial\r\nContent-Length: 3\r\n\r\nabc", "HTTP 206"),
    "no content": (b"HTTP/1.1 204 None\r\n\r\n", "HTTP 204"),
    "another status": (b"HTTP/1.1 999 What\r\nContent-Length: -1\r\n\r\n", "HTTP 999"),
}


@pytest.mark.parametrize("policy", [ACTION_API, MEDIA], ids=["api", "media"])
@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_whole_answer_is_a_named_error(name: str, policy: HostPolicy) -> None:
    answer, expected = BROKEN[name]
    with (
        speaking(answer) as url,
        PoliteSession(CONTACT, tries=1) as session,
        pytest.raises(FetchFailed, match=expected) as failed,
    ):
        session.get(url, policy=policy)
    assert not failed.value.permanent
    assert " at 0x" not in str(failed.value) and str(failed.value).isprintable()


@pytest.mark.parametrize(
    "said", ["nan", "inf", "1e308", "-nan", "١٢", "Wed, 99 Foo 99999 99:99:99 GMT", "9" * 400, " "]
)
def test_a_wait_that_is_no_time_is_none(said: str) -> None:
    assert retry_after_s({"Retry-After": said}) is None


@pytest.mark.parametrize(("said", "seconds"), [("12", 12.0), ("1.5", 1.5), ("-3", 0.0), (" 7 ", 7.0)])
def test_a_wait_in_seconds_is_read(said: str, seconds: float) -> None:
    assert retry_after_s({"retry-after": said}) == seconds


def test_a_page_of_an_error_is_read_so_far_only_and_its_status_counts(serve: Serve) -> None:
    server, session = serve(Reply(status=404, body=bytes(3 << 20)), FINE)
    with pytest.raises(FetchFailed, match="HTTP 404") as failed:
        session.get(server.url, policy=MEDIA)
    assert session.get(server.url, policy=MEDIA).body == b"fine"
    (traffic,) = session.traffic.values()
    assert failed.value.permanent
    assert traffic.size_bytes < 2 << 20 and traffic.errors == {"HTTP 404": 1}


@pytest.mark.parametrize("said", [b"HTTP/1.1 100 Continue\r\n\r\n" * 500, b"HTTP/1.1 200 OK\r\nX: "])
def test_a_head_that_does_not_end_is_given_up(said: bytes) -> None:
    with (
        speaking(said, times=1_000_000) as url,
        PoliteSession(CONTACT, tries=1, answer_timeout_s=0.2) as session,
        pytest.raises(FetchFailed, match=r"refused or lost|no HTTP"),
    ):
        session.get(url, policy=MEDIA)
