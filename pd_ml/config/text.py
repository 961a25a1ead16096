"""What captions are read with: tokenizer, and CLIP with its two towers. No torch in here. Errors: ConfigError."""

from dataclasses import dataclass, field

from pd_ml.config.checks import not_one_of, not_positive, refuse
from pd_ml.config.training import TrainingConfig

CLIP_LOSSES = ("softmax", "sigmoid")


@dataclass(frozen=True, kw_only=True)
class TokenizerConfig:
    """Byte-level BPE: `vocab_size` counts the 512 byte symbols and the two special tokens as well.

    What every later stage reads is fixed here: at most `text_max_position_embeddings` tokens of a caption, and pictures
    of `vision_image_size` pixels for CLIP.
    """

    vocab_size: int = 8192
    min_frequency: int = 2
    text_max_position_embeddings: int = 77
    vision_image_size: int = 64

    def __post_init__(self) -> None:
        problems = not_positive(self, ("min_frequency", "vision_image_size"))
        if self.vocab_size < 514:
            problems.append(f"vocab_size is {self.vocab_size}, expected at least 514 (512 byte symbols + 2 special)")
        if self.text_max_position_embeddings < 8:
            problems.append(
                f"text_max_position_embeddings is {self.text_max_position_embeddings}, expected at least 8 tokens"
            )
        refuse(problems)


@dataclass(frozen=True, kw_only=True)
class TowerConfig:
    """A transformer: `width` is split among `heads`."""

    width: int
    layers: int
    heads: int

    def __post_init__(self) -> None:
        problems = not_positive(self, ("width", "layers", "heads"))
        if not problems and self.width % self.heads:
            problems.append(f"width {self.width} is not a multiple of heads {self.heads}")
        refuse(problems)


@dataclass(frozen=True, kw_only=True)
class ClipConfig:
    """Image and text tower with a contrastive loss. `crop_share_min`: smallest share of the side that a crop keeps;
    `flips`: half of the pictures are mirrored, but those whose captions tell of sides.

    `loss` is softmax (InfoNCE) or sigmoid (SigLIP); `scale_init` is what the cosines are multiplied with at the start.
    The tokenizer fixes the size of pictures and the length of captions.
    """

    patch_size: int = 8
    image_tower: TowerConfig = field(default_factory=lambda: TowerConfig(width=384, layers=8, heads=6))
    text_tower: TowerConfig = field(default_factory=lambda: TowerConfig(width=384, layers=8, heads=6))
    projection_dim: int = 256
    loss: str = "softmax"
    scale_init: float = 14.3
    crop_share_min: float = 0.7
    flips: bool = False
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self) -> None:
        problems = not_positive(self, ("patch_size", "projection_dim", "scale_init"))
        problems += not_one_of("loss", self.loss, CLIP_LOSSES)
        if not 0 < self.crop_share_min <= 1:
            problems.append(f"crop_share_min is {self.crop_share_min}, expected a share between 0 and 1")
        refuse(problems)
