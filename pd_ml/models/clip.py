"""Our CLIP: an image and a text tower trained from nothing on our captions, in transformers' own classes.

Shapes: B pictures, C channels, H height, W width, L tokens, D projection width.
"""

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional
from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPTokenizer

from pd_ml.config import ClipConfig


def build_clip(config: ClipConfig, tokenizer: CLIPTokenizer) -> CLIPModel:
    """A CLIPModel with fresh weights (drawn from torch's seed). Token ids come from the tokenizer.

    CLIPTextConfig's defaults would pool at the wrong token and give every caption the same embedding.
    """
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": config.text_tower.width,
        "intermediate_size": 4 * config.text_tower.width,
        "num_hidden_layers": config.text_tower.layers,
        "num_attention_heads": config.text_tower.heads,
        "max_position_embeddings": tokenizer.model_max_length,
        "projection_dim": config.projection_dim,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    vision = {
        "hidden_size": config.image_tower.width,
        "intermediate_size": 4 * config.image_tower.width,
        "num_hidden_layers": config.image_tower.layers,
        "num_attention_heads": config.image_tower.heads,
        "image_size": config.image_size,
        "patch_size": config.patch_size,
        "projection_dim": config.projection_dim,
    }
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=config.projection_dim))


def image_processor(image_size: int) -> CLIPImageProcessorPil:
    """Preparation of a PIL picture for our image tower: centre square, pixels in [-1, 1]."""
    return CLIPImageProcessorPil(
        size={"shortest_edge": image_size},
        crop_size={"height": image_size, "width": image_size},
        image_mean=[0.5, 0.5, 0.5],
        image_std=[0.5, 0.5, 0.5],
    )


def load_clip(folder: Path) -> CLIPModel:
    """The CLIPModel of a finished clip folder, in evaluation mode."""
    model = CLIPModel.from_pretrained(folder)
    assert isinstance(model, CLIPModel)
    return model.eval()


def embed_images(model: CLIPModel, images_BCHW: Tensor) -> Tensor:
    """Unit vectors of pictures with pixels in [-1, 1], BD."""
    features_BD = model.get_image_features(pixel_values=images_BCHW).pooler_output
    return functional.normalize(features_BD, dim=-1)


def embed_texts(model: CLIPModel, ids_BL: Tensor) -> Tensor:
    """Unit vectors of captions, BD. The attention is causal: what follows the end token does not matter."""
    features_BD = model.get_text_features(input_ids=ids_BL).pooler_output
    return functional.normalize(features_BD, dim=-1)


def contrastive_loss(images_BD: Tensor, texts_BD: Tensor, ids_BL: Tensor, log_scale: Tensor) -> Tensor:
    """Symmetric InfoNCE (CLIP, 2103.00020, figure 3); pictures that share a caption share the target equally."""
    logits_BB = images_BD @ texts_BD.T * log_scale.clamp(max=_LOG_SCALE_MAX).exp()
    same_BB = (ids_BL[:, None] == ids_BL[None]).all(-1).to(logits_BB.dtype)
    targets_BB = same_BB / same_BB.sum(1, keepdim=True)
    return (functional.cross_entropy(logits_BB, targets_BB) + functional.cross_entropy(logits_BB.T, targets_BB)) / 2


# exp of it is 100, CLIP's limit on the temperature.
_LOG_SCALE_MAX = float(torch.log(torch.tensor(100.0)))
