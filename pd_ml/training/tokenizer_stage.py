"""The stage `tokenizer`: counting instead of gradients, so it brings its own short way to a folder."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pd_ml.config import TokenizerConfig
from pd_ml.data.loader import texts_of
from pd_ml.errors import DataError
from pd_ml.ledger import Used
from pd_ml.metrics_log import append_metrics, rewind_metrics
from pd_ml.models.preprocessor import plain_format, save_format
from pd_ml.models.tokenizer import save_tokenizer, train_tokenizer
from pd_ml.provenance import METRICS
from pd_ml.training.loop import Bench, Outcome
from pd_ml.training.workshop import Job


def train_tokenizer_stage(job: Job, export: Path, bench: Bench) -> Outcome:
    """Train on every caption of the training split, and export; there is nothing to share among processes."""
    assert isinstance(job.config, TokenizerConfig)
    if not bench.machine.is_main:
        return Outcome(counts={}, metrics={})
    by_picture, _ = texts_of(job.dataset, "train")
    captions = [caption for several in by_picture for caption in several]
    if not captions:
        raise DataError(f"{job.dataset}: no captions in split train, expected at least one; choose another dataset")
    tokenizer = train_tokenizer(captions, job.config)
    save_tokenizer(tokenizer, export)
    save_format(export, plain_format(job.config.vision_image_size))
    lengths = [len(ids) for ids in tokenizer(captions[:10_000])["input_ids"]]
    longer = sum(length > job.config.text_max_position_embeddings for length in lengths)
    metrics = {
        "vocabulary": float(len(tokenizer)),
        "tokens_per_caption": round(sum(lengths) / len(lengths), 3),
        "share_of_captions_cut": round(longer / len(lengths), 6),
    }
    rewind_metrics(job.partial / METRICS, -1)
    append_metrics(job.partial / METRICS, {"step": 0, **metrics})
    bench.reporter.event("progress", step=1, steps=1, **metrics)
    used = _used(by_picture)
    counts = {"captions": len(captions), "images_seen": len(used.rows)}
    return Outcome(counts=counts, metrics=metrics, used=used)


def _used(by_picture: Sequence[Sequence[str]]) -> Used:
    """Every caption was read once: that counts as one showing of its picture, whose words the tokenizer learnt from."""
    lengths = np.array([len(several) for several in by_picture], dtype=np.int64)
    rows = np.flatnonzero(lengths)
    caption_rows = np.repeat(np.arange(len(lengths)), lengths)
    first = (np.cumsum(lengths) - lengths)[caption_rows]
    return Used(
        rows=rows,
        times=np.ones_like(rows),
        caption_rows=caption_rows,
        caption_numbers=np.arange(len(caption_rows)) - first,
        caption_times=np.ones_like(caption_rows),
    )
