"""What denoisers of pixels that are told of a text have in common: captions, frozen text tower, noise, previews.

A stage adds its model, what the model is told of token ids, and the pipeline that is exported.
Shapes: B examples, C channels, H height, W width, L tokens.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import DiffusionPipeline
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer

from pd_ml.config import TransformerConfig, UnetTextConfig
from pd_ml.data.buckets import Buckets
from pd_ml.data.loader import Examples, Pixels, Rows, require_batch
from pd_ml.data.pixels import to_unit
from pd_ml.diffusion.objective import Noised, denoising_loss, objective_of
from pd_ml.diffusion.pipeline import token_ids
from pd_ml.diffusion.sampling import draw
from pd_ml.evaluation.grid import save_grid
from pd_ml.marks.marking import preview_marks
from pd_ml.models.clip import load_text_tower
from pd_ml.models.tokenizer import load_tokenizer
from pd_ml.seeding import seed_of
from pd_ml.training.captions import TokenisedCaptions
from pd_ml.training.denoising import held_out_loss_of_buckets, noisy
from pd_ml.training.pictures import Pictures, in_buckets, open_pictures, rows_of
from pd_ml.training.sampler import NO_CAPTION, Sampler
from pd_ml.training.task import Places
from pd_ml.training.workshop import Job

# What is predicted of noised pictures BCHW at timesteps B.
Predict = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, kw_only=True)
class CaptionedBatch:
    """Pictures with their noise, and a caption each (some are left empty)."""

    noised: Noised
    ids_BL: Tensor


class PromptedTask(ABC):
    """A text-conditioned denoiser of pixels as the loop trains it."""

    def __init__(
        self,
        config: UnetTextConfig | TransformerConfig,
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
        torch.manual_seed(seed_of(seed, "weights", self.stage))
        self._denoiser = self._built(text_encoder.config.hidden_size).to(device)

    @property
    @abstractmethod
    def stage(self) -> str:
        """Its name."""

    @abstractmethod
    def _built(self, text_width: int) -> nn.Module:
        """The denoiser with fresh weights, drawn from torch's seed."""

    @abstractmethod
    def _predict(self, model: nn.Module, ids_BL: Tensor) -> Predict:
        """What `model` predicts of noised pictures when it is told of those texts."""

    @abstractmethod
    def _pipeline(self, model: nn.Module) -> DiffusionPipeline:
        """What draws with `model`."""

    @abstractmethod
    def export(self, model: nn.Module, folder: Path) -> None:
        """The pipeline, and the code that it needs beside diffusers."""

    @property
    def model(self) -> nn.Module:
        return self._denoiser

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
        return denoising_loss(self._objective, batch.noised, self._predict(model, batch.ids_BL))

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
        marks = preview_marks(self.stage)
        save_grid(folder / "samples.png", pixels_NHWC, prompts, texts={"pd_prompts": "\n".join(prompts)}, marks=marks)

    def _noisy(self, pixels_BHWC: Pixels, ids_BL: Tensor, purpose: str, step: int, places: Places) -> CaptionedBatch:
        images_BCHW = to_unit(pixels_BHWC, self._device)
        seed = self._config.training.seed
        mixed = noisy(self._objective, images_BCHW, seed=seed, purpose=purpose, step=step, places=places)
        return CaptionedBatch(noised=mixed, ids_BL=ids_BL.to(self._device))


def opened(job: Job) -> tuple[CLIPTextModel, CLIPTokenizer, Buckets, Buckets]:
    """What the task of `job` is made of: text tower, tokenizer, training and validation pictures."""
    assert isinstance(job.config, UnetTextConfig | TransformerConfig)
    config = job.config
    train, validation = (
        open_pictures(config, job.dataset, split, cache=job.cache) for split in ("train", "validation")
    )
    return load_text_tower(job.inputs["clip"]), load_tokenizer(job.inputs["clip"]), train, validation
