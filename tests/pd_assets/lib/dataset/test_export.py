"""The export: the same tables give the same bytes, and a finished dataset is never written into again."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import datasets
import pytest
from PIL import Image

from pd_assets.lib.catalog.schemas import CAPTIONS, FILES, LICENSED, SPLITS
from pd_assets.lib.dataset.export import export_shards
from pd_assets.lib.dataset.exported import INDEX, Export, read_export
from pd_assets.lib.dataset.manifest import contact_sheet, finish
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release.news import news_since_training
from pd_ml.data import shards
from tests.pd_assets.lib.pictures import encoded, painting
from tests.pd_assets.lib.planting import file, licensed, plant

COUNT = 24


def split_name(number: int) -> str:
    return {0: "test", 1: "validation"}.get(number % 6, "train")


def fill(home: Home, *, captions: dict[int, list[str]] | None = None, count: int = COUNT) -> None:
    """Tables of `count` licensed pictures whose files lie in the store."""
    digests = {}
    for number in range(count):
        body = encoded(painting(number, 48, 32))
        digests[number] = hashlib.sha256(body).hexdigest()
        path = home.root / f"images/{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    texts = {number: [f"picture {number}"] for number in range(count)} | (captions or {})
    plant(home, LICENSED, [licensed(n, sha256=digests[n], width=48, height=32) for n in range(count)])
    plant(home, FILES, [file(n, sha256=digests[n]) for n in range(count)])
    plant(home, SPLITS, [{"item_id": f"commons:M{n}", "cluster": str(n), "split": split_name(n)} for n in range(count)])
    plant(
        home,
        CAPTIONS,
        [
            {"item_id": f"commons:M{n}", "labels": [], "captions": texts[n], "label_licence": "CC0-1.0"}
            for n in range(count)
        ],
    )


def contents(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = open_home(tmp_path / "home")
    fill(made)
    return made


def exported(home: Home) -> Export:
    return export_shards(home, name="main", shard_bytes=6000)


def test_every_licensed_picture_is_exported_once_in_its_split(home: Home) -> None:
    export = exported(home)
    finish(export, {})
    rows = {
        split: [row for batch in shards.read_batches(export.folder, split) for row in batch.to_pylist()]
        for split in shards.SPLITS
    }
    assert {row["item_id"] for split in rows.values() for row in split} == {f"commons:M{n}" for n in range(COUNT)}
    for split, found in rows.items():
        for row in found:
            number = int(row["item_id"].removeprefix("commons:M"))
            assert split == split_name(number)
            assert hashlib.sha256(row["image"]).hexdigest() == row["sha256"]
            assert (row["caption"], row["captions"]) == (f"picture {number}", [f"picture {number}"])
    assert export.skipped == ()


def test_two_exports_of_the_same_tables_are_equal_byte_for_byte(home: Home, tmp_path: Path) -> None:
    other = open_home(tmp_path / "other")
    fill(other)
    first, second = exported(home), exported(other)
    manifests = [finish(export, {"policy": "all"}) for export in (first, second)]
    assert first.version == second.version
    assert contents(first.folder) == contents(second.folder)
    assert manifests[0] == manifests[1]
    assert len(first.shards) > len(shards.SPLITS)


def test_any_caption_changes_the_version(home: Home) -> None:
    before = exported(home)
    fill(home, captions={5: ["picture five"]})
    changed = exported(home)
    fill(home, captions={5: []})
    without = exported(home)
    assert len({before.version, changed.version, without.version}) == 3
    fill(home)
    assert exported(home).version == before.version


def test_name_and_shard_size_belong_to_the_version_too(home: Home) -> None:
    versions = {export_shards(home, name=name, shard_bytes=size).version for name in "ab" for size in (6000, 9000)}
    assert len(versions) == 4


def test_a_finished_folder_is_left_alone(home: Home) -> None:
    export = exported(home)
    finish(export, {"run": 1})
    before = {path: path.stat().st_mtime_ns for path in export.folder.iterdir()}
    again = exported(home)
    finish(again, {"run": 2})
    assert again == export
    assert {path: path.stat().st_mtime_ns for path in export.folder.iterdir()} == before


def test_an_export_that_waits_for_its_manifest_is_left_alone_for_who_reads_it(home: Home) -> None:
    export = exported(home)
    before = {path: path.stat().st_ino for path in export.folder.iterdir()}
    assert exported(home) == export
    assert {path: path.stat().st_ino for path in export.folder.iterdir()} == before


def test_an_unfinished_folder_that_is_damaged_is_written_anew(home: Home) -> None:
    export = exported(home)
    whole = contents(export.folder)
    (export.folder / export.shards[0].path).write_bytes(b"half")
    (export.folder / "train-99999.parquet").write_bytes(b"left over")
    assert exported(home) == export
    assert contents(export.folder) == whole


def test_pictures_that_vanished_or_were_altered_are_left_out_and_counted(home: Home) -> None:
    (home.root / "images/3.jpg").unlink()
    (home.root / "images/4.jpg").write_bytes(b"altered")
    export = exported(home)
    assert sorted(export.skipped) == [
        "commons:M3: No such file or directory",
        "commons:M4: the stored picture was altered",
    ]
    assert not (home.root / "images/4.jpg").exists(), "the next run fetches it again"
    manifest = finish(export, {})
    assert manifest.facts["skipped"] == list(export.skipped)
    assert sum(manifest.counts.values()) == COUNT - 2


def test_a_picture_without_a_caption_is_exported_with_none(home: Home) -> None:
    fill(home, captions={5: []})
    export = exported(home)
    finish(export, {})
    rows = [row for batch in shards.read_batches(export.folder, split_name(5)) for row in batch.to_pylist()]
    (row,) = [row for row in rows if row["item_id"] == "commons:M5"]
    assert (row["caption"], row["captions"]) == (None, [])


def test_nothing_to_export_is_a_named_error(tmp_path: Path) -> None:
    home = open_home(tmp_path / "empty")
    for prepare in (lambda: None, lambda: fill(home, count=0)):
        prepare()
        with pytest.raises(
            ConfigError, match="holds no picture, so there is nothing to export; look at rights/decisions"
        ):
            exported(home)
    assert not (home.root / "dataset/main").exists()


def test_an_export_of_which_no_picture_can_be_read_is_a_named_error(home: Home) -> None:
    for path in home.images.glob("*.jpg"):
        path.unlink()
    with pytest.raises(ConfigError, match=r"none of the 24 licensed pictures could be read .*materialise images/files"):
        exported(home)


def test_what_was_exported_is_found_again_for_its_manifest(home: Home) -> None:
    export = exported(home)
    home.point("dataset", "main", "exported", export.version)
    assert read_export(home, name="main") == export
    with pytest.raises(ConfigError, match=f"no {INDEX}; expected exported shards"):
        read_export(home, name="other")


def test_the_manifest_names_counts_rules_licences_and_every_shard(home: Home) -> None:
    export = exported(home)
    manifest = finish(export, {"profile": "strict"})
    assert shards.read_manifest(export.folder) == manifest
    assert manifest.counts == {"train": 16, "validation": 4, "test": 4}
    assert manifest.facts["rules"] == {"pd-old-100-expired": COUNT}
    assert manifest.facts["label_licences"] == {"CC0-1.0": COUNT}
    assert manifest.facts["profile"] == "strict"
    assert {shard.path for shard in manifest.shards} == {path.name for path in export.folder.glob("*.parquet")}
    card = (export.folder / "README.md").read_text()
    assert manifest.version in card and "16 train, 4 validation, 4 test" in card
    assert json.loads((export.folder / "manifest.json").read_text())["digest"] == manifest.digest


def test_the_contact_sheet_is_a_small_jpeg(home: Home) -> None:
    sheet = contact_sheet(exported(home))
    assert sheet.startswith(b"\xff\xd8\xff") and len(sheet) < 100_000


def test_without_a_model_every_licensed_picture_is_new(home: Home) -> None:
    news = news_since_training(home, model="unet")
    assert (news.licensed, news.new) == (COUNT, COUNT)
    fill(home, captions={1: ["another caption"]})
    assert news_since_training(home, model="unet").key == news.key
    fill(home, count=COUNT - 1)
    assert news_since_training(home, model="unet").key != news.key


def test_a_finished_folder_opens_as_a_dataset_with_its_splits_and_decoded_pictures(home: Home, tmp_path: Path) -> None:
    export = exported(home)
    finish(export, {})
    loaded = datasets.load_dataset(str(export.folder), cache_dir=str(tmp_path / "cache"))
    assert {split: part.num_rows for split, part in loaded.items()} == {"train": 16, "validation": 4, "test": 4}
    row = loaded["test"][0]
    assert isinstance(row["image"], Image.Image) and row["image"].size == (row["width"], row["height"]) == (48, 32)
    assert (row["caption"], row["captions"]) == (row["captions"][0], [row["caption"]])


def test_a_disk_that_is_full_is_a_named_error_and_nothing_is_left_half_written(home: Home) -> None:
    before = exported(home)
    finish(before, {})
    whole = contents(before.folder)
    fill(home, captions={n: [f"another caption of picture {n}"] for n in range(COUNT)})
    code = (
        "import resource, sys; from pathlib import Path; from pd_assets.lib.home import open_home; "
        "from pd_assets.lib.dataset.export import export_shards; from pd_assets.lib.errors import ConfigError\n"
        "home = open_home(Path(sys.argv[1])); resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, 9_000))\n"
        "try: export_shards(home, name='main', shard_bytes=30_000)\n"
        "except ConfigError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(home.root)], capture_output=True, text=True, check=False)
    assert "the shards cannot be written under" in done.stdout, done.stderr
    assert "free some space there" in done.stdout
    assert home.pointed("dataset", "main", "exported") == before.version
    assert contents(before.folder) == whole
    kept = {path.name for path in (home.root / "dataset/main").iterdir()}
    assert kept == {before.version, "exported"}
    assert not (home.root / "dataset/.exporting").exists()
    assert exported(home).version != before.version
