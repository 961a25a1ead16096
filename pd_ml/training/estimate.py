"""What a training will cost, before it starts: parameters, arithmetic, memory and time, counted on a model that has
shapes and no weights. Memory and time are estimates; what they assume is said with them.

Shapes: B examples, C channels, H height, W width, L tokens, D width of the text states.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode
from transformers import CLIPTextConfig, CLIPTextModel

from pd_ml.config import (
    ClipConfig,
    EvaluateConfig,
    LatentDiffusionConfig,
    LatentUnetConfig,
    StageConfig,
    SuperResolutionConfig,
    TokenizerConfig,
    TrainingConfig,
    TransformerConfig,
    UnetConfig,
    UnetTextConfig,
    VaeConfig,
)
from pd_ml.data.latents import read_index
from pd_ml.diffusion.transformer_pipeline import Told
from pd_ml.models.clip import build_clip, embed_images, embed_texts
from pd_ml.models.latent_diffusion import build_latent_diffusion_unet
from pd_ml.models.latent_size import latent_channels
from pd_ml.models.latent_unet import build_latent_unet
from pd_ml.models.preprocessor import read_format
from pd_ml.models.super_resolution import build_unet as build_upscaler
from pd_ml.models.tokenizer import load_tokenizer
from pd_ml.models.transformer import build_transformer
from pd_ml.models.unet import build_unet as build_plain_unet
from pd_ml.models.unet_text import build_unet
from pd_ml.models.vae import build_vae
from pd_ml.training.weights import state_bytes

_COUNTED_EXAMPLES = 2


@dataclass(frozen=True, kw_only=True)
class Device:
    """What one device does: `tflops` at its peak, and the share of it that U-Nets reach in practice."""

    name: str
    tflops: float
    utilisation: float
    memory_gib: float
    bf16: bool


# Utilisation of U-Nets in bf16 with channels_last and compilation: 0.2, between the 0.15 and 0.3 of published runs.
DEVICES = (
    Device(name="one CPU core", tflops=0.05, utilisation=1.0, memory_gib=0.0, bf16=False),
    Device(name="RTX 3060 12 GB", tflops=51, utilisation=0.2, memory_gib=12, bf16=True),
    Device(name="H100 80 GB", tflops=989, utilisation=0.2, memory_gib=80, bf16=True),
)


@dataclass(frozen=True, kw_only=True)
class Sketch:
    """A stage's model without weights, and its loss over that many examples without contents."""

    model: nn.Module
    loss: Callable[[int], Tensor]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """`flops_per_image` is forward and backward; `state_bytes` weights, gradients, moments and average."""

    parameters: int
    flops_per_image: int
    state_bytes: int
    activation_bytes_per_image: int
    images: int

    def hours(self, device: Device) -> float:
        """Time for all images at the device's usual rate."""
        return self.images * self.flops_per_image / (device.tflops * 1e12 * device.utilisation) / 3600

    def memory_gib(self, images: int, *, bf16: bool) -> float:
        """State, and activations of `images` at a time; bf16 halves those."""
        activations = self.activation_bytes_per_image * images / (2 if bf16 else 1)
        return (self.state_bytes + activations) / 2**30

    def fitting(self, device: Device, batch_size: int) -> int:
        """The largest micro-batch that the device holds with a tenth of its memory to spare; 0 if not one image."""
        size = batch_size
        while size and self.memory_gib(size, bf16=device.bf16) > 0.9 * device.memory_gib:
            size //= 2
        return size


def estimate(config: StageConfig, inputs: Mapping[str, Path]) -> Estimate | None:
    """What training with `config` will cost; None where there is no model to train by gradients."""
    sketch_of = _SKETCHES.get(type(config))
    if sketch_of is None:
        return None
    training = training_of(config)
    with torch.device("meta"):
        sketch = sketch_of(config, inputs)
        flops, activation_bytes = _counted(sketch)
    return Estimate(
        parameters=sum(parameter.numel() for parameter in sketch.model.parameters()),
        flops_per_image=flops,
        state_bytes=state_bytes(sketch.model, training),
        activation_bytes_per_image=activation_bytes,
        images=training.steps * training.batch_size,
    )


