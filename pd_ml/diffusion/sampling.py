"""Pictures from a finished pipeline, batch by batch. The noise of a picture depends on the seed and its place alone.

Shapes: N pictures, H height, W width, C channels.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from diffusers import DiffusionPipeline, DPMSolverMultistepScheduler, ModelMixin
from transformers import CLIPTextModel

from pd_ml.config import SamplingConfig
from pd_ml.diffusion.latent_pipeline import PdLatentPipeline
from pd_ml.diffusion.pipeline import PdTextToImagePipeline
from pd_ml.diffusion.transformer_pipeline import PdTransformerPipeline
from pd_ml.models.pd_transformer import PdTransformer2DModel
from pd_ml.models.tokenizer import load_tokenizer
from pd_ml.provenance import verify_outputs
from pd_ml.seeding import seed_of

Pixels = npt.NDArray[np.uint8]
Generators = list[torch.Generator]
_INDEX = "model_index.json"
_OURS = {kind.__name__: kind for kind in (PdTextToImagePipeline, PdLatentPipeline)}


def load_pipeline(folder: Path, device: torch.device) -> DiffusionPipeline:
    """The pipeline of a finished folder; ProvenanceError where a file is not the one that was written."""
    verify_outputs(folder)
    return open_pipeline(folder, device)


def open_pipeline(folder: Path, device: torch.device) -> DiffusionPipeline:
    """The pipeline of a folder that was verified."""
    name = json.loads((folder / _INDEX).read_text())["_class_name"]
    if name == PdTransformerPipeline.__name__:
        pipeline = _transformer_pipeline(folder)
    else:
        pipeline = _OURS.get(name, DiffusionPipeline).from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.to(device)
    return pipeline


def _transformer_pipeline(folder: Path) -> PdTransformerPipeline:
    """With our class of the transformer, not the copy of it in the folder: what lies there is read, never run."""
    return PdTransformerPipeline(
        transformer=PdTransformer2DModel.from_pretrained(folder / "transformer"),
        scheduler=DPMSolverMultistepScheduler.from_pretrained(folder / "scheduler"),
        text_encoder=CLIPTextModel.from_pretrained(folder / "text_encoder"),
        tokenizer=load_tokenizer(folder / "tokenizer"),
    )


def denoiser(pipeline: DiffusionPipeline) -> ModelMixin:
    """The U-Net of the pipeline, or its transformer."""
    return pipeline.transformer if isinstance(pipeline, PdTransformerPipeline) else pipeline.unet


@contextmanager
def telling_steps(pipeline: DiffusionPipeline, tell: Callable[[], None]) -> Iterator[None]:
    """Within it `tell` is called for each time that the denoiser is: once a step, in every pipeline."""
    handle = denoiser(pipeline).register_forward_hook(lambda *_: tell())
    try:
        yield
    finally:
        handle.remove()


def takes_prompts(pipeline: DiffusionPipeline) -> bool:
    """Whether the pipeline draws what a text says."""
    return "tokenizer" in pipeline.components


def cut_off(pipeline: DiffusionPipeline, prompt: str) -> str:
    """The end of `prompt` that does not fit the context of the text tower and is not read; empty where all of it is."""
    tokenizer = pipeline.tokenizer
    found = tokenizer(prompt, truncation=False, return_offsets_mapping=True)
    # The last place of the context is that of the end token.
    kept = tokenizer.model_max_length - 1
    if len(found["input_ids"]) <= kept + 1:
        return ""
    return prompt[found["offset_mapping"][kept][0] :]


def picture_size_px(pipeline: DiffusionPipeline) -> int:
    """The side of the pictures that the pipeline draws."""
    return int(denoiser(pipeline).config.sample_size) * int(getattr(pipeline, "vae_scale_factor", 1))


def draw(
    pipeline: DiffusionPipeline,
    prompts: Sequence[str],
    sampling: SamplingConfig,
    *,
    seed: int,
    places: Sequence[int] | None = None,
    batch_size: int = 64,
    padded: bool = False,
    negative_prompt: str = "",
    on_drawn: Callable[[int], None] = lambda count: None,
) -> Pixels:
    """One picture for each prompt, NHWC; `on_drawn` is told after each batch how many there are.

    `places` numbers the noise of each picture (default: 0, 1, ...). With `padded` every batch is computed at full size,
    so that a picture is the same bit for bit however many others are asked for.
    """

    def call(rows: Sequence[int], generators: Generators) -> npt.NDArray[np.float32]:
        drawn = pipeline(
            [prompts[row] for row in rows],
            negative_prompt=[negative_prompt] * len(rows),
            num_inference_steps=sampling.sample_steps,
            guidance_scale=sampling.guidance_scale,
            generator=generators,
            output_type="np",
        )
        return np.asarray(drawn.images)

    numbers = range(len(prompts)) if places is None else places
    return in_batches(call, pipeline, numbers, seed, batch_size, padded, on_drawn)


def draw_unprompted(
    pipeline: DiffusionPipeline,
    places: Sequence[int],
    sampling: SamplingConfig,
    *,
    seed: int,
    batch_size: int = 64,
    padded: bool = False,
    on_drawn: Callable[[int], None] = lambda count: None,
) -> Pixels:
    """One picture for each of `places`, NHWC, from a model that takes no prompt; the rest as for `draw`."""

    def call(rows: Sequence[int], generators: Generators) -> npt.NDArray[np.float32]:
        drawn = pipeline(
            batch_size=len(rows),
            num_inference_steps=sampling.sample_steps,
            generator=generators,
            output_type="np",
        )
        return np.asarray(drawn.images)

    return in_batches(call, pipeline, places, seed, batch_size, padded, on_drawn)


def in_batches(
    call: Callable[[Sequence[int], Generators], npt.NDArray[np.float32]],
    pipeline: DiffusionPipeline,
    places: Sequence[int],
    seed: int,
    batch_size: int,
    padded: bool,
    on_drawn: Callable[[int], None],
) -> Pixels:
    """Pictures of the rows 0, 1, ... whose noise has the numbers `places`."""
    device = denoiser(pipeline).device
    batches: list[Pixels] = []
    for start in range(0, len(places), batch_size):
        rows = list(range(start, min(start + batch_size, len(places))))
        computed = rows + [rows[-1]] * (batch_size - len(rows)) if padded else rows
        generators = [torch.Generator(device).manual_seed(seed_of(seed, "sample", places[row])) for row in computed]
        floats_BHWC = call(computed, generators)[: len(rows)]
        batches.append(np.round(floats_BHWC * 255).astype(np.uint8))
        on_drawn(start + len(rows))
    return np.concatenate(batches)
