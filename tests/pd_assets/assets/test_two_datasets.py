"""Two datasets of one home: each has its own versions, its own pointers and its own models."""

import dagster as dg
import pytest

from pd_assets.lib.dataset.audit import find_faults
from pd_assets.lib.release.lineage import newest
from pd_ml.data.shards import read_manifest
from pd_ml.provenance import read_run
from tests.pd_assets.line import QUIET, Line

FEW = 12


def run(line: Line, job: str, ops: dict[str, dict[str, object]], assets: list[str]) -> None:
    done = line.defs.resolve_job_def(job).execute_in_process(
        instance=line.instance,
        run_config={**QUIET, "ops": {name: {"config": config} for name, config in ops.items()}},
        asset_selection=[dg.AssetKey(key.split("/")) for key in assets],
        raise_on_error=False,
    )
    assert done.success, [event.message for event in done.all_events if event.is_step_failure]


@pytest.mark.extended
@pytest.mark.slow
def test_a_dataset_of_another_name_stands_beside_the_first_and_is_trained_on_by_its_name(own_night: Line) -> None:
    line = own_night
    whole = line.home.latest("dataset", "main")
    run(
        line,
        "build_dataset",
        {"dataset__shards": {"name": "few", "limit": FEW}, "dataset__manifest": {"name": "few"}},
        ["dataset/shards", "dataset/manifest"],
    )
    few = line.home.latest("dataset", "few")
    assert whole is not None and few is not None and line.home.latest("dataset", "main") == whole
    assert sum(read_manifest(few).counts.values()) == FEW < sum(read_manifest(whole).counts.values())
    assert find_faults(line.home, name="main") == [] and find_faults(line.home, name="few") == []
    for name, folder in (("few", few), ("main", whole)):
        config: dict[str, object] = {"dataset": name, "recipe": "debug", "set": ["vocab_size=600"]}
        run(line, "train_models", {"models__tokenizer": config}, ["models/tokenizer"])
        trained = newest(line.home, "tokenizer")
        assert trained is not None and read_run(trained).dataset_version == folder.name
