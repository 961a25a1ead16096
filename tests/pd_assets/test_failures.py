"""What is told of a failed run, by the sensor that Dagster calls for each event of a failure."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from pd_assets.lib.home import open_home
from pd_assets.resources import Platform
from pd_assets.running.history import ASKED_AGAIN
from pd_assets.sensors.failures import run_failure_alert


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def test_a_run_that_is_marked_as_failed_twice_is_told_of_once(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    """By the daemon that watches it, and by the one that started it and has not heard that it began."""
    home = open_home(tmp_path)
    run = instance.create_run_for_job(dg.job(name="nightly")(lambda: None))
    for message in ("its process is gone", None, ASKED_AGAIN):
        event = instance.report_run_failed(run, message)
        context = dg.build_run_status_sensor_context(
            sensor_name="run_failure_alert", dagster_event=event, dagster_instance=instance, dagster_run=run
        ).for_run_failure()
        run_failure_alert(context, platform=Platform(pd_home=str(home.root)))
    (line,) = (home.root / "alerts.log").read_text().splitlines()
    assert line.endswith(f"nightly failed: its process is gone [run {run.run_id}]")
