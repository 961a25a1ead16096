"""A little bundle's facts on disk, by the parts that write real ones; no torch, no training.

`bundle(folder)` gives a folder with every fact and no paper: `pd_ml.bundle.papers.write_papers(folder)` adds those.
Of 24 pictures of two archives 16 are trained on, 4 are for validation and 4 for the test.
"""

import hashlib
import json
import shutil
import struct
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from pd_ml import ledger
from pd_ml.bundle import facts, layout
from pd_ml.data import shards
from pd_ml.provenance import HELD, LEDGER, MEASURED_WITH, MEMBERS, RUN, TRAINED_ON, RunRecord, write_run
from pd_ml.recipes import STAGE_INPUTS

Labels = Literal["cc0", "mixed", "none"]
PICTURES = 24
HELD_BACK = 4
WITHOUT_PROMPTS = ("unet", "latent_unet", "super_resolution", "vae", "latents")
PIPELINES = {
    "unet": "DDPMPipeline",
    "unet_text": "PdTextToImagePipeline",
    "transformer": "PdTransformerPipeline",
    "latent_unet": "PdLatentPipeline",
    "latent_diffusion": "StableDiffusionPipeline",
    "super_resolution": "PdUpscalePipeline",
}
CODE = {
    "unet_text": "pipeline",
    "transformer": "transformer_pipeline",
    "latent_unet": "latent_pipeline",
    "super_resolution": "upscale_pipeline",
}
RULES = ("accept-free-work", "accept-old-work-released")
CONFIGS = {"tokenizer": {"text_max_position_embeddings": 48}, "super_resolution": {"image_size": 256, "crop_size": 128}}


@dataclass(frozen=True, kw_only=True)
class Made:
    """`labels` of the captions that were shown; `datasets` 2: the first models of the chain learnt from another.

    `is_evaluated_on_newer`: the whole chain learnt from the first, and the evaluation alone is of the newest, in which
    each page has another revision; of the pictures for validation the model's own training did not look at HELD_BACK.
    """

    stage: str = "unet_text"
    labels: Labels = "mixed"
    datasets: int = 1
    pictures: int = PICTURES
    is_evaluated_on_newer: bool = False


def bundle(
    folder: Path,
    stage: str = "unet_text",
    *,
    labels: Labels = "mixed",
    datasets: int = 1,
    pictures: int = PICTURES,
    is_evaluated_on_newer: bool = False,
    evaluation: Mapping[str, Any] | None = None,
    **release: object,
) -> Path:
    """Write every fact of a bundle of `stage` into `folder`; `release` are fields of `release.json`."""
    made = Made(
        stage=stage,
        labels=labels,
        datasets=datasets,
        pictures=pictures,
        is_evaluated_on_newer=is_evaluated_on_newer,
    )
    # A model that is made of no other has one dataset.
    versions = [write_dataset(folder, number, made) for number in range(datasets if STAGE_INPUTS[stage] else 1)]
    runs: dict[str, RunRecord] = {}
    rows: list[dict[str, Any]] = []
    for name in chain_of(stage):
        # Only the model itself and its evaluation are of the newest dataset.
        manifest = versions[-1] if name == stage and not is_evaluated_on_newer else versions[0]
        inputs = {"dataset": manifest.digest, **{one: runs[one].digest for one in STAGE_INPUTS[name]}}
        runs[name], own = train(folder, name, manifest, inputs, made)
        rows += own
    rows += evaluate(folder, runs[stage], versions[-1], made, evaluation or report(runs[stage]))
    write_bundle_ledger(folder, rows)
    shutil.copy(place_of(folder, runs[stage]) / RUN, folder / RUN)
    told = {**release_of(runs, versions, made), **release}
    (folder / layout.RELEASE).write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")
    return folder


def chain_of(stage: str) -> list[str]:
    """The stages that a model is made of, in the order of their making."""
    found: list[str] = []
    for before in STAGE_INPUTS[stage]:
        found += [one for one in chain_of(before) if one not in found]
    return [*found, stage]


