"""The stage `unet_text`: a pixel-space U-Net learns to denoise, attending to the frozen text tower of our CLIP.

Shapes: B examples, C channels, H height, W width, L tokens, D width of the text states.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer

from pd_ml.config import UnetTextConfig
from pd_ml.data.buckets import Buckets
from pd_ml.data.loader import Examples, Pixels, Rows, require_batch
from pd_ml.data.pixels import to_unit
from pd_ml.diffusion import pipeline as pipeline_module
from pd_ml.diffusion.objective import Noised, denoising_loss, objective_of
from pd_ml.diffusion.pipeline import PdTextToImagePipeline, text_states, token_ids
from pd_ml.diffusion.sampling import draw
from pd_ml.evaluation.grid import save_grid
from pd_ml.marks.marking import preview_marks
from pd_ml.models.attention import use_attention
from pd_ml.models.clip import load_text_tower
from pd_ml.models.tokenizer import load_tokenizer
from pd_ml.models.unet_text import build_unet
from pd_ml.seeding import seed_of
from pd_ml.training.captions import TokenisedCaptions
from pd_ml.training.denoising import held_out_loss_of_buckets, noisy
from pd_ml.training.loop import Bench, Loop, Outcome
from pd_ml.training.pictures import Pictures, in_buckets, open_pictures, rows_of
from pd_ml.training.sampler import NO_CAPTION, Sampler
from pd_ml.training.task import Places
from pd_ml.training.workshop import Job


@dataclass(frozen=True, kw_only=True)
class CaptionedBatch:
    """Pictures with their noise, and a caption each (some are left empty)."""

    noised: Noised
    ids_BL: Tensor


class UnetTextTask:
    """The text-conditioned denoiser as the loop trains it."""

    def __init__(
        self,
        config: UnetTextConfig,
        text_encoder: CLIPTextModel,
        tokenizer: CLIPTokenizer,
        train: Examples | Buckets,
        validation: Examples | Buckets,
        device: torch.device,
    ) -> None:
        seed = config.training.seed
        self._config = config
        self._device = device
        self._tokenizer = tokenizer
        self._text_encoder = text_encoder.to(device).eval().requires_grad_(False)
        self._objective = objective_of(config)
        self._train = Pictures(
            train.captioned(),
            seed=seed,
            flips=config.flips,
            heeds_captions=True,
            caption_dropout=config.caption_dropout,
        )
        require_batch(len(self._train), "captioned examples in split train", config.training.batch_size)
        self._validation = in_buckets(validation).captioned().first(config.training.validation_examples)
        self._captions = [TokenisedCaptions(tokenizer, one) for one in self._train.buckets.examples]
        self._empty_ids_L = token_ids(tokenizer, [""])[0]
        torch.manual_seed(seed_of(seed, "weights", "unet_text"))
        self._unet = build_unet(config, text_encoder.config.hidden_size).to(device)
        use_attention(self._unet, config.attention_backend, device.type)

    @property
    def model(self) -> nn.Module:
        unet: nn.Module = self._unet
        return unet

    @property
    def counts(self) -> Mapping[str, int]:
        return {"train_examples": len(self._train), "validation_examples": len(self._validation)}

    def batch(self, step: int, places: Places) -> CaptionedBatch:
        shown = self.sampler.shown(step, places)
        assert shown.captions is not None
        ids_BL = self._captions[shown.bucket].read(shown.indices, shown.captions.clip(min=0))
        dropped_B = torch.from_numpy(shown.captions == NO_CAPTION)
        ids_BL = torch.where(dropped_B[:, None], self._empty_ids_L, ids_BL)
        return self._noisy(self._train.pixels(shown.bucket, shown.indices, step), ids_BL, "train", step, places)

    def item_ids(self, step: int, places: Places) -> Sequence[str]:
        return self.sampler.item_ids(step, places)

    @property
    def sampler(self) -> Sampler:
        return self._train.sampler

    @property
    def measured(self) -> Mapping[str, Rows]:
        """What is validated on; without it, the examples whose captions are the prompts of previews."""
        if len(self._validation):
            return {"validation": rows_of(*self._validation.examples)}
        return {"train": rows_of(*self._train.buckets.examples)[: self._config.preview_prompts]}

    def loss(self, model: nn.Module, batch: CaptionedBatch, step: int) -> Tensor:
        with torch.no_grad():
            text_BLD = text_states(self._text_encoder, batch.ids_BL)

        def predict(mixed_BCHW: Tensor, times_B: Tensor) -> Tensor:
            predicted_BCHW: Tensor = model(mixed_BCHW, times_B, encoder_hidden_states=text_BLD).sample
            return predicted_BCHW

        return denoising_loss(self._objective, batch.noised, predict)

    def validate(self, model: nn.Module) -> dict[str, float]:
        told = [TokenisedCaptions(self._tokenizer, one) for one in self._validation.examples]

        def loss(bucket: int, places: Places) -> Tensor:
            indices = range(places.start, places.stop)
            pixels_BHWC, ids_BL = self._validation.examples[bucket].pixels(indices), told[bucket].first(indices)
            return self.loss(model, self._noisy(pixels_BHWC, ids_BL, "validation", 0, places), 0)

        return held_out_loss_of_buckets(self._validation, self._config.training.batch_size, loss)

    def preview(self, model: nn.Module, folder: Path) -> None:
        """`samples.png`: the same held-out captions and noise every time."""
        shown = self._validation if len(self._validation) else self._train.buckets
        captions = [several[0] for one in shown.examples for several in one.captions]
        prompts = captions[: self._config.preview_prompts]
        pipeline = self._pipeline(model)
        pixels_NHWC = draw(pipeline, prompts, self._config.sampling, seed=self._config.training.seed)
        marks = preview_marks("unet_text")
        save_grid(folder / "samples.png", pixels_NHWC, prompts, texts={"pd_prompts": "\n".join(prompts)}, marks=marks)

    def export(self, model: nn.Module, folder: Path) -> None:
        self._pipeline(model).save_pretrained(folder)
        shutil.copyfile(str(pipeline_module.__file__), folder / "pipeline.py")

    def _pipeline(self, model: nn.Module) -> PdTextToImagePipeline:
        assert isinstance(model, UNet2DConditionModel)
        pipeline = PdTextToImagePipeline(
            unet=model,
            scheduler=self._objective.scheduler(),
            text_encoder=self._text_encoder,
            tokenizer=self._tokenizer,
        )
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    def _noisy(self, pixels_BHWC: Pixels, ids_BL: Tensor, purpose: str, step: int, places: Places) -> CaptionedBatch:
        images_BCHW = to_unit(pixels_BHWC, self._device)
        seed = self._config.training.seed
        mixed = noisy(self._objective, images_BCHW, seed=seed, purpose=purpose, step=step, places=places)
        return CaptionedBatch(noised=mixed, ids_BL=ids_BL.to(self._device))


def train_unet_text(job: Job, export: Path, bench: Bench) -> Outcome:
    """Train the job's U-Net from its last checkpoint on, and export its pipeline."""
    assert isinstance(job.config, UnetTextConfig)
    train, validation = (
        open_pictures(job.config, job.dataset, split, cache=job.cache) for split in ("train", "validation")
    )
    text_encoder = load_text_tower(job.inputs["clip"])
    task = UnetTextTask(job.config, text_encoder, load_tokenizer(job.inputs["clip"]), train, validation, bench.device)
    return Loop(task, job.config.training, bench).run(export)
