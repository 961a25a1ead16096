"""True pictures spoilt until nobody can tell what they show, to teach and to test a reader that has to say so.

Each way is a function of labelled pictures and of one generator, with lengths in shares of the picture's width. What
is drawn by a model does not belong here, nor does what a spoilt picture is taken for.

Shapes: N pictures, C channels, H height, W width (x in -1..1); P patches, p pixels of a patch, M possible partners.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

LEFT, RIGHT, NOT_KNOWN = 0, 1, -1
# Where the object is: that share of the width from its own edge, and these rows.
REACH, ROWS = 0.6, (0.2, 0.8)
_MOST_BLOBS = 4


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Pictures, the number of the value that each one shows, and on which side its object is (or NOT_KNOWN)."""

    x_NCHW: Tensor
    value_N: Tensor
    side_N: Tensor

    def __getitem__(self, chosen: Tensor | slice) -> "Shown":
        return Shown(x_NCHW=self.x_NCHW[chosen], value_N=self.value_N[chosen], side_N=self.side_N[chosen])


def spoilt(kind: str, shown: Shown, generator: torch.Generator, *, among: Shown | None = None) -> Tensor:
    """The pictures spoilt in one of KINDS, in -1..1, without those that cannot be spoilt so.

    What is blended in comes from `among` (default: from `shown`).
    """
    if not len(shown.x_NCHW):
        return shown.x_NCHW
    found_NCHW = KINDS[kind](shown, among or shown, generator)
    return found_NCHW.clamp(-1, 1)


def varied(x_NCHW: Tensor, generator: torch.Generator) -> Tensor:
    """As true as before: half of them slightly blurred, then a little more or less contrast, brightness and noise."""
    count = len(x_NCHW)
    is_blurred_N = torch.rand(count, generator=generator) < 0.5
    found_NCHW = blurred(x_NCHW, _between(0.01, 0.028, count, generator) * is_blurred_N)
    mean_NC11 = found_NCHW.mean((2, 3), keepdim=True)
    found_NCHW = (found_NCHW - mean_NC11) * _wide(_between(0.8, 1.3, count, generator)) + mean_NC11
    found_NCHW = found_NCHW + _wide(_between(-0.1, 0.1, count, generator))
    return _noisy(found_NCHW, _between(0.0, 0.2, count, generator), generator).clamp(-1, 1)


def blurred(x_NCHW: Tensor, width_N: Tensor) -> Tensor:
    """Each picture blurred by a Gaussian of that standard deviation, in shares of its width; 0 changes nothing."""
    height, width = x_NCHW.shape[-2:]
    rows_NHH, columns_NWW = (_gaussian(size, width_N * width) for size in (height, width))
    return rows_NHH[:, None] @ x_NCHW @ columns_NWW[:, None].transpose(-1, -2)


def without_object(shown: Shown, reach_N: Tensor) -> Tensor:
    """The object's part, `reach_N` of the width from its edge, replaced by the rest, mirrored as often as it takes."""
    width = shown.x_NCHW.shape[-1]
    is_left_N = shown.side_N == LEFT
    cut_N1 = (reach_N * width).round()[:, None]
    # Counted from the edge that is kept: 0 is there, and what lies beyond the cut is reflected at it, to and fro.
    far_NW = (width - 1 - torch.arange(width))[None].expand(len(is_left_N), -1).to(cut_N1)
    kept_N1 = width - cut_N1
    along_NW = far_NW % (2 * kept_N1)
    from_NW = torch.where(along_NW < kept_N1, along_NW, 2 * kept_N1 - 1 - along_NW).long()
    columns_NW = torch.where(is_left_N[:, None], width - 1 - from_NW, from_NW.flip(1))
    return torch.gather(shown.x_NCHW, 3, columns_NW[:, None, None].expand_as(shown.x_NCHW))


def _noise(shown: Shown, _: Shown, generator: torch.Generator) -> Tensor:
    return _noisy(shown.x_NCHW, _between(0.5, 0.9, len(shown.x_NCHW), generator), generator)


def _blur(shown: Shown, _: Shown, generator: torch.Generator) -> Tensor:
    return blurred(shown.x_NCHW, _between(0.07, 0.125, len(shown.x_NCHW), generator))


