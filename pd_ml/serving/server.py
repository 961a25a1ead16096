"""`python -m pd_ml serve`: requests as JSON lines on stdin, answers as JSON lines on stdout, one after the other.

It ends when stdin does, or when its parent dies. torch is imported for the first request that was found fit. No torch
in here but within functions.
"""

import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

from pd_ml.diffusion.enlarging import checked_upscaling
from pd_ml.diffusion.order import checked, require_folder
from pd_ml.disk import named_when_full
from pd_ml.errors import PdMlError, ProvenanceError, RequestError
from pd_ml.provenance import read_run
from pd_ml.serving.requests import Draw, Embed, Load, Request, Upscale, parsed, request_of
from pd_ml.training.stopping import PARENT_VARIABLE

if TYPE_CHECKING:
    from pd_ml.serving.desk import Desk

LONGEST_LINE = 8_000_000
_LOOK_EVERY_S = 0.5
_EXIT_WITHOUT_PARENT = 0
# A page moves its bar no more often than people see.
_TELL_EVERY_S = 0.1


def serve_stdin(device: str) -> None:
    """Serve until stdin ends. Whatever libraries print goes to stderr."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    _end_with(int(os.environ.get(PARENT_VARIABLE, 0)) or os.getppid())
    try:
        Server(device, answers).serve(sys.stdin.buffer)
        answers.flush()
    except (BrokenPipeError, KeyboardInterrupt):
        # Nobody reads the answers any more. Python would complain of what is left in the buffer.
        os._exit(0)


def _end_with(parent: int) -> None:
    """Look after the parent: when it is gone, nobody wants the pictures."""

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_EVERY_S)
        os._exit(_EXIT_WITHOUT_PARENT)

    threading.Thread(target=look, name="parent", daemon=True).start()


class Server:
    """Answers requests on `answers`; keeps the models of the last ones."""

    def __init__(self, device: str, answers: TextIO) -> None:
        self._device = device
        self._answers = answers
        self._kept: Desk | None = None
        self._told_s = 0.0

    def serve(self, lines: BinaryIO) -> None:
        """Answer every line until there is none."""
        while line := lines.readline(LONGEST_LINE + 1):
            if len(line) > LONGEST_LINE and not line.endswith(b"\n"):
                _skip_line(lines)
                self._fail(None, RequestError(f"a line of more than {LONGEST_LINE:,} bytes; ask for less at a time"))
            elif line.strip():
                self._answer(line)

    def _answer(self, line: bytes) -> None:
        name: object = None
        try:
            name, raw = parsed(line)
            request = request_of(raw)
            kind, fields = self._done(name, request)
            self._tell(name, kind, fields)
        except BrokenPipeError:
            raise
        except Exception as error:  # one bad request never ends the server
            if not _is_named(error):
                traceback.print_exc(file=sys.stderr)
            self._fail(name, error)

    def _done(self, name: object, request: Request) -> tuple[str, Mapping[str, object]]:
        match request:
            case Draw(order=order, clip=clip, out=out):
                ready = checked(order, by_digest=False)
                require_folder(out)
                if clip is not None:
                    _require_clip(clip)

                def on_step(step: int, steps: int, picture: int) -> None:
                    self._progress(name, step, steps, picture=picture, pictures=order.pictures)

                with named_when_full(out):
                    return "drawn", self._desk.draw(ready, clip, out, on_step)
            case Upscale(job=job):
                to_enlarge = checked_upscaling(job, by_digest=False)
                require_folder(job.out.parent)
                job.out.parent.mkdir(parents=True, exist_ok=True)
                with named_when_full(job.out):
                    return "upscaled", self._desk.upscale(
                        to_enlarge, lambda step, steps: self._progress(name, step, steps)
                    )
            case Embed(clip=clip, texts=texts, images=images):
                _require_clip(clip)
                return "embedded", self._desk.embed(clip, texts, images)
            case Load(model=model):
                read_run(model)
                return "loaded", {"model_was_loaded": self._desk.load(model)}

    @property
    def _desk(self) -> "Desk":
        if self._kept is None:
            from pd_ml.serving.desk import Desk

            self._kept = Desk(self._device)
        return self._kept

    def _progress(self, name: object, step: int, steps: int, **fields: object) -> None:
        now_s = time.monotonic()
        if step == steps or now_s - self._told_s >= _TELL_EVERY_S:
            self._told_s = now_s
            self._tell(name, "progress", {"step": step, "steps": steps, **fields})

    def _fail(self, name: object, error: Exception) -> None:
        message = " ".join(str(error).split())[:2000]
        self._tell(name, "error", {"error": type(error).__name__, "message": message})

    def _tell(self, name: object, kind: str, fields: Mapping[str, object]) -> None:
        self._answers.write(json.dumps({"id": name, "event": kind, **fields}) + "\n")
        self._answers.flush()


def _require_clip(folder: Path) -> None:
    record = read_run(folder)
    if record.stage != "clip":
        raise ProvenanceError(f"{folder}: a {record.stage} model, expected clip; give the folder of a CLIP")


def _skip_line(lines: BinaryIO) -> None:
    while (part := lines.readline(LONGEST_LINE)) and not part.endswith(b"\n"):
        pass


def _is_named(error: Exception) -> bool:
    return isinstance(error, PdMlError | OSError | MemoryError)
