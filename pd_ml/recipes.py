"""The recipes: functions that return a whole config. `debug` learns in minutes on one CPU thread, `small` is meant for
one 12 GB GPU at 64 px, `base` for one H100 at 128 px. The last two are configurations that have not been measured.
No torch in here. Errors: ConfigError.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pd_ml.config import (
    AdversarialConfig,
    ClipConfig,
    EvaluateConfig,
    LatentDiffusionConfig,
    LatentsConfig,
    LatentUnetConfig,
    SamplingConfig,
    StageConfig,
    SuperResolutionConfig,
    TokenizerConfig,
    TowerConfig,
    TrainingConfig,
    TransformerConfig,
    UnetConfig,
    UnetTextConfig,
    VaeConfig,
)
from pd_ml.errors import ConfigError

STAGES = (
    "tokenizer",
    "clip",
    "unet",
    "unet_text",
    "transformer",
    "vae",
    "latents",
    "latent_unet",
    "latent_diffusion",
    "super_resolution",
)
RECIPES = ("debug", "small", "base")

# Nothing is trained by gradients in these.
STAGES_WITHOUT_WEIGHTS = ("tokenizer", "latents")

# Finished folders that a stage takes besides the dataset: --input NAME=DIR.
STAGE_INPUTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "tokenizer": (),
        "clip": ("tokenizer",),
        "unet": (),
        "unet_text": ("clip",),
        "transformer": ("clip",),
        "vae": ("clip",),
        "latents": ("vae", "clip"),
        "latent_unet": ("latents", "vae"),
        "latent_diffusion": ("latents", "vae", "clip"),
        "super_resolution": (),
    }
)

# Inputs that make sense only beside the very dataset and models that they were made of.
MADE_OF: Mapping[str, tuple[str, ...]] = MappingProxyType({"latents": ("dataset", "vae", "clip")})


def recipe(stage: str, name: str) -> StageConfig:
    """The config of `stage` ("evaluate" too) under the recipe `name`; ConfigError lists what exists."""
    if stage not in _RECIPES:
        raise ConfigError(f"no stage {stage!r}; there are {', '.join(STAGES)}")
    if name not in _RECIPES[stage]:
        raise ConfigError(f"no recipe {name!r} for {stage}; there are {', '.join(_RECIPES[stage])}")
    return _RECIPES[stage][name]()


def tokenizer_debug() -> TokenizerConfig:
    """About 1,500 merges: enough for templated captions. Captions above 46 words' pieces are cut; 16 px for CLIP."""
    return TokenizerConfig(vocab_size=2048, text_max_position_embeddings=48, vision_image_size=16)


def tokenizer_small() -> TokenizerConfig:
    """CLIP's usual length with a vocabulary for some 100,000 captions; 64 px for CLIP."""
    return TokenizerConfig(vocab_size=8192)


def tokenizer_base() -> TokenizerConfig:
    """CLIP's usual length with a vocabulary for a million captions; 128 px for CLIP."""
    return TokenizerConfig(vocab_size=16384, vision_image_size=128)


def _cpu(steps: int, batch_size: int = 32, *, look_every: int = 100, **more: object) -> TrainingConfig:
    """Minutes on one CPU thread; validated and kept every `look_every` steps."""
    return _training(
        {"steps": steps, "batch_size": batch_size, "learning_rate": 1e-3, "warmup_steps": 20, "threads": 1,
         "device": "cpu", "log_every_steps": 20, "validate_every_steps": look_every,
         "checkpoint_every_steps": look_every},
        more,
    )  # fmt: skip


def _gpu(steps: int, batch_size: int, **more: object) -> TrainingConfig:
    """Hours or days on one GPU of 12 GB."""
    return _training(
        {"steps": steps, "batch_size": batch_size, "learning_rate": 2e-4, "warmup_steps": 1000, "log_every_steps": 50,
         "validate_every_steps": 1000, "checkpoint_every_steps": 2000, "preview_every_steps": 5000},
        more,
    )  # fmt: skip


def _large_gpu(steps: int, batch_size: int, **more: object) -> TrainingConfig:
    """Days on one H100."""
    slower = {"warmup_steps": 2000, "validate_every_steps": 2000, "preview_every_steps": 10_000}
    return _gpu(steps, batch_size, **slower | more)


def _training(base: Mapping[str, object], differences: Mapping[str, object]) -> TrainingConfig:
    return TrainingConfig(**{**base, **differences})  # type: ignore[arg-type]


# What contrastive training is like at every size.
_CONTRASTIVE: Mapping[str, object] = {"cooldown_share": 0.3, "weight_decay": 0.1, "beta2": 0.98, "ema_decay": None}
_CLIP_GPU = {**_CONTRASTIVE, "learning_rate": 5e-4, "log_every_steps": 20, "preview_every_steps": 0}


