"""How `pdd up` ends in the middle of a run, and begins again: once by SIGTERM and once by SIGKILL, in one folder.

Nothing is hurried here: which process began which matters. Where a part of it dies: pdd_up/test_up_dies.py and
test_backfills.py, which have one that nobody needs any more.
"""

import json
import signal
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import psutil
import pytest

from pd_assets.cli import sandbox
from pd_assets.cli.instance import open_instance
from pd_assets.lib.home import open_home
from tests.integration.dagster_ui import DagsterUi, alive, running
from tests.patience import PATIENCE_S, until

pytestmark = pytest.mark.slow
TERMINATE = "mutation($run: String!) { terminateRun(runId: $run) { __typename } }"


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A `pdd up` that got SIGTERM, a run that was at work then, and one that a person had ended before."""

    folder: Path
    code: int
    family: list[psutil.Process]
    at_work: str
    ended: str


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """On a home that the demo has filled: it starts the home's sandbox again."""
    folder = tmp_path_factory.mktemp("ends")
    sandbox.remember(open_home(folder / "home"), None)
    with running(folder) as ui:
        assert "answers again at" in ui.printed
        at_work = run_at_work(ui)
        # It waits for its archive.
        by_hand = ui.launch("commons/categories")
        ui.ask(TERMINATE, run=by_hand)
        family = ui.processes()
        assert_is_whole(family)
        return Ended(folder=folder, code=ui.stop(), family=family, at_work=at_work, ended=by_hand)


@pytest.fixture(scope="module")
def begun_again(ended: Ended) -> Iterator[DagsterUi]:
    """The same once more; the last test here ends it."""
    with running(ended.folder) as ui:
        yield ui


def test_the_end_of_pdd_up_leaves_no_process_behind(ended: Ended, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither Dagster's, nor the sandbox that runs beside it, nor a run in the middle of its work."""
    assert ended.code == 0
    until(lambda: not alive(ended.family), lambda: str(alive(ended.family)))
    monkeypatch.chdir(ended.folder)
    with open_instance(ended.folder) as instance:
        found = instance.get_run_by_id(ended.at_work)
    assert found is not None
    assert found.status in (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


@pytest.mark.extended
def test_a_run_that_the_end_interrupts_goes_on_by_itself_when_pdd_up_is_started_again(
    ended: Ended, begun_again: DagsterUi
) -> None:
    until(lambda: "SUCCESS" in begun_again.retries(ended.at_work))
    assert (begun_again.status(ended.at_work), begun_again.status(ended.ended)) == ("FAILURE", "CANCELED")
    assert begun_again.retries(ended.ended) == []


@pytest.mark.extended
def test_killed_it_leaves_no_process_behind(begun_again: DagsterUi) -> None:
    run_at_work(begun_again)
    family = begun_again.processes()
    assert_is_whole(family)
    assert begun_again.stop(signal.SIGKILL) == -signal.SIGKILL
    until(lambda: not alive(family), lambda: str(alive(family)))


def assert_is_whole(family: list[psutil.Process]) -> None:
    assert {"sandbox", "web", "grpc"} <= {word for one in family for word in one.cmdline()}


def run_at_work(ui: DagsterUi) -> str:
    """A run that the sandbox lets wait for each answer, so that it is still at work when it is stopped."""
    port, _ = sandbox.remembered(open_home(ui.home)) or (0, None)
    url = sandbox.api_url(port).removesuffix("/w/api.php") + "/sandbox/faults"
    request = urllib.request.Request(url, json.dumps({"delay_s": 5}).encode())
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as done:
        assert done.status == 200
    run = ui.launch("commons/categories")
    ui.wait_for(run, "STARTED")
    return run
