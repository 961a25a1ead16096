"""`pdd takedown` and `pdd trace` as a person uses them."""

import os
import subprocess
from pathlib import Path

import pytest

from pd_assets.lib.home import Home, open_home
from tests import warm
from tests.pd_assets.lib.release.planted import catalogue, dataset, model


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = open_home(tmp_path / "home")
    catalogue(made, range(12))
    model(made, "unet_text", "seer", dataset(made))
    return made


def pdd(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [warm.program(), "-m", "pd_assets.cli", *arguments],
        cwd=home.root,
        env={**os.environ, "PD_HOME": str(home.root)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_takedown_lists_the_models_that_saw_it_and_a_trace_tells_of_it_afterwards(home: Home) -> None:
    done = pdd(home, "takedown", "commons:M5", "--reason", "the heirs ask for it", "--purge")
    assert done.returncode == 0, done.stderr
    assert "taken down: commons:M5" in done.stdout
    assert "removed 1 dataset versions" in done.stdout
    assert "models that saw it: 1\n  unet_text seer (latest)" in done.stdout
    told = pdd(home, "trace", "commons:M5").stdout
    for line in (
        "commons:M5  Picture 5",
        "the heirs ask for it; purged",
        "(its folder is gone): commons:M5",
        "unet_text seer",
    ):
        assert line in told
    assert "changes of its verdict: none" in told


def test_a_takedown_without_a_reason_is_wrong_usage(home: Home) -> None:
    assert pdd(home, "takedown", "commons:M5").returncode == 2


@pytest.mark.parametrize("command", [("trace", "nobody"), ("takedown", "nobody", "--reason", "why")])
def test_what_nobody_knows_is_one_line_and_exit_code_1(home: Home, command: tuple[str, ...]) -> None:
    done = pdd(home, *command)
    assert done.returncode == 1
    assert done.stderr.startswith("pdd: nothing in ") and len(done.stderr.splitlines()) == 1
