"""What the instance knows of runs: which job is at work, and what a run did that is gone on with."""

import dagster as dg
from dagster._core.storage.tags import RESUME_RETRY_TAG

ACTIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def under_way(instance: dg.DagsterInstance, job: str) -> str | None:
    """The id of a run of a job that waits or works, or None."""
    records = instance.get_run_records(dg.RunsFilter(job_name=job, statuses=ACTIVE), limit=1)
    return records[0].dagster_run.run_id if records else None


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
