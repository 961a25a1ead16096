"""Diffusion over 1000 steps that keep the variance: DDPM's noise prediction, and v-prediction with zero terminal SNR.

Ho et al., 2006.11239; Salimans and Ho, 2202.00512; Lin et al., 2305.08891; min-SNR weights: Hang et al., 2303.09556.
Shapes: B pictures, C channels, H height, W width.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import cast

import torch
from diffusers import DDPMScheduler, DPMSolverMultistepScheduler
from torch import Tensor

TRAIN_TIMESTEPS = 1000


@dataclass(frozen=True, kw_only=True)
class VariancePreserving:
    """Noise levels are timesteps 0..999. `snr_gamma` None weighs all alike, as DDPM does."""

    prediction: str
    betas: str
    zero_terminal_snr: bool
    snr_gamma: float | None

    def levels(self, quantiles_B: Tensor) -> Tensor:
        """Timesteps, uniform (2006.11239, algorithm 1), out of uniform numbers in [0, 1)."""
        return (quantiles_B * TRAIN_TIMESTEPS).long().clamp(max=TRAIN_TIMESTEPS - 1)

    def noised(self, images_BCHW: Tensor, noise_BCHW: Tensor, levels_B: Tensor) -> Tensor:
        """x_t = alpha x + sigma noise (2006.11239, eq. 4)."""
        alpha_B111, sigma_B111 = self._scales(levels_B)
        return alpha_B111 * images_BCHW + sigma_B111 * noise_BCHW

    def target(self, images_BCHW: Tensor, noise_BCHW: Tensor, levels_B: Tensor) -> Tensor:
        """The noise, or v = alpha noise - sigma x (2202.00512, appendix D)."""
        if self.prediction == "epsilon":
            return noise_BCHW
        alpha_B111, sigma_B111 = self._scales(levels_B)
        return alpha_B111 * noise_BCHW - sigma_B111 * images_BCHW

    def weights(self, levels_B: Tensor) -> Tensor:
        """min(SNR + 1, gamma) / (SNR + 1) for v: min-SNR (2303.09556, eq. 5 and section 3.5).

        With min(SNR, gamma) above the line, the step without any signal, which decides on brightness, would weigh 0.
        """
        if self.snr_gamma is None:
            return torch.ones(len(levels_B), device=levels_B.device)
        # SNR + 1 = 1 / (1 - alpha^2)
        snr_plus_1_B = 1 / (1 - self._alphas_cumprod.to(levels_B.device)[levels_B])
        return snr_plus_1_B.clamp(max=self.snr_gamma) / snr_plus_1_B

    def timesteps(self, levels_B: Tensor) -> Tensor:
        """The levels themselves."""
        return levels_B

    def scheduler(self) -> DPMSolverMultistepScheduler:
        """DPM-Solver++ 2M (2211.01095), from 20 steps on, starting at the last timestep.

        Its guess of the picture is kept within [-1, 1], as DDPM's sampler does: without any picture in the noise yet,
        a small error in the noise is a large one in the picture. A limit of 1 makes the dynamic threshold a plain clip.
        """
        return DPMSolverMultistepScheduler(
            num_train_timesteps=TRAIN_TIMESTEPS,
            beta_schedule=self.betas,
            prediction_type=self.prediction,
            rescale_betas_zero_snr=self.zero_terminal_snr,
            timestep_spacing="trailing",
            thresholding=True,
            sample_max_value=1.0,
        )

    @cached_property
    def _alphas_cumprod(self) -> Tensor:
        """alpha^2 of each timestep, as diffusers' schedulers have it."""
        training = DDPMScheduler(
            num_train_timesteps=TRAIN_TIMESTEPS,
            beta_schedule=self.betas,
            rescale_betas_zero_snr=self.zero_terminal_snr,
        )
        return cast(Tensor, training.alphas_cumprod)

    def _scales(self, levels_B: Tensor) -> tuple[Tensor, Tensor]:
        alphas_cumprod_B111 = self._alphas_cumprod.to(levels_B.device)[levels_B][:, None, None, None]
        return alphas_cumprod_B111.sqrt(), (1 - alphas_cumprod_B111).sqrt()
