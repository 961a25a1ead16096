"""Which dataset a run is about: the one it made, or learnt from, or that the run before it did. And that no run which
is to be started again is forgotten.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events import DagsterEvent
from dagster._core.events.log import EventLogEntry
from dagster._core.test_utils import create_test_daemon_workspace_context
from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from dagster._daemon.auto_run_reexecution.event_log_consumer import EventLogConsumerDaemon

from pd_assets.running.history import ask_again_for_retries, dataset_of, needed_datasets, note_dataset


@dg.asset(key=["dataset", "manifest"])
def manifest() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"name": "main", "version": "made"})


@dg.asset
def model() -> None:
    """Learns from what is there."""


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as found:
        yield found


def run_of(instance: dg.DagsterInstance, asset: dg.AssetsDefinition, *, after: str | None = None) -> dg.DagsterRun:
    """A run at work, which goes on with another one where that is given."""
    job = dg.Definitions(assets=[asset]).resolve_implicit_global_asset_job_def()
    tags = {"dagster/parent_run_id": after} if after else {}
    return instance.create_run_for_job(
        job, status=dg.DagsterRunStatus.STARTED, parent_run_id=after, root_run_id=after, tags=tags
    )


def test_a_run_is_about_the_dataset_that_it_made(instance: dg.DagsterInstance) -> None:
    done = dg.materialize([manifest], instance=instance).dagster_run
    assert dataset_of(instance, done, "main") == "made"
    assert dataset_of(instance, done, "portraits") is None


def test_a_run_that_goes_on_with_another_is_about_the_same_dataset(instance: dg.DagsterInstance) -> None:
    first = run_of(instance, model)
    assert dataset_of(instance, first, "main") is None
    note_dataset(instance, first, "main", "learnt")
    again = run_of(instance, model, after=first.run_id)
    assert dataset_of(instance, again, "main") == "learnt"
    assert needed_datasets(instance, "main") == {"learnt"}


def test_a_dataset_is_needed_until_its_run_has_ended_and_while_it_is_about_to_be_started_again(
    instance: dg.DagsterInstance,
) -> None:
    run = run_of(instance, model)
    note_dataset(instance, run, "main", "learnt")
    instance.report_run_failed(run)
    assert needed_datasets(instance, "main") == set()
    instance.add_run_tags(run.run_id, {"dagster/will_retry": "true"})
    assert needed_datasets(instance, "main") == {"learnt"}


def test_a_retry_that_the_daemon_passed_by_is_asked_for_once_more(tmp_path: Path) -> None:
    """The daemon looks between the two writes of a failure: it takes the run for one at work, and never looks again."""
    retries = {"run_retries": {"enabled": True, "max_retries": 3}}
    with dg.DagsterInstance.local_temp(str(tmp_path), overrides=retries) as instance:
        look_for_failures(instance)
        run = run_of(instance, model)
        failure = DagsterEvent(event_type_value="PIPELINE_FAILURE", job_name=run.job_name)
        now = datetime.now(UTC)
        instance.event_log_storage.store_event(
            EventLogEntry(
                error_info=None,
                level=40,
                user_message="",
                run_id=run.run_id,
                timestamp=now.timestamp(),
                dagster_event=failure,
            )
        )
        look_for_failures(instance)
        instance.run_storage.handle_run_event(run.run_id, failure)
        instance.add_run_tags(run.run_id, {"dagster/will_retry": "true"})
        look_for_failures(instance)
        assert not daemon_came_to(instance, run)

        assert ask_again_for_retries(instance, now) == [], "the daemon may still come to it"
        assert ask_again_for_retries(instance, now + timedelta(minutes=2)) == [run.run_id]
        look_for_failures(instance)
        assert daemon_came_to(instance, run)
        assert ask_again_for_retries(instance, now + timedelta(minutes=4)) == []


def test_a_run_that_was_started_again_or_is_not_to_be_is_left_alone(instance: dg.DagsterInstance) -> None:
    later = datetime.now(UTC) + timedelta(minutes=2)
    ended, by_hand, by_itself = (run_of(instance, model) for _ in range(3))
    for run in (ended, by_hand, by_itself):
        instance.report_run_failed(run)
    instance.add_run_tags(by_hand.run_id, {"dagster/will_retry": "true"})
    run_of(instance, model, after=by_hand.run_id)
    instance.add_run_tags(by_itself.run_id, {"dagster/will_retry": "true", "dagster/auto_retry_run_id": "another"})
    assert ask_again_for_retries(instance, later) == []


def look_for_failures(instance: dg.DagsterInstance) -> None:
    """One look of the daemon that starts failed runs again."""
    with create_test_daemon_workspace_context(EmptyWorkspaceTarget(), instance) as workspace:
        for _ in EventLogConsumerDaemon().run_iteration(workspace):
            pass


def daemon_came_to(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether the daemon tried to start a run again: this one has no code location, and it says so in the run's log."""
    return any("unable to retry the run" in entry.message for entry in instance.all_logs(run.run_id))
