"""What works on pictures without a text: autoencoder, latents, upscaler. No torch in here. Errors: ConfigError."""

from dataclasses import dataclass, field

from pd_ml.config.checks import negative, not_one_of, not_positive, refuse
from pd_ml.config.training import DEVICES, TrainingConfig

RECONSTRUCTIONS = ("mse", "l1")
KL_REDUCTIONS = ("sum", "mean")
# Pictures are reduced by 4 below that many pixels, by 8 from there on.
LARGE_PICTURE_PX = 256


@dataclass(frozen=True, kw_only=True)
class AdversarialConfig:
    """The second phase of a VAE: a discriminator from nothing, from `start_step` on; null leaves it out.

    `weight` is relative: the adversarial gradient is brought to that share of the reconstruction's (2012.09841, eq. 7).
    `r1_weight` keeps the discriminator flat around real pictures (1801.04406, eq. 9). One entry of `channels` for each
    halving.
    """

    start_step: int | None = None
    weight: float = 0.5
    r1_weight: float = 1.0
    channels: tuple[int, ...] = (32, 64)

    def __post_init__(self) -> None:
        problems = negative(self, ("weight", "r1_weight"))
        if self.start_step is not None and self.start_step < 0:
            problems.append(f"start_step is {self.start_step}, expected 0 or more, or null for no second phase")
        if not self.channels or any(width < 1 or width % 8 for width in self.channels):
            problems.append(f"channels of the discriminator are {self.channels}, expected multiples of 8")
        refuse(problems)


@dataclass(frozen=True, kw_only=True)
class VaeConfig:
    """An AutoencoderKL. It halves pictures once for each of `channels` but the first: by 4 below 256 px, by 8 above.

    The loss is the mean of `reconstruction` over all numbers of a picture, plus `kl_weight` times the divergence of the
    latents, which `kl_reduction` adds up over the latents of a picture (`sum`, as diffusers does) or averages (`mean`);
    either is averaged over the batch. `clip_weight` adds the distance in our CLIP's image tower. The scaling factor is
    measured on at most `scaling_examples`, the report on at most `report_examples` held-out pictures.
    """

    image_size: int = 64
    channels: tuple[int, ...] = (64, 128, 128)
    layers_per_block: int = 1
    norm_groups: int = 32
    latent_channels: int = 4
    mid_attention: bool = True
    reconstruction: str = "mse"
    kl_weight: float = 1e-6
    kl_reduction: str = "sum"
    clip_weight: float = 0.0
    scaling_examples: int = 2048
    report_examples: int = 512
    previews: int = 8
    adversarial: AdversarialConfig = field(default_factory=AdversarialConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    @property
    def factor(self) -> int:
        """Pixels of a picture's side for one of its latents'."""
        return int(2 ** (len(self.channels) - 1))

    def __post_init__(self) -> None:
        counted = ("image_size", "layers_per_block", "norm_groups", "latent_channels", "previews")
        problems = not_positive(self, (*counted, "scaling_examples", "report_examples"))
        problems += negative(self, ("kl_weight", "clip_weight"))
        problems += not_one_of("reconstruction", self.reconstruction, RECONSTRUCTIONS)
        problems += not_one_of("kl_reduction", self.kl_reduction, KL_REDUCTIONS)
        expected = 4 if self.image_size < LARGE_PICTURE_PX else 8
        if self.factor != expected:
            problems.append(
                f"{len(self.channels)} channels reduce pictures by {self.factor}, expected {expected} at image_size "
                f"{self.image_size} (4 below {LARGE_PICTURE_PX} px, 8 from there)"
            )
        if self.image_size % max(self.factor, 1):
            problems.append(f"image_size {self.image_size} is not a multiple of {self.factor}")
        odd = [width for width in self.channels if width < 1 or width % max(self.norm_groups, 1)]
        problems += [f"channels {width} is not a multiple of norm_groups {self.norm_groups}" for width in odd]
        refuse(problems)


@dataclass(frozen=True, kw_only=True)
class LatentsConfig:
    """How a dataset is encoded. `batch_size` counts on an accelerator: a CPU takes one at a time, as sampling does.

    `text_precision` fp32 keeps the text states as the pipeline computes them; fp16 halves their size.
    """

    batch_size: int = 64
    text_precision: str = "fp32"
    threads: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        problems = not_positive(self, ("batch_size",)) + negative(self, ("threads",))
        problems += not_one_of("device", self.device, DEVICES)
        problems += not_one_of("text_precision", self.text_precision, ("fp32", "fp16"))
        refuse(problems)

    @property
    def training(self) -> TrainingConfig:
        """The machine that this runs on."""
        return TrainingConfig(threads=self.threads, device=self.device, precision="fp32")


@dataclass(frozen=True, kw_only=True)
class SuperResolutionConfig:
    """Upscaler x4 that draws what bicubic enlargement lacks. Pictures are decoded at `image_size`, crops are learnt.

    `patch_size` pixels a side are folded into channels: 4 works at the small picture's size, 2 and 1 finer and slower.
    `degraded_share` of the small pictures meet blur, noise and JPEG; `noise_level_max` is the most noise that is added
    and told. `one_step_share` of a batch learns the expected picture, the rest to draw one.
    """

    image_size: int = 256
    crop_size: int = 128
    patch_size: int = 2
    channels: tuple[int, ...] = (128, 256, 384)
    layers_per_block: int = 2
    norm_groups: int = 32
    flow_shift: float = 1.0
    degraded_share: float = 0.5
    noise_level_max: float = 0.2
    one_step_share: float = 0.25
    sample_steps: int = 20
    previews: int = 6
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self) -> None:
        positive = ("image_size", "crop_size", "layers_per_block", "norm_groups", "flow_shift", "sample_steps")
        problems = not_positive(self, (*positive, "previews")) + negative(self, ("noise_level_max",))
        for name in ("degraded_share", "one_step_share"):
            if not 0 <= getattr(self, name) <= 1:
                problems.append(f"{name} is {getattr(self, name)}, expected a share between 0 and 1")
        if self.patch_size not in (1, 2, 4):
            problems.append(f"patch_size is {self.patch_size}, expected 1, 2 or 4")
        elif not self.channels:
            problems.append("channels is empty, expected a width for each level")
        elif self.crop_size % max(4, self.patch_size * 2 ** (len(self.channels) - 1)):
            multiple = max(4, self.patch_size * 2 ** (len(self.channels) - 1))
            problems.append(f"crop_size {self.crop_size} is not a multiple of {multiple} (patches, halvings, factor 4)")
        if self.crop_size > self.image_size:
            problems.append(f"crop_size {self.crop_size} is more than image_size {self.image_size}")
        odd = [width for width in self.channels if width < 1 or width % max(self.norm_groups, 1)]
        problems += [f"channels {width} is not a multiple of norm_groups {self.norm_groups}" for width in odd]
        refuse(problems)
