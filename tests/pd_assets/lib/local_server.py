"""A small HTTP server on loopback that answers what a test tells it to, and remembers what it was asked and when."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from itertools import pairwise

from tests.loopback import LoopbackServer
from tests.patience import PATIENCE_S


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the server sends. `cut_to` bytes of the body are sent of those announced; `reset` breaks the connection.

    With `trickle_s` the body goes out a byte at a time, so many seconds apart.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    cut_to: int | None = None
    reset: bool = False
    trickle_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request; `target` is the whole address where the server is used as a proxy. `started` and `ended` are
    monotonic seconds, `at` is the start by the clock that the server was given.
    """

    target: str
    headers: Mapping[str, str]
    started: float
    ended: float
    at: float


class LocalServer(LoopbackServer):
    """Answers with `reply(number of the request, its target)`; use it as a context manager.

    It answers once `together` requests are there at a time, and then all of these.
    """

    def __init__(
        self,
        reply: Callable[[int, str], Reply],
        *,
        together: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(_handler(self))
        self.reply = reply
        self.clock = clock
        self.meeting = threading.Barrier(together, timeout=PATIENCE_S)
        self.asked: list[Asked] = []
        self.lock = threading.Lock()
        self.count = 0
        self.connections = 0

    def most_in_flight(self) -> int:
        """How many requests overlapped at most."""
        events = sorted([(one.started, 1) for one in self.asked] + [(one.ended, -1) for one in self.asked])
        most = now = 0
        for _, change in events:
            now += change
            most = max(most, now)
        return most

    def gaps_s(self) -> list[float]:
        """The seconds between the starts of one request and the next, by the clock that was given."""
        starts = sorted(one.at for one in self.asked)
        return [later - earlier for earlier, later in pairwise(starts)]


def in_turn(replies: Iterable[Reply]) -> Callable[[int, str], Reply]:
    """The replies one after the other, the last one again and again."""
    listed = list(replies)
    return lambda number, target: listed[min(number, len(listed) - 1)]


def _handler(owner: LocalServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Header and body in one packet: two of them would wait for each other (Nagle).
        wbufsize = 1 << 16

        def setup(self) -> None:
            with owner.lock:
                owner.connections += 1
            super().setup()

        def do_GET(self) -> None:
            started, at = time.monotonic(), owner.clock()
            with owner.lock:
                number = owner.count
                owner.count += 1
            reply = owner.reply(number, self.path)
            owner.meeting.wait()
            owner.closing.wait(reply.delay_s)
            headers = {name.lower(): value for name, value in self.headers.items()}
            # Noted before the answer goes out, so that whoever has the answer also finds the request.
            with owner.lock:
                ended = time.monotonic()
                owner.asked.append(Asked(target=self.path, headers=headers, started=started, ended=ended, at=at))
            self._send(reply)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def _send(self, reply: Reply) -> None:
            if reply.reset:
                self.close_connection = True
                # A linger of zero seconds makes the close a reset.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if "Content-Length" not in reply.headers:
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if reply.trickle_s:
                self._trickle(reply)
                return
            self.wfile.write(reply.body if reply.cut_to is None else reply.body[: reply.cut_to])
            if reply.cut_to is not None:
                self.close_connection = True

        def _trickle(self, reply: Reply) -> None:
            with suppress(OSError):
                for byte in reply.body:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    owner.closing.wait(reply.trickle_s)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
