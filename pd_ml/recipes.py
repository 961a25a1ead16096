"""The recipes: functions that return a whole config. `debug` learns in minutes on one CPU thread, `small` is meant for
one 12 GB GPU at 64 px, `base` for one H100 at 128 px. The last two are configurations that have not been measured.
No torch in here. Errors: ConfigError.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

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


def clip_debug() -> ClipConfig:
    """16 px, 0.6 million parameters, about 30 passes over 2,000 pictures on one CPU thread."""
    return ClipConfig(
        patch_size=4,
        image_tower=TowerConfig(width=96, layers=2, heads=4),
        text_tower=TowerConfig(width=96, layers=2, heads=4),
        projection_dim=64,
        crop_share_min=0.8,
        training=TrainingConfig(
            steps=450,
            batch_size=128,
            learning_rate=1e-3,
            warmup_steps=20,
            cooldown_share=0.3,
            weight_decay=0.1,
            beta2=0.98,
            ema_decay=None,
            threads=1,
            device="cpu",
            log_every_steps=10,
            validate_every_steps=50,
            checkpoint_every_steps=50,
        ),
    )


def clip_small() -> ClipConfig:
    """64 px, patches of 8."""
    return ClipConfig(
        training=TrainingConfig(
            steps=20_000,
            batch_size=512,
            learning_rate=5e-4,
            warmup_steps=1000,
            cooldown_share=0.3,
            weight_decay=0.1,
            beta2=0.98,
            ema_decay=None,
            validate_every_steps=500,
            checkpoint_every_steps=1000,
        )
    )


def clip_base() -> ClipConfig:
    """128 px, patches of 16, towers of the size of CLIP ViT-B's text tower."""
    return ClipConfig(
        patch_size=16,
        image_tower=TowerConfig(width=768, layers=12, heads=12),
        text_tower=TowerConfig(width=512, layers=12, heads=8),
        projection_dim=512,
        training=TrainingConfig(
            steps=60_000,
            batch_size=2048,
            learning_rate=5e-4,
            warmup_steps=2000,
            cooldown_share=0.3,
            weight_decay=0.2,
            beta2=0.98,
            ema_decay=None,
            validate_every_steps=1000,
            checkpoint_every_steps=1000,
        ),
    )


def unet_debug() -> UnetConfig:
    """16 px, 1.9 million parameters, attention on the 4x4 level only, one CPU thread."""
    return UnetConfig(
        image_size=16,
        channels=(32, 64, 96),
        attention=(False, False, True),
        layers_per_block=1,
        norm_groups=16,
        training=TrainingConfig(
            steps=400,
            batch_size=32,
            learning_rate=1e-3,
            warmup_steps=20,
            threads=1,
            device="cpu",
            log_every_steps=20,
            validate_every_steps=100,
            checkpoint_every_steps=100,
        ),
    )


def unet_small() -> UnetConfig:
    """64 px."""
    return UnetConfig(
        channels=(128, 256, 256, 512),
        attention=(False, False, True, True),
        flow_shift=2.0,
        training=TrainingConfig(
            steps=200_000,
            batch_size=64,
            learning_rate=2e-4,
            warmup_steps=1000,
            log_every_steps=50,
            validate_every_steps=1000,
            checkpoint_every_steps=2000,
            preview_every_steps=5000,
        ),
    )


def unet_base() -> UnetConfig:
    """128 px."""
    return UnetConfig(
        image_size=128,
        channels=(128, 256, 384, 512, 512),
        attention=(False, False, False, True, True),
        flow_shift=3.0,
        training=TrainingConfig(
            steps=300_000,
            batch_size=128,
            learning_rate=2e-4,
            warmup_steps=2000,
            log_every_steps=50,
            validate_every_steps=2000,
            checkpoint_every_steps=2000,
            preview_every_steps=10_000,
        ),
    )


