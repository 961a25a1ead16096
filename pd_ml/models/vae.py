"""The autoencoder whose latents are diffused: diffusers' AutoencoderKL from nothing, and its arithmetic.

Moments are mean and logarithm of the variance, one after the other along the channels, as AutoencoderKL gives them.
Errors: DataError. Shapes: B pictures, C channels, H height, W width, M moments (twice the latents' channels), h, w.
"""

from pathlib import Path
from typing import cast

import torch
from diffusers import AutoencoderKL
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from diffusers.models.resnet import ResnetBlock2D
from torch import Tensor, nn

from pd_ml.config import VaeConfig
from pd_ml.errors import DataError
from pd_ml.models.memory import in_own_memory


def build_vae(config: VaeConfig) -> AutoencoderKL:
    """An AutoencoderKL with fresh weights (drawn from torch's seed). Its scaling factor is measured after training."""
    levels = len(config.channels)
    vae = AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=config.channels,
        layers_per_block=config.layers_per_block,
        latent_channels=config.latent_channels,
        norm_num_groups=config.norm_groups,
        # Also the size of the tiles that large pictures are cut into.
        sample_size=config.image_size,
        scaling_factor=1.0,
        mid_block_add_attention=config.mid_attention,
        force_upcast=False,
    )
    _begin_evenly(vae)
    return vae


def _begin_evenly(vae: AutoencoderKL) -> None:
    """Convolutions that keep the spread of what goes through them, and residual blocks that add nothing at first
    (1901.09321, section 3).

    torch's own start lets the spread shrink with every layer: the colours of a picture get through a lot later.
    """
    for part in vae.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.normal_(part.weight, std=part.weight[0].numel() ** -0.5)
            nn.init.zeros_(part.bias)
    for part in vae.modules():
        if isinstance(part, ResnetBlock2D):
            nn.init.zeros_(part.conv2.weight)


def load_vae(folder: Path) -> AutoencoderKL:
    """The AutoencoderKL of a finished vae folder, in evaluation mode, without gradients."""
    vae: AutoencoderKL = in_own_memory(AutoencoderKL.from_pretrained(folder))
    return vae.eval().requires_grad_(False)


def factor_of(vae: AutoencoderKL) -> int:
    """Pixels of a picture's side for one of its latents'."""
    return int(2 ** (len(vae.config.block_out_channels) - 1))


def moments(vae: AutoencoderKL, images_BCHW: Tensor) -> Tensor:
    """BMhw of pictures in [-1, 1]; DataError where their sides are no multiple of the factor."""
    factor, (height, width) = factor_of(vae), images_BCHW.shape[-2:]
    if height % factor or width % factor:
        raise DataError(
            f"a picture of {width}x{height} px cannot be reduced by {factor}: expected sides that are multiples of "
            f"{factor}; crop it to {width - width % factor}x{height - height % factor} px"
        )
    return cast(Tensor, vae.encode(images_BCHW).latent_dist.parameters)


def sampled(moments_BMhw: Tensor, noise_BChw: Tensor) -> Tensor:
    """Latents drawn from their distribution (1312.6114, section 2.4), not scaled."""
    posterior = DiagonalGaussianDistribution(moments_BMhw)
    return cast(Tensor, posterior.mean + posterior.std * noise_BChw)


def most_likely(moments_BMhw: Tensor) -> Tensor:
    """The mean of each distribution, not scaled."""
    return moments_BMhw.chunk(2, dim=1)[0]


def divergence(moments_BMhw: Tensor, reduction: str) -> Tensor:
    """KL from the standard normal distribution (1312.6114, appendix B), added up over a picture's latents or averaged,
    and averaged over the batch."""
    added_B = DiagonalGaussianDistribution(moments_BMhw).kl()
    latents = moments_BMhw[0].numel() // 2
    return cast(Tensor, (added_B if reduction == "sum" else added_B / latents).mean())


def balance_channels(vae: AutoencoderKL, latents_BChw: Tensor) -> None:
    """Give every channel of the latents mean 0 and the same spread, and leave what is decoded as it was.

    `latents_BChw` are latents as they come now. One scaling factor then serves all channels, and noise hides none of
    them before the others. The 1x1 convolutions before and behind the latents take it up exactly.
    """
    mean_C, std_C = latents_BChw.mean(dim=(0, 2, 3)), latents_BChw.std(dim=(0, 2, 3))
    gain_C = latents_BChw.std() / std_C.clamp(min=1e-6)
    before, behind, channels = vae.quant_conv, vae.post_quant_conv, len(mean_C)
    with torch.no_grad():
        behind.bias += behind.weight[:, :, 0, 0] @ mean_C
        behind.weight /= gain_C[None, :, None, None]
        before.weight[:channels] *= gain_C[:, None, None, None]
        before.bias[:channels] = (before.bias[:channels] - mean_C) * gain_C
        before.bias[channels:] += 2 * gain_C.log()


def reconstructed(vae: AutoencoderKL, images_BCHW: Tensor) -> Tensor:
    """Pictures through their most likely latents and back."""
    with torch.no_grad():
        return cast(Tensor, vae.decode(most_likely(moments(vae, images_BCHW))).sample)
