"""The pixel-space U-Net that attends to our text tower: diffusers' UNet2DConditionModel built from its config."""

from diffusers import UNet2DConditionModel

from pd_ml.config import UnetTextConfig


def build_unet(config: UnetTextConfig, text_width: int) -> UNet2DConditionModel:
    """A U-Net with fresh weights (drawn from torch's seed) that attends to text states of `text_width`."""
    down = ["CrossAttnDownBlock2D" if attends else "DownBlock2D" for attends in config.attention]
    up = ["CrossAttnUpBlock2D" if attends else "UpBlock2D" for attends in reversed(config.attention)]
    return UNet2DConditionModel(
        sample_size=config.image_size,
        in_channels=3,
        out_channels=3,
        block_out_channels=config.channels,
        down_block_types=tuple(down),
        up_block_types=tuple(up),
        layers_per_block=config.layers_per_block,
        cross_attention_dim=text_width,
        # Despite its name the number of heads in this class: diffusers, unet_2d_condition.py, `num_attention_heads or`.
        attention_head_dim=config.heads,
        norm_num_groups=config.norm_groups,
    )
