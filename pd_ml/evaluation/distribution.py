"""How far two sets of pictures are apart, as points in an embedding: MMD, KID, precision, recall, density, coverage.

Each is measured twice: generated pictures against held-out ones, and other real pictures against the same ones, which
is the floor. Pure functions of tensors. Shapes: B points, D embedding width.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

FLOOR_DRAWS = 20
_NEIGHBOURS = 5


@dataclass(frozen=True, kw_only=True)
class Distance:
    """Of `n` generated points to `reference_n` held-out ones; the floor is of `n` other real ones, drawn repeatedly.

    `p` is the share of draws, this one included, that are at least as far: small where the difference is not chance.
    """

    generated: float
    floor_real_vs_real: float
    floor_std: float
    p: float
    n: int
    reference_n: int


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """2002.09797: precision and density say how true the points are, recall and coverage how much of the real ones."""

    precision: float
    recall: float
    density: float
    coverage: float
    n: int
    reference_n: int
    neighbours: int


def distance(
    measure: Callable[[Tensor, Tensor], float],
    generated_BD: Tensor,
    reference_BD: Tensor,
    real_BD: Tensor,
    *,
    seed: int,
) -> Distance:
    """`measure` of generated points to the reference, beside that of equally many of `real_BD`."""
    count = min(len(generated_BD), len(real_BD))
    generator = torch.Generator().manual_seed(seed)
    draws = [torch.randperm(len(real_BD), generator=generator)[:count] for _ in range(FLOOR_DRAWS)]
    floor_F = torch.tensor([measure(real_BD[draw.to(real_BD.device)], reference_BD) for draw in draws])
    value = measure(generated_BD, reference_BD)
    return Distance(
        generated=value,
        floor_real_vs_real=float(floor_F.mean()),
        floor_std=float(floor_F.std()),
        p=(1 + int((floor_F >= value).sum())) / (1 + FLOOR_DRAWS),
        n=len(generated_BD),
        reference_n=len(reference_BD),
    )


def median_distance(points_BD: Tensor) -> float:
    """The kernel width for `mmd`: median distance of different reference points."""
    return float(torch.pdist(points_BD).median())


def mmd(left_BD: Tensor, right_BD: Tensor, *, width: float) -> float:
    """Unbiased squared maximum mean discrepancy with a Gaussian kernel (Gretton 2012, eq. 3; CMMD, 2401.09603)."""

    def gaussian(one_BD: Tensor, other_BD: Tensor) -> Tensor:
        # Through squared norms, torch.cdist's default, equal points do not come out at distance 0.
        distances = torch.cdist(one_BD, other_BD, compute_mode="donot_use_mm_for_euclid_dist")
        return torch.exp(-distances.square() / (2 * width**2))

    return _discrepancy(gaussian, left_BD, right_BD)


def kid(left_BD: Tensor, right_BD: Tensor) -> float:
    """Kernel distance of 1801.01401, section 4: the kernel (x y / d + 1)^3, with unit vectors scaled so that x y / d is
    their cosine."""
    return _discrepancy(lambda one_BD, other_BD: (one_BD @ other_BD.T + 1) ** 3, left_BD, right_BD)


def overlap(points_BD: Tensor, reference_BD: Tensor) -> Overlap:
    """Precision and recall (1904.06991), density and coverage (2002.09797, eq. 3-6) with 5 neighbours, or fewer."""
    neighbours = min(_NEIGHBOURS, len(points_BD) - 1, len(reference_BD) - 1)
    between_BR = torch.cdist(points_BD, reference_BD)
    radius_R, radius_B = _radii(reference_BD, neighbours), _radii(points_BD, neighbours)
    inside_BR = between_BR < radius_R
    return Overlap(
        precision=float(inside_BR.any(1).float().mean()),
        recall=float((between_BR < radius_B[:, None]).any(0).float().mean()),
        density=float(inside_BR.float().sum(1).mean() / neighbours),
        coverage=float(inside_BR.any(0).float().mean()),
        n=len(points_BD),
        reference_n=len(reference_BD),
        neighbours=neighbours,
    )


def frechet(left_BD: Tensor, right_BD: Tensor) -> float:
    """Frechet distance of two Gaussians fitted to the points (FID, 1706.08500, eq. 6)."""
    left, right = left_BD.double(), right_BD.double()
    left_DD, right_DD = torch.cov(left.T), torch.cov(right.T)
    # The trace of the root of a product is the sum of the roots of its eigenvalues, real and not negative but for
    # rounding.
    roots = torch.linalg.eigvals(left_DD @ right_DD).real.clamp(min=0).sqrt().sum()
    shift = (left.mean(0) - right.mean(0)).square().sum()
    return float(shift + left_DD.trace() + right_DD.trace() - 2 * roots)


def _discrepancy(kernel: Callable[[Tensor, Tensor], Tensor], left_BD: Tensor, right_BD: Tensor) -> float:
    within = sum(_mean_of_pairs(kernel(points_BD, points_BD)) for points_BD in (left_BD, right_BD))
    return float(within - 2 * kernel(left_BD, right_BD).mean())


def _mean_of_pairs(kernel_BB: Tensor) -> Tensor:
    """Without each point's pair with itself: that makes it unbiased."""
    count = len(kernel_BB)
    return (kernel_BB.sum() - kernel_BB.diagonal().sum()) / (count * (count - 1))


def _radii(points_BD: Tensor, neighbours: int) -> Tensor:
    """Distance of each point to its `neighbours`-th other point."""
    return torch.cdist(points_BD, points_BD).kthvalue(neighbours + 1, dim=1).values