def described(found: Estimate, training: TrainingConfig) -> list[str]:
    """Lines for people."""
    lines = [
        f"{found.parameters / 1e6:.2f} million parameters, {found.flops_per_image / 1e9:.2f} GFLOP an image (forward "
        f"and backward), {found.images:,} images in {training.steps:,} steps of {training.batch_size}",
        f"memory: {found.state_bytes / 2**30:.2f} GiB for weights, gradients, optimiser and average, and about "
        f"{found.activation_bytes_per_image / 2**20:.1f} MiB of activations for each image at a time in fp32",
    ]
    return lines + [_on(device, found, training) for device in DEVICES]


def _on(device: Device, found: Estimate, training: TrainingConfig) -> str:
    assumed = f"{device.tflops * device.utilisation * 1000:,.0f} GFLOP/s"
    line = f"{device.name}: about {_readable(found.hours(device))} at {assumed}"
    if not device.memory_gib:
        return line
    size = found.fitting(device, training.batch_size)
    if not size:
        return f"{line}; does not fit its memory"
    return f"{line}; {size} images at a time need about {found.memory_gib(size, bf16=device.bf16):.1f} GiB"


def _readable(hours: float) -> str:
    if hours < 1:
        return f"{hours * 60:.1f} min"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"


def _counted(sketch: Sketch) -> tuple[int, int]:
    """FLOPs and bytes of kept activations for one example."""
    sketch.model.train()
    kept: dict[int, int] = {}
    own = {parameter.untyped_storage()._cdata for parameter in sketch.model.parameters()}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            kept[storage._cdata] = storage.nbytes()
        return tensor

    with FlopCounterMode(display=False) as counter, saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = sketch.loss(_COUNTED_EXAMPLES)
        loss.backward()
    return counter.get_total_flops() // _COUNTED_EXAMPLES, sum(kept.values()) // _COUNTED_EXAMPLES


def training_of(config: StageConfig) -> TrainingConfig:
    """How the stage's loop runs."""
    assert not isinstance(config, TokenizerConfig | EvaluateConfig)
    return config.training


def _clip(config: StageConfig, inputs: Mapping[str, Path]) -> Sketch:
    assert isinstance(config, ClipConfig)
    tokenizer = load_tokenizer(inputs["tokenizer"])
    pictures = read_format(inputs["tokenizer"])
    model = build_clip(config, tokenizer, pictures)

    def loss(count: int) -> Tensor:
        images_BD = embed_images(model, torch.zeros(count, 3, pictures.size_px, pictures.size_px))
        texts_BD = embed_texts(model, torch.zeros(count, tokenizer.model_max_length, dtype=torch.int64))
        return (images_BD * texts_BD).sum()

    return Sketch(model=model, loss=loss)


def _unet(config: StageConfig, inputs: Mapping[str, Path]) -> Sketch:
    assert isinstance(config, UnetConfig)
    model = build_plain_unet(config)

    def loss(count: int) -> Tensor:
        noised_BCHW = torch.zeros(count, 3, config.image_size, config.image_size)
        predicted_BCHW: Tensor = model(noised_BCHW, torch.zeros(count)).sample
        return predicted_BCHW.square().mean()

    return Sketch(model=model, loss=loss)


def _unet_text(config: StageConfig, inputs: Mapping[str, Path]) -> Sketch:
    assert isinstance(config, UnetTextConfig)
    text = CLIPTextConfig(**json.loads((inputs["clip"] / "config.json").read_text())["text_config"])
    text_encoder = CLIPTextModel(text).requires_grad_(False)
    model = build_unet(config, text.hidden_size)

    def loss(count: int) -> Tensor:
        ids_BL = torch.zeros(count, text.max_position_embeddings, dtype=torch.int64)
        with torch.no_grad():
            text_BLD = text_encoder(input_ids=ids_BL).last_hidden_state
        noised_BCHW = torch.zeros(count, 3, config.image_size, config.image_size)
        predicted_BCHW: Tensor = model(noised_BCHW, torch.zeros(count), encoder_hidden_states=text_BLD).sample
        return predicted_BCHW.square().mean()

    return Sketch(model=model, loss=loss)


