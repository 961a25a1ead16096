"""Images per second of our loop beside that of diffusers' example scripts: same model, batch, data and precision.

The peer is the loop of diffusers' examples/unconditional_image_generation and examples/text_to_image, written down as
they have it: Accelerator, DataLoader with shuffling, decoding and normalising per picture, DDPMScheduler, EMAModel,
AdamW, clipping. Both run in one process, in turns, so that the state of the machine is the same for both.

    python -m tests.bench.train [--recipe debug] [--steps 20] [--rounds 3]
"""

import argparse
import io
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
import torch
from accelerate import Accelerator
from diffusers import DDPMScheduler
from diffusers.optimization import get_scheduler
from diffusers.training_utils import EMAModel
from PIL import Image
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from pd_ml.config import UnetConfig
from pd_ml.data import shards
from pd_ml.data.loader import open_split
from pd_ml.device import open_machine, peak_flops_per_s
from pd_ml.metrics_log import read_metrics
from pd_ml.models.unet import build_unet
from pd_ml.progress import Reporter
from pd_ml.provenance import METRICS
from pd_ml.recipes import RECIPES, recipe
from pd_ml.training.loop import Bench, Loop
from pd_ml.training.throughput import flops_per_image
from pd_ml.training.unet_stage import UnetTask
from tests.pd_ml.paintings import write_dataset


class Pictures(Dataset[torch.Tensor]):
    """As the example's `transform_images`: decode, resize, crop, to a tensor, normalise, at each access."""

    def __init__(self, dataset: Path, image_size: int) -> None:
        columns = shards.read_batches(dataset, "train", ("image",))
        self._encoded = [row["image"] for batch in columns for row in batch.to_pylist()]
        self._image_size = image_size

    def __len__(self) -> int:
        return len(self._encoded)

    def __getitem__(self, index: int) -> torch.Tensor:
        image = Image.open(io.BytesIO(self._encoded[index])).convert("RGB")
        image = image.resize((self._image_size, self._image_size), Image.Resampling.BILINEAR)
        pixels_CHW = torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255
        return (pixels_CHW - 0.5) / 0.5


def peer_loop(config: UnetConfig, dataset: Path) -> Iterator[float]:
    """The example's loop; a loss for each step, without end."""
    machine = open_machine(config.training)
    accelerator = Accelerator(mixed_precision="bf16" if machine.bf16 else "no", cpu=machine.device.type == "cpu")
    torch.manual_seed(0)
    model = build_unet(config)
    ema = EMAModel(
        model.parameters(), decay=0.9999, use_ema_warmup=True, inv_gamma=1.0, power=0.75, model_config=model.config
    )
    scheduler = DDPMScheduler(num_train_timesteps=1000, beta_schedule="linear")
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=(0.95, 0.999), weight_decay=1e-6, eps=1e-8)
    pictures = Pictures(dataset, config.image_size)
    loader = DataLoader(pictures, batch_size=config.training.batch_size, shuffle=True, num_workers=0)
    rate = get_scheduler("cosine", optimizer=optimizer, num_warmup_steps=500, num_training_steps=100_000)
    model, optimizer, loader, rate = accelerator.prepare(model, optimizer, loader, rate)
    ema.to(accelerator.device)
    model.train()
    while True:
        for clean_images in loader:
            noise = torch.randn(clean_images.shape, device=clean_images.device)
            timesteps = torch.randint(
                0, scheduler.config.num_train_timesteps, (len(clean_images),), device=clean_images.device
            ).long()
            noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
            with accelerator.accumulate(model):
                model_output = model(noisy_images, timesteps).sample
                loss = functional.mse_loss(model_output.float(), noise.float())
                accelerator.backward(loss)
                if accelerator.sync_gradients:
                    accelerator.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                rate.step()
                optimizer.zero_grad()
            if accelerator.sync_gradients:
                ema.step(model.parameters())
            yield loss.detach().item()


