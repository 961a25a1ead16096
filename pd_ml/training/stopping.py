"""A wish to stop, noted by a signal handler and read by the loop after each step."""

import os
import signal
import threading
import time
from types import FrameType

# Set by a parent that starts us as a child of its own: its process id. When it dies, nobody wants the result.
PARENT_VARIABLE = "PD_STOP_WITHOUT_PARENT"
LOOKS_EVERY_S = 0.5


class Stopping:
    """Called, it says whether a stop is wished for."""

    def __init__(self) -> None:
        self._wished = False
        self._parent = int(os.environ.get(PARENT_VARIABLE, 0))

    def __call__(self) -> bool:
        return self._wished or self.is_orphan()

    def is_orphan(self) -> bool:
        """Whether whoever started us is gone."""
        return self._parent != 0 and os.getppid() != self._parent

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


def end_without_parent() -> None:
    """From now on have this process end soon after its parent, whatever it is at: for what is begun anew anyway.

    A parent that ignores the signal to end hands that on; it is taken back here, so call this from the main thread.
    """
    stopping = Stopping()
    if signal.getsignal(signal.SIGTERM) is signal.SIG_IGN:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def watch() -> None:
        while not stopping.is_orphan():
            time.sleep(LOOKS_EVERY_S)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True, name="parent").start()
