"""New rows go to new shards, a takedown rewrites its own, all others are linked; damage is mended."""

import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pytest

from pd_assets.lib.dataset.export import export_shards
from pd_assets.lib.dataset.exported import INDEX, Export, pictures_of
from pd_assets.lib.dataset.manifest import finish
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_ml.data import shards
from pd_ml.data.shards import PICTURES
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


def test_new_pictures_go_to_new_shards_in_the_order_of_their_hash(home: Home) -> None:
    before = exported(home)
    fill(home, range(COUNT + 12))
    after = exported(home)
    old, new = contents(before.folder), contents(after.folder)
    assert {name: new[name] for name in old} == old
    assert after.written == len(new) - len(old)
    added = [info for info in after.shards if info.path not in old and info.split == "train"]
    rows = [
        row for info in added for batch in shards.shard_batches(after.folder / info.path) for row in batch.to_pylist()
    ]
    assert {row["item_id"] for row in rows} == {f"commons:M{n}" for n in range(COUNT, COUNT + 12) if n % 6 > 1}
    places = [int(hashlib.md5(row["item_id"].encode()).hexdigest()[16:], 16) for row in rows]
    swapped = [int.from_bytes(place.to_bytes(8, "big"), "little") for place in places]
    assert swapped == sorted(swapped)


def steps(home: Home) -> list[Export]:
    found = []
    for numbers in (range(10), range(20), range(3, 20), range(3, COUNT)):
        fill(home, numbers)
        found.append(exported(home))
    return found


def test_the_same_history_gives_the_same_bytes_and_the_rows_of_an_export_from_scratch(tmp_path: Path) -> None:
    first, second = (steps(open_home(tmp_path / name)) for name in ("one", "other"))
    assert [one.version for one in first] == [one.version for one in second]
    assert contents(first[-1].folder) == contents(second[-1].folder)
    assert (first[-1].folder / PICTURES).read_bytes() == (second[-1].folder / PICTURES).read_bytes()
    once = open_home(tmp_path / "once")
    fill(once, range(3, COUNT))
    assert rows_of(first[-1]) == rows_of(exported(once))
    assert len(rows_of(first[-1])) == COUNT - 3


def rows_of(export: Export) -> list[str]:
    found = [
        row
        for split in shards.SPLITS
        for batch in shards.read_batches(export.folder, split)
        for row in batch.to_pylist()
    ]
    return sorted(map(str, found))


def test_an_export_of_the_code_before_is_gone_on_from(home: Home) -> None:
    """Its shards had the numbers of a heap, its index and its list did not tell of labels."""
    before = exported(home)
    renamed = {info.path: shards.shard_name(info.split, 2 ** (4 + n)) for n, info in enumerate(before.shards)}
    told = json.loads((before.folder / INDEX).read_text())
    for old, new in renamed.items():
        (before.folder / old).rename(before.folder / new)
    listed = pa.Table.from_batches(pictures_of(before.folder)).to_pylist()
    (before.folder / "manifest.json").unlink()
    plain = [{**row, "shard": renamed[row["shard"]]} for row in listed]
    schema = pa.schema([(name, pa.string()) for name in ("item_id", "stored_sha256", "shard")])
    with pa.ipc.new_file(before.folder / PICTURES, schema) as file:
        file.write_table(pa.Table.from_pylist(plain, schema=schema))
    (before.folder / INDEX).write_text(
        json.dumps(
            {
                "config": told["config"],
                "shards": [{**info, "path": renamed[info["path"]]} for info in told["shards"]],
                "tars": [],
                "keys": {renamed[path]: key for path, key in told["keys"].items()},
                "skipped": [],
            }
        )
    )
    fill(home, range(1, COUNT + 1))
    after = exported(home)
    # The one that held picture 0, which left, and a new one for the picture that came.
    assert after.written == 2
    assert len(after.shards) == len(before.shards) + 1
    assert {row["item_id"] for batch in pictures_of(after.folder) for row in batch.to_pylist()} == {
        f"commons:M{n}" for n in range(1, COUNT + 1)
    }


def test_what_a_killed_build_of_the_splits_left_with_copies_on_two_sides_is_not_exported(home: Home) -> None:
    """One bucket has the sides of before its pictures turned out to be copies, the other those of after."""
    before = exported(home)
    fill(home, range(COUNT), facts={n: {"phash": "0" * 16} for n in (0, 2)})
    with pytest.raises(ConfigError, match=r"copies in several splits.*materialise dataset/splits"):
        exported(home)
    assert home.pointed("dataset", "main", "exported") == before.version


def test_shards_of_another_format_are_not_shared(home: Home) -> None:
    before = exported(home)
    told = json.loads((before.folder / INDEX).read_text())
    (before.folder / INDEX).write_text(json.dumps({**told, "format_version": shards.FORMAT_VERSION - 1}))
    after = exported(home)
    assert after.written == len(after.shards)
    fill(home, range(COUNT - 1))
    assert exported(home).written <= 1


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


def test_a_picture_that_vanished_from_the_store_stays_where_it_was_written_until_its_shard_is_written_anew(
    home: Home,
) -> None:
    before = exported(home)
    (home.root / "images/7.jpg").unlink()
    assert exported(home) == before
    listed = [row for batch in pictures_of(before.folder) for row in batch.to_pylist()]
    (path,) = holders(before, "commons:M7")
    beside = next(row["item_id"] for row in listed if row["shard"] == path and row["item_id"] != "commons:M7")
    fill_without(home, 7, int(beside.removeprefix("commons:M")))
    after = exported(home)
    assert after.skipped == ("commons:M7: No such file or directory",)
    assert holders(after, "commons:M7") == set()


def fill_without(home: Home, vanished: int, *left: int) -> None:
    """Tables in which some pictures are licensed no longer, and one is still that is in the store no longer."""
    path = home.root / f"images/{vanished}.jpg"
    fill(home, [n for n in range(COUNT) if n not in left])
    path.unlink()


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
