"""Does a model hand out its training pictures? Nearest training pictures, judged by how near held-out ones come.

A fixed threshold would flag real pictures too (6 % of held-out ones at the ratio 0.5 of the literature), so it is taken
from the data: the 1 % of held-out pictures that come nearest. A picture counts as a copy where both its distance in
pixels and the ratio of that distance to the next neighbours' (2301.13188, section 5.2) are below. The ratio keeps
blurred pictures out, which are near to everything; known copies are tested beside, to show that the audit sees them.
Which training pictures the copies are of, originals.py tells apart.

Shapes: N pictures, T training pictures, H height, W width, C channels, P values of a thumbnail, K neighbours.
"""

import math
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from pd_ml.data.cache import PixelStore
from pd_ml.errors import EvaluationError
from pd_ml.evaluation.metrics import binomial_p, wilson_interval
from pd_ml.evaluation.neighbours import NEAREST
from pd_ml.evaluation.originals import Flags, Originals, by_exposure, by_typicality
from pd_ml.evaluation.thumbnails import thumbnails

Pixels = npt.NDArray[np.uint8]

EXPECTED_SHARE = 0.01
ALARM_P = 1e-3
_NEIGHBOURS, _CHUNK = 50, 4096
# Noise on the known copies, in levels of 0..255: what a copy may differ by without looking different.
_COPY_NOISE = 8.0


@dataclass(frozen=True, kw_only=True)
class Nearness:
    """For each picture the distances of its nearest training pictures (0: equal, 1: half the range), nearest first,
    their numbers, and the ratio of the first distance to the mean of the 50 next."""

    distance_NK: Tensor
    number_NK: Tensor
    ratio_N: Tensor


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """Below both, a picture counts as a copy. `expected_share` of other real pictures would be, at most."""

    distance: float
    ratio: float
    expected_share: float
    calibrated_on: int


@dataclass(frozen=True, kw_only=True)
class Copies:
    """`share` of `n` pictures that count as copies, with its 95 % interval, and the chance of that many by accident."""

    share: float
    low: float
    high: float
    copies: int
    n: int
    p: float
    flagged: bool


def nearness(pixels_NHWC: Pixels, train_THWC: PixelStore, device: torch.device) -> Nearness:
    """Compare thumbnails of at most 32 px with every training picture."""
    neighbours = min(_NEIGHBOURS + 1, train_THWC.shape[0])
    if neighbours < 2:
        raise EvaluationError(f"{train_THWC.shape[0]} training pictures, expected at least 2 to tell copies by")
    thumbnails_NP = thumbnails(pixels_NHWC, device)
    best_NK = torch.full((len(pixels_NHWC), 0), math.inf, device=device)
    which_NK = torch.zeros((len(pixels_NHWC), 0), dtype=torch.int64, device=device)
    for start in range(0, train_THWC.shape[0], _CHUNK):
        chunk_TP = thumbnails(train_THWC[np.arange(start, min(start + _CHUNK, train_THWC.shape[0]))], device)
        distance_NT = torch.cdist(thumbnails_NP, chunk_TP) / math.sqrt(thumbnails_NP.shape[1])
        number_T = torch.arange(start, start + len(chunk_TP), device=device).expand(len(pixels_NHWC), -1)
        joined_NK = torch.cat([best_NK, distance_NT], dim=1)
        best_NK, kept_NK = joined_NK.topk(min(neighbours, joined_NK.shape[1]), largest=False)
        which_NK = torch.cat([which_NK, number_T], dim=1).gather(1, kept_NK)
    ratio_N = best_NK[:, 0] / best_NK[:, 1:].mean(1).clamp(min=1e-9)
    kept = slice(0, NEAREST)
    return Nearness(distance_NK=best_NK[:, kept].cpu(), number_NK=which_NK[:, kept].cpu(), ratio_N=ratio_N.cpu())


