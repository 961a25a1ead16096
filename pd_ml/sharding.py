"""Weights dealt to the processes of one training (torch's FSDP2): each keeps its rows of every tensor, and a block's
are gathered while it is computed. What some processes hold can be gathered whole and dealt to another number of them.

Every function but `held` and `dealt_like` is called by all processes together.
"""

from collections.abc import Iterator, Mapping

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

# A block that is gathered by itself has at most this share of the parameters.
_LARGEST_SHARE = 1 / 8


def deal(module: nn.Module, device: torch.device) -> None:
    """Leave this process its rows of every parameter of `module`, in place; gradients are averaged row by row."""
    mesh = init_device_mesh(device.type, (dist.get_world_size(),))
    # A scalar has no rows: every process keeps it.
    scalars = {parameter for parameter in module.parameters() if parameter.ndim == 0}
    for scalar in scalars:
        if scalar.requires_grad:
            scalar.register_post_accumulate_grad_hook(_average_gradient)
    blocks = list(_blocks(module, at_most=_size(module) * _LARGEST_SHARE))
    for part in (*blocks, module):
        fully_shard(part, mesh=mesh, ignored_params=scalars)


def all_rows(tensor: Tensor) -> Tensor:
    """All rows of `tensor`."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def gathered(tensors: Mapping[str, Tensor], *, keep: bool) -> dict[str, Tensor]:
    """All rows of each: those that were dealt, one after the other, on the CPU. Empty where they are not to be kept."""
    found: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        one = tensor.full_tensor().cpu() if isinstance(tensor, DTensor) else tensor
        if keep:
            found[name] = one
    return found


def dealt_like(own: Tensor, tensor: Tensor) -> Tensor:
    """Of the whole `tensor` the rows that this process holds of `own`, its counterpart."""
    if not isinstance(own, DTensor):
        return tensor
    return distribute_tensor(tensor.to(own.device), own.device_mesh, own.placements, src_data_rank=None)


def held(module: nn.Module) -> int:
    """How many numbers of its parameters this process keeps."""
    parameters = (parameter.detach() for parameter in module.parameters())
    return sum((one.to_local() if isinstance(one, DTensor) else one).numel() for one in parameters)


def _average_gradient(scalar: Tensor) -> None:
    dist.all_reduce(scalar.grad.div_(dist.get_world_size()))


def _blocks(module: nn.Module, *, at_most: float) -> Iterator[nn.Module]:
    """The outermost repeated parts (entries of a list of modules) that hold at most so many numbers."""
    for child in module.children():
        if isinstance(module, nn.ModuleList) and 0 < _size(child) <= at_most:
            yield child
        else:
            yield from _blocks(child, at_most=at_most)


def _size(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
