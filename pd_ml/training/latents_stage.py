"""The stage `latents`: every picture through the VAE and every caption through the text tower, once.

Nothing is learnt, so it brings its own short way to a folder. Stopped, it goes on where it was.
Shapes: B examples, C channels, H height, W width, M moments, h, w of the latents, L tokens, D width of the text states.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from transformers import CLIPTextModel, CLIPTokenizer

from pd_ml.config import LatentsConfig
from pd_ml.data.latents import (
    EMPTY_TEXT,
    TEXTS,
    CaptionedItem,
    Floats,
    LatentIndex,
    RowFile,
    moments_path,
    write_index,
    write_items,
)
from pd_ml.data.loader import Examples, Pixels, open_split
from pd_ml.data.pixels import to_unit
from pd_ml.data.shards import SPLITS
from pd_ml.diffusion.pipeline import text_states, token_ids
from pd_ml.errors import Suspended
from pd_ml.ledger import Used
from pd_ml.metrics_log import append_metrics, rewind_metrics
from pd_ml.models.clip import load_text_tower
from pd_ml.models.tokenizer import load_tokenizer
from pd_ml.models.vae import load_vae, moments
from pd_ml.provenance import METRICS
from pd_ml.training.loop import Bench, Outcome
from pd_ml.training.workshop import Job

# On a CPU one at a time, which costs little there: then they are those of a pipeline that draws one picture, bit for
# bit.
_CPU_BATCH = 1


@dataclass(frozen=True, kw_only=True)
class Encoders:
    """What makes latents and text states, on its device."""

    vae: AutoencoderKL
    text_encoder: CLIPTextModel
    tokenizer: CLIPTokenizer
    device: torch.device

    def moments(self, pixels_BHWC: Pixels) -> Floats:
        """BMhw."""
        with torch.no_grad():
            found: Floats = moments(self.vae, to_unit(pixels_BHWC, self.device)).float().cpu().numpy()
        return found

    def texts(self, captions: Sequence[str]) -> Floats:
        """BLD, as the pipeline computes them."""
        with torch.no_grad():
            ids_BL = token_ids(self.tokenizer, captions).to(self.device)
            found: Floats = text_states(self.text_encoder, ids_BL).float().cpu().numpy()
        return found


def load_encoders(vae: Path, clip: Path, device: torch.device) -> Encoders:
    """Of finished folders."""
    text_encoder = load_text_tower(clip).to(device)
    return Encoders(
        vae=load_vae(vae).to(device), text_encoder=text_encoder, tokenizer=load_tokenizer(clip), device=device
    )


def compute_latents(job: Job, export: Path, bench: Bench) -> Outcome:
    """Encode the job's dataset, on one process; Suspended where a stop is asked for."""
    config = job.config
    assert isinstance(config, LatentsConfig)
    if not bench.machine.is_main:
        return Outcome(counts={}, metrics={})
    encoders = load_encoders(job.inputs["vae"], job.inputs["clip"], bench.device)
    image_size = int(encoders.vae.config.sample_size)
    splits = {split: open_split(job.dataset, split, image_size=image_size, cache=job.cache) for split in SPLITS}
    numbers = _numbered(splits.values())
    folder = job.partial / "latents"
    folder.mkdir(exist_ok=True)
    index = _index(encoders, splits, len(numbers))
    batch_size = _CPU_BATCH if bench.device.type == "cpu" else config.batch_size
    progress = _Progress(bench, total=sum(map(len, splits.values())) + len(numbers))
    for split, examples in splits.items():
        rows = RowFile(moments_path(folder, split), (len(examples), *index.moments_shape), np.float16)
        _fill(rows, len(examples), batch_size, partial(_moments_at, encoders, examples), progress)
        write_items(folder, split, _items(examples, numbers))
    text_type = np.float16 if config.text_precision == "fp16" else np.float32
    rows = RowFile(folder / TEXTS, (len(numbers), *index.text_shape), text_type)
    texts = list(numbers)
    _fill(rows, len(texts), batch_size, partial(_states_at, encoders, texts), progress)
    write_index(folder, index)
    for path in folder.iterdir():
        os.replace(path, export / path.name)
    return _outcome(job, splits, len(texts), progress)


class _Progress:
    """Tells how far it is, and ends where a stop is asked for."""

    def __init__(self, bench: Bench, total: int) -> None:
        self._bench, self._total = bench, total
        self._every = max(1, total // 50)
        self._told = 0
        self.done = 0

    def add(self, count: int) -> None:
        self.done += count
        if self.done - self._told >= self._every or self.done == self._total:
            self._told = self.done
            self._bench.reporter.event("progress", step=self.done, steps=self._total)

    def pause(self) -> None:
        """Between batches."""
        if self._bench.stopping():
            raise Suspended(f"stopped after {self.done} of {self._total} rows; the same command goes on")


def _fill(
    rows: RowFile, total: int, batch_size: int, encode: Callable[[Sequence[int]], Floats], progress: _Progress
) -> None:
    """Encode what is not there yet, a batch at a time."""
    progress.add(rows.rows)
    while rows.rows < total:
        progress.pause()
        at = range(rows.rows, min(rows.rows + batch_size, total))
        rows.add(encode(at))
        progress.add(len(at))


def _moments_at(encoders: Encoders, examples: Examples, at: Sequence[int]) -> Floats:
    return encoders.moments(examples.pixels(at))


def _states_at(encoders: Encoders, texts: Sequence[str], at: Sequence[int]) -> Floats:
    return encoders.texts([texts[row] for row in at])


def _numbered(splits: Iterable[Examples]) -> dict[str, int]:
    """The row of each different caption; the empty prompt has the first."""
    numbers = {"": EMPTY_TEXT}
    for examples in splits:
        for captions in examples.captions:
            for caption in captions:
                numbers.setdefault(caption, len(numbers))
    return numbers


def _items(examples: Examples, numbers: Mapping[str, int]) -> list[CaptionedItem]:
    return [
        CaptionedItem(item_id=item_id, captions=captions, texts=tuple(numbers[caption] for caption in captions))
        for item_id, captions in zip(examples.item_ids, examples.captions, strict=True)
    ]


def _index(encoders: Encoders, splits: Mapping[str, Examples], texts: int) -> LatentIndex:
    """Shapes are those of a black picture and of the empty prompt."""
    size = int(encoders.vae.config.sample_size)
    black_HWC = np.zeros((1, size, size, 3), dtype=np.uint8)
    return LatentIndex(
        image_size=size,
        scaling_factor=float(encoders.vae.config.scaling_factor),
        moments_shape=encoders.moments(black_HWC).shape[1:],
        text_shape=encoders.texts([""]).shape[1:],
        texts=texts,
        examples={split: len(examples) for split, examples in splits.items()},
    )


def _outcome(job: Job, splits: Mapping[str, Examples], texts: int, progress: _Progress) -> Outcome:
    metrics = {"texts": float(texts), "examples": float(progress.done - texts)}
    rewind_metrics(job.partial / METRICS, -1)
    append_metrics(job.partial / METRICS, {"step": 0, **metrics})
    counts = {f"{split}_examples": len(examples) for split, examples in splits.items()}
    # Nothing learnt from a picture, and nothing was measured on one: the folder holds them all in another form.
    return Outcome(counts={**counts, "texts": texts, "images_seen": 0}, metrics={}, used=Used())
