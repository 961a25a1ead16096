"""Flips and aspect buckets as settings of a training: off by default, exact to resume, refused where they cannot be."""

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pd_ml.config import UnetConfig, with_overrides
from pd_ml.data.loader import batch_indices, open_split
from pd_ml.metrics_log import read_metrics
from pd_ml.models.tokenizer import load_tokenizer
from pd_ml.provenance import read_run
from pd_ml.recipes import STAGE_INPUTS, recipe
from pd_ml.training.clip_stage import ClipTask
from pd_ml.training.pictures import Pictures, open_pictures
from pd_ml.training.task import Places, whole
from pd_ml.training.unet_stage import UnetTask
from tests.pd_ml.command import TINY, run_here, settings, suspend, tiny_job
from tests.pd_ml.paintings import altered

CPU = torch.device("cpu")
WIDE = (64, 40)


@pytest.fixture(scope="module")
def mixed(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every third painting is wide."""

    def cut(number: int, row: dict[str, object]) -> Mapping[str, object]:
        if number % 3:
            return row
        assert isinstance(row["image"], bytes)
        buffer = io.BytesIO()
        with Image.open(io.BytesIO(row["image"])) as image:
            image.crop((0, 12, 64, 52)).save(buffer, "PNG")
        return {**row, "image": buffer.getvalue(), "width": WIDE[0], "height": WIDE[1]}

    return altered(dataset, tmp_path_factory.mktemp("mixed") / "paintings", cut)


def train(stage: str, dataset: Path, models: Path, out: Path, *more: str) -> list[str | Path]:
    inputs: list[str] = [part for name in STAGE_INPUTS[stage] for part in ("--input", f"{name}={models / name}")]
    return ["train", stage, "--recipe", "debug", "--dataset", dataset, *inputs, "--out", out, *TINY[stage], *more]


def unet_task(dataset: Path, cache: Path, *changes: str) -> UnetTask:
    config = with_overrides(recipe("unet", "debug"), ["batch_size=8", *changes])
    assert isinstance(config, UnetConfig)
    train, validation = (open_pictures(config, dataset, split, cache=cache) for split in ("train", "validation"))
    return UnetTask(config, train, validation, CPU)


def test_half_of_the_pictures_of_a_batch_are_mirrored_where_that_is_asked_for(dataset: Path, tmp_path: Path) -> None:
    plain, flipping = unet_task(dataset, tmp_path), unet_task(dataset, tmp_path, "flips=true")
    mirrored = 0
    for step in range(6):
        before, after = (task.batch(step, whole(8)).images_BCHW for task in (plain, flipping))
        for one, other in zip(before, after, strict=True):
            assert torch.equal(one, other) or torch.equal(one.flip(-1), other)
            mirrored += int(not torch.equal(one, other))
        part = flipping.batch(step, Places(start=3, stop=5, total=8)).images_BCHW
        assert torch.equal(part, after[3:5]), "what an example meets does not depend on how the batch is cut"
    assert 12 < mirrored < 36


def test_pictures_whose_captions_tell_of_sides_are_never_mirrored_where_captions_are_read(
    dataset: Path, models: Path, tmp_path: Path
) -> None:
    examples = open_split(dataset, "train", image_size=16, cache=tmp_path)
    # Each of these captions says on which side the thing is.
    heeding = Pictures(examples, seed=0, flips=True, heeds_captions=True)
    blind = Pictures(examples, seed=0, flips=True, heeds_captions=False)
    every = np.arange(64)
    assert np.array_equal(heeding.pixels(0, every, 3), examples.pixels(every))
    assert not np.array_equal(blind.pixels(0, every, 3), examples.pixels(every))
    config = with_overrides(recipe("clip", "debug"), ["batch_size=16", "flips=true", "crop_share_min=1"])
    mute = altered(dataset, tmp_path / "mute", lambda number, row: {**row, "captions": ["a leftover boat"]})
    for folder, is_mirrored in ((dataset, False), (mute, True)):
        told = open_split(folder, "train", image_size=16, cache=tmp_path)
        shown = ClipTask(config, load_tokenizer(models / "tokenizer"), told, told, CPU).batch(0, whole(16)).images_BCHW
        plain = torch.from_numpy(told.pixels(batch_indices(0, 0, 16, 64))).permute(0, 3, 1, 2) / 127.5 - 1
        assert torch.allclose(shown, plain, atol=1e-4) is not is_mirrored


def test_every_batch_is_of_one_shape_and_all_pictures_are_shown(mixed: Path, tmp_path: Path) -> None:
    task = unet_task(mixed, tmp_path, "image_size=32", "buckets=true")
    assert task.counts == {"train_examples": 64, "validation_examples": 16}
    shapes = [tuple(task.batch(step, whole(8)).images_BCHW.shape[2:]) for step in range(8)]
    assert {shape: shapes.count(shape) for shape in shapes} == {(32, 32): 5, (24, 40): 3}
    seen = [item for step in range(80) for item in task.item_ids(step, whole(8))]
    assert set(seen) == {f"commons:M{number}" for number in range(64)}
    assert max(map(seen.count, set(seen))) <= 2 * min(map(seen.count, set(seen)))


def test_buckets_of_squares_are_the_same_training_without_buckets(dataset: Path, models: Path, tmp_path: Path) -> None:
    weights = "unet/diffusion_pytorch_model.safetensors"
    for stage in ("unet", "unet_text"):
        assert run_here(*train(stage, dataset, models, tmp_path / stage, *settings("buckets=true"))) == 0
        found, plain = read_run(tmp_path / stage), read_run(models / stage)
        assert found.outputs[weights] == plain.outputs[weights]
        assert found.metrics["validation_loss"] == plain.metrics["validation_loss"]
        assert found.version != plain.version


@pytest.mark.parametrize("stage", ["unet", pytest.param("unet_text", marks=pytest.mark.extended)])
def test_a_training_with_flips_and_buckets_that_was_stopped_ends_in_the_same_weights(
    mixed: Path, models: Path, tmp_path: Path, stage: str
) -> None:
    changes = ("flips=true", "buckets=true", "image_size=32", "steps=12")
    assert run_here(*train(stage, mixed, models, tmp_path / "through", *settings(*changes))) == 0
    job = tiny_job(stage, mixed, models, tmp_path / "stopped", *changes)
    suspend(job, after=7)
    assert run_here(*train(stage, mixed, models, tmp_path / "stopped", *settings(*changes))) == 0
    assert read_run(tmp_path / "stopped").digest == read_run(tmp_path / "through").digest
    losses = [
        row["validation_loss"]
        for row in read_metrics(tmp_path / "through" / "metrics.jsonl")
        if "validation_loss" in row
    ]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    ("stage", "change", "words"),
    [
        ("latent_unet", "flips=true", "no field 'flips' here, only of clip, unet, unet_text"),
        ("latent_diffusion", "buckets=true", "no field 'buckets' here, only of unet, unet_text"),
        ("clip", "buckets=true", "no field 'buckets' here, only of unet, unet_text"),
        ("unet", "buckets=yes", "buckets is 'yes', expected bool"),
    ],
)
def test_a_stage_that_cannot_have_them_refuses_them_by_name(
    dataset: Path, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], stage: str, change: str, words: str
) -> None:
    assert run_here(*train(stage, dataset, models, tmp_path / "out", *settings(change))) == 1
    assert words in capsys.readouterr().err


def test_buckets_that_a_network_cannot_halve_are_refused(
    dataset: Path, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deep = settings("channels=[8,8,8,8,16]", "attention=[false,false,false,false,true]", "buckets=true")
    assert run_here(*train("unet", dataset, models, tmp_path / "out", *deep)) == 1
    assert "buckets have sides that are multiples of 8, which cannot be halved 4 times" in capsys.readouterr().err
