"""What a U-Net of latents must fit: their side and channels. No torch in here. Errors: ConfigError."""

from pd_ml.config import UnetShapeConfig
from pd_ml.data.latents import LatentIndex
from pd_ml.errors import ConfigError


def latent_channels(index: LatentIndex) -> int:
    """Half of the moments are means."""
    return index.moments_shape[0] // 2


def latent_side(config: UnetShapeConfig, index: LatentIndex) -> int:
    """The side of the latents; ConfigError where the U-Net cannot halve it."""
    side, halvings = index.moments_shape[-1], len(config.channels) - 1
    if side % 2**halvings:
        raise ConfigError(
            f"latents of {side}x{side} cannot be halved {halvings} times; --set channels and attention with fewer "
            "entries, or train the VAE at another image_size"
        )
    return side
