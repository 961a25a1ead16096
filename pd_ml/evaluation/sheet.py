"""Pictures on demand: a sheet of samples and each picture by itself, marked with the model that drew them.

What is asked for was checked in diffusion/order.py, before torch was imported.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from pd_ml.device import prepare_device
from pd_ml.diffusion.order import Ready
from pd_ml.diffusion.sampling import open_pipeline
from pd_ml.diffusion.studio import (
    OnStep,
    enlarged,
    marks_of,
    paint,
    places_of,
    prompts_of,
    texts_of,
    unread,
    written,
)
from pd_ml.diffusion.upscale import open_upscaler
from pd_ml.evaluation.grid import save_grid, save_picture


def draw_sheet(ready: Ready, out: Path, warn: Callable[[str], None], on_step: OnStep) -> str:
    """Write the sheet to `out` and the pictures into the folder of its name; returns the model's version.

    `warn` is told what of a prompt the model cannot read, and what else may be unexpected.
    """
    order = ready.order
    device = prepare_device(order.device, threads=0)
    pipeline = open_pipeline(order.model, device)
    for warning in ready.warnings:
        warn(warning)
    for lost in unread(ready, pipeline).values():
        warn(f"prompt is longer than {pipeline.tokenizer.model_max_length} tokens, not read: {lost!r}")
    pixels_NHWC = paint(ready, pipeline, on_step)
    texts = texts_of(ready)
    if order.upscaler is not None:
        pixels_NHWC, told = enlarged(ready, open_upscaler(order.upscaler, device), pixels_NHWC)
        texts = {**told, **texts}
    folder = out.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    prompts = prompts_of(order)
    sheet_texts = {**texts, "pd_prompts": written(order.prompts)}
    save_grid(out, pixels_NHWC, prompts, texts=sheet_texts, marks=marks_of(ready))
    for number, (prompt, place) in enumerate(zip(prompts, places_of(order), strict=True)):
        of_one: Mapping[str, str] = {**texts, "pd_prompt": written([prompt]), "pd_place": str(place)}
        path = folder / f"{number:04d}.png"
        save_picture(path, pixels_NHWC[number], texts=of_one, marks=ready.marks, given=ready.given)
    return ready.record.version
