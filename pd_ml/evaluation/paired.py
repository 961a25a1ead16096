"""How far pictures are, as a distribution, from the real ones that they were made of: squared MMD over pairs.

What a made picture and its original have in common cancels, so that a few hundred pictures tell what thousands of
others would leave to chance. Real pictures themselves are at 0. Shapes: B pictures, D embedding width, F draws.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

BOOTSTRAP_DRAWS = 200


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """`p`: likelihood of a value so large where the truth is 0, by a normal approximation."""

    value: float
    standard_error: float
    p: float
    n: int


def pair_terms(made_BD: Tensor, real_BD: Tensor, *, width: float) -> Tensor:
    """h(z_i, z_j) of Gretton 2012, lemma 6, with a Gaussian kernel, BB: picture i was made of the real picture i."""

    def gaussian(one_BD: Tensor, other_BD: Tensor) -> Tensor:
        distances = torch.cdist(one_BD.double(), other_BD.double(), compute_mode="donot_use_mm_for_euclid_dist")
        return torch.exp(-distances.square() / (2 * width**2))

    between_BB = gaussian(made_BD, real_BD)
    return gaussian(made_BD, made_BD) + gaussian(real_BD, real_BD) - between_BB - between_BB.T


def estimate(terms_BB: Tensor, *, seed: int) -> Estimate:
    """The unbiased mean over different pictures; a difference of two such matrices gives the difference of two ways."""
    count = len(terms_BB)
    generator = torch.Generator().manual_seed(seed)
    drawn_FB = torch.randint(count, (BOOTSTRAP_DRAWS, count), generator=generator)
    weights_FB = torch.zeros(BOOTSTRAP_DRAWS, count, dtype=torch.float64)
    weights_FB.scatter_add_(1, drawn_FB, torch.ones_like(weights_FB))
    terms_BB = terms_BB.cpu()
    value = float(_means(terms_BB, torch.ones(1, count, dtype=torch.float64)))
    error = float(_means(terms_BB, weights_FB).std())
    p = 0.5 * math.erfc(value / max(error, 1e-300) / math.sqrt(2))
    return Estimate(value=value, standard_error=error, p=p, n=count)


def _means(terms_BB: Tensor, weights_FB: Tensor) -> Tensor:
    """Weighted means without each picture's pair with itself, F."""
    squares_FB = weights_FB.square()
    sums_F = ((weights_FB @ terms_BB) * weights_FB).sum(1) - squares_FB @ terms_BB.diagonal()
    return sums_F / (weights_FB.sum(1).square() - squares_FB.sum(1))
