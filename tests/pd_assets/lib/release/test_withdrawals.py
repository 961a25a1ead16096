"""Which pictures of finished datasets are no longer free, and which models learnt from them."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CLUSTERS, DECISIONS, ITEMS, LICENSED, MODEL_LEDGER, Table
from pd_assets.lib.errors import TableError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release.withdrawals import exposures, find_withdrawn, still_served
from pd_ml.provenance import LEDGER, RunRecord, write_run
from tests.pd_assets.lib.dataset.exporting import fill, store
from tests.pd_assets.lib.planting import decision, item, licensed, plant
from tests.pd_assets.lib.release.planted import catalogue, dataset, model

COUNT = 12
LOST = 5


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = open_home(tmp_path / "home")
    catalogue(made, range(COUNT))
    return made


def gone(home: Home) -> dict[str, str]:
    return {one.item_id: one.reason for one in find_withdrawn(home, profile="strict")}


def test_where_all_is_as_it_was_nothing_is_withdrawn(home: Home) -> None:
    dataset(home)
    assert gone(home) == {}


def test_a_home_without_a_dataset_has_nothing_to_withdraw(tmp_path: Path) -> None:
    assert gone(open_home(tmp_path / "nothing")) == {}


@pytest.mark.parametrize(
    ("status", "problem", "why"),
    [
        ("deleted", None, "the archive has it no more: deleted"),
        ("moved", None, "the archive has it no more: moved"),
        ("live", "hidden", "the page is no usable picture: hidden"),
        ("live", "no_file", "the page is no usable picture: no_file"),
    ],
)
def test_what_vanished_from_the_archive_is_withdrawn(home: Home, status: str, problem: str | None, why: str) -> None:
    dataset(home)
    changed: Mapping[str, object] = {"status": status, "problem": problem}
    plant(home, ITEMS, [item(n, **(changed if n == LOST else {})) for n in range(COUNT)])
    assert gone(home) == {"commons:M5": why}


def test_an_item_that_the_catalogue_no_longer_knows_is_withdrawn(home: Home) -> None:
    dataset(home)
    plant(home, ITEMS, [item(n) for n in range(COUNT) if n != LOST])
    assert gone(home) == {"commons:M5": "no longer in the catalogue"}


@pytest.mark.parametrize("verdict", ["reject", "quarantine"])
def test_what_lost_its_licence_is_withdrawn_and_comes_back_with_it(home: Home, verdict: str) -> None:
    dataset(home)
    plant(home, DECISIONS, [decision(n, verdict if n == LOST else "accept", rule_id="a-rule") for n in range(COUNT)])
    assert gone(home) == {"commons:M5": f"decided {verdict} by a-rule"}
    plant(home, DECISIONS, [decision(n) for n in range(COUNT)])
    assert gone(home) == {}


def test_a_copy_that_is_refused_withdraws_the_picture(home: Home) -> None:
    dataset(home)
    row = {"item_id": "commons:M5", "cluster": "commons:M5", "conflict": "commons:M99 cc-by"}
    plant(home, CLUSTERS, [row])
    assert gone(home) == {"commons:M5": "a copy is refused: commons:M99 cc-by"}


def test_what_caps_sizes_and_another_file_of_the_page_leave_out_is_not_withdrawn(home: Home) -> None:
    dataset(home)
    fill(home, range(COUNT - 1))
    plant(home, ITEMS, [item(n, sha1="f" * 40 if n == LOST else f"{n:040x}") for n in range(COUNT)])
    assert gone(home) == {}


def test_what_the_archive_did_not_tell_whole_this_time_is_not_withdrawn(home: Home) -> None:
    dataset(home)
    plant(home, ITEMS, [item(n, problem="incomplete" if n == LOST else None) for n in range(COUNT)])
    assert gone(home) == {}


def test_without_the_tables_that_tell_nothing_is_called_withdrawn(home: Home) -> None:
    dataset(home)
    for path in home.table(DECISIONS.key).glob("*.parquet"):
        path.unlink()
    with pytest.raises(TableError, match=r"rights/decisions: no table in .*; materialise rights/decisions first"):
        gone(home)


def test_a_picture_is_served_until_the_table_and_the_latest_dataset_are_without_it(home: Home) -> None:
    old = dataset(home)
    plant(home, ITEMS, [item(n, status="deleted" if n == LOST else "live") for n in range(COUNT)])
    withdrawn = find_withdrawn(home, profile="strict")
    assert [one.item_id for one in still_served(home, withdrawn)] == ["commons:M5"]
    plant(home, LICENSED, [licensed(n, sha256=store(home, n), width=48, height=32) for n in range(COUNT) if n != LOST])
    assert [one.item_id for one in still_served(home, withdrawn)] == ["commons:M5"]
    new = dataset(home)
    assert new.version != old.version
    withdrawn = find_withdrawn(home, profile="strict")
    assert still_served(home, withdrawn) == []
    assert [one.versions for one in withdrawn] == [(old.version,)]


def test_models_that_learnt_from_it_are_named_those_too_that_were_made_of_such_a_model(home: Home) -> None:
    old = dataset(home)
    clip = model(home, "clip", "old-clip", old)
    plant(home, ITEMS, [item(n, status="deleted" if n == LOST else "live") for n in range(COUNT)])
    plant(home, LICENSED, [licensed(n, sha256=store(home, n), width=48, height=32) for n in range(COUNT) if n != LOST])
    new = dataset(home)
    model(home, "unet_text", "on-the-old-clip", new, inputs={"clip": clip.digest})
    model(home, "unet_text", "clean", new)
    seen = {
        one.model.version: [picture.item_id for picture in one.pictures]
        for one in exposures(home, find_withdrawn(home, profile="strict"))
    }
    assert seen == {"old-clip": ["commons:M5"], "on-the-old-clip": ["commons:M5"], "clean": []}


def test_an_input_that_is_gone_is_told(home: Home) -> None:
    model(home, "unet_text", "orphan", dataset(home), inputs={"clip": "0123456789abcdef" * 4})
    (one,) = exposures(home, ())
    assert one.model.unknown == {"clip of digest 0123456789abcdef, which is not here any more"}


def test_what_is_withdrawn_of_more_pictures_than_the_memory_holds_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PD_DUCKDB_MEMORY_MB", "64")
    monkeypatch.setenv("PD_DUCKDB_THREADS", "2")
    home = open_home(tmp_path / "home")
    items = pa.array([f"commons:M{number:07}" for number in range(200_000)])
    gone = 2_000
    folder = home.model("clip", "one")
    shas = pa.array([f"{number:064x}" for number in range(len(items))])
    shown = {"stage": "clip", "version": "one", "stored_sha256": shas, "relation": "trained_on", "times_shown": 3}
    write(MODEL_LEDGER, folder / LEDGER, items, shown)
    inputs = {"dataset": "a digest"}
    write_run(
        folder, RunRecord(stage="clip", version="one", config={}, inputs=inputs, dataset_version="v", item_count=1)
    )
    write(ITEMS, tables.bucket_file(home, ITEMS, 0), items[gone:], {"status": "live"})
    write(DECISIONS, tables.bucket_file(home, DECISIONS, 0), items, {"profile": "strict", "verdict": "accept"})
    write(CLUSTERS, tables.bucket_file(home, CLUSTERS, 0), items, {"cluster": items})
    found = find_withdrawn(home, profile="strict")
    assert [one.item_id for one in found] == items[:gone].to_pylist()
    assert {(one.reason, one.versions) for one in found} == {("no longer in the catalogue", ())}


def write(table: Table, path: Path, items: pa.Array, values: Mapping[str, object]) -> None:
    """A file of a table with a row for each item; columns without a value are null."""
    given = {"item_id": items, **values}
    columns = [
        value.cast(field.type)
        if isinstance(value := given.get(field.name), pa.Array)
        else pa.repeat(pa.scalar(value, field.type), len(items))
        for field in table.schema
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns, schema=table.schema), path)
