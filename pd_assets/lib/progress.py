"""Progress of whatever takes more than a few seconds: a bar on a terminal, a line now and then elsewhere.

PD_PROGRESS=bar draws bars although stderr is no terminal: Dagster keeps a step's output in a file that it shows.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")

LINE_EVERY_S = 5.0
LINE_COLUMNS = 100


def track(items: Iterable[T], title: str, *, total: int | None = None, unit: str = "pictures") -> Iterator[T]:
    """Yield `items`, showing how far it is on stderr; work of under a second shows nothing."""
    on_terminal = sys.stderr.isatty() or os.environ.get("PD_PROGRESS") == "bar"
    yield from tqdm(
        items,
        desc=f"  {title}",
        total=total,
        unit=f" {unit}",
        delay=1.0,
        mininterval=0.2 if on_terminal else LINE_EVERY_S,
        leave=False,
        ncols=LINE_COLUMNS,
        ascii=not on_terminal,
    )
