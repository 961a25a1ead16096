"""Latents and text states: the very ones of the pipeline, computed once, in little memory, of the right inputs."""

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionPipeline
from hypothesis import given
from hypothesis import strategies as st

from pd_ml.data.latents import (
    EMPTY_TEXT,
    INDEX,
    RowFile,
    moments_path,
    open_latents,
)
from pd_ml.data.loader import open_split
from pd_ml.data.pixels import to_unit
from pd_ml.errors import DataError, Suspended
from pd_ml.models.vae import sampled
from pd_ml.progress import Reporter
from pd_ml.provenance import read_run
from pd_ml.recipes import recipe
from pd_ml.training.stages import train
from pd_ml.training.stopping import Stopping
from pd_ml.training.workshop import Job, identify
from tests.pd_ml.command import TINY_VAE, run_here
from tests.pd_ml.paintings import write_dataset
from tests.pd_ml.toy import stop_after

CPU = torch.device("cpu")


def latents_job(models: Path, dataset: Path, out: Path) -> Job:
    inputs = {name: models / name for name in ("vae", "clip")}
    return Job(
        stage="latents",
        config=recipe("latents", "debug"),
        dataset=dataset,
        inputs=inputs,
        out=out,
        cache=out.parent / "cache",
    )


def silent() -> Reporter:
    return Reporter("latents", events=io.StringIO(), people=io.StringIO())


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_text_states_of_every_caption_are_those_of_the_pipeline_bit_for_bit(latent_models: Path, split: str) -> None:
    pipeline = StableDiffusionPipeline.from_pretrained(latent_models / "latent_diffusion")
    latents = open_latents(latent_models / "latents", split)
    for item in latents.items[:8]:
        assert len(item.captions) == len(item.texts) == 3
        for caption, text in zip(item.captions, item.texts, strict=True):
            with torch.no_grad():
                states, empty = pipeline.encode_prompt(caption, CPU, 1, do_classifier_free_guidance=True)
            assert np.array_equal(latents.text_states([text]), states.numpy())
            assert np.array_equal(latents.text_states([EMPTY_TEXT]), empty.numpy())


def test_moments_are_those_of_the_pipeline_in_half_precision(
    latent_models: Path, dataset: Path, tmp_path: Path
) -> None:
    pipeline = StableDiffusionPipeline.from_pretrained(latent_models / "latent_diffusion")
    examples = open_split(dataset, "train", image_size=16, cache=tmp_path)
    latents = open_latents(latent_models / "latents", "train")
    assert latents.item_ids == examples.item_ids
    for number in range(0, 64, 7):
        with torch.no_grad():
            found = pipeline.vae.encode(to_unit(examples.pixels([number]), CPU)).latent_dist.parameters
        assert np.array_equal(latents.moments([number]), found.half().float().numpy())


def test_training_reads_what_an_image_to_image_pipeline_starts_from(
    latent_models: Path, dataset: Path, tmp_path: Path
) -> None:
    pipeline = StableDiffusionImg2ImgPipeline.from_pretrained(latent_models / "latent_diffusion")
    pixels = open_split(dataset, "train", image_size=16, cache=tmp_path).pixels([3])
    latents = open_latents(latent_models / "latents", "train")
    image = pipeline.image_processor.preprocess(torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255)
    with torch.no_grad():
        theirs = pipeline.vae.encode(image).latent_dist.mean * pipeline.vae.config.scaling_factor
    ours = sampled(torch.from_numpy(latents.moments([3])), torch.zeros(1, 4, 4, 4)) * latents.index.scaling_factor
    assert torch.allclose(ours, theirs, atol=2e-3 * float(theirs.abs().max()))


def test_every_different_caption_is_stored_once(latent_models: Path) -> None:
    found = [open_latents(latent_models / "latents", split) for split in ("train", "validation", "test")]
    rows = {
        caption: text
        for latents in found
        for item in latents.items
        for caption, text in zip(item.captions, item.texts, strict=True)
    }
    assert sorted(rows.values()) == list(range(1, found[0].index.texts))


def test_a_stopped_run_goes_on_after_the_last_row_and_ends_with_the_same_bytes(
    latent_models: Path, dataset: Path, tmp_path: Path
) -> None:
    job = latents_job(latent_models, dataset, tmp_path / "latents")
    with pytest.raises(Suspended, match="stopped after 40 of"):
        train(job, identify(job), silent(), stop_after(41))
    begun = moments_path(job.partial / "latents", "train")
    assert begun.stat().st_size == 128 + 40 * 8 * 4 * 4 * 2
    with begun.open("ab") as file:
        file.write(b"half a row")
    found, undisturbed = train(job, identify(job), silent(), Stopping()), read_run(latent_models / "latents")
    assert (found.version, found.digest) == (undisturbed.version, undisturbed.digest)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.integers(0, 30))
def test_rows_are_read_back_as_they_were_added_whatever_is_cut_off(
    tmp_path_factory: pytest.TempPathFactory, parts: list[int], cut_bytes: int
) -> None:
    path = tmp_path_factory.mktemp("rows") / "x.npy"
    total = sum(parts)
    values = np.arange(total * 6, dtype=np.float32).reshape(total, 2, 3)
    rows = RowFile(path, values.shape, np.float16)
    for stop in np.cumsum(parts):
        rows.add(values[rows.rows : stop])
    start = path.stat().st_size - total * 12
    kept = max(start, path.stat().st_size - cut_bytes)
    with path.open("ab") as file:
        file.truncate(kept)
    again = RowFile(path, values.shape, np.float16)
    assert again.rows == (kept - start) // 12
    again.add(values[again.rows :])
    assert np.array_equal(np.load(path), values.astype(np.float16))


