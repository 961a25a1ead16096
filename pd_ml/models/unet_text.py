"""The pixel-space U-Net that attends to our text tower: diffusers' UNet2DConditionModel built from its config."""

from diffusers import UNet2DConditionModel

from pd_ml.config import UnetTextConfig
from pd_ml.errors import DeviceError


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


def use_attention(unet: UNet2DConditionModel, backend: str, device_type: str) -> None:
    """Switch the attention; `sdpa` is what diffusers does anyway. DeviceError where xformers cannot run."""
    if backend != "xformers":
        return
    if device_type != "cuda":
        raise DeviceError(f"attention_backend xformers needs CUDA, found {device_type}; --set attention_backend=sdpa")
    try:
        unet.enable_xformers_memory_efficient_attention()
    except (ImportError, ValueError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise DeviceError(f"xformers does not run here ({reason}); --set attention_backend=sdpa") from error
