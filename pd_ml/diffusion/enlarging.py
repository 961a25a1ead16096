"""What is known of an upscaler and of a picture for it before torch is imported. No torch in here.

Errors: ProvenanceError (no upscaler), PictureError (a file that is no picture, or too large a one),
MarkError (a key that cannot sign).
"""

import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from pd_ml.config import SuperResolutionConfig, config_from_json
from pd_ml.errors import PictureError, ProvenanceError
from pd_ml.marks.credentials import Given
from pd_ml.marks.formats import decoding, read_file, rgb_or_rgba
from pd_ml.marks.given import given_in
from pd_ml.marks.marking import Marks, marks
from pd_ml.marks.origin import origin_of
from pd_ml.provenance import RUN, TRAIN_CONFIG, RunRecord, read_run, verify_outputs

STAGE = "super_resolution"
# 64 million pixels when enlarged: about 8 GiB of working memory.
MAX_SMALL_PIXELS = 4_000_000
# That of diffusion/upscale_pipeline.py, a file that is shipped by itself.
FACTOR = 4
TILE_PX = 64


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


@dataclass(frozen=True, kw_only=True)
class ToEnlarge:
    """A picture that can be enlarged, with the marks that it had and those that the large one gets."""

    job: UpscaleJob
    picture: Image.Image
    given: Given
    marks: Marks
    record: RunRecord


def checked_upscaling(job: UpscaleJob, *, by_digest: bool = True) -> ToEnlarge:
    """`job` with all that it takes; the first thing that hinders it is an error."""
    if job.out.suffix.lower() != ".png":
        raise PictureError(f"{job.out.name}: expected a name that ends in .png for the enlarged picture")
    body, name = read_file(job.picture), str(job.picture)
    picture = read_picture(body, name)
    record = read_upscaler(job.model, by_digest=by_digest)
    ready = marks(origin_of(record))
    return ToEnlarge(job=job, picture=picture, given=given_in(body, name), marks=ready, record=record)


def read_upscaler(folder: Path, *, by_digest: bool = True) -> RunRecord:
    """The record of a finished upscaler; ProvenanceError where it is another model or not what was written."""
    record = verify_outputs(folder) if by_digest else read_run(folder)
    if record.stage != STAGE:
        raise ProvenanceError(f"{folder}: a {record.stage} model, expected {STAGE}; train one or give its folder")
    return record


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
