"""Where weights and numbers lie that were read from a file: at addresses that never change a result."""

from itertools import chain
from typing import Any, TypeVar

import numpy.typing as npt
import torch
from torch import Tensor, nn

M = TypeVar("M", bound=nn.Module)


def in_own_memory(model: M) -> M:
    """`model` with its weights copied to where torch puts them, at addresses that are multiples of 64 bytes.

    Read from a safetensors file they lie anywhere in a buffer, and a matrix product depends in its last bits on that:
    the same training in another process could end in other bytes.
    """
    for tensor in chain(model.parameters(), model.buffers()):
        tensor.data = tensor.data.clone()
    return model


def tensor_of(array: npt.NDArray[Any], device: torch.device) -> Tensor:
    """`array` on `device`, in memory of torch's for the same reason: NumPy's begins at any multiple of 16 bytes."""
    return torch.from_numpy(array).to(device, copy=True)
