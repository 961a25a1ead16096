"""What a piece of work costs, told so that neither a busy machine nor the tests before it change the answer."""

import gc
import hashlib
import time
from collections.abc import Callable

# What the yardstick takes on a quiet core (x86, 2026).
YARDSTICK_S = 0.1


def cost_s(work: Callable[[], object]) -> float:
    """CPU-seconds of `work` as they would be on a quiet core.

    A core that is shared with a neighbour takes twice the CPU-seconds for the same work: what a fixed piece of Python
    takes at that moment, before or after, tells how slow it is. The collector of garbage waits meanwhile: what it
    looks through belongs to other tests.
    """
    gc.disable()
    try:
        before = _spent_s(_yardstick)
        spent = _spent_s(work)
        return spent * YARDSTICK_S / max(before, _spent_s(_yardstick))
    finally:
        gc.enable()


def _spent_s(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _yardstick() -> None:
    """Dictionaries, text, small objects and a digest: what our code does most."""
    words: dict[str, int] = {}
    for number in range(200_000):
        word = f"{number * 7919 % 9973:x}"
        words[word] = words.get(word, 0) + len(word.upper().split("a"))
    hashlib.sha256(" ".join(sorted(words)).encode()).hexdigest()
