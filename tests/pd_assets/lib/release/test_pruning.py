"""Which dataset versions and trainings are removed: those that nothing needs, and never what is in the making."""

import fcntl
import json
import os
from pathlib import Path

import pytest

from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release.pruning import prune, prune_trainings
from pd_ml.data.shards import MANIFEST, read_manifest
from pd_ml.provenance import JOB, LOCK, UNFINISHED, RunRecord, write_run
from tests.pd_ml.paintings import write_dataset


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with five versions of a dataset, the last one `latest`."""
    made = open_home(tmp_path)
    for version in ("a", "b", "c", "d", "e"):
        dataset(made, version)
    made.point("dataset", "main", "exported", "e")
    made.point("dataset", "main", "latest", "e")
    return made


def dataset(home: Home, version: str, name: str = "main") -> Path:
    folder = home.dataset(name, version)
    folder.mkdir(parents=True)
    (folder / "train-0.parquet").write_bytes(b"a shard")
    (folder / MANIFEST).write_text("{}")
    return folder


def model(home: Home, dataset_version: str) -> None:
    folder = home.model("unet_text", f"made-of-{dataset_version}")
    folder.mkdir(parents=True)
    (folder / "weights").write_text(dataset_version)
    record = RunRecord(
        stage="unet_text",
        version=folder.name,
        config={},
        inputs={"dataset": dataset_version},
        dataset_version=dataset_version,
        item_count=1,
    )
    write_run(folder, record)


def left(home: Home, name: str = "main") -> set[str]:
    return {path.name for path in (home.root / "dataset" / name).iterdir() if path.is_dir()}


def test_what_a_model_a_run_or_a_pointer_needs_stays_and_the_rest_goes(home: Home) -> None:
    model(home, "a")
    home.point("dataset", "main", "exported", "d")
    assert prune(home, "main", keep={"b"}) == ["c"]
    assert left(home) == {"a", "b", "d", "e"}
    assert prune(home, "main") == ["b"]


def test_a_version_stays_until_it_is_old_enough(home: Home) -> None:
    day_s = 86_400.0
    manifest = home.dataset("main", "b") / MANIFEST
    before = manifest.stat().st_mtime - 3 * day_s
    os.utime(manifest, (before, before))
    assert prune(home, "main", older_than_s=2 * day_s) == ["b"]


def test_an_export_that_waits_for_its_manifest_and_other_datasets_are_left_alone(home: Home) -> None:
    (home.dataset("main", "f")).mkdir()
    dataset(home, "a", name="portraits")
    assert prune(home, "main") == ["a", "b", "c", "d"]
    assert left(home) == {"e", "f"} and left(home, "portraits") == {"a"}


def test_shards_that_a_removed_version_shared_stay_readable(home: Home) -> None:
    kept = home.dataset("main", "e") / "train-0.parquet"
    kept.unlink()
    os.link(home.dataset("main", "a") / "train-0.parquet", kept)
    prune(home, "main")
    assert kept.read_bytes() == b"a shard"


def training(home: Home, stage: str, version: str, dataset_digest: str) -> Path:
    """A training that was begun and stopped."""
    folder = home.model(stage, f"{version}{UNFINISHED}")
    (folder / "checkpoints").mkdir(parents=True)
    (folder / JOB).write_text(json.dumps({"inputs": {"dataset": dataset_digest}, "version": version}))
    return folder


def test_a_training_whose_dataset_is_gone_is_removed_and_one_that_can_go_on_is_not(home: Home) -> None:
    here = write_dataset(home.dataset("main", "painted"), {"train": 2, "validation": 1})
    abandoned = training(home, "unet_text", "one", "f" * 64)
    stopped = training(home, "clip", "two", read_manifest(here).digest)
    damaged = training(home, "vae", "three", "f" * 64)
    (damaged / JOB).write_text("{")
    assert prune_trainings(home) == ["unet_text/one", "vae/three"]
    assert stopped.is_dir() and not abandoned.exists()


def test_a_training_that_is_young_or_under_way_is_left_alone(home: Home) -> None:
    folder = training(home, "unet_text", "one", "f" * 64)
    assert prune_trainings(home, older_than_s=60) == []
    with (folder / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert prune_trainings(home) == [] and (folder / JOB).is_file()
    assert prune_trainings(home) == ["unet_text/one"]
