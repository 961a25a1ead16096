"""kill -9 at random moments, everything at once, then one clean run: the tables are those of an undisturbed run."""

import os
import random
import signal
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import psutil
import pytest

from pd_assets.cli.instance import open_instance
from pd_assets.lib.catalog import table_files, tables
from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS, LICENSED, PAGES, Table
from pd_assets.lib.home import Home
from pd_assets.sandbox import Archive, SandboxServer
from tests import last_words
from tests.conftest import ROOT
from tests.patience import PATIENCE_S, until

PICTURES = 150
COMPARED = (PAGES, ITEMS, DECISIONS, FILES, LICENSED)


def nightly(project: Path, home: Path, api: str) -> "subprocess.Popen[bytes]":
    """`pdd run nightly`; what all of a project print is in nightly.log."""
    with (project / "nightly.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "pd_assets.cli", "run", "nightly"],
            cwd=project,
            env={**os.environ, "PD_HOME": str(home), "PD_COMMONS_API": api},
            stdout=log,
            stderr=log,
        )


def kill_everything(process: "subprocess.Popen[bytes]") -> None:
    """SIGKILL to the process and to all that it started, at once."""
    family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.kill()
    for child in family:
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue
    process.wait()


def killed_when(project: Path, home: Path, server: SandboxServer, asked: int, written: int) -> int:
    """The exit code of a run that was killed when it had asked so often, or when so many files were there."""
    before = len(server.faults.log)
    run = nightly(project, home, server.api_url)
    until(
        lambda: len(server.faults.log) - before >= asked or files_in(home) >= written or run.poll() is not None,
        longest_pause_s=0.02,
    )
    kill_everything(run)
    return run.returncode


def files_in(home: Path) -> int:
    """The finished files of a home: pictures and parts of tables."""
    return sum(len(names) for folder, _, names in os.walk(home) if "/." not in folder)


def digests(home: Path) -> dict[str, str]:
    def digest(table: Table) -> str:
        content = tables.sort(table, tables.read(Home(root=home), table))
        return table_files.digest(table, content)

    return {table.key: digest(table) for table in COMPARED}


def states(project: Path) -> list[str]:
    """What Dagster says of each run, the first one first."""
    with chdir(project), open_instance(project) as instance:
        return [run.status.value for run in reversed(instance.get_runs())]


@pytest.mark.slow
@pytest.mark.parametrize("kills", [1, pytest.param(4, marks=pytest.mark.extended)])
def test_a_run_after_kills_ends_like_an_undisturbed_one(tmp_path: Path, kills: int) -> None:
    project = tmp_path / "project"
    project.mkdir()
    for name in ("dagster.yaml", "workspace.yaml"):
        (project / name).write_text((ROOT / name).read_text())
    chance = random.Random(20261122)
    with SandboxServer(Archive.painted(count=PICTURES)) as server, last_words.of("pdd", project / "nightly.log"):
        calm = nightly(project, tmp_path / "calm", server.api_url)
        assert calm.wait(PATIENCE_S) == 0
        # While it lists, early and late among the pictures, and when the last tables are written.
        asked, written = len(server.faults.log), files_in(tmp_path / "calm")
        moments: list[tuple[int, int]] = [
            (chance.randint(1, 20), written),
            (asked, chance.randint(written // 5, written // 2)),
            (asked, chance.randint(written // 2, written - written // 5)),
            (asked, written - chance.randint(2, 10)),
        ]
        # One alone comes among the pictures.
        chosen = moments if kills > 1 else moments[1:2]
        codes = [killed_when(project, tmp_path / "killed", server, *moment) for moment in chosen]
        assert codes.count(-signal.SIGKILL) >= max(1, kills - 1), "most were still at work"
        last = nightly(project, tmp_path / "killed", server.api_url)
        assert last.wait(PATIENCE_S) == 0
    assert states(project) == ["SUCCESS", *("FAILURE" if code else "SUCCESS" for code in codes), "SUCCESS"]
    assert digests(tmp_path / "killed") == digests(tmp_path / "calm")
    left_over = [path for path in (tmp_path / "killed").rglob("*.parquet") if path.name.startswith(".")]
    stored = {
        str(row["path"]) for row in tables.rows(tables.read(Home(root=tmp_path / "killed"), FILES)) if row["path"]
    }
    orphans = {
        str(path.relative_to(tmp_path / "killed")) for path in (tmp_path / "killed/images").glob("??/*.jpg")
    } - stored
    assert left_over == []
    assert orphans == set()
