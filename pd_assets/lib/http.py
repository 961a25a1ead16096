"""One polite session: an honest User-Agent, one queue per host, pacing, bounded retries, typed errors.

What a host allows is in lib/pacing.py. Nothing about MediaWiki is known here, except that it repeats the code of an
error in the header `MediaWiki-API-Error`. Errors: AccessDenied, ArchiveResting, FetchFailed, RequestRejected,
ArchiveError, ConfigError.
"""

import logging
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection

from pd_assets.lib.errors import (
    AccessDenied,
    AddressRefused,
    ArchiveError,
    ArchiveResting,
    ConfigError,
    FetchFailed,
    RequestRejected,
)
from pd_assets.lib.pacing import ACTION_API, API, MEDIA, Clock, HostPolicy, HostQueue, Sleep
from pd_assets.lib.settings import LOCAL_USE, is_loopback

__all__ = ["ACTION_API", "MEDIA", "Answer", "HostPolicy", "PoliteSession", "Traffic", "naming_the_archive"]

PROJECT = "PublicDomainDiffusion"
VERSION = "0.1.0"
TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
TOO_MUCH, BUSY = "HTTP 429", "HTTP 503"
# In which ways addresses fail, as the queue counts them.
REFUSED, FAILED = "refused", "failed"
READ_THE_POLICY = "check that PD_CONTACT reaches you, and read the archive's User-Agent policy before running again"
ERROR_HEADER = "mediawiki-api-error"
HTML_PAGE = "an HTML page instead of an answer"
# What a firewall before an archive says, with status 200 or 403, to whoever came too often or asked oddly.
REJECTED = "a page that says Request Rejected"
REJECTED_MARK = b"request rejected"
# Where nobody says how long: what to wait the first time, doubled with every further one. Longest after 429, which
# names us as the cause; a second after everything else.
UNNAMED_WAITS_S = {TOO_MUCH: 60.0, REJECTED: 5.0}
CONDITIONS = frozenset({"if-none-match", "if-modified-since"})
CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 60.0
# For a whole answer, however steadily it trickles; what we wait ourselves for the bandwidth's sake is not counted.
ANSWER_TIMEOUT_S = 600.0
LONGEST_WAIT_S = 600.0
MAX_BODY_BYTES = 400_000_000
BLOCK_BYTES = 1 << 16
# What the kernel reads ahead of us would otherwise be megabytes that no pacing sees.
RECEIVE_BUFFER_BYTES = 1 << 18

log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class Traffic:
    """What a session asked of one host, one kind of traffic: `size_bytes` as they came over the line."""

    requests: int = 0
    size_bytes: int = 0
    waited_s: float = 0.0
    retries: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An HTTP answer with status 200, read whole; one that was downloaded has only the start of its body in here.

    The status is 304 where a download was asked for on a condition and nothing has changed.
    """

    url: str
    body: bytes
    headers: Mapping[str, str]
    status: int = 200

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    @property
    def is_html(self) -> bool:
        """Whether this is a web page, whatever it calls itself: neither an API nor a picture answers with one."""
        start = self.body[:200].lstrip().lower()
        return self.content_type == "text/html" or start.startswith((b"<!doctype html", b"<html"))

    @property
    def is_rejection(self) -> bool:
        """Whether this is the page of a firewall that rejects the request."""
        return self.is_html and REJECTED_MARK in self.body[:5000].lower()


@dataclass(frozen=True, kw_only=True)
class _Request:
    """What is asked, again and again if need be."""

    url: str
    params: Mapping[str, str | int] | None
    headers: Mapping[str, str] | None
    check: Callable[[Answer], float | None] | None
    into: Path | None = None
    most_bytes: int = MAX_BODY_BYTES

    @property
    def address(self) -> str:
        """What is asked for, with its parameters."""
        return f"{self.url}?{sorted(self.params.items())}" if self.params else self.url

    @property
    def is_conditional(self) -> bool:
        return any(name.lower() in CONDITIONS for name in self.headers or ())


@dataclass(frozen=True, kw_only=True)
class _Try:
    """One try: an answer, or why there is none, and the seconds that the archive asked to wait, if it did."""

    answer: Answer | None = None
    problem: str = ""
    wait_s: float | None = None
    doubles: bool = False
    started: float = 0.0
    served_after_s: float = 0.0

    @property
    def is_too_much(self) -> bool:
        """Whether it says that the host has more to do than it can."""
        return self.problem in (TOO_MUCH, BUSY, REJECTED)

    @property
    def blames_us(self) -> bool:
        """Whether it says of the host that we are to wait. A wait without end that 503 asks for is that address's."""
        is_short = self.wait_s is not None and self.wait_s <= LONGEST_WAIT_S
        return self.problem in (TOO_MUCH, REJECTED) or (self.problem == BUSY and is_short)


