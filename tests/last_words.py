"""What the processes of a test said last, for the report of a test that fails.

Whoever starts a server or a command says here where its log is; tests/conftest.py adds the logs to the report.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LINES = 60
MOST_BYTES = 64 * 1024
Source = Path | Callable[[], str]

_at_work: dict[int, tuple[str, Source]] = {}
_said: list[tuple[str, str]] = []


@contextmanager
def of(name: str, source: Source) -> Iterator[None]:
    """In this block a process writes the log `source`; its end is kept until the next test begins."""
    key = object()
    _at_work[id(key)] = (name, source)
    try:
        yield
    finally:
        del _at_work[id(key)]
        said(name, source)


def said(name: str, source: Source | str) -> None:
    """Keep the end of what a process that has ended wrote."""
    _said.append((name, _end(source)))


def forget() -> None:
    """A test begins: what ended before is no part of it."""
    _said.clear()


def sections() -> list[tuple[str, str]]:
    """The last lines of each process of this test, those of running servers included."""
    living = [(name, _end(source)) for name, source in _at_work.values()]
    return [(f"last words of {name}", text) for name, text in [*_said, *living] if text]


def _end(source: Source | str) -> str:
    text = source if isinstance(source, str) else ""
    # A log may be gone or broken; that is no reason for a second error.
    with suppress(Exception):
        text = _read(source) if isinstance(source, Path) else source() if callable(source) else text
    return "\n".join(text.splitlines()[-LINES:])


def _read(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - MOST_BYTES))
        return file.read().decode(errors="replace")
