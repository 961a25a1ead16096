"""What we use of Dagster that it does not promise to keep: every private name is imported here, and nowhere else.

An upgrade is checked by tests/pd_assets/running/test_private.py.
"""

from collections.abc import Sequence

import dagster as dg
from dagster._cli.proxy_server_manager import ProxyServerManager
from dagster._core.definitions.source_asset import SYSTEM_METADATA_KEY_SOURCE_ASSET_OBSERVATION
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._core.errors import DagsterExecutionInterruptedError, DagsterUserCodeUnreachableError
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, LaunchRunContext, WorkerStatus
from dagster._core.remote_origin import ManagedGrpcPythonEnvCodeLocationOrigin, RemoteRepositoryOrigin
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log.schema import DynamicPartitionsTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.runs import InMemoryRunStorage, SqliteRunStorage
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    AUTO_RETRY_RUN_ID_TAG,
    GRPC_INFO_TAG,
    PARENT_RUN_ID_TAG,
    REPOSITORY_LABEL_TAG,
    RESUME_RETRY_TAG,
    RETRY_ON_ASSET_OR_OP_FAILURE_TAG,
    WILL_RETRY_TAG,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext, WorkspaceRequestContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster._grpc.client import DagsterGrpcClient
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster._serdes import deserialize_value, serialize_value
from dagster._utils.error import SerializableErrorInfo
from dagster._utils.schedules import is_valid_cron_schedule
from sqlalchemy import and_


def delete_dynamic_partitions(instance: dg.DagsterInstance, of: str, names: Sequence[str]) -> None:
    """Delete partitions as `instance.delete_dynamic_partition` does each, in one statement: each opens a database."""
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        for name in names:
            instance.delete_dynamic_partition(of, name)
        return
    columns = DynamicPartitionsTable.c
    with storage.index_connection() as connection:
        chosen = and_(columns.partitions_def_name == of, columns.partition.in_(names))
        connection.execute(DynamicPartitionsTable.delete().where(chosen))


# Metadata of the result of an asset that has reported itself what it made: Dagster reports nothing more of it. Dagster
# calls that a workaround; where it is gone, a result reports all partitions of its run once more, and nothing fails.
REPORTS_ITSELF = {SYSTEM_METADATA_KEY_SOURCE_ASSET_OBSERVATION: True}

__all__ = [
    "ASSET_PARTITION_RANGE_END_TAG",
    "ASSET_PARTITION_RANGE_START_TAG",
    "AUTO_RETRY_RUN_ID_TAG",
    "GRPC_INFO_TAG",
    "PARENT_RUN_ID_TAG",
    "REPORTS_ITSELF",
    "REPOSITORY_LABEL_TAG",
    "RESUME_RETRY_TAG",
    "RETRY_ON_ASSET_OR_OP_FAILURE_TAG",
    "WILL_RETRY_TAG",
    "AssetCheckExecutionRecordStatus",
    "CanCancelExecutionRequest",
    "CanCancelExecutionResult",
    "CheckRunHealthResult",
    "DagsterExecutionInterruptedError",
    "DagsterGrpcClient",
    "DagsterUserCodeUnreachableError",
    "DefaultRunLauncher",
    "InMemoryRunStorage",
    "LaunchRunContext",
    "LoadableTargetOrigin",
    "ManagedGrpcPythonEnvCodeLocationOrigin",
    "ProxyServerManager",
    "RemoteRepositoryOrigin",
    "SerializableErrorInfo",
    "SqliteRunStorage",
    "UnresolvedAssetJobDefinition",
    "WorkerStatus",
    "WorkspaceFileTarget",
    "WorkspaceProcessContext",
    "WorkspaceRequestContext",
    "delete_dynamic_partitions",
    "deserialize_value",
    "is_valid_cron_schedule",
    "serialize_value",
]
