"""Nothing outlives a session of pytest, however it ends: no process and no temporary folder.

All that a session starts has MARK in its environment, and all that it writes lies in one folder. A process of its own,
tests/reaper.py, waits for the session's end, then ends the marked processes and removes the folder (PD_TEST_KEEP=1
keeps it).
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REAPER = Path(__file__).with_name("reaper.py")
# Not PD_...: those are removed for each test. The value is the session's folder.
MARK = "TESTS_OF_SESSION"


@contextmanager
def none() -> Iterator[Path]:
    """The session's folder, where from now on temporary files are; at the end nothing is left of it."""
    before = {name: os.environ.get(name) for name in (MARK, "TMPDIR")}
    folder = Path(tempfile.mkdtemp(prefix="pd-tests-"))
    # Postgres runs as somebody else and passes through.
    folder.chmod(0o711)
    arguments = [str(os.getpid()), f"{MARK}={folder}", str(folder), os.environ.get("PD_TEST_KEEP", "")]
    with subprocess.Popen(
        [sys.executable, "-I", "-S", REAPER, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={},
        start_new_session=True,
    ) as reaper:
        os.environ.update({MARK: str(folder), "TMPDIR": str(folder)})
        tempfile.tempdir = None
        try:
            yield folder
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
            tempfile.tempdir = None
            assert reaper.stdin is not None
            reaper.stdin.close()


def mark() -> dict[str, str]:
    """For the environment of a process that does not get the whole of ours."""
    return {MARK: os.environ[MARK]} if MARK in os.environ else {}
