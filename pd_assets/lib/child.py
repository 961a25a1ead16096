"""Run `python -m pd_ml ...` as a child process: its progress events come back, a termination is passed on to it.

The child is the same command that a person would type. Errors: ChildFailed, with the child's own one-line message.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

from pd_assets.lib.errors import PdError

PATIENCE_S = 120.0
SUSPENDED = 75


class ChildFailed(PdError):
    """The child process ended with an error; the message is the child's own."""


def run_pd_ml(arguments: Sequence[str], on_event: Callable[[Mapping[str, object]], None]) -> None:
    """Run to the end, handing every JSON line of its stdout to `on_event`; stderr (bars, warnings) passes through.

    When this process is interrupted, the child gets SIGTERM and time to write its checkpoint.
    """
    command = [sys.executable, "-m", "pd_ml", *arguments]
    # A session of its own: Ctrl-C reaches only us, and we pass it on once. The child stops by itself if we die.
    environment = {**os.environ, "PD_STOP_WITHOUT_PARENT": str(os.getpid())}
    message = ""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, start_new_session=True, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                event = _event(line)
                if event.get("event") == "error":
                    message = str(event.get("message", ""))
                elif event:
                    on_event(event)
        except BaseException:
            _stop(process)
            raise
    if process.returncode == SUSPENDED:
        raise ChildFailed(f"pd_ml {arguments[0]} was stopped and saved a checkpoint; run it again to go on")
    if process.returncode != 0:
        how = f"killed by signal {-process.returncode}" if process.returncode < 0 else f"exit {process.returncode}"
        raise ChildFailed(message or f"pd_ml {' '.join(arguments)} failed ({how}); its log says more")


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
