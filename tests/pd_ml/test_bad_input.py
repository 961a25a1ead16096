"""What a user, a disk or an older version gets wrong: each is one named error through the command line."""

import io
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

from pd_ml.data import shards
from pd_ml.models.tokenizer import load_tokenizer
from pd_ml.provenance import read_run
from pd_ml.recipes import STAGE_INPUTS, STAGES, STAGES_WITHOUT_WEIGHTS
from pd_ml.training.checkpoint import load_newest
from tests.pd_ml.command import TINY, run_here, settings, suspend, tiny_job
from tests.pd_ml.paintings import altered

CAPTIONS = (
    "a <|endoftext|> tree <|startoftext|><|startoftext|>",
    "<|endoftext|>",
    "<|startoftext|>a boat<|endoftext|> <pad> [UNK] </s>",
    "\x00\x07 \u202eright to left\u202c \ufffd \U0001f3a8 漢字",
    "word " * 400,
    " \t\n ",
)


def train(stage: str, dataset: Path, models: Path, out: Path, *more: str) -> list[str | Path]:
    inputs = [part for name in STAGE_INPUTS[stage] for part in ("--input", f"{name}={models / name}")]
    base = ["train", stage, "--recipe", "debug", "--dataset", dataset, *inputs, "--out", out]
    return [*base, *TINY.get(stage, []), *more]


def last_line(capsys: pytest.CaptureFixture[str]) -> str:
    """The end of stderr, where the error is; fails where there is a traceback."""
    text = capsys.readouterr().err
    assert "Traceback" not in text
    return text.strip().splitlines()[-1]


# --- the training itself ---------------------------------------------------------------------------------------------


def test_a_loss_that_is_no_number_stops_keeps_the_checkpoint_and_names_the_batch(
    dataset: Path, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The weights stay finite for a few steps: the rate is still warming up.
    wild = settings("learning_rate=1e18", "clip_norm=1e30", "warmup_steps=2", "checkpoint_every_steps=1")
    assert run_here(*train("unet", dataset, models, tmp_path / "unet", *wild)) == 1
    line = last_line(capsys)
    assert line.startswith("TrainingError: ") and "at step" in line and "commons:M" in line
    assert "the last checkpoint is kept in" in line and "use another --out" in line
    partial = tmp_path / "unet.partial"
    bad = json.loads((partial / "bad_batch.json").read_text())
    state, passed_over = load_newest(partial / "checkpoints")
    assert state is not None and passed_over == [] and state["step"] == bad["step"]
    assert all(value.isfinite().all() for value in state["model"].values())
    assert len(bad["items"]) == 8 and set(bad["items"]) <= {f"commons:M{number}" for number in range(64)}
    assert not (tmp_path / "unet").exists()


@pytest.mark.parametrize("damage", ["newest", "all"])
def test_a_corrupt_checkpoint_is_named_and_passed_over(
    dataset: Path, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    out = tmp_path / "unet"
    suspend(tiny_job("unet", dataset, models, out), after=14)
    written = sorted((tmp_path / "unet.partial" / "checkpoints").iterdir())
    assert [path.name for path in written] == ["step-000000012", "step-000000014"]
    for path in written if damage == "all" else written[-1:]:
        content = bytearray((path / "state.pt").read_bytes())
        content[len(content) // 3] ^= 255
        (path / "state.pt").write_bytes(content)
    assert run_here(*train("unet", dataset, models, out)) == 0
    told = capsys.readouterr().err
    assert "warning: checkpoint passed over: step-000000014 has another SHA-256 than it was written with" in told
    assert ("going on from the checkpoint at step 12" in told) is (damage == "newest")
    assert read_run(out).digest == read_run(models / "unet").digest


# --- the dataset -----------------------------------------------------------------------------------------------------


def test_captions_with_the_text_of_special_tokens_are_text_and_train_every_captioned_stage(
    dataset: Path, tmp_path: Path
) -> None:
    def told(number: int, row: dict[str, object]) -> Mapping[str, object]:
        several = [CAPTIONS[number % len(CAPTIONS)], f"{CAPTIONS[0]} {number}"]
        return {**row, "caption": several[0], "captions": several}

    odd = altered(dataset, tmp_path / "odd", told)
    for stage in ("tokenizer", "clip", "unet_text"):
        assert (
            run_here(*train(stage, odd, tmp_path, tmp_path / stage, *settings("steps=4")[: 2 * (stage != "tokenizer")]))
            == 0
        )
    tokenizer = load_tokenizer(tmp_path / "tokenizer")
    special = {tokenizer.bos_token_id, tokenizer.eos_token_id}
    ids = tokenizer(CAPTIONS[0])["input_ids"]
    assert special.isdisjoint(ids[1:-1]) and len(ids) > 10, "what looks like a special token is read as letters"
    assert (
        run_here(
            "sample",
            "--model",
            tmp_path / "unet_text",
            "--prompt",
            CAPTIONS[0],
            "--steps",
            "2",
            "--out",
            tmp_path / "a.png",
        )
        == 0
    )
    assert read_run(tmp_path / "unet_text").counts["train_examples"] == 64, "blank captions have another beside them"


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage not in STAGES_WITHOUT_WEIGHTS])
def test_fewer_pictures_than_a_batch_are_named(
    dataset: Path, latent_models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], stage: str
) -> None:
    command = train(stage, dataset, latent_models, tmp_path / "made" / "out", *settings("batch_size=65"))
    assert run_here(*command) == 1
    line = last_line(capsys)
    assert line.startswith("DataError: 64 ") and "in split train" in line
    assert line.endswith("expected at least a batch of 65; collect more pictures or --set batch_size")
    assert not (tmp_path / "made" / "out").exists()


