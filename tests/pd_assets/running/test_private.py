"""What an upgrade of Dagster must keep of what it does not promise: names, values and signatures that we rest on."""

import inspect

import dagster as dg
import pytest

from pd_assets.running import private
from tests.reach import imports, sources


def test_private_names_are_imported_in_one_place_only() -> None:
    others = [module for module in sources() if module.startswith("pd_assets") and module != private.__name__]
    assert [
        f"{module} -> {name}" for module in others for name in imports(module) if name.startswith("dagster._")
    ] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ASSET_PARTITION_RANGE_END_TAG", "dagster/asset_partition_range_end"),
        ("ASSET_PARTITION_RANGE_START_TAG", "dagster/asset_partition_range_start"),
        ("AUTO_RETRY_RUN_ID_TAG", "dagster/auto_retry_run_id"),
        ("GRPC_INFO_TAG", ".dagster/grpc_info"),
        ("MAX_RETRIES_TAG", "dagster/max_retries"),
        ("PARENT_RUN_ID_TAG", "dagster/parent_run_id"),
        ("RESUME_RETRY_TAG", "dagster/is_resume_retry"),
        ("RETRY_ON_ASSET_OR_OP_FAILURE_TAG", "dagster/retry_on_asset_or_op_failure"),
        ("WILL_RETRY_TAG", "dagster/will_retry"),
    ],
)
def test_a_tag_that_runs_in_databases_carry_is_called_as_it_was(name: str, value: str) -> None:
    assert getattr(private, name) == value


def test_the_launcher_has_the_methods_that_ours_overrides_or_calls() -> None:
    launcher = private.DefaultRunLauncher
    for method in ("launch_run", "terminate", "check_run_worker_health", "from_config_value", "config_type"):
        assert callable(getattr(launcher, method)), method
    health = private.CheckRunHealthResult(private.WorkerStatus.FAILED, "gone")
    assert (health.status, health.msg) == (private.WorkerStatus.FAILED, "gone")
    assert "run" in inspect.signature(launcher.check_run_worker_health).parameters
    assert {"RUNNING", "FAILED"} <= set(private.WorkerStatus.__members__)


def test_an_interruption_is_no_ordinary_exception_of_a_step() -> None:
    assert issubclass(private.DagsterExecutionInterruptedError, BaseException)
    assert not issubclass(private.DagsterExecutionInterruptedError, dg.Failure)


def test_a_schedule_is_checked_as_dagster_checks_it() -> None:
    assert private.is_valid_cron_schedule("30 2 * * *")
    assert not private.is_valid_cron_schedule("30 2 * *")


def test_a_check_says_how_it_ended_in_the_words_that_we_look_for() -> None:
    assert {"PLANNED", "SUCCEEDED", "FAILED"} <= set(private.AssetCheckExecutionRecordStatus.__members__)


def test_an_error_of_a_step_tells_its_message_and_its_cause() -> None:
    assert {"message", "cause", "cls_name"} <= set(inspect.signature(private.SerializableErrorInfo.__new__).parameters)


def test_an_asset_that_reports_its_partitions_itself_is_not_reported_once_more_and_what_follows_runs() -> None:
    partitions = dg.StaticPartitionsDefinition(["0", "1", "2"])

    @dg.asset(partitions_def=partitions, backfill_policy=dg.BackfillPolicy.single_run())
    def cut(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        assert context.partition_keys == ["0", "1", "2"]
        context.log_event(dg.AssetMaterialization("cut", partition="1", tags={"dagster/data_version": "one"}))
        return dg.MaterializeResult(metadata=dict(private.REPORTS_ITSELF))

    @dg.asset(deps=[cut])
    def whole() -> None:
        pass

    ends = {private.ASSET_PARTITION_RANGE_START_TAG: "0", private.ASSET_PARTITION_RANGE_END_TAG: "2"}
    defs = dg.Definitions(assets=[cut, whole], jobs=[dg.define_asset_job("all", tags=ends)])
    with dg.DagsterInstance.ephemeral() as instance:
        assert defs.resolve_job_def("all").execute_in_process(instance=instance).success
        events = [one.asset_materialization for one in instance.fetch_materializations(dg.AssetKey("cut"), 9).records]
        assert [(one.partition, (one.tags or {})["dagster/data_version"]) for one in events if one] == [("1", "one")]
        assert len(instance.fetch_materializations(dg.AssetKey("whole"), 9).records) == 1


def test_partitions_are_deleted_many_at_a_time_and_no_others() -> None:
    with dg.DagsterInstance.local_temp() as instance:
        for of in ("one", "other"):
            instance.add_dynamic_partitions(of, ["a", "b, c", "d"])
        private.delete_dynamic_partitions(instance, "one", ["a", "b, c"])
        assert instance.get_dynamic_partitions("one") == ["d"]
        assert instance.get_dynamic_partitions("other") == ["a", "b, c", "d"]
