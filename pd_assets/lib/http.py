"""One polite session: an honest User-Agent, one queue per host, pacing, bounded retries, typed errors.

What a host allows is in lib/pacing.py, where a request may go in addresses.py, how an answer is read in answers.py,
whom a fault concerns in tries.py. Nothing about MediaWiki is known here, except that it repeats the code of an error in
the header `MediaWiki-API-Error`. Errors: AccessDenied, ArchiveResting, FetchFailed with AddressRefused and
RequestRejected, ArchiveError, ConfigError; a full disk while downloading is an OSError.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import requests

from pd_assets.lib.addresses import VARIABLE, Archive, archive_at, plain
from pd_assets.lib.answers import MOST_BYTES, MOST_UNPACKED_BYTES, Answer, Reading, retry_after_s
from pd_assets.lib.connections import BadAnswer, Connections
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
from pd_assets.lib.request import Request, prepare
from pd_assets.lib.settings import LOCAL_USE, is_loopback
from pd_assets.lib.tries import LONGEST_WAIT_S, REFUSED, REJECTED, Tries, Try

__all__ = [
    "ACTION_API",
    "MEDIA",
    "Answer",
    "HostPolicy",
    "PoliteSession",
    "Traffic",
    "naming_the_archive",
    "retry_after_s",
]

PROJECT = "PublicDomainDiffusion"
VERSION = "0.1.0"
TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
MOVED = frozenset({301, 302, 303, 307, 308})
MOST_REDIRECTS = 5
READ_THE_POLICY = "check that PD_CONTACT reaches you, and read the archive's User-Agent policy before running again"
ERROR_HEADER = "mediawiki-api-error"
HTML_PAGE = "an HTML page instead of an answer"
READ_TIMEOUT_S = 60.0
# For a whole answer, however steadily it trickles; what we wait ourselves for the bandwidth's sake is not counted.
ANSWER_TIMEOUT_S = 600.0

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


class PoliteSession:
    """HTTP GETs with the operator's contact in the User-Agent. Thread-safe; close it, or use it in a `with`.

    Archives on this machine are not paced unless `pace_loopback`; how many requests run at a time is limited always.
    Only `archives` are asked, where they are given; without them a request may not leave the host it begins with.
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
        archives: tuple[Archive, ...] = (),
    ) -> None:
        self._is_for_local_use = contact == LOCAL_USE
        self.user_agent = f"{PROJECT}Bot/{VERSION} ({contact}) python-requests/{requests.__version__}"
        self.tries = tries
        self.read_timeout_s = read_timeout_s
        self.answer_timeout_s = answer_timeout_s
        self.pace_loopback = pace_loopback
        self.archives = archives
        self.traffic: dict[tuple[str, str], Traffic] = {}
        self._sleep = sleep
        self._clock = clock
        self._queues: dict[tuple[str, str], HostQueue] = {}
        self._lock = threading.Lock()
        self._connections = Connections(head_timeout_s=answer_timeout_s)

    def __enter__(self) -> "PoliteSession":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connections.close()

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
        most_bytes = MOST_UNPACKED_BYTES if policy.kind == API else MOST_BYTES
        return self._get(self._request(url, policy, params, headers, most_bytes, check=check), policy, tries)

    def download(
        self,
        url: str,
        into: Path,
        *,
        policy: HostPolicy,
        headers: Mapping[str, str] | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> Answer:
        """GET `url` into a file, in bounded memory; with `If-None-Match` and the like the status may be 304."""
        return self._get(self._request(url, policy, None, headers, most_bytes, into=into), policy, None)

    def _request(
        self,
        url: str,
        policy: HostPolicy,
        params: Mapping[str, str | int] | None,
        headers: Mapping[str, str] | None,
        most_bytes: int,
        *,
        check: Callable[[Answer], float | None] | None = None,
        into: Path | None = None,
    ) -> Request:
        ours = {"User-Agent": self.user_agent, "Accept-Encoding": "gzip" if policy.kind == API else "identity"}
        place, prepared = prepare(url, params, {**ours, "Accept": "*/*", "Connection": "keep-alive", **(headers or {})})
        return Request(named=plain(url), prepared=prepared, place=place, check=check, into=into, most_bytes=most_bytes)

    def _archive(self, request: Request) -> Archive:
        """The archive that a request is for, which is all that it may reach."""
        known = self.archives or (archive_at(request.place),)
        found = next((archive for archive in known if archive.has(request.place)), None)
        if found is None:
            raise FetchFailed(
                f"{request.named}: {request.place.host} is no host of the archives that are set; "
                f"if it is to be asked, name it in {VARIABLE}",
                permanent=True,
            )
        if self._is_for_local_use and not is_loopback(request.address):
            raise ConfigError(
                f"{request.named} is not on this machine, and PD_CONTACT is not set; set it to your e-mail or page"
            )
        return found

    def _get(self, request: Request, policy: HostPolicy, most_tries: int | None) -> Answer:
        archive = self._archive(request)
        tries = Tries(most=most_tries or self.tries)
        while not tries.are_over:
            asked = self._follow(request, archive, policy, tries)
            if asked.answer is not None:
                return asked.answer
        failure = RequestRejected if tries.problem == REJECTED else FetchFailed
        raise failure(f"{request.named}: {tries.problem}, {tries.most} times; the archive may be down: run again later")

    def _follow(self, request: Request, archive: Archive, policy: HostPolicy, tries: Tries) -> Try:
        """One try, wherever it is sent on to; after one without an answer, its pause."""
        for _ in range(MOST_REDIRECTS + 1):
            queue, traffic = self._queue(request.address, policy)
            # Where it is the host's pause, it begins before anybody else may have the slot.
            with queue.slots:
                asked = self._ask(request, archive, queue, traffic)
                if asked.answer is not None:
                    return asked
                own_pause_s = tries.failed(asked, request, queue) if asked.moved_to is None else 0.0
            if asked.moved_to is None:
                self._pause(request, tries, own_pause_s, traffic)
                return asked
            request = request.moved(asked.moved_to, archive)
        raise FetchFailed(f"{request.named}: more than {MOST_REDIRECTS} redirects")

    def _pause(self, request: Request, tries: Tries, own_pause_s: float, traffic: Traffic) -> None:
        if tries.are_over:
            return
        said = (request.named, tries.problem, tries.pause_s, tries.done, tries.most)
        log.warning("%s: %s; waiting %.0f s (try %d of %d)", *said)
        with self._lock:
            traffic.retries += 1
            traffic.waited_s += own_pause_s
        if own_pause_s:
            self._sleep(own_pause_s)

    def _ask(self, request: Request, archive: Archive, queue: HostQueue, traffic: Traffic) -> Try:
        """One request, in its turn, and what the caller makes of the answer."""
        asked = self._once(request, archive, queue, traffic)
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

    def _once(self, request: Request, archive: Archive, queue: HostQueue, traffic: Traffic) -> Try:
        """One request in its turn, counted."""
        if queue.refusal:
            raise AccessDenied(queue.refusal)
        delay_s = queue.delay_s()
        if delay_s > LONGEST_WAIT_S:
            raise ArchiveResting(
                f"{request.named}: the archive asked to wait {delay_s:.0f} s, which is longer than a run waits "
                f"({LONGEST_WAIT_S:.0f} s); run again later"
            )
        waited_s = queue.wait_for_turn()
        reading = Reading(pace=queue.take, read_timeout_s=self.read_timeout_s, deadline_s=self.answer_timeout_s)
        started = self._clock()
        try:
            asked = self._exchange(request, archive, reading)
        except AddressRefused as error:
            if queue.fails(REFUSED, request.address):
                queue.refusal = (
                    f"{request.named}: HTTP 403, as for several other addresses: the archive refuses this client; "
                    f"{READ_THE_POLICY}"
                )
                raise AccessDenied(queue.refusal) from error
            raise
        finally:
            self._count(traffic, reading, waited_s)
        return replace(asked, started=started)

    def _exchange(self, request: Request, archive: Archive, reading: Reading) -> Try:
        """Ask and read. What went wrong is counted in `reading`, also where it raises."""
        began = time.monotonic()
        try:
            with self._connections.send(
                request.prepared,
                only_public=request.place not in archive.private,
                read_timeout_s=self.read_timeout_s,
            ) as response:
                served_after_s = time.monotonic() - began
                asked = _judge(request, response, _read(request, response, reading), reading)
        except BadAnswer as error:
            asked, served_after_s = Try(problem=str(error)), 0.0
        if asked.problem:
            reading.errors.append(asked.problem)
        elif asked.answer and (code := asked.answer.headers.get(ERROR_HEADER)):
            reading.errors.append(code)
        return replace(asked, served_after_s=served_after_s)

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

    def _count(self, traffic: Traffic, reading: Reading, waited_s: float) -> None:
        with self._lock:
            traffic.requests += 1
            traffic.size_bytes += reading.size_bytes
            traffic.waited_s += waited_s + reading.waited_s
            traffic.errors.update(reading.errors)
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


def _site(url: str) -> str:
    """The hosts that share their limits: those of one domain, such as Wikimedia's two media hosts."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    is_name = not host.rpartition(".")[2].isdecimal() and ":" not in host and host.count(".") > 1
    return ".".join(host.split(".")[-2:]) if is_name else parts.netloc.rpartition("@")[2]


def _read(request: Request, response: requests.Response, reading: Reading) -> bytes:
    """The body of an answer, or its start where it is in the file or tells of an error."""
    if response.status_code != 200:
        return reading.start(response)
    if request.into is None:
        return reading.body(response, request.most_bytes)
    return reading.into(request.into, response, request.most_bytes)


def _judge(request: Request, response: requests.Response, body: bytes, reading: Reading) -> Try:
    status = response.status_code
    headers = {k.lower(): v for k, v in response.headers.items()}
    answer = Answer(url=request.named, body=body, headers=headers, status=status)
    if status == 200 or (status == 304 and request.is_conditional) or (status == 403 and answer.is_rejection):
        return Try(answer=answer)
    if status in TRANSIENT:
        return Try(problem=f"HTTP {status}", wait_s=retry_after_s(response.headers))
    if status in MOVED and headers.get("location"):
        return Try(moved_to=headers["location"])
    reading.errors.append(f"HTTP {status}")
    if status == 403:
        raise AddressRefused(
            f"{request.named}: HTTP 403, the archive refuses this address; if it refuses all, {READ_THE_POLICY}"
        )
    where = " without an address" if status in MOVED else ""
    raise FetchFailed(f"{request.named}: HTTP {status}{where}", permanent=status in (400, 404, 410))


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
