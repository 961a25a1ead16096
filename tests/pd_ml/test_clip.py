from pathlib import Path

import numpy as np
import torch
from PIL import Image
from transformers import CLIPImageProcessorPil, CLIPModel, CLIPTextModel, CLIPTokenizer

from pd_ml.data.loader import open_split
from pd_ml.diffusion.pipeline import token_ids
from pd_ml.models.clip import contrastive_loss, embed_images, embed_texts, load_clip
from pd_ml.training.captions import trimmed
from pd_ml.training.clip_stage import random_crops


def test_the_folder_opens_with_transformers_own_classes(models: Path) -> None:
    clip = CLIPModel.from_pretrained(models / "clip")
    text = CLIPTextModel.from_pretrained(models / "clip")
    tokenizer = CLIPTokenizer.from_pretrained(models / "clip")
    processor = CLIPImageProcessorPil.from_pretrained(models / "clip")
    ids = token_ids(tokenizer, ["a boat"])
    states = text(input_ids=ids).last_hidden_state
    assert torch.equal(states, clip.text_model(input_ids=ids).last_hidden_state)
    pixels = processor(Image.new("RGB", (40, 30), "white"), return_tensors="pt")["pixel_values"]
    assert tuple(pixels.shape) == (1, 3, 16, 16)
    assert float(pixels.min()) == 1.0


def test_different_captions_have_different_embeddings_wherever_they_differ(models: Path) -> None:
    clip, tokenizer = load_clip(models / "clip"), CLIPTokenizer.from_pretrained(models / "clip")
    ids = token_ids(tokenizer, ["a boat, blue sky", "a boat, grey sky", "a tree, blue sky", ""])
    with torch.no_grad():
        vectors = embed_texts(clip, ids)
    distances = torch.cdist(vectors, vectors) + torch.eye(4)
    assert float(distances.min()) > 1e-4


def test_padding_does_not_change_an_embedding(models: Path) -> None:
    clip, tokenizer = load_clip(models / "clip"), CLIPTokenizer.from_pretrained(models / "clip")
    ids = token_ids(tokenizer, ["a boat on the left", "grey sky"])
    short = trimmed(ids, tokenizer.eos_token_id)
    assert short.shape[1] == len(["a", "boat", "on", "the", "left"]) + 2
    assert torch.allclose(embed_texts(clip, ids), embed_texts(clip, short), atol=1e-6)


def test_pictures_that_share_a_caption_are_not_pushed_apart() -> None:
    ids = torch.tensor([[1, 2], [1, 2], [3, 4]])
    texts = torch.nn.functional.normalize(torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), dim=1)
    scale = torch.tensor(4.6)
    assert float(contrastive_loss(texts, texts, ids, scale)) == float(
        contrastive_loss(texts[[1, 0, 2]], texts, ids, scale)
    )
    alone = contrastive_loss(texts, texts, torch.tensor([[1, 2], [5, 6], [3, 4]]), scale)
    assert float(contrastive_loss(texts, texts, ids, scale)) <= float(alone) + 1e-6


def test_crops_stay_inside_the_picture_and_keep_left_on_the_left() -> None:
    ramp = torch.linspace(-1, 1, 16).expand(8, 3, 16, 16).contiguous()
    crops = random_crops(ramp, 0.5, torch.rand(len(ramp), 3, generator=torch.Generator().manual_seed(0)))
    assert crops.shape == ramp.shape
    assert bool((crops[..., 1:] >= crops[..., :-1]).all())
    assert float(crops.min()) >= -1 and float(crops.max()) <= 1
    whole = random_crops(ramp, 1.0, torch.rand(len(ramp), 3, generator=torch.Generator().manual_seed(0)))
    assert torch.allclose(whole, ramp, atol=1e-5)


def test_an_untrained_picture_batch_embeds_to_unit_vectors(models: Path, dataset: Path, tmp_path: Path) -> None:
    examples = open_split(dataset, "test", image_size=16, cache=tmp_path)
    images = torch.from_numpy(examples.pixels(range(4)).astype(np.float32)).permute(0, 3, 1, 2) / 127.5 - 1
    vectors = embed_images(load_clip(models / "clip"), images)
    assert torch.allclose(vectors.norm(dim=1), torch.ones(4), atol=1e-5)
