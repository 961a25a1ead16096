"""`python -m pd_ml embed`: the vectors of a dataset, whole or not at all, and how near held-out pictures come."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from pd_ml.data.shards import read_batches, read_manifest
from pd_ml.errors import EvaluationError
from pd_ml.provenance import read_run
from pd_ml.training.stopping import PARENT_VARIABLE
from pd_ml.vectors.folder import QUANTILES, held_out_told, made_whole, nearest_train_distances
from tests.pd_ml.command import run_here


@pytest.fixture(scope="module")
def vectors(models: Path, dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("embed") / "vectors"
    assert run_here("embed", "--clip", models / "clip", "--dataset", dataset, "--out", out) == 0
    return out


def test_every_picture_has_a_row_of_unit_length_and_the_folder_says_of_what(
    vectors: Path, models: Path, dataset: Path
) -> None:
    assert sorted(path.name for path in vectors.iterdir()) == ["items.parquet", "told.json", "vectors.npy"]
    assert not vectors.with_name("vectors.partial").exists()
    vectors_ND, items = np.load(vectors / "vectors.npy"), pq.read_table(vectors / "items.parquet")
    assert vectors_ND.shape == (96, 8) and vectors_ND.dtype == np.float16 and vectors_ND.flags.c_contiguous
    assert np.allclose(np.linalg.norm(vectors_ND.astype(np.float32), axis=1), 1, atol=2e-3)
    written = [
        (row["item_id"], row["sha256"], split)
        for split in ("train", "validation", "test")
        for batch in read_batches(dataset, split, ("item_id", "sha256"))
        for row in batch.to_pylist()
    ]
    assert [tuple(row.values()) for row in items.to_pylist()] == written
    told = json.loads((vectors / "told.json").read_text())
    assert (told["clip_version"], told["dataset_version"]) == (
        read_run(models / "clip").version,
        read_manifest(dataset).version,
    )
    assert (told["dimensions"], told["examples"]) == (8, 96)
    assert told["held_out"]["splits"] == ["validation", "test"] and told["held_out"]["count"] == 32
    assert list(told["held_out"]["nearest_train_distance"]) == sorted(QUANTILES)


def test_the_same_command_makes_the_same_bytes_and_a_finished_folder_is_left_alone(
    vectors: Path, models: Path, dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = ["embed", "--clip", models / "clip", "--dataset", dataset, "--out"]
    (tmp_path / "again.partial" / "made").mkdir(parents=True)
    (tmp_path / "again.partial" / "made" / "vectors.npy").write_text("of a killed process")
    assert run_here(*base, tmp_path / "again") == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert events[0] == {"event": "progress", "stage": "embed", "step": 96, "steps": 96}
    for path in vectors.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()
    assert run_here(*base, tmp_path / "again") == 0
    assert "is already complete" in capsys.readouterr().err
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").write_text("")
    assert run_here(*base, tmp_path / "other") == 1
    assert run_here(*base[:2], models / "unet", *base[3:], tmp_path / "new") == 1
    said = capsys.readouterr().err.splitlines()
    assert "no finished folder of vectors" in said[0] and "a unet model, expected clip" in said[1]
    assert not (tmp_path / "new").exists()


def test_it_stops_when_whoever_started_it_is_gone_and_leaves_nothing_that_looks_finished(
    models: Path, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PARENT_VARIABLE, "999999999")
    base = ["embed", "--clip", models / "clip", "--dataset", dataset, "--out", tmp_path / "vectors"]
    assert run_here(*base) == 75
    assert not (tmp_path / "vectors").exists()


@pytest.mark.parametrize("inherited", [signal.SIG_DFL, signal.SIG_IGN])
def test_whatever_it_is_at_it_ends_with_whoever_started_it(inherited: signal.Handlers) -> None:
    script = (
        "import time; from pd_ml.training.stopping import end_without_parent; end_without_parent(); time.sleep(600)"
    )
    environment = {**os.environ, PARENT_VARIABLE: "999999999"}
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGTERM, inherited),
    )
    assert ended.returncode == -signal.SIGTERM


def test_distances_of_held_out_pictures_are_those_of_a_plain_comparison(vectors: Path) -> None:
    vectors_ND = np.load(vectors / "vectors.npy")
    splits = np.array(pq.read_table(vectors / "items.parquet")["split"].to_pylist())
    wide = vectors_ND.astype(np.float64)
    plain = 1 - (wide[splits != "train"] @ wide[splits == "train"].T).max(axis=1)
    found = nearest_train_distances(vectors_ND, splits == "train", np.flatnonzero(splits != "train"))
    assert np.allclose(found, plain.clip(0), atol=1e-5)
    assert held_out_told(vectors_ND, np.array(["train"] * 96))["nearest_train_distance"] is None


def test_two_cannot_make_one_folder_and_a_failure_leaves_none(tmp_path: Path) -> None:
    out = tmp_path / "vectors"
    with made_whole(out) as folder:
        (folder / "file").write_text("")
        with pytest.raises(EvaluationError, match="another process is working here"), made_whole(out):
            pass
        assert not out.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["vectors"]
    with pytest.raises(RuntimeError), made_whole(tmp_path / "other") as folder:
        raise RuntimeError
    assert not (tmp_path / "other").exists()
