"""Zero-shot classification: which of our labels does a picture show, by our CLIP, which was never taught to classify?

The labels are phrases: those that a file names, or the pieces that recur in our training captions. A label stands in
CLIP's space where the training captions that hold it lie on average, or by its phrase alone where none does.
Shapes: N pictures, K labels, D embedding width.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pd_ml.evaluation.retrieval import recall
from pd_ml.seeding import seed_of

_PROMPTS = 16
_MOST_LABELS = 48
_CONSIDERED = 20_000
# A label is worth asking for where it tells pictures apart: neither once seen nor on most of them.
_LEAST_EXAMPLES, _LARGEST_SHARE = 5, 0.5


@dataclass(frozen=True, kw_only=True)
class Labels:
    """Phrases to choose from, and for each some captions that hold it."""

    phrases: tuple[str, ...]
    prompts: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class ZeroShot:
    """Share of pictures whose nearest label is one that their captions name, and what guessing reaches."""

    accuracy: float
    chance: float
    labels: int
    n: int


def frequent_labels(captions: Sequence[Sequence[str]], *, seed: int) -> Labels:
    """The pieces between commas and other stops that recur in the captions of several examples, most frequent first."""
    captions = captions[:_CONSIDERED]
    counts = Counter(piece for several in captions for piece in {p for caption in several for p in _pieces(caption)})
    most = _LARGEST_SHARE * len(captions)
    frequent = [piece for piece, count in counts.items() if _LEAST_EXAMPLES <= count <= most]
    frequent.sort(key=lambda piece: (-counts[piece], piece))
    return labels_of(frequent[:_MOST_LABELS], captions, seed=seed)


def labels_of(phrases: Sequence[str], captions: Sequence[Sequence[str]], *, seed: int) -> Labels:
    """`phrases` as labels, each with a few of the captions that hold it, drawn by the seed."""
    flat = sorted({caption for several in captions for caption in several})
    drawn: list[tuple[str, ...]] = []
    for phrase in phrases:
        holding = [caption for caption in flat if holds(caption, phrase)]
        order = np.random.default_rng(seed_of(seed, "zero-shot", phrase)).permutation(len(holding))[:_PROMPTS]
        drawn.append(tuple(holding[int(number)] for number in order) or (phrase,))
    return Labels(phrases=tuple(phrases), prompts=tuple(drawn))


def holds(caption: str, phrase: str) -> bool:
    """Whether the words of `phrase` stand in `caption`, whatever their case."""
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", caption, re.IGNORECASE) is not None


def zero_shot(
    images_ND: Tensor, captions: Sequence[Sequence[str]], labels: Labels, embed: Callable[[Sequence[str]], Tensor]
) -> ZeroShot | None:
    """Over the pictures whose captions name a label; None where there are none, or nothing to choose between.

    A picture may have several labels: each is right. `embed` gives unit vectors of captions.
    """
    named_NK = torch.tensor(
        [[any(holds(caption, phrase) for caption in several) for phrase in labels.phrases] for several in captions]
    ).reshape(len(captions), len(labels.phrases))
    asked_N = named_NK.any(1)
    if len(labels.phrases) < 2 or not bool(asked_N.any()):
        return None
    means = [embed(prompts).mean(0) for prompts in labels.prompts]
    labels_KD = functional.normalize(torch.stack(means), dim=-1)
    scores_NK = images_ND[asked_N.to(images_ND.device)] @ labels_KD.T
    found = recall(scores_NK, named_NK[asked_N].to(images_ND.device), at=1)
    return ZeroShot(accuracy=found.recall, chance=found.chance, labels=len(labels.phrases), n=found.n)


def _pieces(caption: str) -> list[str]:
    pieces = (piece.strip().lower() for piece in re.split(r"[,;:.()\[\]|/–—]+", caption))
    return [piece for piece in pieces if len(piece) > 1 and any(character.isalpha() for character in piece)]