def _shuffled(shown: Shown, _: Shown, generator: torch.Generator) -> Tensor:
    """Patches of an eighth or a sixteenth of the width change places where the object is, then a slight blur."""
    count, channels, height, width = shown.x_NCHW.shape
    share = 8 if torch.rand(1, generator=generator) < 0.6 else 16
    side = max(1, width // share)
    down, across = height // side, width // side
    inside_NCHW = shown.x_NCHW[:, :, : down * side, : across * side]
    patches_NPCpp = inside_NCHW.reshape(count, channels, down, side, across, side).permute(0, 2, 4, 1, 3, 5)
    patches_NPCpp = patches_NPCpp.reshape(count, down * across, channels, side, side)
    middle_P = ((torch.arange(down) + 0.5) / down)[:, None].expand(down, across).reshape(-1)
    centre_P = ((torch.arange(across) + 0.5) / across)[None].expand(down, across).reshape(-1)
    from_edge_NP = torch.where(shown.side_N[:, None] == RIGHT, 1 - centre_P, centre_P)
    moves_NP = ((from_edge_NP < REACH) | (shown.side_N[:, None] == NOT_KNOWN)) & (middle_P > ROWS[0])
    moves_NP = moves_NP & (middle_P < ROWS[1])
    # Those that stay come last in both orders, each in its place.
    places_NP = torch.arange(down * across)[None] / (down * across) + 2.0 * ~moves_NP
    random_NP = torch.where(moves_NP, torch.rand(moves_NP.shape, generator=generator), places_NP)
    order_NP = torch.empty(moves_NP.shape, dtype=torch.long).scatter_(1, places_NP.argsort(1), random_NP.argsort(1))
    patches_NPCpp = patches_NPCpp[torch.arange(count)[:, None], order_NP]
    mixed_NCHW = patches_NPCpp.reshape(count, down, across, channels, side, side).permute(0, 3, 1, 4, 2, 5)
    found_NCHW = shown.x_NCHW.clone()
    found_NCHW[:, :, : down * side, : across * side] = mixed_NCHW.reshape(inside_NCHW.shape)
    return blurred(found_NCHW, _between(0.01, 0.04, count, generator))


def _blended(shown: Shown, among: Shown, generator: torch.Generator) -> Tensor:
    """Half of this, half of another picture with another value and its object on the same side."""
    fits_NM = (shown.value_N[:, None] != among.value_N) & (shown.side_N[:, None] == among.side_N)
    fits_NM = fits_NM & (shown.value_N[:, None] != NOT_KNOWN) & (among.value_N != NOT_KNOWN)
    partner_N = (torch.rand(fits_NM.shape, generator=generator) * fits_NM).argmax(1)
    share_N111 = _wide(_between(0.35, 0.65, len(partner_N), generator))
    found_NCHW = torch.lerp(shown.x_NCHW, among.x_NCHW[partner_N], share_N111)
    return found_NCHW[fits_NM.any(1)]


def _removed(shown: Shown, _: Shown, generator: torch.Generator) -> Tensor:
    placed = shown[shown.side_N != NOT_KNOWN]
    return without_object(placed, _between(0.58, 0.68, len(placed.x_NCHW), generator))


def _blobs(shown: Shown, _: Shown, generator: torch.Generator) -> Tensor:
    """Up to four ellipses in the object's place, of colours that the picture has there, then a slight blur."""
    placed = shown[shown.side_N != NOT_KNOWN]
    count, _, height, width = placed.x_NCHW.shape
    found_NCHW = without_object(placed, _between(0.58, 0.68, count, generator))
    y_H1, x_1W = ((torch.arange(size) + 0.5) / size for size in (height, width))
    y_H1, x_1W = y_H1[:, None], x_1W[None]
    blobs_N = torch.randint(1, _MOST_BLOBS + 1, (count,), generator=generator)
    for blob in range(_MOST_BLOBS):
        x_N, y_N = _between(0.18, 0.42, count, generator), _between(0.32, 0.72, count, generator)
        x_N = torch.where(placed.side_N == RIGHT, 1 - x_N, x_N)
        across_N, down_N = (_between(0.05, 0.2, count, generator) for _ in range(2))
        colour_NC = _colour_there(placed, generator)
        distance_NHW = ((x_1W - _flat(x_N)) / _flat(across_N)) ** 2 + ((y_H1 - _flat(y_N)) / _flat(down_N)) ** 2
        is_blob_NHW = (distance_NHW < 1) & _flat(blobs_N > blob)
        found_NCHW = torch.where(is_blob_NHW[:, None], colour_NC[:, :, None, None], found_NCHW)
    return blurred(found_NCHW, _between(0.01, 0.05, count, generator))


def _colour_there(placed: Shown, generator: torch.Generator) -> Tensor:
    """One pixel of each picture from where its object is."""
    count, _, height, width = placed.x_NCHW.shape
    row_N = (_between(*ROWS, count, generator) * height).long()
    column_N = (_between(0.15, 0.45, count, generator) * width).long()
    column_N = torch.where(placed.side_N == RIGHT, width - 1 - column_N, column_N)
    return placed.x_NCHW[torch.arange(count), :, row_N, column_N]


KINDS: Mapping[str, Callable[[Shown, Shown, torch.Generator], Tensor]] = {
    "noise": _noise,
    "blur": _blur,
    "shuffled": _shuffled,
    "blended": _blended,
    "removed": _removed,
    "blobs": _blobs,
}


def _noisy(x_NCHW: Tensor, strength_N: Tensor, generator: torch.Generator) -> Tensor:
    return x_NCHW + torch.randn(x_NCHW.shape, generator=generator) * _wide(strength_N)


def _gaussian(size: int, sigma_px_N: Tensor) -> Tensor:
    """Matrices of `size` x `size` whose rows are Gaussians about their own place, each with the sum 1."""
    apart_SS = (torch.arange(size)[:, None] - torch.arange(size)[None]).float()
    weights_NSS = torch.exp(-(apart_SS**2) / 2 / _flat(sigma_px_N.clamp(min=0.05)) ** 2)
    return weights_NSS / weights_NSS.sum(-1, keepdim=True)


def _between(low: float, high: float, count: int, generator: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(count, generator=generator)


def _flat(values_N: Tensor) -> Tensor:
    return values_N[:, None, None]


def _wide(values_N: Tensor) -> Tensor:
    return values_N[:, None, None, None]
