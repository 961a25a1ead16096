"""What holds for every test: a clean environment, no network but loopback, offline libraries, nothing left behind."""

import os
import socket
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import last_words, leftovers, s3_server
from tests.patience import TEST_PATIENCE_S

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Several tests share a core: none fails because one of its examples took long.
settings.register_profile("patient", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Before pytest makes its temporary folder, and before pytest-timeout reads its limit, which only a hang meets."""
    if config.option.timeout is None:
        config.option.timeout = TEST_PATIENCE_S
    if not hasattr(config, "workerinput"):
        session = ExitStack()
        session.enter_context(leftovers.none())
        config.add_cleanup(session.close)


def pytest_runtest_setup() -> None:
    last_words.forget()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that fails shows what the processes around it said last."""
    report = yield
    if report.failed:
        report.sections += last_words.sections()
    return report


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
def art_folder_or_none() -> Path | None:
    """The real pictures beside the project, where they are."""
    folder = ROOT.parent / "shared" / "data" / "art"
    return folder if (folder / "metadata.jsonl").is_file() else None


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The URL of an S3 API on loopback, one for the session."""
    with s3_server.serving() as url:
        yield url


@pytest.fixture
def store(s3_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> s3_server.Store:
    """An empty bucket of the test's own."""
    for name, value in s3_server.CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return s3_server.Store.new(s3_endpoint, tmp_path / "machines")
