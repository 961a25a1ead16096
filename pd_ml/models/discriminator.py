"""Tells pictures from their reconstructions, patch by patch, and what both sides learn from it.

From nothing, on our pictures only. Shapes: B pictures, C channels, H height, W width.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

_GROUPS = 8


class Discriminator(nn.Module):
    """Convolutions that halve the picture once for each of `channels`; a realness for each patch (1611.07004)."""

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for number, (wide, wider) in enumerate(zip((3, *channels), channels, strict=False)):
            layers.append(nn.Conv2d(wide, wider, kernel_size=4, stride=2, padding=1))
            layers += [nn.GroupNorm(_GROUPS, wider)] if number else []
            layers.append(nn.LeakyReLU(0.2))
        layers.append(nn.Conv2d(channels[-1], 1, kernel_size=3, padding=1))
        self.layers = nn.Sequential(*layers)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        realness: Tensor = self.layers(images_BCHW)
        return realness


def realness_for_generator(discriminator: Discriminator, images_BCHW: Tensor) -> Tensor:
    """How real the pictures look, with a gradient for the pictures and none for the discriminator."""
    fixed = {name: parameter.detach() for name, parameter in discriminator.named_parameters()}
    realness: Tensor = functional_call(discriminator, fixed, (images_BCHW,))
    return realness.mean()


def discriminator_loss(
    discriminator: Discriminator, real_BCHW: Tensor, made_BCHW: Tensor, *, r1_weight: float
) -> Tensor:
    """Hinge (1705.02894, eq. 3), and R1: the squared slope at real pictures (1801.04406, eq. 9)."""
    real_BCHW = real_BCHW.detach().requires_grad_()
    realness = discriminator(real_BCHW)
    hinge = functional.relu(1 - realness).mean() + functional.relu(1 + discriminator(made_BCHW.detach())).mean()
    (slope_BCHW,) = torch.autograd.grad(realness.mean(dim=(1, 2, 3)).sum(), real_BCHW, create_graph=True)
    return hinge / 2 + r1_weight / 2 * slope_BCHW.float().square().sum(dim=(1, 2, 3)).mean()


def last_slopes(reconstruction: Tensor, adversarial: Tensor, last_layer: Tensor) -> Tensor:
    """The gradients of both at the decoder's last layer, one above the other."""
    both = (torch.autograd.grad(one, last_layer, retain_graph=True)[0] for one in (reconstruction, adversarial))
    return torch.stack(tuple(both))


def adaptive_weight(last_slopes: Tensor) -> Tensor:
    """What brings the adversarial gradient at the decoder's last layer to the size of the reconstruction's
    (VQGAN, 2012.09841, eq. 7)."""
    wanted, found = last_slopes
    return (wanted.norm() / (found.norm() + 1e-4)).clamp(max=1e4).detach()
