"""The stage `tokenizer`: counting instead of gradients, so it brings its own short way to a folder."""

from pathlib import Path

from pd_ml.config import TokenizerConfig
from pd_ml.data.loader import split_captions
from pd_ml.errors import DataError
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
    captions = split_captions(job.dataset, "train")
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
    return Outcome(counts={"captions": len(captions)}, metrics=metrics)
