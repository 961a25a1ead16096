"""What a run tells while it works: JSON lines for programs on one stream, a bar or lines for people on the other."""

import json
import time
from typing import NoReturn, TextIO

from tqdm import tqdm

PEOPLE_EVERY_S = 5.0


class Reporter:
    """Writes one JSON object per event to `events`, and progress for people to `people` (a bar where it is a TTY)."""

    def __init__(self, stage: str, *, events: TextIO, people: TextIO) -> None:
        self._stage = stage
        self._events = events
        self._people = people
        self._bar: tqdm[NoReturn] | None = None
        self._last_line_s = -PEOPLE_EVERY_S

    def event(self, kind: str, **fields: object) -> None:
        """One machine-readable line."""
        self._events.write(json.dumps({"event": kind, "stage": self._stage, **fields}) + "\n")
        self._events.flush()

    def say(self, text: str) -> None:
        """One line for people."""
        if self._bar is not None:
            self._bar.clear()
        self._people.write(f"{self._stage}: {text}\n")
        self._people.flush()

    def step(self, step: int, steps: int, loss: float) -> None:
        """Called after every step; writes to people at most every 5 s (a TTY gets a bar)."""
        if self._people.isatty():
            self._move_bar(step, steps, loss)
        elif time.monotonic() - self._last_line_s >= PEOPLE_EVERY_S or step == steps:
            self._last_line_s = time.monotonic()
            self.say(f"step {step} of {steps}, loss {loss:.4f}")

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _move_bar(self, step: int, steps: int, loss: float) -> None:
        if self._bar is None:
            self._bar = tqdm(total=steps, initial=step, desc=self._stage, unit="step", file=self._people)
        self._bar.set_postfix_str(f"loss {loss:.4f}", refresh=False)
        self._bar.update(step - self._bar.n)
