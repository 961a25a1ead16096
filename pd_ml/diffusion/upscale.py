"""Large pictures of small ones with a finished upscaler: of pixels in memory, and of a file, whose marks are kept.

Errors: ProvenanceError (not an upscaler), PictureError (a file that is no picture, or too large a one), MarkError.
Shapes: N pictures, H height, W width, C channels (h, w: of the small picture).
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from diffusers import DiffusionPipeline
from PIL import Image

from pd_ml.device import prepare_device
from pd_ml.diffusion.enlarging import (
    TILE_PX,
    ToEnlarge,
    own_steps,
    read_upscaler,
    signature,
)
from pd_ml.diffusion.upscale_pipeline import FACTOR, PdUpscalePipeline, tile_starts
from pd_ml.marks.marking import write_marked
from pd_ml.provenance import RunRecord
from pd_ml.seeding import seed_of

Pixels = npt.NDArray[np.uint8]
_BATCH = 16


def load_upscaler(folder: Path, device: torch.device) -> tuple[PdUpscalePipeline, RunRecord]:
    """Pipeline and record of a finished folder; ProvenanceError where it is another model or not what was written."""
    record = read_upscaler(folder)
    return open_upscaler(folder, device), record


def open_upscaler(folder: Path, device: torch.device) -> PdUpscalePipeline:
    """The pipeline of a folder that was verified."""
    pipeline: PdUpscalePipeline = PdUpscalePipeline.from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.to(device)
    return pipeline


def enlarge(
    pipeline: DiffusionPipeline,
    small_NhwC: Pixels,
    *,
    steps: int,
    seed: int,
    noise_level: float = 0.0,
    tile_px: int = TILE_PX,
    batch_size: int = _BATCH,
) -> Pixels:
    """Pictures of one size, NHWC. The noise of a picture depends on the seed and its place alone."""
    batches: list[Pixels] = []
    for start in range(0, len(small_NhwC), batch_size):
        small_BhwC = small_NhwC[start : start + batch_size]
        places = range(start, start + len(small_BhwC))
        device = pipeline.unet.device
        drawn = pipeline(
            small_BhwC.astype(np.float32) / 255,
            num_inference_steps=steps,
            noise_level=noise_level,
            tile_px=tile_px,
            generator=[torch.Generator(device).manual_seed(seed_of(seed, "upscale", place)) for place in places],
            output_type="np",
        )
        batches.append(np.round(drawn.images * 255).astype(np.uint8))
    return np.concatenate(batches)


def upscale_file(ready: ToEnlarge) -> None:
    """Write the enlarged picture where its job says."""
    write_enlarged(ready, open_upscaler(ready.job.model, prepare_device(ready.job.device, threads=0)))


def write_enlarged(ready: ToEnlarge, pipeline: PdUpscalePipeline) -> None:
    """Enlarge what was found fit, with the model that it names, and write it."""
    job, picture = ready.job, ready.picture
    steps = job.steps or own_steps(job.model)
    pixels_hwC = np.asarray(picture.convert("RGB"), dtype=np.uint8)
    large_HWC = enlarge(
        pipeline, pixels_hwC[None], steps=steps, seed=job.seed, noise_level=job.noise_level, tile_px=job.tile_px
    )[0]
    large = Image.fromarray(large_HWC)
    if picture.mode == "RGBA":
        large.putalpha(picture.getchannel("A").resize(large.size, Image.Resampling.BICUBIC))
    sampling = f"seed {job.seed}, {steps} steps, noise level {job.noise_level}, tiles of {job.tile_px} px"
    texts = {**signature(job.model, ready.record), "pd_upscaling": sampling}
    profile = picture.info.get("icc_profile")
    write_marked(job.out, ready.marks.mark(large, texts=texts, icc_profile=profile, given=ready.given))


def calls_of(ready: ToEnlarge, pipeline: PdUpscalePipeline) -> int:
    """How often the U-Net is called for it: once a step for each tile."""
    unit = max(1, int(pipeline.config.patch_size) * 2 ** (len(pipeline.unet.config.block_out_channels) - 1) // FACTOR)
    tile = -(-ready.job.tile_px // unit) * unit
    tiles = [len(tile_starts(-(-side // unit) * unit, tile, max(tile // 4, 1))) for side in ready.picture.size]
    return (ready.job.steps or own_steps(ready.job.model)) * tiles[0] * tiles[1]
