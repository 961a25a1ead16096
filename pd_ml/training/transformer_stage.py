"""The stage `transformer`: a transformer over patches of pixels learns to draw what our CLIP's text tower tells it.

Shapes: B examples, C channels, H height, W width, L tokens.
"""

import shutil
from pathlib import Path

import torch
from torch import Tensor, nn

from pd_ml.config import TransformerConfig
from pd_ml.diffusion import transformer_pipeline as pipeline_module
from pd_ml.diffusion.transformer_pipeline import MODULE, PdTransformerPipeline, Told
from pd_ml.models import pd_transformer as model_module
from pd_ml.models.pd_transformer import PdTransformer2DModel
from pd_ml.models.transformer import build_transformer
from pd_ml.training.captions import trimmed
from pd_ml.training.loop import Bench, Loop, Outcome
from pd_ml.training.prompted import Predict, PromptedTask, opened
from pd_ml.training.workshop import Job


class TransformerTask(PromptedTask):
    """The transformer as the loop trains it."""

    stage = "transformer"

    def _built(self, text_width: int) -> nn.Module:
        assert isinstance(self._config, TransformerConfig)
        return build_transformer(self._config, text_width)

    def _predict(self, model: nn.Module, ids_BL: Tensor) -> Predict:
        with torch.no_grad():
            # What follows the longest text changes nothing before it: the tower reads forwards.
            read_BL = trimmed(ids_BL, self._tokenizer.eos_token_id)
            told = Told.of(self._text_encoder, read_BL).padded(ids_BL.shape[1])

        def predict(mixed_BCHW: Tensor, times_B: Tensor) -> Tensor:
            predicted_BCHW: Tensor = model(mixed_BCHW, times_B, **told.named()).sample
            return predicted_BCHW

        return predict

    def export(self, model: nn.Module, folder: Path) -> None:
        self._pipeline(model).save_pretrained(folder)
        shutil.copyfile(str(pipeline_module.__file__), folder / "pipeline.py")
        shutil.copyfile(str(model_module.__file__), folder / "transformer" / f"{MODULE}.py")

    def _pipeline(self, model: nn.Module) -> PdTransformerPipeline:
        assert isinstance(model, PdTransformer2DModel)
        pipeline = PdTransformerPipeline(
            transformer=model,
            scheduler=self._objective.scheduler(),
            text_encoder=self._text_encoder,
            tokenizer=self._tokenizer,
        )
        pipeline.set_progress_bar_config(disable=True)
        return pipeline


def train_transformer(job: Job, export: Path, bench: Bench) -> Outcome:
    """Train the job's transformer from its last checkpoint on, and export its pipeline."""
    assert isinstance(job.config, TransformerConfig)
    task = TransformerTask(job.config, *opened(job), bench.device)
    return Loop(task, job.config.training, bench).run(export)
