"""Keeps the index of the gallery in step: the one that is there is served while a newer one is made beside the pages.

A small home's is made in a thread, a large one's in a process of its own, which leaves the pages their time. One that is
damaged is removed and made anew.
"""

import logging
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from threading import Lock, Thread

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import ITEMS
from pd_assets.lib.errors import PdError
from pd_assets.lib.gallery.building import TOLD, build, fingerprint, place
from pd_assets.lib.gallery.index import DamagedIndex, Gallery
from pd_assets.lib.home import Home, remove_folder

# Of so many items and more it is made in a process of its own.
LARGE = 20_000
# A page waits so long for one that is being made; where there is none yet a little longer.
WAITS_S, WAITS_FIRST_S = 1.0, 4.0
# The tables are looked at so often, and tried again so long after they could not be read.
LOOKS_EVERY_S, TRIES_AGAIN_S = 0.5, 60.0

log = logging.getLogger(__name__)


class Keeper:
    """The index of one home under one profile. `problem`: why it could not be made of the tables as they are."""

    def __init__(
        self, home: Home, profile: str, *, make: Callable[[Home, str], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.home, self.profile, self.problem = home, profile, ""
        self._make, self._clock = make or _made, clock
        self._lock = Lock()
        self._open: Gallery | None = None
        self._wanted, self._looked = "", float("-inf")
        self._failed, self._failed_at = "", float("-inf")
        self._at_work: Thread | None = None

    @property
    def is_making(self) -> bool:
        """Whether a newer one is being made."""
        at_work = self._at_work
        return at_work is not None and at_work.is_alive()

    def gallery(self) -> Gallery | None:
        """The index as it is: of the tables as they are, or an older one while a new one is made; None before the first."""
        found = self._now()
        if self.is_making:
            is_small = found is not None and found.count < LARGE
            at_work = self._at_work
            assert at_work is not None
            at_work.join(WAITS_FIRST_S if found is None else WAITS_S if is_small else 0.0)
            found = self._now()
        return found

    def current(self) -> Gallery | None:
        """The index, where it is that of the tables as they are; nothing is waited for."""
        found = self._now()
        return found if found is not None and found.fingerprint == self._wanted else None

    def _now(self) -> Gallery | None:
        with self._lock:
            if self._clock() - self._looked >= LOOKS_EVERY_S:
                self._wanted, self._looked = fingerprint(self.home, self.profile), self._clock()
            if self._open is None or self._open.fingerprint != self._wanted:
                self._open = self._opened(self._wanted) or self._open or self._older()
                if self._open is None or self._open.fingerprint != self._wanted:
                    self._begin()
            return self._open

    def _opened(self, wanted: str) -> Gallery | None:
        folder = place(self.home) / wanted
        if not (folder / TOLD).is_file():
            return None
        try:
            found = Gallery(folder)
        except DamagedIndex as damage:
            log.warning("%s; it is made anew", damage)
            remove_folder(folder)
            return None
        self.problem = ""
        self._remove_others(folder)
        return found

    def _older(self) -> Gallery | None:
        for told in sorted(place(self.home).glob(f"[!.]*/{TOLD}"), key=_time, reverse=True):
            try:
                return Gallery(told.parent)
            except DamagedIndex:
                remove_folder(told.parent)
        return None

    def _remove_others(self, folder: Path) -> None:
        for other in place(self.home).glob("[!.]*"):
            if other != folder and other.is_dir():
                remove_folder(other)

    def _begin(self) -> None:
        if self.is_making or (self._failed == self._wanted and self._clock() - self._failed_at < TRIES_AGAIN_S):
            return
        self._at_work = Thread(target=self._work, args=(self._wanted,), daemon=True, name="gallery")
        self._at_work.start()

    def _work(self, wanted: str) -> None:
        try:
            self._make(self.home, self.profile)
            # What was made may be of newer tables than were looked at.
            self._looked = float("-inf")
        except (PdError, OSError, subprocess.SubprocessError) as error:
            self.problem = " ".join(str(error).split())
            self._failed, self._failed_at = wanted, self._clock()
            log.warning("the index of the gallery could not be made: %s", self.problem)


def _made(home: Home, profile: str) -> None:
    if tables.count_rows(home, ITEMS) < LARGE:
        build(home, profile)
        return
    command = [sys.executable, "-m", "pd_assets.lib.gallery", str(home.root), profile]
    done = subprocess.run([*command, *([] if home.may_write else [str(home.scratch)])], capture_output=True, text=True)
    if done.returncode:
        told = done.stderr.strip().splitlines()
        raise PdError(told[-1] if told else f"python -m pd_assets.lib.gallery ended with {done.returncode}")


def _time(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


@cache
def keeper(home: Home, profile: str) -> Keeper:
    """The one of this process for a home."""
    return Keeper(home, profile)