class PoliteSession:
    """HTTP GETs with the operator's contact in the User-Agent. Thread-safe; close it, or use it in a `with`.

    Archives on this machine are not paced unless `pace_loopback`; how many requests run at a time is limited always.
    """

    def __init__(
        self,
        contact: str,
        *,
        tries: int = 5,
        sleep: Sleep = time.sleep,
        clock: Clock = time.monotonic,
        read_timeout_s: float = READ_TIMEOUT_S,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
        pace_loopback: bool = False,
    ) -> None:
        self._is_for_local_use = contact == LOCAL_USE
        self.user_agent = f"{PROJECT}Bot/{VERSION} ({contact}) python-requests/{requests.__version__}"
        self.tries = tries
        self.read_timeout_s = read_timeout_s
        self.answer_timeout_s = answer_timeout_s
        self.pace_loopback = pace_loopback
        self.traffic: dict[tuple[str, str], Traffic] = {}
        self._sleep = sleep
        self._clock = clock
        self._queues: dict[tuple[str, str], HostQueue] = {}
        self._lock = threading.Lock()
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": self.user_agent})
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _SmallBuffers(pool_connections=8, pool_maxsize=4))

    def __enter__(self) -> "PoliteSession":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._session.close()

    def get(
        self,
        url: str,
        *,
        policy: HostPolicy,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        check: Callable[[Answer], float | None] | None = None,
        tries: int | None = None,
    ) -> Answer:
        """GET `url` under the host's `policy`. `check` may return seconds to wait before asking again (maxlag).

        Such a wait doubles with every further try, as do those that nobody named. A page of HTML counts like a server
        error, except that a `check` judges it itself.
        """
        return self._get(_Request(url=url, params=params, headers=headers, check=check), policy, tries or self.tries)

    def download(
        self,
        url: str,
        into: Path,
        *,
        policy: HostPolicy,
        headers: Mapping[str, str] | None = None,
        most_bytes: int = MAX_BODY_BYTES,
    ) -> Answer:
        """GET `url` into a file, in bounded memory; with `If-None-Match` and the like the status may be 304."""
        request = _Request(url=url, params=None, headers=headers, check=None, into=into, most_bytes=most_bytes)
        return self._get(request, policy, self.tries)

    def _get(self, request: _Request, policy: HostPolicy, tries: int) -> Answer:
        url = request.url
        if self._is_for_local_use and not is_loopback(url):
            raise ConfigError(f"{url} is not on this machine, and PD_CONTACT is not set; set it to your e-mail or page")
        queue, traffic = self._queue(url, policy)
        asked = _Try()
        successes_before: int | None = None
        for attempt in range(tries):
            is_last = attempt + 1 == tries
            # Where it is the host's pause, it begins before anybody else may have the slot.
            with queue.slots:
                asked = self._ask(request, queue, traffic)
                if asked.answer is not None:
                    return asked.answer
                pause_s = _pause_s(asked, attempt)
                is_of_host = _is_of_host(asked, request, queue, successes_before)
                if is_of_host:
                    if asked.is_too_much:
                        queue.was_too_much(asked.started)
                    if not is_last or asked.wait_s is not None:
                        queue.hold(pause_s)
            if not is_of_host and pause_s > LONGEST_WAIT_S:
                raise FetchFailed(f"{url}: {asked.problem}, and it asked to wait {pause_s:.0f} s; run again later")
            successes_before = queue.successes
            if not is_last:
                log.warning("%s: %s; waiting %.0f s (try %d of %d)", url, asked.problem, pause_s, attempt + 1, tries)
                with self._lock:
                    traffic.retries += 1
                    traffic.waited_s += 0.0 if is_of_host else pause_s
                if not is_of_host:
                    self._sleep(pause_s)
        failure = RequestRejected if asked.problem == REJECTED else FetchFailed
        raise failure(f"{url}: {asked.problem}, {tries} times; the archive may be down: run again later")

    def _ask(self, request: _Request, queue: HostQueue, traffic: Traffic) -> _Try:
        """One try, in its turn, and what the caller makes of the answer."""
        asked = self._once(request, queue, traffic)
        answer, check = asked.answer, request.check
        if answer is None:
            return asked
        if answer.is_rejection:
            return replace(asked, answer=None, problem=self._note(traffic, REJECTED), doubles=True)
        again_s = check(answer) if check else None
        if again_s is None and (check or not answer.is_html):
            queue.went_well(asked.served_after_s)
            return asked
        problem = self._note_no_answer(traffic, answer)
        return replace(asked, answer=None, problem=problem, wait_s=again_s, doubles=True)

    def _once(self, request: _Request, queue: HostQueue, traffic: Traffic) -> _Try:
        """One try in its turn, counted."""
        if queue.refusal:
            raise AccessDenied(queue.refusal)
        delay_s = queue.delay_s()
        if delay_s > LONGEST_WAIT_S:
            raise ArchiveResting(
                f"{request.url}: the archive asked to wait {delay_s:.0f} s, which is longer than a run waits "
                f"({LONGEST_WAIT_S:.0f} s); run again later"
            )
        waited_s = queue.wait_for_turn()
        exchange = _Exchange(queue=queue, deadline_s=self.answer_timeout_s)
        started = self._clock()
        try:
            asked = self._exchange(request, exchange)
        except AddressRefused as error:
            if queue.fails(REFUSED, request.address):
                queue.refusal = (
                    f"{request.url}: HTTP 403, as for several other addresses: the archive refuses this client; "
                    f"{READ_THE_POLICY}"
                )
                raise AccessDenied(queue.refusal) from error
            raise
        finally:
            self._count(traffic, exchange, waited_s)
        return replace(asked, started=started, served_after_s=exchange.served_after_s)

    def _exchange(self, request: _Request, exchange: "_Exchange") -> _Try:
        """Ask and read. What went wrong is counted in `exchange`, also where it raises."""
        is_api = exchange.queue.policy.kind == API
        exchange.requests = 1
        try:
            with self._session.get(
                request.url,
                params=request.params,
                headers={"Accept-Encoding": "gzip" if is_api else "identity", **(request.headers or {})},
                timeout=(CONNECT_TIMEOUT_S, self.read_timeout_s),
                stream=True,
                # A proxy of the environment is for the archives, never for this machine.
                proxies={"http": "", "https": ""} if is_loopback(request.url) else None,
            ) as response:
                exchange.requests += len(response.history)
                exchange.served_after_s = response.elapsed.total_seconds()
                try:
                    body = _read(response, exchange, request)
                finally:
                    exchange.size_bytes = _bytes_on_the_line(response)
            result = _judge(request, response, body, exchange)
        except (requests.RequestException, urllib3.exceptions.HTTPError, TimeoutError) as error:
            result = _Try(problem=_reason(error, self.read_timeout_s))
        if result.problem:
            exchange.errors.append(result.problem)
        elif result.answer and (code := result.answer.headers.get(ERROR_HEADER)):
            exchange.errors.append(code)
        return result

    def _note_no_answer(self, traffic: Traffic, answer: Answer) -> str:
        """Why an answer with status 200 is none: counted here, unless its header already told."""
        if answer.is_html:
            return self._note(traffic, HTML_PAGE)
        if code := answer.headers.get(ERROR_HEADER):
            return f"{code}: the archive is not ready and asked to wait"
        return self._note(traffic, "the archive is not ready and asked to wait")

    def _note(self, traffic: Traffic, problem: str) -> str:
        with self._lock:
            traffic.errors[problem] += 1
        return problem

    def _count(self, traffic: Traffic, exchange: "_Exchange", waited_s: float) -> None:
        with self._lock:
            traffic.requests += exchange.requests
            traffic.size_bytes += exchange.size_bytes
            traffic.waited_s += waited_s + exchange.waited_s
            traffic.errors.update(exchange.errors)
            traffic.ended_at = datetime.now(UTC)

    def _queue(self, url: str, policy: HostPolicy) -> tuple[HostQueue, Traffic]:
        host = urlsplit(url).netloc.rpartition("@")[2]
        is_paced = self.pace_loopback or not is_loopback(url)
        with self._lock:
            # One queue per kind of traffic, too: on a wiki of one host, files must not wait behind the API.
            queue = self._queues.setdefault(
                (_site(url), policy.kind),
                HostQueue(policy=policy if is_paced else policy.unpaced(), clock=self._clock, sleep=self._sleep),
            )
            return queue, self.traffic.setdefault((host, policy.kind), Traffic())


