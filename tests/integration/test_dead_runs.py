"""A run that was killed while it read the archive is marked as failed, and does not keep the next one waiting."""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg

from pd_assets.commands import dead_runs
from pd_assets.lib.sandbox import Archive, SandboxServer
from tests import last_words
from tests.conftest import ROOT
from tests.integration.test_interruption import kill_everything, nightly
from tests.patience import PATIENCE_S, until


def test_a_killed_run_is_marked_as_failed_and_the_next_run_finishes(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    for name in ("dagster.yaml", "workspace.yaml"):
        (project / name).write_text((ROOT / name).read_text())
    with SandboxServer(Archive.painted(count=300)) as server, last_words.of("pdd", project / "nightly.log"):
        killed = nightly(project, tmp_path / "home", server.api_url)
        until(lambda: server.faults.log or killed.poll() is not None, longest_pause_s=0.01)
        assert server.faults.log, "the run never asked the archive"
        kill_everything(killed)
        last = nightly(project, tmp_path / "home", server.api_url)
        assert last.wait(PATIENCE_S) == 0
    told = subprocess.run(
        [sys.executable, "-c", STATES], cwd=project, env=dict(os.environ), capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["FAILURE", "SUCCESS"]


STATES = """
from pathlib import Path
from pd_assets.commands.instance import open_instance
with open_instance(Path.cwd()) as instance:
    print(" ".join(run.status.value for run in reversed(instance.get_runs())))
"""


def test_a_run_whose_process_lives_is_left_alone(tmp_path: Path) -> None:
    @dg.asset
    def waits() -> None:
        assert dead_runs.bury(instance) == []

    instance = dg.DagsterInstance.local_temp(str(tmp_path))
    assert dg.materialize([waits], instance=instance).success
