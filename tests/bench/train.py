"""Images per second of our loop beside those of the example scripts of diffusers and transformers (tests.bench.peers):
same model, batch, data and precision. Both run in one process, in turns, so that the state of the machine is the same
for both; on a CPU, which others use too, CPU-seconds count.

    python -m tests.bench.train [--stage NAME]... [--recipe debug]... [--steps 20] [--rounds 3]

Super-resolution has no such example. What a stage needs (tokenizer, CLIP, VAE, latents) is made first, as good as
untrained.
"""

import argparse
import io
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import cast

import torch
from accelerate.state import AcceleratorState
from diffusers import AutoencoderKL
from torch import nn
from transformers import CLIPModel, CLIPTextModel

from pd_ml.command_line import main as pd_ml
from pd_ml.config import TrainingConfig, VaeConfig
from pd_ml.data import shards
from pd_ml.data.latents import open_latents
from pd_ml.device import open_machine
from pd_ml.diffusion.pipeline import token_ids
from pd_ml.errors import Suspended
from pd_ml.metrics_log import read_metrics
from pd_ml.models.preprocessor import read_format
from pd_ml.models.tokenizer import load_tokenizer
from pd_ml.progress import Reporter
from pd_ml.provenance import METRICS
from pd_ml.recipes import RECIPES, STAGE_INPUTS, recipe
from pd_ml.training.loop import Bench
from pd_ml.training.stages import TRAINERS
from pd_ml.training.workshop import Job
from tests.bench import peers
from tests.pd_ml.paintings import write_dataset

STAGES = ("clip", "unet", "unet_text", "vae", "latent_unet", "latent_diffusion")
FEW = ("steps=1", "batch_size=8", "warmup_steps=0")


@dataclass(frozen=True, kw_only=True)
class Ours:
    """What our loop did in the second half of its steps, and the model that it began with."""

    images_per_s: float
    flops_per_image: float
    data_wait_share: float
    mfu: float | None
    model: nn.Module


def our_loop(job: Job, steps: int) -> Ours:
    """The stage's own training, stopped after `steps`."""
    fresh: list[nn.Module] = []
    asked = iter(range(1, steps))
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(
            folder=Path(name),
            machine=open_machine(_training(job)),
            reporter=Reporter("bench", events=io.StringIO(), people=io.StringIO()),
            stopping=lambda: next(asked, None) is None,
            warm_start=lambda model: fresh.append(deepcopy(model)),
        )
        with suppress(Suspended):
            TRAINERS[job.stage](job, Path(name), bench)
        middle, end = [row for row in read_metrics(Path(name) / METRICS) if "images_per_s" in row]
    images_per_s = end["images_per_s"]
    if bench.device.type == "cpu":
        cpu_s = end["process_cpu_s"] - middle["process_cpu_s"]
        images_per_s = (end["images_seen"] - middle["images_seen"]) / cpu_s
    return Ours(
        images_per_s=images_per_s,
        flops_per_image=end["gflops_per_s"] * 1e9 / end["images_per_s"],
        data_wait_share=end["data_wait_share"],
        mfu=end.get("mfu"),
        model=fresh[0],
    )


def peer_images_per_s(job: Job, model: nn.Module, steps: int) -> float:
    """The same of the example's loop."""
    training = _training(job)
    machine = open_machine(training)
    on_cpu = machine.device.type == "cpu"
    terms = peers.Terms(batch_size=training.batch_size, bf16=machine.bf16, on_cpu=on_cpu)
    # The examples ask for neither: they may use whatever is fastest, in an Accelerator of their own.
    torch.use_deterministic_algorithms(False)
    AcceleratorState._reset_state(reset_partial_state=True)
    clock = time.process_time if on_cpu else time.monotonic
    reached_s: list[float] = []
    if job.stage == "clip":
        data = _pictures(job, job.inputs["tokenizer"])
        clip = cast(CLIPModel, model)
        peers.contrast(clip, data, terms, steps=steps, on_step=lambda: reached_s.append(clock()))
    else:
        losses = _losses(job, model, terms)
        for _ in range(steps):
            next(losses)
            reached_s.append(clock())
    return steps // 2 * terms.batch_size / (reached_s[-1] - reached_s[steps - steps // 2 - 1])


def _losses(job: Job, model: nn.Module, terms: peers.Terms) -> Iterator[float]:
    if job.stage in ("latent_unet", "latent_diffusion"):
        latents = open_latents(job.inputs["latents"], "train")
        return peers.denoise(model, peers.StoredLatents(latents, with_text=job.stage == "latent_diffusion"), terms)
    if job.stage == "unet_text":
        text_encoder = CLIPTextModel.from_pretrained(job.inputs["clip"]).eval().requires_grad_(False)
        return peers.denoise(model, _pictures(job, job.inputs["clip"]), terms, text_encoder)
    if job.stage == "vae":
        return peers.autoencode(cast(AutoencoderKL, model.vae), _pictures(job), terms)
    return peers.denoise(model, _pictures(job), terms)


