"""A few decoder processes with a bound on memory and time: a file that kills one costs that file, never the run.

They have next to no environment, no network and no files (confinement.py); where the kernel cannot see to that, a line
in the log says so once.

Errors: UnusableImage for a picture, also when its decoder was killed; DecodersFailed where no decoder can start.
"""

import json
import logging
import os
import queue
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import IO

from pd_assets.lib.errors import PdError
from pd_assets.lib.images.decode import Picture, UnusableImage
from pd_assets.lib.images.quality import Quality
from pd_assets.lib.images.worker import NOT_CONFINED, PICTURE, READY, REPLY, REQUEST
from pd_assets.lib.machine import sizes

# What Python needs of the environment to find itself and us.
PASSED_ON = ("PYTHONPATH", "PYTHONHOME", "PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE", "LD_LIBRARY_PATH")

log = logging.getLogger(__name__)


@cache
def warn_once(line: str) -> None:
    """Every decoder says it, and one of them is enough."""
    log.warning("%s", line)


class DecodersFailed(PdError):
    """The decoder processes cannot start: nothing that is wrong with a picture."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What decoding one picture may take. 300 megapixels at 4 bytes are 1.2 GB, beside the file and the libraries."""

    memory_bytes: int = 2_500_000_000
    time_s: float = 120.0


class Decoders:
    """`normalise` in other processes, `workers` at a time (default: as the machine allows).

    Thread-safe; started when first needed; use it in a `with`.
    """

    def __init__(self, *, workers: int | None = None, bounds: Bounds | None = None) -> None:
        self.bounds = bounds or Bounds()
        self.workers = workers or sizes().decoders
        # POSIX locks belong to processes, so that one file serves all decoders; the kernel frees a dead one's.
        self._turn = tempfile.TemporaryFile()  # noqa: SIM115, close() closes it
        # None stands for a process that is still to be started.
        self._idle: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        for _ in range(self.workers):
            self._idle.put(None)

    def __enter__(self) -> "Decoders":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes, each after the picture it is at."""
        for _ in range(self.workers):
            worker = self._idle.get()
            if worker is not None:
                worker.close()
        self._turn.close()

    def normalise(self, body: bytes, *, max_side: int) -> Picture:
        """As decode.normalise. A decoder that dies or takes too long is replaced."""
        worker = self._idle.get()
        try:
            worker = worker or _Worker(self.bounds, self._turn)
            return worker.normalise(body, max_side)
        except _Died as death:
            assert worker is not None
            reason = worker.how_it_ended()
            worker = None
            raise UnusableImage(f"decoder killed: {reason}") from death
        except UnusableImage:
            raise
        except BaseException:
            # Interrupted in the middle of an exchange: what comes next on the pipe belongs to nobody.
            if worker is not None:
                worker.kill()
            worker = None
            raise
        finally:
            self._idle.put(worker)


class _Died(Exception):
    """The pipe to a decoder is closed."""


class _Worker:
    """One decoder process, for one caller at a time."""

    def __init__(self, bounds: Bounds, turn: IO[bytes]) -> None:
        self.bounds = bounds
        command = [sys.executable, "-m", "pd_assets.lib.images.worker"]
        numbers = [str(bounds.memory_bytes), str(bounds.time_s), str(turn.fileno())]
        # No token reaches a decoder; one thread, as every thread of a library takes of the address space.
        env = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        env |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        with tempfile.TemporaryFile() as said:
            # A session of its own: Ctrl-C is for us, and closing the pipe is what ends a decoder.
            self.process = subprocess.Popen(
                [*command, *numbers],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                env=env,
                pass_fds=(turn.fileno(),),
                start_new_session=True,
            )
            try:
                self._read(len(READY))
            except _Died as death:
                code = self.process.wait()
                said.seek(0)
                last = said.read().decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
                self.kill()
                raise DecodersFailed(
                    f"{' '.join(command)} ended with {code} before its first picture ({last[0]}); expected it to start "
                    "with this Python; run that command by hand to see why"
                ) from death
            said.seek(0)
            for line in said.read().decode(errors="replace").splitlines():
                if line.startswith(NOT_CONFINED):
                    warn_once(line)

    def normalise(self, body: bytes, max_side: int) -> Picture:
        self._send(REQUEST.pack(max_side, len(body)), body)
        kind, size_bytes = REPLY.unpack(self._read(REPLY.size))
        payload = self._read(size_bytes)
        if kind != PICTURE:
            raise UnusableImage(payload.decode(errors="replace"))
        facts, _, kept = payload.partition(b"\n")
        told = json.loads(facts)
        sizes = tuple((width, height) for width, height in told.pop("sizes"))
        return Picture(body=kept, quality=Quality(**told.pop("quality")), sizes=sizes, **told)

    def how_it_ended(self) -> str:
        code = self.process.wait()
        self.kill()
        if code == -signal.SIGALRM:
            return f"it took longer than {self.bounds.time_s:g} s"
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit {code}"
        return f"{how} (it may take {self.bounds.memory_bytes} bytes of memory)"

    def close(self) -> None:
        self._close_pipes()
        self.process.wait()

    def kill(self) -> None:
        self.process.kill()
        self.close()

    def _close_pipes(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()

    def _send(self, *parts: bytes) -> None:
        assert self.process.stdin is not None
        try:
            for part in parts:
                self.process.stdin.write(part)
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise _Died from error

    def _read(self, size_bytes: int) -> bytes:
        assert self.process.stdout is not None
        found = self.process.stdout.read(size_bytes)
        if len(found) < size_bytes:
            raise _Died
        return found
