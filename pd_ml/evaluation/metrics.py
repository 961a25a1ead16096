"""The measures, each beside the chance or floor that makes it readable. Pure functions of tensors.

Shapes: Q queries, B examples, D embedding width.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Retrieval:
    """Share of queries with a right answer among the first `at`, and what guessing reaches on the same examples."""

    at: int
    recall: float
    chance: float
    n: int


def retrieval(scores_QB: Tensor, captions: Sequence[str], *, at: int) -> Retrieval:
    """Recall@`at` of pictures for captions (or the reverse); an example with the same caption is a right answer too.

    Ties count as if broken at random, so that a model with one embedding for everything scores exactly chance.
    """
    total = len(captions)
    numbers = {caption: number for number, caption in enumerate(dict.fromkeys(captions))}
    label_B = torch.tensor([numbers[caption] for caption in captions], device=scores_QB.device)
    right_QB = label_B[:, None] == label_B[None]
    best_Q1 = scores_QB.masked_fill(~right_QB, -math.inf).amax(1, keepdim=True)
    above_Q = ((scores_QB > best_Q1) & ~right_QB).sum(1).tolist()
    tied_Q = ((scores_QB == best_Q1) & ~right_QB).sum(1).tolist()
    right_tied_Q = ((scores_QB == best_Q1) & right_QB).sum(1).tolist()
    hits = [
        _hit_share(at - above, tied, right) for above, tied, right in zip(above_Q, tied_Q, right_tied_Q, strict=True)
    ]
    same = Counter(captions)
    chances = [_hit_share(at, total - same[caption], same[caption]) for caption in captions]
    return Retrieval(at=at, recall=sum(hits) / total, chance=sum(chances) / total, n=total)


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


def _hit_share(places: int, wrong: int, right: int) -> float:
    """Chance that one of `right` lands on the first `places` of a random order of `wrong + right`."""
    if places <= 0:
        return 0.0
    return 1 - math.comb(wrong, places) / math.comb(wrong + right, places) if places <= wrong else 1.0
