"""What a sensor asks for, told from the runs that there were: once, and again only after a failure, ever later."""

import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from pd_assets.running.asking import FIRST_WAIT_S, LONGEST_WAIT_S, request
from tests.pd_assets.line import INSTANCE, NO_TELEMETRY

JOB, TAG = "work", "pd/state"


@dg.job(name=JOB)
def work() -> None:
    """A job without steps."""


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / INSTANCE).mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / INSTANCE), overrides=NO_TELEMETRY) as found:
        yield found


def ask(instance: dg.DagsterInstance, *, later_s: float = 0.0, tries: int | None = None) -> dg.RunRequest | str:
    return request(instance, job=JOB, tag=TAG, state="a", prefix="work", tries=tries, now_s=time.time() + later_s)


def launched(instance: dg.DagsterInstance, asked: dg.RunRequest | str) -> dg.DagsterRun:
    assert isinstance(asked, dg.RunRequest)
    return instance.create_run_for_job(work, tags=dict(asked.tags), status=dg.DagsterRunStatus.STARTED)


def failed(instance: dg.DagsterInstance, asked: dg.RunRequest | str) -> None:
    instance.report_run_failed(launched(instance, asked))


def key(asked: dg.RunRequest | str) -> str | None:
    assert isinstance(asked, dg.RunRequest), asked
    return asked.run_key


def test_a_failed_run_is_asked_for_again_after_a_while_under_another_key(instance: dg.DagsterInstance) -> None:
    asked = ask(instance)
    assert key(asked) == "work-a"
    failed(instance, asked)
    said = ask(instance)
    assert isinstance(said, str) and "failed; it is asked for again in 5 minutes" in said
    again = ask(instance, later_s=FIRST_WAIT_S + 5)
    assert key(again) == "work-a-2"
    failed(instance, again)
    assert isinstance(ask(instance, later_s=2 * FIRST_WAIT_S), str)
    assert key(ask(instance, later_s=4 * FIRST_WAIT_S + 5)) == "work-a-3"


def test_the_wait_is_never_longer_than_a_day(instance: dg.DagsterInstance) -> None:
    for _ in range(9):
        failed(instance, ask(instance, later_s=LONGEST_WAIT_S + 5))
    assert key(ask(instance, later_s=LONGEST_WAIT_S + 5)) == "work-a-10"


def test_after_some_tries_nobody_asks_again(instance: dg.DagsterInstance) -> None:
    for _ in range(3):
        failed(instance, ask(instance, later_s=LONGEST_WAIT_S, tries=3))
    said = ask(instance, later_s=10 * LONGEST_WAIT_S, tries=3)
    assert isinstance(said, str) and "failed each time" in said


def test_another_state_is_asked_for_at_once(instance: dg.DagsterInstance) -> None:
    failed(instance, ask(instance))
    other = request(instance, job=JOB, tag=TAG, state="b", prefix="work")
    assert key(other) == "work-b"


def test_a_retry_that_dagster_made_itself_counts_as_the_same_asking(instance: dg.DagsterInstance) -> None:
    first = launched(instance, ask(instance))
    instance.report_run_failed(first)
    retry = instance.create_run_for_job(
        work,
        tags=dict(first.tags),
        parent_run_id=first.run_id,
        root_run_id=first.run_id,
        status=dg.DagsterRunStatus.STARTED,
    )
    said = ask(instance, later_s=LONGEST_WAIT_S)
    assert isinstance(said, str) and f"run {retry.run_id} of work was already asked for, and is under way" in said
    instance.report_run_failed(retry)
    assert key(ask(instance, later_s=FIRST_WAIT_S + 5)) == "work-a-2"
