"""Rectified flow: the denoiser learns the velocity from picture to noise along a straight line, or the picture itself.

Liu et al., Flow Straight and Fast, 2209.03003; noise levels as in Stable Diffusion 3, 2403.03206.
Shapes: B pictures, C channels, H height, W width.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from diffusers import DPMSolverMultistepScheduler
from torch import Tensor

TRAIN_TIMESTEPS = 1000


@dataclass(frozen=True, kw_only=True)
class RectifiedFlow:
    """Noise level 0 is the picture, 1 is noise; `shift` above 1 spends more of training and sampling near noise."""

    shift: float = 1.0
    _prediction: ClassVar[str] = "flow_prediction"

    def levels(self, quantiles_B: Tensor) -> Tensor:
        """Logit-normal noise levels (2403.03206, eq. 19) out of uniform numbers in [0, 1)."""
        normal_B = math.sqrt(2) * torch.erfinv((2 * quantiles_B - 1).clamp(-1 + 1e-6, 1 - 1e-6))
        return self._shifted(torch.sigmoid(normal_B))

    def noised(self, images_BCHW: Tensor, noise_BCHW: Tensor, levels_B: Tensor) -> Tensor:
        """x_t = (1 - sigma) x + sigma noise (2209.03003, eq. 1 with time reversed)."""
        sigmas_B111 = levels_B[:, None, None, None]
        return (1 - sigmas_B111) * images_BCHW + sigmas_B111 * noise_BCHW

    def target(self, images_BCHW: Tensor, noise_BCHW: Tensor, levels_B: Tensor) -> Tensor:
        """dx_t/dsigma, which the model predicts."""
        return noise_BCHW - images_BCHW

    def weights(self, levels_B: Tensor) -> Tensor:
        """All alike: the density of the noise levels does the weighing (2403.03206, section 3.1)."""
        return torch.ones(len(levels_B), device=levels_B.device)

    def timesteps(self, levels_B: Tensor) -> Tensor:
        """The noise levels as the model is told them."""
        return levels_B * TRAIN_TIMESTEPS

    def scheduler(self) -> DPMSolverMultistepScheduler:
        """The sampler that fits: DPM-Solver++ 2M (2211.01095), 15-20 steps."""
        return DPMSolverMultistepScheduler(
            num_train_timesteps=TRAIN_TIMESTEPS,
            prediction_type=self._prediction,
            use_flow_sigmas=True,
            flow_shift=self.shift,
        )

    def _shifted(self, sigmas_B: Tensor) -> Tensor:
        """2403.03206, eq. 23."""
        return self.shift * sigmas_B / (1 + (self.shift - 1) * sigmas_B)


@dataclass(frozen=True, kw_only=True)
class PictureFlow(RectifiedFlow):
    """The same path, and the model predicts the picture: what lies on few dimensions is easier to predict than noise,
    which lies on all of them (Li and He, 2511.13720). Its plain error is the loss: on patches of 8 pixels that draws
    what can be named sooner than the velocity's error does (docs/LOG.md).
    """

    _prediction: ClassVar[str] = "sample"

    def target(self, images_BCHW: Tensor, noise_BCHW: Tensor, levels_B: Tensor) -> Tensor:
        """The picture."""
        return images_BCHW