def test_a_dataset_without_any_caption_is_named_where_captions_are_needed(
    dataset: Path, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mute = altered(dataset, tmp_path / "mute", lambda number, row: {**row, "caption": None, "captions": []})
    assert run_here(*train("clip", mute, models, tmp_path / "clip")) == 1
    assert last_line(capsys).startswith("DataError: 0 captioned examples in split train, expected at least a batch")
    assert run_here(*train("tokenizer", mute, models, tmp_path / "tokenizer")) == 1
    assert "no captions in split train, expected at least one" in last_line(capsys)


def test_a_shard_of_another_format_version_is_named(
    dataset: Path, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "newer"
    shutil.copytree(dataset, folder)
    manifest = shards.read_manifest(folder)
    path = folder / manifest.shards[0].path
    content = pq.read_table(path)
    pq.write_table(content.replace_schema_metadata({**content.schema.metadata, b"pd_shard_format": b"2"}), path)
    first = replace(manifest.shards[0], size_bytes=path.stat().st_size, sha256=shards.sha256_of(path))
    shards.write_manifest(folder, replace(manifest, shards=(first, *manifest.shards[1:])))
    assert run_here(*train("unet", folder, models, tmp_path / "unet")) == 1
    line = last_line(capsys)
    assert line.startswith("ShardError: ") and "train-00000.parquet: a shard of format version 2, expected 1" in line


@pytest.mark.parametrize("buckets", [False, True])
def test_a_picture_of_another_size_than_its_row_says_is_named(
    dataset: Path, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], buckets: bool
) -> None:
    wrong = altered(dataset, tmp_path / "wrong", lambda number, row: {**row, "width": 64 + 16 * (number == 5)})
    more = settings(f"buckets={str(buckets).lower()}")
    assert run_here(*train("unet", wrong, models, tmp_path / "unet", *more)) == 1
    line = last_line(capsys)
    assert line == (
        "DataError: commons:M5: a picture of 64x64 pixels, and its row says 80x64; export the dataset again"
    )


def test_buckets_of_pictures_that_tell_no_size_are_named(
    dataset: Path, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    without = altered(dataset, tmp_path / "without", lambda number, row: {**row, "width": None, "height": 0})
    assert run_here(*train("unet", without, models, tmp_path / "a", *settings("buckets=true"))) == 1
    assert "64 rows of split train tell no width or height" in last_line(capsys)
    assert run_here(*train("unet", without, models, tmp_path / "b", *settings("steps=2"))) == 0


def test_the_smallest_and_the_longest_picture_are_scaled_like_any_other(
    dataset: Path, models: Path, tmp_path: Path
) -> None:
    def odd(number: int, row: dict[str, object]) -> Mapping[str, object]:
        size = {0: (1, 1), 1: (1, 3000), 2: (3000, 2)}.get(number, (64, 64))
        buffer = io.BytesIO()
        Image.new("L", size, number).save(buffer, "PNG")
        return {**row, "image": buffer.getvalue(), "width": size[0], "height": size[1]}

    sizes = altered(dataset, tmp_path / "sizes", odd)
    for buckets in ("false", "true"):
        more = settings("steps=4", "image_size=32", f"buckets={buckets}")
        assert run_here(*train("unet", sizes, models, tmp_path / buckets, *more)) == 0


@pytest.mark.parametrize(
    ("stage", "change", "words"),
    [
        ("unet", "image_size=15", "image_size 15 cannot be halved 1 times"),
        ("unet_text", "image_size=0", "image_size is 0, expected more than 0"),
        ("vae", "image_size=18", "image_size 18 is not a multiple of 4"),
        ("super_resolution", "crop_size=64", "crop_size 64 is more than image_size 48"),
        ("clip", "patch_size=7", "7"),
        (
            "latent_unet",
            "image_size=32",
            "no field 'image_size' here, only of unet, unet_text, transformer, vae, super_resolution",
        ),
        ("unet", "attention_backend=xformers", "xformers"),
        ("unet", "image_size=big", "image_size is 'big', expected int"),
    ],
)
def test_settings_that_do_not_fit_are_named(
    dataset: Path,
    latent_models: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    stage: str,
    change: str,
    words: str,
) -> None:
    assert run_here(*train(stage, dataset, latent_models, tmp_path / "out", *settings(change))) == 1
    line = last_line(capsys)
    assert "Error: " in line and words in line
    assert not (tmp_path / "out").exists()


# --- the disk --------------------------------------------------------------------------------------------------------


@contextmanager
def small_disk(folder: Path, size_kib: int) -> Iterator[Path]:
    """A disk of that size, mounted at `folder`; skips where that is not allowed."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a full disk is tried on a small tmpfs, which cannot be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill_up(folder: Path, *, but_kib: int = 0) -> None:
    """Leave so much room on the disk of `folder`."""
    free = shutil.disk_usage(folder).free - but_kib * 1024
    (folder / "filling").write_bytes(bytes(max(free, 0)))


def test_a_disk_that_is_full_at_a_checkpoint_is_named_and_training_goes_on_when_there_is_room(
    dataset: Path, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with small_disk(tmp_path / "disk", 20_000) as disk:
        suspend(tiny_job("unet", dataset, models, disk / "unet"), after=5)
        fill_up(disk, but_kib=100)
        assert run_here(*train("unet", dataset, models, disk / "unet")) == 1
        line = last_line(capsys)
        assert line.startswith("CheckpointError: ") and "step-000000008: cannot be written" in line
        assert "step-000000005 is whole; make room and run the same command again" in line
        (disk / "filling").unlink()
        assert run_here(*train("unet", dataset, models, disk / "unet")) == 0
        assert read_run(disk / "unet").digest == read_run(models / "unet").digest


def test_a_disk_that_is_full_at_the_export_is_named_and_the_same_command_exports(
    dataset: Path, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with small_disk(tmp_path / "disk", 20_000) as disk:
        suspend(tiny_job("unet", dataset, models, disk / "unet"), after=23)
        kept = disk / "unet.partial" / "checkpoints"
        shutil.rmtree(kept / "step-000000020")
        one_kib = sum(path.stat().st_size for path in kept.rglob("*.*")) // 1024
        fill_up(disk, but_kib=one_kib + 100)
        assert run_here(*train("unet", dataset, models, disk / "unet")) == 1
        line = last_line(capsys)
        assert line.startswith("DiskFullError: ") and "make room and run the same command again" in line
        assert not (disk / "unet").exists() and (kept / "step-000000024").is_dir()
        (disk / "filling").unlink()
        assert run_here(*train("unet", dataset, models, disk / "unet")) == 0
        assert read_run(disk / "unet").digest == read_run(models / "unet").digest


def test_a_full_disk_for_decoded_pictures_costs_time_only(
    dataset: Path, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with small_disk(tmp_path / "disk", 200) as disk:
        fill_up(disk)
        assert run_here(*train("unet", dataset, models, tmp_path / "unet"), "--cache", disk) == 0
    assert read_run(tmp_path / "unet").digest == read_run(models / "unet").digest


@pytest.mark.parametrize("command", ["tokenizer", "foreign", "sample"])
def test_any_other_file_that_finds_no_room_is_named(
    dataset: Path, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(40):
        Image.effect_noise((64, 64), 90).save(pictures / f"{number}.png")
    with small_disk(tmp_path / "disk", 200) as disk:
        fill_up(disk, but_kib=20)
        arguments = {
            "tokenizer": train("tokenizer", dataset, models, disk / "tokenizer"),
            "foreign": [*train("unet", pictures, models, tmp_path / "unet"), "--cache", disk],
            "sample": ["sample", "--model", models / "unet", "--n", "8", "--steps", "1", "--out", disk / "a.png"],
        }[command]
        assert run_here(*arguments) == 1
        line = last_line(capsys)
    assert line.startswith("DiskFullError: ") and "No space left on device" in line
    assert "MiB are free there; make room and run the same command again" in line
