"""The stage `latent_diffusion`: a U-Net of latents that attends to the text tower, exported as StableDiffusionPipeline.

Pictures and captions are read as stored latents and text states: neither VAE nor text tower runs in training.
Shapes: B examples, C channels, h, w of the latents, L tokens, D width of the text states.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline, UNet2DConditionModel
from torch import Tensor, nn

from pd_ml.config import LatentDiffusionConfig
from pd_ml.data.latents import EMPTY_TEXT, Latents, open_latents
from pd_ml.data.loader import Rows
from pd_ml.diffusion.objective import Noised, denoising_loss, objective_of
from pd_ml.diffusion.sampling import draw
from pd_ml.evaluation.grid import save_grid
from pd_ml.marks.marking import preview_marks
from pd_ml.models.attention import use_attention
from pd_ml.models.clip import load_text_tower
from pd_ml.models.latent_diffusion import Components, build_latent_diffusion_unet, build_pipeline
from pd_ml.models.memory import tensor_of
from pd_ml.models.tokenizer import load_tokenizer
from pd_ml.models.vae import load_vae
from pd_ml.seeding import seed_of
from pd_ml.training.denoising import held_out_loss
from pd_ml.training.latent_batches import LatentBatches, require_latents
from pd_ml.training.loop import Bench, Loop, Outcome
from pd_ml.training.sampler import NO_CAPTION, Sampler
from pd_ml.training.task import SAMPLES, Places
from pd_ml.training.workshop import Job


@dataclass(frozen=True, kw_only=True)
class PromptedLatents:
    """Latents with their noise, and the states of a caption each (some are those of the empty prompt)."""

    noised: Noised
    text_BLD: Tensor


class LatentDiffusionTask:
    """The text-conditioned denoiser of latents as the loop trains it."""

    def __init__(
        self,
        config: LatentDiffusionConfig,
        components: Components,
        train: Latents,
        validation: Latents,
        device: torch.device,
    ) -> None:
        seed = config.training.seed
        self._config = config
        self._device = device
        self._components = components
        components.vae.to(device)
        components.text_encoder.to(device)
        self._objective = objective_of(config)
        self._train = require_latents(train.captioned(), config.training.batch_size)
        self._validation = validation.captioned().first(config.training.validation_examples)
        self._sampler = Sampler.of_latents(self._train, seed=seed, reads_captions=True, dropout=config.caption_dropout)
        self._batches = LatentBatches(self._train, self._objective, seed=seed, device=device)
        self._held_out = LatentBatches(self._validation, self._objective, seed=seed, device=device)
        torch.manual_seed(seed_of(seed, "weights", "latent_diffusion"))
        self._unet = build_latent_diffusion_unet(config, train.index).to(device)
        use_attention(self._unet, config.attention_backend, device.type)

    @property
    def model(self) -> nn.Module:
        unet: nn.Module = self._unet
        return unet

    @property
    def counts(self) -> Mapping[str, int]:
        return {"train_examples": len(self._train), "validation_examples": len(self._validation)}

    def batch(self, step: int, places: Places) -> PromptedLatents:
        shown = self.sampler.shown(step, places)
        assert shown.captions is not None
        texts = [
            EMPTY_TEXT if caption == NO_CAPTION else self._train.items[index].texts[caption]
            for index, caption in zip(shown.indices.tolist(), shown.captions.tolist(), strict=True)
        ]
        noised = self._batches.noised(shown.indices, "train", step, places)
        return PromptedLatents(noised=noised, text_BLD=self._states(self._train, texts))

    def item_ids(self, step: int, places: Places) -> Sequence[str]:
        return self.sampler.item_ids(step, places)

    @property
    def sampler(self) -> Sampler:
        return self._sampler

    @property
    def measured(self) -> Mapping[str, Rows]:
        """What is validated on; without it, the examples whose captions are the prompts of previews."""
        if len(self._validation):
            return {"validation": self._validation.rows}
        return {"train": self._train.first(self._config.preview_prompts).rows}

    def loss(self, model: nn.Module, batch: PromptedLatents, step: int) -> Tensor:
        def predict(mixed_BChw: Tensor, times_B: Tensor) -> Tensor:
            predicted_BChw: Tensor = model(mixed_BChw, times_B, encoder_hidden_states=batch.text_BLD).sample
            return predicted_BChw

        return denoising_loss(self._objective, batch.noised, predict)

    def validate(self, model: nn.Module) -> dict[str, float]:
        """With the first caption of each example."""

        def loss(places: Places) -> Tensor:
            indices = range(places.start, places.stop)
            text_BLD = self._states(self._validation, [self._validation.items[index].texts[0] for index in indices])
            noised = self._held_out.noised(indices, "validation", 0, places)
            return self.loss(model, PromptedLatents(noised=noised, text_BLD=text_BLD), 0)

        return held_out_loss(len(self._validation), self._config.training.batch_size, loss)

    def preview(self, model: nn.Module, folder: Path) -> None:
        """`samples.png`: the same held-out captions and noise every time."""
        shown = self._validation if len(self._validation) else self._train
        prompts = [item.captions[0] for item in shown.first(self._config.preview_prompts).items]
        pipeline = self._pipeline(model)
        pixels_NHWC = draw(pipeline, prompts, self._config.sampling, seed=self._config.training.seed)
        marks = preview_marks("latent_diffusion")
        save_grid(folder / SAMPLES, pixels_NHWC, prompts, texts={"pd_prompts": "\n".join(prompts)}, marks=marks)

    def export(self, model: nn.Module, folder: Path) -> None:
        self._pipeline(model).save_pretrained(folder)

    def _pipeline(self, model: nn.Module) -> StableDiffusionPipeline:
        assert isinstance(model, UNet2DConditionModel)
        return build_pipeline(model, self._objective, self._components)

    def _states(self, latents: Latents, texts: Sequence[int]) -> Tensor:
        return tensor_of(latents.text_states(texts), self._device)


def train_latent_diffusion(job: Job, export: Path, bench: Bench) -> Outcome:
    """Train the job's U-Net from its last checkpoint on, and export its pipeline."""
    assert isinstance(job.config, LatentDiffusionConfig)
    train, validation = (open_latents(job.inputs["latents"], split) for split in ("train", "validation"))
    components = Components(
        vae=load_vae(job.inputs["vae"]),
        text_encoder=load_text_tower(job.inputs["clip"]),
        tokenizer=load_tokenizer(job.inputs["clip"]),
    )
    task = LatentDiffusionTask(job.config, components, train, validation, bench.device)
    return Loop(task, job.config.training, bench).run(export)
