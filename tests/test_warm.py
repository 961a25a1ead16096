"""A command that is forked behaves like one that is started: output, exit code, folder, signals, and death."""

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from unittest import mock

import psutil
import pytest

from pd_assets.lib import child
from pd_assets.lib.child import ChildFailed, run_pd_ml
from tests import warm
from tests.patience import PATIENCE_S, until
from tests.pd_ml.command import TINY_UNET_ALONE, settings
from tests.pd_ml.paintings import write_dataset

pytestmark = pytest.mark.slow


@pytest.fixture
def endless(tmp_path: Path) -> list[str]:
    """The arguments of a training that does not end by itself."""
    dataset = write_dataset(tmp_path / "d", {"train": 8, "validation": 8, "test": 0})
    base = ["--recipe", "debug", "--dataset", str(dataset), "--out", "out", *TINY_UNET_ALONE]
    return ["train", "unet", *base, *settings("steps=1000000")]


def started(arguments: list[str], folder: Path) -> "subprocess.Popen[str]":
    """A training that is under way."""
    process = subprocess.Popen(
        [*warm.pd_ml(), *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until(lambda: list(folder.glob("out.partial/checkpoints/step-*")) or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    return process


def test_an_error_goes_to_the_callers_own_output_and_exit_code(tmp_path: Path) -> None:
    wrong = subprocess.run(
        [*warm.pd_ml(), "sample", "--model", "nowhere", "--out", "a.png"], capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 1 and '"error"' in wrong.stdout and wrong.stderr.count("nowhere") == 1
    assert subprocess.run([*warm.pd_ml(), "dance"], capture_output=True, check=False).returncode == 2


def test_a_signal_reaches_the_command_which_stops_with_a_checkpoint(endless: list[str], tmp_path: Path) -> None:
    process = started(endless, tmp_path)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 75


def test_a_caller_that_is_killed_takes_the_command_along(endless: list[str], tmp_path: Path) -> None:
    process = started(endless, tmp_path)
    process.kill()
    assert process.wait(PATIENCE_S) == -signal.SIGKILL
    until(lambda: not working_in(tmp_path))


def test_a_command_that_is_killed_ends_its_caller_the_same_way(endless: list[str], tmp_path: Path) -> None:
    process = started(endless, tmp_path)
    (command,) = (one for one in working_in(tmp_path) if one.pid != process.pid)
    command.kill()
    assert process.wait(PATIENCE_S) == -signal.SIGKILL


def test_what_a_step_starts_is_forked_too(tmp_path: Path) -> None:
    told: list[object] = []
    with pytest.raises(ChildFailed, match="nowhere"):
        run_pd_ml(["sample", "--model", "nowhere", "--out", str(tmp_path / "a.png")], told.append)
    stands_in = (sys.executable, "-c", """print('{"event": "stood in"}')""")
    with mock.patch("pd_assets.lib.child.program", lambda: stands_in):
        run_pd_ml(["train"], told.append)
    assert told == [{"event": "stood in"}] and child.program() == warm.pd_ml()


def working_in(folder: Path) -> list[psutil.Process]:
    """The living processes whose working directory this is."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.cwd() == str(folder):
                found.append(process)
    return found
