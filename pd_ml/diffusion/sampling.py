"""Pictures for prompts, batch by batch. Picture i has noise of its own that depends on (seed, i) alone.

Shapes: N pictures, H height, W width, C channels.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from pd_ml.config import SamplingConfig
from pd_ml.diffusion.pipeline import PdTextToImagePipeline
from pd_ml.provenance import verify_outputs
from pd_ml.seeding import seed_of

Pixels = npt.NDArray[np.uint8]


def load_pipeline(folder: Path, device: torch.device) -> PdTextToImagePipeline:
    """The pipeline of a finished unet_text folder; ProvenanceError where a file is not the one that was written."""
    verify_outputs(folder)
    pipeline = PdTextToImagePipeline.from_pretrained(folder)
    assert isinstance(pipeline, PdTextToImagePipeline)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.to(device)
    return pipeline


def draw(
    pipeline: PdTextToImagePipeline,
    prompts: Sequence[str],
    sampling: SamplingConfig,
    *,
    seed: int,
    batch_size: int = 64,
    negative_prompt: str = "",
    on_drawn: Callable[[int], None] = lambda count: None,
) -> Pixels:
    """One picture for each prompt, NHWC; `on_drawn` is told after each batch how many there are."""
    device = pipeline.unet.device
    batches: list[Pixels] = []
    for start in range(0, len(prompts), batch_size):
        chosen = list(prompts[start : start + batch_size])
        places = range(start, start + len(chosen))
        drawn = pipeline(
            chosen,
            negative_prompt=negative_prompt,
            num_inference_steps=sampling.sample_steps,
            guidance_scale=sampling.guidance_scale,
            generator=[torch.Generator(device).manual_seed(seed_of(seed, "sample", place)) for place in places],
            output_type="np",
        )
        batches.append(np.round(np.asarray(drawn.images) * 255).astype(np.uint8))
        on_drawn(start + len(chosen))
    return np.concatenate(batches)
