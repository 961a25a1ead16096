"""How a picture looks, and whether two are the same picture: re-encoded, resized, lightly cropped.

Among a million, hashes choose the few that may be it: those of the picture as it is, and as it may have been before it
was cropped. Then a second look at these (alike.py) decides. Where nothing is left to look at, the hashes decide alone,
at a stricter distance, and it is said so. The bounds were chosen on 2,527 paintings: docs/trace.md.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from pd_assets.lib.images.hashes import DETAIL_SIDE, HASH_SIDE, detail_bits, perceptual_bits
from pd_assets.lib.release.alike import SIDE, Grey, likeness

# Likeness from which on two are the same picture. Strangers reach 0.56, two photographs of one work 0.5 to 0.8.
SAME = 0.7
# By hashes alone: twice the bits of 64 and those of 256 that differ, taken together.
SAME_BY_HASHES = 56
# Candidates for a second look: at most so many, each within so many of 64 bits.
MOST_CANDIDATES, CANDIDATE_BITS = 16, 18
# What may have been cut off, as shares of what is left: left, top, right, bottom.
CUT_OFF = (
    *((share,) * 4 for share in (0.0, 0.012, 0.028, 0.05)),
    *((0.04, 0.0, 0.0, 0.0), (0.0, 0.04, 0.0, 0.0), (0.0, 0.0, 0.04, 0.0), (0.0, 0.0, 0.0, 0.04)),
)
# More than any score.
FAR = 999
# A stored JPEG is decoded at least so large: twice SIDE.
DECODED = (2 * SIDE, 2 * SIDE)
Words = npt.NDArray[np.uint64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Look:
    """Both hashes as images/files has them, and a grey square of SIDE x SIDE; None where the picture is gone."""

    phash: str
    detail_hash: str
    grey: Grey | None = None

    def bits_to(self, other: "Look") -> int:
        """In how many of 64 bits the perceptual hashes differ: the distance that people are told."""
        return (int(self.phash, 16) ^ int(other.phash, 16)).bit_count()


@dataclass(frozen=True, kw_only=True)
class Near:
    """One of several known looks that is near: its `place` among them, the bits of 64 in which it differs from the
    picture as it is, and `score`, twice those of 64 and those of 256, from the best of what may have been cut off.
    """

    place: int
    distance: int
    score: int


def look_of(body: bytes, *, phash: str, detail_hash: str) -> Look:
    """The look of a normalised picture (images/decode.py), whose hashes are known with it."""
    with Image.open(io.BytesIO(body)) as opened:
        return Look(phash=phash, detail_hash=detail_hash, grey=_grey(opened))


def stored_grey(path: Path) -> Grey | None:
    """The grey square of a picture in the store; None where it is gone or damaged."""
    try:
        with Image.open(path, formats=("JPEG", "PNG")) as opened:
            return _grey(opened)
    except (OSError, ValueError, SyntaxError):
        return None


def _grey(opened: Image.Image) -> Grey:
    opened.draft("L", DECODED)
    return np.asarray(opened.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX))


def is_same(one: Look, other: Look) -> bool:
    """Whether two looks are those of one picture: by a second look, or where one is gone by the hashes alone."""
    if one.grey is not None and other.grey is not None:
        return likeness(one.grey, other.grey) >= SAME
    known = Known.of([other.phash], [other.detail_hash])
    return any(near.score <= SAME_BY_HASHES for near in known.near(one))


@dataclass(frozen=True, kw_only=True, eq=False)
class Known:
    """The hashes of many pictures; may lie in mapped memory. `detail` has four words a picture."""

    phash: Words
    detail: Words = field(repr=False)

    @staticmethod
    def of(phashes: Sequence[str], detail_hashes: Sequence[str]) -> "Known":
        return Known(phash=_words(phashes).reshape(-1), detail=_words(detail_hashes).reshape(-1, 4))

    @staticmethod
    def of_words(words: Words) -> "Known":
        """Of five words each: the perceptual hash, then the detail hash."""
        return Known(phash=np.ascontiguousarray(words[:, 0]), detail=words[:, 1:])

    def near(self, look: Look, *, most: int = MOST_CANDIDATES) -> list[Near]:
        """Those that may be the picture, the most likely first. Each needs a second look, or a score of at most
        SAME_BY_HASHES.
        """
        best = np.full(len(self.phash), FAR, dtype=np.int16)
        for phash, detail in _asked(look):
            bits = np.bitwise_count(self.phash ^ phash)
            places = np.flatnonzero(bits <= CANDIDATE_BITS)
            scores = 2 * bits[places].astype(np.int16) + np.bitwise_count(self.detail[places] ^ detail).sum(axis=1)
            best[places] = np.minimum(best[places], scores)
        places = np.flatnonzero(best < FAR)
        places = places[np.argsort(best[places], kind="stable")][:most]
        asked = _words([look.phash])[0, 0]
        return [
            Near(place=int(place), distance=int(np.bitwise_count(self.phash[place] ^ asked)), score=int(best[place]))
            for place in places
        ]


def _asked(look: Look) -> Iterator[tuple[np.uint64, Words]]:
    """The hashes that a picture may have been known under: its own, and those of what it may have been cropped from."""
    hashes = {(look.phash, look.detail_hash)}
    if look.grey is not None:
        hashes |= {_before_a_crop(look.grey, *cut) for cut in CUT_OFF}
    for phash, detail_hash in sorted(hashes):
        yield _words([phash])[0, 0], _words([detail_hash])[0]


def _before_a_crop(grey: Grey, left: float, top: float, right: float, bottom: float) -> tuple[str, str]:
    """The hashes with a margin at each side: what is in it is mirrored, since nobody knows."""
    levels = grey.astype(np.float64)
    small = _scaled(HASH_SIDE, top, bottom) @ levels @ _scaled(HASH_SIDE, left, right).T
    detail = _scaled(DETAIL_SIDE, top, bottom) @ levels @ _scaled(DETAIL_SIDE + 1, left, right).T
    return perceptual_bits(small), detail_bits(detail)


@lru_cache(maxsize=64)
def _scaled(count: int, before: float, after: float) -> npt.NDArray[np.float64]:
    """What takes SIDE values, with mirrored ones before and after them, to means of `count` equal stretches."""
    bounds = np.linspace(-before * SIDE, SIDE + after * SIDE, count + 1)
    weights = np.zeros((count, SIDE))
    for line, (low, high) in enumerate(pairwise(bounds)):
        for cell in range(int(np.floor(low)), int(np.ceil(high))):
            mirrored = min(max(cell, -1 - cell), 2 * SIDE - 1 - max(cell, -1 - cell))
            weights[line, mirrored] += min(high, cell + 1) - max(low, cell)
    return weights / weights.sum(axis=1, keepdims=True)


def _words(hashes: Sequence[str]) -> Words:
    """Hexadecimal hashes as 64-bit words, a row a hash."""
    rows = [np.frombuffer(bytes.fromhex(each), dtype=">u8") for each in hashes]
    return np.asarray(rows, dtype=np.uint64).reshape(len(rows), -1)
