"""The stage `super_resolution`: a denoiser learns what bicubic enlargement of degraded small pictures lacks.

Shapes: B examples, C channels, H height, W width (h, w: of the small picture), N pictures.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from diffusers import UNet2DModel
from torch import Tensor, nn
from torch.nn import functional

from pd_ml.config import SuperResolutionConfig
from pd_ml.data.buckets import Buckets
from pd_ml.data.loader import Examples, Rows, open_split, require_examples
from pd_ml.data.pixels import centre_crops, to_unit
from pd_ml.diffusion import upscale_pipeline
from pd_ml.diffusion.flow import RectifiedFlow
from pd_ml.diffusion.objective import Noised
from pd_ml.diffusion.upscale_pipeline import FACTOR, PdUpscalePipeline, enlarged, residual_spread, velocity
from pd_ml.evaluation.grid import Pixels, save_grid
from pd_ml.evaluation.reconstruction import fidelity
from pd_ml.marks.marking import preview_marks
from pd_ml.models.super_resolution import build_unet
from pd_ml.seeding import seed_of
from pd_ml.training.degradation import DRAWS, degraded, reduced
from pd_ml.training.denoising import held_out_loss, noisy
from pd_ml.training.draws import normal, uniform
from pd_ml.training.loop import Bench, Loop, Outcome
from pd_ml.training.pictures import rows_of
from pd_ml.training.sampler import Sampler
from pd_ml.training.task import Places
from pd_ml.training.workshop import Job

_MEASURED_EXAMPLES = 512


@dataclass(frozen=True, kw_only=True)
class EnlargedBatch:
    """Residuals of variance 1 with their noise, the enlarged small pictures, and the noise that those were given."""

    residual: Noised
    enlarged_BCHW: Tensor
    noise_levels_B: Tensor


class SuperResolutionTask:
    """The upscaler as the loop trains it. Captions do not matter: every picture takes part."""

    def __init__(
        self, config: SuperResolutionConfig, train: Examples, validation: Examples, device: torch.device
    ) -> None:
        self._config = config
        self._device = device
        self._flow = RectifiedFlow(shift=config.flow_shift)
        self._train = require_examples(train, config.training.batch_size)
        self._sampler = Sampler.of_pictures(Buckets.of(train), seed=config.training.seed, reads_captions=False)
        self._validation = validation.first(config.training.validation_examples)
        self._residual_std = residual_std(train, config.crop_size)
        torch.manual_seed(seed_of(config.training.seed, "weights", "super_resolution"))
        self._unet = build_unet(config).to(device)

    @property
    def model(self) -> nn.Module:
        unet: nn.Module = self._unet
        return unet

    @property
    def counts(self) -> Mapping[str, int]:
        return {"train_examples": len(self._train), "validation_examples": len(self._validation)}

    def batch(self, step: int, places: Places) -> EnlargedBatch:
        seed = self._config.training.seed
        indices = self.sampler.shown(step, places).indices
        corners_B2 = uniform(seed, "crop", step, places, 2)
        crops_BHWC = random_crops(self._train.pixels(indices), self._config.crop_size, corners_B2)
        return self._degraded(crops_BHWC, "train", step, places)

    def item_ids(self, step: int, places: Places) -> Sequence[str]:
        return self.sampler.item_ids(step, places)

    @property
    def sampler(self) -> Sampler:
        return self._sampler

    @property
    def measured(self) -> Mapping[str, Rows]:
        """What is validated on, and the first of the training split: what enlargement lacks is measured on them."""
        first = self._train.first(max(_MEASURED_EXAMPLES, self._config.previews))
        return {"train": rows_of(first), "validation": rows_of(self._validation)}

    def loss(self, model: nn.Module, batch: EnlargedBatch, step: int) -> Tensor:
        noised = batch.residual
        found_BCHW = velocity(
            model,
            self._flow.noised(noised.images_BCHW, noised.noise_BCHW, noised.levels_B),
            batch.enlarged_BCHW,
            noised.levels_B,
            batch.noise_levels_B,
            patch_size=self._config.patch_size,
        )
        target_BCHW = self._flow.target(noised.images_BCHW, noised.noise_BCHW, noised.levels_B)
        return functional.mse_loss(found_BCHW.float(), target_BCHW)

    def validate(self, model: nn.Module) -> dict[str, float]:
        if not len(self._validation):
            return {}

        def loss(places: Places) -> Tensor:
            crops_BHWC = centre_crops(self._validation.pixels(range(places.start, places.stop)), self._config.crop_size)
            return self.loss(model, self._degraded(crops_BHWC, "validation", 0, places), 0)

        found = held_out_loss(len(self._validation), self._config.training.batch_size, loss)
        return {**found, **self._psnr(model)}

    def preview(self, model: nn.Module, folder: Path) -> None:
        """`samples.png`: for the same pictures every time the bicubic enlargement, the expected and a drawn picture."""
        shown = self._validation if len(self._validation) else self._train
        shown = shown.first(self._config.previews)
        large_BHWC = centre_crops(shown.pixels(range(len(shown))), self._config.crop_size)
        small_BChw = reduced(to_unit(large_BHWC, self._device))
        expected_BHWC = self._upscaled(model, small_BChw, steps=1)
        drawn_BHWC = self._upscaled(model, small_BChw, steps=self._config.sample_steps)
        rows = (_bytes(enlarged(small_BChw)), expected_BHWC, drawn_BHWC, large_BHWC)
        names = [name for name in ("bicubic", "expected", "drawn", "original") for _ in range(len(large_BHWC))]
        seed = str(self._config.training.seed)
        marks = preview_marks("super_resolution").of_mixed()
        save_grid(
            folder / "samples.png",
            np.concatenate(rows),
            names,
            texts={"pd_seed": seed},
            marks=marks,
            columns=len(large_BHWC),
        )

    def export(self, model: nn.Module, folder: Path) -> None:
        self._pipeline(model).save_pretrained(folder)
        shutil.copyfile(str(upscale_pipeline.__file__), folder / "pipeline.py")

    def _degraded(self, crops_BHWC: Pixels, purpose: str, step: int, places: Places) -> EnlargedBatch:
        seed, config = self._config.training.seed, self._config
        images_BCHW = to_unit(crops_BHWC, self._device)
        small_side = config.crop_size // FACTOR
        numbers_BK = uniform(seed, f"{purpose} degradation", step, places, DRAWS)
        camera_BChw = normal(seed, f"{purpose} camera", step, places, 3, small_side, small_side)
        small_BChw = degraded(images_BCHW, numbers_BK, camera_BChw, share=config.degraded_share).to(self._device)
        # Half of the pictures are left as they are; the others get any level up to the most.
        levels_B = (uniform(seed, f"{purpose} noise level", step, places) * 2 - 1).clamp(min=0)
        noise_levels_B = (levels_B * config.noise_level_max).to(self._device)
        added_BChw = normal(seed, f"{purpose} added", step, places, *small_BChw.shape[1:], device=self._device)
        base_BCHW = enlarged(small_BChw + noise_levels_B[:, None, None, None] * added_BChw)
        residual_BCHW = (images_BCHW - base_BCHW) / residual_spread(self._residual_std, noise_levels_B)
        noised = noisy(self._flow, residual_BCHW, seed=seed, purpose=purpose, step=step, places=places)
        return EnlargedBatch(
            residual=self._some_in_one_step(noised, purpose, step, places),
            enlarged_BCHW=base_BCHW,
            noise_levels_B=noise_levels_B,
        )

    def _some_in_one_step(self, noised: Noised, purpose: str, step: int, places: Places) -> Noised:
        """A share of the examples at level 1 with zeros for noise: the expected residual out of nothing."""
        drawn_B = uniform(self._config.training.seed, f"{purpose} one step", step, places).to(self._device)
        chosen_B = drawn_B < self._config.one_step_share
        return replace(
            noised,
            levels_B=torch.where(chosen_B, 1.0, noised.levels_B),
            noise_BCHW=torch.where(chosen_B[:, None, None, None], 0.0, noised.noise_BCHW),
        )

    def _psnr(self, model: nn.Module) -> dict[str, float]:
        """The expected picture of held-out ones that were only resized, beside their bicubic enlargement."""
        large_NHWC = centre_crops(self._validation.pixels(range(len(self._validation))), self._config.crop_size)
        small_NChw = reduced(to_unit(large_NHWC, self._device))
        size = self._config.training.batch_size
        expected_NHWC = np.concatenate(
            [self._upscaled(model, part_BChw, steps=1) for part_BChw in small_NChw.split(size)]
        )
        return {
            "validation_psnr_db": round(fidelity(expected_NHWC, large_NHWC).psnr_db, 4),
            "validation_psnr_bicubic_db": round(fidelity(_bytes(enlarged(small_NChw)), large_NHWC).psnr_db, 4),
        }

    def _upscaled(self, model: nn.Module, small_BChw: Tensor, *, steps: int) -> Pixels:
        seed = self._config.training.seed
        generators = [
            torch.Generator(self._device).manual_seed(seed_of(seed, "sample", place))
            for place in range(len(small_BChw))
        ]
        floats_BhwC = (small_BChw / 2 + 0.5).permute(0, 2, 3, 1).cpu().numpy()
        drawn = self._pipeline(model)(
            floats_BhwC, num_inference_steps=steps, generator=generators, output_type="np"
        ).images
        return np.round(drawn * 255).astype(np.uint8)

    def _pipeline(self, model: nn.Module) -> PdUpscalePipeline:
        assert isinstance(model, UNet2DModel)
        pipeline = PdUpscalePipeline(
            unet=model,
            scheduler=self._flow.scheduler(),
            residual_std=self._residual_std,
            patch_size=self._config.patch_size,
        )
        pipeline.set_progress_bar_config(disable=True)
        return pipeline


def train_super_resolution(job: Job, export: Path, bench: Bench) -> Outcome:
    """Train the job's upscaler from its last checkpoint on, and export its pipeline."""
    assert isinstance(job.config, SuperResolutionConfig)
    train = open_split(job.dataset, "train", image_size=job.config.image_size, cache=job.cache)
    validation = open_split(job.dataset, "validation", image_size=job.config.image_size, cache=job.cache)
    task = SuperResolutionTask(job.config, train, validation, bench.device)
    return Loop(task, job.config.training, bench).run(export)


def residual_std(examples: Examples, crop_size: int) -> float:
    """What bicubic enlargement lacks, as a standard deviation over the first examples in [-1, 1]."""
    shown = examples.first(_MEASURED_EXAMPLES)
    crops_BHWC = centre_crops(shown.pixels(range(len(shown))), crop_size)
    images_BCHW = to_unit(crops_BHWC, torch.device("cpu"))
    lacking_BCHW = images_BCHW - enlarged(reduced(images_BCHW))
    # Of pictures of one colour each, nothing is lacking.
    return max(round(float(lacking_BCHW.square().mean().sqrt()), 5), 1e-3)


def random_crops(pixels_BHWC: Pixels, side: int, corners_B2: Tensor) -> Pixels:
    """A square of each picture; `corners_B2` in [0, 1) say where."""
    room = pixels_BHWC.shape[1] - side + 1
    corners = (corners_B2 * room).long().tolist()
    crops = [one[top : top + side, left : left + side] for one, (top, left) in zip(pixels_BHWC, corners, strict=True)]
    return np.stack(crops)


def _bytes(images_BCHW: Tensor) -> Pixels:
    return ((images_BCHW.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()
