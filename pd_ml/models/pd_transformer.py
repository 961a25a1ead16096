"""A transformer over patches of pixels, told of a text. The file is shipped with the weights: it imports no pd_ml.

Time and the text's pooled state scale and shift every layer (adaLN-zero: Peebles and Xie, 2212.09748), queries and keys
are normalised (2302.05442), and the tokens of the text may be attended to as well. Patches overlap on the way in and on
the way out, else their borders show; a few convolutions look over the picture at last.

Shapes: B pictures, C channels, H height, W width, N patches, D width, L tokens, T width of the text states.
"""

import math

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from diffusers.models.modeling_outputs import Transformer2DModelOutput
from torch import Tensor, nn
from torch.nn import functional

_TIME_WAVES = 256
_LONGEST_WAVE = 10_000.0
# How long the side of a learnt picture is, where patches are placed.
_SIDE = 16.0


class PdTransformer2DModel(ModelMixin, ConfigMixin):
    """Predicts pictures of any size that is a multiple of `patch_size`; `sample_size` is the side that it learnt.

    `layers` blocks of `width`, their attention split among `heads`. `text_width` is that of the text states; with
    `reads_tokens` each block attends to them, not only to their pooled state. `head_channels` 0 leaves out the
    convolutions at the end.
    """

    _supports_gradient_checkpointing = True
    _no_split_modules = ("Block",)

    @register_to_config
    def __init__(
        self,
        sample_size: int = 32,
        patch_size: int = 8,
        in_channels: int = 3,
        width: int = 192,
        layers: int = 6,
        heads: int = 3,
        mlp_ratio: int = 4,
        text_width: int = 96,
        reads_tokens: bool = False,
        head_channels: int = 24,
    ) -> None:
        super().__init__()
        self.gradient_checkpointing = False
        overlapping = {"kernel_size": 2 * patch_size, "stride": patch_size, "padding": patch_size // 2}
        self.into_patches = nn.Conv2d(in_channels, width, **overlapping)
        self.out_of_patches = nn.ConvTranspose2d(width, in_channels, **overlapping)
        self.time = nn.Sequential(nn.Linear(_TIME_WAVES, width), nn.SiLU(), nn.Linear(width, width))
        self.pooled = nn.Sequential(nn.LayerNorm(text_width), nn.Linear(text_width, width))
        self.tokens = nn.Sequential(nn.LayerNorm(text_width), nn.Linear(text_width, width)) if reads_tokens else None
        self.blocks = nn.ModuleList(Block(width, heads, mlp_ratio, reads_tokens) for _ in range(layers))
        self.last = nn.Linear(width, 2 * width)
        self.head = _head(in_channels, head_channels) if head_channels else None
        for module in (self.last, self.out_of_patches):
            _zero(module)

    def forward(
        self,
        hidden_states: Tensor,
        timestep: Tensor,
        encoder_hidden_states: Tensor,
        pooled_projections: Tensor,
        encoder_attention_mask: Tensor | None = None,
        return_dict: bool = True,
    ) -> Transformer2DModelOutput | tuple[Tensor]:
        """`hidden_states` BCHW; `timestep` B or one, 0..1000; `encoder_hidden_states` BLT; `pooled_projections` BT.

        `encoder_attention_mask` BL is true for tokens that belong to the text. The result is BCHW.
        """
        noisy_BCHW, times_B = hidden_states, timestep.expand(len(hidden_states))
        told_BD = functional.silu(
            self.time(waves(times_B, _TIME_WAVES).to(noisy_BCHW.dtype)) + self.pooled(pooled_projections)
        )
        tokens_BLD = self.tokens(encoder_hidden_states) if self.tokens is not None else None
        patches_BDhw = self.into_patches(noisy_BCHW)
        x_BND = patches_BDhw.flatten(2).transpose(1, 2) + self._places(patches_BDhw)
        for block in self.blocks:
            if self.gradient_checkpointing and torch.is_grad_enabled():
                x_BND = self._gradient_checkpointing_func(block, x_BND, told_BD, tokens_BLD, encoder_attention_mask)
            else:
                x_BND = block(x_BND, told_BD, tokens_BLD, encoder_attention_mask)
        shift_B1D, scale_B1D = self.last(told_BD)[:, None].chunk(2, dim=-1)
        x_BND = _normed(x_BND) * (1 + scale_B1D) + shift_B1D
        picture_BCHW = self.out_of_patches(x_BND.transpose(1, 2).unflatten(2, patches_BDhw.shape[2:]))
        if self.head is not None:
            picture_BCHW = picture_BCHW + self.head(torch.cat([picture_BCHW, noisy_BCHW], dim=1))
        return Transformer2DModelOutput(sample=picture_BCHW) if return_dict else (picture_BCHW,)

    def _places(self, patches_BDhw: Tensor) -> Tensor:
        """Sines and cosines of each patch's row and column, ND.

        The learnt side is as long at every resolution, so that weights of a smaller one go on at a larger one; the
        middle of a picture of another shape lies where it was learnt.
        """
        width, height = patches_BDhw.shape[3], patches_BDhw.shape[2]
        side = self.config.sample_size // self.config.patch_size
        rows, columns = (
            ((torch.arange(count, device=patches_BDhw.device) - (count - 1) / 2) / side + 0.5) * _SIDE
            for count in (height, width)
        )
        half = self.config.width // 2
        rows_hD, columns_wD = (waves(places, half, longest=100.0) for places in (rows, columns))
        places_hwD = torch.cat(
            [rows_hD[:, None].expand(-1, width, -1), columns_wD[None].expand(height, -1, -1)], dim=-1
        )
        return 0.5 * places_hwD.flatten(0, 1).to(patches_BDhw.dtype)


class Block(nn.Module):
    """Attention among patches, to the text where it is read, and two layers for each patch."""

    def __init__(self, width: int, heads: int, mlp_ratio: int, reads_tokens: bool) -> None:
        super().__init__()
        self.heads = heads
        self.told = nn.Linear(width, 6 * width)
        self.to_qkv = nn.Linear(width, 3 * width)
        self.norm_q, self.norm_k = nn.RMSNorm(width // heads), nn.RMSNorm(width // heads)
        self.to_out = nn.Linear(width, width)
        self.read = Reading(width, heads) if reads_tokens else None
        self.widened, self.narrowed = nn.Linear(width, mlp_ratio * width), nn.Linear(mlp_ratio * width, width)
        _zero(self.told)

    def forward(self, x_BND: Tensor, told_BD: Tensor, tokens_BLD: Tensor | None, is_token_BL: Tensor | None) -> Tensor:
        shift, scale, gate, shift_mlp, scale_mlp, gate_mlp = self.told(told_BD)[:, None].chunk(6, dim=-1)
        q, k, v = (_split(one, self.heads) for one in self.to_qkv(_normed(x_BND) * (1 + scale) + shift).chunk(3, -1))
        attended = functional.scaled_dot_product_attention(self.norm_q(q), self.norm_k(k), v)
        x_BND = x_BND + gate * self.to_out(_joined(attended))
        if self.read is not None:
            x_BND = x_BND + self.read(x_BND, tokens_BLD, is_token_BL)
        hidden = functional.gelu(self.widened(_normed(x_BND) * (1 + scale_mlp) + shift_mlp), approximate="tanh")
        return x_BND + gate_mlp * self.narrowed(hidden)


class Reading(nn.Module):
    """Attention of patches to the tokens of the text, which adds nothing at the start of a training."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q, self.to_kv = nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.to_out = nn.Linear(width, width)
        self.norm_q, self.norm_k = nn.RMSNorm(width // heads), nn.RMSNorm(width // heads)
        _zero(self.to_out)

    def forward(self, x_BND: Tensor, tokens_BLD: Tensor, is_token_BL: Tensor | None) -> Tensor:
        q = _split(self.to_q(_normed(x_BND)), self.heads)
        k, v = (_split(one, self.heads) for one in self.to_kv(tokens_BLD).chunk(2, -1))
        mask = is_token_BL[:, None, None] if is_token_BL is not None else None
        return self.to_out(_joined(functional.scaled_dot_product_attention(self.norm_q(q), self.norm_k(k), v, mask)))


def waves(numbers_B: Tensor, width: int, longest: float = _LONGEST_WAVE) -> Tensor:
    """Cosines and sines of numbers, of `width` together, BD; wave lengths grow by a constant factor to `longest`."""
    frequencies = torch.exp(-math.log(longest) * torch.arange(width // 2, device=numbers_B.device) / (width // 2))
    angles_BD = numbers_B.float()[:, None] * frequencies
    return torch.cat([angles_BD.cos(), angles_BD.sin()], dim=1)


def _head(channels: int, width: int) -> nn.Sequential:
    """Looks at what the patches made and at the noisy picture; adds nothing at the start of a training."""
    head = nn.Sequential(
        nn.Conv2d(2 * channels, width, 3, padding=1),
        nn.SiLU(),
        nn.Conv2d(width, width, 3, padding=1),
        nn.SiLU(),
        nn.Conv2d(width, channels, 3, padding=1),
    )
    _zero(head[-1])
    return head


def _zero(module: nn.Module) -> None:
    nn.init.zeros_(module.weight)
    nn.init.zeros_(module.bias)


def _normed(x_BND: Tensor) -> Tensor:
    return functional.layer_norm(x_BND, x_BND.shape[-1:], eps=1e-6)


def _split(x_BND: Tensor, heads: int) -> Tensor:
    """B, heads, N, width of a head."""
    return x_BND.unflatten(-1, (heads, -1)).transpose(1, 2)


def _joined(x_BHND: Tensor) -> Tensor:
    return x_BHND.transpose(1, 2).flatten(2)
