"""A full disk, by name: libraries tell of it in words of their own. No torch in here. Errors: DiskFullError."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pd_ml.errors import DiskFullError, PdMlError

# EFBIG: the limit of a process (ulimit -f), or of the file system, for one file.
NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def named_when_full(place: Path) -> Iterator[None]:
    """Within it `place` is written; whatever fails for want of room becomes a DiskFullError."""
    try:
        yield
    except PdMlError:
        raise
    except Exception as error:
        if not is_full(error):
            raise
        raise DiskFullError(
            f"{place}: no room to write it ({' '.join(str(error).split())[:200]}), {_free_mib(place)} MiB are free "
            "there; make room and run the same command again"
        ) from error


def is_full(error: BaseException) -> bool:
    """Whether an error or its cause is that of a full disk: safetensors and torch only have the words of it."""
    if isinstance(error, OSError) and error.errno in NO_SPACE:
        return True
    if any(os.strerror(number) in str(error) for number in NO_SPACE):
        return True
    return error.__cause__ is not None and is_full(error.__cause__)


def _free_mib(place: Path) -> int:
    """On the disk of `place`, or of the nearest folder above it that exists."""
    there = next(folder for folder in (place, *place.absolute().parents) if folder.is_dir())
    return int(shutil.disk_usage(there).free // 2**20)
