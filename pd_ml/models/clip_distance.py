"""How different two pictures look to the image tower of our own CLIP: a perceptual distance that needs no other model.

Shapes: B pictures, C channels, H height, W width, T tokens, D width of the tower.
"""

import torch
from torch import Tensor
from torch.nn import functional
from transformers import CLIPModel

from pd_ml.models.clip import picture_format


class ClipDistance:
    """The mean over layers and patches of 1 - cosine between what the tower makes of two pictures."""

    def __init__(self, clip: CLIPModel, device: torch.device) -> None:
        self._tower = clip.vision_model.to(device).eval().requires_grad_(False)
        self._format = picture_format(clip)

    def between(self, left_BCHW: Tensor, right_BCHW: Tensor) -> Tensor:
        """A scalar; pixels are in [-1, 1]."""
        with torch.no_grad():
            wanted = self._states(left_BCHW)
        found = self._states(right_BCHW)
        cosines = [
            functional.cosine_similarity(one_BTD, other_BTD, dim=-1).mean()
            for one_BTD, other_BTD in zip(wanted, found, strict=True)
        ]
        return 1 - torch.stack(cosines).mean()

    def _states(self, images_BCHW: Tensor) -> tuple[Tensor, ...]:
        """After each layer, BTD."""
        size = (self._format.size_px, self._format.size_px)
        if images_BCHW.shape[-2:] != size:
            images_BCHW = functional.interpolate(images_BCHW, size=size, mode="bicubic", antialias=True)
        mean_C11, std_C11 = (
            torch.tensor(values, device=images_BCHW.device)[:, None, None]
            for values in (self._format.mean, self._format.std)
        )
        scaled_BCHW = (images_BCHW / 2 + 0.5 - mean_C11) / std_C11
        states: tuple[Tensor, ...] = self._tower(pixel_values=scaled_BCHW, output_hidden_states=True).hidden_states
        return states[1:]
