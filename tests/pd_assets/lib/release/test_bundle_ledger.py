"""The ledger of a bundle where the evaluation saw another dataset version than the training."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.catalog.schemas import MODEL_LEDGER
from pd_assets.lib.home import open_home
from pd_assets.lib.release.bundle import _write_ledger
from pd_ml.bundle.counts import SCHEMA
from pd_ml.provenance import HELD, MEASURED_WITH, TRAINED_ON

PICTURES = 300


def write(path: Path, revid: int, relations: list[str]) -> Path:
    """A ledger of one model; every picture has the revision that the dataset version knew."""
    rows = [
        {"stage": "unet", "version": "m1", "item_id": f"commons:M{number:04}", "relation": relations[number % 3]}
        | {"split": "test", "times_shown": int(relations[number % 3] == TRAINED_ON), "captions": [], "revid": revid}
        for number in range(PICTURES)
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=MODEL_LEDGER.schema), path)
    return path


def test_the_row_is_the_trainings_wherever_it_looked_at_the_picture_itself(tmp_path: Path) -> None:
    # By its name the evaluation's comes first.
    training = write(tmp_path / "b.parquet", 1, [TRAINED_ON, MEASURED_WITH, HELD])
    evaluation = write(tmp_path / "a.parquet", 2, [MEASURED_WITH] * 3)
    _write_ledger(open_home(tmp_path / "home"), [training], evaluation, tmp_path / "ledger.parquet")
    found = pq.read_table(tmp_path / "ledger.parquet")
    assert found.schema.names == SCHEMA.names
    rows = {row["item_id"]: (row["relation"], row["revid"]) for row in found.to_pylist()}
    assert len(rows) == found.num_rows == PICTURES
    expected = [(TRAINED_ON, 1), (MEASURED_WITH, 1), (MEASURED_WITH, 2)]
    assert rows == {f"commons:M{number:04}": expected[number % 3] for number in range(PICTURES)}
