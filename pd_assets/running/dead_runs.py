"""Runs whose process died without a word (kill -9, power loss) are marked as failed, for when no daemon does it:
Dagster keeps them as started for ever, and the retraining sensor would wait for them.
"""

import dagster as dg

from pd_assets.running.launcher import is_gone

UNDER_WAY = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def bury(instance: dg.DagsterInstance) -> list[str]:
    """Mark the runs whose process is gone as failed, and return their ids."""
    dead = [
        record for record in instance.get_run_records(dg.RunsFilter(statuses=UNDER_WAY)) if is_gone(instance, record)
    ]
    for record in dead:
        instance.report_run_failed(record.dagster_run, "its process is gone (killed, or the machine went down)")
    return [record.dagster_run.run_id for record in dead]
