"""`pdd up` as a process of its own, in a folder of its own, and the questions that a test asks it over GraphQL."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import psutil

from tests import last_words
from tests.patience import PATIENCE_S, until

ROOT = Path(__file__).resolve().parents[2]
PROJECT_FILES = ("dagster.yaml", "workspace.yaml", "pyproject.toml")
# So long a run's process may take to begin, on a machine that is busy; the second is else as much as the first.
PATIENT = {"DAGSTER_GRPC_TIMEOUT_SECONDS": f"{PATIENCE_S:.0f}", "DAGSTER_GRPC_SHUTDOWN_GRACE_PERIOD": "60"}
LAUNCH = """
mutation($assets: [AssetKeyInput!], $config: RunConfigData) {
  launchPipelineExecution(executionParams: {
    mode: "default", runConfigData: $config,
    selector: {repositoryLocationName: "pd", repositoryName: "__repository__", pipelineName: "__ASSET_JOB",
               assetSelection: $assets}
  }) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
  }
}
"""
RUN = "query($run: ID!) { runOrError(runId: $run) { ... on Run { status } } }"
RETRIES = """
query($run: String!) { runsOrError(filter: {tags: [{key: "dagster/parent_run_id", value: $run}]}) {
  ... on Runs { results { status } } } }
"""
Json = Mapping[str, object]


class UiFailed(Exception):
    """`pdd up` did not do what it was asked to; the message holds what it printed."""


@dataclass(frozen=True, kw_only=True)
class DagsterUi:
    """A running `pdd up`; another program has Dagster's UI `below` another path."""

    process: subprocess.Popen[bytes]
    folder: Path
    port: int
    home: Path
    below: str = "/dagster"

    @property
    def site(self) -> str:
        """Our pages."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Dagster's."""
        return f"{self.site}{self.below}"

    @property
    def printed(self) -> str:
        return (self.folder / "up.log").read_text()

    def ask(self, query: str, **variables: object) -> Json:
        """The `data` of a GraphQL answer."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
            answer = json.load(response)
        if answer.get("errors"):
            raise UiFailed(json.dumps(answer["errors"])[:2000])
        return cast(Json, answer["data"])

    def launch(self, *assets: str, config: Json | None = None) -> str:
        """Ask for a run of some assets, as the button Materialize or the launchpad does; returns its id."""
        keys = [{"path": key.split("/")} for key in assets]
        launched = cast(Json, self.ask(LAUNCH, assets=keys, config=config or {})["launchPipelineExecution"])
        if "run" not in launched:
            raise UiFailed(json.dumps(launched)[:2000])
        return str(cast(Json, launched["run"])["runId"])

    def status(self, run: str) -> str:
        return str(cast(Json, self.ask(RUN, run=run)["runOrError"])["status"])

    def retries(self, run: str) -> list[str]:
        """The statuses of the runs that go on with a run."""
        found = cast(Json, self.ask(RETRIES, run=run)["runsOrError"])
        return [str(one["status"]) for one in cast(list[Json], found["results"])]

    def wait_for(self, run: str, *statuses: str) -> str:
        """Wait until a run has one of `statuses`, and return it."""
        found: list[str] = []

        def has_one() -> bool:
            found.append(self.status(run))
            return found[-1] in statuses

        until(has_one, lambda: f"run {run} is {found[-1]}, expected one of {statuses}")
        return found[-1]

    def processes(self) -> list[psutil.Process]:
        """The process and everything that it started."""
        return [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]

    def workers(self) -> list[psutil.Process]:
        """The processes that execute runs: those that the code servers started, without their own helpers."""
        servers = [one for one in self.processes() if {"grpc", "code-server"}.intersection(_words(one))]
        started = [child for one in servers for child in one.children() if child not in servers]
        # Of one in a hurry they are forked: hurry.py.
        forkers = [one for one in started if "multiprocessing.forkserver" in " ".join(_words(one))]
        spawned = [one for one in started if "multiprocessing.spawn" in " ".join(_words(one))]
        return [*spawned, *(child for one in forkers for child in one.children())]

    def stop(self, signum: int = signal.SIGTERM) -> int:
        """Ask it to stop, wait for the end, return the exit code."""
        self.process.send_signal(signum)
        return self.process.wait(PATIENCE_S)


def ends_when_dies(ui: DagsterUi, part: str) -> None:
    """Kill the one process that has this word; `pdd up` ends whole and with an error, so that it is started again."""
    family = ui.processes()
    (found,) = [one for one in family if part in _words(one)]
    found.kill()
    assert ui.process.wait(PATIENCE_S) == 1
    assert "ended by itself" in ui.printed
    until(lambda: not alive(family), lambda: str(alive(family)))


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[DagsterUi]:
    """`pdd up` in `folder`, which becomes a project folder of its own; stopped at the end if the test did not."""
    port = free_port()
    process = start(folder, port, **settings)
    ui = DagsterUi(process=process, folder=folder, port=port, home=folder / "home")
    started: list[psutil.Process] = []
    with last_words.of("pdd up", folder / "up.log"):
        try:
            wait_until_it_answers(ui)
            started = ui.processes()
            yield ui
        finally:
            if process.poll() is None:
                started = ui.processes()
                ui.stop()
            for left in alive(started):
                left.kill()


def start(folder: Path, port: int, **settings: str) -> "subprocess.Popen[bytes]":
    """Start `pdd up`; everything that it prints goes to up.log."""
    for name in PROJECT_FILES:
        shutil.copy(ROOT / name, folder / name)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PD_", "DAGSTER_"))}
    environment = {
        **clean,
        "PYTHONPATH": str(ROOT),
        "PD_HOME": str(folder / "home"),
        "OMP_NUM_THREADS": "1",
        **PATIENT,
        **settings,
    }
    with (folder / "up.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "pd_assets.cli", "up", "--port", str(port)],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def wait_until_it_answers(ui: DagsterUi) -> None:
    def answers() -> bool:
        if ui.process.poll() is not None:
            raise UiFailed(f"pdd up ended with exit code {ui.process.returncode}:\n{ui.printed}")
        try:
            with urllib.request.urlopen(f"{ui.url}/server_info", timeout=PATIENCE_S):
                return True
        except OSError:
            return False

    until(answers)


def _words(process: psutil.Process) -> list[str]:
    """The command line of a process, empty where it has ended."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run: one that nobody waits for may stay listed as a zombie."""

    def runs(one: psutil.Process) -> bool:
        try:
            return one.is_running() and one.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    return list(filter(runs, processes))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