@dataclass(kw_only=True)
class _Exchange:
    """One request and its answer while they go on, and what they cost."""

    queue: HostQueue
    deadline_s: float
    requests: int = 0
    size_bytes: int = 0
    waited_s: float = 0.0
    served_after_s: float = 0.0
    errors: list[str] = field(default_factory=list)


class _SmallBuffers(HTTPAdapter):
    """Connections whose receive buffer is small, so that the pacing decides how fast bytes come."""

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: object) -> None:
        small = (socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        options["socket_options"] = [*HTTPConnection.default_socket_options, small]
        super().init_poolmanager(connections, maxsize, block, **options)


def _site(url: str) -> str:
    """The hosts that share their limits: those of one domain, such as Wikimedia's two media hosts."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    is_name = not host.rpartition(".")[2].isdecimal() and ":" not in host and host.count(".") > 1
    return ".".join(host.split(".")[-2:]) if is_name else parts.netloc.rpartition("@")[2]


def _bytes_on_the_line(response: requests.Response) -> int:
    return int(response.raw.tell()) + sum(len(earlier.content) for earlier in response.history)


def _read(response: requests.Response, exchange: _Exchange, request: _Request) -> bytes:
    """The whole body, no faster than the bandwidth allows; into the file, where there is one, and its start."""
    if request.into is None or response.status_code != 200:
        return b"".join(_blocks(response, exchange, MAX_BODY_BYTES))
    start = b""
    with request.into.open("wb") as file:
        for block in _blocks(response, exchange, request.most_bytes):
            file.write(block)
            start = start or block
    return start


def _blocks(response: requests.Response, exchange: _Exchange, most_bytes: int) -> Iterator[bytes]:
    length = response.headers.get("content-length", "")
    announced = int(length) if length.isdecimal() else 0
    if announced > most_bytes:
        exchange.errors.append("too large")
        raise FetchFailed(f"{response.url}: {announced} bytes, more than {most_bytes}", permanent=True)
    size = 0
    started = time.monotonic()
    # `read1` returns with whatever came; reading full blocks, a body that trickles would never be looked at.
    while block := response.raw.read1(BLOCK_BYTES, decode_content=True):
        size += len(block)
        if size > most_bytes:
            exchange.errors.append("too large")
            raise FetchFailed(f"{response.url}: more than {most_bytes} bytes", permanent=True)
        if time.monotonic() - started - exchange.waited_s > exchange.deadline_s:
            raise TimeoutError(f"the answer was not whole after {exchange.deadline_s:g} s")
        yield block
        exchange.waited_s += exchange.queue.take(len(block))


def _judge(request: _Request, response: requests.Response, body: bytes, exchange: _Exchange) -> _Try:
    url, status = request.url, response.status_code
    headers = {k.lower(): v for k, v in response.headers.items()}
    answer = Answer(url=url, body=body, headers=headers, status=status)
    if status == 200 or (status == 304 and request.is_conditional) or (status == 403 and answer.is_rejection):
        return _Try(answer=answer)
    if status in TRANSIENT:
        return _Try(problem=f"HTTP {status}", wait_s=retry_after_s(response.headers))
    exchange.errors.append(f"HTTP {status}")
    if status == 403:
        raise AddressRefused(f"{url}: HTTP 403, the archive refuses this address; if it refuses all, {READ_THE_POLICY}")
    raise FetchFailed(f"{url}: HTTP {status}", permanent=status in (400, 404, 410))


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """The seconds that a `Retry-After` header asks for (a number or a date), or None where it is absent."""
    value = headers.get("Retry-After") or headers.get("retry-after")
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        try:
            return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
        except ValueError:
            return None


def _is_of_host(asked: _Try, request: _Request, queue: HostQueue, successes_before: int | None) -> bool:
    """Whether a fault is the host's, so that nobody else asks it meanwhile; else it is that of one address.

    A host that says so is believed, but not about an address that it says it of again while others are answered. An
    API is one address, whatever it is asked.
    """
    several_fail = queue.fails(FAILED, request.address)
    others_go_well = successes_before is not None and queue.successes > successes_before
    is_long = asked.wait_s is not None and asked.wait_s > LONGEST_WAIT_S and not asked.blames_us
    return several_fail or (asked.blames_us and not others_go_well) or (queue.policy.kind == API and not is_long)


def _pause_s(asked: _Try, attempt: int) -> float:
    """How long to wait after a try."""
    if asked.wait_s is not None:
        return _doubled(asked.wait_s, attempt) if asked.doubles else asked.wait_s
    return _doubled(UNNAMED_WAITS_S.get(asked.problem, 1.0), attempt)


def _doubled(wait_s: float, attempt: int) -> float:
    return max(wait_s, min(LONGEST_WAIT_S, wait_s * 2**attempt))


def _reason(error: Exception, read_timeout_s: float) -> str:
    if isinstance(error, TimeoutError):
        return str(error)
    if isinstance(error, requests.ConnectTimeout):
        return f"no connection within {CONNECT_TIMEOUT_S:.0f} s"
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return f"no answer within {read_timeout_s:g} s"
    if isinstance(error, requests.ConnectionError | urllib3.exceptions.ProtocolError):
        return "the connection was refused or lost"
    return f"the answer could not be read ({type(error).__name__})"


@contextmanager
def naming_the_archive(api: str, variable: str) -> Iterator[None]:
    """Turn a failure to reach `api` at all into one that names the setting to mend."""
    try:
        yield
    except AddressRefused as error:
        raise AccessDenied(str(error)) from error
    except FetchFailed as error:
        raise ArchiveError(
            f"{variable}={api} cannot be used: {error}; expected a MediaWiki api.php that answers"
        ) from error
