"""Time that passes when somebody sleeps, at no cost: a clock and a sleep for queues and sessions."""

import threading
import time


class VirtualTime:
    """Real time plus what was slept. `sleeps` are the waits, in the order in which they began."""

    def __init__(self, *, is_running: bool = True) -> None:
        self.sleeps: list[float] = []
        self._slept_s = 0.0
        self._is_running = is_running
        self._lock = threading.Lock()

    def clock(self) -> float:
        """Seconds, monotonic; without `is_running` nothing but sleeping makes them pass."""
        with self._lock:
            return self._slept_s + (time.monotonic() if self._is_running else 1000.0)

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        with self._lock:
            self.sleeps.append(seconds)
            self._slept_s += seconds

    @property
    def longest(self) -> float:
        return max(self.sleeps)
