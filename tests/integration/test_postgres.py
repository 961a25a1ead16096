"""Dagster's storage on a real Postgres: the whole line by the commands that people type, and a lost connection."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import dagster as dg
import pytest
from dagster._core.events import EngineEventData

from pd_assets.cli.instance import open_instance
from pd_assets.running import dead_runs
from pd_assets.running.launcher import HOST_TAG, here
from pd_assets.running.pools import POOLS
from pd_assets.sandbox import Archive, SandboxServer
from tests import warm
from tests.conftest import ROOT
from tests.integration import hurry, postgres
from tests.integration.dagster_ui import DagsterUi, running
from tests.integration.postgres import Postgres
from tests.integration.test_promotion import TINY
from tests.patience import PATIENCE_S, until

pytestmark = [pytest.mark.slow, pytest.mark.extended]
TRAINED = ("models/tokenizer", "models/clip", "models/transformer", "evaluation/report")
ENDED = ("SUCCESS", "FAILURE", "CANCELED")
OTHER_STORAGE = ("*.db", "*.sqlite*", "*.db-wal")


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(Archive.painted(count=120)) as started:
        yield started


@pytest.fixture(scope="module")
def settings(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: Postgres, server: SandboxServer
) -> Mapping[str, str]:
    home = postgres.dagster_home(tmp_path_factory.mktemp("postgres") / "dagster", postgres_server)
    return {**home, "PD_COMMONS_API": server.api_url, "PD_RETRY_WAIT_S": "1"}


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory, settings: Mapping[str, str]) -> Iterator[DagsterUi]:
    """`pdd up` on Postgres, after `pdd run nightly` there."""
    folder = tmp_path_factory.mktemp("project")
    with running(folder, **settings, **hurry.settings()) as started:
        nightly = pdd(started.folder, settings, "run", "nightly")
        assert nightly.returncode == 0, nightly.stderr
        yield started


def pdd(folder: Path, settings: Mapping[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A `pdd` command as a process of its own, beside the code location of `pdd up`."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PD_HOME": str(folder / "home"), **settings}
    return subprocess.run(
        [warm.program(), "-m", "pd_assets.cli", *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )


def test_the_whole_line_runs_with_everything_in_postgres_and_nothing_in_sqlite(
    ui: DagsterUi, postgres_server: Postgres, settings: Mapping[str, str]
) -> None:
    ops = {name: {"config": {"recipe": "debug", "set": changes}} for name, changes in TINY.items()}
    training = ui.launch(*TRAINED, config={"ops": ops})
    assert ended(ui, training) == "SUCCESS", ui.printed

    runs = dict(postgres_server.rows("select run_id, status from runs"))
    assert runs[training] == "SUCCESS" and set(runs.values()) == {"SUCCESS"} and len(runs) == 2
    made = "select distinct asset_key from event_logs where dagster_event_type = 'ASSET_MATERIALIZATION'"
    keys = {str(key).strip('[]"').replace('", "', "/") for (key,) in postgres_server.rows(made)}
    assert {"commons/pages", "rights/decisions", "catalog/licensed_images", "dataset/manifest", *TRAINED} <= keys
    assert {key for (key,) in postgres_server.rows("select concurrency_key from concurrency_limits")} >= set(POOLS)
    listed = {str(key) for (key,) in postgres_server.rows("select partition from dynamic_partitions")}
    stored = 'select distinct partition from event_logs where asset_key = \'["commons", "pages"]\''
    assert len(listed) > 5
    assert {str(key) for (key,) in postgres_server.rows(stored) if key is not None} == listed

    folders = (ui.folder, Path(settings["DAGSTER_HOME"]))
    assert [path for folder in folders for kind in OTHER_STORAGE for path in folder.rglob(kind)] == []


def test_pools_on_postgres_let_one_run_at_a_time_ask_an_archive(ui: DagsterUi, server: SandboxServer) -> None:
    server.faults.set({"delay_s": 0.3})
    server.faults.log.clear()
    both = [ui.launch("commons/categories") for _ in range(2)]
    assert [ended(ui, run) for run in both] == ["SUCCESS", "SUCCESS"]
    server.faults.clear()
    # Both ask the same questions in the same order.
    asked = [(one.path, one.params) for one in server.faults.log]
    assert asked and asked[: len(asked) // 2] == asked[len(asked) // 2 :], (
        "the second one asks when the first has ended"
    )


def test_a_run_that_loses_postgres_in_the_middle_ends_clearly_and_the_next_one_finishes(
    ui: DagsterUi, server: SandboxServer, postgres_server: Postgres
) -> None:
    server.faults.set({"delay_s": 5})
    run = ui.launch("commons/categories")
    ui.wait_for(run, "STARTED")
    printed = len(ui.printed)
    postgres_server.stop("immediate")
    until(lambda: "Connection refused" in ui.printed[printed:])
    postgres_server.start()
    server.faults.clear()
    found = ended(ui, run)
    assert found in ("SUCCESS", "FAILURE")
    if found == "FAILURE":
        why = f"select count(*) from event_logs where run_id = '{run}' and dagster_event_type = 'PIPELINE_FAILURE'"
        assert postgres_server.rows(why) == [(1,)]
    assert ended(ui, launched_at_last(ui)) == "SUCCESS"


def launched_at_last(ui: DagsterUi) -> str:
    """A run, asked for again where the web server's connections of before answer with an error."""

    def launched() -> str | None:
        try:
            return ui.launch("commons/categories")
        except OSError:
            return None

    found = until(launched)
    assert found is not None
    return found


def test_commands_say_in_one_line_that_postgres_is_not_to_be_reached(
    tmp_path: Path, settings: Mapping[str, str]
) -> None:
    for name in ("dagster.yaml", "workspace.yaml"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    told = pdd(tmp_path, {**settings, "DAGSTER_PG_PORT": "1"}, "run", "nightly")
    assert told.returncode == 1
    assert len(told.stderr.splitlines()) == 1
    assert "Connection refused" in told.stderr and "DAGSTER_PG_" in told.stderr
    told = pdd(tmp_path, {**settings, "DAGSTER_PG_USER": ""}, "run", "nightly")
    assert told.returncode == 1 and len(told.stderr.splitlines()) == 1, told.stderr


def test_a_machine_judges_only_its_own_runs_on_a_shared_database(
    settings: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with open_instance(ROOT) as instance:
        elsewhere = dead_run(instance, {HOST_TAG: "another-machine"})
        unknown = dead_run(instance, {})
        mine = dead_run(instance, here())
        assert dead_runs.bury(instance) == [mine]
        for run, status in ((elsewhere, "STARTED"), (unknown, "STARTED"), (mine, "FAILURE")):
            found = instance.get_run_by_id(run)
            assert found is not None and found.status.value == status
            instance.delete_run(run)


def dead_run(instance: dg.DagsterInstance, tags: dict[str, str]) -> str:
    """A run that started, by a process whose number is nobody's."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    run = instance.add_run(
        dg.DagsterRun(job_name="nightly", run_id=str(uuid4()), status=dg.DagsterRunStatus.STARTED, tags=tags)
    )
    told = EngineEventData(metadata={"pid": dg.MetadataValue.text(str(ended.pid))})
    instance.report_engine_event("Executing steps in process", run, told)
    return run.run_id


def ended(ui: DagsterUi, run: str) -> str:
    """How a run ended. While Postgres is away, the UI has no answer."""

    def how() -> str:
        with suppress(OSError, KeyError, RuntimeError):
            if (found := ui.status(run)) in ENDED:
                return found
        return ""

    return until(how)
