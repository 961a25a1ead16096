"""Where the weights of a model lie that was read from a file."""

from itertools import chain
from typing import TypeVar

from torch import nn

M = TypeVar("M", bound=nn.Module)


def in_own_memory(model: M) -> M:
    """`model` with its weights copied to where torch puts them, at addresses that are multiples of 64 bytes.

    Read from a safetensors file they lie anywhere in a buffer, and a matrix product depends in its last bits on that:
    the same training in another process could end in other bytes.
    """
    for tensor in chain(model.parameters(), model.buffers()):
        tensor.data = tensor.data.clone()
    return model
