"""The stage `unet_text`: a pixel-space U-Net learns rectified flow, attending to the frozen text tower of our CLIP.

Shapes: B examples, C channels, H height, W width, L tokens, D width of the text states.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTextModel, CLIPTokenizer

from pd_ml.config import UnetTextConfig
from pd_ml.data.loader import Examples, batch_indices, open_split, require_examples
from pd_ml.data.pixels import to_unit
from pd_ml.device import prepare_device
from pd_ml.diffusion import pipeline as pipeline_module
from pd_ml.diffusion.flow import RectifiedFlow
from pd_ml.diffusion.pipeline import PdTextToImagePipeline, text_states, token_ids
from pd_ml.diffusion.sampling import draw
from pd_ml.evaluation.grid import save_grid
from pd_ml.models.tokenizer import load_tokenizer
from pd_ml.models.unet_text import build_unet, use_attention
from pd_ml.progress import Reporter
from pd_ml.seeding import seed_of
from pd_ml.training.captions import TokenisedCaptions
from pd_ml.training.loop import Bench, Loop, Outcome
from pd_ml.training.stopping import Stopping
from pd_ml.training.workshop import Job


@dataclass(frozen=True, kw_only=True)
class FlowBatch:
    """Pictures in [-1, 1], what they are mixed with and how much, and a caption each (some are left empty)."""

    images_BCHW: Tensor
    noise_BCHW: Tensor
    sigmas_B: Tensor
    ids_BL: Tensor


class UnetTextTask:
    """The text-conditioned denoiser as the loop trains it."""

    def __init__(
        self,
        config: UnetTextConfig,
        text_encoder: CLIPTextModel,
        tokenizer: CLIPTokenizer,
        train: Examples,
        validation: Examples,
        device: torch.device,
    ) -> None:
        self._config = config
        self._device = device
        self._tokenizer = tokenizer
        self._text_encoder = text_encoder.to(device).eval().requires_grad_(False)
        self._flow = RectifiedFlow(shift=config.flow_shift)
        self._train = require_examples(train.captioned(), config.training.batch_size)
        self._validation = validation.captioned().first(config.training.validation_examples)
        self._captions = TokenisedCaptions(tokenizer, self._train)
        self._empty_ids_L = token_ids(tokenizer, [""])[0]
        torch.manual_seed(seed_of(config.training.seed, "weights", "unet_text"))
        self._unet = build_unet(config, text_encoder.config.hidden_size).to(device)
        use_attention(self._unet, config.attention_backend, device.type)

    @property
    def model(self) -> nn.Module:
        unet: nn.Module = self._unet
        return unet

    @property
    def counts(self) -> Mapping[str, int]:
        return {"train_examples": len(self._train), "validation_examples": len(self._validation)}

    def batch(self, step: int) -> FlowBatch:
        seed = self._config.training.seed
        indices = batch_indices(seed, step, self._config.training.batch_size, len(self._train))
        ids_BL = self._captions.chosen(indices, seed=seed, step=step)
        dropped_B = torch.rand(len(indices), generator=self._generator("cpu", "drop", step))
        ids_BL = torch.where((dropped_B < self._config.caption_dropout)[:, None], self._empty_ids_L, ids_BL)
        return self._noisy(to_unit(self._train.pixels(indices), self._device), ids_BL, "train", step)

    def loss(self, model: nn.Module, batch: FlowBatch, step: int) -> Tensor:
        with torch.no_grad():
            text_BLD = text_states(self._text_encoder, batch.ids_BL)
        noised_BCHW = self._flow.noised(batch.images_BCHW, batch.noise_BCHW, batch.sigmas_B)
        timesteps_B = self._flow.timesteps(batch.sigmas_B)
        velocity_BCHW: Tensor = model(noised_BCHW, timesteps_B, encoder_hidden_states=text_BLD).sample
        target_BCHW = self._flow.target(batch.images_BCHW, batch.noise_BCHW)
        return functional.mse_loss(velocity_BCHW.float(), target_BCHW)

    def validate(self, model: nn.Module) -> dict[str, float]:
        total, size = 0.0, self._config.training.batch_size
        if not len(self._validation):
            return {}
        captions = TokenisedCaptions(self._tokenizer, self._validation)
        for start in range(0, len(self._validation), size):
            indices = range(start, min(start + size, len(self._validation)))
            images_BCHW = to_unit(self._validation.pixels(indices), self._device)
            batch = self._noisy(images_BCHW, captions.first(indices), "validation", start)
            total += float(self.loss(model, batch, 0)) * len(indices)
        return {"validation_loss": round(total / len(self._validation), 6)}

    def preview(self, model: nn.Module, folder: Path) -> None:
        """`samples.png`: the same held-out captions and noise every time."""
        shown = self._validation if len(self._validation) else self._train
        prompts = [captions[0] for captions in shown.first(self._config.preview_prompts).captions]
        pipeline = self._pipeline(model)
        pixels_NHWC = draw(pipeline, prompts, self._config.sampling, seed=self._config.training.seed)
        save_grid(folder / "samples.png", pixels_NHWC, prompts, texts={"pd_prompts": "\n".join(prompts)})

    def export(self, model: nn.Module, folder: Path) -> None:
        self._pipeline(model).save_pretrained(folder)
        shutil.copyfile(str(pipeline_module.__file__), folder / "pipeline.py")

    def _pipeline(self, model: nn.Module) -> PdTextToImagePipeline:
        assert isinstance(model, UNet2DConditionModel)
        pipeline = PdTextToImagePipeline(
            unet=model,
            scheduler=self._flow.scheduler(),
            text_encoder=self._text_encoder,
            tokenizer=self._tokenizer,
        )
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    def _noisy(self, images_BCHW: Tensor, ids_BL: Tensor, purpose: str, place: int) -> FlowBatch:
        generator = self._generator(self._device, f"{purpose} noise", place)
        noise_BCHW = torch.randn(images_BCHW.shape, generator=generator, device=self._device)
        sigmas_B = self._flow.sigmas(len(images_BCHW), generator)
        ids_BL = ids_BL.to(self._device)
        return FlowBatch(images_BCHW=images_BCHW, noise_BCHW=noise_BCHW, sigmas_B=sigmas_B, ids_BL=ids_BL)

    def _generator(self, device: torch.device | str, purpose: str, place: int) -> torch.Generator:
        return torch.Generator(device).manual_seed(seed_of(self._config.training.seed, purpose, place))


def train_unet_text(job: Job, export: Path, reporter: Reporter, stopping: Stopping) -> Outcome:
    """Train the job's U-Net from its last checkpoint on, and export its pipeline."""
    assert isinstance(job.config, UnetTextConfig)
    device = prepare_device(job.config.training.device, job.config.training.threads)
    train = open_split(job.dataset, "train", image_size=job.config.image_size, cache=job.cache)
    validation = open_split(job.dataset, "validation", image_size=job.config.image_size, cache=job.cache)
    text_encoder = CLIPTextModel.from_pretrained(job.inputs["clip"])
    task = UnetTextTask(job.config, text_encoder, load_tokenizer(job.inputs["clip"]), train, validation, device)
    bench = Bench(folder=job.partial, device=device, reporter=reporter, stopping=stopping)
    return Loop(task, job.config.training, bench).run(export)
