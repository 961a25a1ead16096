"""The stage `unet_text`: a pixel-space U-Net learns to denoise, attending to the frozen text tower of our CLIP.

Shapes: B examples, C channels, H height, W width, L tokens, D width of the text states.
"""

import shutil
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn

from pd_ml.config import UnetTextConfig
from pd_ml.diffusion import pipeline as pipeline_module
from pd_ml.diffusion.pipeline import PdTextToImagePipeline, text_states
from pd_ml.models.attention import use_attention
from pd_ml.models.unet_text import build_unet
from pd_ml.training.loop import Bench, Loop, Outcome
from pd_ml.training.prompted import Predict, PromptedTask, opened
from pd_ml.training.workshop import Job


class UnetTextTask(PromptedTask):
    """The U-Net as the loop trains it."""

    stage = "unet_text"

    def _built(self, text_width: int) -> nn.Module:
        assert isinstance(self._config, UnetTextConfig)
        unet = build_unet(self._config, text_width)
        use_attention(unet.to(self._device), self._config.attention_backend, self._device.type)
        return unet

    def _predict(self, model: nn.Module, ids_BL: Tensor) -> Predict:
        with torch.no_grad():
            text_BLD = text_states(self._text_encoder, ids_BL)

        def predict(mixed_BCHW: Tensor, times_B: Tensor) -> Tensor:
            predicted_BCHW: Tensor = model(mixed_BCHW, times_B, encoder_hidden_states=text_BLD).sample
            return predicted_BCHW

        return predict

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


def train_unet_text(job: Job, export: Path, bench: Bench) -> Outcome:
    """Train the job's U-Net from its last checkpoint on, and export its pipeline."""
    assert isinstance(job.config, UnetTextConfig)
    task = UnetTextTask(job.config, *opened(job), bench.device)
    return Loop(task, job.config.training, bench).run(export)
