"""Captions of a split as token ids, one of an example's captions per step.

Shapes: B examples, L tokens, K captions of the split.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from transformers import CLIPTokenizer

from pd_ml.data.loader import Examples, Rows, caption_choice
from pd_ml.diffusion.pipeline import token_ids


class TokenisedCaptions:
    """Every caption of `examples`, tokenised once."""

    def __init__(self, tokenizer: CLIPTokenizer, examples: Examples) -> None:
        flat = [caption for captions in examples.captions for caption in captions]
        self._counts = [len(captions) for captions in examples.captions]
        self._starts = np.concatenate([[0], np.cumsum(self._counts)])
        self._ids_KL = torch.cat([token_ids(tokenizer, flat[at : at + 4096]) for at in range(0, len(flat), 4096)])

    def first(self, indices: Sequence[int] | Rows) -> Tensor:
        """The first caption of each example, BL."""
        return self._ids_KL[torch.from_numpy(self._starts[np.asarray(indices, dtype=np.int64)])]

    def chosen(self, indices: Rows, *, seed: int, step: int) -> Tensor:
        """The caption of each example that is read at `step`, BL."""
        rows = [self._starts[i] + caption_choice(seed, step, int(i), self._counts[i]) for i in indices]
        return self._ids_KL[torch.tensor(rows, dtype=torch.int64)]


def trimmed(ids_BL: Tensor, end_id: int) -> Tensor:
    """`ids_BL` without the padding that all rows share: the longest caption up to its first end token."""
    longest = int((ids_BL == end_id).int().argmax(1).max()) + 1
    return ids_BL[:, :longest]
