"""Does a CLIP find the picture of a caption, and the caption of a picture? Recall beside its chance, ties included.

Shapes: Q queries, B answers to choose from.
"""

import math
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


def retrieval(scores_BB: Tensor, captions: Sequence[str], *, at: int) -> Retrieval:
    """Recall@`at` of pictures for captions (or the reverse); an example with the same caption is a right answer too."""
    numbers = {caption: number for number, caption in enumerate(dict.fromkeys(captions))}
    label_B = torch.tensor([numbers[caption] for caption in captions], device=scores_BB.device)
    return recall(scores_BB, label_B[:, None] == label_B[None], at=at)


def recall(scores_QB: Tensor, right_QB: Tensor, *, at: int) -> Retrieval:
    """Recall@`at` where `right_QB` says which answers are right; every query has one.

    Ties count as if broken at random, so that a model with one embedding for everything scores exactly chance.
    """
    best_Q1 = scores_QB.masked_fill(~right_QB, -math.inf).amax(1, keepdim=True)
    above_Q = ((scores_QB > best_Q1) & ~right_QB).sum(1).tolist()
    tied_Q = ((scores_QB == best_Q1) & ~right_QB).sum(1).tolist()
    right_tied_Q = ((scores_QB == best_Q1) & right_QB).sum(1).tolist()
    hits = [
        _hit_share(at - above, tied, right) for above, tied, right in zip(above_Q, tied_Q, right_tied_Q, strict=True)
    ]
    queries, answers = right_QB.shape
    chances = [_hit_share(at, answers - right, right) for right in right_QB.sum(1).tolist()]
    return Retrieval(at=at, recall=sum(hits) / queries, chance=sum(chances) / queries, n=queries)


def _hit_share(places: int, wrong: int, right: int) -> float:
    """Chance that one of `right` lands on the first `places` of a random order of `wrong + right`."""
    if places <= 0:
        return 0.0
    return 1 - math.comb(wrong, places) / math.comb(wrong + right, places) if places <= wrong else 1.0
