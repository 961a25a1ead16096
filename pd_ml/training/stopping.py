"""A wish to stop, noted by a signal handler and read by the loop after each step."""

import signal
from types import FrameType


class Stopping:
    """Called, it says whether a stop is wished for."""

    def __init__(self) -> None:
        self._wished = False

    def __call__(self) -> bool:
        return self._wished

    def wish(self) -> None:
        """Stop after the current step."""
        self._wished = True

    def listen(self) -> None:
        """SIGTERM and SIGINT wish for a stop; a second one ends the process at once."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.wish()
        signal.signal(number, signal.SIG_DFL)
