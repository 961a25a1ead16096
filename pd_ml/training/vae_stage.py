"""The stage `vae`: an autoencoder learns to reduce pictures to latents and to bring them back, and is measured.

Exported as diffusers' AutoencoderKL, with its scaling factor and `reconstruction.json`. No loss comes from a model that
is not ours. Shapes: B examples, N pictures, C channels, H height, W width, M moments, h, w of the latents.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn
from torch.nn import functional

from pd_ml.config import VaeConfig
from pd_ml.data.buckets import Buckets
from pd_ml.data.loader import Examples, Pixels, Rows, open_split, require_examples
from pd_ml.data.pixels import to_unit
from pd_ml.evaluation.autoencoder import compared
from pd_ml.evaluation.clip_space import ClipSpace
from pd_ml.evaluation.grid import save_grid
from pd_ml.evaluation.reconstruction import fidelity, reduced_and_enlarged, to_bytes
from pd_ml.marks.marking import preview_marks
from pd_ml.models.clip import load_clip
from pd_ml.models.clip_distance import ClipDistance
from pd_ml.models.discriminator import (
    Discriminator,
    adaptive_weight,
    discriminator_loss,
    last_slopes,
    realness_for_generator,
)
from pd_ml.models.vae import balance_channels, build_vae, divergence, moments, most_likely, reconstructed, sampled
from pd_ml.provenance import RECONSTRUCTION
from pd_ml.seeding import seed_of
from pd_ml.training.draws import normal
from pd_ml.training.loop import Bench, Loop, Outcome
from pd_ml.training.pictures import rows_of
from pd_ml.training.sampler import Sampler
from pd_ml.training.task import SAMPLES, Places, Work, whole
from pd_ml.training.workshop import Job

# Fewer held-out pictures have no distribution to be compared with.
_LEAST_REPORTED = 4


@dataclass(frozen=True, kw_only=True)
class VaeBatch:
    """Pictures in [-1, 1], and the noise that their latents are drawn with."""

    images_BCHW: Tensor
    noise_BChw: Tensor


@dataclass(frozen=True, kw_only=True)
class Splits:
    """The pictures that are learnt from, and those that are not."""

    train: Examples
    validation: Examples
    test: Examples


class Autoencoding(nn.Module):
    """What is trained: the autoencoder, and its critic where there is a second phase. Only the first is exported."""

    def __init__(self, config: VaeConfig) -> None:
        super().__init__()
        self.vae = build_vae(config)
        has_critic = config.adversarial.start_step is not None
        self.critic = Discriminator(config.adversarial.channels) if has_critic else None

    def forward(self, batch: VaeBatch) -> tuple[Tensor, Tensor]:
        """Reconstructions and moments."""
        moments_BMhw = moments(self.vae, batch.images_BCHW)
        made_BCHW: Tensor = self.vae.decode(sampled(moments_BMhw, batch.noise_BChw)).sample
        return made_BCHW, moments_BMhw

    def enable_gradient_checkpointing(self) -> None:
        """The critic is small."""
        self.vae.enable_gradient_checkpointing()


class VaeTask:
    """The autoencoder as the loop trains it. Captions do not matter: every picture takes part."""

    def __init__(self, config: VaeConfig, splits: Splits, clip: Path, device: torch.device) -> None:
        self._config = config
        self._device = device
        self._clip = clip
        self._train = require_examples(splits.train, config.training.batch_size)
        self._sampler = Sampler.of_pictures(Buckets.of(self._train), seed=config.training.seed, reads_captions=False)
        self._validation = splits.validation.first(config.training.validation_examples)
        self._held_out = (splits.validation, splits.test)
        self._distance = ClipDistance(load_clip(clip), device) if config.clip_weight else None
        torch.manual_seed(seed_of(config.training.seed, "weights", "vae"))
        self._model = Autoencoding(config).to(device)

    @property
    def model(self) -> nn.Module:
        return self._model

    @property
    def counts(self) -> Mapping[str, int]:
        return {"train_examples": len(self._train), "validation_examples": len(self._validation)}

    def batch(self, step: int, places: Places) -> VaeBatch:
        pixels_BHWC = self._train.pixels(self.sampler.shown(step, places).indices)
        return self._with_noise(pixels_BHWC, "posterior", step, places)

    def item_ids(self, step: int, places: Places) -> Sequence[str]:
        return self.sampler.item_ids(step, places)

    @property
    def sampler(self) -> Sampler:
        return self._sampler

    @property
    def measured(self) -> Mapping[str, Rows]:
        """What is validated on, the held-out pictures that the exported weights are measured on, and the training
        pictures that its scale and balance and the mean picture are taken from."""
        validation, test = self._held_out
        report = self._config.report_examples
        return {
            "train": rows_of(self._train.first(self._config.scaling_examples)),
            "validation": rows_of(validation.first(max(report, self._config.training.validation_examples))),
            "test": rows_of(test.first(max(report - len(validation), 0))),
        }

    def loss(self, model: nn.Module, batch: VaeBatch, step: int) -> Tensor:
        return self._loss(model, batch, step, balance=None)

    def accumulate(self, step: int, parts: Sequence[Places], work: Work) -> Tensor:
        """The critic's weight is that of the whole batch, however it is cut."""
        batches = [(work.waited(partial(self.batch, step, part)), len(part) / part.total) for part in parts]
        balance = self._balance(batches, work) if self._in_second_phase(step) else None

        def share(model: nn.Module, *, batch: VaeBatch, of_whole: float) -> Tensor:
            return self._loss(model, batch, step, balance=balance) * of_whole

        loss = torch.zeros((), device=self._device)
        for number, (batch, of_whole) in enumerate(batches, start=1):
            loss += work.backward(partial(share, batch=batch, of_whole=of_whole), last=number == len(batches))
        return loss

    def validate(self, model: nn.Module) -> dict[str, float]:
        """On the most likely latents, without noise."""
        if not len(self._validation):
            return {}
        vae = _vae_of(model)
        losses: list[float] = []
        made: list[Pixels] = []
        for part in whole(len(self._validation)).parts(self._config.training.batch_size):
            images_BCHW = to_unit(self._validation.pixels(range(part.start, part.stop)), self._device)
            moments_BMhw = moments(vae, images_BCHW)
            made_BCHW = vae.decode(most_likely(moments_BMhw)).sample
            kl = divergence(moments_BMhw, self._config.kl_reduction)
            loss = self._difference(made_BCHW, images_BCHW) + self._config.kl_weight * kl
            losses.append(float(loss) * len(part))
            made.append(to_bytes(made_BCHW))
        real_NHWC = self._validation.pixels(range(len(self._validation)))
        found = fidelity(np.concatenate(made), real_NHWC)
        return {
            "validation_loss": round(sum(losses) / len(self._validation), 6),
            "validation_psnr_db": round(found.psnr_db, 4),
            "validation_ssim": round(found.ssim, 4),
            "validation_high_frequency_ratio": round(found.high_frequency_ratio, 4),
        }

    def preview(self, model: nn.Module, folder: Path) -> None:
        """`samples.png`: held-out pictures, their reconstructions, and what storing them smaller leaves, in rows."""
        shown = self._validation if len(self._validation) else self._train
        real_NHWC = shown.pixels(range(min(self._config.previews, len(shown))))
        rows = (real_NHWC, self._made(model, real_NHWC), reduced_and_enlarged(real_NHWC, self._config.factor))
        names = ("picture", "reconstruction", f"bicubic 1/{self._config.factor}")
        labels = [name for name in names for _ in real_NHWC]
        marks = preview_marks("vae").of_mixed()
        save_grid(folder / SAMPLES, np.concatenate(rows), labels, texts={}, marks=marks, columns=len(real_NHWC))

    def export(self, model: nn.Module, folder: Path) -> None:
        """The autoencoder with its scaling factor, and what is measured of it where pictures are held out."""
        vae = _vae_of(model)
        balance_channels(vae, self._latents(vae))
        # One over the standard deviation of training latents (2112.10752, appendix G).
        vae.register_to_config(scaling_factor=round(float(1 / self._latents(vae).std()), 6))
        vae.save_pretrained(folder)
        held_out_NHWC = np.concatenate([split.pixels(range(len(split))) for split in self._held_out])
        held_out_NHWC = held_out_NHWC[: self._config.report_examples]
        if len(held_out_NHWC) < _LEAST_REPORTED:
            return
        report = compared(
            held_out_NHWC,
            {
                "vae": self._made(model, held_out_NHWC),
                f"bicubic_1/{self._config.factor}": reduced_and_enlarged(held_out_NHWC, self._config.factor),
                "mean_picture": np.broadcast_to(self._mean_picture(), held_out_NHWC.shape),
            },
            ClipSpace(self._clip, self._device),
            seed=self._config.training.seed,
        )
        (folder / RECONSTRUCTION).write_text(json.dumps(report, indent=1, sort_keys=True) + "\n")

    def _with_noise(self, pixels_BHWC: Pixels, purpose: str, step: int, places: Places) -> VaeBatch:
        side = self._config.image_size // self._config.factor
        shape = (self._config.latent_channels, side, side)
        noise_BChw = normal(self._config.training.seed, purpose, step, places, *shape, device=self._device)
        return VaeBatch(images_BCHW=to_unit(pixels_BHWC, self._device), noise_BChw=noise_BChw)

    def _difference(self, made_BCHW: Tensor, images_BCHW: Tensor) -> Tensor:
        """The mean over all numbers, and our CLIP's view of it."""
        measure = functional.mse_loss if self._config.reconstruction == "mse" else functional.l1_loss
        found: Tensor = measure(made_BCHW, images_BCHW)
        if self._distance is None:
            return found
        return found + self._config.clip_weight * self._distance.between(images_BCHW, made_BCHW)

    def _loss(self, model: nn.Module, batch: VaeBatch, step: int, *, balance: Tensor | None) -> Tensor:
        """`balance`: the critic's weight, where the batch is a part of the one that it is to be measured on."""
        made_BCHW, moments_BMhw = model(batch)
        reconstruction = self._difference(made_BCHW.float(), batch.images_BCHW)
        kl = divergence(moments_BMhw.float(), self._config.kl_reduction)
        loss = reconstruction + self._config.kl_weight * kl
        return loss + self._adversarial(model, batch.images_BCHW, made_BCHW, reconstruction, step, balance)

    def _adversarial(
        self,
        model: nn.Module,
        images_BCHW: Tensor,
        made_BCHW: Tensor,
        reconstruction: Tensor,
        step: int,
        balance: Tensor | None,
    ) -> Tensor:
        """What the second phase adds: the critic's own loss, and what it asks of the reconstructions."""
        assert isinstance(model, Autoencoding)
        critic = model.critic
        if critic is None:
            return torch.zeros((), device=self._device)
        if not self._in_second_phase(step):
            # Every parameter takes part in every step: processes that exchange gradients wait for all of them.
            return 0.0 * torch.stack([parameter.sum() for parameter in critic.parameters()]).sum()
        asked = -realness_for_generator(critic, made_BCHW)
        if balance is None:
            balance = adaptive_weight(last_slopes(reconstruction, asked, model.vae.decoder.conv_out.weight))
        own = discriminator_loss(critic, images_BCHW, made_BCHW, r1_weight=self._config.adversarial.r1_weight)
        return self._config.adversarial.weight * balance * asked + own

    def _in_second_phase(self, step: int) -> bool:
        start = self._config.adversarial.start_step
        return start is not None and step >= start

    def _balance(self, batches: Sequence[tuple[VaeBatch, float]], work: Work) -> Tensor | None:
        """The critic's weight on all parts of all processes; None where one part is the whole batch."""
        if len(batches) == 1 and work.processes == 1:
            return None
        mine = [work.look(partial(self._slopes, batch=batch)) * of_whole for batch, of_whole in batches]
        return adaptive_weight(work.gathered(torch.stack(mine)).sum(0))

    @torch.enable_grad()
    def _slopes(self, model: nn.Module, *, batch: VaeBatch) -> Tensor:
        """The gradients at the last layer that the balance is about."""
        assert isinstance(model, Autoencoding) and model.critic is not None
        made_BCHW, _ = model(batch)
        reconstruction = self._difference(made_BCHW.float(), batch.images_BCHW)
        asked = -realness_for_generator(model.critic, made_BCHW)
        return last_slopes(reconstruction, asked, model.vae.decoder.conv_out.weight)

    def _made(self, model: nn.Module, pixels_NHWC: Pixels) -> Pixels:
        """Pictures through the autoencoder, a batch at a time."""
        size, vae = self._config.training.batch_size, _vae_of(model)
        parts = [pixels_NHWC[start : start + size] for start in range(0, len(pixels_NHWC), size)]
        made = [to_bytes(reconstructed(vae, to_unit(np.ascontiguousarray(part), self._device))) for part in parts]
        return np.concatenate(made)

    def _latents(self, vae: AutoencoderKL) -> Tensor:
        """Those of training pictures, drawn from their distributions."""
        total, size = min(self._config.scaling_examples, len(self._train)), self._config.training.batch_size
        drawn: list[Tensor] = []
        for part in whole(total).parts(size):
            batch = self._with_noise(self._train.pixels(range(part.start, part.stop)), "scaling", 0, part)
            with torch.no_grad():
                drawn.append(sampled(moments(vae, batch.images_BCHW), batch.noise_BChw))
        return torch.cat(drawn)

    def _mean_picture(self) -> Pixels:
        shown = self._train.pixels(range(min(self._config.scaling_examples, len(self._train))))
        mean: Pixels = np.round(shown.mean(axis=0)).astype(np.uint8)
        return mean


def train_vae(job: Job, export: Path, bench: Bench) -> Outcome:
    """Train the job's autoencoder from its last checkpoint on, export and measure it."""
    config = job.config
    assert isinstance(config, VaeConfig)
    train, validation, test = (
        open_split(job.dataset, split, image_size=config.image_size, cache=job.cache)
        for split in ("train", "validation", "test")
    )
    splits = Splits(train=train, validation=validation, test=test)
    return Loop(VaeTask(config, splits, job.inputs["clip"], bench.device), config.training, bench).run(export)


def _vae_of(model: nn.Module) -> AutoencoderKL:
    assert isinstance(model, Autoencoding)
    return model.vae
