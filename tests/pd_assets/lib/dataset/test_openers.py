"""The export as other people's tools see it: all of them count alike and begin with the same row."""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import datasets
import duckdb
import mlcroissant
import pyarrow.parquet as pq
import pytest
import webdataset
import yaml
from PIL import Image

from pd_assets.lib.dataset import croissant
from pd_assets.lib.dataset.export import export_shards
from pd_assets.lib.dataset.exported import Export
from pd_assets.lib.dataset.manifest import finish
from pd_assets.lib.home import open_home
from pd_ml.bundle.rules_of_croissant import LIST_WORDS, TEXT_WORDS
from pd_ml.data import shards
from pd_ml.data.shards import ShardError
from tests.pd_assets.lib.dataset.exporting import fill

COUNT = 60


@dataclass(frozen=True)
class First:
    """What tells a row from others."""

    item_id: str
    caption: str
    size: tuple[int, int]


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Export:
    home = open_home(tmp_path_factory.mktemp("export") / "home")
    fill(home, range(COUNT))
    made = export_shards(home, name="main", shard_bytes=15_000, webdataset=True)
    finish(made, {"profile": "strict"})
    assert sum(info.split == "train" for info in made.shards) > 2
    return made


@pytest.fixture(scope="module")
def expected(export: Export) -> Mapping[str, tuple[int, First]]:
    """Rows and first row of every split, as our own reader has them."""
    found = {}
    for split in shards.SPLITS:
        rows = [row for batch in shards.read_batches(export.folder, split) for row in batch.to_pylist()]
        size = (rows[0]["width"], rows[0]["height"])
        found[split] = (len(rows), First(rows[0]["item_id"], rows[0]["caption"], size))
    assert sum(count for count, _ in found.values()) == COUNT
    return found


def test_datasets_opens_the_folder(export: Export, expected: Mapping[str, tuple[int, First]], tmp_path: Path) -> None:
    loaded = datasets.load_dataset(str(export.folder), cache_dir=str(tmp_path))
    assert {split: (part.num_rows, _first(part[0])) for split, part in loaded.items()} == expected


def test_datasets_streams_the_folder(export: Export, expected: Mapping[str, tuple[int, First]]) -> None:
    streamed = datasets.load_dataset(str(export.folder), streaming=True)
    found = {split: list(part) for split, part in streamed.items()}
    assert {split: (len(rows), _first(rows[0])) for split, rows in found.items()} == expected


def _first(row: Mapping[str, object]) -> First:
    image = row["image"]
    assert isinstance(image, Image.Image)
    return First(str(row["item_id"]), str(row["caption"]), image.size)


def test_duckdb_and_pyarrow_open_the_shards(export: Export, expected: Mapping[str, tuple[int, First]]) -> None:
    for split, (count, first) in expected.items():
        files = str(export.folder / f"{split}-*.parquet")
        sql = "select item_id, caption, width, height from read_parquet($files)"
        with duckdb.connect() as connection:
            rows = connection.execute(sql, {"files": files}).fetchall()
        assert (len(rows), First(rows[0][0], rows[0][1], (rows[0][2], rows[0][3]))) == (count, first)
        parts = [pq.read_table(path) for path in sorted(export.folder.glob(f"{split}-*.parquet"))]
        assert sum(part.num_rows for part in parts) == count
        assert parts[0]["item_id"][0].as_py() == first.item_id


def test_webdataset_opens_the_tars(export: Export, expected: Mapping[str, tuple[int, First]]) -> None:
    for split, (count, first) in expected.items():
        tars = [str(export.folder / info.path) for info in export.tars if info.split == split]
        rows = list(webdataset.WebDataset(tars, shardshuffle=False, empty_check=False).decode("pil"))
        assert len(rows) == count
        row = rows[0]
        assert First(row["json"]["item_id"], row["txt"], row["jpg"].size) == first
        assert set(row["json"]) == set(shards.COLUMNS) - {"image", "caption"}


def test_mlcroissant_validates_the_description_and_reads_the_examples(
    export: Export, expected: Mapping[str, tuple[int, First]], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        described = mlcroissant.Dataset(jsonld=str(export.folder / "croissant.json"))
    issues = described.metadata.ctx.issues
    assert issues.errors == set() and issues.warnings == set()
    assert "not standard" not in caplog.text
    for split, (count, first) in expected.items():
        rows = list(described.records(split))
        assert len(rows) == count
        row = {name.partition("/")[2]: value for name, value in rows[0].items()}
        assert First(row["item_id"].decode(), row["caption"].decode(), row["image"].size) == first
        assert next(caption.decode() for caption in row["captions"]) == first.caption


def test_the_description_names_every_shard_with_its_digest(export: Export) -> None:
    described = json.loads((export.folder / "croissant.json").read_text())
    files = [one for one in described["distribution"] if one["@type"] == "cr:FileObject"]
    assert {one["contentUrl"]: one["sha256"] for one in files} == {
        info.path: hashlib.sha256((export.folder / info.path).read_bytes()).hexdigest() for info in export.shards
    }


def test_the_description_says_how_the_data_came_about_and_which_page_each_row_is_from(export: Export) -> None:
    described = json.loads((export.folder / "croissant.json").read_text())
    words = {name.removeprefix("rai:") for name in described if name.startswith("rai:")}
    assert len(words) > 10 and words <= TEXT_WORDS | LIST_WORDS
    assert f"commons ({COUNT})" in described["rai:dataCollection"] and "strict" in described["rai:dataCollection"]
    finished = shards.read_manifest(export.folder).facts["finished_on"]
    assert described["datePublished"] == finished
    assert described["prov:wasGeneratedBy"]["prov:endedAtTime"] == f"{finished}T00:00:00Z"
    fields = [one for record_set in described["recordSet"] for one in record_set["field"]]
    derived = [one["@id"] for one in fields if one.get("equivalentProperty") == "prov:wasDerivedFrom"]
    assert derived == [f"{split}/page_url" for split in shards.SPLITS]


def test_an_old_manifest_that_tells_no_day_is_described_without_one(export: Export) -> None:
    manifest = shards.read_manifest(export.folder)
    older = {name: told for name, told in manifest.facts.items() if name in ("profile", "skipped")}
    described = croissant.describe(replace(manifest, facts=older))
    assert "datePublished" not in described and "not told" in str(described["rai:dataCollection"])


def test_the_card_begins_with_what_the_hub_reads(export: Export) -> None:
    text = (export.folder / "README.md").read_text()
    head = yaml.safe_load(text.split("---\n")[1])
    assert head["license"] == "other" and head["size_categories"] == ["n<1K"]
    files = head["configs"][0]["data_files"]
    assert [(one["split"], one["path"]) for one in files] == [(s, f"{s}-*.parquet") for s in shards.SPLITS]
    assert f"| commons | {COUNT} |" in text and "No picture was left out." in text


def test_a_tar_that_was_altered_is_found(export: Export, tmp_path: Path) -> None:
    manifest = shards.read_manifest(export.folder)
    assert [info.path for info in manifest.tars] == [f"webdataset/{Path(i.path).stem}.tar" for i in manifest.shards]
    path = export.folder / manifest.tars[0].path
    whole = path.read_bytes()
    try:
        path.write_bytes(whole[:600] + b"?" + whole[601:])
        with pytest.raises(ShardError, match=r"webdataset/.*\.tar has another SHA-256"):
            shards.verify(export.folder)
    finally:
        path.write_bytes(whole)