def clip_debug() -> ClipConfig:
    """16 px, 0.6 million parameters, about 30 passes over 2,000 pictures on one CPU thread."""
    return ClipConfig(
        patch_size=4,
        image_tower=TowerConfig(width=96, layers=2, heads=4),
        text_tower=TowerConfig(width=96, layers=2, heads=4),
        projection_dim=64,
        crop_share_min=0.8,
        training=_cpu(450, 128, look_every=50, log_every_steps=10, **_CONTRASTIVE),
    )


def clip_small() -> ClipConfig:
    """64 px, patches of 8."""
    often = {"validate_every_steps": 500, "checkpoint_every_steps": 1000}
    return ClipConfig(training=_gpu(20_000, 512, **_CLIP_GPU | often))


def clip_base() -> ClipConfig:
    """128 px, patches of 16, towers of the size of CLIP ViT-B's text tower."""
    often = {"validate_every_steps": 1000, "checkpoint_every_steps": 1000, "weight_decay": 0.2}
    return ClipConfig(
        patch_size=16,
        image_tower=TowerConfig(width=768, layers=12, heads=12),
        text_tower=TowerConfig(width=512, layers=12, heads=8),
        projection_dim=512,
        training=_large_gpu(60_000, 2048, **_CLIP_GPU | often),
    )


def unet_debug() -> UnetConfig:
    """16 px, 1.9 million parameters, attention on the 4x4 level only, one CPU thread."""
    return UnetConfig(
        image_size=16,
        channels=(32, 64, 96),
        attention=(False, False, True),
        layers_per_block=1,
        norm_groups=16,
        training=_cpu(400),
    )


def unet_small() -> UnetConfig:
    """64 px."""
    return UnetConfig(
        channels=(128, 256, 256, 512),
        attention=(False, False, True, True),
        flow_shift=2.0,
        training=_gpu(200_000, 64),
    )


def unet_base() -> UnetConfig:
    """128 px."""
    return UnetConfig(
        image_size=128,
        channels=(128, 256, 384, 512, 512),
        attention=(False, False, False, True, True),
        flow_shift=3.0,
        training=_large_gpu(300_000, 128),
    )


def _shared(config: UnetConfig | LatentUnetConfig) -> dict[str, Any]:
    """What a denoiser without prompts has in common with one that has them."""
    return {name: value for name, value in vars(config).items() if name not in ("previews", "head_width")}


def unet_text_debug() -> UnetTextConfig:
    """As `unet`, with 2.5 million parameters and heads of their own for the text."""
    return UnetTextConfig(**_shared(unet_debug()) | {"heads": 4})


def unet_text_small() -> UnetTextConfig:
    """As `unet`: 64 px."""
    return UnetTextConfig(**_shared(unet_small()))


def unet_text_base() -> UnetTextConfig:
    """As `unet`: 128 px."""
    return UnetTextConfig(**_shared(unet_base()))


def transformer_debug() -> TransformerConfig:
    """32 px in 16 patches, 4.5 million parameters: draws what captions name, after three minutes on one CPU thread."""
    return TransformerConfig(
        image_size=32,
        patch_size=8,
        width=192,
        layers=6,
        heads=3,
        reads_tokens=False,
        head_channels=24,
        sampling=SamplingConfig(sample_steps=12),
        training=_cpu(1000, look_every=200, cooldown_share=0.4),
    )


def transformer_small() -> TransformerConfig:
    """256 px in 256 patches."""
    return TransformerConfig(width=384, heads=6, buckets=True, training=_gpu(300_000, 128, micro_batch_size=64))


def transformer_base() -> TransformerConfig:
    """512 px in 1024 patches; learn 256 px first (`--set image_size=256`), and go on from that with --init-from."""
    return TransformerConfig(
        image_size=512, flow_shift=3.0, buckets=True, training=_large_gpu(400_000, 256, cooldown_share=0.1)
    )


def vae_debug() -> VaeConfig:
    """32 px to 8x8 latents of 8 channels, 0.6 million parameters, one CPU thread."""
    return VaeConfig(
        image_size=32,
        channels=(32, 32, 64),
        norm_groups=8,
        latent_channels=8,
        training=_cpu(
            3000, 8, look_every=300, warmup_steps=50, cooldown_share=0.3, ema_decay=0.998, log_every_steps=50
        ),
    )


def vae_small() -> VaeConfig:
    """64 px to 16x16 latents, with a discriminator in the second half."""
    return VaeConfig(
        channels=(64, 128, 256),
        layers_per_block=2,
        clip_weight=0.1,
        adversarial=AdversarialConfig(start_step=25_000, channels=(64, 128)),
        training=_gpu(50_000, 64, cooldown_share=0.2),
    )


