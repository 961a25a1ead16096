"""The upscaler beside bicubic enlargement, on held-out pictures of 64 px made small by Pillow's bicubic filter.

    python -m tests.bench.superres --work FOLDER [--pictures FOLDER] [--steps N]

One upscaler is trained on paintings of the sandbox, one on real ones (--pictures: a folder with `metadata.jsonl`). Each
is measured on held-out pictures of both kinds: PSNR and SSIM of its expected picture (one step, deterministic), and how
far sets of pictures are from other real ones in the space of a CLIP of ours. What is done is not done again.
"""

import argparse
import hashlib
import random
import resource
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from pd_assets.lib.sandbox.painting import Painting
from pd_assets.lib.sandbox.scenes import scene
from pd_ml.command_line import main as pd_ml
from pd_ml.data import shards
from pd_ml.data.loader import open_split
from pd_ml.diffusion.upscale import enlarge, load_upscaler
from pd_ml.evaluation.clip_space import ClipSpace
from pd_ml.evaluation.distribution import median_distance, mmd
from pd_ml.evaluation.grid import Pixels, save_grid
from pd_ml.evaluation.reconstruction import fidelity
from tests.bench.art import write_dataset as write_art

SIZE_PX = 64
SANDBOX_COUNTS = {"train": 2000, "validation": 128, "test": 512}
CLIP = ("patch_size=8", "batch_size=128", "steps=150", "validate_every_steps=150")
TOKENIZER = (f"vision_image_size={SIZE_PX}",)
CPU = torch.device("cpu")
Kind = str


@dataclass(frozen=True, kw_only=True)
class Found:
    """What one upscaler does on one kind of pictures; gains are over bicubic enlargement."""

    psnr_db: float
    psnr_gain_db: float
    ssim: float
    ssim_gain: float
    mmd_drawn: float
    mmd_expected: float
    mmd_bicubic: float
    mmd_floor: float
    pictures: int
    cpu_s: float


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


def resized(pixels_NHWC: Pixels, side: int) -> Pixels:
    """By Pillow's bicubic filter."""
    size = (side, side)
    return np.stack([np.asarray(Image.fromarray(one).resize(size, Image.Resampling.BICUBIC)) for one in pixels_NHWC])


def measure(work: Path, model: Kind, pictures: Kind, dataset: Path) -> Found:
    """One upscaler on one kind of pictures. For MMD one half is enlarged and compared with the other as it is."""
    began_s = _cpu_s()
    pipeline, _ = load_upscaler(model_of(work, model), CPU)
    real_NHWC = held_out(work, dataset)
    small_NhwC = resized(real_NHWC, SIZE_PX // 4)
    bicubic_NHWC = resized(small_NhwC, SIZE_PX)
    expected_NHWC = enlarge(pipeline, small_NhwC, steps=1, seed=0)
    half = len(real_NHWC) // 2
    drawn_NHWC = enlarge(pipeline, small_NhwC[:half], steps=20, seed=0)
    space = ClipSpace(work / f"{pictures}-clip", CPU)
    reference_RD = space.images(real_NHWC[half:])
    width = median_distance(reference_RD)
    sets = (drawn_NHWC, expected_NHWC[:half], bicubic_NHWC[:half], real_NHWC[:half])
    drawn, expected, bicubic, floor = (mmd(space.images(one), reference_RD, width=width) for one in sets)
    rows = np.concatenate([one[:8] for one in (bicubic_NHWC, expected_NHWC, drawn_NHWC, real_NHWC)])
    names = [name for name in ("bicubic", "expected", "drawn", "original") for _ in range(8)]
    save_grid(work / f"{model}-on-{pictures}.png", rows, names, texts={}, columns=8)
    ours, theirs = fidelity(expected_NHWC, real_NHWC), fidelity(bicubic_NHWC, real_NHWC)
    return Found(
        psnr_db=ours.psnr_db,
        psnr_gain_db=ours.psnr_db - theirs.psnr_db,
        ssim=ours.ssim,
        ssim_gain=ours.ssim - theirs.ssim,
        mmd_drawn=drawn,
        mmd_expected=expected,
        mmd_bicubic=bicubic,
        mmd_floor=floor,
        pictures=len(real_NHWC),
        cpu_s=_cpu_s() - began_s,
    )


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
            print(f"\ntrained on {model}, {found.pictures} held-out pictures of {pictures}, {found.cpu_s:.0f} CPU-s")
            print(f"  expected picture: PSNR {found.psnr_db:.2f} dB ({found.psnr_gain_db:+.2f} over bicubic), ", end="")
            print(f"SSIM {found.ssim:.4f} ({found.ssim_gain:+.4f})")
            print(
                f"  MMD to other real pictures: drawn {found.mmd_drawn:.5f}, expected {found.mmd_expected:.5f}, ",
                end="",
            )
            print(f"bicubic {found.mmd_bicubic:.5f}, real {found.mmd_floor:.5f}", flush=True)
            promised_db = {"sandbox": 1.0, "art": 0.3}[pictures]
            if model == pictures and found.psnr_gain_db < promised_db:
                short.append(f"{pictures}: {found.psnr_gain_db:.2f} dB over bicubic, promised {promised_db}")
            if model == pictures and found.mmd_drawn >= found.mmd_bicubic:
                short.append(f"{pictures}: drawn pictures are not nearer to the real ones than bicubic ones")
    if short:
        raise SystemExit("; ".join(short))


if __name__ == "__main__":
    main()
