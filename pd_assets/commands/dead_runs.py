"""Runs whose process died without a word (kill -9, power loss) are marked as failed: Dagster keeps them as started
for ever, and the retraining sensor would wait for them.
"""

import dagster as dg
import psutil

UNDER_WAY = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def bury(instance: dg.DagsterInstance) -> list[str]:
    """Mark the runs whose process is gone as failed, and return their ids."""
    dead = [
        record for record in instance.get_run_records(dg.RunsFilter(statuses=UNDER_WAY)) if _is_dead(instance, record)
    ]
    for record in dead:
        instance.report_run_failed(record.dagster_run, "its process is gone (killed, or the machine went down)")
    return [record.dagster_run.run_id for record in dead]


def _is_dead(instance: dg.DagsterInstance, record: dg.RunRecord) -> bool:
    """Whether the process that said it executes the run is gone; another one may have its number by now."""
    pid = _pid(instance, record.dagster_run.run_id)
    if pid is None:
        return False
    try:
        process = psutil.Process(pid)
        is_another = process.create_time() > (record.start_time or 0.0) + 60.0
        return is_another or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _pid(instance: dg.DagsterInstance, run_id: str) -> int | None:
    """The process that executes a run, as its log says."""
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
        event = entry.get_dagster_event()
        pid = event.engine_event_data.metadata.get("pid")
        if pid is not None and str(pid.value).isdigit():
            return int(str(pid.value))
    return None
