"""The ledger of a training says what a replay that is written apart from it says, on every row."""

import io
import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from pd_ml.errors import TrainingError
from pd_ml.progress import Reporter
from pd_ml.provenance import LEDGER, read_ledger, read_run
from pd_ml.recipes import STAGES
from pd_ml.training.checkpoint import LoopState, load_newest, save_checkpoint
from pd_ml.training.sampler import Group, Sampler
from pd_ml.training.stages import train
from pd_ml.training.stopping import Stopping
from pd_ml.training.task import whole
from pd_ml.training.workshop import Job, identify
from tests.pd_ml.command import suspend, tiny_job
from tests.pd_ml.paintings import altered
from tests.pd_ml.replay import readable, replayed, rows_of, told

SEED = 5


@pytest.fixture(scope="module")
def uneven(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every third painting is wide; some have one caption, some a blank one among others, some have none."""

    def changed(number: int, row: dict[str, object]) -> Mapping[str, object]:
        captions = row["captions"]
        assert isinstance(captions, list) and isinstance(row["image"], bytes)
        kept = {1: captions[:1], 2: [captions[0], " ", captions[2]], 4: []}.get(number % 5, captions)
        row = {**row, "captions": kept, "caption": kept[0] if kept else None}
        if number % 3:
            return row
        buffer = io.BytesIO()
        with Image.open(io.BytesIO(row["image"])) as image:
            image.crop((0, 12, 64, 52)).save(buffer, "PNG")
        return {**row, "image": buffer.getvalue(), "width": 64, "height": 40}

    return altered(dataset, tmp_path_factory.mktemp("uneven") / "paintings", changed)


def quiet(stage: str) -> Reporter:
    return Reporter(stage, events=io.StringIO(), people=io.StringIO())


def captioned(dataset: Path) -> list[dict[str, object]]:
    return [row for row in rows_of(dataset, "train") if readable(row)]


def require_sums(folder: Path) -> None:
    record = read_run(folder)
    rows = pq.read_table(folder / LEDGER).to_pylist()
    shown = [row for row in rows if row["relation"] == "trained_on"]
    assert sum(row["times_shown"] for row in shown) == record.counts["images_seen"]
    assert len(shown) == record.counts["pictures_trained_on"]
    assert all((row["times_shown"] > 0) == (row["relation"] == "trained_on") for row in rows)
    assert {row["split"] for row in shown} <= {"train"}
    assert len(rows) == record.item_count
    assert [row["item_id"] for row in rows] == sorted(row["item_id"] for row in rows)
    assert {(row["stage"], row["version"]) for row in rows} == {(record.stage, record.version)}


def test_a_clip_was_shown_what_a_replay_shows(uneven: Path, models: Path, tmp_path: Path) -> None:
    job = tiny_job("clip", uneven, models, tmp_path / "clip", f"seed={SEED}", "steps=11")
    train(job, identify(job), quiet("clip"), Stopping())
    expected = replayed([captioned(uneven)], seed=SEED, steps=11, batch_size=16, captions=True)
    assert told(job.out / LEDGER) == expected
    assert 2 in {place for _, place in expected.captions}, "behind a blank caption too"
    require_sums(job.out)


def test_a_denoiser_of_buckets_with_left_out_captions_was_shown_what_a_replay_shows(
    uneven: Path, models: Path, tmp_path: Path
) -> None:
    changes = (f"seed={SEED}", "steps=23", "buckets=true", "image_size=32", "caption_dropout=0.4")
    job = tiny_job("unet_text", uneven, models, tmp_path / "unet_text", *changes)
    suspend(job, after=9)
    train(job, identify(job), quiet("unet_text"), Stopping())
    rows = captioned(uneven)
    buckets = [[row for row in rows if (row["width"] != row["height"]) is wide] for wide in (False, True)]
    expected = replayed(buckets, seed=SEED, steps=23, batch_size=8, captions=True, dropout=0.4)
    assert told(job.out / LEDGER) == expected
    assert sum(expected.captions.values()) < sum(expected.times.values()) == 23 * 8
    require_sums(job.out)


def test_a_denoiser_of_latents_was_shown_what_a_replay_shows(dataset: Path, latent_models: Path) -> None:
    for stage, captions in (("latent_diffusion", True), ("latent_unet", False)):
        dropout = read_run(latent_models / stage).config.get("caption_dropout")
        assert dropout is None or isinstance(dropout, float)
        rows = rows_of(dataset, "train")
        expected = replayed([rows], seed=0, steps=12, batch_size=8, captions=captions, dropout=dropout)
        assert told(latent_models / stage / LEDGER) == expected


def test_every_stage_keeps_a_ledger_whose_showings_are_its_images_seen(latent_models: Path, upscaler: Path) -> None:
    for stage in STAGES:
        require_sums(latent_models / stage)
    nothing = pq.read_table(latent_models / "latents" / LEDGER)
    assert set(nothing["relation"].to_pylist()) == {"held"}, "latents learn nothing and measure nothing"
    assert read_run(latent_models / "tokenizer").counts["images_seen"] == 64


def test_what_is_only_looked_at_is_told_apart_from_what_is_learnt_from_and_what_is_only_held(
    latent_models: Path, upscaler: Path
) -> None:
    found = {
        stage: {(row["split"], row["relation"]) for row in pq.read_table(latent_models / stage / LEDGER).to_pylist()}
        for stage in STAGES
    }
    for stage in ("clip", "unet", "unet_text", "latent_unet", "latent_diffusion", "super_resolution"):
        assert ("validation", "measured_with") in found[stage] and ("test", "held") in found[stage], stage
    assert ("test", "measured_with") in found["vae"], "its reconstructions are measured before it is released"
    assert found["tokenizer"] == {("train", "trained_on"), ("validation", "held"), ("test", "held")}


def test_a_warm_start_counts_its_own_steps_alone(dataset: Path, models: Path, tmp_path: Path) -> None:
    job = replace(tiny_job("clip", dataset, models, tmp_path / "warm", "steps=1"), init_from=models / "clip")
    train(job, identify(job), quiet("clip"), Stopping())
    expected = replayed([rows_of(dataset, "train")], seed=0, steps=1, batch_size=16, captions=True)
    assert told(job.out / LEDGER) == expected
    relations = pq.read_table(job.out / LEDGER, filters=[("split", "=", "train")])["relation"].to_pylist()
    assert relations.count("trained_on") == 16 and relations.count("measured_with") == 48


def test_a_count_that_differs_from_the_sampler_is_named(uneven: Path, models: Path, tmp_path: Path) -> None:
    job = tiny_job("clip", uneven, models, tmp_path / "clip", "steps=8", "checkpoint_every_steps=2")
    suspend(job, after=4)
    state, _ = load_newest(job.partial / "checkpoints")
    assert state is not None
    state["times_shown"][3] += 1
    expect_refusal(
        job, state, "the run's own count is not that of the sampler: commons:M3 was shown 2 times, expected 1;"
    )
    state["times_shown"][3] -= 1
    state["captions_shown"][0] += 1
    expect_refusal(job, state, "caption 0 of commons:M0 was shown")
    state["captions_shown"] = state["captions_shown"][1:]
    expect_refusal(job, state, "the checkpoint at step 4 counts 52 examples and ")


def expect_refusal(job: Job, state: LoopState, words: str) -> None:
    shutil.rmtree(job.partial / "checkpoints")
    save_checkpoint(job.partial / "checkpoints", state, kept=1)
    with pytest.raises(TrainingError, match=re.escape(words)):
        train(job, identify(job), quiet("clip"), Stopping())
    assert not job.out.exists()


def test_a_checkpoint_of_before_there_were_ledgers_is_gone_on_with(dataset: Path, models: Path, tmp_path: Path) -> None:
    job = tiny_job("clip", dataset, models, tmp_path / "clip")
    suspend(job, after=4)
    state, _ = load_newest(job.partial / "checkpoints")
    assert state is not None
    del state["times_shown"], state["captions_shown"]
    save_checkpoint(job.partial / "checkpoints", state, kept=1)
    train(job, identify(job), quiet("clip"), Stopping())
    assert read_ledger(job.out).run.outputs[LEDGER] == read_run(models / "clip").outputs[LEDGER]


def test_a_million_pictures_for_a_hundred_epochs_are_counted_without_asking_for_each_batch() -> None:
    count = 1_000_000
    group = Group(rows=np.arange(count), captions=np.ones(count, dtype=np.int64), item_ids=())
    sampler = Sampler([group], seed=1, reads_captions=True)
    found = sampler.expected(100 * count // 250 + 2, 250)
    assert found.times_N.sum() == found.captions_K.sum() == 100 * count + 500
    assert sorted(np.unique(found.times_N)) == [100, 101]


def test_steps_added_up_are_what_the_sampler_expects_whatever_the_buckets_and_captions() -> None:
    rng = np.random.default_rng(0)
    for sizes, dropout in (((9,), None), ((40, 8, 24), 0.5), ((5, 31), 0.0)):
        groups = [
            Group(rows=np.arange(size), captions=rng.integers(1, 4, size), item_ids=[str(n) for n in range(size)])
            for size in sizes
        ]
        sampler = Sampler(groups, seed=2, reads_captions=True, dropout=dropout)
        tally = sampler.nothing_yet()
        for step in range(37):
            for part in whole(8).parts(3):
                sampler.add(tally, sampler.shown(step, part))
        sampler.require(tally, sampler.expected(37, 8))
