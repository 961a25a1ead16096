"""Run `python -m pd_ml ...` as a child process: its progress events come back, a termination is passed on to it.

The child is the same command that a person would type. Errors: ChildFailed, with the child's own one-line message, and
OutOfMemory, which is one of them.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from pd_assets.lib.errors import PdError

PATIENCE_S = 120.0
SUSPENDED = 75
# What others leave of the processors.
LOWEST_PRIORITY = 19
MEMORY_ERRORS = frozenset({"MemoryError", "OutOfMemoryError"})


class ChildFailed(PdError):
    """The child process ended with an error; the message is the child's own."""


class OutOfMemory(ChildFailed):
    """The child, or the kernel in its place, found no more memory, the machine's or the GPU's."""


def program() -> Sequence[str]:
    """What comes before the arguments."""
    return (sys.executable, "-m", "pd_ml")


def run_pd_ml(
    arguments: Sequence[str],
    on_event: Callable[[Mapping[str, object]], None],
    *,
    in_background: Callable[[subprocess.Popen[str]], None] | None = None,
    command: Callable[[], Sequence[str]] | None = None,
) -> None:
    """Run to the end, handing every JSON line of its stdout to `on_event`; stderr (bars, warnings) passes through.

    When this process is interrupted, the child gets SIGTERM and time to write its checkpoint. One `in_background`,
    which is given the process so that it can be ended, has the lowest priority, and of its stderr a failure tells the
    end.
    """
    # A session of its own: Ctrl-C reaches only us, and we pass it on once. The child stops by itself if we die.
    environment = {**os.environ, "PD_STOP_WITHOUT_PARENT": str(os.getpid())}
    message, kind = "", ""
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(
            [*(command or program)(), *arguments],
            stdin=None if in_background is None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=None if in_background is None else said,
            text=True,
            start_new_session=True,
            env=environment,
        ) as process,
    ):
        try:
            if in_background is not None:
                with suppress(OSError):
                    os.setpriority(os.PRIO_PROCESS, process.pid, LOWEST_PRIORITY)
                in_background(process)
            assert process.stdout is not None
            for line in process.stdout:
                event = _event(line)
                if event.get("event") == "error":
                    message, kind = str(event.get("message", "")), str(event.get("error", ""))
                elif event:
                    on_event(event)
        except BaseException:
            _stop(process)
            raise
        said.seek(0)
        last = said.read().strip().splitlines()[-1:]
    if process.returncode == SUSPENDED:
        raise ChildFailed(f"pd_ml {arguments[0]} was stopped and saved a checkpoint; run it again to go on")
    if process.returncode != 0:
        how = f"killed by signal {-process.returncode}" if process.returncode < 0 else f"exit {process.returncode}"
        # The kernel kills with SIGKILL what takes too much.
        is_memory = kind in MEMORY_ERRORS or process.returncode == -signal.SIGKILL
        failure = OutOfMemory if is_memory else ChildFailed
        raise failure(message or f"pd_ml {' '.join(arguments)} failed ({how}); {(last or ['its log says more'])[0]}")


def _stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()


def _event(line: str) -> Mapping[str, object]:
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}
