"""Dagster's own run launcher, which can also tell that what executes a run is gone.

With that, run monitoring marks the runs that died with their machine as failed, and run retries start them again.
Several machines may share a database: a run is judged only from where it can be.
"""

import json
import socket

import dagster as dg
import psutil

from pd_assets.running.private import (
    GRPC_INFO_TAG,
    CanCancelExecutionRequest,
    CanCancelExecutionResult,
    CheckRunHealthResult,
    DagsterGrpcClient,
    DagsterUserCodeUnreachableError,
    DefaultRunLauncher,
    InMemoryRunStorage,
    LaunchRunContext,
    SqliteRunStorage,
    WorkerStatus,
    deserialize_value,
)

# The machine that started a run, and executes it unless its code server is another's.
HOST_TAG = "pd/host"
# A process younger than its run by more than this has only the number of the one that executed it.
SLACK_S = 60.0


class WatchedRunLauncher(DefaultRunLauncher):
    """Starts a run as a process of its code server, and knows whether it lives."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def launch_run(self, context: LaunchRunContext) -> None:
        self._instance.add_run_tags(context.dagster_run.run_id, here())
        super().launch_run(context)

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        record = self._instance.get_run_record_by_id(run.run_id)
        if record is not None and is_gone(self._instance, record):
            return CheckRunHealthResult(WorkerStatus.FAILED, "its process is gone (killed, or the machine went down)")
        return CheckRunHealthResult(WorkerStatus.RUNNING)


def here() -> dict[str, str]:
    """The tag of a run that this machine starts."""
    return {HOST_TAG: socket.gethostname()}


def is_gone(instance: dg.DagsterInstance, record: dg.RunRecord) -> bool:
    """Whether what executes a run is gone; False where this machine cannot tell."""
    run = record.dagster_run
    server = _server_elsewhere(run)
    if server is not None:
        return run.status is not dg.DagsterRunStatus.CANCELING and _has_forgotten(server, run.run_id)
    if not _is_of_one_machine(instance) and run.tags.get(HOST_TAG) != here()[HOST_TAG]:
        return False
    return _process_is_gone(instance, record)


def _server_elsewhere(run: dg.DagsterRun) -> DagsterGrpcClient | None:
    """The code server that executes a run, where its processes are not of this machine, or this container."""
    found = json.loads(run.tags.get(GRPC_INFO_TAG, "{}"))
    if "port" not in found or found["host"] in ("localhost", "127.0.0.1", "::1"):
        return None
    return DagsterGrpcClient(port=found["port"], host=found["host"], use_ssl=bool(found.get("use_ssl")))


def _has_forgotten(server: DagsterGrpcClient, run_id: str) -> bool:
    """Whether a code server answers, and does not know the run: it was started again, or the run's process ended."""
    try:
        answer = server.can_cancel_execution(CanCancelExecutionRequest(run_id=run_id))
    except DagsterUserCodeUnreachableError:
        return False
    return not deserialize_value(answer, CanCancelExecutionResult).can_cancel


def _is_of_one_machine(instance: dg.DagsterInstance) -> bool:
    """Whether the runs are kept in a file, which only this machine has."""
    return isinstance(instance.run_storage, SqliteRunStorage | InMemoryRunStorage)


def _process_is_gone(instance: dg.DagsterInstance, record: dg.RunRecord) -> bool:
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
