"""Small pictures as they come: what a large one looks like after blur, resizing, noise and JPEG, or resizing alone.

What a picture meets is a function of the numbers that are handed in. Shapes: B pictures, C channels, H height, W width
(h, w: four times smaller), K numbers for each picture.
"""

import io

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from pd_ml.diffusion.upscale_pipeline import FACTOR

# How many numbers in [0, 1) each picture needs: whether it is degraded, blur, filter, noise, whether JPEG, its quality.
DRAWS = 6

# Of the large picture's pixels; of the range of 255; of Pillow.
BLUR_MAX_PX, NOISE_MAX, JPEG_SHARE, JPEG_QUALITIES = 2.0, 12.0, 0.6, (40, 95)
_FILTERS = ("bicubic", "bilinear", "area")


def degraded(images_BCHW: Tensor, numbers_BK: Tensor, noise_BChw: Tensor, *, share: float) -> Tensor:
    """Small pictures of `images_BCHW` (both in [-1, 1]) in steps of 1/255, on the CPU, BChw; `share` meet more than
    resizing. `noise_BChw` has variance 1."""
    rows = zip(images_BCHW.cpu(), numbers_BK.tolist(), noise_BChw.cpu(), strict=True)
    return torch.stack([_degraded(image_CHW, numbers, noise_Chw, share) for image_CHW, numbers, noise_Chw in rows])


def reduced(images_BCHW: Tensor) -> Tensor:
    """Resized alone, as Pillow's bicubic filter does it, in steps of 1/255, BChw."""
    return _rounded(_resized(images_BCHW, "bicubic"))


def _degraded(image_CHW: Tensor, numbers: list[float], noise_Chw: Tensor, share: float) -> Tensor:
    chosen, blur, kind, noise, with_jpeg, quality = numbers
    if chosen >= share:
        return reduced(image_CHW[None])[0]
    blurred_1CHW = _blurred(image_CHW[None], blur * BLUR_MAX_PX)
    small_Chw = _resized(blurred_1CHW, _FILTERS[int(kind * len(_FILTERS))])[0]
    small_Chw = _rounded(small_Chw + noise * NOISE_MAX / 127.5 * noise_Chw)
    if with_jpeg >= JPEG_SHARE:
        return small_Chw
    low, high = JPEG_QUALITIES
    return _through_jpeg(small_Chw, round(low + quality * (high - low)))


def _blurred(images_BCHW: Tensor, sigma_px: float) -> Tensor:
    """Gaussian blur; the edges are repeated."""
    if sigma_px < 0.2:
        return images_BCHW
    radius = int(3 * sigma_px + 0.5)
    kernel = torch.exp(-torch.arange(-radius, radius + 1).square() / (2 * sigma_px**2))
    kernel = (kernel / kernel.sum()).expand(images_BCHW.shape[1], 1, 1, -1)
    padded_BCHW = functional.pad(images_BCHW, (radius,) * 4, mode="replicate")
    rows_BCHW = functional.conv2d(padded_BCHW, kernel, groups=len(kernel))
    return functional.conv2d(rows_BCHW, kernel.transpose(2, 3), groups=len(kernel))


def _resized(images_BCHW: Tensor, kind: str) -> Tensor:
    if kind == "area":
        return functional.avg_pool2d(images_BCHW, FACTOR)
    return functional.interpolate(images_BCHW, scale_factor=1 / FACTOR, mode=kind, antialias=True)


def _rounded(images: Tensor) -> Tensor:
    return ((images.clamp(-1, 1) + 1) * 127.5).round() / 127.5 - 1


def _through_jpeg(small_Chw: Tensor, quality: int) -> Tensor:
    bytes_hwC = ((small_Chw + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(bytes_hwC)).save(buffer, "JPEG", quality=quality)
    with Image.open(buffer) as image:
        decoded_hwC = np.array(image.convert("RGB"))
    return torch.from_numpy(decoded_hwC).permute(2, 0, 1).float() / 127.5 - 1
