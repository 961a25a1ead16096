"""The two hashes of a picture's look, of grey levels that were scaled before. Who scales them is decode.py, quality.py,
and release/look.py for pictures as they may have been before somebody cropped them.
"""

import numpy as np
import numpy.typing as npt

HASH_SIDE = 32
HASH_BITS = 8
DETAIL_SIDE = 16
# Neighbours of so nearly the same grey count as equal: else the noise of an even ground would be most of the hash.
DETAIL_STEP = 2.0


def perceptual_bits(grey: npt.NDArray[np.float64]) -> str:
    """64 bits of the low frequencies of HASH_SIDE x HASH_SIDE grey (DCT, sign against the median), hexadecimal."""
    low = (_DCT @ grey @ _DCT.T)[:HASH_BITS, :HASH_BITS].flatten()
    bits = low > np.median(low[1:])
    return f"{int(''.join('1' if bit else '0' for bit in bits), 2):016x}"


def detail_bits(levels: npt.NDArray[np.floating]) -> str:
    """256 bits, hexadecimal: where DETAIL_SIDE rows of one more grow brighter to the right (a difference hash, Krawetz
    2013).
    """
    return np.packbits(levels[:, 1:] - levels[:, :-1] > DETAIL_STEP).tobytes().hex()


def _dct_matrix(side: int) -> npt.NDArray[np.float64]:
    """DCT-II of `side` samples (Ahmed, Natarajan and Rao 1974), unscaled."""
    k, n = np.mgrid[0:side, 0:side]
    return np.cos(np.pi * k * (2 * n + 1) / (2 * side))


_DCT = _dct_matrix(HASH_SIDE)
