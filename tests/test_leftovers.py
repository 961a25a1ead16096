"""An interrupted session of pytest leaves neither a process nor a folder; a test that fails prints last words."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT
from tests.patience import PATIENCE_S, until

# A test of a session of its own. What it starts would outlive it, in a group of its own and deaf to polite signals.
SLEEPER = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(100_000)"
HANGING = f"""
import json, os, subprocess, sys, tempfile, time
from pathlib import Path

told = Path(os.environ["TOLD"])

def test_that_hangs(tmp_path):
    if told.exists():
        return  # xdist gives the test of a worker that died to another one
    sleeper = subprocess.Popen([sys.executable, "-c", {SLEEPER!r}], start_new_session=True)
    found = {{"sleeper": sleeper.pid, "worker": os.getpid(), "tmp_path": str(tmp_path)}}
    found["folder"] = str(Path(tempfile.mkdtemp()).parent)
    told.with_suffix(".partial").write_text(json.dumps(found))
    told.with_suffix(".partial").rename(told)
    time.sleep(100_000)
"""
FAILING = """
from tests import last_words

def test_that_fails(tmp_path):
    (tmp_path / "log").write_text("\\n".join(f"line {number}" for number in range(100)))
    with last_words.of("a server", tmp_path / "log"):
        raise ZeroDivisionError
"""


@dataclass(frozen=True, kw_only=True)
class Session:
    """A running session, the process that runs its test, what that started, and the folder of all."""

    process: "subprocess.Popen[bytes]"
    worker: psutil.Process
    left: list[psutil.Process]
    folder: Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with our conftest.py, where a session of its own runs."""
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n")
    return tmp_path


def command(project: Path, *options: str) -> list[str]:
    return [sys.executable, "-W", "ignore", "-m", "pytest", "-p", "no:cacheprovider", str(project), *options]


def environment(project: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "TOLD": str(project / "told.json")}


@contextmanager
def hanging(project: Path, *options: str) -> Iterator[Session]:
    """A session whose test has started a process and made folders, and hangs."""
    (project / "test_hanging.py").write_text(HANGING)
    with (project / "log").open("wb") as log:
        process = subprocess.Popen(
            command(project, *options), env=environment(project), cwd=project, stdout=log, stderr=log
        )
    try:
        told = project / "told.json"
        until(lambda: told.exists() or process.poll() is not None, (project / "log").read_text)
        assert process.poll() is None, (project / "log").read_text()
        found = json.loads(told.read_text())
        folder, worker = Path(found["folder"]), psutil.Process(found["worker"])
        assert folder.name.startswith("pd-tests-") and folder in Path(found["tmp_path"]).parents
        yield Session(process=process, worker=worker, left=[worker, psutil.Process(found["sleeper"])], folder=folder)
    finally:
        process.kill()
        process.wait()


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def assert_nothing_is_left(session: Session) -> None:
    """Waits for the reaper, which works on after the session's own process has ended."""
    until(lambda: not any(map(is_alive, session.left)))
    until(lambda: not session.folder.exists())


@pytest.mark.parametrize(
    ("options", "number"),
    [
        ((), signal.SIGINT),
        ((), signal.SIGKILL),
        (("-n", "2"), signal.SIGINT),
        (("-n", "2"), signal.SIGTERM),
        (("-n", "2"), signal.SIGKILL),
    ],
)
def test_an_interrupted_session_leaves_no_process_and_no_folder(
    project: Path, options: tuple[str, ...], number: signal.Signals
) -> None:
    with hanging(project, *options) as session:
        session.process.send_signal(number)
        session.process.wait(PATIENCE_S)
        assert_nothing_is_left(session)


def test_what_a_killed_worker_started_ends_with_the_session(project: Path) -> None:
    with hanging(project, "-n", "2") as session:
        session.worker.kill()
        assert session.process.wait(PATIENCE_S) == pytest.ExitCode.TESTS_FAILED
        assert_nothing_is_left(session)


def test_a_test_that_fails_prints_the_last_lines_of_the_logs_around_it(project: Path) -> None:
    (project / "test_failing.py").write_text(FAILING)
    done = subprocess.run(
        command(project), env=environment(project), cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout + done.stderr
    _, told = done.stdout.split("last words of a server")
    assert [line for line in told.splitlines() if line.startswith("line ")] == [f"line {n}" for n in range(40, 100)]
