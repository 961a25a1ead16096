"""The measures, each beside the chance or floor that makes it readable. Pure functions of tensors.

Shapes: B examples, D embedding width.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor


def binomial_p(hits: int, n: int, chance: float) -> float:
    """Probability of at least `hits` of `n` by guessing (exact upper tail)."""
    log_terms = [
        math.lgamma(n + 1)
        - math.lgamma(k + 1)
        - math.lgamma(n - k + 1)
        + k * math.log(chance)
        + (n - k) * math.log1p(-chance)
        for k in range(hits, n + 1)
    ]
    return min(1.0, math.fsum(math.exp(term) for term in log_terms))


def wilson_interval(hits: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927), sensible at 0 and at 1."""
    share = hits / total
    centre = (share + z**2 / (2 * total)) / (1 + z**2 / total)
    half = z / (1 + z**2 / total) * math.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    return max(0.0, centre - half), min(1.0, centre + half)


@dataclass(frozen=True, kw_only=True)
class Permutation:
    """A statistic against the same one with the pairs permuted."""

    value: float
    null_mean: float
    null_std: float
    p: float
    permutations: int
    n: int


def matched_score(images_BD: Tensor, texts_BD: Tensor, *, permutations: int, seed: int) -> Permutation:
    """Mean cosine of pictures with their own captions, against captions dealt out at random."""
    scores_BB = (images_BD @ texts_BD.T).cpu()
    count = len(scores_BB)
    generator = torch.Generator().manual_seed(seed)
    rows_B = torch.arange(count)
    dealt = [scores_BB[rows_B, torch.randperm(count, generator=generator)].mean() for _ in range(permutations)]
    null_P = torch.stack(dealt)
    value = scores_BB.diagonal().mean()
    return Permutation(
        value=float(value),
        null_mean=float(null_P.mean()),
        null_std=float(null_P.std()),
        p=(1 + int((null_P >= value).sum())) / (1 + permutations),
        permutations=permutations,
        n=count,
    )
