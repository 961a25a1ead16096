"""The denoisers, in pixels and in latents. No torch in here. Errors: ConfigError."""

from dataclasses import dataclass, field

from pd_ml.config.checks import not_one_of, not_positive, refuse
from pd_ml.config.training import SamplingConfig, TrainingConfig

ATTENTIONS = ("sdpa", "xformers")
OBJECTIVES = ("flow", "v_prediction", "epsilon")
# The sides of every aspect bucket are multiples of it.
BUCKET_GRID = 8


@dataclass(frozen=True, kw_only=True)
class DenoiserConfig:
    """What every denoiser is made of and learns. One entry of `attention` for each of `channels`.

    `flow_shift` moves training and sampling towards more noise; 1 at small sizes, 2-3 from 64 px (SD3, 2403.03206).
    `snr_gamma` limits the weight of v_prediction's easy steps (min-SNR, 2303.09556).
    """

    channels: tuple[int, ...] = (128, 256, 384)
    attention: tuple[bool, ...] = (False, True, True)
    layers_per_block: int = 2
    norm_groups: int = 32
    objective: str = "flow"
    flow_shift: float = 1.0
    snr_gamma: float = 5.0
    attention_backend: str = "sdpa"
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self) -> None:
        positive = ("layers_per_block", "norm_groups", "flow_shift", "snr_gamma", *self._widths())
        problems = not_positive(self, positive)
        problems += not_one_of("attention_backend", self.attention_backend, ATTENTIONS)
        problems += not_one_of("objective", self.objective, OBJECTIVES)
        if not self.channels or len(self.channels) != len(self.attention):
            problems.append(f"{len(self.channels)} channels and {len(self.attention)} attention, expected equally many")
        for name in ("norm_groups", *self._widths()):
            odd = [width for width in self.channels if width < 1 or width % max(getattr(self, name), 1)]
            problems += [f"channels {width} is not a multiple of {name} {getattr(self, name)}" for width in odd]
        refuse(problems)

    def _widths(self) -> tuple[str, ...]:
        """Fields that split the channels of an attention."""
        return ()


@dataclass(frozen=True, kw_only=True)
class DiffusionConfig(DenoiserConfig):
    """A denoiser of pixels. `flips`: half of the pictures are mirrored, but those whose captions tell of sides.

    `buckets`: pictures keep about their shape, each batch is of one, and `image_size` is the side of the square ones.
    """

    image_size: int = 64
    flips: bool = False
    buckets: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        problems = not_positive(self, ("image_size",))
        if self.buckets and BUCKET_GRID % 2 ** (len(self.channels) - 1):
            problems.append(
                f"buckets have sides that are multiples of {BUCKET_GRID}, which cannot be halved "
                f"{len(self.channels) - 1} times; --set buckets=false or take fewer channels"
            )
        if self.image_size % 2 ** (len(self.channels) - 1):
            problems.append(f"image_size {self.image_size} cannot be halved {len(self.channels) - 1} times")
        refuse(problems)


@dataclass(frozen=True, kw_only=True)
class UnetConfig(DiffusionConfig):
    """Pixel-space U-Net without a prompt. `head_width`: channels of an attention head; `previews`: pictures shown."""

    head_width: int = 32
    previews: int = 16

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse(not_positive(self, ("previews",)))

    def _widths(self) -> tuple[str, ...]:
        return ("head_width",)


@dataclass(frozen=True, kw_only=True)
class UnetTextConfig(DiffusionConfig):
    """Pixel-space U-Net that attends to the text tower. `heads`: of an attention; `caption_dropout`: for guidance."""

    heads: int = 8
    caption_dropout: float = 0.1
    preview_prompts: int = 16

    def __post_init__(self) -> None:
        super().__post_init__()
        problems = not_positive(self, ("preview_prompts",))
        if not 0 <= self.caption_dropout < 1:
            problems.append(f"caption_dropout is {self.caption_dropout}, expected a share below 1")
        refuse(problems)

    def _widths(self) -> tuple[str, ...]:
        return ("heads",)


@dataclass(frozen=True, kw_only=True)
class LatentUnetConfig(DenoiserConfig):
    """A U-Net of latents without a prompt. `head_width`: channels of an attention head; `previews`: pictures shown."""

    head_width: int = 32
    previews: int = 16

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse(not_positive(self, ("previews",)))

    def _widths(self) -> tuple[str, ...]:
        return ("head_width",)


@dataclass(frozen=True, kw_only=True)
class LatentDiffusionConfig(DenoiserConfig):
    """A U-Net of latents that attends to the text tower. The fields mean what they do for `unet_text`."""

    heads: int = 8
    caption_dropout: float = 0.1
    preview_prompts: int = 16

    def __post_init__(self) -> None:
        super().__post_init__()
        problems = not_positive(self, ("preview_prompts",))
        if not 0 <= self.caption_dropout < 1:
            problems.append(f"caption_dropout is {self.caption_dropout}, expected a share below 1")
        refuse(problems)

    def _widths(self) -> tuple[str, ...]:
        return ("heads",)
