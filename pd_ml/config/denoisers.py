"""The denoisers, in pixels and in latents. No torch in here. Errors: ConfigError."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from pd_ml.config.checks import negative, not_below_one, not_one_of, not_positive, refuse
from pd_ml.config.training import SamplingConfig, TrainingConfig

ATTENTIONS = ("sdpa", "xformers")
OBJECTIVES = ("flow", "picture", "v_prediction", "epsilon")
# The sides of every aspect bucket are multiples of it.
BUCKET_GRID = 8


def bucket_step(image_size: int) -> int:
    """What the sides of aspect buckets are multiples of."""
    return max(BUCKET_GRID, image_size // BUCKET_GRID // BUCKET_GRID * BUCKET_GRID)


@dataclass(frozen=True, kw_only=True)
class DenoiserConfig(ABC):
    """What every denoiser learns, and how it draws for people.

    `objective`: `flow` predicts the velocity from picture to noise, `picture` the picture on the same path;
    `v_prediction` and `epsilon` are those of DDPM. `flow_shift` moves training and sampling towards more noise; 1 at
    small sizes, 2-3 from 64 px (SD3, 2403.03206). `snr_gamma` limits the weight of v_prediction's easy steps (min-SNR,
    2303.09556).
    """

    objective: str = "flow"
    flow_shift: float = 1.0
    snr_gamma: float = 5.0
    attention_backend: str = "sdpa"
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    @property
    @abstractmethod
    def multiple(self) -> int:
        """The sides of what it denoises are multiples of it."""

    def __post_init__(self) -> None:
        problems = not_positive(self, ("flow_shift", "snr_gamma"))
        problems += not_one_of("attention_backend", self.attention_backend, ATTENTIONS)
        problems += not_one_of("objective", self.objective, OBJECTIVES)
        refuse(problems)


@dataclass(frozen=True, kw_only=True)
class UnetShapeConfig(DenoiserConfig):
    """What every U-Net is made of. One entry of `attention` for each of `channels`."""

    channels: tuple[int, ...] = (128, 256, 384)
    attention: tuple[bool, ...] = (False, True, True)
    layers_per_block: int = 2
    norm_groups: int = 32

    @property
    def multiple(self) -> int:
        return int(2 ** (len(self.channels) - 1))

    def __post_init__(self) -> None:
        super().__post_init__()
        problems = not_positive(self, ("layers_per_block", "norm_groups", *self._widths()))
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
class DiffusionConfig(UnetShapeConfig):
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
        problems += not_below_one("caption_dropout", self.caption_dropout)
        refuse(problems)

    def _widths(self) -> tuple[str, ...]:
        return ("heads",)


@dataclass(frozen=True, kw_only=True)
class LatentUnetConfig(UnetShapeConfig):
    """A U-Net of latents without a prompt. `head_width`: channels of an attention head; `previews`: pictures shown."""

    head_width: int = 32
    previews: int = 16

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse(not_positive(self, ("previews",)))

    def _widths(self) -> tuple[str, ...]:
        return ("head_width",)


@dataclass(frozen=True, kw_only=True)
class LatentDiffusionConfig(UnetShapeConfig):
    """A U-Net of latents that attends to the text tower. The fields mean what they do for `unet_text`."""

    heads: int = 8
    caption_dropout: float = 0.1
    preview_prompts: int = 16

    def __post_init__(self) -> None:
        super().__post_init__()
        problems = not_positive(self, ("preview_prompts",))
        problems += not_below_one("caption_dropout", self.caption_dropout)
        refuse(problems)

    def _widths(self) -> tuple[str, ...]:
        return ("heads",)


@dataclass(frozen=True, kw_only=True)
class TransformerConfig(DenoiserConfig):
    """A transformer over patches of pixels, told of the text by its pooled state and, with `reads_tokens`, its tokens.

    `layers` of `width`, split among `heads`. `head_channels`: of the convolutions that look over the picture at last, 0
    for none. `image_size`, `flips`, `buckets`, `caption_dropout` mean what they do for `unet_text`.
    """

    image_size: int = 256
    patch_size: int = 16
    width: int = 768
    layers: int = 12
    heads: int = 12
    mlp_ratio: int = 4
    reads_tokens: bool = True
    head_channels: int = 32
    objective: str = "picture"
    flow_shift: float = 2.0
    flips: bool = False
    buckets: bool = False
    caption_dropout: float = 0.1
    preview_prompts: int = 16

    @property
    def multiple(self) -> int:
        return self.patch_size

    def __post_init__(self) -> None:
        super().__post_init__()
        problems = not_positive(
            self, ("image_size", "patch_size", "width", "layers", "heads", "mlp_ratio", "preview_prompts")
        )
        problems += negative(self, ("head_channels",))
        if self.attention_backend == "xformers":
            problems.append("attention_backend is xformers, which the transformer has no use for; expected sdpa")
        if not problems and self.width % (4 * self.heads):
            problems.append(f"width {self.width} is not a multiple of 4 times heads {self.heads}")
        if not problems and (self.patch_size % 2 or self.image_size % self.patch_size):
            problems.append(
                f"patch_size {self.patch_size} and image_size {self.image_size}, expected an even patch_size that "
                "image_size is a multiple of"
            )
        if not problems and self.buckets and bucket_step(self.image_size) % self.patch_size:
            problems.append(
                f"buckets have sides that are multiples of {bucket_step(self.image_size)}, which patch_size "
                f"{self.patch_size} does not divide; --set buckets=false or take smaller patches"
            )
        problems += not_below_one("caption_dropout", self.caption_dropout)
        refuse(problems)
