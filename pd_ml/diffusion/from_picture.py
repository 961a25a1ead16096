"""Pictures out of a picture, or of another size, with the modules of a finished pipeline of any kind.

From a picture: noise is put on it up to a step, and what follows is drawn (SDEdit, 2108.01073). With a mask, what is
kept is put back after each step with the noise of that step (RePaint, 2201.09865, without its resampling). What is kept
is the start's own pixels at the end; a VAE would have changed them.
Shapes: B pictures, C channels, H height, W width (h, w: of the latents), L tokens, D width of the text states.
"""

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from diffusers import DiffusionPipeline, UNet2DConditionModel
from diffusers.utils.torch_utils import randn_tensor
from torch import Tensor
from torch.nn import functional

from pd_ml.config import SamplingConfig
from pd_ml.diffusion.canvas import Canvas
from pd_ml.diffusion.pipeline import text_states, token_ids
from pd_ml.diffusion.sampling import Generators, Pixels, denoiser, in_batches
from pd_ml.diffusion.transformer_pipeline import PdTransformerPipeline


def draw_on(
    pipeline: DiffusionPipeline,
    canvas: Canvas,
    prompts: Sequence[str],
    sampling: SamplingConfig,
    *,
    seed: int,
    places: Sequence[int],
    batch_size: int,
    padded: bool = False,
    negative_prompt: str = "",
    on_drawn: Callable[[int], None] = lambda count: None,
) -> Pixels:
    """One picture of the canvas' size for each of `places`, NHWC; of `prompts` where the model takes any. At strength 1
    without a mask, and at the model's own size, they are those of `draw` and `draw_unprompted`."""

    def call(rows: Sequence[int], generators: Generators) -> npt.NDArray[np.float32]:
        texts = [prompts[row] for row in rows]
        with torch.no_grad():
            drawn_BCHW = _drawn(pipeline, canvas, texts, negative_prompt, sampling, generators)
        found: npt.NDArray[np.float32] = (drawn_BCHW / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).float().cpu().numpy()
        return found

    return _kept(canvas, in_batches(call, pipeline, places, seed, batch_size, padded, on_drawn))


def begins_twice(pipeline: DiffusionPipeline, steps: int) -> bool:
    """Whether the first two steps have the same timestep, rounded to a whole number. A pipeline begins at the second
    then, and has none for its last call: such a number of steps is drawn by `draw_on`."""
    pipeline.scheduler.set_timesteps(steps)
    first = pipeline.scheduler.timesteps[:2].tolist()
    return len(first) == 2 and first[0] == first[1]


def steps_of(pipeline: DiffusionPipeline, canvas: Canvas | None, steps: int) -> int:
    """How many steps are taken: those that the scheduler makes of `steps`, which may be one more, less those before a
    start."""
    pipeline.scheduler.set_timesteps(steps)
    made = len(pipeline.scheduler.timesteps)
    return made - (first_step(canvas.strength, made) if canvas is not None else 0)


def first_step(strength: float, steps: int) -> int:
    """How many of the steps are left out: those before there is as much noise as `strength` asks for. One is taken at
    least."""
    return steps - max(1, round(strength * steps))


