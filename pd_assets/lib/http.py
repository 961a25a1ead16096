"""One polite session: an honest User-Agent, one queue per host, pacing, bounded retries, typed errors.

Limits come from the archives' own policies (Wikimedia's robot policy, read 2026): the Action API without a token one
request at a time and under 5 a second; media two at a time. Nothing about MediaWiki's answers is known here.
Errors: AccessDenied, FetchFailed, ArchiveError.
"""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from pd_assets.lib.errors import AccessDenied, ArchiveError, FetchFailed
from pd_assets.lib.settings import is_loopback

PROJECT = "PublicDomainDiffusion"
VERSION = "0.1.0"
TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 60.0
LONGEST_WAIT_S = 600.0
# A 429 without `Retry-After`: what to wait the first time, doubled with every further one.
UNNAMED_WAIT_S = 60.0
MAX_BODY_BYTES = 400_000_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class HostPolicy:
    """What a host allows: requests at a time, seconds between their starts, bits a second on average."""

    concurrency: int
    interval_s: float
    bits_per_s: float | None = None


ACTION_API = HostPolicy(concurrency=1, interval_s=0.21)
MEDIA = HostPolicy(concurrency=2, interval_s=0.5, bits_per_s=25e6)
LOOPBACK = HostPolicy(concurrency=2, interval_s=0.0)


@dataclass(kw_only=True)
class Traffic:
    """What one run asked of one host."""

    requests: int = 0
    size_bytes: int = 0
    waited_s: float = 0.0
    retries: int = 0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An HTTP answer with status 200, read whole."""

    url: str
    body: bytes
    headers: Mapping[str, str]

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip().lower()


@dataclass(kw_only=True)
class _Queue:
    """The queue of one host: at most `policy.concurrency` in flight, starts spaced, bandwidth averaged."""

    policy: HostPolicy
    slots: threading.Semaphore = field(init=False)
    lock: threading.Lock = field(default_factory=threading.Lock)
    next_start: float = 0.0

    def __post_init__(self) -> None:
        self.slots = threading.Semaphore(self.policy.concurrency)

    def reserve(self) -> float:
        """Seconds to wait before the next request may start."""
        with self.lock:
            now = time.monotonic()
            start = max(now, self.next_start)
            self.next_start = start + self.policy.interval_s
            return start - now

    def charge(self, size_bytes: int) -> None:
        """Push the next start back so that the bytes just read stay under the bandwidth limit."""
        if self.policy.bits_per_s:
            with self.lock:
                base = max(time.monotonic(), self.next_start)
                self.next_start = base + max(0.0, size_bytes * 8 / self.policy.bits_per_s - self.policy.interval_s)

    def hold(self, wait_s: float) -> None:
        """No request starts for `wait_s`: the host asked us to wait."""
        with self.lock:
            self.next_start = max(self.next_start, time.monotonic() + wait_s)


class PoliteSession:
    """HTTP GETs with the operator's contact in the User-Agent. Thread-safe; close it, or use it in a `with`."""

    def __init__(
        self,
        contact: str,
        *,
        tries: int = 5,
        sleep: Callable[[float], None] = time.sleep,
        read_timeout_s: float = READ_TIMEOUT_S,
    ) -> None:
        self.user_agent = f"{PROJECT}Bot/{VERSION} ({contact}) python-requests/{requests.__version__}"
        self.tries = tries
        self.read_timeout_s = read_timeout_s
        self.traffic: defaultdict[str, Traffic] = defaultdict(Traffic)
        self._sleep = sleep
        self._queues: dict[str, _Queue] = {}
        self._lock = threading.Lock()
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": self.user_agent, "Accept-Encoding": "gzip"})
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_connections=8, pool_maxsize=4))

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
        """GET `url` under the host's `policy`. `check` may return seconds to wait before asking again (maxlag)."""
        queue, traffic = self._queue(url, policy)
        tries = tries or self.tries
        reason = "no try was made"
        for attempt in range(tries):
            answer, reason, wait_s = self._once(url, queue, traffic, params, headers)
            if answer is not None:
                again_s = check(answer) if check else None
                if again_s is None:
                    return answer
                reason, wait_s = "the archive is not ready and asked to wait", again_s
            pause_s = wait_s if wait_s is not None else _unnamed_wait_s(reason, attempt)
            if attempt + 1 < tries or wait_s is not None:
                queue.hold(pause_s)
            if attempt + 1 < tries:
                log.warning("%s: %s; waiting %.0f s (try %d of %d)", url, reason, pause_s, attempt + 1, tries)
                with self._lock:
                    traffic.retries += 1
                    traffic.waited_s += pause_s
        raise FetchFailed(f"{url}: {reason}, {tries} times; the archive may be down: run again later")

    def _once(
        self,
        url: str,
        queue: _Queue,
        traffic: Traffic,
        params: Mapping[str, str | int] | None,
        headers: Mapping[str, str] | None,
    ) -> tuple[Answer | None, str, float | None]:
        """One try: the answer, or why there is none and how long the archive asked to wait (None: it did not say)."""
        with queue.slots:
            delay_s = queue.reserve()
            if delay_s > LONGEST_WAIT_S:
                raise FetchFailed(
                    f"{url}: the archive asked to wait {delay_s:.0f} s, which is longer than a run waits "
                    f"({LONGEST_WAIT_S:.0f} s); run again later"
                )
            self._sleep(delay_s)
            try:
                with self._session.get(
                    url,
                    params=params,
                    headers=headers,
                    timeout=(CONNECT_TIMEOUT_S, self.read_timeout_s),
                    stream=True,
                    # A proxy of the environment is for the archives, never for this machine.
                    proxies={"http": "", "https": ""} if is_loopback(url) else None,
                ) as response:
                    body = _read(response)
            except requests.RequestException as error:
                with self._lock:
                    traffic.requests += 1
                return None, _reason(error, self.read_timeout_s), None
            queue.charge(len(body))
        with self._lock:
            traffic.requests += 1
            traffic.size_bytes += len(body)
        return _judge(url, response, body)

    def _queue(self, url: str, policy: HostPolicy) -> tuple[_Queue, Traffic]:
        host = urlsplit(url).netloc
        with self._lock:
            # One queue per host and kind of traffic: on a wiki of one host, files must not wait behind the API.
            key = f"{host} {policy.concurrency}"
            if key not in self._queues:
                self._queues[key] = _Queue(policy=LOOPBACK if is_loopback(url) else policy)
            return self._queues[key], self.traffic[host]


