"""The stage `unet`: a pixel-space U-Net without a prompt, exported as diffusers' own DDPMPipeline.

Shapes: B examples, C channels, H height, W width, N pictures.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from diffusers import DDPMPipeline, UNet2DModel
from torch import Tensor, nn

from pd_ml.config import UnetConfig
from pd_ml.data.buckets import Buckets
from pd_ml.data.loader import Examples, Rows, require_batch
from pd_ml.data.pixels import to_unit
from pd_ml.diffusion.objective import Noised, denoising_loss, objective_of
from pd_ml.diffusion.sampling import draw_unprompted
from pd_ml.evaluation.grid import save_grid
from pd_ml.marks.marking import preview_marks
from pd_ml.models.attention import use_attention
from pd_ml.models.unet import build_unet
from pd_ml.seeding import seed_of
from pd_ml.training.denoising import held_out_loss_of_buckets, noisy
from pd_ml.training.loop import Bench, Loop, Outcome
from pd_ml.training.pictures import Pictures, in_buckets, open_pictures, rows_of
from pd_ml.training.sampler import Sampler
from pd_ml.training.task import Places
from pd_ml.training.workshop import Job


class UnetTask:
    """The denoiser without a prompt as the loop trains it. Captions do not matter: every picture takes part."""

    def __init__(
        self, config: UnetConfig, train: Examples | Buckets, validation: Examples | Buckets, device: torch.device
    ) -> None:
        seed = config.training.seed
        self._config = config
        self._device = device
        self._objective = objective_of(config)
        require_batch(len(train), "examples in split train", config.training.batch_size)
        self._train = Pictures(train, seed=seed, flips=config.flips, heeds_captions=False)
        self._validation = in_buckets(validation).first(config.training.validation_examples)
        torch.manual_seed(seed_of(seed, "weights", "unet"))
        self._unet = build_unet(config).to(device)
        use_attention(self._unet, config.attention_backend, device.type)

    @property
    def model(self) -> nn.Module:
        unet: nn.Module = self._unet
        return unet

    @property
    def counts(self) -> Mapping[str, int]:
        return {"train_examples": len(self._train), "validation_examples": len(self._validation)}

    def batch(self, step: int, places: Places) -> Noised:
        seed = self._config.training.seed
        shown = self.sampler.shown(step, places)
        images_BCHW = to_unit(self._train.pixels(shown.bucket, shown.indices, step), self._device)
        return noisy(self._objective, images_BCHW, seed=seed, purpose="train", step=step, places=places)

    def item_ids(self, step: int, places: Places) -> Sequence[str]:
        return self.sampler.item_ids(step, places)

    @property
    def sampler(self) -> Sampler:
        return self._train.sampler

    @property
    def measured(self) -> Mapping[str, Rows]:
        """What is validated on."""
        return {"validation": rows_of(*self._validation.examples)}

    def loss(self, model: nn.Module, batch: Noised, step: int) -> Tensor:
        return denoising_loss(self._objective, batch, lambda mixed_BCHW, times_B: model(mixed_BCHW, times_B).sample)

    def validate(self, model: nn.Module) -> dict[str, float]:
        def loss(bucket: int, places: Places) -> Tensor:
            pixels_BHWC = self._validation.examples[bucket].pixels(range(places.start, places.stop))
            images_BCHW = to_unit(pixels_BHWC, self._device)
            seed = self._config.training.seed
            batch = noisy(self._objective, images_BCHW, seed=seed, purpose="validation", step=0, places=places)
            return self.loss(model, batch, 0)

        return held_out_loss_of_buckets(self._validation, self._config.training.batch_size, loss)

    def preview(self, model: nn.Module, folder: Path) -> None:
        """`samples.png`: the same noise every time."""
        places = range(self._config.previews)
        seed = self._config.training.seed
        pixels_NHWC = draw_unprompted(self._pipeline(model), places, self._config.sampling, seed=seed)
        marks = preview_marks("unet")
        save_grid(folder / "samples.png", pixels_NHWC, [""] * len(places), texts={"pd_seed": str(seed)}, marks=marks)

    def export(self, model: nn.Module, folder: Path) -> None:
        self._pipeline(model).save_pretrained(folder)

    def _pipeline(self, model: nn.Module) -> DDPMPipeline:
        assert isinstance(model, UNet2DModel)
        pipeline = DDPMPipeline(unet=model, scheduler=self._objective.scheduler())
        pipeline.set_progress_bar_config(disable=True)
        return pipeline


def train_unet(job: Job, export: Path, bench: Bench) -> Outcome:
    """Train the job's U-Net from its last checkpoint on, and export its pipeline."""
    assert isinstance(job.config, UnetConfig)
    train, validation = (
        open_pictures(job.config, job.dataset, split, cache=job.cache) for split in ("train", "validation")
    )
    task = UnetTask(job.config, train, validation, bench.device)
    return Loop(task, job.config.training, bench).run(export)
