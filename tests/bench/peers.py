"""The loops of the example scripts that people train with, written down as they have them, for the benchmark of ours.

diffusers: examples/unconditional_image_generation, text_to_image and autoencoderkl (Accelerator, DataLoader with
shuffling, decoding and normalising per picture, DDPMScheduler, EMAModel, AdamW, clipping; the last without LPIPS and
discriminator, which our stage does not have either). transformers: examples/pytorch/contrastive-image-text (Trainer).
Each takes the model that ours trains. Shapes: C channels, H height, W width, M moments, h, w of the latents, L tokens.
"""

import io
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from accelerate import Accelerator
from diffusers import AutoencoderKL, DDPMScheduler
from diffusers.optimization import get_scheduler
from diffusers.training_utils import EMAModel
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from transformers import CLIPModel, CLIPTextModel, Trainer, TrainerCallback, TrainingArguments

from pd_ml.data.latents import Latents

Row = dict[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What both loops have in common besides model and data."""

    batch_size: int
    bf16: bool
    on_cpu: bool


class Pictures(Dataset[Row]):
    """As in the examples: decode, resize, to a tensor, normalise, at each access; captions are tokenised before."""

    def __init__(self, encoded: list[bytes], image_size: int, ids_NL: Tensor | None) -> None:
        self._encoded, self._image_size, self._ids_NL = encoded, image_size, ids_NL

    def __len__(self) -> int:
        return len(self._encoded)

    def __getitem__(self, index: int) -> Row:
        image = Image.open(io.BytesIO(self._encoded[index])).convert("RGB")
        image = image.resize((self._image_size, self._image_size), Image.Resampling.BILINEAR)
        pixels_CHW = torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255
        row = {"pixel_values": (pixels_CHW - 0.5) / 0.5}
        return row if self._ids_NL is None else {**row, "input_ids": self._ids_NL[index]}


class StoredLatents(Dataset[Row]):
    """The latents and text states that ours reads: encoding anew at each step, as the example does, is other work."""

    def __init__(self, latents: Latents, *, with_text: bool) -> None:
        self._latents, self._with_text = latents, with_text

    def __len__(self) -> int:
        return len(self._latents)

    def __getitem__(self, index: int) -> Row:
        moments_Mhw = torch.from_numpy(self._latents.moments([index])[0])
        mean_Chw, log_variance_Chw = moments_Mhw.chunk(2)
        drawn_Chw = mean_Chw + (0.5 * log_variance_Chw).exp() * torch.randn_like(mean_Chw)
        row = {"pixel_values": drawn_Chw * self._latents.index.scaling_factor}
        if not self._with_text:
            return row
        return {**row, "states": torch.from_numpy(self._latents.text_states([self._latents.items[index].texts[0]])[0])}


def denoise(
    model: nn.Module, data: Dataset[Row], terms: Terms, text_encoder: CLIPTextModel | None = None
) -> Iterator[float]:
    """The two examples with a noise scheduler; a loss for each step, without end."""
    scheduler = DDPMScheduler(num_train_timesteps=1000, beta_schedule="linear")
    encoder = text_encoder
    if encoder is not None:
        encoder.to("cpu" if terms.on_cpu else "cuda", torch.bfloat16 if terms.bf16 else torch.float32)

    def loss(model: nn.Module, batch: Row) -> Tensor:
        clean_images = batch["pixel_values"]
        noise = torch.randn_like(clean_images)
        timesteps = torch.randint(
            0, scheduler.config.num_train_timesteps, (len(clean_images),), device=clean_images.device
        ).long()
        noisy_images = scheduler.add_noise(clean_images, noise, timesteps)
        told: tuple[Tensor, ...] = ()
        if encoder is not None:
            told = (encoder(batch["input_ids"], return_dict=False)[0],)
        elif "states" in batch:
            told = (batch["states"],)
        predicted = model(noisy_images, timesteps, *told, return_dict=False)[0]
        return functional.mse_loss(predicted.float(), noise.float(), reduction="mean")

    return _accelerated(model, data, terms, loss, averaged=True)


class _Whole(nn.Module):
    """The example calls encode and decode of the unwrapped model; under autocast they are one call."""

    def __init__(self, vae: AutoencoderKL) -> None:
        super().__init__()
        self.vae = vae

    def forward(self, targets: Tensor) -> tuple[Tensor, Tensor]:
        posterior = self.vae.encode(targets).latent_dist
        return self.vae.decode(posterior.sample()).sample, posterior.kl()


def autoencode(vae: AutoencoderKL, data: Dataset[Row], terms: Terms) -> Iterator[float]:
    """The example for AutoencoderKL: squared error and divergence; a loss for each step, without end."""

    def loss(model: nn.Module, batch: Row) -> Tensor:
        targets = batch["pixel_values"]
        reconstructions, kl = model(targets)
        rec_loss = functional.mse_loss(reconstructions.float(), targets.float(), reduction="none")
        return rec_loss.sum() / rec_loss.shape[0] + 1e-6 * kl.sum() / kl.shape[0]

    return _accelerated(_Whole(vae), data, terms, loss, averaged=False)


def _accelerated(
    model: nn.Module, data: Dataset[Row], terms: Terms, loss_of: Callable[[nn.Module, Row], Tensor], *, averaged: bool
) -> Iterator[float]:
    """What the examples share. `averaged`: with the moving average of the weights."""
    accelerator = Accelerator(mixed_precision="bf16" if terms.bf16 else "no", cpu=terms.on_cpu)
    ema = EMAModel(model.parameters(), decay=0.9999, use_ema_warmup=True, inv_gamma=1.0, power=0.75)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=(0.95, 0.999), weight_decay=1e-6, eps=1e-8)
    loader = DataLoader(data, batch_size=terms.batch_size, shuffle=True, num_workers=0)
    rate = get_scheduler("cosine", optimizer=optimizer, num_warmup_steps=500, num_training_steps=100_000)
    model, optimizer, loader, rate = accelerator.prepare(model, optimizer, loader, rate)
    ema.to(accelerator.device)
    model.train()
    while True:
        for batch in loader:
            with accelerator.accumulate(model):
                loss = loss_of(model, batch)
                accelerator.backward(loss)
                if accelerator.sync_gradients:
                    accelerator.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                rate.step()
                optimizer.zero_grad()
            if averaged and accelerator.sync_gradients:
                ema.step(model.parameters())
            yield loss.detach().item()


class _AtSteps(TrainerCallback):
    def __init__(self, told: Callable[[], None]) -> None:
        self._told = told

    def on_step_end(self, *arguments: object, **more: object) -> None:
        self._told()


def contrast(clip: CLIPModel, data: Dataset[Row], terms: Terms, *, steps: int, on_step: Callable[[], None]) -> None:
    """The example for CLIP: `steps` steps of transformers' Trainer; `on_step` is called after each."""

    def collate(rows: list[Row]) -> dict[str, Tensor | bool]:
        joined: dict[str, Tensor | bool] = {name: torch.stack([row[name] for row in rows]) for name in rows[0]}
        return {**joined, "return_loss": True}

    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            per_device_train_batch_size=terms.batch_size,
            max_steps=steps,
            learning_rate=1e-4,
            weight_decay=0.1,
            bf16=terms.bf16,
            use_cpu=terms.on_cpu,
            report_to="none",
            save_strategy="no",
            disable_tqdm=True,
            remove_unused_columns=False,
            dataloader_drop_last=True,
        )
        trainer = Trainer(
            model=clip, args=arguments, train_dataset=data, data_collator=collate, callbacks=[_AtSteps(on_step)]
        )
        trainer.train()
