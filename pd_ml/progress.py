"""What a run tells while it works: JSON lines for programs on one stream, a bar or lines for people on the other."""

import json
import os
import time
from typing import TYPE_CHECKING, NoReturn, TextIO

if TYPE_CHECKING:
    from tqdm import tqdm

# Where no bar is drawn: the first pause between two lines, each twice as long as the one before, and the longest.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 10.0, 600.0
LINE_COLUMNS = 100

# Set to `bar` by a parent whose own terminal shows what we write, although it comes to it through a file.
PROGRESS_VARIABLE = "PD_PROGRESS"


class Reporter:
    """Writes one JSON object per event to `events`, and progress for people to `people` (a bar where it is a TTY)."""

    def __init__(self, stage: str, *, events: TextIO, people: TextIO) -> None:
        self._stage = stage
        self._events = events
        self._people = people
        self._bar: tqdm[NoReturn] | None = None
        self._draws_bar = people.isatty() or os.environ.get(PROGRESS_VARIABLE) == "bar"
        self._started_s: float | None = None
        self._first_seen = 0
        self._next_line_s, self._pause_s = 0.0, FIRST_PAUSE_S
        self._last_tenth = 0

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

    @property
    def is_watched(self) -> bool:
        """Whether a person reads what is said as it comes; elsewhere what is long is only in the files."""
        return self._draws_bar

    def images(self, seen: int, total: int, loss: float) -> None:
        """Called after every step: a bar on a terminal, elsewhere a line like it after ever longer pauses."""
        now_s = time.monotonic()
        if self._started_s is None:
            self._started_s, self._first_seen = now_s, seen
        if self._draws_bar:
            self._move_bar(seen, total, loss)
        elif self._pause_is_over() or seen == total:
            self._people.write(self._line(seen, total, loss, now_s - self._started_s) + "\n")
            self._people.flush()

    def steps(self, step: int, steps: int, picture: int) -> None:
        """Called after every step of drawing: a bar on a terminal, elsewhere lines as above."""
        self._way(step, steps, "step", picture=picture)

    def pictures(self, done: int, total: int) -> None:
        """Called after every few pictures, and told in the same way."""
        self._way(done, total, "img")

    def _way(self, done: int, total: int, unit: str, **more: object) -> None:
        tenth = 10 * done // max(total, 1)
        if tenth != self._last_tenth:
            self._last_tenth = tenth
            self.event("progress", step=done, steps=total, **more)
            if not self._draws_bar and self._pause_is_over():
                self._people.write(f"{self._stage}: {done} of {total} {unit}\n")
                self._people.flush()
        if self._draws_bar:
            self._move_way(done, total, unit)

    def _pause_is_over(self) -> bool:
        """Whether a line is due; the next pause then begins."""
        now_s = time.monotonic()
        if now_s < self._next_line_s:
            return False
        self._next_line_s = now_s + self._pause_s
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        return True

    def _line(self, seen: int, total: int, loss: float, elapsed_s: float) -> str:
        # Not everything that reports draws bars: what a bundle is verified with needs no tqdm.
        from tqdm import tqdm

        return tqdm.format_meter(
            seen,
            total,
            elapsed_s,
            initial=self._first_seen,
            prefix=self._stage,
            unit="img",
            unit_scale=total >= 100_000,
            postfix=f"loss {loss:.4f}",
            ascii=True,
            ncols=LINE_COLUMNS,
        )

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _move_bar(self, seen: int, total: int, loss: float) -> None:
        from tqdm import tqdm

        if self._bar is None:
            self._bar = tqdm(
                total=total,
                initial=seen,
                desc=self._stage,
                unit="img",
                unit_scale=total >= 100_000,
                file=self._people,
            )
        self._bar.set_postfix_str(f"loss {loss:.4f}", refresh=False)
        self._bar.update(seen - self._bar.n)

    def _move_way(self, done: int, total: int, unit: str) -> None:
        from tqdm import tqdm

        if self._bar is None:
            self._bar = tqdm(total=total, desc=self._stage, unit=unit, file=self._people)
        self._bar.update(done - self._bar.n)


def quieten() -> None:
    """No reports and bars from the libraries: stderr is for people, and holds one line on an error."""
    import diffusers
    import transformers

    for logging in (diffusers.utils.logging, transformers.utils.logging):
        logging.set_verbosity_error()
        logging.disable_progress_bar()
