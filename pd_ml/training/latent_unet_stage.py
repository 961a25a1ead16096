"""The stage `latent_unet`: a U-Net of latents without a prompt, exported with its VAE as a pipeline.

Shapes: B examples, C channels, h, w of the latents, N pictures.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DModel
from torch import Tensor, nn

from pd_ml.config import LatentUnetConfig
from pd_ml.data.latents import Latents, open_latents
from pd_ml.data.loader import Rows
from pd_ml.diffusion import latent_pipeline as pipeline_module
from pd_ml.diffusion.latent_pipeline import PdLatentPipeline
from pd_ml.diffusion.objective import Noised, denoising_loss, objective_of
from pd_ml.diffusion.sampling import draw_unprompted
from pd_ml.evaluation.grid import save_grid
from pd_ml.marks.marking import preview_marks
from pd_ml.models.attention import use_attention
from pd_ml.models.latent_diffusion import latent_scheduler
from pd_ml.models.latent_unet import build_latent_unet
from pd_ml.models.vae import load_vae
from pd_ml.seeding import seed_of
from pd_ml.training.denoising import held_out_loss
from pd_ml.training.latent_batches import LatentBatches, require_latents
from pd_ml.training.loop import Bench, Loop, Outcome
from pd_ml.training.sampler import Sampler
from pd_ml.training.task import SAMPLES, Places
from pd_ml.training.workshop import Job


class LatentUnetTask:
    """The denoiser of latents without a prompt as the loop trains it."""

    def __init__(
        self,
        config: LatentUnetConfig,
        vae: AutoencoderKL,
        train: Latents,
        validation: Latents,
        device: torch.device,
    ) -> None:
        seed = config.training.seed
        self._config = config
        self._vae = vae.to(device)
        self._objective = objective_of(config)
        self._train = require_latents(train, config.training.batch_size)
        self._validation = validation.first(config.training.validation_examples)
        self._sampler = Sampler.of_latents(self._train, seed=seed, reads_captions=False)
        self._batches = LatentBatches(self._train, self._objective, seed=seed, device=device)
        self._held_out = LatentBatches(self._validation, self._objective, seed=seed, device=device)
        torch.manual_seed(seed_of(seed, "weights", "latent_unet"))
        self._unet = build_latent_unet(config, train.index).to(device)
        use_attention(self._unet, config.attention_backend, device.type)

    @property
    def model(self) -> nn.Module:
        unet: nn.Module = self._unet
        return unet

    @property
    def counts(self) -> Mapping[str, int]:
        return {"train_examples": len(self._train), "validation_examples": len(self._validation)}

    def batch(self, step: int, places: Places) -> Noised:
        return self._batches.noised(self.sampler.shown(step, places).indices, "train", step, places)

    def item_ids(self, step: int, places: Places) -> Sequence[str]:
        return self.sampler.item_ids(step, places)

    @property
    def sampler(self) -> Sampler:
        return self._sampler

    @property
    def measured(self) -> Mapping[str, Rows]:
        """What is validated on."""
        return {"validation": self._validation.rows}

    def loss(self, model: nn.Module, batch: Noised, step: int) -> Tensor:
        return denoising_loss(self._objective, batch, lambda mixed_BChw, times_B: model(mixed_BChw, times_B).sample)

    def validate(self, model: nn.Module) -> dict[str, float]:
        def loss(places: Places) -> Tensor:
            batch = self._held_out.noised(range(places.start, places.stop), "validation", 0, places)
            return self.loss(model, batch, 0)

        return held_out_loss(len(self._validation), self._config.training.batch_size, loss)

    def preview(self, model: nn.Module, folder: Path) -> None:
        """`samples.png`: the same noise every time."""
        places = range(self._config.previews)
        seed = self._config.training.seed
        pixels_NHWC = draw_unprompted(self._pipeline(model), places, self._config.sampling, seed=seed)
        marks = preview_marks("latent_unet")
        save_grid(folder / SAMPLES, pixels_NHWC, [""] * len(places), texts={"pd_seed": str(seed)}, marks=marks)

    def export(self, model: nn.Module, folder: Path) -> None:
        self._pipeline(model).save_pretrained(folder)
        shutil.copyfile(str(pipeline_module.__file__), folder / "pipeline.py")

    def _pipeline(self, model: nn.Module) -> PdLatentPipeline:
        assert isinstance(model, UNet2DModel)
        pipeline = PdLatentPipeline(unet=model, vae=self._vae, scheduler=latent_scheduler(self._objective))
        pipeline.set_progress_bar_config(disable=True)
        return pipeline


def train_latent_unet(job: Job, export: Path, bench: Bench) -> Outcome:
    """Train the job's U-Net from its last checkpoint on, and export its pipeline."""
    assert isinstance(job.config, LatentUnetConfig)
    train, validation = (open_latents(job.inputs["latents"], split) for split in ("train", "validation"))
    task = LatentUnetTask(job.config, load_vae(job.inputs["vae"]), train, validation, bench.device)
    return Loop(task, job.config.training, bench).run(export)
