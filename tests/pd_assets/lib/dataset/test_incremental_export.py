"""A change of one row changes one shard: shards that stay are linked, takedowns leave no trace, damage is mended."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pd_assets.lib.dataset.export import Export, export_shards, pictures_of
from pd_assets.lib.dataset.layout import leaves
from pd_assets.lib.dataset.manifest import finish
from pd_assets.lib.home import Home, open_home
from pd_ml.data import shards
from tests.pd_assets.lib.dataset.exporting import contents, fill
from tests.pd_assets.lib.pictures import encoded, painting

COUNT = 40
SHARD_BYTES = 6000


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = open_home(tmp_path / "home")
    fill(made, range(COUNT))
    return made


def exported(home: Home) -> Export:
    export = export_shards(home, name="main", shard_bytes=SHARD_BYTES)
    finish(export, {})
    return export


def holders(export: Export, item_id: str) -> set[str]:
    """The shards whose bytes hold an item."""
    return {
        info.path
        for info in export.shards
        for batch in shards.shard_batches(export.folder / info.path)
        if item_id in batch["item_id"].to_pylist()
    }


@pytest.mark.parametrize("number", [0, 1, 2, 17, 39])
def test_after_a_takedown_exactly_the_shards_that_held_it_change(home: Home, number: int) -> None:
    before = exported(home)
    gone = (before.folder / before.shards[0].path).read_bytes()
    body = (home.root / f"images/{number}.jpg").read_bytes()
    fill(home, [n for n in range(COUNT) if n != number])
    after = exported(home)
    held = holders(before, f"commons:M{number}")
    old, new = contents(before.folder), contents(after.folder)
    assert {name for name in old if new.get(name) != old[name]} == held
    assert set(new) <= set(old)
    assert after.written == len(held & set(new)) <= 1
    assert holders(after, f"commons:M{number}") == set()
    for path in (path for path in after.folder.rglob("*") if path.is_file() and path.suffix != ".jpg"):
        assert body not in path.read_bytes(), path.name
        assert f"commons:M{number}".encode() + b'"' not in path.read_bytes(), path.name
    assert gone == (before.folder / before.shards[0].path).read_bytes()


def test_shards_that_did_not_change_are_the_same_files(home: Home) -> None:
    before = exported(home)
    fill(home, range(COUNT - 1))
    after = exported(home)
    same = [name for name, digest in contents(after.folder).items() if contents(before.folder).get(name) == digest]
    assert len(same) > 5
    assert all((before.folder / name).samefile(after.folder / name) for name in same)


def test_new_pictures_change_only_the_shards_that_they_fall_into(home: Home) -> None:
    before = exported(home)
    fill(home, range(COUNT + 1))
    after = exported(home)
    old, new = contents(before.folder), contents(after.folder)
    changed = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    # The shard itself, or that shard and the two that it was divided into.
    assert 1 <= len(changed) <= 3
    assert after.written in (1, 2)


def test_an_export_of_many_steps_holds_what_one_from_scratch_holds(home: Home, tmp_path: Path) -> None:
    for last in (10, 20, 30, COUNT):
        fill(home, range(last))
        stepwise = exported(home)
    other = open_home(tmp_path / "other")
    fill(other, range(COUNT))
    once = exported(other)
    assert contents(stepwise.folder) == contents(once.folder)
    assert stepwise.version == once.version


def test_a_shard_that_was_altered_on_the_disk_is_written_anew(home: Home) -> None:
    before = exported(home)
    whole = contents(before.folder)
    path = before.folder / before.shards[2].path
    altered = bytearray(path.read_bytes())
    altered[len(altered) // 2] ^= 1
    path.write_bytes(altered)
    after = exported(home)
    assert contents(after.folder) == whole
    assert after.version == before.version and after.written == 1
    assert shards.verify(after.folder)


def test_a_picture_that_vanished_is_another_version_and_rewrites_its_shard(home: Home) -> None:
    before = exported(home)
    (home.root / "images/7.jpg").unlink()
    after = exported(home)
    assert after.skipped == ("commons:M7: No such file or directory",)
    assert after.version != before.version
    assert holders(after, "commons:M7") == set()
    (home.root / "images/8.jpg").write_bytes(b"altered")
    # Shards hold the picture as it was: what lies in the store now is read only for shards that are written anew.
    assert exported(home).skipped == after.skipped


def test_another_picture_in_the_same_place_is_another_dataset(home: Home) -> None:
    """By a dataset's digest decoded pictures are kept, and trainings go on: it must be one of the bytes."""
    before = exported(home)
    (home.root / "images/7.jpg").write_bytes(encoded(painting(99, 48, 32)))
    fill(home, range(COUNT))
    after = exported(home)
    assert [(info.path, info.rows) for info in after.shards] == [(info.path, info.rows) for info in before.shards]
    assert after.version != before.version
    assert shards.read_manifest(after.folder).digest != shards.read_manifest(before.folder).digest


def test_the_list_of_pictures_says_which_shard_holds_which(home: Home) -> None:
    (home.root / "images/4.jpg").write_bytes(b"altered")
    export = exported(home)
    listed = [row for batch in pictures_of(export.folder) for row in batch.to_pylist()]
    assert {row["item_id"] for row in listed} == {f"commons:M{n}" for n in range(COUNT) if n != 4}
    assert all(holders(export, row["item_id"]) == {row["shard"]} for row in listed[:5])


def test_a_damaged_index_costs_the_reuse_and_nothing_else(home: Home) -> None:
    before = exported(home)
    whole = contents(before.folder)
    (before.folder / "shards.json").write_text(json.dumps({"shards": 3}))
    after = exported(home)
    assert after.written == len(after.shards)
    assert contents(after.folder) == whole


def test_what_a_killed_export_left_is_removed(home: Home) -> None:
    half = home.root / "dataset/.exporting/shards"
    half.mkdir(parents=True)
    (half / "train-00001.parquet").write_bytes(b"half")
    export = exported(home)
    assert not half.exists()
    assert b"half" not in (export.folder / export.shards[0].path).read_bytes()


@given(
    sizes=st.lists(st.integers(0, 900), min_size=1, max_size=120),
    shard_bytes=st.integers(500, 5000),
    seed=st.integers(0, 1000),
    dropped=st.integers(0, 119),
)
@settings(max_examples=120)
def test_every_row_is_in_one_shard_and_leaving_one_out_changes_no_other(
    sizes: list[int], shard_bytes: int, seed: int, dropped: int
) -> None:
    places = np.sort(np.random.default_rng(seed).integers(0, 2**64, len(sizes), dtype=np.uint64))
    lengths = np.array(sizes, dtype=np.int64)
    cut = leaves(places, lengths, shard_bytes=shard_bytes)
    rows = sorted(row for leaf in cut for row in range(leaf.first, leaf.end))
    assert rows == list(range(len(sizes)))
    assert all(lengths[leaf.first : leaf.end].sum() <= shard_bytes or leaf.end - leaf.first == 1 for leaf in cut)
    at = dropped % len(sizes)
    without = leaves(
        np.delete(places, at), np.delete(lengths, at), shard_bytes=shard_bytes, before=[leaf.number for leaf in cut]
    )
    old = {leaf.number: [int(place) for place in places[leaf.first : leaf.end]] for leaf in cut}
    new = {leaf.number: [int(place) for place in np.delete(places, at)[leaf.first : leaf.end]] for leaf in without}
    assert sum(new.get(number) != held for number, held in old.items()) == 1
    assert new.keys() <= old.keys()
