"""The transformer of pixels built from its config; the class itself travels with the weights (pd_transformer.py)."""

from pd_ml.config import TransformerConfig
from pd_ml.models.pd_transformer import PdTransformer2DModel


def build_transformer(config: TransformerConfig, text_width: int) -> PdTransformer2DModel:
    """A transformer with fresh weights (drawn from torch's seed) that is told of text states of `text_width`."""
    return PdTransformer2DModel(
        sample_size=config.image_size,
        patch_size=config.patch_size,
        width=config.width,
        layers=config.layers,
        heads=config.heads,
        mlp_ratio=config.mlp_ratio,
        text_width=text_width,
        reads_tokens=config.reads_tokens,
        head_channels=config.head_channels,
    )
