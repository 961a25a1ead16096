"""The evaluation of a text-to-image model on held-out captions: numbers with floors, a sheet of samples, a loss curve.

Everything lands in `<out>` by one rename. Numbers in CLIP space are comparable only under the same CLIP, whose digest
stands beside them; the colour oracle is the measure that no CLIP takes part in. Errors: EvaluationError.

Shapes: N pictures, H height, W width, C channels, D embedding width.
"""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from transformers import CLIPModel

from pd_ml.config import EvaluateConfig, to_json
from pd_ml.data.loader import Pixels, open_split
from pd_ml.data.pixels import to_unit
from pd_ml.data.shards import read_manifest, sha256_of
from pd_ml.device import environment, prepare_device
from pd_ml.diffusion.pipeline import token_ids
from pd_ml.diffusion.sampling import draw, load_pipeline
from pd_ml.errors import EvaluationError, ProvenanceError
from pd_ml.evaluation.attributes import ColourAttribute, colour_accuracy, read_attributes
from pd_ml.evaluation.curve import LOSS_CURVE, save_loss_curve
from pd_ml.evaluation.grid import save_grid
from pd_ml.evaluation.metrics import matched_score, median_distance, mmd, retrieval
from pd_ml.metrics_log import read_metrics
from pd_ml.models.clip import embed_images, embed_texts, load_clip
from pd_ml.models.tokenizer import load_tokenizer
from pd_ml.progress import Reporter
from pd_ml.provenance import METRICS, RunRecord, holds_version, read_run, verify_outputs, version_of, write_run
from pd_ml.seeding import seed_of

REPORT = "report.json"


@dataclass(frozen=True, kw_only=True)
class EvaluateJob:
    """Finished folders to measure with and on; `attributes` names the file of the colour oracle, if there is one."""

    config: EvaluateConfig
    model: Path
    clip: Path
    dataset: Path
    attributes: Path | None
    out: Path
    cache: Path


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Held-out pictures and the first caption of each."""

    captions: tuple[str, ...]
    pixels_NHWC: Pixels


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Generated pictures beside the real ones of the same held-out captions, at the size of the model."""

    captions: tuple[str, ...]
    generated_NHWC: Pixels
    real_NHWC: Pixels


