"""`flop`: the arithmetic of finished trainings, and where it is not known."""

import json
from collections.abc import Mapping
from pathlib import Path

from pd_ml.config import to_json
from pd_ml.provenance import RunRecord, write_run
from pd_ml.recipes import recipe
from pd_ml.training.estimate import estimate
from pd_ml.training.spent import training_flop

CONFIG = recipe("unet", "debug")


def finished(folder: Path, inputs: Mapping[str, str], counts: Mapping[str, int]) -> RunRecord:
    folder.mkdir()
    (folder / "weights").write_text(folder.name)
    record = RunRecord(
        stage="unet",
        version=folder.name,
        config=json.loads(to_json(CONFIG)),
        inputs=inputs,
        dataset_version="v1",
        item_count=9,
        counts=counts,
    )
    return write_run(folder, record)


def test_each_model_is_counted_by_itself_and_where_what_it_started_from_is_missing_nothing_is_known(
    tmp_path: Path,
) -> None:
    parent, child = tmp_path / "parent", tmp_path / "child"
    digest = finished(parent, {}, {"images_seen": 100}).digest
    finished(child, {"init_from": digest}, {"images_seen": 20})
    found = estimate(CONFIG, {})
    assert found is not None
    of_parent = {"unet parent": 100.0 * found.flops_per_image}
    assert training_flop([child, parent]) == {"unet child": 20.0 * found.flops_per_image, **of_parent}
    assert training_flop([parent]) == of_parent
    assert training_flop([child]) == {"unet child": None}


def test_a_record_without_a_count_of_pictures_is_not_taken_for_none_shown(tmp_path: Path) -> None:
    finished(tmp_path / "imported", {"imported": "d" * 64}, {})
    assert training_flop([tmp_path / "imported"]) == {"unet imported": None}
