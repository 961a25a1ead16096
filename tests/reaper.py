"""Waits for the end of a session of pytest, then ends the processes that it left and removes its folder.

A program of its own, started by tests/leftovers.py: THE SESSION'S PROCESS, NAME=VALUE THAT MARKS ITS PROCESSES, FOLDER,
and anything to keep the folder. The end is a closed standard input, or that the session is no longer our parent.
"""

import os
import select
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

LOOK_EVERY_S = 0.5
# What cannot be killed in this time hangs in the kernel.
GIVE_UP_S = 120.0


def wait_for_the_end(session: int) -> None:
    while os.getppid() == session and not select.select([0], [], [], LOOK_EVERY_S)[0]:
        pass


def marked(mark: bytes) -> list[int]:
    """The processes that have the mark in their environment, those of other users included where we may look."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def end(mark: bytes) -> None:
    """Kill them until none is left: one that was just starting another is met in the next round."""
    give_up = time.monotonic() + GIVE_UP_S
    while (left := marked(mark)) and time.monotonic() < give_up:
        for pid in left:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def main() -> None:
    session, mark, folder, keep = sys.argv[1:]
    wait_for_the_end(int(session))
    end(mark.encode())
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
