"""Which drawings a process is at, told to other processes on the same home.

A lock of the kernel's on a file beside each, so a killed one leaves none behind.
"""

import fcntl
from contextlib import suppress
from pathlib import Path
from typing import IO

CLAIM = ".at-work"


class Claim:
    """That this process is at the drawing of a folder, until `release`."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / CLAIM
        self._file: IO[bytes] | None = None
        # Where it cannot be written, as on a full disk, nobody else is told.
        with suppress(OSError):
            self._file = self._path.open("wb")
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def release(self) -> None:
        """Be at it no more."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        if self._file is not None:
            self._file.close()


def is_claimed(folder: Path) -> bool:
    """Whether any process is at the drawing of a folder."""
    try:
        with (folder / CLAIM).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False
