"""What the stages of denoisers share: pictures of a batch with their noise, and the loss over held-out pictures.

Shapes: B examples, C channels, H height, W width.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from pd_ml.data.buckets import Buckets
from pd_ml.diffusion.objective import Noised, Objective
from pd_ml.training.draws import normal, uniform
from pd_ml.training.task import Places, whole


def noisy(objective: Objective, images_BCHW: Tensor, *, seed: int, purpose: str, step: int, places: Places) -> Noised:
    """`images_BCHW` with noise of their places; the noise levels are stratified, so that a batch covers them evenly."""
    device = images_BCHW.device
    strata_B = torch.arange(places.start, places.stop)
    quantiles_B = (strata_B + uniform(seed, f"{purpose} levels", step, places)) / places.total
    return Noised(
        images_BCHW=images_BCHW,
        noise_BCHW=normal(seed, f"{purpose} noise", step, places, *images_BCHW.shape[1:], device=device),
        levels_B=objective.levels(quantiles_B.to(device)),
    )


def held_out_loss(total: int, size: int, loss: Callable[[Places], Tensor]) -> dict[str, float]:
    """The mean of `loss` over `total` examples, `size` at a time; nothing where there are none."""
    if not total:
        return {}
    parts = whole(total).parts(size)
    return {"validation_loss": round(sum(float(loss(part)) * len(part) for part in parts) / total, 6)}


def held_out_loss_of_buckets(buckets: Buckets, size: int, loss: Callable[[int, Places], Tensor]) -> dict[str, float]:
    """As `held_out_loss`, over the examples of every bucket; `loss` is told which one."""
    parts = [
        (len(examples), held_out_loss(len(examples), size, partial(loss, bucket))["validation_loss"])
        for bucket, examples in enumerate(buckets.examples)
        if len(examples)
    ]
    if not parts:
        return {}
    return {"validation_loss": round(sum(count * value for count, value in parts) / len(buckets), 6)}
