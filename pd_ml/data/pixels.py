"""Pixels on the device: bytes are moved, then scaled to what the networks read.

Shapes: B pictures, H height, W width, C channels.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor


def to_unit(pixels_BHWC: npt.NDArray[np.uint8], device: torch.device) -> Tensor:
    """Bytes 0..255 as floats in [-1, 1], BCHW."""
    bytes_BCHW = torch.from_numpy(pixels_BHWC).to(device).permute(0, 3, 1, 2)
    return (bytes_BCHW.float() / 127.5 - 1).contiguous()
