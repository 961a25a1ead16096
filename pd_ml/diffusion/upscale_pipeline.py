"""Four times larger pictures, as a diffusers pipeline. The file is shipped with the weights: it imports no pd_ml.

The model learns what bicubic enlargement lacks (the residual), by rectified flow. It works on patches folded into
channels, and on tiles whose edges are blended at every step, so that large pictures have no seams.
Shapes: B pictures, C channels, H height, W width (h, w: of the small picture), P pixels of a patch x C.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from diffusers import DiffusionPipeline, DPMSolverMultistepScheduler, ImagePipelineOutput, UNet2DModel
from diffusers.utils.torch_utils import randn_tensor
from PIL import Image
from torch import Tensor
from torch.nn import functional

FACTOR = 4
_TRAIN_TIMESTEPS = 1000

Pictures = Image.Image | Sequence[Image.Image] | npt.NDArray[np.float32]


def enlarged(small_BChw: Tensor) -> Tensor:
    """The bicubic enlargement, BCHW: that of Pillow (a = -0.5) in floats, which may leave [-1, 1]."""
    return functional.interpolate(small_BChw, scale_factor=FACTOR, mode="bicubic", antialias=True)


def residual_spread(residual_std: float, noise_levels_B: Tensor) -> Tensor:
    """The standard deviation of what enlargement lacks, B111: of the pictures, and of the noise that it enlarged.

    Bicubic enlargement leaves white noise two thirds of its variance: the mean of its squared weights.
    """
    return (residual_std**2 + 2 / 3 * noise_levels_B.square()).sqrt()[:, None, None, None]


def velocity(
    unet: Callable[..., object],
    mixed_BCHW: Tensor,
    enlarged_BCHW: Tensor,
    levels_B: Tensor,
    noise_levels_B: Tensor,
    *,
    patch_size: int,
) -> Tensor:
    """The flow's direction from residual to noise, BCHW.

    The network adds to the best linear guess, as in EDM (2206.00364, table 1) with rectified flow's noise levels: at
    level 1, where nothing of the residual is left in the mixture, its output is minus the expected residual.
    """
    scale_B111 = ((1 - levels_B).square() + levels_B.square())[:, None, None, None]
    skip_B111 = (2 * levels_B - 1)[:, None, None, None] / scale_B111
    seen_BCHW = torch.cat([mixed_BCHW * scale_B111.rsqrt(), enlarged_BCHW], dim=1)
    folded_BPhw = functional.pixel_unshuffle(seen_BCHW, patch_size)
    found_BPhw = unet(folded_BPhw, levels_B * _TRAIN_TIMESTEPS, class_labels=noise_levels_B * _TRAIN_TIMESTEPS)
    correction_BCHW = functional.pixel_shuffle(cast(Tensor, getattr(found_BPhw, "sample")), patch_size)  # noqa: B009
    return skip_B111 * mixed_BCHW + correction_BCHW * scale_B111.rsqrt()


def tile_starts(length: int, tile: int, overlap: int) -> list[int]:
    """Where tiles begin that cover `length` evenly with at least `overlap` in common; one where it fits a tile."""
    if length <= tile:
        return [0]
    count = -(-(length - overlap) // (tile - overlap))
    return [round(at * (length - tile) / (count - 1)) for at in range(count)]


def ramp(length: int, overlap: int) -> Tensor:
    """The weight of a tile's pixels along one side: rising over the overlap, falling towards the end."""
    from_edge = torch.arange(length).minimum(torch.arange(length).flip(0)) + 1
    return (from_edge / (overlap + 1)).clamp(max=1)


