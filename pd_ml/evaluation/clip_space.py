"""Pictures and captions as unit vectors of one finished CLIP of ours. Numbers are comparable within one CLIP only.

Shapes: N pictures or captions, H height, W width, C channels, D embedding width.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from pd_ml.data.pixels import to_unit
from pd_ml.diffusion.pipeline import token_ids
from pd_ml.models.clip import embed_images, embed_texts, load_clip
from pd_ml.models.tokenizer import load_tokenizer
from pd_ml.provenance import read_run

Pixels = npt.NDArray[np.uint8]
_BATCH = 256


class ClipSpace:
    """The embedding of a clip folder; `measured_by` is what stands beside every number taken in it."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        self._clip = load_clip(folder).to(device)
        self._tokenizer = load_tokenizer(folder)
        self._device = device
        self.dimensions = int(self._clip.config.projection_dim)
        self.image_size = int(self._clip.config.vision_config.image_size)
        record = read_run(folder)
        self.version = record.version
        self.measured_by = {"clip": record.digest}

    def images(self, pixels_NHWC: Pixels) -> Tensor:
        """ND; pictures of another size are scaled to that of the CLIP."""
        starts = range(0, len(pixels_NHWC), _BATCH)
        return torch.cat([self._images(pixels_NHWC[start : start + _BATCH]) for start in starts])

    def texts(self, captions: Sequence[str]) -> Tensor:
        """ND."""
        ids_NL = token_ids(self._tokenizer, list(captions)).to(self._device)
        with torch.no_grad():
            return torch.cat([embed_texts(self._clip, ids_BL) for ids_BL in ids_NL.split(_BATCH)])

    def _images(self, pixels_NHWC: Pixels) -> Tensor:
        images_NCHW = to_unit(np.ascontiguousarray(pixels_NHWC), self._device)
        if images_NCHW.shape[-1] != self.image_size:
            size = (self.image_size, self.image_size)
            images_NCHW = functional.interpolate(images_NCHW, size=size, mode="bicubic", antialias=True).clamp(-1, 1)
        with torch.no_grad():
            return embed_images(self._clip, images_NCHW)
