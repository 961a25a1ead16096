"""Waiting for something that the daemon does in its own time."""

import time
from collections.abc import Callable

# The backfill daemon looks every 30 seconds, and several runs in a row take a few of its looks.
PATIENCE_S = 300.0


def until(happened: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Poll until it happened; AssertionError where it does not in time."""
    deadline = time.monotonic() + patience_s
    while not happened():
        assert time.monotonic() < deadline, f"it did not happen in {patience_s:.0f} s"
        time.sleep(0.5)
