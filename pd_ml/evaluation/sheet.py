"""Pictures on demand: a sheet of samples and each picture by itself, marked with the model that drew them.

Errors: ProvenanceError (a folder that draws nothing), PromptError (a prompt that is missing or makes no sense),
MarkError (a key that cannot sign, before anything is drawn).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from diffusers import DiffusionPipeline

from pd_ml.config import DenoiserConfig, SamplingConfig, config_from_json
from pd_ml.device import prepare_device
from pd_ml.diffusion.sampling import Pixels, cut_off, draw, draw_unprompted, load_pipeline, takes_prompts
from pd_ml.diffusion.upscale import enlarge, load_upscaler, own_steps, signature
from pd_ml.errors import PromptError, ProvenanceError
from pd_ml.evaluation.grid import save_grid, save_picture
from pd_ml.marks.marking import marks
from pd_ml.marks.origin import origin_of
from pd_ml.provenance import TRAIN_CONFIG, RunRecord, read_run

# On a CPU pictures are drawn one by one, which costs little there; elsewhere in batches that are always full. Either
# way a picture does not depend on how many are asked for.
_CPU_BATCH, _DEVICE_BATCH = 1, 16


@dataclass(frozen=True, kw_only=True)
class SheetJob:
    """What to draw; None takes the value of the model's own config. `pictures`: for each prompt, or in all."""

    model: Path
    prompts: tuple[str, ...]
    pictures: int
    seed: int
    sample_steps: int | None
    guidance_scale: float | None
    negative_prompt: str
    device: str
    upscaler: Path | None
    out: Path

    @property
    def folder(self) -> Path:
        """Where each picture lies by itself."""
        return self.out.with_suffix("")


def draw_sheet(job: SheetJob, warn: Callable[[str], None]) -> str:
    """Write the sheet to `job.out` and the pictures into `job.folder`; returns the model's version.

    `warn` is told what of a prompt the model cannot read.
    """
    record = read_run(job.model)
    sampling = _sampling(job, record)
    if job.out.suffix.lower() != ".png":
        raise PromptError(f"--out {job.out.name}: expected a name that ends in .png")
    upscaling = read_run(job.upscaler) if job.upscaler else None
    marked = marks(origin_of(record, upscaler=upscaling))
    pipeline = load_pipeline(job.model, prepare_device(job.device, threads=0))
    _require_fitting_prompts(job, record, takes_prompts(pipeline))
    for prompt in filter(None, (*job.prompts, job.negative_prompt)):
        if lost := cut_off(pipeline, prompt):
            warn(f"prompt is longer than {pipeline.tokenizer.model_max_length} tokens, not read: {lost!r}")
    prompts = [prompt for prompt in job.prompts or ("",) for _ in range(job.pictures)]
    places = [place for _ in job.prompts or ("",) for place in range(job.pictures)]
    pixels_NHWC = _drawn(job, pipeline, sampling, prompts, places)
    upscaled: Mapping[str, str] = {}
    if job.upscaler is not None:
        pixels_NHWC, upscaled = _upscaled(job, job.upscaler, pixels_NHWC)
    signed = {
        **upscaled,
        "pd_model": f"{record.stage} {job.model.resolve().name}",
        "pd_model_version": record.version,
        "pd_model_digest": record.digest,
        "pd_sampling": _described(job, sampling, takes_prompts(pipeline)),
    }
    job.folder.mkdir(parents=True, exist_ok=True)
    save_grid(job.out, pixels_NHWC, prompts, texts={**signed, "pd_prompts": "\n".join(job.prompts)}, marks=marked)
    for number, (prompt, place) in enumerate(zip(prompts, places, strict=True)):
        texts: Mapping[str, str] = {**signed, "pd_prompt": prompt, "pd_place": str(place)}
        save_picture(job.folder / f"{number:04d}.png", pixels_NHWC[number], texts=texts, marks=marked)
    return record.version


def _upscaled(job: SheetJob, upscaler: Path, pixels_NHWC: Pixels) -> tuple[Pixels, Mapping[str, str]]:
    """The pictures four times as large, one by one, so that each is the same however many there are."""
    pipeline, record = load_upscaler(upscaler, prepare_device(job.device, threads=0))
    steps = own_steps(upscaler)
    enlarged = [enlarge(pipeline, one_HWC[None], steps=steps, seed=job.seed)[0] for one_HWC in pixels_NHWC]
    return np.stack(enlarged), {**signature(upscaler, record), "pd_upscaling": f"seed {job.seed}, {steps} steps"}


def _drawn(
    job: SheetJob, pipeline: DiffusionPipeline, sampling: SamplingConfig, prompts: list[str], places: list[int]
) -> Pixels:
    batch_size = _CPU_BATCH if pipeline.unet.device.type == "cpu" else _DEVICE_BATCH
    if not takes_prompts(pipeline):
        return draw_unprompted(pipeline, places, sampling, seed=job.seed, batch_size=batch_size, padded=True)
    return draw(
        pipeline,
        prompts,
        sampling,
        seed=job.seed,
        places=places,
        batch_size=batch_size,
        padded=True,
        negative_prompt=job.negative_prompt,
    )


def _require_fitting_prompts(job: SheetJob, record: RunRecord, prompted: bool) -> None:
    if prompted and not job.prompts:
        raise PromptError(f"{job.model}: a {record.stage} model draws what a text says; give --prompt TEXT")
    given = {
        "--prompt": bool(job.prompts),
        "--negative-prompt": bool(job.negative_prompt),
        "--guidance": job.guidance_scale is not None,
    }
    wrong = [flag for flag, is_given in given.items() if is_given]
    if not prompted and wrong:
        raise PromptError(f"{job.model}: a {record.stage} model takes no prompt; leave out {', '.join(wrong)}")


def _sampling(job: SheetJob, record: RunRecord) -> SamplingConfig:
    if not (job.model / "model_index.json").is_file():
        raise ProvenanceError(f"{job.model}: a {record.stage} model draws no pictures; give a folder of a U-Net stage")
    config = config_from_json(record.stage, (job.model / TRAIN_CONFIG).read_text())
    if not isinstance(config, DenoiserConfig):
        raise ProvenanceError(f"{job.model}: a {record.stage} model only enlarges; use it with upscale or --upscale")
    chosen = config.sampling
    if job.sample_steps is not None:
        chosen = replace(chosen, sample_steps=job.sample_steps)
    if job.guidance_scale is not None:
        chosen = replace(chosen, guidance_scale=job.guidance_scale)
    return chosen


def _described(job: SheetJob, sampling: SamplingConfig, prompted: bool) -> str:
    plain = f"seed {job.seed}, {sampling.sample_steps} steps"
    guided = f", guidance {sampling.guidance_scale}, negative prompt {job.negative_prompt!r}"
    return plain + guided if prompted else plain
