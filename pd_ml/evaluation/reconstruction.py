"""How near pictures come to those that they shall be: PSNR, SSIM and how much fine detail is left.

Of bytes, as people see them. Pure functions of arrays. Shapes: N pictures, C channels, H height, W width.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

Pixels = npt.NDArray[np.uint8]

# A picture that is right to the last bit has no PSNR; it counts as 100 dB.
_LEAST_ERROR = 1e-10
_WINDOW, _WINDOW_STD = 11, 1.5
_STABILISERS = (0.01**2, 0.03**2)
_CHUNK = 256


@dataclass(frozen=True, kw_only=True)
class Fidelity:
    """Means over `n` pictures. `high_frequency_ratio`: energy of detail finer than 4 pixels, made to real; 1 is right,
    below is blur."""

    psnr_db: float
    ssim: float
    high_frequency_ratio: float
    n: int


def fidelity(made_NHWC: Pixels, real_NHWC: Pixels) -> Fidelity:
    """How near `made_NHWC` come to `real_NHWC`, picture by picture."""
    chunks = [slice(start, start + _CHUNK) for start in range(0, len(real_NHWC), _CHUNK)]
    pairs = [(unit(made_NHWC[chunk]), unit(real_NHWC[chunk])) for chunk in chunks]
    fine = [(_fine_energy(made), _fine_energy(real)) for made, real in pairs]
    return Fidelity(
        psnr_db=float(torch.cat([psnr_db(made, real) for made, real in pairs]).mean()),
        ssim=float(torch.cat([ssim(made, real) for made, real in pairs]).mean()),
        high_frequency_ratio=sum(made for made, _ in fine) / max(sum(real for _, real in fine), _LEAST_ERROR),
        n=len(real_NHWC),
    )


def psnr_db(made_NCHW: Tensor, real_NCHW: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of each picture with values in [0, 1], N."""
    error_N = (made_NCHW - real_NCHW).square().mean(dim=(1, 2, 3)).clamp(min=_LEAST_ERROR)
    return -10 * error_N.log10()


def ssim(made_NCHW: Tensor, real_NCHW: Tensor) -> Tensor:
    """Structural similarity of each picture with values in [0, 1], mean over channels (Wang et al. 2004, eq. 13), N."""
    # In single precision the variance of a bright flat picture is lost in its square.
    made_NCHW, real_NCHW = made_NCHW.double(), real_NCHW.double()
    channels = made_NCHW.shape[1]
    size = min(_WINDOW, *made_NCHW.shape[-2:])
    window = _gaussian(size - 1 + size % 2, channels)

    def blurred(values_NCHW: Tensor) -> Tensor:
        return functional.conv2d(values_NCHW, window, groups=channels)

    mean_made, mean_real = blurred(made_NCHW), blurred(real_NCHW)
    variance_made = blurred(made_NCHW.square()) - mean_made.square()
    variance_real = blurred(real_NCHW.square()) - mean_real.square()
    covariance = blurred(made_NCHW * real_NCHW) - mean_made * mean_real
    c1, c2 = _STABILISERS
    above = (2 * mean_made * mean_real + c1) * (2 * covariance + c2)
    below = (mean_made.square() + mean_real.square() + c1) * (variance_made + variance_real + c2)
    return (above / below).mean(dim=(1, 2, 3))


def reduced_and_enlarged(pixels_NHWC: Pixels, factor: int) -> Pixels:
    """What is left of pictures that are stored `factor` times smaller and enlarged again, both bicubic."""
    height, width = pixels_NHWC.shape[1:3]
    small = (height // factor, width // factor)
    images_NCHW = unit(pixels_NHWC)
    small_NCHW = functional.interpolate(images_NCHW, size=small, mode="bicubic", antialias=True)
    return to_bytes(functional.interpolate(small_NCHW, size=(height, width), mode="bicubic") * 2 - 1)


def to_bytes(images_NCHW: Tensor) -> Pixels:
    """Pictures in [-1, 1] as bytes, NHWC."""
    bytes_NCHW = ((images_NCHW.float() / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8)
    pixels_NHWC: Pixels = bytes_NCHW.permute(0, 2, 3, 1).cpu().numpy()
    return pixels_NHWC


def unit(pixels_NHWC: Pixels) -> Tensor:
    """Bytes as pictures in [0, 1], NCHW."""
    return torch.from_numpy(np.array(pixels_NHWC)).permute(0, 3, 1, 2).float() / 255


def _fine_energy(images_NCHW: Tensor) -> float:
    """Energy above half of the highest frequency, in either direction.

    Of the picture and its mirror images, as in a cosine transform: opposite edges that differ are no detail.
    """
    mirrored = torch.cat([images_NCHW, images_NCHW.flip(-1)], dim=-1)
    mirrored = torch.cat([mirrored, mirrored.flip(-2)], dim=-2)
    spectrum = torch.fft.fft2(mirrored, norm="ortho").abs().square()
    vertical, horizontal = (torch.fft.fftfreq(side).abs() for side in mirrored.shape[-2:])
    fine = torch.maximum(vertical[:, None], horizontal[None]) > 0.25
    return float(spectrum[..., fine].sum())


def _gaussian(size: int, channels: int) -> Tensor:
    offsets = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    line = torch.exp(-offsets.square() / (2 * _WINDOW_STD**2))
    window = line[:, None] * line[None]
    return (window / window.sum()).expand(channels, 1, -1, -1)
