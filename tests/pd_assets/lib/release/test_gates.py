"""The gate of rights of a release: every picture of its ledgers is judged, whatever else of the home can be read.

The other gates are asked with whole models: tests/integration/test_release.py.
"""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from pd_assets.lib.catalog.schemas import DECISIONS, ITEMS, MEMBERS, TAKEDOWNS
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release import gates
from pd_ml.provenance import LEDGER, RUN, read_run, write_run
from tests.pd_assets.lib.planting import PROFILE, THEN, decision, item, plant
from tests.pd_assets.lib.release.planted import catalogue, dataset, evaluation, model

COUNT = 13
MEASURED = "commons:M6"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A model whose evaluation alone read a picture of the test split."""
    made = open_home(tmp_path / "home")
    catalogue(made, range(1, COUNT))
    export = dataset(made)
    used = model(made, "unet_text", "one", export)
    folder = evaluation(made, "e1", used, export, measured=[MEASURED])
    (folder / gates.REPORT).write_text("{}")
    return made


def rights(home: Home) -> list[str]:
    return [one.says for one in gates.found(home, "unet_text", "one", profile=PROFILE) if one.gate == "rights"]


def lists(home: Home) -> Sequence[Path]:
    return sorted(home.table(MEMBERS.key).rglob("*.parquet"))


def damage(home: Home) -> None:
    """Cut the ends off the lists of what datasets held."""
    for path in lists(home):
        path.write_bytes(path.read_bytes()[:-40])


def without_states(folder: Path) -> None:
    """A ledger that does not say which picture of the store each was, sealed again."""
    run, path = read_run(folder), folder / LEDGER
    rows = pq.read_table(path)
    at = rows.schema.get_field_index("stored_sha256")
    pq.write_table(rows.set_column(at, rows.schema.field(at), pa.nulls(rows.num_rows, pa.string())), path)
    (folder / RUN).unlink()
    write_run(folder, run)


def test_what_is_free_today_keeps_nothing_back(home: Home) -> None:
    assert rights(home) == []
    damage(home)
    assert rights(home) == []


def test_a_picture_that_only_an_evaluation_saw_is_judged_where_no_list_of_a_dataset_can_be_read(home: Home) -> None:
    plant(home, TAKEDOWNS, [{"item_id": MEASURED, "reason": "the heirs ask", "taken_down_at": THEN}])
    said = [f"{MEASURED} was measured with: taken down on request: 1 January 2026"]
    assert rights(home) == said
    damage(home)
    assert rights(home) == said
    for path in lists(home):
        path.unlink()
    assert rights(home) == said


def test_a_picture_without_any_decision_today_is_a_reason(home: Home) -> None:
    damage(home)
    plant(home, DECISIONS, [decision(n) for n in range(1, COUNT) if n != 6])
    assert rights(home) == [f"{MEASURED} was measured with: no decision on its rights"]
    plant(home, ITEMS, [item(n) for n in range(1, COUNT) if n != 6])
    assert rights(home) == [f"{MEASURED} was measured with: no longer in the catalogue"]


def test_a_ledger_that_does_not_say_which_picture_it_was_is_about_any_of_the_item(home: Home) -> None:
    folder = home.root / "evaluation" / "report" / "e1"
    without_states(folder)
    assert rights(home) == []
    held = pq.read_table(lists(home)[0])
    (row,) = held.filter(pc.equal(held["item_id"], MEASURED)).to_pylist()
    plant(
        home,
        TAKEDOWNS,
        [{"item_id": "commons:M99", "sha256": row["sha256"], "reason": "the heirs ask", "taken_down_at": THEN}],
    )
    assert rights(home) == [f"{MEASURED} was measured with: taken down on request: 1 January 2026"]
    damage(home)
    plant(home, TAKEDOWNS, [{"item_id": MEASURED, "reason": "the heirs ask", "taken_down_at": THEN}])
    assert rights(home) == [f"{MEASURED} was measured with: taken down on request: 1 January 2026"]
