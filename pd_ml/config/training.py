"""How the one loop runs, and how pictures are drawn for people: what the configs of stages share. No torch in here.

Errors: ConfigError.
"""

from dataclasses import dataclass

from pd_ml.config.checks import negative, not_one_of, not_positive, refuse

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "fp32", "bf16")
SWITCHES = ("auto", "on", "off")


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
        problems = not_positive(self, (*positive, *kept))
        problems += negative(self, ("warmup_steps", "weight_decay", "threads", "preview_every_steps", "seed"))
        problems += negative(self, ("micro_batch_size",))
        problems += not_one_of("compile", self.compile, SWITCHES)
        problems += not_one_of("channels_last", self.channels_last, SWITCHES)
        problems += not_one_of("device", self.device, DEVICES) + not_one_of("precision", self.precision, PRECISIONS)
        if not 0 <= self.cooldown_share <= 1:
            problems.append(f"cooldown_share is {self.cooldown_share}, expected a share between 0 and 1")
        if not 0 < self.beta2 < 1:
            problems.append(f"beta2 is {self.beta2}, expected a number between 0 and 1")
        if self.ema_decay is not None and not 0 < self.ema_decay < 1:
            problems.append(f"ema_decay is {self.ema_decay}, expected a number between 0 and 1, or null")
        refuse(problems)


@dataclass(frozen=True, kw_only=True)
class SamplingConfig:
    """How pictures are drawn for people: number of scheduler steps and classifier-free guidance."""

    sample_steps: int = 20
    guidance_scale: float = 2.0

    def __post_init__(self) -> None:
        problems = not_positive(self, ("sample_steps",)) + negative(self, ("guidance_scale",))
        refuse(problems)
