"""What an autoencoder keeps of held-out pictures, beside what a trivial way to store as much keeps.

Shapes: N pictures, H height, W width, C channels.
"""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial

import numpy as np
import numpy.typing as npt
import torch

from pd_ml.evaluation.clip_space import ClipSpace
from pd_ml.evaluation.distribution import distance, median_distance, mmd
from pd_ml.evaluation.reconstruction import fidelity
from pd_ml.seeding import seed_of

Pixels = npt.NDArray[np.uint8]


def compared(real_NHWC: Pixels, made: Mapping[str, Pixels], clip: ClipSpace, *, seed: int) -> dict[str, object]:
    """For each way the fidelity to `real_NHWC`, and how far its pictures of one half are from the real other half.

    Half of a half is taken of each way, so that the floor can be drawn repeatedly.
    """
    order = torch.randperm(len(real_NHWC), generator=torch.Generator().manual_seed(seed_of(seed, "halves")))
    one, other = order[::2], order[1::2]
    real_ND = clip.images(real_NHWC)
    width = median_distance(real_ND[other])
    found: dict[str, object] = {"n": len(real_NHWC), "mmd_kernel_width": width, "measured_by": clip.measured_by}
    for name, pixels_NHWC in made.items():
        far = distance(
            partial(mmd, width=width),
            clip.images(np.ascontiguousarray(pixels_NHWC))[one[::2]],
            real_ND[other],
            real_ND[one],
            seed=seed_of(seed, "floor"),
        )
        found[name] = {**asdict(fidelity(pixels_NHWC, real_NHWC)), "mmd": asdict(far)}
    return found
