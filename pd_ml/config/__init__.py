"""What a stage is trained with: a frozen dataclass per stage, its JSON, and `field=value` overrides. No torch in here.

The numbers that people choose between live in recipes.py. Errors: ConfigError.
"""

from pd_ml.config.denoisers import (
    DenoiserConfig,
    DiffusionConfig,
    LatentDiffusionConfig,
    LatentUnetConfig,
    TransformerConfig,
    UnetConfig,
    UnetShapeConfig,
    UnetTextConfig,
    bucket_step,
)
from pd_ml.config.evaluation import EvaluateConfig
from pd_ml.config.pictures import AdversarialConfig, LatentsConfig, SuperResolutionConfig, VaeConfig
from pd_ml.config.reading import StageConfig, config_from_json, field_paths, to_json, with_overrides
from pd_ml.config.text import ClipConfig, TokenizerConfig, TowerConfig
from pd_ml.config.training import SamplingConfig, TrainingConfig

__all__ = [
    "AdversarialConfig",
    "ClipConfig",
    "DenoiserConfig",
    "DiffusionConfig",
    "EvaluateConfig",
    "LatentDiffusionConfig",
    "LatentUnetConfig",
    "LatentsConfig",
    "SamplingConfig",
    "StageConfig",
    "SuperResolutionConfig",
    "TokenizerConfig",
    "TowerConfig",
    "TrainingConfig",
    "TransformerConfig",
    "UnetConfig",
    "UnetShapeConfig",
    "UnetTextConfig",
    "VaeConfig",
    "bucket_step",
    "config_from_json",
    "field_paths",
    "to_json",
    "with_overrides",
]
