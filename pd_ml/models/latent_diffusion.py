"""The latent U-Net that attends to our text tower, and the standard StableDiffusionPipeline around it.

Any diffusers opens what is saved, without our code.
"""

from dataclasses import dataclass

from diffusers import AutoencoderKL, DPMSolverMultistepScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

from pd_ml.config import LatentDiffusionConfig
from pd_ml.data.latents import LatentIndex
from pd_ml.diffusion.objective import Objective
from pd_ml.models.latent_size import latent_channels, latent_side


@dataclass(frozen=True, kw_only=True)
class Components:
    """What the pipeline holds besides the U-Net and the scheduler, all frozen."""

    vae: AutoencoderKL
    text_encoder: CLIPTextModel
    tokenizer: CLIPTokenizer


def build_latent_diffusion_unet(config: LatentDiffusionConfig, index: LatentIndex) -> UNet2DConditionModel:
    """A U-Net with fresh weights (drawn from torch's seed)."""
    down = ["CrossAttnDownBlock2D" if attends else "DownBlock2D" for attends in config.attention]
    up = ["CrossAttnUpBlock2D" if attends else "UpBlock2D" for attends in reversed(config.attention)]
    return UNet2DConditionModel(
        sample_size=latent_side(config, index),
        in_channels=latent_channels(index),
        out_channels=latent_channels(index),
        block_out_channels=config.channels,
        down_block_types=tuple(down),
        up_block_types=tuple(up),
        layers_per_block=config.layers_per_block,
        cross_attention_dim=index.text_shape[-1],
        # Despite its name the number of heads in this class: diffusers, unet_2d_condition.py, `num_attention_heads or`.
        attention_head_dim=config.heads,
        norm_num_groups=config.norm_groups,
    )


def latent_scheduler(objective: Objective) -> DPMSolverMultistepScheduler:
    """The objective's sampler for latents, which have no limits to be kept within.

    `steps_offset` has no effect here; StableDiffusionPipeline calls every other value outdated.
    """
    scheduler: DPMSolverMultistepScheduler = DPMSolverMultistepScheduler.from_config(
        objective.scheduler().config, thresholding=False, steps_offset=1
    )
    return scheduler


def build_pipeline(unet: UNet2DConditionModel, objective: Objective, components: Components) -> StableDiffusionPipeline:
    """Without a safety checker: there is none that is made of public-domain pictures."""
    pipeline = StableDiffusionPipeline(
        vae=components.vae,
        text_encoder=components.text_encoder,
        tokenizer=components.tokenizer,
        unet=unet,
        scheduler=latent_scheduler(objective),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
