"""How long a test waits for what is to happen: until it happens.

The limit is there for a hang alone; a busy machine does not meet it. PD_TEST_PATIENCE multiplies it.
"""

import inspect
import os
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

# Read once: the tests' fixtures remove every such setting.
SCALE = float(os.environ.get("PD_TEST_PATIENCE", "1"))
PATIENCE_S = 900.0 * SCALE
# For a whole test, which may wait for several things.
TEST_PATIENCE_S = 4 * PATIENCE_S
LONGEST_PAUSE_S = 0.5


def until(
    happened: Callable[[], Found],
    last_words: Callable[[], str] = lambda: "",
    *,
    longest_pause_s: float = LONGEST_PAUSE_S,
) -> Found:
    """Ask again and again until the answer is true, and return it. The error of one that never is has `last_words`."""
    deadline = time.monotonic() + PATIENCE_S
    pause_s = min(0.05, longest_pause_s)
    while not (found := happened()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {PATIENCE_S:.0f} s in vain for: {_said(happened)}\n{last_words()}")
        time.sleep(pause_s)
        pause_s = min(1.2 * pause_s, longest_pause_s)
    return found


def _said(awaited: Callable[[], object]) -> str:
    try:
        return inspect.getsource(awaited).strip()
    except (OSError, TypeError):
        return repr(awaited)
