"""What a sensor asked for before, told from the runs: so that nothing is asked for twice, nor forgotten.

A request carries a tag that names the state of the tables that it is about. Dagster drops a second run of the same key;
a run that failed is asked for again, ever later, under a key of its own.
"""

import time

import dagster as dg

from pd_assets.running.history import ACTIVE

FIRST_WAIT_S = 300.0
LONGEST_WAIT_S = 86_400.0


def request(
    instance: dg.DagsterInstance,
    *,
    job: str,
    tag: str,
    state: str,
    prefix: str,
    tries: int | None = None,
    tags: dict[str, str] | None = None,
    now_s: float | None = None,
) -> dg.RunRequest | str:
    """The request of a run of `job` for a state, or in words why it is not to be made.

    At most `tries` of them, where that is given; a run that somebody cancelled is then not asked for again either.
    """
    records = instance.get_run_records(dg.RunsFilter(job_name=job, tags={tag: state}))
    asked = [record for record in records if record.dagster_run.parent_run_id is None]
    if records and (reason := _reason_to_wait(records[0], len(asked), tries, now_s or time.time())):
        return reason
    key = f"{prefix}-{state}" + (f"-{len(asked) + 1}" if asked else "")
    return dg.RunRequest(run_key=key, job_name=job, tags={**(tags or {}), tag: state})


def _reason_to_wait(newest: dg.RunRecord, asked: int, tries: int | None, now_s: float) -> str | None:
    run = newest.dagster_run
    if run.status in ACTIVE:
        return f"run {run.run_id} of {run.job_name} was already asked for, and is under way"
    if run.status is dg.DagsterRunStatus.SUCCESS:
        return f"run {run.run_id} of {run.job_name} was already asked for, and is done"
    if tries is not None and run.status is dg.DagsterRunStatus.CANCELED:
        return f"run {run.run_id} of {run.job_name} was already asked for, and somebody cancelled it"
    if tries is not None and asked >= tries:
        return f"{run.job_name} was already asked for {asked} times, and failed each time; run {run.run_id} says why"
    wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 4 ** (asked - 1))
    left_s = (newest.end_time or newest.update_timestamp.timestamp()) + wait_s - now_s
    if left_s > 0:
        return f"run {run.run_id} of {run.job_name} failed; it is asked for again in {left_s / 60:.0f} minutes"
    return None
