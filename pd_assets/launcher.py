"""The launcher of runs that dagster.yaml names: Dagster's own, which can also tell that a run's process is gone.

With that, run monitoring marks the runs that died with their machine as failed, and run retries start them again.
"""

import dagster as dg
import psutil
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus

# A process younger than its run by more than this has only the number of the one that executed it.
SLACK_S = 60.0


class WatchedRunLauncher(DefaultRunLauncher):
    """Starts a run as a process of this machine, and knows whether it lives."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        record = self._instance.get_run_record_by_id(run.run_id)
        if record is not None and is_gone(self._instance, record):
            return CheckRunHealthResult(WorkerStatus.FAILED, "its process is gone (killed, or the machine went down)")
        return CheckRunHealthResult(WorkerStatus.RUNNING)


def is_gone(instance: dg.DagsterInstance, record: dg.RunRecord) -> bool:
    """Whether the process that said it executes the run is gone; another one may have its number by now."""
    pid = _pid(instance, record.dagster_run.run_id)
    if pid is None:
        return False
    try:
        process = psutil.Process(pid)
        is_another = process.create_time() > (record.start_time or 0.0) + SLACK_S
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
