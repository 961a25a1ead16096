"""Models of a generated home that saw all of its dataset, and an evaluation of one: what trainings leave, without them.

Their ledgers are as large as the dataset, and written by what writes them after a training.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pd_assets.assets.dataset import DATASET
from pd_assets.lib.home import Home
from pd_assets.lib.release.lineage import CANDIDATE, LATEST
from pd_ml.data.shards import SPLITS, Manifest, read_manifest
from pd_ml.ledger import Used, write_ledger
from pd_ml.provenance import RunRecord, sealed_members, write_run

TIMES_SHOWN = 3
# The second is made of the first.
STAGES = ("clip", "transformer")
VERSION, REPORT = "0123456789abcdef", "fedcba9876543210"


def train(home: Home) -> None:
    """A model of each stage, in use, of the dataset that is there; nothing where they are there already."""
    if home.latest("models", STAGES[-1]) is not None:
        return
    dataset = home.latest("dataset", DATASET)
    assert dataset is not None
    manifest = read_manifest(dataset)
    inputs = {"dataset": manifest.digest}
    for stage in STAGES:
        inputs[stage] = _model(home, stage, dataset, manifest, inputs)
    _evaluation(home, dataset, manifest, inputs)


def _model(home: Home, stage: str, dataset: Path, manifest: Manifest, inputs: Mapping[str, str]) -> str:
    """Its digest. It was shown each training picture a few times with its first caption, and measured with others."""
    folder, shown = home.model(stage, VERSION), _rows(manifest, "train")
    folder.mkdir(parents=True)
    (folder / "weights").write_text(stage)
    times = np.full_like(shown, TIMES_SHOWN)
    used = Used(
        rows=shown,
        times=times,
        caption_rows=shown,
        caption_numbers=np.zeros_like(shown),
        caption_times=times,
        measured={"validation": _rows(manifest, "validation")},
    )
    write_ledger(folder, dataset, stage=stage, version=VERSION, used=used, scratch=folder / ".ledger")
    counts = {"images_seen": int(times.sum()), "pictures_trained_on": len(shown)}
    record = write_run(folder, _record(stage, VERSION, manifest, inputs, counts))
    for pointer in (CANDIDATE, LATEST):
        home.point("models", stage, pointer, VERSION)
    return record.digest


def _evaluation(home: Home, dataset: Path, manifest: Manifest, inputs: Mapping[str, str]) -> None:
    """Of the last model, by all pictures."""
    folder = home.root / "evaluation" / "report" / REPORT
    folder.mkdir(parents=True)
    (folder / "report.json").write_text("{}")
    used = Used(measured={split: _rows(manifest, split) for split in SPLITS})
    write_ledger(folder, dataset, stage=STAGES[-1], version=VERSION, used=used, scratch=folder / ".ledger")
    write_run(folder, _record("evaluate", REPORT, manifest, inputs, {}))


def _rows(manifest: Manifest, split: str) -> np.ndarray:
    return np.arange(manifest.counts.get(split, 0), dtype=np.int64)


def _record(
    stage: str, version: str, manifest: Manifest, inputs: Mapping[str, str], counts: Mapping[str, int]
) -> RunRecord:
    return RunRecord(
        stage=stage,
        version=version,
        config={},
        inputs=dict(inputs),
        dataset_version=manifest.version,
        item_count=sum(manifest.counts.values()),
        proven=True,
        counts=counts,
        members=sealed_members(manifest),
    )
