"""What is dear to make is made once for all workers of a run of the suite, by whichever needs it first.

The others wait at a lock of the kernel, which a worker that dies cannot keep. What was made is looked at, not changed:
a test that changes it takes a copy.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

Make = Callable[[Path], None]


def session_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the workers of this run have in common."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def made_once(common: Path, name: str, make: Make) -> Path:
    """The folder `name` as `make` filled it. Where that failed, every test that asks for it fails at once."""
    folder, done, failed = (common / f"{name}{suffix}" for suffix in ("", ".done", ".failed"))
    with locked(common / f"{name}.lock"):
        if failed.exists():
            pytest.fail(f"`{name}` could not be made for another test:\n{failed.read_text()}")
        if not done.exists():
            # Of a worker that died while it made this.
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            try:
                make(folder)
            except BaseException as error:
                failed.write_text(repr(error))
                raise
            done.touch()
    return folder


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time, as long as it lives."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
