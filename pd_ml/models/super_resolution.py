"""The denoiser of the upscaler: diffusers' UNet2DModel on folded patches, told of the noise in the small picture."""

from diffusers import UNet2DModel

from pd_ml.config import SuperResolutionConfig


def build_unet(config: SuperResolutionConfig) -> UNet2DModel:
    """A U-Net with fresh weights (drawn from torch's seed) that reads residual and enlarged picture side by side.

    Without attention, so that it works on pictures of any size.
    """
    folded_channels = 3 * config.patch_size**2
    return UNet2DModel(
        sample_size=config.crop_size // config.patch_size,
        in_channels=2 * folded_channels,
        out_channels=folded_channels,
        block_out_channels=config.channels,
        down_block_types=("DownBlock2D",) * len(config.channels),
        up_block_types=("UpBlock2D",) * len(config.channels),
        layers_per_block=config.layers_per_block,
        norm_num_groups=config.norm_groups,
        add_attention=False,
        class_embed_type="timestep",
    )
