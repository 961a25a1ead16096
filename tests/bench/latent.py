"""The autoencoder and the latent text-to-image model on the sandbox's paintings: what they reach, and what it costs.

    python -m tests.bench.latent --work FOLDER [--control]

Prints the held-out PSNR of the VAE at f=4 beside its baselines, sky and ground accuracy of pictures drawn for held-out
captions, and, with --control, the same after a training whose captions were dealt out at random. Every training's
CPU-seconds are printed. What is done already is not done again.
"""

import argparse
import json
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from pd_assets.sandbox.painting import Painting
from pd_assets.sandbox.scenes import CAPTIONS, attributes, scene
from pd_ml.data import shards
from pd_ml.metrics_log import read_metrics

COUNTS = {"train": 1800, "validation": 128, "test": 128}
PAINTED_PX = 128
VAE_BUDGET_S, LEAST_PSNR_DB, LEAST_ACCURACY = 15 * 60, 26.0, 0.9


def write_dataset(folder: Path, counts: Mapping[str, int] = COUNTS, *, shuffled_captions: bool = False) -> Path:
    """Sandbox paintings with two of their captions each, `counts` of each split in its order.

    `shuffled_captions` deals the captions out at random.
    """
    if (folder / shards.MANIFEST).is_file():
        return folder
    rows = list(_rows(sum(counts.values())))
    if shuffled_captions:
        order = np.random.default_rng(1).permutation(len(rows))
        rows = [{**row, **_captions_of(rows[at])} for row, at in zip(rows, order, strict=True)]
    infos: list[shards.ShardInfo] = []
    remaining = iter(rows)
    for split, count in counts.items():
        infos += shards.write_shards([next(remaining) for _ in range(count)], folder, split)
    digest = shards.digest_of(infos)
    shards.write_manifest(
        folder,
        shards.Manifest(name="sandbox", version=digest[:16], digest=digest, shards=tuple(infos), counts=dict(counts)),
    )
    return folder


def _rows(count: int) -> Iterator[dict[str, object]]:
    rng = random.Random(0)
    for number in range(count):
        painted = scene(rng)
        jpeg = Painting(scene=painted, width=PAINTED_PX, height=PAINTED_PX).read()
        captions = [painted.caption((number + offset) % len(CAPTIONS)) for offset in range(2)]
        yield {
            "image": jpeg,
            "caption": captions[0],
            "captions": captions,
            "item_id": f"sandbox:{number}",
            "sha256": f"{number:064x}",
            "rule_id": "sandbox",
            "page_url": "https://sandbox.invalid",
            "label_licence": "CC0-1.0",
            "width": PAINTED_PX,
            "height": PAINTED_PX,
        }


def _captions_of(row: dict[str, object]) -> dict[str, object]:
    return {"caption": row["caption"], "captions": row["captions"]}


def trained(
    work: Path, stage: str, dataset: Path, inputs: dict[str, Path], name: str = "", changes: Sequence[str] = ()
) -> Path:
    """The finished folder of `stage` under the recipe debug; `changes` of it are FIELD=VALUE."""
    out = work / (name or stage)
    given = [part for source, folder in inputs.items() for part in ("--input", f"{source}={folder}")]
    given += [part for change in changes for part in ("--set", change)]
    run("train", stage, "--recipe", "debug", "--dataset", str(dataset), *given, "--out", str(out))
    return out


def cpu_s(folder: Path) -> float:
    """What the process that finished a training has spent, by the training's own metrics."""
    spent = [row["process_cpu_s"] for row in read_metrics(folder / "metrics.jsonl") if "process_cpu_s" in row]
    return spent[-1]


def accuracies(work: Path, model: Path, clip: Path, dataset: Path) -> dict[str, dict[str, float]]:
    """What the colour oracle says of pictures for held-out captions, by attribute."""
    out = work / f"{model.name}-report"
    (work / "attributes.json").write_text(json.dumps(attributes()))
    given = ["--model", str(model), "--clip", str(clip), "--dataset", str(dataset), "--out", str(out)]
    run("evaluate", *given, "--attributes", str(work / "attributes.json"), "--set", "permutations=200")
    report = json.loads((out / "report.json").read_text())
    return {name: entry["generated"] for name, entry in report["colour_attributes"].items()}


def run(*arguments: str) -> None:
    """The command in a process of its own, so that its CPU-seconds are its own."""
    subprocess.run([sys.executable, "-m", "pd_ml", *arguments], stdout=subprocess.DEVNULL, check=True)


def latent_model(work: Path, dataset: Path, clip: Path, vae: Path, name: str) -> Path:
    """Latents of `dataset`, and the text-conditioned model of them."""
    latents = trained(work, "latents", dataset, {"vae": vae, "clip": clip}, f"{name}-latents")
    return trained(work, "latent_diffusion", dataset, {"latents": latents, "vae": vae, "clip": clip}, f"{name}-model")


def main() -> None:
    """Print the numbers; exit 1 where one is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for data and models, kept between runs")
    parser.add_argument("--control", action="store_true", help="train with shuffled captions too")
    parsed = parser.parse_args()
    work: Path = parsed.work
    dataset = write_dataset(work / "dataset")
    tokenizer = trained(work, "tokenizer", dataset, {})
    clip = trained(work, "clip", dataset, {"tokenizer": tokenizer})
    vae = trained(work, "vae", dataset, {"clip": clip})
    report = json.loads((vae / "reconstruction.json").read_text())
    for way in ("vae", "bicubic_1/4", "mean_picture"):
        found = report[way]
        print(
            f"{way:<14} PSNR {found['psnr_db']:.2f} dB, SSIM {found['ssim']:.3f}, high-frequency ratio "
            f"{found['high_frequency_ratio']:.3f}, MMD {found['mmd']['generated']:.4f} (floor "
            f"{found['mmd']['floor_real_vs_real']:.4f})"
        )
    print(f"vae: {cpu_s(vae):.0f} CPU-s of {VAE_BUDGET_S}", flush=True)
    missed = report["vae"]["psnr_db"] < LEAST_PSNR_DB or cpu_s(vae) > VAE_BUDGET_S
    honest = latent_model(work, dataset, clip, vae, "honest")
    for name, found in accuracies(work, honest, clip, dataset).items():
        print(f"latent_diffusion {name}: accuracy {found['accuracy']:.3f} of {found['n']}, chance {found['chance']}")
        missed |= found["accuracy"] < LEAST_ACCURACY
    print(f"latent_diffusion: {cpu_s(honest):.0f} CPU-s", flush=True)
    if parsed.control:
        shuffled = write_dataset(work / "shuffled", shuffled_captions=True)
        control = latent_model(work, shuffled, clip, vae, "shuffled")
        for name, found in accuracies(work, control, clip, dataset).items():
            reached = f"accuracy {found['accuracy']:.3f}, chance {found['chance']}, p {found['p']:.3f}"
            print(f"shuffled control {name}: {reached}")
            missed |= found["p"] < 0.01
    raise SystemExit(1 if missed else 0)


if __name__ == "__main__":
    main()
