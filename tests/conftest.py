"""What holds for every test: a clean environment, no network but loopback, offline libraries."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.once import session_folder

if TYPE_CHECKING:
    from tests.pd_assets.line import Line, Night
    from tests.s3_server import Store

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Several tests share a core: none fails because one of its examples took long.
settings.register_profile("patient", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow tests first: with two processes, none of them is left over at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of whoever runs the tests reaches them."""
    for name in [name for name in os.environ if name.startswith(("PD_", "DAGSTER_", "AWS_"))]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test that would leave this machine fails instead."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> object:
        if isinstance(address, tuple) and not str(address[0]).startswith(("127.", "::1", "localhost")):
            raise AssertionError(f"a test tried to reach {address}")
        return connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)
    yield


@pytest.fixture(scope="session")
@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for what all workers of this run have in common; see tests/once.py."""
    return session_folder(tmp_path_factory)


@pytest.fixture(scope="session")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Night]":
    """A line after its first night; nothing is to change it. Each worker has one: the port is part of a home."""
    from tests.pd_assets import line

    with line.first_night(tmp_path_factory.mktemp("first night")) as night:
        yield night


@pytest.fixture
def own_night(first_night: "Night", tmp_path: Path) -> "Iterator[Line]":
    """A line after its first night, the test's own."""
    with first_night.copy(tmp_path) as line:
        yield line


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The URL of an S3 API on loopback, one for the session."""
    from tests import s3_server

    with s3_server.serving() as url:
        yield url


@pytest.fixture
def store(s3_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Store":
    """An empty bucket of the test's own."""
    from tests import s3_server

    for name, value in s3_server.CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return s3_server.Store.new(s3_endpoint, tmp_path / "machines")
