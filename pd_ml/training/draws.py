"""Random numbers of a batch. What an example gets depends on (seed, purpose, step, its place in the whole batch) alone,
so that it is the same however the batch is cut into parts and dealt to processes.
"""

import torch
from torch import Tensor

from pd_ml.seeding import seed_of
from pd_ml.training.task import Places


def uniform(seed: int, purpose: str, step: int, places: Places, *shape: int) -> Tensor:
    """A few numbers in [0, 1) for each example, on the CPU: those of the whole batch are drawn and cut."""
    generator = torch.Generator().manual_seed(seed_of(seed, purpose, step))
    return torch.rand(places.total, *shape, generator=generator)[places.start : places.stop]


def normal(
    seed: int, purpose: str, step: int, places: Places, *shape: int, device: torch.device | str = "cpu"
) -> Tensor:
    """Noise of the size of pictures, drawn on `device` by a generator for each example."""
    generator = torch.Generator(device)
    drawn = torch.empty(len(places), *shape, device=device)
    for row, place in enumerate(range(places.start, places.stop)):
        generator.manual_seed(seed_of(seed, purpose, step, place))
        torch.randn(*shape, generator=generator, device=device, out=drawn[row])
    return drawn
