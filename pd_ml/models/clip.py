"""Our CLIP: an image and a text tower trained from nothing on our captions, in transformers' own classes.
Errors: TokenizerError.

Shapes: B pictures, C channels, H height, W width, L tokens, D projection width.
"""

import math
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional
from transformers import CLIPConfig, CLIPModel, CLIPTextModel, CLIPTokenizer

from pd_ml.config import ClipConfig
from pd_ml.errors import TokenizerError
from pd_ml.models.memory import in_own_memory
from pd_ml.models.preprocessor import PictureFormat


def build_clip(config: ClipConfig, tokenizer: CLIPTokenizer, pictures: PictureFormat) -> CLIPModel:
    """A CLIPModel with fresh weights (drawn from torch's seed). Token ids come from the tokenizer.

    CLIPTextConfig's defaults would pool at the wrong token and give every caption the same embedding.
    """
    if pictures.size_px % config.patch_size:
        raise TokenizerError(
            f"vision_image_size {pictures.size_px} of the tokenizer is not a multiple of patch_size "
            f"{config.patch_size}; --set patch_size, or train the tokenizer with another vision_image_size"
        )
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
        "image_size": pictures.size_px,
        "patch_size": config.patch_size,
        "projection_dim": config.projection_dim,
        # No words of transformers: what embed_images needs to read pictures as preprocessor_config.json says.
        "image_mean": list(pictures.mean),
        "image_std": list(pictures.std),
    }
    return CLIPModel(
        CLIPConfig(
            text_config=text,
            vision_config=vision,
            projection_dim=config.projection_dim,
            logit_scale_init_value=math.log(config.scale_init),
        )
    )


def picture_format(model: CLIPModel) -> PictureFormat:
    """What the image tower reads."""
    vision = model.config.vision_config
    return PictureFormat(size_px=vision.image_size, mean=tuple(vision.image_mean), std=tuple(vision.image_std))


def load_clip(folder: Path) -> CLIPModel:
    """The CLIPModel of a finished clip folder, in evaluation mode."""
    model = CLIPModel.from_pretrained(folder)
    assert isinstance(model, CLIPModel)
    return in_own_memory(model).eval()


def load_text_tower(folder: Path) -> CLIPTextModel:
    """The text tower of a finished clip folder, in evaluation mode, without gradients."""
    model = CLIPTextModel.from_pretrained(folder)
    assert isinstance(model, CLIPTextModel)
    return in_own_memory(model).eval().requires_grad_(False)


def embed_images(model: CLIPModel, images_BCHW: Tensor) -> Tensor:
    """Unit vectors of pictures with pixels in [-1, 1], BD."""
    vision = model.config.vision_config
    mean_C11, std_C11 = (
        torch.tensor(values, device=images_BCHW.device)[:, None, None]
        for values in (vision.image_mean, vision.image_std)
    )
    scaled_BCHW = (images_BCHW / 2 + 0.5 - mean_C11) / std_C11
    features_BD = model.get_image_features(pixel_values=scaled_BCHW).pooler_output
    return functional.normalize(features_BD, dim=-1)


def embed_texts(model: CLIPModel, ids_BL: Tensor) -> Tensor:
    """Unit vectors of captions, BD. The attention is causal: what follows the end token does not matter."""
    features_BD = model.get_text_features(input_ids=ids_BL).pooler_output
    return functional.normalize(features_BD, dim=-1)


def softmax_loss(images_BD: Tensor, texts_BD: Tensor, pairs_BB: Tensor, log_scale: Tensor) -> Tensor:
    """Symmetric InfoNCE (CLIP, 2103.00020, figure 3). `pairs_BB`: which picture (row) belongs to which caption; those
    that belong to several share the target equally."""
    logits_BB = images_BD @ texts_BD.T * _scale(log_scale)
    pairs_BB = pairs_BB.to(logits_BB.dtype)
    of_images_BB, of_texts_BB = (one_BB / one_BB.sum(1, keepdim=True) for one_BB in (pairs_BB, pairs_BB.T))
    by_image = functional.cross_entropy(logits_BB, of_images_BB)
    return (by_image + functional.cross_entropy(logits_BB.T, of_texts_BB)) / 2


def sigmoid_loss(images_BD: Tensor, texts_BD: Tensor, pairs_BB: Tensor, log_scale: Tensor, bias: Tensor) -> Tensor:
    """Each picture with each caption by itself, pair or not (SigLIP, 2303.15343, equation 2)."""
    logits_BB = images_BD @ texts_BD.T * _scale(log_scale) + bias
    signs_BB = 2 * pairs_BB.to(logits_BB.dtype) - 1
    return -functional.logsigmoid(signs_BB * logits_BB).sum(1).mean()


def _scale(log_scale: Tensor) -> Tensor:
    """At most 100, CLIP's limit."""
    return log_scale.clamp(max=math.log(100)).exp()
