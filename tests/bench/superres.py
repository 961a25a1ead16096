"""The upscaler beside bicubic enlargement, on held-out pictures of 64 px made small by Pillow's bicubic filter.

    python -m tests.bench.superres --work FOLDER [--pictures FOLDER] [--steps N]

One upscaler is trained on paintings of the sandbox, one on real ones (--pictures: a folder with `metadata.jsonl`). Each
is measured on held-out pictures of both kinds: PSNR and SSIM of its expected picture (one step, deterministic), and how
far what it draws is from the real pictures in the space of a CLIP of ours. What is done is not done again.
"""

import argparse
import hashlib
import random
import resource
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pd_assets.sandbox.painting import Painting
from pd_assets.sandbox.scenes import scene
from pd_ml.command_line import main as pd_ml
from pd_ml.data import shards
from pd_ml.data.loader import open_split
from pd_ml.data.pixels import Pixels
from pd_ml.evaluation.clip_space import ClipSpace
from pd_ml.evaluation.enlargement import enlargements, measured, save_side_by_side
from pd_ml.marks.marking import preview_marks
from tests.bench.art import write_dataset as write_art

SIZE_PX = 64
SANDBOX_COUNTS = {"train": 2000, "validation": 128, "test": 1152}
CLIP = ("patch_size=8", "batch_size=128", "steps=150", "validate_every_steps=150")
TOKENIZER = (f"vision_image_size={SIZE_PX}",)
PROMISED_DB = {"sandbox": 1.0, "art": 0.3}
LARGEST_P = 0.01
CPU = torch.device("cpu")
Kind = str


@dataclass(frozen=True, kw_only=True)
class Found:
    """What one upscaler does on one kind of pictures, as `evaluate` reports it."""

    numbers: Mapping[str, Any]
    cpu_s: float

    def lines(self) -> Iterator[str]:
        told, gain = self.numbers, self.numbers["gain_db"]
        yield (
            f"  expected picture: PSNR {told['expected']['psnr_db']:.2f} dB, {gain['value']:+.2f} +- "
            f"{gain['standard_error']:.2f} over bicubic; SSIM {told['expected']['ssim']:.4f}, of bicubic "
            f"{told['bicubic']['ssim']:.4f}"
        )
        far = {name: f"{one['value']:.2e} +- {one['standard_error']:.1e}" for name, one in told["paired_mmd"].items()}
        yield "  MMD to the real pictures (0): " + ", ".join(f"{name} {value}" for name, value in far.items())
        nearer = told["mmd_gain"]
        yield (
            f"  drawn nearer than bicubic by {nearer['value']:.2e} +- {nearer['standard_error']:.1e}, "
            f"p = {nearer['p']:.1e}; {nearer['n']} pictures, {self.cpu_s:.0f} CPU-s"
        )

    def shortfalls(self, kind: Kind) -> Iterator[str]:
        """What is promised and not met."""
        gain, nearer = self.numbers["gain_db"], self.numbers["mmd_gain"]
        if gain["value"] < PROMISED_DB[kind]:
            yield f"{kind}: {gain['value']:.2f} dB over bicubic, promised {PROMISED_DB[kind]}"
        if nearer["p"] > LARGEST_P:
            yield f"{kind}: drawn pictures are not nearer to the real ones than bicubic ones (p = {nearer['p']:.2g})"


def write_sandbox(folder: Path) -> Path:
    """Paintings of the sandbox as a finished dataset."""
    if (folder / shards.MANIFEST).is_file():
        return folder
    rng = random.Random(0)
    infos: list[shards.ShardInfo] = []
    for split, count in SANDBOX_COUNTS.items():
        infos += shards.write_shards([_row(rng, f"{split}:{number}") for number in range(count)], folder, split)
    digest = shards.digest_of(infos)
    manifest = shards.Manifest(
        name="sandbox", version=digest[:16], digest=digest, shards=tuple(infos), counts=dict(SANDBOX_COUNTS)
    )
    shards.write_manifest(folder, manifest)
    return folder


