"""The connections of a session: with small buffers, and those to public hosts to public addresses alone.

No cookies, no netrc, no redirects: whoever asks decides on every hop. A proxy of the environment resolves names itself.
"""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException, IncompleteRead

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import HTTPResponse

from pd_assets.lib.addresses import VARIABLE, is_public
from pd_assets.lib.errors import FetchFailed, PdError
from pd_assets.lib.settings import is_loopback

CONNECT_TIMEOUT_S = 10.0
# What the kernel reads ahead of us would otherwise be megabytes that no pacing sees.
RECEIVE_BUFFER_BYTES = 1 << 18
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class BadAnswer(Exception):
    """There is no answer, or none that can be read; the text says why, and is the same whenever it happens again."""


class Connections:
    """Connections that are kept and used again: to public addresses only, or to any. The head of an answer must come
    within `head_timeout_s`, however steadily it trickles.
    """

    def __init__(self, *, head_timeout_s: float) -> None:
        self._public = _Adapter(_pools(head_timeout_s, only_public=True))
        self._any = _Adapter(_pools(head_timeout_s, only_public=False))

    def close(self) -> None:
        self._public.close()
        self._any.close()

    def send(self, asked: requests.PreparedRequest, *, only_public: bool, read_timeout_s: float) -> requests.Response:
        """The answer's head; the body is read from `raw`. BadAnswer where none comes, FetchFailed at a wrong one."""
        assert asked.url
        try:
            return (self._public if only_public else self._any).send(
                asked,
                stream=True,
                timeout=(CONNECT_TIMEOUT_S, read_timeout_s),
                verify=next((os.environ[name] for name in CA_VARIABLES if os.environ.get(name)), True),
                # A proxy of the environment is for the archives, never for this machine.
                proxies={} if is_loopback(asked.url) else get_environ_proxies(asked.url, no_proxy=None),
            )
        except (PdError, MemoryError):
            raise
        except Exception as error:
            raise BadAnswer(reason(error, read_timeout_s)) from error


Pools = dict[str, type[HTTPConnectionPool]]


class _Adapter(HTTPAdapter):
    """Connections whose receive buffer is small, so that the pacing decides how fast bytes come."""

    def __init__(self, pools: Pools) -> None:
        self._pools = pools
        super().__init__(pool_connections=8, pool_maxsize=4)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: object) -> None:
        small = (socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        options["socket_options"] = [*HTTPConnection.default_socket_options, small]
        super().init_poolmanager(connections, maxsize, block, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools


def _pools(head_timeout_s: float, *, only_public: bool) -> Pools:
    def connected(host: str, port: int, connect: Callable[[], socket.socket]) -> socket.socket:
        if not only_public:
            return connect()
        _require_public(host, _resolved(host, port))
        return _checked(connect(), host)

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return connected(self.host, self.port, super()._new_conn)

        def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as in urllib3
            with _hung_up_after(head_timeout_s, self.sock):
                return super().getresponse()

    class Tls(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return connected(self.host, self.port, super()._new_conn)

        def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as in urllib3
            with _hung_up_after(head_timeout_s, self.sock):
                return super().getresponse()

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = Tls

    return {"http": PlainPool, "https": TlsPool}


@contextmanager
def _hung_up_after(seconds: float, connection: socket.socket) -> Iterator[None]:
    """Break a connection that takes longer than this, whoever waits for it."""

    def hang_up() -> None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(seconds, hang_up)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def _resolved(host: str, port: int) -> list[str]:
    """Every address of a name; none where it has none, which connecting tells."""
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except OSError:
        return []


def _checked(connection: socket.socket, host: str) -> socket.socket:
    """A connection whose other end is public: its name may have another address now than a moment ago."""
    try:
        _require_public(host, [str(connection.getpeername()[0])])
    except FetchFailed:
        connection.close()
        raise
    return connection


def _require_public(host: str, addresses: list[str]) -> None:
    if wrong := [address for address in addresses if not is_public(address)]:
        raise FetchFailed(
            f"{host} is at {wrong[0]}, which is no public address; if it is a host of yours that is meant, "
            f"name it in {VARIABLE}"
        )


def reason(error: Exception, read_timeout_s: float) -> str:
    """Why there is no answer, in words without a number that changes."""
    if isinstance(error, requests.ConnectTimeout):
        return f"no connection within {CONNECT_TIMEOUT_S:.0f} s"
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return f"no answer within {read_timeout_s:g} s"
    if isinstance(error, requests.exceptions.SSLError):
        return "no safe connection (TLS)"
    if broken := _no_http(error):
        return f"the answer is no HTTP ({broken})"
    if isinstance(error, requests.ConnectionError | urllib3.exceptions.ProtocolError):
        return "the connection was refused or lost"
    return f"the answer could not be read ({type(error).__name__})"


def _no_http(error: BaseException | None) -> str | None:
    """What http.client said of a head that it could not read."""
    while error is not None:
        for one in (error, *error.args):
            if isinstance(one, HTTPException) and not isinstance(one, OSError | IncompleteRead):
                return f"{type(one).__name__}: {str(one)[:80]}" if str(one).isprintable() else type(one).__name__
        error = error.__cause__ or error.__context__
    return None
