"""How often, how many at a time and how fast a host may be asked: the policies, and the queue that keeps to them.

Limits come from Wikimedia's robot policy (https://wikitech.wikimedia.org/wiki/Robot_policy, read 2026). No HTTP here.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

Clock = Callable[[], float]
Sleep = Callable[[float], None]
API, MEDIA_FILES = "api", "media"
# So many different addresses that fail with no success between them speak for their host; one speaks for itself.
SEVERAL = 3
# A window's bytes are counted in steps of this length, so that a fast transfer does not make a long list.
STEP_S = 0.05


@dataclass(frozen=True, kw_only=True)
class HostPolicy:
    """What a host allows for one kind of traffic. A rate is in requests a second; None is no limit.

    The rate begins at `start_per_s`, grows by `growth_per_s2` every second while all is well up to `most_per_s`, and is
    halved, not below `least_per_s`, when the host says that we are too much for it.
    """

    kind: str
    concurrency: int
    start_per_s: float | None = None
    most_per_s: float | None = None
    least_per_s: float = 0.05
    growth_per_s2: float = 0.05
    bits_per_s: float | None = None
    window_s: float = 10.0
    slow_after_s: float | None = None
    slow_pause_s: float = 5.0

    @property
    def window_bytes(self) -> float | None:
        """How many bytes any `window_s` seconds may bring."""
        return None if self.bits_per_s is None else self.bits_per_s * self.window_s / 8

    def unpaced(self) -> "HostPolicy":
        """The same number at a time, and no other limit: for archives on this machine."""
        return replace(self, start_per_s=None, most_per_s=None, bits_per_s=None, slow_after_s=None)


# The policy allows less than 5 a second; a client known only by its User-Agent may make 200 requests a minute.
ACTION_API = HostPolicy(kind=API, concurrency=1, start_per_s=3.2, most_per_s=3.2, slow_after_s=1.0)
ACTION_API_WITH_TOKEN = HostPolicy(kind=API, concurrency=3, start_per_s=9.5, most_per_s=9.5, slow_after_s=1.0)
# Allowed are 25 Mbit/s: the rest is what the buffers of two connections hold. Whoever started with more than about one
# file a second was refused long before the bandwidth was used up.
MEDIA = HostPolicy(kind=MEDIA_FILES, concurrency=2, start_per_s=1.0, most_per_s=20.0, bits_per_s=24e6)

# The Smithsonian states no limit, and a firewall before its delivery service rejects who comes too often.
MUSEUM_MEDIA = HostPolicy(kind=MEDIA_FILES, concurrency=2, start_per_s=1.0, most_per_s=4.0, bits_per_s=24e6)
# Cleveland states none: a picture at a time, no more than one a second.
SLOW_MUSEUM_MEDIA = HostPolicy(kind=MEDIA_FILES, concurrency=1, start_per_s=1.0, most_per_s=1.0, bits_per_s=24e6)


def action_api(token: str | None) -> HostPolicy:
    """What the Action API allows a client with this token, or without one."""
    return ACTION_API_WITH_TOKEN if token else ACTION_API


@dataclass(kw_only=True)
class HostQueue:
    """The queue before one host. A request holds one of `slots`, waits for its turn, and reads as fast as it may."""

    policy: HostPolicy
    clock: Clock = time.monotonic
    sleep: Sleep = time.sleep
    slots: threading.Semaphore = field(init=False)
    per_s: float | None = field(init=False)
    # Why the host lets nobody of us in any more; other threads must not go on knocking.
    refusal: str = ""
    successes: int = 0
    _failing: dict[str, set[str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _next_start: float = 0.0
    _held_until: float = 0.0
    _halved_at: float = 0.0
    _steps: deque[tuple[float, int]] = field(default_factory=deque)
    _window_bytes: int = 0

    def __post_init__(self) -> None:
        self.slots = threading.Semaphore(self.policy.concurrency)
        self.per_s = self.policy.start_per_s

    def delay_s(self) -> float:
        """Seconds until the queue lets anybody through."""
        return max(0.0, max(self._next_start, self._held_until) - self.clock())

    def wait_for_turn(self) -> float:
        """Wait until a request may start, also where the host asks for more while we wait; the seconds waited."""
        with self._lock:
            now = self.clock()
            start = max(now, self._next_start, self._held_until)
            self._next_start = start + (1 / self.per_s if self.per_s else 0.0)
        waited_s = start - now
        self.sleep(waited_s)
        while (held_until := self._held_until) > start:
            more_s = held_until - max(start, self.clock())
            start = held_until
            if more_s > 0:
                self.sleep(more_s)
                waited_s += more_s
        return waited_s

    def hold(self, wait_s: float) -> None:
        """No request starts for `wait_s`."""
        with self._lock:
            self._held_until = max(self._held_until, self.clock() + wait_s)

    def take(self, size_bytes: int) -> float:
        """Count bytes that were just read, and wait where the window is full of them; the seconds waited."""
        limit = self.policy.window_bytes
        if limit is None:
            return 0.0
        with self._lock:
            now = self.clock()
            self._forget_before(now - self.policy.window_s)
            self._count(now, size_bytes)
            wait_s = self._full_for_s(now, limit)
        if wait_s:
            self.sleep(wait_s)
        return wait_s

    def went_well(self, slow_s: float) -> None:
        """An answer came: the rate grows a little; one that took the host long earns it a pause."""
        with self._lock:
            self.successes += 1
            self._failing.clear()
        if self.per_s and self.policy.most_per_s:
            with self._lock:
                # One answer stands for 1 / rate seconds in which all was well.
                self.per_s = min(self.policy.most_per_s, self.per_s + self.policy.growth_per_s2 / self.per_s)
        if self.policy.slow_after_s is not None and slow_s > self.policy.slow_after_s:
            self.hold(self.policy.slow_pause_s)

    def fails(self, way: str, address: str) -> bool:
        """Note that an address failed in some way; whether several different ones did since the last success."""
        with self._lock:
            failing = self._failing.setdefault(way, set())
            if len(failing) < SEVERAL:
                failing.add(address)
            return len(failing) == SEVERAL

    def was_too_much(self, started: float) -> None:
        """The host refused a request that began at `started`: halve the rate, once for all that were under way."""
        with self._lock:
            if self.per_s and started >= self._halved_at:
                self.per_s = max(self.policy.least_per_s, self.per_s / 2)
                self._halved_at = self.clock()

    def _count(self, now: float, size_bytes: int) -> None:
        self._window_bytes += size_bytes
        if self._steps and now - self._steps[-1][0] < STEP_S:
            began, size = self._steps.pop()
            # A step lasts from its first byte; it is forgotten as late as its last.
            self._steps.append((began, size + size_bytes))
        else:
            self._steps.append((now, size_bytes))

    def _forget_before(self, moment: float) -> None:
        while self._steps and self._steps[0][0] + STEP_S < moment:
            self._window_bytes -= self._steps.popleft()[1]

    def _full_for_s(self, now: float, limit: float) -> float:
        """Seconds until so many bytes have left the window that it holds `limit` at most."""
        excess = self._window_bytes - limit
        for began, size in self._steps:
            if excess <= 0:
                return 0.0
            excess -= size
            wait_s = began + STEP_S + self.policy.window_s - now
            if excess <= 0:
                return max(0.0, wait_s)
        return 0.0
