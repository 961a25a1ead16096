"""The child process that draws: `python -m pd_ml serve`. One request at a time, JSON lines there and back.

It is started when it is first needed, and started again when it died. Errors: DrawingFailed with the child's own
message, DrawerDied where the child ended over a request.
"""

import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import IO

from pd_assets.lib import child
from pd_assets.lib.errors import PdError
from pd_ml import errors

Event = Mapping[str, object]
ENDS = frozenset({"drawn", "embedded", "upscaled", "loaded"})
PATIENCE_S = 5.0
MOST_SAID = 300


class DrawingFailed(PdError):
    """A request that the child refused or could not do; the message is its own."""


class DrawerDied(PdError):
    """The child ended while it was at a request; the next one has a new child."""


def serving() -> Sequence[str]:
    """The command of the child."""
    return (*child.program(), "serve")


class Server:
    """The child, for one thread that asks; `stop` may be called by any."""

    def __init__(self, command: Callable[[], Sequence[str]] = serving) -> None:
        self._command = command
        self._process: subprocess.Popen[str] | None = None
        self._said: IO[bytes] | None = None
        self._lock = threading.Lock()

    @property
    def is_running(self) -> bool:
        """Whether there is a child that could answer at once."""
        process = self._process
        return process is not None and process.poll() is None

    def start(self) -> None:
        """Have a child, so that what follows need not wait for its libraries."""
        with self._lock:
            if not self.is_running:
                self._close()
                self._begin()

    def ask(self, request: Mapping[str, object], on_event: Callable[[Event], None]) -> Event:
        """The answer that ends a request; what comes before it goes to `on_event`."""
        self.start()
        process = self._process
        if process is None:
            raise DrawerDied("the process that draws was stopped; draw it again")
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            for line in process.stdout:
                event = _event(line)
                if event.get("id") != request["id"]:
                    continue
                if event.get("event") == "error":
                    raise DrawingFailed(_refusal(event))
                if event.get("event") in ENDS:
                    return event
                on_event(event)
        except (OSError, ValueError) as error:
            raise self._death(process) from error
        raise self._death(process)

    def stop(self) -> None:
        """End the child at once, whatever it is at."""
        with self._lock:
            self._close()

    def _begin(self) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115, _close() closes it
        try:
            self._process = subprocess.Popen(
                self._command(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                text=True,
                start_new_session=True,
                env={**os.environ, "PD_STOP_WITHOUT_PARENT": str(os.getpid())},
            )
        except OSError as error:
            raise DrawerDied(f"the process that draws cannot start ({error})") from error

    def _close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None and process.stdout is not None
            with suppress(OSError, ValueError):
                process.stdin.close()
            process.terminate()
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            # Who reads from it in another thread is at its end.
            with suppress(OSError, ValueError):
                process.stdout.close()
        if self._said is not None:
            self._said.close()
            self._said = None

    def _death(self, process: subprocess.Popen[str]) -> DrawerDied:
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE_S)
        code = process.returncode
        if code is None:
            how = "it closed its output"
        elif code < 0:
            how = f"killed by {signal.Signals(-code).name}"
            if -code == signal.SIGKILL:
                how += (
                    ", by somebody, or by the kernel where memory ran out: if it happens again, draw smaller pictures"
                )
        else:
            how = f"exit {code}"
        return DrawerDied(f"the process that draws ended over this ({how}{self._last_words()}); others go on")

    def _last_words(self) -> str:
        with self._lock:
            if self._said is None:
                return ""
            size = self._said.seek(0, os.SEEK_END)
            self._said.seek(max(0, size - 4000))
            lines = self._said.read().decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f"; it last said {last[:MOST_SAID]!r}" if last else ""


def _refusal(event: Event) -> str:
    """The child's own words; where it did not see it coming, with the kind of the error."""
    said, kind = " ".join(str(event.get("message", "no reason given")).split()), str(event.get("error", ""))
    named = getattr(errors, kind, None)
    is_named = isinstance(named, type) and issubclass(named, errors.PdMlError)
    return said if is_named else f"the model could not draw this ({kind}: {said})"


def _event(line: str) -> Event:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
