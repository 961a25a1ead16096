"""The stage `clip`: image and text tower, InfoNCE, random crops, a caption drawn per step.

Shapes: B examples, C channels, H height, W width, L tokens, D projection width, E = 2 D.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPModel, CLIPTokenizer

from pd_ml.config import ClipConfig
from pd_ml.data.loader import Examples, Rows, batch_indices, open_split, require_examples
from pd_ml.data.pixels import to_unit
from pd_ml.evaluation.metrics import retrieval
from pd_ml.models.clip import build_clip, contrastive_loss, embed_images, embed_texts, image_processor
from pd_ml.models.tokenizer import load_tokenizer
from pd_ml.seeding import seed_of
from pd_ml.training.captions import TokenisedCaptions, trimmed
from pd_ml.training.draws import uniform
from pd_ml.training.loop import Bench, Loop, Outcome
from pd_ml.training.task import Places, Work
from pd_ml.training.workshop import Job


@dataclass(frozen=True, kw_only=True)
class ClipBatch:
    """Pictures in [-1, 1] after the crop, and one caption each."""

    images_BCHW: Tensor
    ids_BL: Tensor


class ClipTask:
    """CLIP as the loop trains it."""

    def __init__(
        self, config: ClipConfig, tokenizer: CLIPTokenizer, train: Examples, validation: Examples, device: torch.device
    ) -> None:
        self._config = config
        self._device = device
        self._tokenizer = tokenizer
        self._train = require_examples(train.captioned(), config.training.batch_size)
        self._validation = validation.captioned().first(config.training.validation_examples)
        self._captions = TokenisedCaptions(tokenizer, self._train)
        torch.manual_seed(seed_of(config.training.seed, "weights", "clip"))
        self._model = build_clip(config, tokenizer).to(device)

    @property
    def model(self) -> nn.Module:
        return self._model

    @property
    def counts(self) -> Mapping[str, int]:
        return {"train_examples": len(self._train), "validation_examples": len(self._validation)}

    def batch(self, step: int, places: Places) -> ClipBatch:
        seed = self._config.training.seed
        indices = self._indices(step, places)
        images_BCHW = to_unit(self._train.pixels(indices), self._device)
        uniform_B3 = uniform(seed, "crop", step, places, 3).to(self._device)
        cropped_BCHW = random_crops(images_BCHW, self._config.crop_share_min, uniform_B3)
        ids_BL = self._captions.chosen(indices, seed=seed, step=step)
        return ClipBatch(images_BCHW=cropped_BCHW, ids_BL=ids_BL.to(self._device))

    def item_ids(self, step: int, places: Places) -> Sequence[str]:
        return [self._train.item_ids[index] for index in self._indices(step, places)]

    def _indices(self, step: int, places: Places) -> Rows:
        indices = batch_indices(self._config.training.seed, step, places.total, len(self._train))
        return indices[places.start : places.stop]

    def loss(self, model: nn.Module, batch: ClipBatch, step: int) -> Tensor:
        assert isinstance(model, CLIPModel)
        images_BD, texts_BD = self._embedded(model, batch).chunk(2, dim=-1)
        return contrastive_loss(images_BD, texts_BD, batch.ids_BL, model.logit_scale)

    def accumulate(self, step: int, parts: Sequence[Places], work: Work) -> Tensor:
        """Every picture against every caption of the whole batch, though only a part of it goes through the towers at a
        time: features first, then their gradients, then each part again with them (GradCache, 2101.06983)."""
        batches = [self.batch(step, part) for part in parts]
        if len(parts) == 1 and work.processes == 1:
            return work.backward(lambda model: self.loss(model, batches[0], step), last=True)
        mine = [work.look(partial(self._embedded, batch=batch)).float() for batch in batches]
        features_BE = work.gathered(torch.cat(mine)).requires_grad_()
        ids_BL = work.gathered(torch.cat([batch.ids_BL for batch in batches]))
        log_scale = self._model.logit_scale.detach().clone().requires_grad_()
        images_BD, texts_BD = features_BE.chunk(2, dim=-1)
        loss = contrastive_loss(images_BD, texts_BD, ids_BL, log_scale)
        features_grad_BE, scale_grad = torch.autograd.grad(loss, (features_BE, log_scale))

        def with_gradient(model: nn.Module, *, batch: ClipBatch, grad_BE: Tensor, last: bool) -> Tensor:
            share = (self._embedded(model, batch).float() * grad_BE).sum()
            return share + model.logit_scale * scale_grad / work.processes if last else share

        for part, batch in zip(parts, batches, strict=True):
            last = part is parts[-1]
            grad_BE = features_grad_BE[part.start : part.stop]
            work.backward(partial(with_gradient, batch=batch, grad_BE=grad_BE, last=last), last=last)
        return loss.detach() / work.processes

    def _embedded(self, model: nn.Module, batch: ClipBatch) -> Tensor:
        """Features of pictures and captions side by side."""
        assert isinstance(model, CLIPModel)
        ids_BL = trimmed(batch.ids_BL, self._tokenizer.eos_token_id)
        return torch.cat([embed_images(model, batch.images_BCHW), embed_texts(model, ids_BL)], dim=-1)

    def validate(self, model: nn.Module) -> dict[str, float]:
        assert isinstance(model, CLIPModel)
        if not len(self._validation):
            return {}
        indices = range(len(self._validation))
        images_BCHW = to_unit(self._validation.pixels(indices), self._device)
        captions = [several[0] for several in self._validation.captions]
        ids_BL = TokenisedCaptions(self._tokenizer, self._validation).first(indices).to(self._device)
        images_BD, texts_BD = embed_images(model, images_BCHW), embed_texts(model, ids_BL)
        found = retrieval(images_BD @ texts_BD.T, captions, at=1)
        loss = contrastive_loss(images_BD, texts_BD, ids_BL, model.logit_scale)
        return {
            "validation_loss": round(float(loss), 6),
            "validation_recall_at_1": round(found.recall, 4),
            "validation_recall_at_1_chance": round(found.chance, 4),
        }

    def preview(self, model: nn.Module, folder: Path) -> None:
        """CLIP draws nothing."""

    def export(self, model: nn.Module, folder: Path) -> None:
        assert isinstance(model, CLIPModel)
        model.save_pretrained(folder)
        self._tokenizer.save_pretrained(folder)
        image_processor(self._config.image_size).save_pretrained(folder)


def train_clip(job: Job, export: Path, bench: Bench) -> Outcome:
    """Train the job's CLIP from its last checkpoint on, and export it."""
    assert isinstance(job.config, ClipConfig)
    train = open_split(job.dataset, "train", image_size=job.config.image_size, cache=job.cache)
    validation = open_split(job.dataset, "validation", image_size=job.config.image_size, cache=job.cache)
    task = ClipTask(job.config, load_tokenizer(job.inputs["tokenizer"]), train, validation, bench.device)
    return Loop(task, job.config.training, bench).run(export)


def random_crops(images_BCHW: Tensor, share_min: float, uniform_B3: Tensor) -> Tensor:
    """A square of each picture, scaled back to the full size: side between `share_min` and 1 of the whole, and place,
    from numbers in [0, 1)."""
    count, device = len(images_BCHW), images_BCHW.device
    side_B = share_min + (1 - share_min) * uniform_B3[:, 0]
    # The grid runs from -1 to 1: a square of side s has its centre within 1 - s of the middle.
    centre_B2 = (2 * uniform_B3[:, 1:] - 1) * (1 - side_B)[:, None]
    affine_B23 = torch.zeros(count, 2, 3, device=device)
    affine_B23[:, 0, 0] = affine_B23[:, 1, 1] = side_B
    affine_B23[:, :, 2] = centre_B2
    grid_BHW2 = functional.affine_grid(affine_B23, list(images_BCHW.shape), align_corners=False)
    return functional.grid_sample(images_BCHW, grid_BHW2, padding_mode="border", align_corners=False)
