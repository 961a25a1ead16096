"""What both stages of latent denoisers share: latents drawn from the stored moments, scaled, with their noise.

Shapes: B examples, C channels, h, w of the latents.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from pd_ml.data.latents import Latents
from pd_ml.data.loader import Rows
from pd_ml.diffusion.objective import Noised, Objective
from pd_ml.errors import DataError
from pd_ml.models.memory import tensor_of
from pd_ml.models.vae import sampled
from pd_ml.training.denoising import noisy
from pd_ml.training.draws import normal
from pd_ml.training.task import Places


class LatentBatches:
    """Examples of one split as the denoiser reads them; a latent is drawn anew every time that it is read."""

    def __init__(self, latents: Latents, objective: Objective, *, seed: int, device: torch.device) -> None:
        self._latents = latents
        self._objective = objective
        self._seed = seed
        self._device = device

    def noised(self, indices: Sequence[int] | Rows, purpose: str, step: int, places: Places) -> Noised:
        """The latents of the examples `indices`, of unit variance, with the noise of `places`."""
        latents_BChw = self._drawn(indices, purpose, step, places)
        return noisy(self._objective, latents_BChw, seed=self._seed, purpose=purpose, step=step, places=places)

    def _drawn(self, indices: Sequence[int] | Rows, purpose: str, step: int, places: Places) -> Tensor:
        moments_BMhw = tensor_of(self._latents.moments(indices), self._device)
        channels, *size = moments_BMhw.shape[1:]
        shape = (channels // 2, *size)
        noise_BChw = normal(self._seed, f"{purpose} posterior", step, places, *shape, device=self._device)
        return sampled(moments_BMhw, noise_BChw) * self._latents.index.scaling_factor


def require_latents(latents: Latents, batch_size: int) -> Latents:
    """`latents`, or a DataError where they do not fill one batch."""
    if len(latents) < batch_size:
        raise DataError(
            f"{len(latents)} examples in split {latents.split} of the latents, expected at least a batch of "
            f"{batch_size}; collect more pictures or --set batch_size"
        )
    return latents
