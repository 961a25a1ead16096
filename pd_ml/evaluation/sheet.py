"""Pictures on demand: a sheet of samples for given prompts, signed with the model's version."""

from dataclasses import dataclass, replace
from pathlib import Path

from pd_ml.config import SamplingConfig, UnetTextConfig, config_from_json
from pd_ml.device import prepare_device
from pd_ml.diffusion.sampling import draw, load_pipeline
from pd_ml.errors import ProvenanceError
from pd_ml.evaluation.grid import save_grid
from pd_ml.provenance import TRAIN_CONFIG, read_run


@dataclass(frozen=True, kw_only=True)
class SheetJob:
    """What to draw; None takes the value of the model's own config."""

    model: Path
    prompts: tuple[str, ...]
    pictures_per_prompt: int
    seed: int
    sample_steps: int | None
    guidance_scale: float | None
    negative_prompt: str
    device: str
    out: Path


def draw_sheet(job: SheetJob) -> str:
    """Write the sheet to `job.out`; returns the model's version, which the PNG names too."""
    record = read_run(job.model)
    if record.stage != "unet_text":
        raise ProvenanceError(f"{job.model}: a {record.stage} model, expected unet_text")
    sampling = _sampling(job)
    pipeline = load_pipeline(job.model, prepare_device(job.device, threads=0))
    prompts = [prompt for prompt in job.prompts for _ in range(job.pictures_per_prompt)]
    pixels_NHWC = draw(pipeline, prompts, sampling, seed=job.seed, negative_prompt=job.negative_prompt)
    job.out.parent.mkdir(parents=True, exist_ok=True)
    texts = {
        "pd_model_version": record.version,
        "pd_model_digest": record.digest,
        "pd_prompts": "\n".join(job.prompts),
        "pd_sampling": f"seed {job.seed}, {sampling.sample_steps} steps, guidance {sampling.guidance_scale}, "
        f"negative prompt {job.negative_prompt!r}",
    }
    save_grid(job.out, pixels_NHWC, prompts, texts=texts)
    return record.version


def _sampling(job: SheetJob) -> SamplingConfig:
    config = config_from_json("unet_text", (job.model / TRAIN_CONFIG).read_text())
    assert isinstance(config, UnetTextConfig)
    chosen = config.sampling
    if job.sample_steps is not None:
        chosen = replace(chosen, sample_steps=job.sample_steps)
    if job.guidance_scale is not None:
        chosen = replace(chosen, guidance_scale=job.guidance_scale)
    return chosen
