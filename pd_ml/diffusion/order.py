"""What is asked of a drawing model, and whether it can be drawn: all that can be told before torch is imported.

A refusal costs no import of torch that way. No torch in here. Errors: ProvenanceError (no finished model that draws),
PromptError, ConfigError (sizes, steps, strength), PictureError (a start or a mask), MarkError (a key that cannot sign).
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pd_ml.config import DenoiserConfig, SamplingConfig, config_from_json
from pd_ml.diffusion.canvas import Canvas, anew_weights, is_cut, read_mask, read_start, start_pixels
from pd_ml.diffusion.enlarging import read_upscaler
from pd_ml.errors import ConfigError, PictureError, PromptError, ProvenanceError
from pd_ml.marks.credentials import Given
from pd_ml.marks.formats import read_file
from pd_ml.marks.given import given_of
from pd_ml.marks.marking import Marks, marks
from pd_ml.marks.origin import origin_of
from pd_ml.provenance import TRAIN_CONFIG, RunRecord, read_run, verify_outputs

INDEX = "model_index.json"
STRENGTH, MASKED_STRENGTH = 0.6, 1.0
MOST_STEPS, MOST_GUIDANCE, MOST_CHARACTERS = 1000, 100.0, 1_000_000
# How far from the size that it learnt a model is let: beyond, pictures fall apart into repetitions.
_FURTHEST = 2
# A bucket has about the area of the square: a size within that of it was learnt.
_LIKE_A_BUCKET = 1.1


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to draw; None takes the value of the model's own config, or its own size. `pictures`: for each prompt, or in
    all. `image`: a picture to start from, `mask`: white where it is drawn anew. `given`: the file that `image` was made
    of, where its marks are; None is `image` itself."""

    model: Path
    prompts: tuple[str, ...] = ()
    negative_prompt: str = ""
    pictures: int = 1
    seed: int = 0
    steps: int | None = None
    guidance: float | None = None
    width: int | None = None
    height: int | None = None
    image: Path | None = None
    given: Path | None = None
    strength: float | None = None
    mask: Path | None = None
    upscaler: Path | None = None
    device: str = "auto"


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a model's configs tell of it: whether it reads prompts, the side that it learnt, and what sides must be
    multiples of, all in pixels."""

    takes_prompts: bool
    side_px: int
    unit_px: int


@dataclass(frozen=True, kw_only=True)
class Ready:
    """An order that can be drawn: every file is the one that was written. `canvas` None: the model's own size, from
    nothing. `given`: the start's marks. `warnings`: what whoever asked may not expect."""

    order: Order
    record: RunRecord
    upscaler: RunRecord | None
    sampling: SamplingConfig
    shape: Shape
    canvas: Canvas | None
    given: Given | None
    marks: Marks
    warnings: tuple[str, ...]

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height, before they are enlarged."""
        return (self.canvas.width, self.canvas.height) if self.canvas else (self.shape.side_px, self.shape.side_px)


def checked(order: Order, *, by_digest: bool = True) -> Ready:
    """`order` with all that it takes; the first thing that hinders it is an error.

    `by_digest` False leaves it to who loads the models to compare their files with what was written.
    """
    record = read_run(order.model)
    config = _config(order.model, record)
    shape = _shape(order.model)
    _require_fitting_prompts(order, record, shape)
    sampling = _sampling(order, config)
    warnings: list[str] = []
    given, canvas = None, None
    if order.image is not None or order.mask is not None or order.strength is not None:
        canvas, given = _from_picture(order, shape, warnings)
    elif (order.width or shape.side_px, order.height or shape.side_px) != (shape.side_px, shape.side_px):
        width, height = _size(order, shape)
        canvas = Canvas(width=width, height=height)
    if canvas is not None and not _learnt(config, shape, canvas):
        warnings.append(
            f"the model learnt pictures of {shape.side_px} x {shape.side_px} pixels, at {canvas.width} x "
            f"{canvas.height} it may repeat itself"
        )
    upscaler = read_upscaler(order.upscaler, by_digest=by_digest) if order.upscaler else None
    ready = marks(origin_of(record, upscaler=upscaler))
    if by_digest:
        verify_outputs(order.model)
    return Ready(
        order=order,
        record=record,
        upscaler=upscaler,
        sampling=sampling,
        shape=shape,
        canvas=canvas,
        given=given,
        marks=ready,
        warnings=tuple(warnings),
    )


def require_place(out: Path) -> None:
    """PromptError where a sheet cannot be written as `out`."""
    if out.suffix.lower() != ".png":
        raise PromptError(f"--out {out.name}: expected a name that ends in .png")
    if out.is_dir():
        raise PromptError(f"--out {out}: a folder, expected the name of a file")
    for folder in (out.parent, out.with_suffix("")):
        require_folder(folder)


def require_folder(folder: Path) -> None:
    """PromptError where `folder` is there and is none, or the next one above it that is there cannot be written."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise PromptError(f"--out: {there} is no folder, expected one to write into")
    # Tried, not asked: what the rights of a folder say is not what decides for everyone.
    try:
        probe = there / f".{folder.name}.probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise PromptError(f"--out: {there} cannot be written ({error.strerror}); choose another folder") from error


