"""Pictures that come without proof: they can be trained on, and the model says so."""

import json
from pathlib import Path

import datasets
import pytest
from PIL import Image

from pd_ml.data.foreign import dataset_folder
from pd_ml.data.shards import read_manifest
from pd_ml.errors import DataError
from pd_ml.provenance import read_ledger, read_run
from tests.pd_ml.command import TINY_CLIP, run_here


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of 60 pictures with a text each, as `datasets` reads it."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    lines = []
    for number in range(60):
        Image.new("RGB", (20 + number, 30), (4 * number, 99, 7)).save(folder / f"{number}.png")
        lines.append(json.dumps({"file_name": f"{number}.png", "text": f"picture number {number}"}))
    (folder / "metadata.jsonl").write_text("\n".join(lines))
    return folder


def test_an_exported_dataset_is_taken_as_it_is(dataset: Path, tmp_path: Path) -> None:
    assert dataset_folder(str(dataset), tmp_path) == dataset
    assert list(tmp_path.iterdir()) == []


def test_a_folder_a_parquet_file_and_a_saved_dataset_are_imported_once(pictures: Path, tmp_path: Path) -> None:
    loaded = datasets.load_dataset(str(pictures), cache_dir=str(tmp_path / "c"))
    loaded.save_to_disk(str(tmp_path / "saved"))
    loaded["train"].to_parquet(str(tmp_path / "one.parquet"))
    for name in (pictures, tmp_path / "saved", tmp_path / "one.parquet"):
        folder = dataset_folder(str(name), tmp_path / "cache")
        manifest = read_manifest(folder)
        assert manifest.counts["train"] + manifest.counts["validation"] == 60
        assert manifest.counts["validation"] >= 1
        assert manifest.facts["proven"] is False
        assert dataset_folder(str(name), tmp_path / "cache") == folder


def test_a_model_of_unproven_pictures_says_so_and_so_does_what_is_made_of_it(
    pictures: Path, dataset: Path, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tokenizer = ["train", "tokenizer", "--recipe", "debug", "--dataset", pictures, "--out", tmp_path / "tokenizer"]
    assert run_here(*tokenizer) == 0
    assert "warning: trained on pictures without proof of their rights" in capsys.readouterr().err
    assert read_run(tmp_path / "tokenizer").proven is False
    base = ["train", "clip", "--recipe", "debug", "--dataset", dataset, "--out", tmp_path / "clip", *TINY_CLIP]
    assert run_here(*base, "--input", f"tokenizer={tmp_path / 'tokenizer'}") == 0
    assert read_run(tmp_path / "clip").proven is False
    assert read_run(models / "clip").proven is True
    rows = [row for batch in read_ledger(tmp_path / "tokenizer").batches() for row in batch.to_pylist()]
    assert sum(row["times_shown"] for row in rows) == read_run(tmp_path / "tokenizer").counts["images_seen"]
    assert {(row["rule_id"], row["page_url"], row["evidence_digest"]) for row in rows} == {("unproven", None, None)}
    assert {caption["licence"] for row in rows for caption in row["captions"]} == {None}


def test_what_nobody_can_load_is_a_named_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothere: neither an exported dataset \(no manifest\.json\) nor anything"):
        dataset_folder("nothere", tmp_path)


def test_our_own_shards_without_their_manifest_are_not_taken_for_something_else(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "train-00000.parquet").write_bytes((dataset / "train-00000.parquet").read_bytes())
    assert dataset_folder(str(tmp_path / "torn"), tmp_path / "cache") == tmp_path / "torn"