def unet_text_debug() -> UnetTextConfig:
    """16 px, 2.5 million parameters, attention on the 4x4 level only, one CPU thread."""
    return UnetTextConfig(
        image_size=16,
        channels=(32, 64, 96),
        attention=(False, False, True),
        layers_per_block=1,
        heads=4,
        norm_groups=16,
        training=TrainingConfig(
            steps=400,
            batch_size=32,
            learning_rate=1e-3,
            warmup_steps=20,
            threads=1,
            device="cpu",
            log_every_steps=20,
            validate_every_steps=100,
            checkpoint_every_steps=100,
        ),
    )


def unet_text_small() -> UnetTextConfig:
    """64 px."""
    return UnetTextConfig(
        channels=(128, 256, 256, 512),
        attention=(False, False, True, True),
        flow_shift=2.0,
        training=TrainingConfig(
            steps=200_000,
            batch_size=64,
            learning_rate=2e-4,
            warmup_steps=1000,
            log_every_steps=50,
            validate_every_steps=1000,
            checkpoint_every_steps=2000,
            preview_every_steps=5000,
        ),
    )


def unet_text_base() -> UnetTextConfig:
    """128 px."""
    return UnetTextConfig(
        image_size=128,
        channels=(128, 256, 384, 512, 512),
        attention=(False, False, False, True, True),
        flow_shift=3.0,
        training=TrainingConfig(
            steps=300_000,
            batch_size=128,
            learning_rate=2e-4,
            warmup_steps=2000,
            log_every_steps=50,
            validate_every_steps=2000,
            checkpoint_every_steps=2000,
            preview_every_steps=10_000,
        ),
    )


def vae_debug() -> VaeConfig:
    """32 px to 8x8 latents of 8 channels, 0.6 million parameters, one CPU thread."""
    return VaeConfig(
        image_size=32,
        channels=(32, 32, 64),
        norm_groups=8,
        latent_channels=8,
        training=TrainingConfig(
            steps=3000,
            batch_size=8,
            learning_rate=1e-3,
            warmup_steps=50,
            cooldown_share=0.3,
            ema_decay=0.998,
            threads=1,
            device="cpu",
            log_every_steps=50,
            validate_every_steps=300,
            checkpoint_every_steps=300,
        ),
    )


def vae_small() -> VaeConfig:
    """64 px to 16x16 latents, with a discriminator in the second half."""
    return VaeConfig(
        channels=(64, 128, 256),
        layers_per_block=2,
        clip_weight=0.1,
        adversarial=AdversarialConfig(start_step=25_000, channels=(64, 128)),
        training=TrainingConfig(
            steps=50_000,
            batch_size=64,
            learning_rate=2e-4,
            warmup_steps=1000,
            cooldown_share=0.2,
            log_every_steps=50,
            validate_every_steps=1000,
            checkpoint_every_steps=2000,
            preview_every_steps=5000,
        ),
    )


def vae_base() -> VaeConfig:
    """128 px to 32x32 latents, with a discriminator in the second half."""
    return VaeConfig(
        image_size=128,
        channels=(128, 256, 512),
        layers_per_block=2,
        clip_weight=0.1,
        adversarial=AdversarialConfig(start_step=100_000, channels=(64, 128, 256)),
        training=TrainingConfig(
            steps=200_000,
            batch_size=64,
            learning_rate=1e-4,
            warmup_steps=2000,
            cooldown_share=0.2,
            log_every_steps=50,
            validate_every_steps=2000,
            checkpoint_every_steps=2000,
            preview_every_steps=10_000,
        ),
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
        training=TrainingConfig(
            steps=400,
            batch_size=32,
            learning_rate=1e-3,
            warmup_steps=20,
            threads=1,
            device="cpu",
            log_every_steps=20,
            validate_every_steps=100,
            checkpoint_every_steps=100,
        ),
    )


def latent_unet_small() -> LatentUnetConfig:
    """16x16 latents."""
    return LatentUnetConfig(
        channels=(192, 384, 384),
        attention=(True, True, True),
        training=TrainingConfig(
            steps=200_000,
            batch_size=128,
            learning_rate=2e-4,
            warmup_steps=1000,
            log_every_steps=50,
            validate_every_steps=1000,
            checkpoint_every_steps=2000,
            preview_every_steps=5000,
        ),
    )


