"""What the instance knows of runs: which are at work, on which dataset, what they reported, what a check said last."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from pd_assets.running.private import (
    AUTO_RETRY_RUN_ID_TAG,
    PARENT_RUN_ID_TAG,
    RESUME_RETRY_TAG,
    WILL_RETRY_TAG,
    AssetCheckExecutionRecordStatus,
)

ACTIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
MANIFEST = dg.AssetKey(["dataset", "manifest"])
DATASET_TAG = "pd/dataset"
# Runs that planned a check and never came to it.
LOOKED_BACK = 100
# One that the daemon passes by is asked for again after a minute or two; without a daemon nobody waits for ever.
RETRY_COMES_WITHIN = timedelta(minutes=5)
# The daemon looks for failed runs every five seconds.
OVERLOOKED_AFTER = timedelta(minutes=1)
OVERLOOKED_WITHIN = timedelta(days=1)
ASKED_AGAIN_TAG = "pd/retry_asked_again"
ASKED_AGAIN = "Dagster's daemon passed by this run, which is to be tried again; its failure is reported once more."
MOST_LOOKED_AT = 200


def under_way(instance: dg.DagsterInstance, job: str) -> str | None:
    """The id of a run of a job that waits or works, or died and is about to be started again; or None."""
    return next((run.run_id for run in at_work(instance, job)), None)


def reported_before(instance: dg.DagsterInstance, run: dg.DagsterRun, asset: dg.AssetKey) -> set[str]:
    """The partitions that this run reported before its step was tried again, or that the runs did which it resumes."""
    found: set[str] = set()
    at: dg.DagsterRun | None = run
    while at is not None:
        for entry in instance.all_logs(at.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION):
            event = entry.get_dagster_event()
            if event.asset_key == asset and event.partition is not None:
                found.add(event.partition)
        resumes = at.tags.get(RESUME_RETRY_TAG) == "true" and at.parent_run_id
        at = instance.get_run_by_id(at.parent_run_id) if resumes and at.parent_run_id else None
    return found


def run_that_made(instance: dg.DagsterInstance, asset: dg.AssetKey, version: str) -> str | None:
    """The run whose materialisation of an asset first said `version`, as far as the latest ones tell."""
    found = None
    for record in instance.fetch_materializations(asset, limit=MOST_LOOKED_AT).records:
        event = record.asset_materialization
        told = event.metadata.get("version") if event else None
        if told is not None and told.value == version:
            found = record.run_id
    return found


def dataset_of(instance: dg.DagsterInstance, run: dg.DagsterRun, name: str) -> str | None:
    """The version of a dataset that a run finished or learnt from, or else the run that it continues; or None."""
    current: dg.DagsterRun | None = run
    while current is not None:
        if version := _finished_by(instance, current, name) or _learnt_by(current, name):
            return version
        current = instance.get_run_by_id(current.parent_run_id) if current.parent_run_id else None
    return None


def note_dataset(instance: dg.DagsterInstance, run: dg.DagsterRun, name: str, version: str) -> None:
    """Tag a run with the dataset that it learns from: what continues it, by hand or by itself, takes the same."""
    instance.add_run_tags(run.run_id, {DATASET_TAG: f"{name}/{version}"})


def _finished_by(instance: dg.DagsterInstance, run: dg.DagsterRun, name: str) -> str | None:
    for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION):
        found = entry.get_dagster_event().step_materialization_data.materialization
        told = {key: value.value for key, value in found.metadata.items()}
        if found.asset_key == MANIFEST and told.get("name") == name:
            return str(told["version"])
    return None


def _learnt_by(run: dg.DagsterRun, name: str) -> str | None:
    of, _, version = run.tags.get(DATASET_TAG, "").partition("/")
    return version if of == name and version else None


def needed_datasets(instance: dg.DagsterInstance, name: str) -> set[str]:
    """The versions of a dataset that runs under way are about."""
    found = (dataset_of(instance, run, name) for run in at_work(instance))
    return {version for version in found if version is not None}


def last_evaluation(instance: dg.DagsterInstance, check: dg.AssetCheckKey) -> dg.AssetCheckEvaluation | None:
    """What a check said last, or None. A run that has only planned to make it has said nothing."""
    for record in instance.event_log_storage.get_asset_check_execution_history(check, limit=LOOKED_BACK):
        event = record.event.dagster_event if record.event else None
        if event is not None and event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            return event.asset_check_evaluation_data
    return None


def has_failed(found: dg.AssetCheckEvaluation | None) -> bool:
    """Whether a check failed as an error; one that only warns has not."""
    return found is not None and not found.passed and found.severity is dg.AssetCheckSeverity.ERROR


def is_planned(instance: dg.DagsterInstance, check: dg.AssetCheckKey) -> bool:
    """Whether a check is still to be made by the run that names it last, or was never made as that run died."""
    newest = instance.event_log_storage.get_latest_asset_check_execution_by_key([check]).get(check)
    return newest is not None and newest.status is AssetCheckExecutionRecordStatus.PLANNED


def ask_again_for_retries(instance: dg.DagsterInstance, now: datetime) -> list[str]:
    """Report the failure of runs once more that Dagster said it would start again and did not; their ids.

    Dagster stores the event of a failure before the run's new status. Its daemon may look in between, finds a run that
    is still at work, and never looks at that event again (dagster#33741).
    """
    overlooked = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.FAILURE],
        tags={WILL_RETRY_TAG: "true"},
        updated_after=now - OVERLOOKED_WITHIN,
        updated_before=now - OVERLOOKED_AFTER,
    )
    asked = []
    for run in instance.get_runs(overlooked):
        is_answered = AUTO_RETRY_RUN_ID_TAG in run.tags or ASKED_AGAIN_TAG in run.tags
        if is_answered or instance.get_runs_count(dg.RunsFilter(tags={PARENT_RUN_ID_TAG: run.run_id})):
            continue
        instance.report_run_failed(run, ASKED_AGAIN)
        instance.add_run_tags(run.run_id, {ASKED_AGAIN_TAG: "true"})
        asked.append(run.run_id)
    return asked


def at_work(instance: dg.DagsterInstance, job: str | None = None) -> Iterator[dg.DagsterRun]:
    """The runs, of a job or of all, that wait or work, or died and are about to be started again."""
    yield from instance.get_runs(dg.RunsFilter(job_name=job, statuses=ACTIVE))
    since = datetime.now(UTC) - RETRY_COMES_WITHIN
    failed = dg.RunsFilter(
        job_name=job, statuses=[dg.DagsterRunStatus.FAILURE], tags={WILL_RETRY_TAG: "true"}, updated_after=since
    )
    yield from (run for run in instance.get_runs(failed) if AUTO_RETRY_RUN_ID_TAG not in run.tags)
