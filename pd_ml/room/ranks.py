"""Several processes that `accelerate launch` starts: the first makes a room for all, the others wait for its end.

A room has to be entered before its processes are started; so those inside are started by the first, as many as there
are outside. Those on several machines need a real network, and have no room.
"""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pd_ml.training.stopping import Stopping

_PATIENCE_S, _EVERY_S = 60.0, 0.2


def rank() -> int:
    """The number of this process among those that were started together."""
    return int(os.environ.get("RANK", 0))


def together() -> int:
    """How many processes were started together."""
    return int(os.environ.get("WORLD_SIZE", 1))


def are_on_one_machine() -> bool:
    """Whether all of them are here."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", 1)) == together()


def _name() -> str:
    """Of an abstract socket, which goes with the process that has it."""
    return f"\0pd-room-{os.getuid()}-{os.getppid()}-{os.environ.get('MASTER_PORT', '')}"


@contextmanager
def leading() -> Iterator[None]:
    """While this lasts, the others wait."""
    if together() == 1:
        yield
        return
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(_name())
        server.listen(together())
        yield


def follow() -> None:
    """Wait until the first process ended, or nobody wants its work any more."""
    parent, stopping = os.getppid(), Stopping()
    stopping.listen()
    with socket.socket(socket.AF_UNIX) as waiting:
        waiting.settimeout(_EVERY_S)
        until_s = time.monotonic() + _PATIENCE_S
        while waiting.connect_ex(_name()) != 0:
            if time.monotonic() > until_s or stopping() or os.getppid() != parent:
                return
            time.sleep(_EVERY_S)
        while os.getppid() == parent:
            try:
                if not waiting.recv(1):
                    return
            except TimeoutError:
                continue
            except OSError:
                return
