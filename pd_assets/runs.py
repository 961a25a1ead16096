"""What the instance knows of runs: which job is at work."""

import dagster as dg

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
