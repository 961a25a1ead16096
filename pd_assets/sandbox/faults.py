"""The edge of the archive: which clients it refuses, the faults it is told to show, and the log of requests.

Faults are set by tests and by `POST /sandbox/faults`; nothing is faulty at first.
"""

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pd_assets.lib.errors import SandboxError

KEPT_REQUESTS = 50_000
RETRY_AFTER_S = 1
_LIBRARY_AGENT = re.compile(
    r"^(python-requests|python-urllib|python-httpx|aiohttp|curl|wget|go-http-client|java|okhttp|libwww-perl)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A status that is answered instead of the real answer."""

    status: int
    reason: str
    retry_after_s: int | None = None


@dataclass(frozen=True, kw_only=True)
class Request:
    """One line of the request log."""

    timestamp: float
    method: str
    path: str
    params: Mapping[str, str]
    status: int
    size_bytes: int
    user_agent: str


@dataclass(kw_only=True)
class Faults:
    """Faults to be shown. `status` is answered `times` more times to paths that start with `path`; `lag` is the
    replicas' lag in seconds; requests beyond `max_concurrent` or `max_per_second` get 429."""

    lag: float | None = None
    status: int | None = None
    times: int = 0
    path: str = "/w"
    retry_after_s: int = RETRY_AFTER_S
    delay_s: float = 0.0
    max_concurrent: int | None = None
    max_per_second: int | None = None
    log: deque[Request] = field(default_factory=lambda: deque(maxlen=KEPT_REQUESTS))
    clock: Callable[[], float] = time.monotonic
    _open: int = 0
    _recent: deque[float] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def set(self, values: Mapping[str, object]) -> None:
        """Sets what is named and leaves the rest; `{"clear": true}` ends all faults. Errors: SandboxError."""
        for name, value in values.items():
            if name == "clear":
                self.clear()
            elif name not in _SETTABLE:
                raise SandboxError(f"No fault is called {name!r}; there are {', '.join(_SETTABLE)} and clear.")
            elif isinstance(value, bool) or not isinstance(value, _SETTABLE[name]):
                raise SandboxError(f"The fault {name} cannot be {value!r}; give a value like {_EXAMPLES[name]}.")
            else:
                setattr(self, name, value)
        if "status" in values and "times" not in values:
            self.times = 1

    def clear(self) -> None:
        """Back to no fault at all; the log stays."""
        fresh = Faults()
        for name in _SETTABLE:
            setattr(self, name, getattr(fresh, name))

    def entered(self, path: str) -> Refusal | None:
        """Counts a request in and says whether it is refused; `left` must follow in any case."""
        with self._lock:
            self._open += 1
            if self.times > 0 and self.status is not None and path.startswith(self.path):
                self.times -= 1
                return Refusal(status=self.status, reason="told to fail", retry_after_s=self.retry_after_s)
            if self.max_concurrent is not None and self._open > self.max_concurrent:
                return Refusal(status=429, reason="too many requests at once", retry_after_s=self.retry_after_s)
            if self.max_per_second is not None and not self._within_rate(self.max_per_second):
                return Refusal(status=429, reason="too many requests a second", retry_after_s=self.retry_after_s)
            return None

    def left(self, request: Request) -> None:
        """Counts a request out and logs it."""
        with self._lock:
            self._open -= 1
            self.log.append(request)

    def _within_rate(self, per_second: int) -> bool:
        now = self.clock()
        while self._recent and now - self._recent[0] > 1:
            self._recent.popleft()
        if len(self._recent) >= per_second:
            return False
        self._recent.append(now)
        return True


_NUMBER, _WHOLE, _TEXT = (int, float, type(None)), (int, type(None)), (str,)
_SETTABLE: Mapping[str, tuple[type, ...]] = {
    "lag": _NUMBER,
    "status": _WHOLE,
    "times": (int,),
    "path": _TEXT,
    "retry_after_s": (int,),
    "delay_s": (int, float),
    "max_concurrent": _WHOLE,
    "max_per_second": _WHOLE,
}
_EXAMPLES: Mapping[str, object] = {
    "lag": 7,
    "status": 429,
    "times": 3,
    "path": "/wikipedia",
    "retry_after_s": 1,
    "delay_s": 0.5,
    "max_concurrent": 2,
    "max_per_second": 5,
}


def refused_agent(user_agent: str) -> Refusal | None:
    """The User-Agent policy: nameless clients and libraries' default names are turned away."""
    if user_agent.strip() and not _LIBRARY_AGENT.match(user_agent):
        return None
    return Refusal(
        status=403,
        reason="Please set a user-agent with contact information and respect our robot policy, see https://w.wiki/4wJS.",
    )
