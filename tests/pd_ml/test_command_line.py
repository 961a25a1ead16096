import json
import os
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pd_ml.marks.detection import anchors_of, detect
from pd_ml.marks.origin import GENERATED, MIXED
from pd_ml.provenance import read_run
from tests.patience import PATIENCE_S
from tests.pd_ml.command import TINY_CLIP, TINY_UNET, run_apart, run_here, settings, start
from tests.pd_ml.paintings import ATTRIBUTES, write_dataset


def train(stage: str, dataset: Path, out: Path, *more: str | Path) -> list[str | Path]:
    return ["train", stage, "--recipe", "debug", "--dataset", dataset, "--out", out, *more]


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    """What stderr says; fails unless it is one line."""
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_a_wrong_recipe_stage_or_field_is_one_named_line(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "made" / "out"
    base = ["--dataset", dataset, "--out", out]
    assert run_here("train", "clip", "--recipe", "huge", *base) == 1
    assert one_line(capsys) == "ConfigError: no recipe 'huge' for clip; there are debug, small, base"
    assert run_here("train", "painter", "--recipe", "debug", *base) == 1
    assert "there are tokenizer, clip, unet, unet_text" in one_line(capsys)
    assert run_here(*train("tokenizer", dataset, out, "--set", "vocab=3")) == 1
    assert "no field 'vocab'; there are vocab_size" in one_line(capsys)
    assert not out.parent.exists()


def test_a_missing_or_wrong_input_is_one_named_line(
    dataset: Path, tmp_path: Path, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "made" / "out"
    assert run_here(*train("clip", dataset, out)) == 1
    assert "--input tokenizer=DIR is missing" in one_line(capsys)
    assert run_here(*train("clip", dataset, out, "--input", f"tokenizer={tmp_path}")) == 1
    assert "an unfinished folder (no run.json)" in one_line(capsys)
    assert run_here(*train("clip", dataset, out, "--input", f"tokenizer={models / 'clip'}")) == 1
    assert "a clip model, expected tokenizer" in one_line(capsys)
    assert run_here(*train("tokenizer", dataset, out, "--input", "clip")) == 1
    assert "--input clip is not NAME=DIR" in one_line(capsys)
    assert run_here(*train("tokenizer", tmp_path / "nothing", out)) == 1
    assert "no manifest.json" in one_line(capsys)
    assert not out.parent.exists()


def test_a_dataset_of_another_format_or_too_small_is_one_named_line(
    tmp_path: Path, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = write_dataset(tmp_path / "small", {"train": 5, "validation": 0, "test": 0})
    clip = ["--input", f"tokenizer={models / 'tokenizer'}", *TINY_CLIP]
    assert run_here(*train("clip", small, tmp_path / "out", *clip)) == 1
    assert "5 captioned examples in split train, expected at least a batch of 16" in one_line(capsys)
    manifest = json.loads((small / "manifest.json").read_text())
    (small / "manifest.json").write_text(json.dumps({**manifest, "format_version": 99}))
    assert run_here(*train("clip", small, tmp_path / "out", *clip)) == 1
    assert "format version 99, expected 1" in one_line(capsys)
    assert not (tmp_path / "out").exists()


def test_a_place_that_cannot_be_written_is_one_named_line(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert run_here(*train("tokenizer", dataset, tmp_path / "file" / "out")) == 1
    assert "NotADirectoryError" in one_line(capsys)


def test_wrong_usage_exits_with_2_and_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        [],
        ["fly"],
        ["train", "clip"],
        ["sample", "--model", "m", "--prompt", "p", "--out", "o", "--n", "0"],
    ):
        with pytest.raises(SystemExit) as caught:
            run_here(*arguments)
        assert caught.value.code == 2
    for command in ("train", "sample", "evaluate", "embed", "serve"):
        with pytest.raises(SystemExit) as caught:
            run_here(command, "--help")
        assert caught.value.code == 0
        assert f"examples:\n  python -m pd_ml {command} " in capsys.readouterr().out


def test_a_dry_run_prints_the_whole_config_and_writes_nothing(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_here(*train("tokenizer", dataset, tmp_path / "out", "--dry-run", "--set", "vocab_size=600")) == 0
    event = json.loads(capsys.readouterr().out.splitlines()[0])
    assert event["config"] == {
        "min_frequency": 2,
        "text_max_position_embeddings": 48,
        "vision_image_size": 16,
        "vocab_size": 600,
    }
    assert list(tmp_path.iterdir()) == []


def test_a_finished_folder_is_left_alone(dataset: Path, models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in (models / "tokenizer").rglob("*")}
    assert run_here(*train("tokenizer", dataset, models / "tokenizer")) == 0
    assert "is already complete" in capsys.readouterr().err
    assert run_here(*train("tokenizer", dataset, models / "tokenizer", "--set", "vocab_size=600")) == 1
    assert "choose another --out" in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in (models / "tokenizer").rglob("*")} == before


def test_a_run_begun_with_another_config_is_refused_with_the_differences(
    dataset: Path, tmp_path: Path, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out.partial").mkdir()
    clip = ["--input", f"tokenizer={models / 'tokenizer'}", *TINY_CLIP]
    assert (
        run_here(
            *train("clip", dataset, tmp_path / "out", *clip, "--set", "learning_rate=1e30", "--set", "clip_norm=1e30")
        )
        == 1
    )
    assert "TrainingError: loss is nan at step" in capsys.readouterr().err
    assert run_here(*train("clip", dataset, tmp_path / "out", *clip, "--set", "seed=9")) == 1
    message = capsys.readouterr().err
    assert "config.training.learning_rate was 1e+30, now 0.001" in message
    assert "config.training.seed was 0, now 9" in message
    assert not (tmp_path / "out").exists()


def test_a_finished_model_holds_what_people_and_programs_look_for(models: Path, dataset: Path) -> None:
    record = read_run(models / "unet_text")
    assert record.inputs == {
        "dataset": read_run(models / "clip").inputs["dataset"],
        "clip": read_run(models / "clip").digest,
    }
    assert (record.item_count, record.counts["train_examples"], record.counts["images_seen"]) == (96, 64, 192)
    assert {"metrics.jsonl", "loss_curve.png", "samples.png", "train_config.json", "pipeline.py"} <= set(record.outputs)
    assert (models / "unet_text" / "loss_curve.png").stat().st_size < 60_000
    assert not (models / "unet_text.partial").exists()


def test_a_killed_run_goes_on_to_the_digest_of_an_undisturbed_one(dataset: Path, models: Path, tmp_path: Path) -> None:
    command = train("unet_text", dataset, tmp_path / "unet", "--input", f"clip={models / 'clip'}", *TINY_UNET)
    process = start(*command)
    _read_until(process, "checkpoint", step=8)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert (tmp_path / "unet.partial").is_dir() and not (tmp_path / "unet").exists()
    finished = run_apart(*command)
    assert finished.returncode == 0, finished.stderr
    events = [json.loads(line) for line in finished.stdout.splitlines()]
    assert events[0]["event"] == "config"
    assert any(event["event"] == "resumed" and event["step"] >= 8 for event in events)
    assert events[-1]["event"] == "done"
    # The undisturbed run is another process's: the same digest also says that a run can be repeated anywhere.
    assert read_run(tmp_path / "unet").digest == read_run(models / "unet_text").digest
    assert not (tmp_path / "unet.partial").exists()


def test_a_termination_saves_a_checkpoint_and_exits_with_75(dataset: Path, models: Path, tmp_path: Path) -> None:
    more = settings("steps=5000", "checkpoint_every_steps=4000", "log_every_steps=1")
    command = train("unet_text", dataset, tmp_path / "unet", "--input", f"clip={models / 'clip'}", *TINY_UNET, *more)
    process = start(*command)
    _read_until(process, "progress", step=2)
    os.kill(process.pid, signal.SIGTERM)
    stdout, stderr = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 75
    assert "Suspended: stopped at step" in stderr.splitlines()[-1]
    events = [json.loads(line) for line in stdout.splitlines()]
    assert [event["event"] for event in events[-2:]] == ["checkpoint", "error"]
    assert events[-1]["error"] == "Suspended"
    assert len(list((tmp_path / "unet.partial" / "checkpoints").iterdir())) == 1


def test_samples_are_signed_and_repeatable(models: Path, tmp_path: Path) -> None:
    base = ["sample", "--model", models / "unet_text", "--prompt", "a tree", "--prompt", "a boat", "--n", "2"]
    for name in ("a.png", "b.png"):
        assert run_here(*base, "--seed", "3", "--steps", "3", "--guidance", "2", "--out", tmp_path / name) == 0
    # The content credentials of the two say when each was signed; nothing else differs.
    with Image.open(tmp_path / "a.png") as image, Image.open(tmp_path / "b.png") as again:
        assert np.array_equal(np.asarray(image), np.asarray(again)) and image.text == again.text
        assert image.text["pd_model_version"] == read_run(models / "unet_text").version
        assert image.text["pd_prompts"] == "a tree\na boat"


def test_a_prompt_of_any_characters_is_drawn_and_written(models: Path, tmp_path: Path) -> None:
    prompts = ["", "\udcff bytes", "漢字 שלום <|endoftext|>", "word " * 300]
    given = [part for prompt in prompts for part in ("--prompt", prompt)]
    base = ["sample", "--model", models / "unet_text", *given, "--steps", "2"]
    assert run_here(*base, "--out", tmp_path / "new folder" / "sheet.png") == 0
    with Image.open(tmp_path / "new folder" / "sheet.png") as image:
        assert "? bytes" in image.text["pd_prompts"]


def test_an_evaluation_says_every_number_with_its_chance_and_its_judge(
    dataset: Path, models: Path, tmp_path: Path
) -> None:
    (tmp_path / "attributes.json").write_text(json.dumps(ATTRIBUTES))
    command = ["evaluate", "--model", models / "unet_text", "--clip", models / "clip", "--dataset", dataset]
    command += ["--out", tmp_path / "report", "--attributes", tmp_path / "attributes.json", "--n", "500"]
    assert run_here(*command, *settings("sample_steps=2", "permutations=20")) == 0
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert (report["n"], report["n_asked"]) == (32, 500)
    assert report["trained_on_this_dataset"] and report["conditioned_on_this_clip"]
    sky = report["colour_attributes"]["sky"]
    assert sky["generated"]["n"] == 32 and sky["generated"]["chance"] == 0.25
    assert sky["real"]["accuracy"] > 0.95
    clip = {"clip": read_run(models / "clip").digest}
    assert report["mmd"]["measured_by"] == report["clip_score"]["measured_by"] == clip
    assert {"floor_real_vs_real", "n", "reference_n"} <= set(report["mmd"])
    assert report["clip_retrieval"]["image_to_text"]["recall_at_5"]["chance"] > 0.15
    assert report["clip_zero_shot"]["sky"]["labels"] == 4
    assert report["clip_zero_shot"]["sky"]["chance"] == 0.25
    assert report["clip_zero_shot"]["captions"]["n"] > 0
    assert (tmp_path / "report" / "samples.png").stat().st_size <= 1_000_000
    sheets = {"samples.png": GENERATED, "nearest_by_pixels.png": MIXED, "nearest_by_clip.png": MIXED}
    for name, source_type in sheets.items():
        found = detect(tmp_path / "report" / name, anchors_of([]))
        assert set(found.answers.values()) == {"found"}, name
        assert found.credentials and found.credentials.is_unchanged and found.credentials.source_type == source_type
    assert read_run(tmp_path / "report").metrics["colour_attributes.sky.real.accuracy"] > 0.95
    assert run_here(*command, *settings("sample_steps=2", "permutations=20")) == 0


def _read_until(process: "subprocess.Popen[str]", kind: str, *, step: int) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == kind and event["step"] >= step:
            return
    raise AssertionError(f"no {kind} at step {step}; stderr: {process.stderr and process.stderr.read()}")