def _transformer(config: StageConfig, inputs: Mapping[str, Path]) -> Sketch:
    assert isinstance(config, TransformerConfig)
    text = CLIPTextConfig(**json.loads((inputs["clip"] / "config.json").read_text())["text_config"])
    text_encoder = CLIPTextModel(text).requires_grad_(False)
    model = build_transformer(config, text.hidden_size)

    def loss(count: int) -> Tensor:
        with torch.no_grad():
            told = Told.of(text_encoder, torch.zeros(count, text.max_position_embeddings, dtype=torch.int64))
        noised_BCHW = torch.zeros(count, 3, config.image_size, config.image_size)
        predicted_BCHW: Tensor = model(noised_BCHW, torch.zeros(count), **told.named()).sample
        return predicted_BCHW.square().mean()

    return Sketch(model=model, loss=loss)


def _super_resolution(config: StageConfig, inputs: Mapping[str, Path]) -> Sketch:
    assert isinstance(config, SuperResolutionConfig)
    model = build_upscaler(config)
    side = config.crop_size // config.patch_size

    def loss(count: int) -> Tensor:
        seen_BPhw = torch.zeros(count, 6 * config.patch_size**2, side, side)
        predicted_BPhw: Tensor = model(seen_BPhw, torch.zeros(count), class_labels=torch.zeros(count)).sample
        return predicted_BPhw.square().mean()

    return Sketch(model=model, loss=loss)


def _vae(config: StageConfig, inputs: Mapping[str, Path]) -> Sketch:
    """The first phase, without the distance in CLIP."""
    assert isinstance(config, VaeConfig)
    model = build_vae(config)

    def loss(count: int) -> Tensor:
        made_BCHW: Tensor = model(torch.zeros(count, 3, config.image_size, config.image_size)).sample
        return made_BCHW.square().mean()

    return Sketch(model=model, loss=loss)


def _latent_unet(config: StageConfig, inputs: Mapping[str, Path]) -> Sketch:
    assert isinstance(config, LatentUnetConfig)
    index = read_index(inputs["latents"])
    model = build_latent_unet(config, index)

    def loss(count: int) -> Tensor:
        noised_BChw = torch.zeros(count, latent_channels(index), *index.moments_shape[1:])
        predicted_BChw: Tensor = model(noised_BChw, torch.zeros(count)).sample
        return predicted_BChw.square().mean()

    return Sketch(model=model, loss=loss)


def _latent_diffusion(config: StageConfig, inputs: Mapping[str, Path]) -> Sketch:
    assert isinstance(config, LatentDiffusionConfig)
    index = read_index(inputs["latents"])
    model = build_latent_diffusion_unet(config, index)

    def loss(count: int) -> Tensor:
        noised_BChw = torch.zeros(count, latent_channels(index), *index.moments_shape[1:])
        text_BLD = torch.zeros(count, *index.text_shape)
        predicted_BChw: Tensor = model(noised_BChw, torch.zeros(count), encoder_hidden_states=text_BLD).sample
        return predicted_BChw.square().mean()

    return Sketch(model=model, loss=loss)


_SKETCHES: Mapping[type, Callable[[StageConfig, Mapping[str, Path]], Sketch]] = MappingProxyType(
    {
        ClipConfig: _clip,
        UnetConfig: _unet,
        UnetTextConfig: _unet_text,
        TransformerConfig: _transformer,
        VaeConfig: _vae,
        LatentUnetConfig: _latent_unet,
        LatentDiffusionConfig: _latent_diffusion,
        SuperResolutionConfig: _super_resolution,
    }
)
