"""Captions of a split as token ids, one of an example's captions per step, and which captions tell of the same.

Shapes: B examples, L tokens, K captions of the split, M most captions of one example.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from transformers import CLIPTokenizer

from pd_ml.data.loader import Examples, Rows
from pd_ml.diffusion.pipeline import token_ids

# Fills the numbers of an example with fewer captions than another.
NO_CAPTION = -1


class TokenisedCaptions:
    """Every caption of `examples`, tokenised once. Captions with the same tokens have the same number."""

    def __init__(self, tokenizer: CLIPTokenizer, examples: Examples) -> None:
        flat = [caption for captions in examples.captions for caption in captions]
        self._counts = np.array([len(captions) for captions in examples.captions], dtype=np.int64)
        self._starts = np.concatenate([[0], np.cumsum(self._counts)])
        self._ids_KL = torch.cat([token_ids(tokenizer, flat[at : at + 4096]) for at in range(0, len(flat), 4096)])
        self._numbers_K = _numbered(self._ids_KL)

    def first(self, indices: Sequence[int] | Rows) -> Tensor:
        """The first caption of each example, BL."""
        return self._ids_KL[self._rows(indices)]

    def first_numbers(self, indices: Sequence[int] | Rows) -> Tensor:
        """Its number, B."""
        return self._numbers_K[self._rows(indices)]

    def read(self, indices: Rows, captions: Rows) -> Tensor:
        """Of each example the caption with that place among its own, BL."""
        return self._ids_KL[self._rows(indices) + torch.from_numpy(captions)]

    def read_numbers(self, indices: Rows, captions: Rows) -> Tensor:
        """Its number, B."""
        return self._numbers_K[self._rows(indices) + torch.from_numpy(captions)]

    def all_numbers(self, indices: Sequence[int] | Rows) -> Tensor:
        """The numbers of all captions of each example, filled up with NO_CAPTION, BM."""
        most = int(self._counts.max())
        numbers_BM = torch.full((len(indices), most), NO_CAPTION, dtype=torch.int64)
        for row, index in enumerate(indices):
            numbers_BM[row, : self._counts[index]] = self._numbers_K[self._starts[index] : self._starts[index + 1]]
        return numbers_BM

    def _rows(self, indices: Sequence[int] | Rows) -> Tensor:
        return torch.from_numpy(self._starts[np.asarray(indices, dtype=np.int64)])


def trimmed(ids_BL: Tensor, end_id: int) -> Tensor:
    """`ids_BL` without the padding that all rows share: the longest caption up to its first end token."""
    longest = int((ids_BL == end_id).int().argmax(1).max()) + 1
    return ids_BL[:, :longest]


def _numbered(ids_KL: Tensor) -> Tensor:
    numbers: dict[bytes, int] = {}
    return torch.tensor([numbers.setdefault(row.tobytes(), len(numbers)) for row in ids_KL.numpy()])
