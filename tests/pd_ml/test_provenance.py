import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from pd_ml.config import TokenizerConfig
from pd_ml.data.shards import read_manifest
from pd_ml.errors import ProvenanceError
from pd_ml.provenance import RunRecord, folder_digest, holds_version, read_run, verify_outputs, version_of, write_run


def record() -> RunRecord:
    return RunRecord(stage="clip", version="v1", config={}, inputs={}, dataset_version="d", item_count=3)


def test_a_version_depends_on_stage_config_and_every_input() -> None:
    config = TokenizerConfig()
    versions = {
        version_of("tokenizer", config, {"dataset": "a"}),
        version_of("tokenizer", config, {"dataset": "b"}),
        version_of("tokenizer", config, {"dataset": "a", "more": "c"}),
        version_of("tokenizer", replace(config, vocab_size=600), {"dataset": "a"}),
        version_of("clip", config, {"dataset": "a"}),
    }
    assert len(versions) == 5
    assert all(len(version) == 16 and int(version, 16) >= 0 for version in versions)


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    written = write_run(tmp_path, record())
    assert read_run(tmp_path) == written
    assert folder_digest(tmp_path) == written.digest
    assert set(written.outputs) == {"model.safetensors"}


def test_the_digest_is_over_weights_and_not_over_metrics_or_pictures(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    before = write_run(tmp_path, record()).digest
    (tmp_path / "metrics.jsonl").write_text("{}\n")
    (tmp_path / "samples.png").write_bytes(b"picture")
    assert write_run(tmp_path, record()).digest == before
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    assert write_run(tmp_path, record()).digest != before


def test_the_seal_of_a_record_that_is_older_than_levels_stays_valid_and_none_can_be_added(tmp_path: Path) -> None:
    record = RunRecord(stage="clip", version="1", config={}, inputs={}, dataset_version="", item_count=0)
    write_run(tmp_path, record)
    raw = json.loads((tmp_path / "run.json").read_text())
    older = {name: value for name, value in raw.items() if name not in ("level", "room", "seal")}
    seal = hashlib.sha256(json.dumps(older, sort_keys=True).encode()).hexdigest()
    (tmp_path / "run.json").write_text(json.dumps({**older, "seal": seal}))
    assert read_run(tmp_path).level == ""
    (tmp_path / "run.json").write_text(json.dumps({**older, "level": "kernel", "seal": seal}))
    with pytest.raises(ProvenanceError, match="altered since it was written"):
        read_run(tmp_path)


def test_a_datasets_digest_is_its_manifests(dataset: Path) -> None:
    assert folder_digest(dataset) == read_manifest(dataset).digest


def test_an_unfinished_folder_has_no_digest(tmp_path: Path) -> None:
    with pytest.raises(ProvenanceError, match=r"an unfinished folder \(no run.json\)"):
        folder_digest(tmp_path)
    with pytest.raises(ProvenanceError, match="no folder"):
        folder_digest(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", json.dumps({"format_version": 99}), json.dumps({"format_version": 1})]
)
def test_a_damaged_record_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(ProvenanceError, match=r"run\.json"):
        read_run(tmp_path)


def test_a_changed_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    write_run(tmp_path, record())
    verify_outputs(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"Weights")
    with pytest.raises(ProvenanceError, match=r"model\.safetensors has another SHA-256"):
        verify_outputs(tmp_path)


def test_pictures_of_a_model_may_go_but_not_its_numbers(tmp_path: Path) -> None:
    for name in ("model.safetensors", "metrics.jsonl", "samples.png", "tensorboard/events"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"whole")
    write_run(tmp_path, record())
    (tmp_path / "samples.png").unlink()
    (tmp_path / "tensorboard" / "events").unlink()
    verify_outputs(tmp_path)
    (tmp_path / "metrics.jsonl").unlink()
    with pytest.raises(ProvenanceError, match=r"metrics\.jsonl is missing"):
        verify_outputs(tmp_path)


def test_a_folder_of_another_version_is_not_written_into(tmp_path: Path) -> None:
    assert not holds_version(tmp_path / "nowhere", "v1")
    assert not holds_version(tmp_path, "v1")
    write_run(tmp_path, record())
    assert holds_version(tmp_path, "v1")
    with pytest.raises(ProvenanceError, match="holds version v1, this command makes v2"):
        holds_version(tmp_path, "v2")
