"""A server and a polite session in virtual time."""

from collections.abc import Callable, Iterator

import pytest

from pd_assets.lib.http import PoliteSession
from tests.patience import PATIENCE_S
from tests.pd_assets.lib.local_server import LocalServer, Reply, in_turn
from tests.pd_assets.lib.serving import CONTACT
from tests.pd_assets.lib.virtual_time import VirtualTime


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime(is_running=False)


@pytest.fixture
def serve(time: VirtualTime) -> Iterator[Callable[..., tuple[LocalServer, PoliteSession]]]:
    """Start a server with the given replies, and a session in virtual time."""
    opened: list[LocalServer | PoliteSession] = []

    def start(
        *replies: Reply, tries: int = 5, read_timeout_s: float = PATIENCE_S, answer_timeout_s: float = PATIENCE_S
    ) -> tuple[LocalServer, PoliteSession]:
        server = LocalServer(in_turn(replies)).__enter__()
        session = PoliteSession(
            CONTACT,
            tries=tries,
            sleep=time.sleep,
            clock=time.clock,
            read_timeout_s=read_timeout_s,
            answer_timeout_s=answer_timeout_s,
        )
        opened.extend((session, server))
        return server, session

    yield start
    for one in opened:
        one.__exit__(None, None, None)
