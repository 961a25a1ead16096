"""Exponential moving average of the weights, which is what is sampled, evaluated and exported."""

from copy import deepcopy

import torch
from torch import nn


def decay_after(steps_done: int, limit: float) -> float:
    """min(limit, 1 - (1 + n)^-0.75): the power-function warm-up of k-diffusion's EMAWarmup."""
    return min(limit, 1 - (1 + steps_done) ** -0.75)


class Ema:
    """The average of a model's weights; buffers are copied."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model = deepcopy(model).eval().requires_grad_(False)
        self._decay = decay

    def update(self, model: nn.Module, steps_done: int) -> None:
        """Move the average towards `model`, of which `steps_done` steps are done."""
        decay = decay_after(steps_done, self._decay)
        with torch.no_grad():
            torch._foreach_lerp_(list(self.model.parameters()), list(model.parameters()), 1 - decay)
            for averaged, current in zip(self.model.buffers(), model.buffers(), strict=True):
                averaged.copy_(current)
