"""A served archive to read from (one a session) and a small one to change (one a test)."""

from collections.abc import Iterator

import pytest

from pd_assets.sandbox import Archive, SandboxServer
from tests.pd_assets.sandbox.asking import Asker


@pytest.fixture(scope="session")
def reading() -> Iterator[Asker]:
    """400 painted pages; tests must not change them."""
    with SandboxServer(Archive.painted(count=400, seed=1)) as server:
        yield Asker(server)


@pytest.fixture
def changing() -> Iterator[Asker]:
    """120 painted pages of a test's own."""
    with SandboxServer(Archive.painted(count=120, seed=2)) as server:
        yield Asker(server)
