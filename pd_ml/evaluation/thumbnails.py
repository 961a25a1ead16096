"""What pictures are compared by where no model takes part: their thumbnails of at most 32 pixels.

Shapes: N pictures, H height, W width, C channels, P values of a thumbnail.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

SIDE_PX = 32


def thumbnails(pixels_NHWC: npt.NDArray[np.uint8], device: torch.device) -> Tensor:
    """Values in [-1, 1], NP."""
    images_NCHW = torch.from_numpy(np.array(pixels_NHWC)).to(device).permute(0, 3, 1, 2).float() / 127.5 - 1
    size = min(SIDE_PX, images_NCHW.shape[-1])
    return functional.interpolate(images_NCHW, size=(size, size), mode="area").flatten(1)
