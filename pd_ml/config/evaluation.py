"""What an evaluation draws, and how much it measures. No torch in here. Errors: ConfigError."""

from dataclasses import dataclass, field

from pd_ml.config.checks import negative, not_one_of, not_positive, refuse
from pd_ml.config.training import DEVICES, SamplingConfig


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
        problems = not_positive(self, ("n", "audit", "batch_size", "reference", "permutations", "grid"))
        problems += negative(self, ("seed", "threads")) + not_one_of("device", self.device, DEVICES)
        refuse(problems)
