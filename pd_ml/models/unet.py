"""The pixel-space U-Net without a prompt: diffusers' UNet2DModel built from its config."""

from diffusers import UNet2DModel

from pd_ml.config import UnetConfig


def build_unet(config: UnetConfig) -> UNet2DModel:
    """A U-Net with fresh weights (drawn from torch's seed)."""
    down = ["AttnDownBlock2D" if attends else "DownBlock2D" for attends in config.attention]
    up = ["AttnUpBlock2D" if attends else "UpBlock2D" for attends in reversed(config.attention)]
    return UNet2DModel(
        sample_size=config.image_size,
        in_channels=3,
        out_channels=3,
        block_out_channels=config.channels,
        down_block_types=tuple(down),
        up_block_types=tuple(up),
        layers_per_block=config.layers_per_block,
        # The width of a head in this class, the number of heads in UNet2DConditionModel.
        attention_head_dim=config.head_width,
        norm_num_groups=config.norm_groups,
    )