def write_dataset(folder: Path, number: int, made: Made) -> shards.Manifest:
    """The manifest of one version; each version has a picture more for the test than the one before."""
    counts = {"train": 0, "validation": 0, "test": 0}
    for item in range(made.pictures + number):
        counts[split_of(item)] += 1
    infos = tuple(
        shards.ShardInfo(path=shards.shard_name(split, 0), split=split, rows=rows, size_bytes=rows * 1000,
                         sha256=sha256(f"{split} {rows}"))
        for split, rows in counts.items()
    )  # fmt: skip
    digest = shards.digest_of(infos)
    manifest = shards.Manifest(
        name="main",
        version=digest[:16],
        digest=digest,
        shards=infos,
        counts=counts,
        facts={
            "labels": "cc0" if made.labels == "cc0" else "all",
            "max_side": 1280,
            "profile": "strict",
            MEMBERS: sha256(f"members {number}"),
            "proven": True,
            "rules": dict(sorted(Counter(map(rule_of, range(sum(counts.values())))).items())),
            "sources": dict(sorted(Counter(map(source_of, range(sum(counts.values())))).items())),
            "selection": {"minimum_side": 0, "per_artist": 0},
            "skipped": [],
        },
    )
    place = folder / layout.CHAIN / f"dataset-{manifest.version}"
    place.mkdir(parents=True)
    shards.write_manifest(place, manifest)
    return manifest


def train(
    folder: Path, stage: str, manifest: shards.Manifest, inputs: Mapping[str, str], made: Made
) -> tuple[RunRecord, list[dict[str, Any]]]:
    """A model folder as a training leaves it, of which the bundle keeps what it keeps; its rows of the ledger."""
    version = sha256(f"{stage} {sorted(inputs.items())}")[:16]
    rows = list(rows_of(stage, version, sum(manifest.counts.values()), made))
    model = folder / "in the making"
    model.mkdir(parents=True)
    write_ledger(model / LEDGER, rows)
    if stage in PIPELINES:
        write_pipeline(model, stage)
    else:
        (model / "model.safetensors").write_bytes(safetensors(stage))
    (model / "train_config.json").write_text(json.dumps({"image_size": 16, "training": {"steps": 4}}) + "\n")
    learnt = [row for row in rows if row["relation"] == TRAINED_ON]
    record = write_run(
        model,
        RunRecord(
            stage=stage,
            version=version,
            config=CONFIGS.get(stage, {"image_size": 16, "training": {"steps": 4, "batch_size": 8}}),
            inputs=inputs,
            dataset_version=manifest.version,
            item_count=sum(manifest.counts.values()),
            proven=True,
            counts={
                "images_seen": sum(row["times_shown"] for row in learnt),
                "pictures_trained_on": len(learnt),
                "steps": 4,
            },
            metrics={"tokens_per_caption": 12.5} if stage == "tokenizer" else {"train_loss": 0.5},
            environment={"torch": "2.13.0", "python": "3.11.7", "project": "0.1.0", "commit": "0" * 40},
            members=str(manifest.facts[MEMBERS]),
            level="kernel",
            room={"seccomp": True, "root": "own", "network": "own", "landlock": 7, "processes": 1},
        ),
    )
    place = place_of(folder, record)
    place.mkdir(parents=True)
    shutil.copy(model / RUN, place / RUN)
    shutil.copy(model / LEDGER, place / layout.CHAIN_LEDGER)
    if stage == made.stage:
        for name in (RUN, LEDGER):
            (model / name).unlink()
        model.rename(folder / layout.PIPELINE)
    else:
        shutil.rmtree(model)
    return record, rows


def write_pipeline(model: Path, stage: str) -> None:
    """The files of a diffusers pipeline, with weights of four numbers."""
    index = {"_class_name": PIPELINES[stage], "_diffusers_version": "0.42.1"}
    (model / "model_index.json").write_text(json.dumps(index) + "\n")
    denoiser = "transformer" if stage == "transformer" else "unet"
    parts = {denoiser: "diffusion_pytorch_model", **({"text_encoder": "model"} if stage not in WITHOUT_PROMPTS else {})}
    for part, name in parts.items():
        (model / part).mkdir()
        (model / part / f"{name}.safetensors").write_bytes(safetensors(f"{stage} {part}"))
        (model / part / "config.json").write_text(json.dumps({"sample_size": 16}) + "\n")
    if stage in CODE:
        shutil.copy(Path(facts.__file__).parents[1] / "diffusion" / f"{CODE[stage]}.py", model / "pipeline.py")
    if stage == "transformer":
        shutil.copy(Path(facts.__file__).parents[1] / "models" / "pd_transformer.py", model / "transformer")


