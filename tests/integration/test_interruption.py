"""kill -9 at random moments, everything at once, then one clean run: the tables are those of an undisturbed run."""

import os
import random
import signal
import subprocess
from collections.abc import Iterator
from contextlib import chdir, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from pd_assets.cli.instance import open_instance
from pd_assets.lib.catalog import table_files, tables
from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS, LICENSED, PAGES, Table
from pd_assets.lib.home import Home
from pd_assets.sandbox import Archive, SandboxServer
from tests import last_words, warm
from tests.conftest import ROOT
from tests.patience import PATIENCE_S, until

PICTURES = 90
# While it lists, among the pictures, and when the last tables are written: in how far it has asked, and how many of its
# files are there.
MOMENTS = {"listing": (0.0, 1.0), "pictures": (1.0, 0.4), "last": (1.0, 0.98)}
COMPARED = (PAGES, ITEMS, DECISIONS, FILES, LICENSED)


def nightly(project: Path, home: Path, api: str) -> "subprocess.Popen[bytes]":
    """`pdd run nightly` in a project of its own; what all of them print is in nightly.log."""
    project.mkdir(exist_ok=True)
    for name in ("dagster.yaml", "workspace.yaml"):
        (project / name).write_text((ROOT / name).read_text())
    with (project / "nightly.log").open("ab") as log:
        return subprocess.Popen(
            [warm.program(), "-m", "pd_assets.cli", "run", "nightly"],
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


def kill_all_in(project: Path, run: "subprocess.Popen[bytes]") -> None:
    """SIGKILL to all that runs in a project's folder, at once, until nothing does."""
    while (family := [process for process in psutil.process_iter() if _is_in(project, process)]) or run.poll() is None:
        for process in family:
            with suppress(psutil.Error):
                process.kill()
        run.kill()


def _is_in(project: Path, process: psutil.Process) -> bool:
    with suppress(psutil.Error, OSError):
        return process.status() != psutil.STATUS_ZOMBIE and process.cwd() == str(project)
    return False


def killed_when(project: Path, home: Path, server: SandboxServer, asked: int, written: int) -> int:
    """The exit code of a run that was killed when it had asked so often, or when so many files were there."""
    before = len(server.faults.log)
    run = nightly(project, home, server.api_url)
    until(
        lambda: len(server.faults.log) - before >= asked or files_in(home) >= written or run.poll() is not None,
        longest_pause_s=0.02,
    )
    kill_all_in(project, run)
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


@dataclass(frozen=True, kw_only=True)
class Calm:
    """An archive, the home of an undisturbed run over it, and how often that asked."""

    server: SandboxServer
    home: Path
    asked: int


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calm]:
    folder = tmp_path_factory.mktemp("calm")
    with (
        SandboxServer(Archive.painted(count=PICTURES)) as server,
        last_words.of("pdd", folder / "project/nightly.log"),
    ):
        run = nightly(folder / "project", folder / "home", server.api_url)
        assert run.wait(PATIENCE_S) == 0
        assert states(folder / "project") == ["SUCCESS"]
        yield Calm(server=server, home=folder / "home", asked=len(server.faults.log))


@pytest.mark.slow
@pytest.mark.parametrize(
    "moments", [["pictures"], pytest.param(["listing", "last"], marks=pytest.mark.extended)], ids="-".join
)
def test_a_run_after_kills_ends_like_an_undisturbed_one(calm: Calm, tmp_path: Path, moments: list[str]) -> None:
    project, home = tmp_path / "project", tmp_path / "killed"
    chance = random.Random(20261122)
    written = files_in(calm.home)
    with last_words.of("pdd", project / "nightly.log"):
        codes = []
        for asked_share, written_share in (MOMENTS[name] for name in moments):
            asked = int(calm.asked * asked_share) or chance.randint(1, 20)
            files = int(written * written_share) + chance.randint(-2, 0)
            codes.append(killed_when(project, home, calm.server, asked, max(1, files)))
        assert codes.count(-signal.SIGKILL) >= max(1, len(moments) - 1), "most were still at work"
        last = nightly(project, home, calm.server.api_url)
        assert last.wait(PATIENCE_S) == 0
    assert states(project) == [*("FAILURE" if code else "SUCCESS" for code in codes), "SUCCESS"]
    assert digests(home) == digests(calm.home)
    left_over = [path for path in home.rglob("*.parquet") if path.name.startswith(".")]
    stored = {str(row["path"]) for row in tables.rows(tables.read(Home(root=home), FILES)) if row["path"]}
    orphans = {str(path.relative_to(home)) for path in (home / "images").glob("??/*.jpg")} - stored
    assert left_over == []
    assert orphans == set()