def _pictures(job: Job, words: Path | None = None) -> peers.Pictures:
    """The dataset as the examples read it; `words`: the folder of the tokenizer, where captions are read as well."""
    batches = shards.read_batches(job.dataset, "train", ("image", "captions"))
    rows = [row for batch in batches for row in batch.to_pylist()]
    captions = [row["captions"][0] for row in rows]
    return peers.Pictures(
        [row["image"] for row in rows],
        read_format(words).size_px if words and job.stage == "clip" else job.config.image_size,
        token_ids(load_tokenizer(words), captions) if words else None,
    )


def _training(job: Job) -> TrainingConfig:
    return cast(TrainingConfig, job.config.training)


def job_of(stage: str, name: str, steps: int, folder: Path) -> Job:
    """A training that logs at half of `steps` and at `steps`, and neither ends nor looks at held-out pictures."""
    config = recipe(stage, name)
    training = replace(
        config.training,
        steps=10**6,
        log_every_steps=steps // 2,
        validate_every_steps=10**6,
        checkpoint_every_steps=10**6,
        preview_every_steps=0,
    )
    config = replace(config, training=training)
    if isinstance(config, VaeConfig):
        # The example adds LPIPS and a discriminator of its own; what both have is compared.
        config = replace(config, clip_weight=0.0, adversarial=replace(config.adversarial, start_step=None))
    inputs = {needed: folder / name / needed for needed in STAGE_INPUTS[stage]}
    return Job(
        stage=stage,
        config=config,
        dataset=folder / "paintings",
        inputs=inputs,
        out=folder / name / stage,
        cache=folder / "cache",
    )


def make_inputs(stage: str, name: str, folder: Path) -> None:
    """What `stage` reads, as finished folders of models that took one step."""
    for needed in STAGE_INPUTS[stage]:
        make_inputs(needed, name, folder)
        out = folder / name / needed
        if out.is_dir():
            continue
        inputs = [part for one in STAGE_INPUTS[needed] for part in ("--input", f"{one}={out.parent / one}")]
        few = [part for value in FEW if needed not in ("tokenizer", "latents") for part in ("--set", value)]
        arguments = ["--recipe", name, "--dataset", folder / "paintings", "--out", out, *inputs, *few]
        if pd_ml(["train", needed, *map(str, arguments)]):
            raise SystemExit(f"{needed} did not train")


def measure(stage: str, name: str, steps: int, rounds: int, folder: Path) -> str:
    """One line of the table: medians over rounds in turns."""
    make_inputs(stage, name, folder)
    job = job_of(stage, name, steps, folder)
    mine: list[Ours] = []
    theirs: list[float] = []
    for _ in range(rounds):
        mine.append(our_loop(job, steps))
        theirs.append(peer_images_per_s(job, deepcopy(mine[-1].model), steps))
    our = median(one.images_per_s for one in mine)
    paired = median(one.images_per_s / peer for one, peer in zip(mine, theirs, strict=True))
    mfu = "peak unknown" if mine[-1].mfu is None else f"{mine[-1].mfu:.3f}"
    return (
        f"{stage:<16} {name:<6} {_training(job).batch_size:>5} {our:>9.1f} {median(theirs):>9.1f} {paired:>6.2f} "
        f"{our * mine[-1].flops_per_image / 1e9:>8.1f} {mfu:>12} {mine[-1].data_wait_share:>9.3f}"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stage", action="append", choices=STAGES, help="may be given several times (default: all)")
    parser.add_argument("--recipe", action="append", choices=RECIPES, help="the same (default: debug)")
    parser.add_argument("--steps", type=int, default=20, help="of each loop and round; the second half is measured")
    parser.add_argument("--rounds", type=int, default=3, help="how often each loop has its turn")
    parser.add_argument("--images", type=int, default=512, help="pictures in the dataset")
    parsed = parser.parse_args()
    lines = ["stage            recipe batch      ours     peer  ratio  GFLOP/s          MFU data wait   (images/s)"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_dataset(folder / "paintings", {"train": parsed.images, "validation": 0, "test": 0})
        for one in parsed.recipe or ["debug"]:
            for stage in parsed.stage or STAGES:
                lines.append(measure(stage, one, parsed.steps, parsed.rounds, folder))
                print("\n".join(lines), flush=True)


if __name__ == "__main__":
    main()