def _row(rng: random.Random, name: str) -> dict[str, object]:
    shown = scene(rng)
    encoded = Painting(scene=shown).read()
    captions = [shown.caption(template) for template in range(2)]
    return {
        "image": encoded,
        "caption": captions[0],
        "captions": captions,
        "item_id": f"sandbox:{name}",
        "sha256": hashlib.sha256(encoded).hexdigest(),
        "rule_id": "bench",
        "page_url": "",
        "label_licence": "",
        "width": 256,
        "height": 256,
    }


def _run(*arguments: object) -> float:
    """CPU seconds of one command; a failure ends the benchmark."""
    before_s = _cpu_s()
    code = pd_ml([str(argument) for argument in arguments])
    if code:
        raise SystemExit(code)
    return _cpu_s() - before_s


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _settings(values: Sequence[str]) -> list[str]:
    return [part for value in values for part in ("--set", value)]


def train(work: Path, kind: Kind, dataset: Path, settings: Sequence[str]) -> dict[str, float]:
    """Tokenizer, CLIP and upscaler of one kind; CPU seconds of each."""
    base = ["--recipe", "debug", "--dataset", dataset]
    tokenizer, clip = work / f"{kind}-tokenizer", work / f"{kind}-clip"
    input_ = ["--input", f"tokenizer={tokenizer}"]
    return {
        "tokenizer": _run("train", "tokenizer", *base, "--out", tokenizer, *_settings(TOKENIZER)),
        "clip": _run("train", "clip", *base, *input_, "--out", clip, *_settings(CLIP)),
        "super_resolution": _run(
            "train", "super_resolution", *base, "--out", model_of(work, kind), *_settings(settings)
        ),
    }


def model_of(work: Path, kind: Kind) -> Path:
    return work / f"{kind}-super_resolution"


def held_out(work: Path, dataset: Path) -> Pixels:
    """Validation and test pictures, NHWC: nothing was chosen by them."""
    splits = [open_split(dataset, split, image_size=SIZE_PX, cache=work / ".cache") for split in ("validation", "test")]
    return np.concatenate([examples.pixels(range(len(examples))) for examples in splits])


def measure(work: Path, model: Kind, pictures: Kind, dataset: Path) -> Found:
    """One upscaler on one kind of pictures."""
    began_s = _cpu_s()
    made = enlargements(model_of(work, model), held_out(work, dataset), CPU, steps=20, seed=0)
    save_side_by_side(work / f"{model}-on-{pictures}.png", made, 8, preview_marks("super_resolution"))
    return Found(numbers=measured(made, ClipSpace(work / f"{pictures}-clip", CPU), seed=0), cpu_s=_cpu_s() - began_s)


def main() -> None:
    """Train what is missing and print the table; exit 1 where a number falls short of what is promised."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, metavar="DIR")
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="real paintings; without it only the sandbox")
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", help="change the debug recipe")
    parsed = parser.parse_args()
    work: Path = parsed.work
    datasets = {"sandbox": write_sandbox(work / "sandbox")}
    if parsed.pictures:
        datasets["art"] = write_art(parsed.pictures, work / "art")
    for kind, dataset in datasets.items():
        spent_s = train(work, kind, dataset, parsed.set)
        print(f"{kind}: " + ", ".join(f"{stage} {seconds:.0f} CPU-s" for stage, seconds in spent_s.items()), flush=True)
    short: list[str] = []
    for model in datasets:
        for pictures, dataset in datasets.items():
            found = measure(work, model, pictures, dataset)
            print(f"\ntrained on {model}, held-out pictures of {pictures}", *found.lines(), sep="\n", flush=True)
            if model == pictures:
                short += found.shortfalls(pictures)
    if short:
        raise SystemExit("; ".join(short))


if __name__ == "__main__":
    main()
