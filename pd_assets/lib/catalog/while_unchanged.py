"""Answers kept in memory for as long as the files that they were made of stay as they are: for pages that are asked for
again and again. Nothing is written. A file counts by its name, size and time.
"""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar, cast

from pd_assets.lib.catalog.schemas import Table
from pd_assets.lib.catalog.tables import files_of
from pd_assets.lib.home import Home

Answer = TypeVar("Answer")
Place = Table | Path


class WhileUnchanged:
    """The answers about one home, by name; a question is asked by one thread at a time."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._kept: dict[str, tuple[object, object]] = {}

    def answer(self, name: str, places: Iterable[Place], make: Callable[[], Answer]) -> Answer:
        """What `make` gives, made again once a file of a place (a table, a file, or a folder of files) is another."""
        with self._lock:
            own = self._locks.setdefault(name, threading.Lock())
        with own:
            state = [seen for place in places for seen in self._state(place)]
            known = self._kept.get(name)
            if known is not None and known[0] == state:
                return cast(Answer, known[1])
            made = make()
            self._kept[name] = (state, made)
            return made

    def _state(self, place: Place) -> list[object]:
        if isinstance(place, Path):
            return [_seen(path) for path in (sorted(place.iterdir()) if place.is_dir() else [place])]
        return [_seen(path) for path in files_of(self.home, place)]


def _seen(path: Path) -> object:
    try:
        found = path.stat()
    except OSError:
        return path, "missing"
    return path, found.st_size, found.st_mtime_ns
