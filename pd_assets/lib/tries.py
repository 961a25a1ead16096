"""The tries of a request: what became of each, how long to wait after it, and whether the host waits or it alone."""

from dataclasses import dataclass

from pd_assets.lib.answers import Answer
from pd_assets.lib.errors import FetchFailed
from pd_assets.lib.pacing import API, HostQueue
from pd_assets.lib.request import Request

LONGEST_WAIT_S = 600.0
TOO_MUCH, BUSY = "HTTP 429", "HTTP 503"
REJECTED = "a page that says Request Rejected"
# In which ways addresses fail, as the queue counts them.
REFUSED, FAILED = "refused", "failed"
# Where nobody says how long: what to wait the first time, doubled with every further one. Longest after 429, which
# names us as the cause; a second after everything else.
UNNAMED_WAITS_S = {TOO_MUCH: 60.0, REJECTED: 5.0}


@dataclass(frozen=True, kw_only=True)
class Try:
    """One try: an answer, or why there is none, and the seconds that the archive asked to wait, if it did."""

    answer: Answer | None = None
    problem: str = ""
    wait_s: float | None = None
    doubles: bool = False
    started: float = 0.0
    served_after_s: float = 0.0
    moved_to: str | None = None

    @property
    def is_too_much(self) -> bool:
        """Whether it says that the host has more to do than it can."""
        return self.problem in (TOO_MUCH, BUSY, REJECTED)

    @property
    def blames_us(self) -> bool:
        """Whether it says of the host that we are to wait. A wait without end that 503 asks for is that address's."""
        is_short = self.wait_s is not None and self.wait_s <= LONGEST_WAIT_S
        return self.problem in (TOO_MUCH, REJECTED) or (self.problem == BUSY and is_short)


@dataclass(kw_only=True)
class Tries:
    """The tries of one request."""

    most: int
    done: int = 0
    problem: str = ""
    pause_s: float = 0.0
    _successes_before: int | None = None

    @property
    def are_over(self) -> bool:
        return self.done == self.most

    def failed(self, asked: Try, request: Request, queue: HostQueue) -> float:
        """Count a try without an answer. Its pause is the host's, or this request's alone: its seconds, else 0."""
        self.pause_s = _pause_s(asked, self.done)
        self.done += 1
        self.problem = asked.problem
        is_of_host = self._is_of_host(asked, request, queue)
        self._successes_before = queue.successes
        if is_of_host:
            if asked.is_too_much:
                queue.was_too_much(asked.started)
            if not self.are_over or asked.wait_s is not None:
                queue.hold(self.pause_s)
            return 0.0
        if self.pause_s > LONGEST_WAIT_S:
            raise FetchFailed(
                f"{request.named}: {asked.problem}, and it asked to wait {self.pause_s:.0f} s; run again later"
            )
        return self.pause_s

    def _is_of_host(self, asked: Try, request: Request, queue: HostQueue) -> bool:
        """Whether a fault is the host's, so that nobody else asks it meanwhile; else it is that of one address.

        A host that says so is believed, but not about an address that it says it of again while others are answered.
        An API is one address, whatever it is asked.
        """
        several_fail = queue.fails(FAILED, request.address)
        others_go_well = self._successes_before is not None and queue.successes > self._successes_before
        is_long = asked.wait_s is not None and asked.wait_s > LONGEST_WAIT_S and not asked.blames_us
        return several_fail or (asked.blames_us and not others_go_well) or (queue.policy.kind == API and not is_long)


def _pause_s(asked: Try, attempt: int) -> float:
    """How long to wait after a try."""
    if asked.wait_s is not None:
        return _doubled(asked.wait_s, attempt) if asked.doubles else asked.wait_s
    return _doubled(UNNAMED_WAITS_S.get(asked.problem, 1.0), attempt)


def _doubled(wait_s: float, attempt: int) -> float:
    return max(wait_s, min(LONGEST_WAIT_S, wait_s * 2**attempt))