def peer_images_per_s(config: UnetConfig, dataset: Path, steps: int) -> float:
    """The second half of `steps`, so that what happens once is not counted; CPU-seconds on a CPU, which others use."""
    clock = time.monotonic if open_machine(config.training).device.type == "cuda" else time.process_time
    losses = peer_loop(config, dataset)
    for _ in range(steps // 2):
        next(losses)
    began_s = clock()
    for _ in range(steps // 2):
        next(losses)
    return steps // 2 * config.training.batch_size / (clock() - began_s)


def our_images_per_s(config: UnetConfig, dataset: Path, steps: int) -> tuple[float, float]:
    """The same of a whole training, from its own metrics, and the share of the time that it waited for data."""
    training = replace(
        config.training,
        steps=steps,
        log_every_steps=steps // 2,
        validate_every_steps=steps,
        validation_examples=1,
        checkpoint_every_steps=steps,
    )
    config = replace(config, training=training, previews=1, sampling=replace(config.sampling, sample_steps=1))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        machine = open_machine(training)
        train = open_split(dataset, "train", image_size=config.image_size, cache=folder)
        task = UnetTask(config, train, train, machine.device)
        reporter = Reporter("bench", events=io.StringIO(), people=io.StringIO())
        bench = Bench(folder=folder, machine=machine, reporter=reporter, stopping=lambda: False)
        Loop(task, training, bench).run(folder)
        middle, end = [row for row in read_metrics(folder / METRICS) if "images_per_s" in row][-2:]
    if machine.device.type == "cuda":
        return end["images_per_s"], end["data_wait_share"]
    images = end["images_seen"] - middle["images_seen"]
    return images / (end["process_cpu_s"] - middle["process_cpu_s"]), end["data_wait_share"]


def flops_of_an_image(config: UnetConfig, dataset: Path) -> int:
    """Forward and backward."""
    with tempfile.TemporaryDirectory() as name:
        train = open_split(dataset, "train", image_size=config.image_size, cache=Path(name))
        device = open_machine(config.training).device
        task = UnetTask(config, train, train, device)
        return flops_per_image(task, task.model, batch_size=config.training.batch_size)


def measure(name: str, steps: int, rounds: int, dataset: Path) -> str:
    """One line of the table: medians over rounds in turns."""
    config = recipe("unet", name)
    assert isinstance(config, UnetConfig)
    ours, peers, waited = [], [], 0.0
    for _ in range(rounds):
        peers.append(peer_images_per_s(config, dataset, steps))
        images_per_s, waited = our_images_per_s(config, dataset, steps)
        ours.append(images_per_s)
    our, peer, flops = median(ours), median(peers), flops_of_an_image(config, dataset)
    peak = peak_flops_per_s(open_machine(config.training).device)
    mfu = f"{our * flops / peak:.3f}" if peak else "peak not known"
    paired = median(mine / theirs for mine, theirs in zip(ours, peers, strict=True))
    return (
        f"{name:>6} {config.image_size:>4} px {config.training.batch_size:>5} {our:>9.1f} {peer:>9.1f} {paired:>6.2f} "
        f"{our * flops / 1e9:>10.1f} {mfu:>15} {waited:>9.3f}"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--recipe", action="append", choices=RECIPES, help="may be given several times (default: debug)"
    )
    parser.add_argument("--steps", type=int, default=20, help="of each loop and round; the second half is measured")
    parser.add_argument("--rounds", type=int, default=3, help="how often each loop has its turn")
    parser.add_argument("--images", type=int, default=512, help="pictures in the dataset")
    parsed = parser.parse_args()
    print("recipe  size  batch      ours     peer  ratio  ours GFLOP/s             MFU data wait  (images/s)")
    with tempfile.TemporaryDirectory() as folder:
        dataset = write_dataset(Path(folder) / "paintings", {"train": parsed.images, "validation": 0, "test": 0})
        for name in parsed.recipe or ["debug"]:
            print(measure(name, parsed.steps, parsed.rounds, dataset), flush=True)


if __name__ == "__main__":
    main()
