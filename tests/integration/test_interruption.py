"""kill -9 at random moments, everything at once, then one clean run: the tables are those of an undisturbed run."""

import os
import random
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS, LICENSED, PAGES, Table
from pd_assets.lib.home import Home
from pd_assets.lib.sandbox import Archive, SandboxServer
from tests.conftest import ROOT

KILLS = 4
COMPARED = (PAGES, ITEMS, DECISIONS, FILES, LICENSED)


def nightly(project: Path, home: Path, api: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "pd_assets.cli", "run", "nightly"],
        cwd=project,
        env={**os.environ, "PD_HOME": str(home), "PD_COMMONS_API": api},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill_everything(process: "subprocess.Popen[bytes]") -> None:
    """SIGKILL to the process and to all that it started, at once."""
    family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    for child in family:
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue
    process.wait()


def digests(home: Path) -> dict[str, str]:
    def digest(table: Table) -> str:
        content = tables.sort(table, tables.read(Home(root=home), table))
        return tables.digest(table, content)

    return {table.key: digest(table) for table in COMPARED}


@pytest.mark.slow
def test_a_run_after_many_kills_ends_like_an_undisturbed_one(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    for name in ("dagster.yaml", "workspace.yaml"):
        (project / name).write_text((ROOT / name).read_text())
    chance = random.Random(20261122)
    with SandboxServer(Archive.painted(count=300)) as server:
        calm = nightly(project, tmp_path / "calm", server.api_url)
        assert calm.wait(120) == 0
        for _ in range(KILLS):
            killed = nightly(project, tmp_path / "killed", server.api_url)
            try:
                killed.wait(chance.uniform(3.0, 9.0))
            except subprocess.TimeoutExpired:
                kill_everything(killed)
        last = nightly(project, tmp_path / "killed", server.api_url)
        assert last.wait(120) == 0
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