def _read(response: requests.Response) -> bytes:
    length = response.headers.get("content-length", "")
    announced = int(length) if length.isdecimal() else 0
    if announced > MAX_BODY_BYTES:
        raise FetchFailed(f"{response.url}: {announced} bytes, more than {MAX_BODY_BYTES}", permanent=True)
    blocks: list[bytes] = []
    size = 0
    for block in response.iter_content(1 << 16):
        size += len(block)
        if size > MAX_BODY_BYTES:
            raise FetchFailed(f"{response.url}: more than {MAX_BODY_BYTES} bytes", permanent=True)
        blocks.append(block)
    return b"".join(blocks)


def _judge(url: str, response: requests.Response, body: bytes) -> tuple[Answer | None, str, float | None]:
    status = response.status_code
    if status == 200:
        return Answer(url=url, body=body, headers={k.lower(): v for k, v in response.headers.items()}), "", None
    if status == 403:
        raise AccessDenied(
            f"{url}: HTTP 403, the archive refuses this client; check that PD_CONTACT reaches you, "
            "and read the archive's User-Agent policy before running again"
        )
    if status in TRANSIENT:
        return None, f"HTTP {status}", retry_after_s(response.headers)
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


def _unnamed_wait_s(reason: str, attempt: int) -> float:
    """How long to wait where the archive did not say; longest after 429, which names us as the cause."""
    return min(LONGEST_WAIT_S, (UNNAMED_WAIT_S if reason == "HTTP 429" else 1.0) * 2**attempt)


def _reason(error: requests.RequestException, read_timeout_s: float) -> str:
    if isinstance(error, requests.ConnectTimeout):
        return f"no connection within {CONNECT_TIMEOUT_S:.0f} s"
    if isinstance(error, requests.Timeout):
        return f"no answer within {read_timeout_s:g} s"
    if isinstance(error, requests.ConnectionError):
        return "the connection was refused or lost"
    return f"the answer could not be read ({type(error).__name__})"


@contextmanager
def naming_the_archive(api: str, variable: str) -> Iterator[None]:
    """Turn a failure to reach `api` at all into one that names the setting to mend."""
    try:
        yield
    except FetchFailed as error:
        raise ArchiveError(
            f"{variable}={api} cannot be used: {error}; expected a MediaWiki api.php that answers"
        ) from error