def _config(model: Path, record: RunRecord) -> DenoiserConfig:
    if not (model / INDEX).is_file():
        raise ProvenanceError(f"{model}: a {record.stage} model draws no pictures; give a folder of a U-Net stage")
    try:
        config = config_from_json(record.stage, (model / TRAIN_CONFIG).read_text())
    except (ConfigError, OSError) as error:
        raise ProvenanceError(f"{model}: made by another version, or damaged ({error}); train it again") from error
    if not isinstance(config, DenoiserConfig):
        raise ProvenanceError(f"{model}: a {record.stage} model only enlarges; use it with upscale or --upscale")
    return config


def _shape(model: Path) -> Shape:
    try:
        index = json.loads((model / INDEX).read_text())
        part = "transformer" if "transformer" in index else "unet"
        denoiser = json.loads((model / part / "config.json").read_text())
        factor = 1
        if "vae" in index:
            vae = json.loads((model / "vae" / "config.json").read_text())
            factor = 2 ** (len(vae["block_out_channels"]) - 1)
        return Shape(
            takes_prompts="tokenizer" in index,
            side_px=int(denoiser["sample_size"]) * factor,
            unit_px=_multiple(denoiser) * factor,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ProvenanceError(f"{model}: its configs cannot be read ({error!r}); train it again") from error


def _multiple(denoiser: Mapping[str, Any]) -> int:
    """What the sides of what it denoises are multiples of."""
    if "patch_size" in denoiser:
        return int(denoiser["patch_size"])
    return int(2 ** (len(denoiser["block_out_channels"]) - 1))


def _require_fitting_prompts(order: Order, record: RunRecord, shape: Shape) -> None:
    if shape.takes_prompts and not order.prompts:
        raise PromptError(f"{order.model}: a {record.stage} model draws what a text says; give --prompt TEXT")
    given = {
        "--prompt": bool(order.prompts),
        "--negative-prompt": bool(order.negative_prompt),
        "--guidance": order.guidance is not None,
    }
    wrong = [flag for flag, is_given in given.items() if is_given]
    if not shape.takes_prompts and wrong:
        raise PromptError(f"{order.model}: a {record.stage} model takes no prompt; leave out {', '.join(wrong)}")
    longest = max(map(len, (*order.prompts, order.negative_prompt)))
    if longest > MOST_CHARACTERS:
        raise PromptError(f"a prompt of {longest:,} characters, expected at most {MOST_CHARACTERS:,}; shorten it")


def _sampling(order: Order, config: DenoiserConfig) -> SamplingConfig:
    chosen = config.sampling
    if order.steps is not None:
        if not 1 <= order.steps <= MOST_STEPS:
            raise ConfigError(f"{order.steps} steps, expected 1 to {MOST_STEPS}")
        chosen = replace(chosen, sample_steps=order.steps)
    if order.guidance is not None:
        if not (math.isfinite(order.guidance) and 0 <= order.guidance <= MOST_GUIDANCE):
            raise ConfigError(f"guidance {order.guidance}, expected 0 to {MOST_GUIDANCE:g}")
        chosen = replace(chosen, guidance_scale=order.guidance)
    return chosen


def _size(order: Order, shape: Shape) -> tuple[int, int]:
    """Width and height; ConfigError where the U-Net cannot halve them, or they are too far from what was learnt."""
    found = {"width": order.width or shape.side_px, "height": order.height or shape.side_px}
    least, most = -(-shape.side_px // _FURTHEST), _FURTHEST * shape.side_px
    wrong = [f"{name} {px}" for name, px in found.items() if px % shape.unit_px or not least <= px <= most]
    if wrong:
        raise ConfigError(
            f"{' and '.join(wrong)}: expected multiples of {shape.unit_px} pixels from {least} to {most}, for the "
            f"model learnt {shape.side_px}; choose such a size, and enlarge the picture with --upscale"
        )
    return found["width"], found["height"]


def _learnt(config: DenoiserConfig, shape: Shape, canvas: Canvas) -> bool:
    area = canvas.width * canvas.height / shape.side_px**2
    in_a_bucket = bool(getattr(config, "buckets", False)) and 1 / _LIKE_A_BUCKET <= area <= _LIKE_A_BUCKET
    return in_a_bucket or canvas.width == canvas.height == shape.side_px


def _from_picture(order: Order, shape: Shape, warnings: list[str]) -> tuple[Canvas, Given]:
    if order.image is None:
        without = [flag for flag, is_given in _picture_flags(order) if is_given]
        raise PictureError(f"{', '.join(without)} without --image; give the picture to start from too")
    default = STRENGTH if order.mask is None else MASKED_STRENGTH
    strength = default if order.strength is None else order.strength
    if not 0 < strength <= 1:
        raise ConfigError(f"strength {strength}, expected more than 0 and at most 1 (1 draws all anew)")
    width, height = _size(order, shape)
    body, name = read_file(order.image), str(order.image)
    picture = read_start(body, name)
    anew_HW = None
    if order.mask is not None:
        anew_HW = anew_weights(read_mask(read_file(order.mask), str(order.mask), picture), width, height)
    if is_cut(picture, width, height):
        warnings.append(
            f"{order.image.name}: {picture.width} x {picture.height} pixels, of which the centre of the shape of "
            f"{width} x {height} is taken"
        )
    start_HWC = start_pixels(picture, width, height)
    canvas = Canvas(width=width, height=height, start_HWC=start_HWC, strength=strength, anew_HW=anew_HW)
    return canvas, given_of(order.given or order.image)


def _picture_flags(order: Order) -> Sequence[tuple[str, bool]]:
    return (("--mask", order.mask is not None), ("--strength", order.strength is not None))
