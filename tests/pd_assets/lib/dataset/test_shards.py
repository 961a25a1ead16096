"""The shard format as others see it: verified, refused where it is not whole, opened by `datasets` and by DuckDB."""

import hashlib
import io
import json
from pathlib import Path

import datasets
import duckdb
import pyarrow.parquet as pq
import pytest
from PIL import Image

from pd_ml.data import shards
from pd_ml.data.shards import Manifest, ShardError
from tests.pd_assets.lib.pictures import encoded, painting


def example(number: int) -> dict[str, object]:
    body = encoded(painting(number, 40, 30))
    return {
        "image": body,
        "caption": f"picture {number}",
        "captions": [f"picture {number}", "a painting"],
        "item_id": f"commons:M{number}",
        "sha256": hashlib.sha256(body).hexdigest(),
        "rule_id": "pd",
        "page_url": "https://archive.test/",
        "label_licence": "CC0-1.0",
        "width": 40,
        "height": 30,
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A finished dataset of 20 pictures to train on, in several shards, and 5 to test with."""
    made = tmp_path / "dataset"
    written = shards.write_shards((example(n) for n in range(20)), made, "train", shard_bytes=5000)
    written += shards.write_shards((example(n) for n in range(20, 25)), made, "test")
    digest = shards.digest_of(written)
    counts = {"train": 20, "validation": 0, "test": 5}
    shards.write_manifest(made, Manifest(name="main", version="v", digest=digest, shards=tuple(written), counts=counts))
    return made


def train_files(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.glob("train-*.parquet"))


def test_rows_come_back_in_their_order_over_all_shards(folder: Path) -> None:
    assert len(train_files(folder)) > 2
    rows = [row for batch in shards.read_batches(folder, "train") for row in batch.to_pylist()]
    assert rows == [example(number) for number in range(20)]
    assert list(shards.read_batches(folder, "validation")) == []


def test_a_sound_folder_is_verified(folder: Path) -> None:
    assert shards.verify(folder) == shards.read_manifest(folder)


def test_every_altered_shortened_or_missing_shard_is_named(folder: Path) -> None:
    first, second, third = [Path(path) for path in train_files(folder)[:3]]
    altered = bytearray(first.read_bytes())
    altered[len(altered) // 2] ^= 1
    first.write_bytes(altered)
    second.write_bytes(second.read_bytes()[:-1])
    third.unlink()
    with pytest.raises(ShardError) as failed:
        shards.verify(folder)
    message = str(failed.value)
    assert f"{first.name} has another SHA-256 than the manifest says" in message
    assert f"{second.name} has" in message and "expected" in message
    assert f"{third.name} is missing" in message


def test_an_unfinished_folder_is_refused(folder: Path) -> None:
    (folder / shards.MANIFEST).unlink()
    for read in (shards.read_manifest, shards.verify, lambda path: list(shards.read_batches(path, "train"))):
        with pytest.raises(ShardError, match=r"no manifest\.json; expected a finished dataset folder"):
            read(folder)


def test_another_format_version_is_refused(folder: Path) -> None:
    path = folder / shards.MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), "format_version": shards.FORMAT_VERSION + 1}))
    with pytest.raises(
        ShardError, match=f"format version {shards.FORMAT_VERSION + 1}, expected {shards.FORMAT_VERSION}"
    ):
        shards.read_manifest(folder)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format_version": 1}', '{"format_version": 1, "shards": [{"a": 1}]}']
)
def test_a_manifest_that_is_none_is_a_named_error(folder: Path, text: str) -> None:
    (folder / shards.MANIFEST).write_text(text)
    with pytest.raises(ShardError, match="not a dataset manifest"):
        shards.read_manifest(folder)


def test_a_shard_that_is_no_parquet_is_named(folder: Path) -> None:
    Path(train_files(folder)[0]).write_bytes(b"no parquet")
    with pytest.raises(ShardError, match=r"train-00000\.parquet: cannot be read as Parquet"):
        list(shards.read_batches(folder, "train"))


def test_an_unknown_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ShardError, match="'dev' is not one of train, validation, test"):
        shards.write_shards([], tmp_path, "dev")


def test_equal_examples_give_equal_bytes(folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    shards.write_shards((example(n) for n in range(20)), again, "train", shard_bytes=5000)
    assert [path.read_bytes() for path in map(Path, train_files(folder))] == [
        path.read_bytes() for path in map(Path, train_files(again))
    ]


# --- other people's tools --------------------------------------------------------------------------------------------


def test_datasets_opens_the_shards_and_decodes_their_pictures(folder: Path, tmp_path: Path) -> None:
    loaded = datasets.load_dataset(
        "parquet", data_files={"train": train_files(folder)}, cache_dir=str(tmp_path / "cache"), split="train"
    )
    assert loaded.num_rows == 20
    assert loaded.column_names == list(shards.COLUMNS)
    row = loaded[3]
    assert isinstance(row["image"], Image.Image) and row["image"].size == (40, 30)
    assert row["image"].convert("RGB").tobytes() == painting_as_kept(3).tobytes()
    assert (row["caption"], row["captions"]) == ("picture 3", ["picture 3", "a painting"])


def painting_as_kept(number: int) -> Image.Image:
    body = example(number)["image"]
    assert isinstance(body, bytes)
    return Image.open(io.BytesIO(body)).convert("RGB")


def test_datasets_streams_the_shards_too(folder: Path) -> None:
    streamed = datasets.load_dataset(
        "parquet", data_files={"train": train_files(folder)}, split="train", streaming=True
    )
    first = next(iter(streamed))
    assert first["image"].size == (40, 30) and first["item_id"] == "commons:M0"


def test_duckdb_reads_the_shards(folder: Path) -> None:
    with duckdb.connect() as connection:
        sql = "select count(*), count(distinct sha256), min(octet_length(image.bytes)) from read_parquet($files)"
        ((count, different, smallest),) = connection.execute(sql, {"files": train_files(folder)}).fetchall()
    assert (count, different) == (20, 20)
    assert smallest > 100


def test_the_file_says_its_format_and_describes_every_column(folder: Path) -> None:
    schema = pq.read_schema(train_files(folder)[0])
    assert schema.names == list(shards.COLUMNS)
    assert schema.metadata[b"pd_shard_format"] == str(shards.FORMAT_VERSION).encode()
    assert all(len(says) > 8 for _, says in shards.COLUMNS.values())
