"""What holds for every test: a clean environment, no network but loopback, offline libraries, nothing left behind."""

import gc
import os
import socket
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from tests import last_words, leftovers
from tests.once import session_folder
from tests.patience import TEST_PATIENCE_S
from tests.sizes import group_of, is_quick

if TYPE_CHECKING:
    from tests.pd_assets.line import Line, Night
    from tests.s3_server import Store

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Before any test file imports one of these libraries, which look once.
os.environ.update({"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"})
# Several tests share a core: none fails because one of its examples took long.
settings.register_profile("patient", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Before pytest makes its temporary folder, and before pytest-timeout reads its limit, which only a hang meets."""
    if config.option.timeout is None:
        config.option.timeout = TEST_PATIENCE_S
    for name in _settings():
        del os.environ[name]
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
    """The slow tests first, so that none of them is left over at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish() -> None:
    """A million objects of modules and collected tests stay to the end: the collector need not look at them again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    """The tests of a file, and those of all files that share a server, go to one worker.

    xdist's own mark for that, xdist_group, has no effect with pytest 9.2: it writes into `Item._nodeid`, which is gone.
    """
    return ByGroup(config, log)


class ByGroup(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid.partition("::")[0])


def _settings() -> list[str]:
    return [name for name in os.environ if name.startswith(("PD_", "DAGSTER_", "AWS_"))]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of another test reaches this one."""
    for name in _settings():
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def no_server_in_a_quick_test(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test of a quick file that starts a server fails instead."""
    if is_quick(request.node.nodeid.partition("::")[0]):

        def refused(self: socket.socket, *_: object) -> None:
            raise AssertionError("a quick test starts a server: take its file off the list in tests/sizes.py")

        monkeypatch.setattr(socket.socket, "listen", refused)


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


@pytest.fixture(scope="session", autouse=True)
def own_state_folder(common_folder: Path) -> Iterator[None]:
    """The test key that signs drawn pictures is made for this run of the suite, not for whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(common_folder / "state"))
        yield


@pytest.fixture(scope="session", autouse=True)
def warm_trainings() -> Iterator[None]:
    """Where this process runs assets, their trainings need not import torch first."""
    from tests import warm

    with mock.patch("pd_assets.lib.child.program", warm.pd_ml):
        yield


@pytest.fixture(scope="session")
def common_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
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
