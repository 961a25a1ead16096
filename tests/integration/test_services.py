"""The services of deploy/docker as processes of this machine, by the commands of its compose file, on a real Postgres.

The code location answers on an address of its own, so to the daemon it is another machine.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from pd_assets.sandbox import Archive, SandboxServer
from tests import last_words, patience
from tests.conftest import ROOT
from tests.integration import postgres
from tests.integration.dagster_ui import PATIENT, DagsterUi, free_port, wait_until_it_answers
from tests.integration.postgres import Postgres
from tests.integration.test_interruption import kill_everything
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.slow, pytest.mark.extended]
ELSEWHERE = "127.0.0.2"
LOCATION = "query { workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError { __typename } } } } }"


@dataclass(frozen=True, kw_only=True)
class Services:
    """What compose would start, by name; each writes a log of its name."""

    folder: Path
    environment: Mapping[str, str]
    code_port: int
    ui_port: int

    def start(self, name: str) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                self.command(name),
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def command(self, name: str) -> list[str]:
        """The command of the compose file, with the addresses of this test."""
        compose = yaml.safe_load((ROOT / "deploy/docker/docker-compose.yaml").read_text())
        here = {
            "4000": str(self.code_port),
            "3000": str(self.ui_port),
            "0.0.0.0": ELSEWHERE if name == "code" else "127.0.0.1",
            "/opt/dagster/workspace.yaml": str(self.folder / "services.yaml"),
        }
        words = [here.get(word, word) for word in compose["services"][name]["command"]]
        program = ROOT / ".venv/bin" / words[0]
        return [str(program) if program.is_file() else words[0], *words[1:]]

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()


@contextmanager
def started(services: Services) -> Iterator[tuple[DagsterUi, dict[str, "subprocess.Popen[bytes]"]]]:
    """All of them, as compose starts them; `code` may be replaced by the test. Killed at the end."""
    assert services.start("prepare").wait(PATIENCE_S) == 0, services.log("prepare")
    running = {name: services.start(name) for name in ("code", "webserver", "daemon")}
    stack = ExitStack()
    for name in running:
        stack.enter_context(last_words.of(f"the service {name}", services.folder / f"{name}.log"))
    try:
        web = DagsterUi(
            process=running["webserver"], folder=services.folder, port=services.ui_port, home=services.folder / "home"
        )
        shutil.copy(services.folder / "webserver.log", services.folder / "up.log")
        wait_until_it_answers(web)
        yield web, running
    finally:
        for process in running.values():
            if process.poll() is None:
                kill_everything(process)
        stack.close()


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with SandboxServer(Archive.painted(count=120)) as running:
        yield running


@pytest.fixture
def services(tmp_path: Path, server: SandboxServer, postgres_server: Postgres) -> Services:
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    code_port, ui_port = free_port(), free_port()
    workspace = (ROOT / "deploy/docker/workspace.yaml").read_text()
    workspace = workspace.replace("host: code", f"host: {ELSEWHERE}").replace("port: 4000", f"port: {code_port}")
    (tmp_path / "services.yaml").write_text(workspace)
    settings = {
        **PATIENT,
        **postgres.dagster_home(tmp_path / "dagster", postgres_server.with_database("services")),
        "PYTHONPATH": str(ROOT),
        "PD_HOME": str(tmp_path / "home"),
        "PD_COMMONS_API": server.api_url,
    }
    return Services(folder=tmp_path, environment={**os.environ, **settings}, code_port=code_port, ui_port=ui_port)


def test_a_run_of_a_code_location_elsewhere_is_left_alone_while_it_lives_and_comes_again_when_it_died(
    services: Services, server: SandboxServer
) -> None:
    with started(services) as (web, running):
        until(lambda: "'RepositoryLocation'" in str(web.ask(LOCATION)))
        server.faults.set({"delay_s": 20})
        run = web.launch("commons/categories")
        until(lambda: web.status(run) == "STARTED")
        until(lambda: services.log("daemon").count(f"Checking run {run}") >= 2)
        assert web.status(run) == "STARTED", "it lives, though the daemon sees no process of it"

        kill_everything(running["code"])
        server.faults.clear()
        running["code"] = services.start("code")
        until(lambda: web.status(run) == "FAILURE")
        until(lambda: "SUCCESS" in web.retries(run))


def until(happened: Callable[[], bool]) -> None:
    """Until it happened; a service that is not there yet has no answer."""

    def answered() -> bool:
        with suppress(OSError, KeyError):
            return happened()
        return False

    patience.until(answered)