def _drawn(
    pipeline: DiffusionPipeline,
    canvas: Canvas,
    texts: Sequence[str],
    negative: str,
    sampling: SamplingConfig,
    generators: Generators,
) -> Tensor:
    """Pictures in [-1, 1], BCHW."""
    scheduler, model, device = pipeline.scheduler, denoiser(pipeline), denoiser(pipeline).device
    factor = int(getattr(pipeline, "vae_scale_factor", 1))
    shape = (len(generators), model.config.in_channels, canvas.height // factor, canvas.width // factor)
    noise_BChw = randn_tensor(shape, generator=generators, device=device, dtype=model.dtype)
    predict = _predictor(pipeline, texts, negative, sampling.guidance_scale)
    scheduler.set_timesteps(sampling.sample_steps, device=device)
    first = first_step(canvas.strength, len(scheduler.timesteps))
    # By its number: several steps may have the same timestep, rounded to a whole number.
    scheduler.set_begin_index(first)
    timesteps = scheduler.timesteps[first:]
    start_BChw = _encoded(pipeline, canvas).expand(shape) if canvas.start_HWC is not None else None
    x_BChw = noise_BChw
    if start_BChw is not None and first:
        x_BChw = _noised(pipeline, start_BChw, noise_BChw)
    anew_11hw = _anew(canvas, shape, device)
    for at, timestep in enumerate(timesteps):
        predicted_BChw = predict(x_BChw, timestep)
        x_BChw = scheduler.step(predicted_BChw, timestep, x_BChw, generator=generators).prev_sample
        if anew_11hw is not None and start_BChw is not None and at + 1 < len(timesteps):
            kept_BChw = _noised(pipeline, start_BChw, noise_BChw)
            x_BChw = anew_11hw * x_BChw + (1 - anew_11hw) * kept_BChw
    return _decoded(pipeline, x_BChw)


def _predictor(
    pipeline: DiffusionPipeline, texts: Sequence[str], negative: str, guidance: float
) -> Callable[[Tensor, Tensor], Tensor]:
    """The denoiser, with its text and classifier-free guidance where it takes prompts."""
    if isinstance(pipeline, PdTransformerPipeline):
        told = pipeline.told(texts, [negative] if guidance != 1 else None)
        return lambda x_BChw, timestep: pipeline.predicted(x_BChw, timestep, told, guidance)
    unet = pipeline.unet
    if not isinstance(unet, UNet2DConditionModel):
        return lambda x_BChw, timestep: cast(Tensor, unet(x_BChw, timestep).sample)
    text_BLD = _states(pipeline, texts)
    # Below 1 diffusers' own pipeline does not guide.
    is_guided = guidance > 1 if "vae" in pipeline.components else guidance != 1
    if not is_guided:
        return lambda x_BChw, timestep: cast(Tensor, unet(x_BChw, timestep, encoder_hidden_states=text_BLD).sample)
    both_BLD = torch.cat([_states(pipeline, [negative] * len(texts)), text_BLD])

    def guided(x_BChw: Tensor, timestep: Tensor) -> Tensor:
        found = unet(torch.cat([x_BChw, x_BChw]), timestep, encoder_hidden_states=both_BLD).sample
        without, towards = found.chunk(2)
        return cast(Tensor, without + guidance * (towards - without))

    return guided


def _states(pipeline: DiffusionPipeline, texts: Sequence[str]) -> Tensor:
    ids_BL = token_ids(pipeline.tokenizer, texts).to(pipeline.unet.device)
    return text_states(pipeline.text_encoder, ids_BL).to(pipeline.unet.dtype)


def _noised(pipeline: DiffusionPipeline, start_BChw: Tensor, noise_BChw: Tensor) -> Tensor:
    """The start with as much noise as there is before the step that the scheduler is at."""
    scheduler = pipeline.scheduler
    at = scheduler.begin_index if scheduler.step_index is None else scheduler.step_index
    # With a begin index it looks at its own step alone, and of the timesteps only at how many there are.
    return cast(Tensor, scheduler.add_noise(start_BChw, noise_BChw, scheduler.timesteps[at].expand(len(start_BChw))))


def _encoded(pipeline: DiffusionPipeline, canvas: Canvas) -> Tensor:
    """The start in [-1, 1], or its latents, 1Chw."""
    assert canvas.start_HWC is not None
    pixels_1CHW = torch.from_numpy(canvas.start_HWC.copy()).permute(2, 0, 1)[None]
    model = denoiser(pipeline)
    images_1CHW = (pixels_1CHW.to(model.device, model.dtype) / 127.5 - 1).contiguous()
    if "vae" not in pipeline.components:
        return images_1CHW
    latents_1Chw: Tensor = pipeline.vae.encode(images_1CHW).latent_dist.mode() * pipeline.vae.config.scaling_factor
    return latents_1Chw


def _decoded(pipeline: DiffusionPipeline, x_BChw: Tensor) -> Tensor:
    if "vae" not in pipeline.components:
        return x_BChw
    return cast(Tensor, pipeline.vae.decode(x_BChw / pipeline.vae.config.scaling_factor).sample)


def _anew(canvas: Canvas, shape: tuple[int, ...], device: torch.device) -> Tensor | None:
    """Where latents are drawn anew: those that any pixel to be drawn lies in, 11hw."""
    if canvas.anew_HW is None:
        return None
    anew_11HW = torch.from_numpy(canvas.anew_HW).to(device)[None, None]
    return functional.adaptive_max_pool2d(anew_11HW, shape[-2:])


def _kept(canvas: Canvas, drawn_NHWC: Pixels) -> Pixels:
    """What is drawn where the mask is white, and the start's own pixels where it is black."""
    if canvas.anew_HW is None or canvas.start_HWC is None:
        return drawn_NHWC
    anew_HW1 = canvas.anew_HW[..., None]
    mixed_NHWC = anew_HW1 * drawn_NHWC + (1 - anew_HW1) * canvas.start_HWC
    return np.round(mixed_NHWC).astype(np.uint8)