class PdUpscalePipeline(DiffusionPipeline):
    """Enlarges pictures four times. `residual_std`: measured in training; `patch_size`: pixels folded into channels."""

    def __init__(
        self,
        unet: UNet2DModel,
        scheduler: DPMSolverMultistepScheduler,
        residual_std: float = 0.1,
        patch_size: int = 4,
    ) -> None:
        super().__init__()
        self.register_modules(unet=unet, scheduler=scheduler)
        self.register_to_config(residual_std=residual_std, patch_size=patch_size)

    def __call__(
        self,
        image: Pictures,
        *,
        num_inference_steps: int = 20,
        noise_level: float = 0.0,
        tile_px: int = 64,
        temperature: float = 0.8,
        generator: torch.Generator | list[torch.Generator] | None = None,
        output_type: str = "pil",
    ) -> ImagePipelineOutput:
        """Pictures of one size (PIL, or floats BHWC in [0, 1]), four times as large.

        One step is the expected picture, without any chance; more draw one of those that are likely. `noise_level`:
        noise that is added to the small picture (1: as strong as black to grey), which frees the model from what it
        shows. `tile_px`: side of the small picture's part that is worked on at a time; at least 8. `temperature`: how
        far drawn pictures are from the expected one, as in SRFlow (2006.14200): below 1 cleaner, but with
        less variety than the model learnt.
        """
        if tile_px < 8 or num_inference_steps < 1 or noise_level < 0 or temperature < 0:
            raise ValueError(
                f"tile_px {tile_px}, num_inference_steps {num_inference_steps}, noise_level {noise_level}, temperature "
                f"{temperature}; expected at least 8, 1, 0 and 0"
            )
        small_BChw = self._tensor(image)
        with torch.no_grad():
            large_BCHW = self._enlarge(small_BChw, num_inference_steps, noise_level, tile_px, temperature, generator)
        array_BHWC = (large_BCHW / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).float().cpu().numpy()
        images = self.numpy_to_pil(array_BHWC) if output_type == "pil" else array_BHWC
        return ImagePipelineOutput(images=images)

    def _enlarge(
        self,
        small_BChw: Tensor,
        steps: int,
        noise_level: float,
        tile_px: int,
        temperature: float,
        generator: torch.Generator | list[torch.Generator] | None,
    ) -> Tensor:
        height, width = small_BChw.shape[-2:]
        if noise_level:
            small_BChw = small_BChw + noise_level * self._noise(small_BChw, generator)
        base_BCHW = enlarged(self._padded(small_BChw))
        noise_levels_B = torch.full((len(base_BCHW),), float(noise_level), device=base_BCHW.device)
        spread_B111 = residual_spread(self.config.residual_std, noise_levels_B)
        if steps == 1:
            # At noise level 1 the expected residual is noise - velocity, whatever the noise is: none is drawn.
            nothing_BCHW = torch.zeros_like(base_BCHW)
            residual_BCHW = -self._velocity(nothing_BCHW, base_BCHW, 1.0, noise_levels_B, tile_px)
        else:
            residual_BCHW = self._sampled(base_BCHW, noise_levels_B, steps, tile_px, temperature, generator)
        large_BCHW = base_BCHW + spread_B111 * residual_BCHW
        return large_BCHW[..., : FACTOR * height, : FACTOR * width]

    def _sampled(
        self,
        base_BCHW: Tensor,
        noise_levels_B: Tensor,
        steps: int,
        tile_px: int,
        temperature: float,
        generator: torch.Generator | list[torch.Generator] | None,
    ) -> Tensor:
        """A residual drawn by the scheduler."""
        self.scheduler.set_timesteps(steps, device=base_BCHW.device)
        x_BCHW = temperature * self._noise(base_BCHW, generator)
        for timestep in self.progress_bar(self.scheduler.timesteps):
            level = float(timestep) / _TRAIN_TIMESTEPS
            predicted_BCHW = self._velocity(x_BCHW, base_BCHW, level, noise_levels_B, tile_px)
            x_BCHW = self.scheduler.step(predicted_BCHW, timestep, x_BCHW, generator=generator).prev_sample
        return x_BCHW

    def _velocity(
        self, x_BCHW: Tensor, base_BCHW: Tensor, level: float, noise_levels_B: Tensor, tile_px: int
    ) -> Tensor:
        """The velocity of the whole picture, tile by tile: where tiles overlap, their weighted mean."""
        levels_B = torch.full_like(noise_levels_B, level)
        total_BCHW = torch.zeros_like(x_BCHW)
        weight_HW = torch.zeros(x_BCHW.shape[-2:], device=x_BCHW.device)
        for rows, columns, ramp_HW in self._tiles(x_BCHW, tile_px):
            found_BCHW = velocity(
                self.unet,
                x_BCHW[..., rows, columns],
                base_BCHW[..., rows, columns],
                levels_B,
                noise_levels_B,
                patch_size=self.config.patch_size,
            )
            total_BCHW[..., rows, columns] += found_BCHW * ramp_HW
            weight_HW[rows, columns] += ramp_HW
        return total_BCHW / weight_HW

    def _tiles(self, x_BCHW: Tensor, tile_px: int) -> Iterator[tuple[slice, slice, Tensor]]:
        """Rows, columns and weights of each tile, in pixels of the large picture."""
        unit = self._unit_px()
        tile = -(-tile_px // unit) * unit
        overlap = max(tile // 4, 1)
        height, width = (side // FACTOR for side in x_BCHW.shape[-2:])
        ramps = [ramp(FACTOR * min(tile, side), FACTOR * overlap).to(x_BCHW.device) for side in (height, width)]
        ramp_HW = ramps[0][:, None] * ramps[1][None]
        for top in tile_starts(height, tile, overlap):
            for left in tile_starts(width, tile, overlap):
                rows = slice(FACTOR * top, FACTOR * min(top + tile, height))
                columns = slice(FACTOR * left, FACTOR * min(left + tile, width))
                yield rows, columns, ramp_HW

    def _padded(self, small_BChw: Tensor) -> Tensor:
        """The small picture with its last row and column repeated until the U-Net can halve it."""
        unit = self._unit_px()
        height, width = small_BChw.shape[-2:]
        return functional.pad(small_BChw, (0, -width % unit, 0, -height % unit), mode="replicate")

    def _unit_px(self) -> int:
        """What the sides of the small picture must be multiples of."""
        halvings = len(self.unet.config.block_out_channels) - 1
        return max(1, int(self.config.patch_size) * 2**halvings // FACTOR)

    def _noise(self, like: Tensor, generator: torch.Generator | list[torch.Generator] | None) -> Tensor:
        return cast(Tensor, randn_tensor(tuple(like.shape), generator=generator, device=like.device, dtype=like.dtype))

    def _tensor(self, image: Pictures) -> Tensor:
        """Floats in [-1, 1], BChw, on the U-Net's device."""
        if isinstance(image, np.ndarray):
            array_BHWC = image
        else:
            pictures = [image] if isinstance(image, Image.Image) else list(image)
            array_BHWC = np.stack([np.asarray(one.convert("RGB"), dtype=np.float32) / 255 for one in pictures])
        small_BChw = torch.from_numpy(np.ascontiguousarray(array_BHWC)).permute(0, 3, 1, 2) * 2 - 1
        return small_BChw.contiguous().to(self._execution_device, self.unet.dtype)
