"""A reverse proxy on loopback before a MediaWiki that answers some requests with errors, as a script says.

What it passes on it changes in two ways: the wiki's own address in JSON becomes the proxy's, so that files are asked
for here too, and listings may be shortened, so that small categories have continuations. It remembers every request.
The errors are those that Wikimedia's servers answer with.
"""

import json
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, urlsplit

import requests

from tests.loopback import LoopbackServer
from tests.patience import PATIENCE_S, SCALE

API_PATH = "/w/api.php"
# Clients of this proxy wait so long for an answer.
TIME_OUT_S = 2.0 * SCALE
# Where the wiki is slow, they hear so often that it is still there.
STILL_THERE_EVERY_S = 0.2
NOT_PASSED_ON = frozenset({"connection", "content-encoding", "content-length", "date", "server", "transfer-encoding"})
EDGE_PAGE = b"<!DOCTYPE html>\n<html lang=en><title>Wikimedia Error</title><p>Our servers are under maintenance."


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is answered instead. Without a status the wiki answers, late, or cut, or over a connection that breaks."""

    name: str
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay_s: float = 0.0
    is_cut: bool = False
    is_reset: bool = False
    announces_length: bool = True
    # The answer is held back until it is set.
    until: threading.Event | None = None

    @property
    def is_harmless(self) -> bool:
        """Whether a patient client has the wiki's whole answer all the same."""
        return self.status is None and not self.is_cut and not self.is_reset and self.delay_s < TIME_OUT_S


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One request. `started` and `ended` are monotonic seconds, `at` is the start by the proxy's clock.

    `sent_bytes` are those of the answer's body.
    """

    kind: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    started: float
    ended: float
    at: float
    status: int
    sent_bytes: int
    fault: str | None
    was_delivered: bool


Script = Callable[[str, int, str], Fault | None]


def api_error(code: str, **headers: str) -> Fault:
    """An error of the Action API, which comes with status 200."""
    body = json.dumps({"error": {"code": code, "info": f"Injected: {code}"}, "servedby": "mw-test"}).encode()
    named = {"Content-Type": "application/json; charset=utf-8", "MediaWiki-API-Error": code}
    return Fault(name=code, status=200, headers={**named, **headers}, body=body)


def http_error(status: int, **headers: str) -> Fault:
    """An error of the edge: a page of HTML."""
    return Fault(name=f"HTTP {status}", status=status, headers={"Content-Type": "text/html", **headers}, body=EDGE_PAGE)


def nothing(kind: str, number: int, target: str) -> None:
    """The script of a proxy that disturbs nobody."""


class FaultProxy(LoopbackServer):
    """`script(kind, number, target)` says what happens to request `number` (from 0) of a kind, "api" or "media"."""

    def __init__(self, upstream: str, script: Script = nothing, *, members_at_a_time: int = 500) -> None:
        super().__init__(_handler(self))
        self.upstream = upstream
        self.members_at_a_time = members_at_a_time
        self.script = script
        self.clock: Callable[[], float] = time.monotonic
        self.seen: list[Seen] = []
        self.counts = {"api": 0, "media": 0}
        self.lock = threading.Lock()

    @property
    def api_url(self) -> str:
        return self.url + API_PATH

    def begin(self, script: Script = nothing) -> None:
        """Forget what was seen, and follow another script from its first request on."""
        with self.lock:
            self.script = script
            self.seen.clear()
            self.counts = {"api": 0, "media": 0}

    def of(self, kind: str) -> list[Seen]:
        """The requests of one kind, in the order in which they came."""
        return sorted((one for one in self.seen if one.kind == kind), key=lambda one: one.started)

    def most_in_flight(self, kind: str) -> int:
        """How many requests of a kind overlapped at most."""
        times = [(one.started, 1) for one in self.of(kind)] + [(one.ended, -1) for one in self.of(kind)]
        most = now = 0
        for _, change in sorted(times):
            now += change
            most = max(most, now)
        return most

    def next_fault(self, kind: str, target: str) -> Fault | None:
        with self.lock:
            number = self.counts[kind]
            self.counts[kind] += 1
            return self.script(kind, number, target)


@dataclass(frozen=True, kw_only=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def _handler(owner: FaultProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Header and body in one packet: two of them would wait for each other (Nagle).
        wbufsize = 1 << 20

        def do_GET(self) -> None:
            started, at = time.monotonic(), owner.clock()
            kind = "api" if self.path.startswith(API_PATH) else "media"
            fault = owner.next_fault(kind, self.path)
            answer = self._patiently(partial(_answer, owner, self.path, dict(self.headers.items()), fault))
            is_gone = self._wait(fault.delay_s) if fault and fault.delay_s else False
            if fault and fault.until:
                fault.until.wait(PATIENCE_S)
            sent = answer.body[: len(answer.body) // 2] if fault and fault.is_cut else answer.body
            sent = b"" if is_gone or (fault and fault.is_reset) else sent
            # Noted before the answer goes out, so that whoever has the answer also finds the request.
            with owner.lock:
                owner.seen.append(
                    Seen(
                        kind=kind,
                        path=urlsplit(self.path).path,
                        query=dict(parse_qsl(urlsplit(self.path).query)),
                        headers={name.lower(): value for name, value in self.headers.items()},
                        started=started,
                        at=at,
                        # When a client hung up is not known, only that it waited for some time.
                        ended=started + TIME_OUT_S / 2 if is_gone else time.monotonic(),
                        status=answer.status,
                        sent_bytes=len(sent),
                        fault=fault.name if fault else None,
                        was_delivered=fault is None or fault.is_harmless,
                    )
                )
            if is_gone:
                self.close_connection = True
            else:
                self._send(answer, sent, fault)

        def _patiently(self, asking: Callable[[], _Answer]) -> _Answer:
            """A busy wiki is no time-out: clients skip `100 Continue` and go on waiting (RFC 9110, 15.2)."""
            with ThreadPoolExecutor(1) as pool:
                asked = pool.submit(asking)
                while wait([asked], STILL_THERE_EVERY_S).not_done:
                    self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                return asked.result()

        def _wait(self, seconds: float) -> bool:
            """Let the client wait; whether it hung up meanwhile."""
            readable, _, _ = select.select([self.connection], [], [], seconds)
            return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)

        def _send(self, answer: _Answer, sent: bytes, fault: Fault | None) -> None:
            if fault and fault.is_reset:
                self.close_connection = True
                # A linger of zero seconds makes the close a reset.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if fault is None or fault.announces_length:
                self.send_header("Content-Length", str(len(answer.body)))
            else:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(sent)
            if fault and (fault.is_cut or not fault.announces_length):
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def _answer(owner: FaultProxy, target: str, headers: Mapping[str, str], fault: Fault | None) -> _Answer:
    if fault and (fault.is_reset or fault.delay_s >= TIME_OUT_S):
        return _Answer(status=0, headers={}, body=b"")
    if fault and fault.status is not None:
        return _Answer(status=fault.status, headers=fault.headers, body=fault.body)
    passed = {name: value for name, value in headers.items() if name.lower() not in ("host", "accept-encoding")}
    with requests.Session() as session:
        session.trust_env = False
        shorter = target.replace("gcmlimit=500", f"gcmlimit={owner.members_at_a_time}")
        got = session.get(
            owner.upstream + shorter, headers={**passed, "Accept-Encoding": "identity"}, timeout=PATIENCE_S
        )
    kept = {name: value for name, value in got.headers.items() if name.lower() not in NOT_PASSED_ON}
    is_json = got.headers.get("content-type", "").startswith("application/json")
    body = got.content.replace(owner.upstream.encode(), owner.url.encode()) if is_json else got.content
    return _Answer(status=got.status_code, headers=kept, body=body)
