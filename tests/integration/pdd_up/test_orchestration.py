"""A real `pdd up` on the sandbox: pools, killed runs, failures that are told, the schedule."""

import re
from collections.abc import Iterator
from contextlib import chdir
from typing import cast

import psutil
import pytest

from pd_assets.cli.instance import open_instance
from pd_assets.sandbox import SandboxServer
from tests.integration.dagster_ui import DagsterUi, Json
from tests.integration.pdd_up.conftest import Up
from tests.patience import until

pytestmark = pytest.mark.slow
LOGS = """
query($run: ID!) { logsForRun(runId: $run) { ... on EventConnection { events {
  ... on MessageEvent { message } } } } }
"""
SCHEDULE = """
query { scheduleOrError(scheduleSelector: {
  repositoryLocationName: "pd", repositoryName: "__repository__", scheduleName: "nightly_scrape"
}) { ... on Schedule { cronSchedule executionTimezone scheduleState { status } } } }
"""


@pytest.fixture
def server(up: Up) -> Iterator[SandboxServer]:
    """The archive, without faults before and after."""
    up.server.faults.clear()
    yield up.server
    up.server.faults.clear()


def test_the_nightly_schedule_is_on_where_there_is_a_contact_at_the_time_of_the_settings(ui: DagsterUi) -> None:
    found = cast(Json, ui.ask(SCHEDULE)["scheduleOrError"])
    assert (found["cronSchedule"], found["executionTimezone"]) == ("30 4 1 1 *", "Europe/Berlin")
    assert cast(Json, found["scheduleState"])["status"] == "RUNNING"


def test_a_failed_run_is_told_in_the_log_by_the_webhook_and_by_mail(
    ui: DagsterUi, server: SandboxServer, up: Up
) -> None:
    server.faults.set({"status": 404, "times": 1})
    run = ui.launch("commons/categories")
    assert ui.wait_for(run, "SUCCESS", "FAILURE") == "FAILURE"
    until(lambda: any(run in str(one) for one in up.posted) and any(run in one for one in up.mailed))
    (line,) = told(ui, run)
    assert "commons/categories failed" in line and "HTTP 404" in line


@pytest.mark.extended
def test_runs_that_ask_the_same_archive_come_one_after_the_other(ui: DagsterUi, server: SandboxServer) -> None:
    server.faults.set({"delay_s": 0.3})
    server.faults.log.clear()
    both = [ui.launch("commons/categories") for _ in range(2)]
    for run in both:
        assert ui.wait_for(run, "SUCCESS", "FAILURE") == "SUCCESS"
    # Both begin with the same question, and the second one asks nothing that the first did not.
    asked = [(one.path, one.params) for one in server.faults.log]
    again = asked.index(asked[0], 1)
    assert all(one in asked[:again] for one in asked[again:]), "the second one asks when the first has ended"


def test_a_run_that_is_killed_starts_again_by_itself_and_keeps_nobody_waiting(
    ui: DagsterUi, server: SandboxServer
) -> None:
    run = killed_run(ui, server)
    until(lambda: "SUCCESS" in ui.retries(run))


@pytest.mark.extended
def test_a_run_that_the_daemon_passed_by_starts_again_all_the_same(ui: DagsterUi, server: SandboxServer) -> None:
    run = killed_run(ui, server)
    pass_by(ui)
    until(lambda: "SUCCESS" in ui.retries(run))
    until(lambda: told(ui, run))
    assert len(told(ui, run)) == 1, "it is told of once"


def told(ui: DagsterUi, run: str) -> list[str]:
    """The alerts about a run."""
    log = ui.home / "alerts.log"
    return [line for line in log.read_text().splitlines() if run in line] if log.is_file() else []


def killed_run(ui: DagsterUi, server: SandboxServer) -> str:
    """A run that died in the middle of its work, and is marked as failed."""
    server.faults.set({"delay_s": 2})
    server.faults.log.clear()
    run = ui.launch("commons/categories")
    # Whoever started it knows by then that it began: else it is marked as failed twice.
    until(lambda: server.faults.log)
    process_of(ui, run).kill()
    server.faults.clear()
    assert ui.wait_for(run, "FAILURE") == "FAILURE"
    return run


def pass_by(ui: DagsterUi) -> None:
    """Let the daemon that starts failed runs again believe that it has seen all failures so far."""
    with chdir(ui.folder), open_instance(ui.folder) as instance:
        newest = instance.event_log_storage.get_maximum_record_id()
        instance.run_storage.set_cursor_values({"EVENT_LOG_CONSUMER_CURSOR-PIPELINE_FAILURE": str(newest)})


def process_of(ui: DagsterUi, run: str) -> psutil.Process:
    """The process that executes a run, by the number that the run's log gives."""
    logs = cast(Json, ui.ask(LOGS, run=run)["logsForRun"])
    messages = [str(event.get("message")) for event in cast(list[Json], logs["events"])]
    (pid,) = {found[1] for said in messages if (found := re.search(r"Started process for run \(pid: (\d+)\)", said))}
    return psutil.Process(int(pid))