def latent_unet_base() -> LatentUnetConfig:
    """32x32 latents."""
    return LatentUnetConfig(
        channels=(192, 384, 576, 576),
        attention=(False, True, True, True),
        training=TrainingConfig(
            steps=300_000,
            batch_size=256,
            learning_rate=2e-4,
            warmup_steps=2000,
            log_every_steps=50,
            validate_every_steps=2000,
            checkpoint_every_steps=2000,
            preview_every_steps=10_000,
        ),
    )


def latent_diffusion_debug() -> LatentDiffusionConfig:
    """8x8 latents, attention from 4x4 on, one CPU thread."""
    return LatentDiffusionConfig(
        channels=(64, 96, 128),
        attention=(False, True, True),
        layers_per_block=1,
        heads=4,
        norm_groups=16,
        training=TrainingConfig(
            steps=800,
            batch_size=32,
            learning_rate=1e-3,
            warmup_steps=20,
            threads=1,
            device="cpu",
            log_every_steps=20,
            validate_every_steps=200,
            checkpoint_every_steps=200,
        ),
    )


def latent_diffusion_small() -> LatentDiffusionConfig:
    """16x16 latents."""
    return LatentDiffusionConfig(
        channels=(192, 384, 384),
        attention=(True, True, True),
        training=TrainingConfig(
            steps=200_000,
            batch_size=128,
            learning_rate=2e-4,
            warmup_steps=1000,
            log_every_steps=50,
            validate_every_steps=1000,
            checkpoint_every_steps=2000,
            preview_every_steps=5000,
        ),
    )


def latent_diffusion_base() -> LatentDiffusionConfig:
    """32x32 latents."""
    return LatentDiffusionConfig(
        channels=(192, 384, 576, 576),
        attention=(False, True, True, True),
        training=TrainingConfig(
            steps=300_000,
            batch_size=256,
            learning_rate=2e-4,
            warmup_steps=2000,
            log_every_steps=50,
            validate_every_steps=2000,
            checkpoint_every_steps=2000,
            preview_every_steps=10_000,
        ),
    )


def super_resolution_debug() -> SuperResolutionConfig:
    """Crops of 64 px, 2 million parameters that work at the small picture's 16 px, one CPU thread."""
    return SuperResolutionConfig(
        image_size=64,
        crop_size=64,
        patch_size=4,
        channels=(64, 96),
        norm_groups=16,
        training=TrainingConfig(
            steps=1000,
            batch_size=16,
            learning_rate=1e-3,
            warmup_steps=20,
            cooldown_share=0.3,
            threads=1,
            device="cpu",
            log_every_steps=20,
            validate_every_steps=200,
            checkpoint_every_steps=200,
        ),
    )


def super_resolution_small() -> SuperResolutionConfig:
    """Crops of 128 px out of pictures of 256 px."""
    return SuperResolutionConfig(
        training=TrainingConfig(
            steps=100_000,
            batch_size=32,
            learning_rate=2e-4,
            warmup_steps=1000,
            cooldown_share=0.2,
            log_every_steps=50,
            validate_every_steps=1000,
            checkpoint_every_steps=2000,
            preview_every_steps=5000,
        ),
    )


def super_resolution_base() -> SuperResolutionConfig:
    """Crops of 256 px out of pictures of 512 px."""
    return SuperResolutionConfig(
        image_size=512,
        crop_size=256,
        channels=(128, 256, 384, 512),
        training=TrainingConfig(
            steps=200_000,
            batch_size=64,
            learning_rate=2e-4,
            warmup_steps=2000,
            cooldown_share=0.2,
            log_every_steps=50,
            validate_every_steps=2000,
            checkpoint_every_steps=2000,
            preview_every_steps=10_000,
        ),
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
