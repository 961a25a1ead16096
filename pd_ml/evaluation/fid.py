"""FID, with a feature network that the user brings: its weights are not ours, so it is measured only where asked for.

The file is a TorchScript module that takes pictures as bytes (BCHW, 0..255) and returns features (BD), such as the
Inception export that goes with StyleGAN. Errors: EvaluationError. Shapes: N pictures, H, W, C, D features.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from pd_ml.data.shards import sha256_of
from pd_ml.errors import EvaluationError

Pixels = npt.NDArray[np.uint8]
_BATCH = 64


class FeatureNetwork:
    """The user's network; `measured_by` names its file by digest."""

    def __init__(self, path: Path, device: torch.device) -> None:
        try:
            self._module: nn.Module = torch.jit.load(str(path), map_location=device).eval()
        except (RuntimeError, ValueError, OSError) as error:
            raise EvaluationError(
                f"{path}: not a TorchScript module ({str(error).splitlines()[0]}); expected one that takes BCHW bytes "
                "and returns BD features"
            ) from error
        self._path = path
        self._device = device
        # The Inception export returns class scores unless it is asked for features.
        arguments = [argument.name for argument in self._module.forward.schema.arguments]
        self._options = {"return_features": True} if "return_features" in arguments else {}
        self.measured_by = {"fid_weights": sha256_of(path)}

    def features(self, pixels_NHWC: Pixels) -> Tensor:
        """ND on the CPU."""
        starts = range(0, len(pixels_NHWC), _BATCH)
        return torch.cat([self._features(pixels_NHWC[start : start + _BATCH]) for start in starts])

    def _features(self, pixels_NHWC: Pixels) -> Tensor:
        bytes_NCHW = torch.from_numpy(np.array(pixels_NHWC)).permute(0, 3, 1, 2).to(self._device)
        try:
            with torch.no_grad():
                found = self._module(bytes_NCHW, **self._options)
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1]
            raise EvaluationError(f"{self._path}: cannot read {tuple(bytes_NCHW.shape)} bytes ({reason})") from error
        if not isinstance(found, Tensor) or found.ndim != 2 or len(found) != len(pixels_NHWC):
            raise EvaluationError(f"{self._path}: expected a matrix with a row of features for each picture")
        return found.float().cpu()
