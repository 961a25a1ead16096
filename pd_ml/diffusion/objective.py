"""What a denoiser learns to predict, and the sampler that turns its predictions into pictures.

An objective knows noise levels, mixing, target, weight and scheduler; the model knows none of it. Which ones there are
and how a config names them is at the end. Shapes: B pictures, C channels, H height, W width.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from diffusers import DPMSolverMultistepScheduler
from torch import Tensor

from pd_ml.config import DenoiserConfig
from pd_ml.diffusion.flow import PictureFlow, RectifiedFlow
from pd_ml.diffusion.variance_preserving import VariancePreserving


class Objective(Protocol):
    """How pictures are noised, what is predicted, and what samples it."""

    def levels(self, quantiles_B: Tensor) -> Tensor:
        """Noise levels whose distribution is that of training where `quantiles_B` are uniform in [0, 1)."""

    def noised(self, images_BCHW: Tensor, noise_BCHW: Tensor, levels_B: Tensor) -> Tensor:
        """Pictures and noise mixed at `levels_B`."""

    def target(self, images_BCHW: Tensor, noise_BCHW: Tensor, levels_B: Tensor) -> Tensor:
        """What the model predicts."""

    def weights(self, levels_B: Tensor) -> Tensor:
        """The weight of each picture's squared error."""

    def timesteps(self, levels_B: Tensor) -> Tensor:
        """The noise levels as the model is told them."""

    def scheduler(self) -> DPMSolverMultistepScheduler:
        """The sampler that fits, for diffusers' pipelines."""


@dataclass(frozen=True, kw_only=True)
class Noised:
    """Pictures in [-1, 1], the noise that they are mixed with, and how much of it."""

    images_BCHW: Tensor
    noise_BCHW: Tensor
    levels_B: Tensor


def denoising_loss(objective: Objective, batch: Noised, predict: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """The weighted mean squared error of `predict(noised pictures, timesteps)`."""
    mixed_BCHW = objective.noised(batch.images_BCHW, batch.noise_BCHW, batch.levels_B)
    predicted_BCHW = predict(mixed_BCHW, objective.timesteps(batch.levels_B)).float()
    target_BCHW = objective.target(batch.images_BCHW, batch.noise_BCHW, batch.levels_B)
    error_B = (predicted_BCHW - target_BCHW).square().mean(dim=(1, 2, 3))
    return (objective.weights(batch.levels_B) * error_B).mean()


def objective_of(config: DenoiserConfig) -> Objective:
    """The objective that the config names."""
    if config.objective == "flow":
        return RectifiedFlow(shift=config.flow_shift)
    if config.objective == "picture":
        return PictureFlow(shift=config.flow_shift)
    if config.objective == "v_prediction":
        # Zero terminal SNR needs v: at the last step there is no picture left whose noise could be told apart
        # (Lin et al., 2305.08891, section 3.2).
        return VariancePreserving(
            prediction="v_prediction", betas="squaredcos_cap_v2", zero_terminal_snr=True, snr_gamma=config.snr_gamma
        )
    return VariancePreserving(prediction="epsilon", betas="linear", zero_terminal_snr=False, snr_gamma=None)
