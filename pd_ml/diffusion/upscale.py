"""Large pictures of small ones with a finished upscaler: of pixels in memory, and of a file, whose marks are kept.

Errors: ProvenanceError (not an upscaler), PictureError (a file that is no picture, or too large a one), MarkError.
Shapes: N pictures, H height, W width, C channels (h, w: of the small picture).
"""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from diffusers import DiffusionPipeline
from PIL import Image, ImageOps

from pd_ml.config import SuperResolutionConfig, config_from_json
from pd_ml.device import prepare_device
from pd_ml.diffusion.upscale_pipeline import FACTOR, PdUpscalePipeline
from pd_ml.errors import PictureError, ProvenanceError
from pd_ml.marks.formats import decoding, read_file, rgb_or_rgba
from pd_ml.marks.given import given_in
from pd_ml.marks.marking import marks, write_marked
from pd_ml.marks.origin import origin_of
from pd_ml.provenance import RUN, TRAIN_CONFIG, RunRecord, read_run, verify_outputs
from pd_ml.seeding import seed_of

Pixels = npt.NDArray[np.uint8]

STAGE = "super_resolution"
TILE_PX = 64
# 64 million pixels when enlarged: about 8 GiB of working memory.
MAX_SMALL_PIXELS = 4_000_000
_BATCH = 16


@dataclass(frozen=True, kw_only=True)
class UpscaleJob:
    """One picture file to enlarge; `steps` None takes the model's own, 1 gives the expected picture."""

    picture: Path
    out: Path
    model: Path
    steps: int | None
    noise_level: float
    tile_px: int
    seed: int
    device: str


def load_upscaler(folder: Path, device: torch.device) -> tuple[PdUpscalePipeline, RunRecord]:
    """Pipeline and record of a finished folder; ProvenanceError where it is another model or not what was written."""
    record = verify_outputs(folder)
    if record.stage != STAGE:
        raise ProvenanceError(f"{folder}: a {record.stage} model, expected {STAGE}; train one or give its folder")
    pipeline: PdUpscalePipeline = PdUpscalePipeline.from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.to(device)
    return pipeline, record


def beside(model: Path) -> Path:
    """The upscaler of the folder that `model` lies in: `super_resolution`, or what its `latest` names where models
    have versions. ProvenanceError where there is none."""
    models = model.resolve().parent
    looked_at = [models / STAGE]
    for folder in (models, models.parent):
        latest = folder / STAGE / "latest"
        if latest.is_file():
            looked_at.append(folder / STAGE / latest.read_text().strip())
    found = next((folder for folder in looked_at if (folder / RUN).is_file()), None)
    if found is None:
        raise ProvenanceError(
            f"no finished {STAGE} model beside {model} (looked for {', '.join(map(str, looked_at))}); train one, or "
            "say --upscale DIR"
        )
    return found


def own_steps(folder: Path) -> int:
    """How many steps the model's config draws in."""
    config = config_from_json(STAGE, (folder / TRAIN_CONFIG).read_text())
    assert isinstance(config, SuperResolutionConfig)
    return config.sample_steps


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


def upscale_file(job: UpscaleJob) -> str:
    """Write the enlarged picture to `job.out`; returns the model's version."""
    if job.out.suffix.lower() != ".png":
        raise PictureError(f"{job.out.name}: expected a name that ends in .png for the enlarged picture")
    body, name = read_file(job.picture), str(job.picture)
    picture = read_picture(body, name)
    marked = marks(origin_of(read_run(job.model)))
    given = given_in(body, name)
    pipeline, record = load_upscaler(job.model, prepare_device(job.device, threads=0))
    steps = job.steps or own_steps(job.model)
    pixels_hwC = np.asarray(picture.convert("RGB"), dtype=np.uint8)
    large_HWC = enlarge(
        pipeline, pixels_hwC[None], steps=steps, seed=job.seed, noise_level=job.noise_level, tile_px=job.tile_px
    )[0]
    large = Image.fromarray(large_HWC)
    if picture.mode == "RGBA":
        large.putalpha(picture.getchannel("A").resize(large.size, Image.Resampling.BICUBIC))
    sampling = f"seed {job.seed}, {steps} steps, noise level {job.noise_level}, tiles of {job.tile_px} px"
    texts = {**signature(job.model, record), "pd_upscaling": sampling}
    profile = picture.info.get("icc_profile")
    write_marked(job.out, marked.mark(large, texts=texts, icc_profile=profile, given=given))
    return record.version


def signature(folder: Path, record: RunRecord) -> dict[str, str]:
    """Which upscaler it was, as PNG text."""
    return {
        "pd_upscaler": f"{record.stage} {folder.resolve().name}",
        "pd_upscaler_version": record.version,
        "pd_upscaler_digest": record.digest,
    }


def read_picture(body: bytes, name: str) -> Image.Image:
    """The picture of a file upright, RGB, or RGBA where it is transparent; PictureError where that cannot be had."""
    with decoding(name), Image.open(io.BytesIO(body)) as opened:
        width, height = opened.size
        if width * height > MAX_SMALL_PIXELS:
            raise PictureError(
                f"{name}: {width} x {height} pixels, expected at most {MAX_SMALL_PIXELS:,} in all, for they become "
                f"{FACTOR**2} times as many; cut the picture into parts or make it smaller first"
            )
        return rgb_or_rgba(ImageOps.exif_transpose(opened), name)
