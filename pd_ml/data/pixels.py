"""Bytes of pictures: cut, and moved to the device in the scale that the networks read.

Shapes: B pictures, H height, W width, C channels.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Pixels = npt.NDArray[np.uint8]


def to_unit(pixels_BHWC: Pixels, device: torch.device) -> Tensor:
    """Bytes 0..255 as floats in [-1, 1], BCHW."""
    bytes_BCHW = torch.from_numpy(pixels_BHWC).to(device).permute(0, 3, 1, 2)
    return (bytes_BCHW.float() / 127.5 - 1).contiguous()


def centre_crops(pixels_BHWC: Pixels, side: int) -> Pixels:
    """The middle square of each picture."""
    start = (pixels_BHWC.shape[1] - side) // 2
    return np.ascontiguousarray(pixels_BHWC[:, start : start + side, start : start + side])
