"""Which dataset a run is about: the one it made, or learnt from, or that the run before it did."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from pd_assets.runs import dataset_of, needed_datasets, note_dataset


@dg.asset(key=["dataset", "manifest"])
def manifest() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"name": "main", "version": "made"})


@dg.asset
def model() -> None:
    """Learns from what is there."""


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as found:
        yield found


def run_of(instance: dg.DagsterInstance, asset: dg.AssetsDefinition, *, after: str | None = None) -> dg.DagsterRun:
    """A run at work, which goes on with another one where that is given."""
    job = dg.Definitions(assets=[asset]).resolve_implicit_global_asset_job_def()
    return instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, parent_run_id=after, root_run_id=after)


def test_a_run_is_about_the_dataset_that_it_made(instance: dg.DagsterInstance) -> None:
    done = dg.materialize([manifest], instance=instance).dagster_run
    assert dataset_of(instance, done, "main") == "made"
    assert dataset_of(instance, done, "portraits") is None


def test_a_run_that_goes_on_with_another_is_about_the_same_dataset(instance: dg.DagsterInstance) -> None:
    first = run_of(instance, model)
    assert dataset_of(instance, first, "main") is None
    note_dataset(instance, first, "main", "learnt")
    again = run_of(instance, model, after=first.run_id)
    assert dataset_of(instance, again, "main") == "learnt"
    assert needed_datasets(instance, "main") == {"learnt"}


def test_a_dataset_is_needed_until_its_run_has_ended_and_while_it_is_about_to_be_started_again(
    instance: dg.DagsterInstance,
) -> None:
    run = run_of(instance, model)
    note_dataset(instance, run, "main", "learnt")
    instance.report_run_failed(run)
    assert needed_datasets(instance, "main") == set()
    instance.add_run_tags(run.run_id, {"dagster/will_retry": "true"})
    assert needed_datasets(instance, "main") == {"learnt"}