def vae_base() -> VaeConfig:
    """128 px to 32x32 latents, with a discriminator in the second half."""
    return VaeConfig(
        image_size=128,
        channels=(128, 256, 512),
        layers_per_block=2,
        clip_weight=0.1,
        adversarial=AdversarialConfig(start_step=100_000, channels=(64, 128, 256)),
        training=_large_gpu(200_000, 64, learning_rate=1e-4, cooldown_share=0.2),
    )


def latents_debug() -> LatentsConfig:
    """One CPU thread."""
    return LatentsConfig(threads=1, device="cpu")


def latents_small() -> LatentsConfig:
    """Exact text states: about 120 KB for each different caption."""
    return LatentsConfig(batch_size=256)


def latents_base() -> LatentsConfig:
    """Text states in half precision: about 80 KB for each different caption."""
    return LatentsConfig(batch_size=256, text_precision="fp16")


def latent_unet_debug() -> LatentUnetConfig:
    """8x8 latents, attention from 4x4 on, one CPU thread."""
    return LatentUnetConfig(
        channels=(64, 96, 128),
        attention=(False, True, True),
        layers_per_block=1,
        norm_groups=16,
        training=_cpu(400),
    )


def latent_unet_small() -> LatentUnetConfig:
    """16x16 latents."""
    return LatentUnetConfig(channels=(192, 384, 384), attention=(True, True, True), training=_gpu(200_000, 128))


def latent_unet_base() -> LatentUnetConfig:
    """32x32 latents."""
    return LatentUnetConfig(
        channels=(192, 384, 576, 576), attention=(False, True, True, True), training=_large_gpu(300_000, 256)
    )


def latent_diffusion_debug() -> LatentDiffusionConfig:
    """As `latent_unet`, twice as long, with heads of their own for the text."""
    return LatentDiffusionConfig(**_shared(latent_unet_debug()) | {"heads": 4, "training": _cpu(800, look_every=200)})


def latent_diffusion_small() -> LatentDiffusionConfig:
    """As `latent_unet`: 16x16 latents."""
    return LatentDiffusionConfig(**_shared(latent_unet_small()))


def latent_diffusion_base() -> LatentDiffusionConfig:
    """As `latent_unet`: 32x32 latents."""
    return LatentDiffusionConfig(**_shared(latent_unet_base()))


def super_resolution_debug() -> SuperResolutionConfig:
    """Crops of 64 px, 2 million parameters that work at the small picture's 16 px, one CPU thread."""
    return SuperResolutionConfig(
        image_size=64,
        crop_size=64,
        patch_size=4,
        channels=(64, 96),
        norm_groups=16,
        training=_cpu(1000, 16, look_every=200, cooldown_share=0.3),
    )


def super_resolution_small() -> SuperResolutionConfig:
    """Crops of 128 px out of pictures of 256 px."""
    return SuperResolutionConfig(training=_gpu(100_000, 32, cooldown_share=0.2))


def super_resolution_base() -> SuperResolutionConfig:
    """Crops of 256 px out of pictures of 512 px."""
    return SuperResolutionConfig(
        image_size=512,
        crop_size=256,
        channels=(128, 256, 384, 512),
        training=_large_gpu(200_000, 64, cooldown_share=0.2),
    )


def evaluate_debug() -> EvaluateConfig:
    """One CPU thread."""
    return EvaluateConfig(threads=1, device="cpu")


def evaluate_small() -> EvaluateConfig:
    """1,000 pictures."""
    return EvaluateConfig(n=1000, reference=5000)


def evaluate_base() -> EvaluateConfig:
    """5,000 pictures."""
    return EvaluateConfig(n=5000, reference=10_000, sampling=SamplingConfig(sample_steps=25))


_RECIPES: Mapping[str, Mapping[str, Callable[[], StageConfig]]] = MappingProxyType(
    {
        "tokenizer": {"debug": tokenizer_debug, "small": tokenizer_small, "base": tokenizer_base},
        "clip": {"debug": clip_debug, "small": clip_small, "base": clip_base},
        "unet": {"debug": unet_debug, "small": unet_small, "base": unet_base},
        "unet_text": {"debug": unet_text_debug, "small": unet_text_small, "base": unet_text_base},
        "transformer": {"debug": transformer_debug, "small": transformer_small, "base": transformer_base},
        "vae": {"debug": vae_debug, "small": vae_small, "base": vae_base},
        "latents": {"debug": latents_debug, "small": latents_small, "base": latents_base},
        "latent_unet": {"debug": latent_unet_debug, "small": latent_unet_small, "base": latent_unet_base},
        "latent_diffusion": {
            "debug": latent_diffusion_debug,
            "small": latent_diffusion_small,
            "base": latent_diffusion_base,
        },
        "super_resolution": {
            "debug": super_resolution_debug,
            "small": super_resolution_small,
            "base": super_resolution_base,
        },
        "evaluate": {"debug": evaluate_debug, "small": evaluate_small, "base": evaluate_base},
    }
)
