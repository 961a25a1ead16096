"""What the instance knows of runs: which job is at work, what a run did that is gone on with, who made a version."""

import dagster as dg
from dagster._core.storage.tags import RESUME_RETRY_TAG

ACTIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

MOST_LOOKED_AT = 200


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


def run_that_made(instance: dg.DagsterInstance, asset: dg.AssetKey, version: str) -> str | None:
    """The run whose materialisation of an asset first said `version`, as far as the latest ones tell."""
    found = None
    for record in instance.fetch_materializations(asset, limit=MOST_LOOKED_AT).records:
        event = record.asset_materialization
        told = event.metadata.get("version") if event else None
        if told is not None and told.value == version:
            found = record.run_id
    return found
