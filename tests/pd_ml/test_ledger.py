"""The ledger as a file: what it takes from the dataset's list of pictures, its bytes, and what proves it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
import pytest

from pd_ml import ledger
from pd_ml.data import shards
from pd_ml.errors import ProvenanceError
from pd_ml.ledger import PICTURES, Used, write_ledger
from pd_ml.provenance import LEDGER, LEDGER_COLUMNS, RunRecord, read_ledger, write_run

LISTED = {
    "item_id": pa.string(),
    "stored_sha256": pa.string(),
    "exported_sha256": pa.string(),
    "page_url": pa.string(),
    "revid": pa.int64(),
    "rule_id": pa.string(),
    "evidence_digest": pa.string(),
    "caption_licences": pa.list_(pa.string()),
}
SHARE_ALIKE = "CC-BY-SA-4.0"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def dataset_in(folder: Path, counts: Mapping[str, int], facts: Mapping[str, object] | None = None) -> Path:
    """Rows without pictures worth the name, in no order of their ids: `commons:M7`, then `commons:M77`..."""
    infos: list[shards.ShardInfo] = []
    number = 0
    for split, count in counts.items():
        rows = []
        for _ in range(count):
            number += 1
            item = f"commons:M{number * 7919 % 10007}"
            rows.append(
                {
                    "image": b"picture",
                    "item_id": item,
                    "sha256": sha256(item),
                    "captions": [f"{item} one", "", f"{item} two"],
                    "caption": f"{item} one",
                    "rule_id": "rule of the shard",
                    "page_url": f"https://archive.example/{item}",
                    "label_licence": "CC0-1.0",
                }
            )
        infos += shards.write_shards(rows, folder, split)
    digest = shards.digest_of(infos)
    manifest = shards.Manifest(
        name="d", version=digest[:16], digest=digest, shards=tuple(infos), counts=dict(counts), facts=facts or {}
    )
    shards.write_manifest(folder, manifest)
    return folder


def items_of(dataset: Path, split: str = "train") -> list[str]:
    return [row["item_id"] for batch in shards.read_batches(dataset, split, ["item_id"]) for row in batch.to_pylist()]


def list_pictures(dataset: Path, rows: Sequence[Mapping[str, object]], columns: Sequence[str] = tuple(LISTED)) -> None:
    schema = pa.schema([(name, LISTED[name]) for name in columns])
    with ipc.new_file(dataset / PICTURES, schema, options=ipc.IpcWriteOptions(compression="zstd")) as file:
        file.write_table(pa.Table.from_pylist(list(rows), schema=schema), max_chunksize=3)


def seal_list(dataset: Path) -> None:
    manifest = shards.read_manifest(dataset)
    digest = shards.sha256_of(dataset / PICTURES)
    shards.write_manifest(dataset, replace(manifest, facts={**manifest.facts, "pictures_sha256": digest}))


def written(dataset: Path, folder: Path, used: Used | None = None) -> list[dict[str, object]]:
    folder.mkdir(exist_ok=True)
    write_ledger(folder, dataset, stage="clip", version="v1", used=used or Used(), scratch=folder / "scratch")
    assert sorted(path.name for path in folder.iterdir()) == [LEDGER], "nothing is left beside it"
    return pq.read_table(folder / LEDGER).to_pylist()


def finished(folder: Path, dataset: Path) -> Path:
    """As a training leaves it."""
    written(dataset, folder)
    record = RunRecord(stage="clip", version="v1", config={}, inputs={}, dataset_version="d", item_count=6)
    write_run(folder, record)
    return folder


def test_a_row_says_what_the_list_of_pictures_says_and_else_what_the_shard_says(tmp_path: Path) -> None:
    dataset = dataset_in(tmp_path / "d", {"train": 4, "validation": 1})
    first, second, third, _ = items_of(dataset)
    known = {"rule_id": "rule of the list", "revid": 12, "evidence_digest": "e" * 64, "page_url": "https://page"}
    licences = ["CC0-1.0", None, SHARE_ALIKE]
    list_pictures(
        dataset,
        [
            {"item_id": first, "stored_sha256": sha256(first), "caption_licences": licences, **known},
            {"item_id": second, "stored_sha256": "5" * 64, "exported_sha256": sha256(second), **known},
            # Of another picture than the shard has: nothing that it says is taken.
            {"item_id": third, "stored_sha256": "7" * 64, **known},
        ],
    )
    used = Used(
        rows=np.array([0, 1]),
        times=np.array([3, 1]),
        caption_rows=np.array([0, 0, 1]),
        caption_numbers=np.array([0, 1, 1]),
        caption_times=np.array([2, 1, 1]),
        measured={"train": np.array([1, 2]), "validation": np.array([0])},
    )
    rows = {row["item_id"]: row for row in written(dataset, tmp_path / "out", used)}
    assert list(rows) == sorted(rows) and set(rows[first]) == set(LEDGER_COLUMNS)
    assert rows[first] == {
        "stage": "clip",
        "version": "v1",
        "item_id": first,
        "sha256": sha256(first),
        "stored_sha256": sha256(first),
        "split": "train",
        "relation": "trained_on",
        "times_shown": 3,
        "captions": [
            {"number": 0, "licence": "CC0-1.0", "times_shown": 2},
            # The blank caption between them is never read.
            {"number": 2, "licence": SHARE_ALIKE, "times_shown": 1},
        ],
        **known,
    }
    assert rows[second]["stored_sha256"] == "5" * 64
    assert rows[second]["captions"] == [{"number": 2, "licence": "CC0-1.0", "times_shown": 1}]
    assert (rows[third]["relation"], rows[third]["times_shown"], rows[third]["captions"]) == ("measured_with", 0, [])
    assert (rows[third]["stored_sha256"], rows[third]["revid"]) == (None, None)
    assert rows[third]["rule_id"] == "rule of the shard"
    assert rows[third]["page_url"] == f"https://archive.example/{third}"
    assert sorted(str(row["relation"]) for row in rows.values()) == [
        "held",
        *["measured_with"] * 2,
        *["trained_on"] * 2,
    ]


def test_a_list_of_before_there_were_revisions_leaves_them_unknown(tmp_path: Path) -> None:
    dataset = dataset_in(tmp_path / "d", {"train": 2})
    rows = [{"item_id": item, "stored_sha256": sha256(item), "rule_id": "old"} for item in items_of(dataset)]
    list_pictures(dataset, rows, columns=("item_id", "stored_sha256", "rule_id", "exported_sha256"))
    for row in written(dataset, tmp_path / "out"):
        assert (row["rule_id"], row["revid"], row["evidence_digest"]) == ("old", None, None)
        assert row["stored_sha256"] == sha256(str(row["item_id"]))


def test_an_altered_list_of_pictures_is_named(tmp_path: Path) -> None:
    dataset = dataset_in(tmp_path / "d", {"train": 2})
    list_pictures(dataset, [])
    seal_list(dataset)
    written(dataset, tmp_path / "whole")
    content = bytearray((dataset / PICTURES).read_bytes())
    content[len(content) // 2] ^= 1
    (dataset / PICTURES).write_bytes(content)
    with pytest.raises(ProvenanceError, match=r"pictures\.arrow: altered since it was written .* export the dataset"):
        written(dataset, tmp_path / "out")
    (dataset / PICTURES).unlink()
    with pytest.raises(ProvenanceError, match=r"pictures\.arrow is missing, and the manifest names it"):
        written(dataset, tmp_path / "out")


def test_a_list_that_nothing_proves_and_nobody_can_read_is_named(tmp_path: Path) -> None:
    dataset = dataset_in(tmp_path / "d", {"train": 2})
    (dataset / PICTURES).write_bytes(b"damaged")
    with pytest.raises(ProvenanceError, match=r"pictures\.arrow: cannot be read"):
        written(dataset, tmp_path / "out")


def test_the_same_work_gives_the_same_bytes_however_the_rows_are_sorted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = dataset_in(tmp_path / "d", {"train": 300, "validation": 30, "test": 10})
    listed = [
        {"item_id": item, "stored_sha256": sha256(item), "revid": place, "caption_licences": [str(place)] * 3}
        for place, item in enumerate(items_of(dataset))
    ]
    list_pictures(dataset, listed)
    every = np.arange(0, 300, 3)
    used = Used(
        rows=every,
        times=every + 1,
        caption_rows=every,
        caption_numbers=every % 2,
        caption_times=every + 1,
        measured={"test": np.arange(10)},
    )
    in_memory = written(dataset, tmp_path / "memory", used)
    by_item = {row["item_id"]: row for row in in_memory}
    assert all(by_item[row["item_id"]]["revid"] == row["revid"] for row in listed)
    assert sum(row["times_shown"] for row in in_memory) == int((every + 1).sum())
    # Sorted in runs of a few rows, which are merged from the disk.
    for name, rows in (("_CHUNK_ROWS", 7), ("_RUN_ROWS", 20)):
        monkeypatch.setattr(ledger, name, rows)
    assert written(dataset, tmp_path / "disk", used) == in_memory
    assert (tmp_path / "disk" / LEDGER).read_bytes() == (tmp_path / "memory" / LEDGER).read_bytes()


def test_a_ledger_is_proved_by_the_record_beside_it(tmp_path: Path) -> None:
    dataset = dataset_in(tmp_path / "d", {"train": 6})
    found = read_ledger(finished(tmp_path / "out", dataset))
    assert found.is_known
    rows = [row for batch in found.batches(["item_id", "relation"], batch_rows=4) for row in batch.to_pylist()]
    assert rows == [{"item_id": item, "relation": "held"} for item in sorted(items_of(dataset))]


def test_a_ledger_with_one_byte_altered_is_named(tmp_path: Path) -> None:
    folder = finished(tmp_path / "out", dataset_in(tmp_path / "d", {"train": 6}))
    content = bytearray((folder / LEDGER).read_bytes())
    content[100] ^= 1
    (folder / LEDGER).write_bytes(content)
    with pytest.raises(ProvenanceError, match=r"ledger\.parquet: altered since it was written \(SHA-256 [0-9a-f]{16}"):
        read_ledger(folder)
    (folder / LEDGER).unlink()
    with pytest.raises(ProvenanceError, match=r"ledger\.parquet is missing, and run\.json names it"):
        read_ledger(folder)


def test_a_ledger_whose_record_is_written_anew_without_a_seal_is_not_believed(tmp_path: Path) -> None:
    folder = finished(tmp_path / "out", dataset_in(tmp_path / "d", {"train": 6}))
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**record, "seal": ""}))
    with pytest.raises(ProvenanceError, match="names a ledger and has no seal"):
        read_ledger(folder)


def test_a_model_of_before_there_were_ledgers_is_told_apart_from_one_that_saw_nothing(tmp_path: Path) -> None:
    write_run(tmp_path, RunRecord(stage="clip", version="v", config={}, inputs={}, dataset_version="d", item_count=3))
    found = read_ledger(tmp_path)
    assert not found.is_known and found.path is None and list(found.batches()) == []
    (tmp_path / LEDGER).write_bytes(b"put there later")
    with pytest.raises(ProvenanceError, match="does not name it, so that nothing proves it"):
        read_ledger(tmp_path)


def test_a_finished_ledger_has_the_columns_that_others_read(tmp_path: Path) -> None:
    folder = finished(tmp_path / "out", dataset_in(tmp_path / "d", {"train": 1}))
    schema = pq.read_schema(folder / LEDGER)
    assert [(field.name, field.type) for field in schema] == [(n, kind) for n, (kind, _) in LEDGER_COLUMNS.items()]


def test_the_only_caption_of_a_picture_is_numbered_where_all_lists_around_it_are_blank() -> None:
    rows: list[list[str]] = [["", " "], [], [""]]
    batch = pa.record_batch({"captions": pa.array(rows, pa.list_(pa.string()))})
    assert ledger._numbers_in_shard(batch, np.array([1]), np.array([0])).tolist() == [0]