def evaluate(job: EvaluateJob, reporter: Reporter) -> RunRecord:
    """Make `job.out`; what is already complete is only read."""
    model, clip = _finished(job.model, "unet_text"), _finished(job.clip, "clip")
    manifest = read_manifest(job.dataset)
    attributes = read_attributes(job.attributes) if job.attributes else ()
    inputs = {"dataset": manifest.digest, "unet_text": model.digest, "clip": clip.digest}
    if job.attributes:
        inputs["attributes"] = sha256_of(job.attributes)
    version = version_of("evaluate", job.config, inputs)
    if holds_version(job.out, version):
        reporter.say(f"{job.out} is already complete (version {version})")
        return read_run(job.out)
    partial = job.out.with_name(f"{job.out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    report = _measure(job, attributes, model, partial, reporter)
    (partial / REPORT).write_text(json.dumps({**report, "inputs": inputs}, indent=1, sort_keys=True) + "\n")
    record = RunRecord(
        stage="evaluate",
        version=version,
        config=json.loads(to_json(job.config)),
        inputs=inputs,
        dataset_version=manifest.version,
        item_count=sum(manifest.counts.values()),
        counts={"pictures_drawn": _integer(report["n"])},
        metrics=_summary(report),
        environment=environment(),
    )
    complete = write_run(partial, record)
    if job.out.is_dir():
        job.out.rmdir()
    os.replace(partial, job.out)
    return complete


def _measure(
    job: EvaluateJob, attributes: tuple[ColourAttribute, ...], model: RunRecord, folder: Path, reporter: Reporter
) -> dict[str, object]:
    device = prepare_device(job.config.device, job.config.threads)
    drawn = _draw(job, device, reporter)
    texts = {"pd_model_version": model.version, "pd_model_digest": model.digest}
    shown = min(job.config.grid, len(drawn.captions))
    save_grid(folder / "samples.png", drawn.generated_NHWC[:shown], drawn.captions[:shown], texts=texts)
    save_loss_curve(folder / LOSS_CURVE, read_metrics(job.model / METRICS), title=f"unet_text {model.version}")
    reporter.say(f"measuring {len(drawn.captions)} pictures")
    with torch.no_grad():
        in_clip_space = _measure_with_clip(job, drawn, device)
    return {
        "n": len(drawn.captions),
        "n_asked": job.config.n,
        "model_version": model.version,
        "trained_on_this_dataset": model.inputs.get("dataset") == read_manifest(job.dataset).digest,
        "conditioned_on_this_clip": model.inputs.get("clip") == read_run(job.clip).digest,
        "sampling": asdict(job.config.sampling),
        "colour_attributes": {attribute.name: _oracle(attribute, drawn) for attribute in attributes},
        **in_clip_space,
    }


def _draw(job: EvaluateJob, device: torch.device, reporter: Reporter) -> Drawn:
    """Held-out captions, the pictures drawn for them and their real ones."""
    pipeline = load_pipeline(job.model, device)
    held_out = _held_out(job, int(pipeline.unet.config.sample_size), job.config.n)
    generated_NHWC = draw(
        pipeline,
        held_out.captions,
        job.config.sampling,
        seed=job.config.seed,
        batch_size=job.config.batch_size,
        on_drawn=lambda done: reporter.event("progress", step=done, steps=len(held_out.captions)),
    )
    return Drawn(captions=held_out.captions, generated_NHWC=generated_NHWC, real_NHWC=held_out.pixels_NHWC)


def _held_out(job: EvaluateJob, image_size: int, count: int) -> HeldOut:
    """At most `count` captioned examples of validation and test, drawn by the seed; EvaluationError for less than 2."""
    splits = [
        open_split(job.dataset, split, image_size=image_size, cache=job.cache).captioned()
        for split in ("validation", "test")
    ]
    places = [(split, index) for split in splits for index in range(len(split))]
    if len(places) < 2:
        raise EvaluationError(
            f"{job.dataset}: {len(places)} captioned examples in validation and test, expected at least 2; "
            "evaluate on a dataset with labels"
        )
    order = np.random.default_rng(seed_of(job.config.seed, "held-out")).permutation(len(places))[:count]
    chosen = [places[number] for number in order]
    return HeldOut(
        captions=tuple(split.captions[index][0] for split, index in chosen),
        pixels_NHWC=np.concatenate([split.pixels([index]) for split, index in chosen]),
    )


def _oracle(attribute: ColourAttribute, drawn: Drawn) -> dict[str, object]:
    return {
        "generated": asdict(colour_accuracy(attribute, drawn.generated_NHWC, drawn.captions)),
        "real": asdict(colour_accuracy(attribute, drawn.real_NHWC, drawn.captions)),
        "measured_by": "pixels",
    }


def _measure_with_clip(job: EvaluateJob, drawn: Drawn, device: torch.device) -> dict[str, object]:
    clip = load_clip(job.clip).to(device)
    size = int(clip.config.vision_config.image_size)
    held_out = _held_out(job, size, job.config.reference)
    train = open_split(job.dataset, "train", image_size=size, cache=job.cache).first(job.config.reference)
    generated_ND = _embedded(clip, drawn.generated_NHWC, size, device)
    real_ND = _embedded(clip, drawn.real_NHWC, size, device)
    reference_ND = _embedded(clip, train.pixels(range(len(train))), size, device)
    texts_ND = _embedded_texts(job.clip, clip, drawn.captions, device)
    measured_by = {"clip": read_run(job.clip).digest}
    width = median_distance(reference_ND)
    scores = {
        name: asdict(
            matched_score(pictures, texts_ND, permutations=job.config.permutations, seed=seed_of(job.config.seed, "p"))
        )
        for name, pictures in (("generated", generated_ND), ("real", real_ND))
    }
    return {
        "clip_retrieval": {**_retrieval(job.clip, clip, held_out, size, device), "measured_by": measured_by},
        "clip_score": {**scores, "measured_by": measured_by},
        "mmd": {
            "generated": mmd(generated_ND, reference_ND, width=width),
            "floor_real_vs_real": mmd(real_ND, reference_ND, width=width),
            "n": len(generated_ND),
            "reference_n": len(reference_ND),
            "kernel_width": width,
            "measured_by": measured_by,
        },
    }


def _retrieval(folder: Path, clip: CLIPModel, held_out: HeldOut, size: int, device: torch.device) -> dict[str, object]:
    captions = held_out.captions
    images_ND = _embedded(clip, held_out.pixels_NHWC, size, device)
    texts_ND = _embedded_texts(folder, clip, captions, device)
    directions = {"image_to_text": images_ND @ texts_ND.T, "text_to_image": texts_ND @ images_ND.T}
    return {
        name: {f"recall_at_{at}": asdict(retrieval(scores_NN, captions, at=at)) for at in (1, 5)}
        for name, scores_NN in directions.items()
    }


def _embedded(clip: CLIPModel, pixels_NHWC: Pixels, size: int, device: torch.device) -> Tensor:
    batches = []
    for start in range(0, len(pixels_NHWC), 256):
        images_BCHW = to_unit(pixels_NHWC[start : start + 256], device)
        if images_BCHW.shape[-1] != size:
            images_BCHW = torch.nn.functional.interpolate(images_BCHW, size=(size, size), mode="area")
        batches.append(embed_images(clip, images_BCHW))
    return torch.cat(batches)


def _embedded_texts(folder: Path, clip: CLIPModel, captions: Sequence[str], device: torch.device) -> Tensor:
    ids_NL = token_ids(load_tokenizer(folder), list(captions)).to(device)
    return torch.cat([embed_texts(clip, ids_BL) for ids_BL in ids_NL.split(256)])


def _finished(folder: Path, stage: str) -> RunRecord:
    record = verify_outputs(folder)
    if record.stage != stage:
        raise ProvenanceError(f"{folder}: a {record.stage} model, expected {stage}")
    return record


def _summary(report: Mapping[str, object]) -> dict[str, float]:
    """The few numbers that a table of runs shows."""
    found: dict[str, float] = {}
    for name in ("colour_attributes", "clip_retrieval", "clip_score", "mmd"):
        for path, value in _numbers(report[name], name):
            if path.endswith((".accuracy", ".p", ".recall", ".chance", "mmd.generated", ".floor_real_vs_real")):
                found[path] = value
    return found


def _numbers(value: object, path: str) -> list[tuple[str, float]]:
    if isinstance(value, dict):
        return [pair for name, inner in value.items() for pair in _numbers(inner, f"{path}.{name}")]
    return [(path, float(value))] if isinstance(value, int | float) else []


def _integer(value: object) -> int:
    assert isinstance(value, int)
    return value