def calibrated(held_out: Nearness) -> Thresholds:
    """The k-th smallest values among held-out pictures: another real picture is below with a chance of k / (n + 1)."""
    count = len(held_out.ratio_N)
    rank = max(1, math.floor(EXPECTED_SHARE * (count + 1)))
    return Thresholds(
        distance=float(held_out.distance_NK[:, 0].kthvalue(rank).values),
        ratio=float(held_out.ratio_N.kthvalue(rank).values),
        expected_share=rank / (count + 1),
        calibrated_on=count,
    )


def copies(found: Nearness, thresholds: Thresholds) -> Copies:
    """How many of the pictures count as copies; flagged where accident would give that many once in a thousand."""
    total = len(found.ratio_N)
    hits = int(are_copies(found, thresholds).sum())
    low, high = wilson_interval(hits, total)
    p = binomial_p(hits, total, thresholds.expected_share)
    return Copies(share=hits / total, low=low, high=high, copies=hits, n=total, p=p, flagged=p < ALARM_P)


def are_copies(found: Nearness, thresholds: Thresholds) -> Flags:
    """Which pictures count as copies: those below both thresholds."""
    is_copy_N: Flags = ((found.distance_NK[:, 0] <= thresholds.distance) & (found.ratio_N <= thresholds.ratio)).numpy()
    return is_copy_N


def exceeds(generated: Copies, held_out: Copies) -> bool:
    """Whether more of the generated pictures count as copies than of the held-out ones.

    They do where accident would hardly give that many at the share that the thresholds were calibrated for (`flagged`),
    and where the two 95 % intervals lie apart: a share above that of a few held-out pictures alone says nothing.
    """
    return generated.flagged or generated.low > held_out.high


def audit(
    generated: Nearness, held_out_NHWC: Pixels, known: Originals, *, seed: int, device: torch.device
) -> dict[str, object]:
    """The verdict on the generated pictures, and on two sets whose verdict is known: real pictures and copies.

    `held_out_floor` is what the generated pictures are held against, `exceeds_floor` whether they are worse.
    """
    train_THWC = known.train_THWC
    if len(held_out_NHWC) < 4:
        raise EvaluationError(f"{len(held_out_NHWC)} held-out pictures, expected at least 4 to calibrate the audit")
    held_out = nearness(held_out_NHWC, train_THWC, device)
    order = torch.randperm(len(held_out_NHWC), generator=torch.Generator().manual_seed(seed))
    thresholds = calibrated(_part(held_out, order[::2]))
    returned = nearness(known_copies(train_THWC, len(generated.ratio_N), seed=seed), train_THWC, device)
    found, floor = copies(generated, thresholds), copies(_part(held_out, order[1::2]), thresholds)
    number_N, is_copy_N = generated.number_NK[:, 0].numpy(), are_copies(generated, thresholds)
    return {
        "generated": asdict(found),
        "control_held_out": asdict(floor),
        "control_copies": asdict(copies(returned, thresholds)),
        "held_out_floor": {"share": floor.share, "high": floor.high, "n": floor.n},
        "exceeds_floor": exceeds(found, floor),
        "by_exposure": by_exposure(known, number_N, is_copy_N),
        "by_typicality": by_typicality(known, number_N, is_copy_N),
        "thresholds": asdict(thresholds),
        "training_pictures": train_THWC.shape[0],
        "median_distance": {
            "generated": float(generated.distance_NK[:, 0].median()),
            "held_out": float(held_out.distance_NK[:, 0].median()),
        },
        "measured_by": "pixels",
    }


def known_copies(train_THWC: PixelStore, count: int, *, seed: int) -> Pixels:
    """Training pictures with a little noise on them: what a model that memorises would return."""
    rng = np.random.default_rng(seed)
    chosen_NHWC = train_THWC[np.sort(rng.permutation(train_THWC.shape[0])[:count])].astype(np.float32)
    noisy_NHWC = chosen_NHWC + rng.normal(0, _COPY_NOISE, chosen_NHWC.shape)
    return np.clip(np.round(noisy_NHWC), 0, 255).astype(np.uint8)


def _part(found: Nearness, chosen: Tensor) -> Nearness:
    return Nearness(
        distance_NK=found.distance_NK[chosen], number_NK=found.number_NK[chosen], ratio_N=found.ratio_N[chosen]
    )
