"""Runs of a command on the pages of Dagster's UI."""

import dagster as dg
import yaml

from pd_assets.running import shown_runs
from tests.reach import ROOT


@dg.op
def work() -> None:
    """Nothing."""


@dg.job
def nightly() -> None:
    work()


def test_a_run_that_ended_names_the_code_location_that_the_pages_ask_for_and_stays_as_it_ended() -> None:
    instance = dg.DagsterInstance.ephemeral()
    done = nightly.execute_in_process(instance=instance, tags=shown_runs.TAGS)
    shown_runs.place(instance, done.run_id)
    shown_runs.place(instance, None)
    run = instance.get_run_by_id(done.run_id)
    assert run is not None and run.remote_job_origin is not None and run.status is dg.DagsterRunStatus.SUCCESS
    assert run.remote_job_origin.repository_origin.get_label() == "__repository__@pd"
    asked = dg.RunsFilter(job_name="nightly", tags={".dagster/repository": "__repository__@pd"})
    assert [found.run_id for found in instance.get_runs(asked)] == [done.run_id]


def test_the_name_of_the_code_location_is_that_of_the_workspace() -> None:
    (location,) = yaml.safe_load((ROOT / "workspace.yaml").read_text())["load_from"]
    assert location["python_module"] == {"module_name": shown_runs.MODULE, "location_name": shown_runs.LOCATION}
