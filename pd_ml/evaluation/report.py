"""The evaluation of a model that draws: numbers with floors, samples, nearest training pictures, a loss curve.

Everything lands in `<out>` by one rename. Numbers in CLIP space are comparable only under the same CLIP, whose digest
stands beside them; the colour oracle, the reader and the audit of copies are measures that no CLIP takes part in.
Errors: EvaluationError, MarkError. Shapes: N pictures, T training pictures, H height, W width, C channels.
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from diffusers import DiffusionPipeline

from pd_ml.config import EvaluateConfig, to_json
from pd_ml.data.loader import Examples, Rows, open_split
from pd_ml.data.pixels import centre_crops
from pd_ml.data.shards import read_manifest, sha256_of
from pd_ml.device import environment, prepare_device
from pd_ml.diffusion.enlarging import STAGE as UPSCALER
from pd_ml.diffusion.sampling import draw, draw_unprompted, load_pipeline, picture_size_px, takes_prompts
from pd_ml.errors import ProvenanceError
from pd_ml.evaluation.attributes import ColourAttribute, attributes_to_read, read_attributes
from pd_ml.evaluation.clip_space import ClipSpace
from pd_ml.evaluation.curve import LOSS_CURVE, save_loss_curve
from pd_ml.evaluation.enlargement import crop_size_px, enlargements, measured, save_side_by_side
from pd_ml.evaluation.fid import FeatureNetwork
from pd_ml.evaluation.grid import save_grid
from pd_ml.evaluation.held_out import held_out
from pd_ml.evaluation.measuring import (
    Numbers,
    Sets,
    alignment,
    clip_retrieval,
    clip_zero_shot,
    distances,
    fid,
    in_clip_space,
    read_by,
    reader_for,
    seams,
)
from pd_ml.evaluation.memorisation import audit, nearness
from pd_ml.evaluation.neighbours import nearest_in, save_neighbours
from pd_ml.evaluation.originals import Counts, originals, times_shown
from pd_ml.evaluation.zero_shot import Labels, frequent_labels, labels_of
from pd_ml.ledger import Used, require_proven_list, write_ledger
from pd_ml.marks.marking import Marks, marks
from pd_ml.marks.origin import origin_of
from pd_ml.metrics_log import read_metrics
from pd_ml.progress import Reporter
from pd_ml.provenance import (
    METRICS,
    RunRecord,
    holds_version,
    is_proven,
    read_run,
    sealed_members,
    verify_outputs,
    version_of,
    write_run,
)
from pd_ml.seeding import seed_of

Pixels = npt.NDArray[np.uint8]

REPORT = "report.json"
SAMPLES, PIXEL_NEIGHBOURS, CLIP_NEIGHBOURS = "samples.png", "nearest_by_pixels.png", "nearest_by_clip.png"
REAL_AND_DRAWN = "real_and_drawn.png"


@dataclass(frozen=True, kw_only=True)
class EvaluateJob:
    """Finished folders to measure with and on; `attributes`: the file of the colour oracle; `fid_weights`: of FID."""

    config: EvaluateConfig
    model: Path
    clip: Path
    dataset: Path
    attributes: Path | None
    fid_weights: Path | None
    out: Path
    cache: Path


class Read:
    """Which rows of the dataset's splits were read to measure, for the ledger of the report."""

    def __init__(self) -> None:
        self.rows: dict[str, Rows] = {}

    def add(self, rows: Mapping[str, Rows]) -> None:
        """These were read as well."""
        for split, more in rows.items():
            self.rows[split] = np.union1d(self.rows.get(split, more), more)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The model under evaluation, ready to draw, and all of the pictures that it may have learnt from.

    `read` notes which pictures of the dataset it is measured with.
    """

    record: RunRecord
    pipeline: DiffusionPipeline
    train: Examples
    device: torch.device
    read: Read
    marks: Marks


def evaluate(job: EvaluateJob, reporter: Reporter) -> RunRecord:
    """Make `job.out`; what is already complete is only read."""
    model, clip = _drawing_model(job.model), _finished(job.clip, "clip")
    manifest = read_manifest(job.dataset)
    require_proven_list(job.dataset)
    inputs = {"dataset": manifest.digest, model.stage: model.digest, "clip": clip.digest}
    files = {"attributes": job.attributes, "fid_weights": job.fid_weights}
    inputs |= {name: sha256_of(path) for name, path in files.items() if path}
    version = version_of("evaluate", job.config, inputs)
    if holds_version(job.out, version):
        reporter.say(f"{job.out} is already complete (version {version})")
        return read_run(job.out)
    # A key that cannot sign is told of before anything is drawn.
    marked = marks(origin_of(model))
    partial = job.out.with_name(f"{job.out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    measure = _measure_upscaler if model.stage == UPSCALER else _measure
    read = Read()
    report = measure(job, model, marked, partial, reporter, read)
    (partial / REPORT).write_text(json.dumps({**report, "inputs": inputs}, indent=1, sort_keys=True) + "\n")
    used = Used(measured=read.rows)
    scratch = partial / ".ledger"
    write_ledger(partial, job.dataset, stage=model.stage, version=model.version, used=used, scratch=scratch)
    record = RunRecord(
        stage="evaluate",
        version=version,
        config=json.loads(to_json(job.config)),
        inputs=inputs,
        dataset_version=manifest.version,
        item_count=sum(manifest.counts.values()),
        counts={"pictures_drawn": _integer(report["n"])},
        metrics=summary(report),
        environment=environment(),
        proven=model.proven and is_proven(manifest),
        members=sealed_members(manifest),
    )
    complete = write_run(partial, record)
    if job.out.is_dir():
        job.out.rmdir()
    os.replace(partial, job.out)
    # They are in report.json; sixty lines of them are for who looks on.
    for name, value in complete.metrics.items() if reporter.is_watched else ():
        reporter.say(f"{name:<60}{value:.4g}")
    return complete


def _measure(
    job: EvaluateJob, record: RunRecord, marked: Marks, folder: Path, reporter: Reporter, read: Read
) -> Numbers:
    config = job.config
    attributes = read_attributes(job.attributes) if job.attributes else ()
    to_read = attributes_to_read(job.attributes) if job.attributes else ()
    device = prepare_device(config.device, config.threads)
    network = FeatureNetwork(job.fid_weights, device) if job.fid_weights else None
    pipeline = load_pipeline(job.model, device)
    train = open_split(job.dataset, "train", image_size=picture_size_px(pipeline), cache=job.cache)
    # Every training picture is compared with what was drawn.
    read.add({"train": train.numbers})
    subject = Subject(record=record, pipeline=pipeline, train=train, device=device, read=read, marks=marked)
    sets = _sets(job, subject, reporter)
    reporter.say(f"measuring {len(sets.generated_NHWC)} pictures")
    report: Numbers = {
        "n": len(sets.generated_NHWC),
        "n_asked": config.n,
        "model_stage": record.stage,
        "model_version": record.version,
        "trained_on_this_dataset": record.inputs.get("dataset") == read_manifest(job.dataset).digest,
        "conditioned_on_this_clip": record.inputs.get("clip") == read_run(job.clip).digest,
        "sampling": asdict(config.sampling),
    }
    report |= _in_clip_space(job, subject, sets, attributes, folder)
    if sets.captions:
        reader = reader_for(sets.captions, to_read, train, seed=config.seed)
        report |= read_by(reader, sets, seed=config.seed) if reader else {}
        report |= seams(sets, record.config.get("patch_size"), record.config.get("image_size"))
    report |= _memorisation(job, subject, sets, folder, reporter)
    if network:
        report |= fid(sets, network, config.seed)
    shown = min(config.grid, len(sets.generated_NHWC))
    labels = sets.captions[:shown] or [""] * shown
    save_grid(folder / SAMPLES, sets.generated_NHWC[:shown], labels, texts=_signature(record), marks=marked)
    if sets.captions:
        _save_real_and_drawn(folder / REAL_AND_DRAWN, sets, max(1, shown // 3), record, marked)
    save_loss_curve(folder / LOSS_CURVE, read_metrics(job.model / METRICS), title=f"{record.stage} {record.version}")
    return report


def _save_real_and_drawn(path: Path, sets: Sets, count: int, record: RunRecord, marked: Marks) -> None:
    """Held-out pictures, and below each what was drawn for its caption."""
    columns = min(8, count)
    # Whole rows, so that each picture stands below its own.
    rows = [range(at, at + columns) for at in range(0, count - count % columns, columns)]
    both = [(way, at) for row in rows for way in (sets.drawn_for_NHWC, sets.generated_NHWC) for at in row]
    captions = [f"{'real' if way is sets.drawn_for_NHWC else 'drawn'}: {sets.captions[at]}" for way, at in both]
    pixels_NHWC = np.stack([way[at] for way, at in both])
    save_grid(path, pixels_NHWC, captions, texts=_signature(record), marks=marked.of_mixed(), columns=columns)


def _measure_upscaler(
    job: EvaluateJob, record: RunRecord, marked: Marks, folder: Path, reporter: Reporter, read: Read
) -> Numbers:
    """It draws no pictures of its own: held-out ones are made small, and it makes them large again."""
    config = job.config
    device = prepare_device(config.device, config.threads)
    decoded_px, side = crop_size_px(job.model)
    asked = held_out(job.dataset, job.cache, image_size=decoded_px, count=config.n, captioned=False, seed=config.seed)
    read.add(asked.rows)
    real_NHWC = centre_crops(asked.pixels_NHWC, side)
    reporter.say(f"enlarging {len(real_NHWC)} pictures")
    made = enlargements(job.model, real_NHWC, device, steps=config.sampling.sample_steps, seed=config.seed)
    save_side_by_side(folder / SAMPLES, made, config.grid // 4, marked)
    save_loss_curve(folder / LOSS_CURVE, read_metrics(job.model / METRICS), title=f"{record.stage} {record.version}")
    return {
        "n": len(real_NHWC),
        "n_asked": config.n,
        "model_stage": record.stage,
        "model_version": record.version,
        "trained_on_this_dataset": record.inputs.get("dataset") == read_manifest(job.dataset).digest,
        "sampling": asdict(config.sampling),
        "enlargement": measured(made, ClipSpace(job.clip, device), seed=config.seed),
    }


def _sets(job: EvaluateJob, subject: Subject, reporter: Reporter) -> Sets:
    """Draw, and put the real pictures beside."""
    config, size = job.config, subject.train.array_NHWC.shape[1]
    prompted = takes_prompts(subject.pipeline)
    drawn_for = held_out(job.dataset, job.cache, image_size=size, count=config.n, captioned=prompted, seed=config.seed)
    reference = held_out(
        job.dataset, job.cache, image_size=size, count=config.reference, captioned=False, seed=config.seed
    )
    subject.read.add(reference.rows)
    if prompted:
        subject.read.add(drawn_for.rows)
    captions = drawn_for.captions if prompted else ()
    order = np.random.default_rng(seed_of(config.seed, "train")).permutation(len(subject.train))[: config.reference]
    return Sets(
        generated_NHWC=_drawn(subject, config, captions, "held-out", reporter),
        captions=captions,
        drawn_for_NHWC=drawn_for.pixels_NHWC,
        held_out_NHWC=reference.pixels_NHWC,
        train_NHWC=subject.train.pixels(order),
    )


def _drawn(
    subject: Subject, config: EvaluateConfig, captions: tuple[str, ...], purpose: str, reporter: Reporter
) -> Pixels:
    """A picture for each caption; `config.n` pictures where the model takes none."""
    seed, total = seed_of(config.seed, purpose), len(captions) or config.n

    def on_drawn(done: int) -> None:
        reporter.event("progress", step=done, steps=total)

    if captions:
        return draw(
            subject.pipeline,
            captions,
            config.sampling,
            seed=seed,
            batch_size=config.batch_size,
            on_drawn=on_drawn,
        )
    return draw_unprompted(
        subject.pipeline, range(total), config.sampling, seed=seed, batch_size=config.batch_size, on_drawn=on_drawn
    )


def _in_clip_space(
    job: EvaluateJob, subject: Subject, sets: Sets, attributes: tuple[ColourAttribute, ...], folder: Path
) -> Numbers:
    config = job.config
    clip = ClipSpace(job.clip, subject.device)
    points = in_clip_space(sets, clip)
    nearest = nearest_in(points.generated_ND, points.train_ND)
    save_neighbours(
        folder / CLIP_NEIGHBOURS,
        sets.generated_NHWC,
        sets.train_NHWC,
        nearest,
        _signature(subject.record),
        subject.marks,
    )
    asked = held_out(
        job.dataset, job.cache, image_size=clip.image_size, count=config.reference, captioned=True, seed=config.seed
    )
    subject.read.add(asked.rows)
    found = {**distances(points, clip, config.seed), **clip_retrieval(asked, clip), "colour_attributes": {}}
    found |= clip_zero_shot(asked, clip, _labels(attributes, subject.train.captions, config.seed))
    if not sets.captions:
        return found
    return found | alignment(sets, points, clip, attributes, permutations=config.permutations, seed=config.seed)


def _labels(
    attributes: tuple[ColourAttribute, ...], captions: tuple[tuple[str, ...], ...], seed: int
) -> dict[str, Labels]:
    """What to ask of held-out pictures: which value of each attribute, and which label of the training captions."""
    named = {
        attribute.name: labels_of([value.phrase for value in attribute.values], captions, seed=seed)
        for attribute in attributes
    }
    return {"captions": frequent_labels(captions, seed=seed), **named}


def _memorisation(job: EvaluateJob, subject: Subject, sets: Sets, folder: Path, reporter: Reporter) -> Numbers:
    """The audit of what was drawn; a model with prompts is asked for its training captions too: the worst case."""
    train_THWC, device, seed = subject.train.array_NHWC, subject.device, seed_of(job.config.seed, "audit")
    near = nearness(sets.generated_NHWC, train_THWC, device)
    nearest = (near.distance_NK, near.number_NK)
    signature = _signature(subject.record)
    save_neighbours(folder / PIXEL_NEIGHBOURS, sets.generated_NHWC, train_THWC, nearest, signature, subject.marks)
    known = originals(train_THWC, _times_shown(job, subject), seed=seed, device=device)
    found: Numbers = {"memorisation": audit(near, sets.held_out_NHWC, known, seed=seed, device=device)}
    captions = tuple(several[0] for several in subject.train.captioned().captions)
    if not sets.captions or not captions:
        return found
    order = np.random.default_rng(seed).permutation(len(captions))[: job.config.audit]
    drawn_NHWC = _drawn(subject, job.config, tuple(captions[i] for i in order), "training captions", reporter)
    worst = nearness(drawn_NHWC, train_THWC, device)
    return found | {"memorisation_training_captions": audit(worst, sets.held_out_NHWC, known, seed=seed, device=device)}


def _times_shown(job: EvaluateJob, subject: Subject) -> Counts | str:
    """How often the model was shown each training picture, or why that is not known."""
    if subject.record.inputs.get("dataset") != read_manifest(job.dataset).digest:
        return "the model was trained on another dataset than the one that it is measured on"
    return times_shown(job.model, subject.train.item_ids)


def _signature(record: RunRecord) -> Mapping[str, str]:
    return {"pd_model": record.stage, "pd_model_version": record.version, "pd_model_digest": record.digest}


def _drawing_model(folder: Path) -> RunRecord:
    record = verify_outputs(folder)
    if not (folder / "model_index.json").is_file():
        raise ProvenanceError(f"{folder}: a {record.stage} model draws no pictures; give a folder of a U-Net stage")
    return record


def _finished(folder: Path, stage: str) -> RunRecord:
    record = verify_outputs(folder)
    if record.stage != stage:
        raise ProvenanceError(f"{folder}: a {record.stage} model, expected {stage}")
    return record


def summary(report: Mapping[str, object]) -> dict[str, float]:
    """The few numbers that a table of runs shows."""
    shown = (
        ".accuracy",
        ".p",
        ".recall",
        ".chance",
        ".generated",
        ".floor_real_vs_real",
        ".precision",
        ".coverage",
        ".share",
        ".expected_share",
        ".psnr_db",
        ".ssim",
        "gain_db.value",
        "mmd_gain.value",
        *(f"paired_mmd.{way}.value" for way in ("expected", "drawn", "bicubic")),
    )
    in_clip = ("clip_retrieval", "clip_zero_shot", "clip_score")
    of_captions = ("colour_attributes", "read_attributes", *in_clip)
    measures = (*of_captions, "seam", "mmd", "kid", "prdc", "fid", "memorisation", "enlargement")
    return {
        path: value
        for name, entry in report.items()
        if name.startswith(measures)
        for path, value in _numbers(entry, name)
        if path.endswith(shown)
    }


def _numbers(value: object, path: str) -> list[tuple[str, float]]:
    if isinstance(value, dict):
        return [pair for name, inner in value.items() for pair in _numbers(inner, f"{path}.{name}")]
    return [(path, float(value))] if isinstance(value, int | float) else []


def _integer(value: object) -> int:
    assert isinstance(value, int)
    return value