@pytest.mark.parametrize("wrong", [1e6, float("nan")])
def test_a_number_that_half_precision_cannot_hold_is_a_named_error(tmp_path: Path, wrong: float) -> None:
    rows = RowFile(tmp_path / "x.npy", (4, 2), np.float16)
    with pytest.raises(DataError, match="row 0 or one of the 0 after it"):
        rows.add(np.full((1, 2), wrong, dtype=np.float32))
    assert rows.rows == 0


def test_memory_holds_one_batch_of_rows_however_many_there_are(
    latent_models: Path, dataset: Path, tmp_path: Path
) -> None:
    """The file grows with every row that was encoded: nothing is collected first."""
    job = latents_job(latent_models, dataset, tmp_path / "latents")
    sizes: list[int] = []

    def watch() -> bool:
        path = moments_path(job.partial / "latents", "train")
        sizes.append(path.stat().st_size)
        return len(sizes) > 30

    with pytest.raises(Suspended):
        train(job, identify(job), silent(), watch)
    assert np.diff(sizes).tolist() == [8 * 4 * 4 * 2] * 30


def test_half_precision_text_states_are_the_rounded_ones(latent_models: Path, dataset: Path, tmp_path: Path) -> None:
    inputs = [part for name in ("vae", "clip") for part in ("--input", f"{name}={latent_models / name}")]
    base = ["train", "latents", "--recipe", "debug", "--dataset", dataset, *inputs]
    assert run_here(*base, "--out", tmp_path / "half", "--set", "text_precision=fp16") == 0
    half, exact = (open_latents(folder, "test") for folder in (tmp_path / "half", latent_models / "latents"))
    assert half.texts_KLD.dtype == np.float16
    assert np.array_equal(half.texts_KLD, exact.texts_KLD.astype(np.float16))


def test_latents_of_another_vae_or_dataset_are_refused_by_name_before_any_work(
    latent_models: Path, dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = ["--input", f"clip={latent_models / 'clip'}"]
    base = ["train", "vae", "--recipe", "debug", "--dataset", dataset, *clip, "--out", tmp_path / "vae", *TINY_VAE]
    assert run_here(*base, "--set", "seed=1") == 0
    latents = ["--input", f"latents={latent_models / 'latents'}"]
    command = ["train", "latent_diffusion", "--recipe", "debug", *latents, *clip, "--out", tmp_path / "out"]
    capsys.readouterr()
    assert run_here(*command, "--dataset", dataset, "--input", f"vae={tmp_path / 'vae'}") == 1
    message = capsys.readouterr().err
    found, given = read_run(latent_models / "vae").digest[:16], read_run(tmp_path / "vae").digest[:16]
    assert message.startswith("ProvenanceError")
    assert f"input latents was made of vae {found}, given is {given}; give the vae that" in message
    other = write_dataset(tmp_path / "other", {"train": 16, "validation": 4, "test": 4}, seed=3)
    assert run_here(*command, "--dataset", other, "--input", f"vae={latent_models / 'vae'}") == 1
    assert "input latents was made of dataset" in capsys.readouterr().err
    assert not (tmp_path / "out").exists() and not (tmp_path / "out.partial").exists()


def test_mixed_up_and_missing_folders_are_named(
    latent_models: Path, dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = ["train", "latents", "--recipe", "debug", "--dataset", dataset, "--out", tmp_path / "out"]
    swapped = ["--input", f"vae={latent_models / 'clip'}", "--input", f"clip={latent_models / 'vae'}"]
    assert run_here(*base, *swapped) == 1
    message = capsys.readouterr().err
    assert "a clip model, expected vae" in message and "a vae model, expected clip" in message
    assert run_here(*base, "--input", f"vae={latent_models / 'vae'}") == 1
    assert "--input clip=DIR is missing" in capsys.readouterr().err


def test_a_damaged_folder_is_a_named_error(latent_models: Path, tmp_path: Path) -> None:
    copy = tmp_path / "latents"
    shutil.copytree(latent_models / "latents", copy)
    shutil.copyfile(moments_path(copy, "test"), moments_path(copy, "train"))
    with pytest.raises(DataError, match=r"split train: moments of \(16, 8, 4, 4\), expected \(64, 8, 4, 4\)"):
        open_latents(copy, "train")
    moments_path(copy, "train").write_bytes(b"short")
    with pytest.raises(DataError, match="cannot be read"):
        open_latents(copy, "train")
    raw = json.loads((copy / INDEX).read_text())
    (copy / INDEX).write_text(json.dumps({**raw, "format_version": 99}))
    with pytest.raises(DataError, match="format version 99, expected 1"):
        open_latents(copy, "test")


def test_a_split_without_examples_and_examples_without_captions_are_stored_too(
    latent_models: Path, tmp_path: Path
) -> None:
    dataset = write_dataset(tmp_path / "few", {"train": 10, "validation": 0, "test": 2}, without_caption=2)
    job = latents_job(latent_models, dataset, tmp_path / "latents")
    train(job, identify(job), silent(), Stopping())
    found, none = open_latents(job.out, "train"), open_latents(job.out, "validation")
    assert (len(found), len(found.captioned()), len(none)) == (10, 8, 0)
    assert found.items[0].captions == ()
    assert found.captioned().item_ids == found.item_ids[2:]
