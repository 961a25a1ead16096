"""Progress of whatever takes more than a few seconds: a bar on a terminal, elsewhere a line after ever longer pauses.

PD_PROGRESS=bar draws bars although stderr is no terminal: Dagster keeps a step's output in a file that it shows.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")

LINE_COLUMNS = 100
# Elsewhere: the first line after so long, each pause twice as long as the one before, up to the longest.
FIRST_LINE_S, LONGEST_PAUSE_S = 10.0, 600.0


class Pauses:
    """Between the lines of one piece of work: each is twice as long as the one before, up to the longest."""

    def __init__(self) -> None:
        self._pause_s = self._next_s = FIRST_LINE_S

    def are_over(self, elapsed_s: float) -> bool:
        """Whether a line is due so long after the beginning; the next pause then begins."""
        if elapsed_s < self._next_s:
            return False
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        self._next_s = elapsed_s + self._pause_s
        return True


def track(items: Iterable[T], title: str, *, total: int | None = None, unit: str = "pictures") -> Iterator[T]:
    """Yield `items`, showing how far it is on stderr; work of under a second shows nothing."""
    if not (sys.stderr.isatty() or os.environ.get("PD_PROGRESS") == "bar"):
        yield from _told_in_lines(items, title, total, unit)
        return
    yield from tqdm(
        items,
        desc=f"  {title}",
        total=total,
        unit=f" {unit}",
        delay=1.0,
        mininterval=0.2,
        leave=False,
        ncols=LINE_COLUMNS,
    )


def _told_in_lines(items: Iterable[T], title: str, total: int | None, unit: str) -> Iterator[T]:
    started_s, pauses = time.monotonic(), Pauses()
    of = f" of {total}" if total is not None else ""
    for done, item in enumerate(items, 1):
        yield item
        elapsed_s = time.monotonic() - started_s
        if pauses.are_over(elapsed_s):
            sys.stderr.write(f"  {title}: {done}{of} {unit} after {elapsed_s:.0f} s\n")
            sys.stderr.flush()
