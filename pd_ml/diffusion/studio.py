"""Pictures of an order that was checked, with loaded models, and what is written into their files.

Shapes: N pictures, H height, W width, C channels.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from diffusers import DiffusionPipeline

from pd_ml.diffusion.canvas import Canvas
from pd_ml.diffusion.enlarging import own_steps, signature
from pd_ml.diffusion.from_picture import begins_twice, draw_on, steps_of
from pd_ml.diffusion.order import Order, Ready
from pd_ml.diffusion.sampling import Pixels, cut_off, denoiser, draw, draw_unprompted, telling_steps
from pd_ml.diffusion.upscale import enlarge
from pd_ml.diffusion.upscale_pipeline import PdUpscalePipeline
from pd_ml.marks.marking import Marks

# On a CPU pictures are drawn one by one: batches of 4 and 8 move some pixels by a level, and from 64 px on they are no
# faster. Elsewhere batches are always full. Either way a picture does not depend on how many are asked for.
_CPU_BATCH, _DEVICE_BATCH = 1, 16
# Below so many numbers in a U-Net's widest layer (side x side x channels), or in a transformer's (patches x width),
# threads wait for one another longer than they work: at 16 px two of them took 1.3 times as long as one, and several
# times where others used the cores too.
_WORTH_THREADS = 50_000
# How much of an unread prompt is told, and of a prompt written into a file.
_TOLD, _WRITTEN = 500, 10_000

# Told of each step that was taken: its number, how many there are in all, and the number of the picture, from 1 on.
OnStep = Callable[[int, int, int], None]


def prompts_of(order: Order) -> list[str]:
    """The prompt of each picture."""
    return [prompt for prompt in order.prompts or ("",) for _ in range(order.pictures)]


def places_of(order: Order) -> list[int]:
    """The number of each picture's noise."""
    return [place for _ in order.prompts or ("",) for place in range(order.pictures)]


def unread(ready: Ready, pipeline: DiffusionPipeline) -> Mapping[str, str]:
    """The ends of prompts that do not fit the model's text tower, by prompt, cut to what a person reads."""
    if not ready.shape.takes_prompts:
        return {}
    prompts = dict.fromkeys(filter(None, (*ready.order.prompts, ready.order.negative_prompt)))
    found = {prompt: cut_off(pipeline, prompt) for prompt in prompts}
    return {prompt: shortened(lost, _TOLD) for prompt, lost in found.items() if lost}


def shortened(text: str, most: int) -> str:
    """At most about `most` characters of `text`; where it is longer it says by how many."""
    return text if len(text) <= most else f"{text[:most]} … ({len(text) - most:,} more characters)"


def paint(ready: Ready, pipeline: DiffusionPipeline, on_step: OnStep) -> Pixels:
    """The pictures of the order, NHWC, in the model's own size or that of its canvas."""
    order, places = ready.order, places_of(ready.order)
    batch_size = _CPU_BATCH if denoiser(pipeline).device.type == "cpu" else _DEVICE_BATCH
    canvas = ready.canvas
    if canvas is None and begins_twice(pipeline, ready.sampling.sample_steps):
        canvas = Canvas(width=ready.shape.side_px, height=ready.shape.side_px)
    steps = steps_of(pipeline, canvas, ready.sampling.sample_steps)
    with _threads_that_help(pipeline), telling_steps(pipeline, _counted(steps, len(places), batch_size, on_step)):
        if canvas is None and not ready.shape.takes_prompts:
            return draw_unprompted(
                pipeline, places, ready.sampling, seed=order.seed, batch_size=batch_size, padded=True
            )
        drawing = partial(draw, pipeline) if canvas is None else partial(draw_on, pipeline, canvas)
        return drawing(
            prompts_of(order),
            ready.sampling,
            seed=order.seed,
            places=places,
            batch_size=batch_size,
            padded=True,
            negative_prompt=order.negative_prompt,
        )


def enlarged(ready: Ready, upscaler: PdUpscalePipeline, pixels_NHWC: Pixels) -> tuple[Pixels, Mapping[str, str]]:
    """The pictures four times as large, one by one, so that each is the same however many there are."""
    order = ready.order
    assert order.upscaler is not None and ready.upscaler is not None
    steps = own_steps(order.upscaler)
    large = [enlarge(upscaler, one_HWC[None], steps=steps, seed=order.seed)[0] for one_HWC in pixels_NHWC]
    told = {**signature(order.upscaler, ready.upscaler), "pd_upscaling": f"seed {order.seed}, {steps} steps"}
    return np.stack(large), told


def texts_of(ready: Ready) -> dict[str, str]:
    """Which model drew it and how, as PNG text."""
    record = ready.record
    return {
        "pd_model": f"{record.stage} {ready.order.model.resolve().name}",
        "pd_model_version": record.version,
        "pd_model_digest": record.digest,
        "pd_sampling": _described(ready),
    }


def written(prompts: Sequence[str]) -> str:
    """Prompts as the text of a file."""
    return shortened("\n".join(prompts), _WRITTEN)


def marks_of(ready: Ready) -> Marks:
    """Those of a sheet: where a picture was started from, what it was says what the sheet is."""
    if ready.given is None:
        return ready.marks
    return replace(ready.marks, origin=replace(ready.marks.origin, source_type=ready.given.source_type))


@contextmanager
def _threads_that_help(pipeline: DiffusionPipeline) -> Iterator[None]:
    """One thread for a small model, all for another. The model alone decides: their number moves the last bits."""
    all_threads = torch.get_num_threads()
    if _numbers(denoiser(pipeline).config) < _WORTH_THREADS:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(all_threads)


def _numbers(config: Mapping[str, Any]) -> int:
    """In the widest layer."""
    if "patch_size" in config:
        return int((config["sample_size"] // config["patch_size"]) ** 2 * config["width"])
    return int(config["sample_size"] ** 2 * config["block_out_channels"][0])


def _counted(steps: int, pictures: int, batch_size: int, on_step: OnStep) -> Callable[[], None]:
    total, done = steps * -(-pictures // batch_size), 0

    def count() -> None:
        nonlocal done
        done += 1
        on_step(done, total, min((done - 1) // steps * batch_size + 1, pictures))

    return count


def _described(ready: Ready) -> str:
    order, sampling, canvas = ready.order, ready.sampling, ready.canvas
    told = f"seed {order.seed}, {sampling.sample_steps} steps"
    if ready.shape.takes_prompts:
        negative = shortened(order.negative_prompt, _WRITTEN)
        told += f", guidance {sampling.guidance_scale}, negative prompt {negative!r}"
    if canvas is not None:
        told += f", {canvas.width} x {canvas.height} pixels"
        if canvas.start_HWC is not None:
            told += f", from a picture at strength {canvas.strength}"
        if canvas.anew_HW is not None:
            told += f", {canvas.anew_HW.mean():.0%} of it drawn anew"
    return told
