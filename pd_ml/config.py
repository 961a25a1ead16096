"""What a stage is trained with: a frozen dataclass per stage, its JSON, and `field=value` overrides. No torch in here.

The numbers that people choose between live in recipes.py. Errors: ConfigError.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from types import UnionType
from typing import TypeVar, Union, get_args, get_origin, get_type_hints

from pd_ml.errors import ConfigError

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "fp32", "bf16")
ATTENTIONS = ("sdpa", "xformers")
SWITCHES = ("auto", "on", "off")
CLIP_LOSSES = ("softmax", "sigmoid")
OBJECTIVES = ("flow", "v_prediction", "epsilon")
RECONSTRUCTIONS = ("mse", "l1")
KL_REDUCTIONS = ("sum", "mean")
# The sides of every aspect bucket are multiples of it.
BUCKET_GRID = 8
# Pictures are reduced by 4 below that many pixels, by 8 from there on.
LARGE_PICTURE_PX = 256


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """How the one loop runs. `threads` 0 leaves torch's choice; `ema_decay` None exports the raw weights.

    `batch_size` is that of all processes together. `micro_batch_size` is how much of it goes through the model at a
    time; 0 is all, halved where the memory does not hold it. `precision` auto is bf16 autocast where CUDA has it, fp32
    elsewhere; `compile` and `channels_last` auto are on with CUDA (the latter not where the processes share out the
    weights). `preview_every_steps` 0: only at the end.
    """

    steps: int = 1000
    batch_size: int = 64
    micro_batch_size: int = 0
    learning_rate: float = 3e-4
    warmup_steps: int = 50
    cooldown_share: float = 0.0
    weight_decay: float = 0.01
    beta2: float = 0.99
    clip_norm: float = 1.0
    ema_decay: float | None = 0.9999
    seed: int = 0
    threads: int = 0
    device: str = "auto"
    precision: str = "auto"
    compile: str = "auto"
    channels_last: str = "auto"
    gradient_checkpointing: bool = False
    log_every_steps: int = 20
    validate_every_steps: int = 200
    validation_examples: int = 256
    checkpoint_every_steps: int = 500
    # At least two: until the newest is sealed, a run that is killed goes on from the one before.
    checkpoints_kept: int = 2
    preview_every_steps: int = 0

    def __post_init__(self) -> None:
        positive = ("steps", "batch_size", "learning_rate", "clip_norm", "log_every_steps", "validate_every_steps")
        kept = ("validation_examples", "checkpoint_every_steps", "checkpoints_kept")
        problems = _not_positive(self, (*positive, *kept))
        problems += _negative(self, ("warmup_steps", "weight_decay", "threads", "preview_every_steps", "seed"))
        problems += _negative(self, ("micro_batch_size",))
        problems += _not_one_of("compile", self.compile, SWITCHES)
        problems += _not_one_of("channels_last", self.channels_last, SWITCHES)
        problems += _not_one_of("device", self.device, DEVICES) + _not_one_of("precision", self.precision, PRECISIONS)
        if not 0 <= self.cooldown_share <= 1:
            problems.append(f"cooldown_share is {self.cooldown_share}, expected a share between 0 and 1")
        if not 0 < self.beta2 < 1:
            problems.append(f"beta2 is {self.beta2}, expected a number between 0 and 1")
        if self.ema_decay is not None and not 0 < self.ema_decay < 1:
            problems.append(f"ema_decay is {self.ema_decay}, expected a number between 0 and 1, or null")
        _refuse(problems)


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
        problems = _not_positive(self, ("min_frequency", "vision_image_size"))
        if self.vocab_size < 514:
            problems.append(f"vocab_size is {self.vocab_size}, expected at least 514 (512 byte symbols + 2 special)")
        if self.text_max_position_embeddings < 8:
            problems.append(
                f"text_max_position_embeddings is {self.text_max_position_embeddings}, expected at least 8 tokens"
            )
        _refuse(problems)


@dataclass(frozen=True, kw_only=True)
class TowerConfig:
    """A transformer: `width` is split among `heads`."""

    width: int
    layers: int
    heads: int

    def __post_init__(self) -> None:
        problems = _not_positive(self, ("width", "layers", "heads"))
        if not problems and self.width % self.heads:
            problems.append(f"width {self.width} is not a multiple of heads {self.heads}")
        _refuse(problems)


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
        problems = _not_positive(self, ("patch_size", "projection_dim", "scale_init"))
        problems += _not_one_of("loss", self.loss, CLIP_LOSSES)
        if not 0 < self.crop_share_min <= 1:
            problems.append(f"crop_share_min is {self.crop_share_min}, expected a share between 0 and 1")
        _refuse(problems)


@dataclass(frozen=True, kw_only=True)
class SamplingConfig:
    """How pictures are drawn for people: number of scheduler steps and classifier-free guidance."""

    sample_steps: int = 20
    guidance_scale: float = 2.0

    def __post_init__(self) -> None:
        problems = _not_positive(self, ("sample_steps",)) + _negative(self, ("guidance_scale",))
        _refuse(problems)


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
        problems = _not_positive(self, positive)
        problems += _not_one_of("attention_backend", self.attention_backend, ATTENTIONS)
        problems += _not_one_of("objective", self.objective, OBJECTIVES)
        if not self.channels or len(self.channels) != len(self.attention):
            problems.append(f"{len(self.channels)} channels and {len(self.attention)} attention, expected equally many")
        for name in ("norm_groups", *self._widths()):
            odd = [width for width in self.channels if width < 1 or width % max(getattr(self, name), 1)]
            problems += [f"channels {width} is not a multiple of {name} {getattr(self, name)}" for width in odd]
        _refuse(problems)

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
        problems = _not_positive(self, ("image_size",))
        if self.buckets and BUCKET_GRID % 2 ** (len(self.channels) - 1):
            problems.append(
                f"buckets have sides that are multiples of {BUCKET_GRID}, which cannot be halved "
                f"{len(self.channels) - 1} times; --set buckets=false or take fewer channels"
            )
        if self.image_size % 2 ** (len(self.channels) - 1):
            problems.append(f"image_size {self.image_size} cannot be halved {len(self.channels) - 1} times")
        _refuse(problems)


@dataclass(frozen=True, kw_only=True)
class UnetConfig(DiffusionConfig):
    """Pixel-space U-Net without a prompt. `head_width`: channels of an attention head; `previews`: pictures shown."""

    head_width: int = 32
    previews: int = 16

    def __post_init__(self) -> None:
        super().__post_init__()
        _refuse(_not_positive(self, ("previews",)))

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
        problems = _not_positive(self, ("preview_prompts",))
        if not 0 <= self.caption_dropout < 1:
            problems.append(f"caption_dropout is {self.caption_dropout}, expected a share below 1")
        _refuse(problems)

    def _widths(self) -> tuple[str, ...]:
        return ("heads",)


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
        problems = _negative(self, ("weight", "r1_weight"))
        if self.start_step is not None and self.start_step < 0:
            problems.append(f"start_step is {self.start_step}, expected 0 or more, or null for no second phase")
        if not self.channels or any(width < 1 or width % 8 for width in self.channels):
            problems.append(f"channels of the discriminator are {self.channels}, expected multiples of 8")
        _refuse(problems)


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
        problems = _not_positive(self, (*counted, "scaling_examples", "report_examples"))
        problems += _negative(self, ("kl_weight", "clip_weight"))
        problems += _not_one_of("reconstruction", self.reconstruction, RECONSTRUCTIONS)
        problems += _not_one_of("kl_reduction", self.kl_reduction, KL_REDUCTIONS)
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
        _refuse(problems)


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
        problems = _not_positive(self, ("batch_size",)) + _negative(self, ("threads",))
        problems += _not_one_of("device", self.device, DEVICES)
        problems += _not_one_of("text_precision", self.text_precision, ("fp32", "fp16"))
        _refuse(problems)

    @property
    def training(self) -> TrainingConfig:
        """The machine that this runs on."""
        return TrainingConfig(threads=self.threads, device=self.device, precision="fp32")


@dataclass(frozen=True, kw_only=True)
class LatentUnetConfig(DenoiserConfig):
    """A U-Net of latents without a prompt. `head_width`: channels of an attention head; `previews`: pictures shown."""

    head_width: int = 32
    previews: int = 16

    def __post_init__(self) -> None:
        super().__post_init__()
        _refuse(_not_positive(self, ("previews",)))

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
        problems = _not_positive(self, ("preview_prompts",))
        if not 0 <= self.caption_dropout < 1:
            problems.append(f"caption_dropout is {self.caption_dropout}, expected a share below 1")
        _refuse(problems)

    def _widths(self) -> tuple[str, ...]:
        return ("heads",)


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
        problems = _not_positive(self, (*positive, "previews")) + _negative(self, ("noise_level_max",))
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
        _refuse(problems)


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig:
    """`n` pictures are drawn, for held-out captions (fewer where there are fewer) where the model takes prompts.

    At most `reference` held-out pictures are what they are measured against; `audit` training captions are drawn too.
    """

    n: int = 256
    audit: int = 64
    batch_size: int = 64
    reference: int = 2048
    permutations: int = 2000
    grid: int = 24
    seed: int = 0
    threads: int = 0
    device: str = "auto"
    sampling: SamplingConfig = field(default_factory=SamplingConfig)

    def __post_init__(self) -> None:
        problems = _not_positive(self, ("n", "audit", "batch_size", "reference", "permutations", "grid"))
        problems += _negative(self, ("seed", "threads")) + _not_one_of("device", self.device, DEVICES)
        _refuse(problems)


StageConfig = (
    TokenizerConfig
    | ClipConfig
    | UnetConfig
    | UnetTextConfig
    | VaeConfig
    | LatentsConfig
    | LatentUnetConfig
    | LatentDiffusionConfig
    | SuperResolutionConfig
    | EvaluateConfig
)
C = TypeVar("C", bound=StageConfig)

CONFIGS: Mapping[str, type[StageConfig]] = {
    "tokenizer": TokenizerConfig,
    "clip": ClipConfig,
    "unet": UnetConfig,
    "unet_text": UnetTextConfig,
    "vae": VaeConfig,
    "latents": LatentsConfig,
    "latent_unet": LatentUnetConfig,
    "latent_diffusion": LatentDiffusionConfig,
    "super_resolution": SuperResolutionConfig,
    "evaluate": EvaluateConfig,
}


def to_json(config: StageConfig) -> str:
    """The config as JSON with sorted keys: equal configs give equal text."""
    return json.dumps(asdict(config), indent=1, sort_keys=True)


def config_from_json(stage: str, text: str) -> StageConfig:
    """The config of `stage` that `to_json` wrote; fields that are left out take their defaults."""
    if stage not in CONFIGS:
        raise ConfigError(f"no stage {stage!r}; there are {', '.join(CONFIGS)}")
    try:
        raw = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"config of {stage} is not JSON ({error}); expected what to_json wrote") from error
    config = _build(CONFIGS[stage], raw, prefix="")
    assert isinstance(config, CONFIGS[stage])
    return config


def with_overrides(config: C, overrides: Sequence[str]) -> C:
    """`config` with each `field=value` set; a nested field by its path (`training.steps`) or, if unique, its last name.

    Every wrong override is named in one ConfigError.
    """
    paths = field_paths(config)
    raw = asdict(config)
    problems: list[str] = []
    for override in overrides:
        name, separator, text = override.partition("=")
        found = [path for path in paths if path == name] or [path for path in paths if path.split(".")[-1] == name]
        if not separator or not name:
            problems.append(f"{override!r} is not field=value")
        elif not found:
            problems.append(f"no field {name!r}{_elsewhere(name)}; there are {', '.join(paths)}")
        elif len(found) > 1:
            problems.append(f"{name!r} could be {' or '.join(found)}; write the whole path")
        else:
            _put(raw, found[0].split("."), _parsed(text))
    _refuse(problems)
    changed = _build(type(config), raw, prefix="")
    assert isinstance(changed, type(config))
    return changed


def _elsewhere(name: str) -> str:
    """Which stages have a field of that name, for who says it to another one."""
    found = [stage for stage, kind in CONFIGS.items() if name in get_type_hints(kind)]
    return f" here, only of {', '.join(found)}" if found else ""


def field_paths(config: object) -> list[str]:
    """Every field that `--set` takes, nested ones with dots."""
    assert is_dataclass(config)
    paths: list[str] = []
    for entry in fields(config):
        value = getattr(config, entry.name)
        paths += [f"{entry.name}.{inner}" for inner in field_paths(value)] if is_dataclass(value) else [entry.name]
    return paths


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _put(raw: dict[str, object], path: list[str], value: object) -> None:
    for name in path[:-1]:
        inner = raw[name]
        assert isinstance(inner, dict)
        raw = inner
    raw[path[-1]] = value


def _build(kind: type, raw: object, *, prefix: str) -> object:
    """A dataclass of type `kind` out of parsed JSON; ConfigError lists every unknown or ill-typed field."""
    if not isinstance(raw, dict):
        raise ConfigError(f"{prefix or 'config'} is {raw!r}, expected an object of fields")
    hints = get_type_hints(kind)
    problems: list[str] = []
    values: dict[str, object] = {}
    for name, value in raw.items():
        if name not in hints:
            problems.append(f"no field {prefix}{name}; there are {', '.join(hints)}")
            continue
        try:
            values[name] = _coerced(value, hints[name], f"{prefix}{name}")
        except ConfigError as error:
            problems.append(str(error))
    _refuse(problems)
    built: object = kind(**values)
    return built


def _coerced(value: object, kind: object, name: str) -> object:
    if isinstance(kind, type) and is_dataclass(kind):
        return _build(kind, value, prefix=f"{name}.")
    if get_origin(kind) in (Union, UnionType):
        if value is None:
            return None
        return _coerced(value, next(option for option in get_args(kind) if option is not type(None)), name)
    if get_origin(kind) is tuple:
        entries = value if isinstance(value, list | tuple) else [value]
        return tuple(_coerced(entry, get_args(kind)[0], name) for entry in entries)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is str and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    assert isinstance(kind, type)
    # bool is an int to Python, but `steps=true` is a mistake.
    if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
        raise ConfigError(f"{name} is {value!r}, expected {kind.__name__}")
    return value


def _not_positive(config: object, names: Sequence[str]) -> list[str]:
    found = {name: getattr(config, name) for name in names}
    return [f"{name} is {value}, expected more than 0" for name, value in found.items() if not value > 0]


def _negative(config: object, names: Sequence[str]) -> list[str]:
    found = {name: getattr(config, name) for name in names}
    return [f"{name} is {value}, expected 0 or more" for name, value in found.items() if value < 0]


def _not_one_of(name: str, value: str, options: Sequence[str]) -> list[str]:
    return [] if value in options else [f"{name} is {value!r}, expected one of {', '.join(options)}"]


def _refuse(problems: Sequence[str]) -> None:
    if problems:
        raise ConfigError("; ".join(problems))
