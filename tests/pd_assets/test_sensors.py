"""The retraining sensor, on a table that a real night filled: when it waits, when it asks, and that it asks once."""

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData

from pd_assets.definitions import build_defs
from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS
from pd_assets.lib.release.news import news_since_training
from pd_ml.provenance import RunRecord, write_run
from tests.pd_assets.line import Line, Night

THRESHOLD = 50


@pytest.fixture(scope="module")
def night(first_night: Night, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """A line after its first night; tests that use it leave it as it is."""
    with first_night.copy(tmp_path_factory.mktemp("night"), retrain_after=THRESHOLD) as line:
        yield line


@pytest.fixture
def own_night(first_night: Night, tmp_path: Path) -> Iterator[Line]:
    """A line after its first night, the test's own."""
    with first_night.copy(tmp_path, retrain_after=THRESHOLD) as line:
        yield line


def tick(line: Line, cursor: str | None = None, **settings: str) -> SensorExecutionData:
    """One evaluation of the sensor, as the daemon makes it."""
    resources = {"platform": line.platform_with(**settings)}
    sensor = line.defs.resolve_sensor_def("retrain_on_new_images")
    with dg.build_sensor_context(
        instance=line.instance, cursor=cursor, resources=resources, repository_def=line.defs.get_repository_def()
    ) as context:
        return sensor.evaluate_tick(context)


def test_below_the_threshold_it_waits_and_says_how_much_is_there(night: Line) -> None:
    licensed = len(night.rows("catalog/licensed_images"))
    said = tick(night, pd_retrain_after=str(licensed + 1))
    assert not said.run_requests
    assert said.skip_message == f"{licensed} new licensed pictures of {licensed + 1} (PD_RETRAIN_AFTER)"


def test_on_an_empty_home_it_waits(night: Line, tmp_path: Path) -> None:
    said = tick(night, pd_home=str(tmp_path / "nothing yet"))
    assert not said.run_requests and str(said.skip_message).startswith("0 new licensed pictures")


def test_past_the_threshold_it_asks_for_one_training_and_then_for_none(night: Line) -> None:
    licensed = len(night.rows("catalog/licensed_images"))
    asked = tick(night, pd_retrain_after=str(licensed))
    assert asked.run_requests is not None and len(asked.run_requests) == 1
    request = asked.run_requests[0]
    assert request.job_name == "train_models"
    assert request.run_key == f"retrain-{asked.cursor}"
    assert request.tags["pd/new_pictures"] == str(licensed)


def test_with_retrain_latent_the_training_is_one_of_all_models(night: Line) -> None:
    (request,) = tick(night, pd_retrain_latent="1").run_requests or []
    assert request.job_name == "train_all_models"


@pytest.mark.parametrize(
    "status", [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.CANCELED]
)
def test_what_was_asked_for_is_not_asked_for_again_whatever_the_cursor_says(
    own_night: Line, status: dg.DagsterRunStatus
) -> None:
    (request,) = tick(own_night).run_requests or []
    job = own_night.defs.resolve_job_def("train_models")
    own_night.instance.create_run_for_job(job, status=status, tags=dict(request.tags))
    for cursor in (None, "retrain", "\x00 damaged {"):
        again = tick(own_night, cursor)
        assert not again.run_requests
        assert "was already asked for" in str(again.skip_message)


def test_a_request_that_a_crash_lost_is_made_again_under_the_same_key(night: Line) -> None:
    asked = tick(night)
    again = tick(night, asked.cursor)
    assert [request.run_key for request in again.run_requests or []] == [
        request.run_key for request in asked.run_requests or []
    ]


def test_a_share_of_the_pictures_of_the_last_training_may_be_the_threshold(own_night: Line) -> None:
    assert len(tick(own_night, pd_retrain_after="5%").run_requests or []) == 1
    trained_on_the_latest_dataset(own_night)
    licensed = len(own_night.rows("catalog/licensed_images"))
    said = tick(own_night, pd_retrain_after="5%")
    assert said.skip_message == f"0 new licensed pictures of {math.ceil(licensed * 0.05)} (PD_RETRAIN_AFTER)"


def test_the_same_pictures_give_the_same_run_key_so_that_a_lost_cursor_starts_nothing_twice(night: Line) -> None:
    keys = {request.run_key for _ in range(2) for request in tick(night).run_requests or []}
    assert len(keys) == 1


def test_a_training_that_runs_is_waited_for(own_night: Line) -> None:
    job = own_night.defs.resolve_job_def("train_models")
    run = own_night.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    assert tick(own_night).skip_message == "a training is running"
    own_night.instance.report_run_canceled(run)
    assert len(tick(own_night).run_requests or []) == 1


def test_while_the_licence_check_fails_nothing_is_trained(own_night: Line) -> None:
    assert len(tick(own_night).run_requests or []) == 1
    accepted = own_night.rows("rights/decisions")
    doubted = [{**row, "verdict": "quarantine"} for row in accepted.values()]
    tables.write(own_night.home, DECISIONS, tables.as_table(DECISIONS, doubted))
    assert not own_night.run_check().success
    said = tick(own_night)
    assert not said.run_requests
    assert str(said.skip_message).startswith("the check only_free_pictures has not passed")

    tables.write(own_night.home, DECISIONS, tables.as_table(DECISIONS, accepted.values()))
    assert own_night.run_check().success
    assert len(tick(own_night).run_requests or []) == 1


def test_a_table_that_was_never_checked_trains_nothing(night: Line) -> None:
    with dg.DagsterInstance.ephemeral() as forgetful:
        said = tick(replace(night, instance=forgetful))
    assert not said.run_requests
    assert str(said.skip_message).startswith("the check only_free_pictures has not passed")


def test_pictures_that_the_current_model_has_seen_are_not_new(own_night: Line) -> None:
    trained_on_the_latest_dataset(own_night)
    assert str(tick(own_night).skip_message).startswith("0 new licensed pictures")

    own_night.archive.paint_more(3)
    assert own_night.run("nightly").success
    asked = tick(own_night, pd_retrain_after="3")
    assert [request.tags["pd/new_pictures"] for request in asked.run_requests or []] == ["3"]


def trained_on_the_latest_dataset(line: Line) -> None:
    """Leave what a training leaves that the sensor reads: a finished folder that names its dataset."""
    dataset = line.home.latest("dataset", "main")
    assert dataset is not None
    out = line.home.model("transformer", "a-version")
    out.mkdir(parents=True)
    write_run(
        out,
        RunRecord(
            stage="transformer", version="a-version", config={}, inputs={}, dataset_version=dataset.name, item_count=1
        ),
    )
    line.home.point("models", "transformer", "latest", "a-version")
    assert news_since_training(line.home, model="transformer").new == 0


def test_pace_and_first_state_are_those_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    sensors = [build_defs().resolve_sensor_def(name) for name in ("retrain_on_new_images", "takedown_watch")]
    assert [sensor.minimum_interval_seconds for sensor in sensors] == [60, 60]
    assert {sensor.default_status for sensor in sensors} == {dg.DefaultSensorStatus.STOPPED}
    monkeypatch.setenv("PD_SCRAPE_ENABLED", "1")
    monkeypatch.setenv("PD_WATCH_EVERY_S", "7")
    assert [sensor.minimum_interval_seconds for sensor in sensors] == [7, 7]
    assert {sensor.default_status for sensor in sensors} == {dg.DefaultSensorStatus.RUNNING}
    monkeypatch.setenv("PD_RETRAIN_ENABLED", "0")
    assert [sensor.default_status.name for sensor in sensors] == ["STOPPED", "RUNNING"]


def test_a_tick_after_one_that_found_too_little_says_the_same_until_the_table_changes(own_night: Line) -> None:
    first = tick(own_night, pd_retrain_after="100000")
    assert not first.run_requests and first.cursor
    again = tick(own_night, first.cursor, pd_retrain_after="100000")
    assert (again.skip_message, again.cursor) == (first.skip_message, first.cursor)
    assert tick(own_night, first.cursor).run_requests, "another threshold is another state"


def test_a_table_whose_check_is_still_to_be_made_trains_nothing(own_night: Line) -> None:
    assert tick(own_night).run_requests
    planned = own_night.instance.create_run_for_job(own_night.defs.resolve_job_def("nightly"))
    said = tick(own_night)
    assert not said.run_requests
    assert str(said.skip_message).startswith("the check only_free_pictures has not passed")
    own_night.instance.report_run_failed(planned)
    assert own_night.run_check().success
    assert tick(own_night).run_requests