def safetensors(seed: str) -> bytes:
    """A tensor `weight` of four floats: https://github.com/huggingface/safetensors#format"""
    head = json.dumps({"weight": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    values = [byte / 255 for byte in hashlib.sha256(seed.encode()).digest()[:4]]
    return struct.pack("<Q", len(head)) + head + struct.pack("<4f", *values)


def evaluate(
    folder: Path, model: RunRecord, manifest: shards.Manifest, made: Made, found: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The evaluation's record, and its rows of the bundle's ledger: held-out pictures that it looked at."""
    place = folder / "in the making"
    place.mkdir()
    inputs = {"dataset": manifest.digest, model.stage: model.digest, "clip": model.inputs.get("clip", sha256("clip"))}
    rows = list(rows_of(model.stage, model.version, sum(manifest.counts.values()), made, is_evaluation=True))
    write_ledger(place / LEDGER, rows)
    told = {**found, "inputs": inputs, "trained_on_this_dataset": model.inputs["dataset"] == manifest.digest}
    (place / "report.json").write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")
    Image.new("L", (1, 1)).save(place / layout.SAMPLES)
    record = write_run(
        place,
        RunRecord(
            stage="evaluate",
            version=sha256(f"evaluate {sorted(inputs.items())}")[:16],
            config={"n": 8},
            inputs=inputs,
            dataset_version=manifest.version,
            item_count=sum(manifest.counts.values()),
            proven=True,
            counts={"pictures_drawn": 8},
            members=str(manifest.facts[MEMBERS]),
        ),
    )
    (place / "report.json").rename(folder / layout.EVALUATION)
    (place / layout.SAMPLES).rename(folder / layout.SAMPLES)
    place.rename(place_of(folder, record))
    return rows


def place_of(folder: Path, record: RunRecord) -> Path:
    """Where the bundle keeps what is known of a model."""
    return folder / layout.CHAIN / f"{record.stage}-{record.version}"


def split_of(number: int) -> str:
    return {4: "validation", 5: "test"}.get(number % 6, "train")


def rows_of(
    stage: str, version: str, pictures: int, made: Made, *, is_evaluation: bool = False
) -> Iterator[dict[str, Any]]:
    """A training's ledger (`held` rows too), in the order of items."""
    for number in sorted(range(pictures), key=item_of):
        split, is_museum = split_of(number), number % 3 == 2
        is_held_back = number == HELD_BACK and stage == made.stage and made.is_evaluated_on_newer
        if is_evaluation:
            relation = MEASURED_WITH
        elif is_held_back or stage == "latents" or split == "test" or (stage == "tokenizer" and split == "validation"):
            relation = HELD
        else:
            relation = TRAINED_ON if split == "train" else MEASURED_WITH
        is_shown = relation == TRAINED_ON
        yield {
            "stage": stage,
            "version": version,
            "item_id": item_of(number),
            "sha256": sha256(f"picture {number}"),
            "stored_sha256": sha256(f"stored {number}"),
            "split": split,
            "relation": relation,
            # The tokenizer reads every caption once; elsewhere one goes with each showing.
            "times_shown": (1 if stage == "tokenizer" else 2 + number % 2) if is_shown else 0,
            "captions": captions_of(number, stage, made) if is_shown else [],
            "page_url": f"https://museum.example/object/{number}" if is_museum else page_url(number),
            "revid": None if is_museum else 5000 + number + int(is_evaluation and made.is_evaluated_on_newer),
            "rule_id": rule_of(number),
            "evidence_digest": sha256(f"evidence {number}"),
        }


def item_of(number: int) -> str:
    return f"smithsonian:edanmdm-{number}:0" if number % 3 == 2 else f"commons:M{1000 + number}"


def source_of(number: int) -> str:
    return item_of(number).partition(":")[0]


def rule_of(number: int) -> str:
    return "accept-museum-work" if number % 3 == 2 else RULES[number % 2]


def page_url(number: int) -> str:
    """Of a wiki with short addresses, and of one without."""
    title = f'File:House,_"old"_({number})_&_caf\u00e9.jpg'
    return f"https://wiki.example/wiki/{title}" if number % 2 else f"https://wiki.example/w/index.php?title={title}"


def captions_of(number: int, stage: str, made: Made) -> list[dict[str, Any]]:
    """Those of museums are free; of the wiki's, every other has a text under CC BY-SA beside one that is free."""
    if made.labels == "none" or stage in WITHOUT_PROMPTS:
        return []
    is_share_alike = made.labels == "mixed" and number % 3 == 0
    licences = [layout.CC0, *([layout.BY_SA] if is_share_alike else [])]
    return [{"number": place, "licence": one, "times_shown": 1} for place, one in enumerate(licences)]


def write_ledger(path: Path, rows: list[dict[str, Any]]) -> None:
    """A training's ledger."""
    pq.write_table(pa.Table.from_pylist(rows, schema=ledger.SCHEMA), path, write_page_checksum=True)


def write_bundle_ledger(folder: Path, rows: list[dict[str, Any]]) -> None:
    """The bundle's: without what nothing looked at, with what the archives tell.

    The trainings' rows come first: what a model learnt from stays so, whoever looked at it afterwards.
    """
    looked_at: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in rows:
        if row["relation"] != HELD:
            looked_at.setdefault((row["item_id"], row["stage"], row["version"]), row)
    told = [
        {
            **row,
            layout.SOURCE: row["item_id"].partition(":")[0],
            layout.MEDIA_HOST: "ids.museum.example" if row["revid"] is None else "upload.wiki.example",
            layout.SIZE_BYTES: 1000 + len(row["page_url"]),
            layout.SEEN_ON: "2026-10-31" if row["revid"] is None else "2026-11-02",
        }
        for _, row in sorted(looked_at.items())
    ]
    pq.write_table(pa.Table.from_pylist(told, schema=facts.SCHEMA), folder / layout.LEDGER, write_page_checksum=True)


def release_of(runs: Mapping[str, RunRecord], versions: list[shards.Manifest], made: Made) -> dict[str, Any]:
    """What the operator says and the house knows."""
    return {
        "format_version": layout.FORMAT_VERSION,
        "bundle": "0123456789abcdef",
        "stage": made.stage,
        "version": runs[made.stage].version,
        "released_on": "2026-11-30",
        "provider": "Example Studio",
        "contact": "releases@studio.example",
        "representative": "",
        "follows_code": False,
        "profile": "strict",
        "ruleset_version": "25",
        "labels": "cc0" if made.labels == "cc0" else "all",
        "language": "en",
        "free_licence": layout.OPENMDW,
        "user_agent": "public-domain-diffusion/0.1 (releases@studio.example)",
        "project_version": "0.1.0",
        "commit": "0" * 40,
        "download_url": "",
        "is_continued": True,
        "taken_down": 1,
        "languages": {} if made.labels == "none" else {"": 5, "en": 30, "de": 10},
        "label_credits": {},
        "label_origins": {} if made.labels == "none" else {"mediainfo": 15, "wikitext": 30},
        "refused": {"quarantine date-contradicts": 3, "reject living-person": 2, "reject tag-with-conditions": 40},
        "training_flop": {f"{run.stage} {run.version}": 1.5e12 for run in runs.values()},
        "audit": {},
        "previous": [],
        "detector": "python -m pd_ml detect PICTURE, of the project that this model was made with",
    }


def report(model: RunRecord) -> dict[str, Any]:
    """`report.json` of an evaluation, without the measures that no paper treats apart."""
    head = {
        "model_stage": model.stage,
        "model_version": model.version,
        "n": 8,
        "n_asked": 8,
        "sampling": {"guidance_scale": 2.0, "sample_steps": 20},
        "trained_on_this_dataset": True,
    }
    measured_by = {"clip": model.inputs.get("clip", sha256("clip"))}
    if model.stage == "super_resolution":
        gain = {"n": 8, "p": 0.01, "standard_error": 0.1, "value": 1.25}
        ways = {"bicubic": 24.0, "drawn": 24.5, "expected": 25.25}
        fidelity = {way: {"n": 8, "psnr_db": value, "ssim": 0.75} for way, value in ways.items()}
        paired = {"paired_mmd": dict.fromkeys(ways, gain), "mmd_gain": gain, "mmd_kernel_width": 1.0}
        return head | {"enlargement": {**fidelity, "gain_db": gain, **paired, "measured_by": measured_by}}
    share = {"copies": 0, "flagged": False, "high": 0.3, "low": 0.0, "n": 8, "p": 1.0, "share": 0.0}
    memorisation = {
        "control_copies": {**share, "copies": 8, "flagged": True, "low": 0.7, "high": 1.0, "p": 1e-9, "share": 1.0},
        "control_held_out": share,
        "generated": share,
        "measured_by": "pixels",
        "median_distance": {"generated": 0.25, "held_out": 0.15},
        "thresholds": {"calibrated_on": 4, "distance": 0.1, "expected_share": 0.2, "ratio": 0.5},
        "training_pictures": 16,
    }
    floors = {"floor_real_vs_real": -0.001, "floor_std": 0.002, "generated": 0.015, "n": 8, "p": 0.25, "reference_n": 8}
    kept = head | {"memorisation": memorisation, "kid": {**floors, "measured_by": measured_by}}
    if model.stage in WITHOUT_PROMPTS:
        return kept
    score = {"n": 8, "null_mean": 0.02, "null_std": 0.03, "p": 0.002, "permutations": 500, "value": 0.7}
    recall = {f"recall_at_{at}": {"at": at, "chance": at / 8, "n": 8, "recall": 0.5} for at in (1, 5)}
    return kept | {
        "memorisation_training_captions": memorisation,
        "clip_score": {"generated": score, "real": {**score, "value": 0.75}, "measured_by": measured_by},
        "clip_retrieval": {"image_to_text": recall, "text_to_image": recall, "measured_by": measured_by},
        "conditioned_on_this_clip": True,
    }


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
