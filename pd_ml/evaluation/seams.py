"""Seams: do drawn pictures jump where the patches of the network that drew them meet? Pure numpy.

Shapes: N pictures, H height, W width, C channels.
"""

import numpy as np
import numpy.typing as npt

from pd_ml.errors import EvaluationError

Pixels = npt.NDArray[np.uint8]
# So small that it shows in flat pictures alone, where it makes 1 of nothing over nothing.
_TINY = 1e-6


def seam(pixels_NHWC: Pixels, patch: int) -> float:
    """Mean absolute difference of neighbouring pixels across borders of patches, over that of all other neighbours.

    In both directions; patches begin at the first row and column. 1 is no seam, but what is to be compared with is the
    same of true pictures: their horizons, too, lie here or there. EvaluationError for patches of one pixel, and for
    pictures without two of them.
    """
    height, width = pixels_NHWC.shape[1:3]
    if patch < 2 or max(height, width) <= patch:
        raise EvaluationError(
            f"pictures of {width} x {height} pixels have no seams of patches of {patch}; "
            "expected patches of 2 pixels at least, and more than one of them"
        )
    levels_NHWC = pixels_NHWC.astype(np.int16)
    across, elsewhere = [], []
    for axis, size in ((1, height), (2, width)):
        jumps_NHWC = np.abs(np.diff(levels_NHWC, axis=axis))
        is_border = (np.arange(1, size) % patch) == 0
        across.append(np.compress(is_border, jumps_NHWC, axis=axis).ravel())
        elsewhere.append(np.compress(~is_border, jumps_NHWC, axis=axis).ravel())
    at_borders, at_others = (float(np.concatenate(jumps).mean()) for jumps in (across, elsewhere))
    return (at_borders + _TINY) / (at_others + _TINY)
