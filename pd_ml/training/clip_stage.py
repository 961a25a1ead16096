"""The stage `clip`: image and text tower, contrastive loss, random crops, a caption drawn per step.

Shapes: B and N examples, C channels, H height, W width, L tokens, M most captions of one example, X numbers of an
example, D projection width, E = 2 D.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPModel, CLIPTokenizer

from pd_ml.config import ClipConfig
from pd_ml.data.loader import Examples, Rows, open_split, require_batch
from pd_ml.data.pixels import to_unit
from pd_ml.data.statistics import colours, picture_numbers
from pd_ml.diffusion.pipeline import token_ids
from pd_ml.evaluation.retrieval import retrieval
from pd_ml.evaluation.zero_shot import frequent_labels, zero_shot
from pd_ml.models.clip import build_clip, embed_images, embed_texts, picture_format, sigmoid_loss, softmax_loss
from pd_ml.models.preprocessor import PictureFormat, read_format, save_format
from pd_ml.models.tokenizer import load_tokenizer, save_tokenizer
from pd_ml.seeding import seed_of
from pd_ml.training.captions import TokenisedCaptions, trimmed
from pd_ml.training.draws import uniform
from pd_ml.training.loop import Bench, Loop, Outcome
from pd_ml.training.pictures import Pictures, rows_of
from pd_ml.training.sampler import Sampler
from pd_ml.training.task import Places, Work
from pd_ml.training.workshop import Job

_BIAS = "logit_bias"
# Held-out examples that go through a tower at a time.
_LOOKED_AT = 256


@dataclass(frozen=True, kw_only=True)
class ClipBatch:
    """Pictures in [-1, 1] after the crop, one caption each, and which of them belong together."""

    images_BCHW: Tensor
    ids_BL: Tensor
    kinship: "Kinship"


@dataclass(frozen=True, kw_only=True)
class Kinship:
    """By number: the picture of each example, the caption that is read, and all captions that tell of the picture."""

    picture_B: Tensor
    caption_B: Tensor
    captions_BM: Tensor

    def columns(self) -> Tensor:
        """All of it in one tensor, to be gathered from parts and processes, BX."""
        return torch.cat([self.picture_B[:, None], self.caption_B[:, None], self.captions_BM], dim=1)

    def pairs(self) -> Tensor:
        """Which picture (row) belongs to which caption: its own, that of the same picture, or one of its others. BB."""
        same_picture_BB = self.picture_B[:, None] == self.picture_B[None]
        told_BB = (self.captions_BM[:, None, :] == self.caption_B[None, :, None]).any(-1)
        return same_picture_BB | told_BB


def kinship_of(columns_BX: Tensor) -> Kinship:
    """The inverse of `columns`."""
    return Kinship(picture_B=columns_BX[:, 0], caption_B=columns_BX[:, 1], captions_BM=columns_BX[:, 2:])


class ClipTask:
    """CLIP as the loop trains it. With the sigmoid loss the model has a `logit_bias`, which the loss alone reads."""

    def __init__(
        self, config: ClipConfig, tokenizer: CLIPTokenizer, train: Examples, validation: Examples, device: torch.device
    ) -> None:
        self._config = config
        self._device = device
        self._tokenizer = tokenizer
        self._train = train.captioned()
        require_batch(len(self._train), "captioned examples in split train", config.training.batch_size)
        self._shown = Pictures(self._train, seed=config.training.seed, flips=config.flips, heeds_captions=True)
        self._validation = validation.captioned().first(config.training.validation_examples)
        self._captions = TokenisedCaptions(tokenizer, self._train)
        self._pictures = torch.from_numpy(picture_numbers(self._train))
        self._labels = frequent_labels(self._train.captions, seed=config.training.seed)
        torch.manual_seed(seed_of(config.training.seed, "weights", "clip"))
        self._model = build_clip(config, tokenizer, _measured_format(self._train))
        if config.loss == "sigmoid":
            # One pair among as many captions as the batch has: at the start, all are taken for strangers.
            self._model.register_parameter(_BIAS, nn.Parameter(torch.tensor(-math.log(config.training.batch_size))))
        self._model = self._model.to(device)

    @property
    def model(self) -> nn.Module:
        return self._model

    @property
    def counts(self) -> Mapping[str, int]:
        return {"train_examples": len(self._train), "validation_examples": len(self._validation)}

    def batch(self, step: int, places: Places) -> ClipBatch:
        seed = self._config.training.seed
        shown = self.sampler.shown(step, places)
        indices, captions = shown.indices, shown.captions
        assert captions is not None
        images_BCHW = to_unit(self._shown.pixels(0, indices, step), self._device)
        uniform_B3 = uniform(seed, "crop", step, places, 3).to(self._device)
        cropped_BCHW = random_crops(images_BCHW, self._config.crop_share_min, uniform_B3)
        ids_BL = self._captions.read(indices, captions)
        kinship = Kinship(
            picture_B=self._pictures[torch.from_numpy(indices)],
            caption_B=self._captions.read_numbers(indices, captions),
            captions_BM=self._captions.all_numbers(indices),
        )
        kinship = kinship_of(kinship.columns().to(self._device))
        return ClipBatch(images_BCHW=cropped_BCHW, ids_BL=ids_BL.to(self._device), kinship=kinship)

    def item_ids(self, step: int, places: Places) -> Sequence[str]:
        return self.sampler.item_ids(step, places)

    @property
    def sampler(self) -> Sampler:
        return self._shown.sampler

    @property
    def measured(self) -> Mapping[str, Rows]:
        """What is validated on, and every captioned example of the training split: the mean colours of all of them are
        part of what is released."""
        return {"train": rows_of(self._train), "validation": rows_of(self._validation)}

    def loss(self, model: nn.Module, batch: ClipBatch, step: int) -> Tensor:
        assert isinstance(model, CLIPModel)
        return self._contrast(self._embedded(model, batch), batch.kinship, _head(model))

    def accumulate(self, step: int, parts: Sequence[Places], work: Work) -> Tensor:
        """Every picture against every caption of the whole batch, though only a part of it goes through the towers at a
        time: features first, then their gradients, then each part again with them (GradCache, 2101.06983)."""
        batches = work.waited(lambda: [self.batch(step, part) for part in parts])
        if len(parts) == 1 and work.processes == 1:
            return work.backward(lambda model: self.loss(model, batches[0], step), last=True)
        mine = [work.look(partial(self._embedded, batch=batch)).float() for batch in batches]
        features_BE = work.gathered(torch.cat(mine)).requires_grad_()
        kinship = kinship_of(work.gathered(torch.cat([batch.kinship.columns() for batch in batches])))
        head = [parameter.detach().clone().requires_grad_() for parameter in _head(self._model)]
        loss = self._contrast(features_BE, kinship, head)
        features_grad_BE, *head_grads = torch.autograd.grad(loss, (features_BE, *head))

        def with_gradient(model: nn.Module, *, batch: ClipBatch, grad_BE: Tensor, last: bool) -> Tensor:
            share = (self._embedded(model, batch).float() * grad_BE).sum()
            if not last:
                return share
            # Scale and bias are in the loss once, not once in each part and process.
            once = [one * grad / work.processes for one, grad in zip(_head(model), head_grads, strict=True)]
            return share + torch.stack(once).sum()

        for part, batch in zip(parts, batches, strict=True):
            last = part is parts[-1]
            grad_BE = features_grad_BE[part.start : part.stop]
            work.backward(partial(with_gradient, batch=batch, grad_BE=grad_BE, last=last), last=last)
        return loss.detach() / work.processes

    def _contrast(self, features_BE: Tensor, kinship: Kinship, head: Sequence[Tensor]) -> Tensor:
        """The loss over all pictures and captions; `head` is the scale and, for the sigmoid, the bias."""
        images_BD, texts_BD = features_BE.chunk(2, dim=-1)
        if self._config.loss == "sigmoid":
            log_scale, bias = head
            return sigmoid_loss(images_BD, texts_BD, kinship.pairs(), log_scale, bias)
        return softmax_loss(images_BD, texts_BD, kinship.pairs(), head[0])

    def _embedded(self, model: nn.Module, batch: ClipBatch) -> Tensor:
        """Features of pictures and captions side by side."""
        assert isinstance(model, CLIPModel)
        ids_BL = trimmed(batch.ids_BL, self._tokenizer.eos_token_id)
        return torch.cat([embed_images(model, batch.images_BCHW), embed_texts(model, ids_BL)], dim=-1)

    def validate(self, model: nn.Module) -> dict[str, float]:
        assert isinstance(model, CLIPModel)
        if not len(self._validation):
            return {}
        every = range(len(self._validation))
        told = TokenisedCaptions(self._tokenizer, self._validation)
        kinship = Kinship(
            picture_B=torch.from_numpy(picture_numbers(self._validation)),
            caption_B=told.first_numbers(every),
            captions_BM=told.all_numbers(every),
        )
        kinship = kinship_of(kinship.columns().to(self._device))
        images_NCHW = to_unit(self._validation.pixels(every), self._device)
        images_ND = torch.cat([embed_images(model, part_BCHW) for part_BCHW in images_NCHW.split(_LOOKED_AT)])
        texts_ND = self._embed_ids(model, told.first(every))
        loss = self._contrast(torch.cat([images_ND, texts_ND], dim=-1), kinship, _head(model))
        captions = [several[0] for several in self._validation.captions]
        return {
            "validation_loss": round(float(loss), 6),
            **_recalls(images_ND @ texts_ND.T, captions),
            **self._zero_shot(model, images_ND),
        }

    def _zero_shot(self, model: CLIPModel, images_ND: Tensor) -> dict[str, float]:
        def embed(captions: Sequence[str]) -> Tensor:
            return self._embed_ids(model, token_ids(self._tokenizer, captions))

        found = zero_shot(images_ND, self._validation.captions, self._labels, embed)
        if found is None:
            return {}
        return {
            "validation_zero_shot": round(found.accuracy, 4),
            "validation_zero_shot_chance": round(found.chance, 4),
        }

    def _embed_ids(self, model: CLIPModel, ids_NL: Tensor) -> Tensor:
        ids_NL = trimmed(ids_NL, self._tokenizer.eos_token_id).to(self._device)
        return torch.cat([embed_texts(model, ids_BL) for ids_BL in ids_NL.split(_LOOKED_AT)])

    def preview(self, model: nn.Module, folder: Path) -> None:
        """CLIP draws nothing."""

    def export(self, model: nn.Module, folder: Path) -> None:
        assert isinstance(model, CLIPModel)
        # The bias of the sigmoid is no part of a CLIPModel.
        model.save_pretrained(folder, state_dict={n: v for n, v in model.state_dict().items() if n != _BIAS})
        save_tokenizer(self._tokenizer, folder)
        save_format(folder, picture_format(model))


def train_clip(job: Job, export: Path, bench: Bench) -> Outcome:
    """Train the job's CLIP from its last checkpoint on, and export it."""
    assert isinstance(job.config, ClipConfig)
    size_px = read_format(job.inputs["tokenizer"]).size_px
    train, validation = (
        open_split(job.dataset, split, image_size=size_px, cache=job.cache) for split in ("train", "validation")
    )
    task = ClipTask(job.config, load_tokenizer(job.inputs["tokenizer"]), train, validation, bench.device)
    return Loop(task, job.config.training, bench).run(export)


def _head(model: nn.Module) -> list[Tensor]:
    """What stands between cosines and loss: the scale and, for the sigmoid, the bias."""
    named = dict(model.named_parameters())
    return [named[name] for name in ("logit_scale", _BIAS) if name in named]


def _measured_format(train: Examples) -> PictureFormat:
    """The size of our pictures, and the colours measured on them."""
    measured = colours(train)
    return PictureFormat(size_px=train.array_NHWC.shape[1], mean=measured.mean, std=measured.std)


def _recalls(scores_NN: Tensor, captions: Sequence[str]) -> dict[str, float]:
    """Captions found for pictures, pictures found for captions, and what guessing finds either way."""
    found: dict[str, float] = {}
    for at in (1, 5):
        of_images, of_texts = retrieval(scores_NN, captions, at=at), retrieval(scores_NN.T, captions, at=at)
        found[f"validation_recall_at_{at}"] = round(of_images.recall, 4)
        found[f"validation_text_to_image_recall_at_{at}"] = round(of_texts.recall, 4)
        found[f"validation_recall_at_{at}_chance"] = round(of_images.chance, 4)
    return found


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
