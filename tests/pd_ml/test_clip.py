import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import CLIPImageProcessorPil, CLIPModel, CLIPTextModel, CLIPTokenizer

from pd_ml.config import ClipConfig, with_overrides
from pd_ml.data.loader import Examples, open_split
from pd_ml.data.pixels import to_unit
from pd_ml.data.statistics import colours
from pd_ml.diffusion.pipeline import token_ids
from pd_ml.errors import TokenizerError
from pd_ml.metrics_log import read_metrics
from pd_ml.models.clip import build_clip, embed_images, embed_texts, load_clip, sigmoid_loss, softmax_loss
from pd_ml.models.preprocessor import plain_format, read_format
from pd_ml.models.tokenizer import load_tokenizer
from pd_ml.provenance import read_run
from pd_ml.recipes import recipe
from pd_ml.training.captions import trimmed
from pd_ml.training.clip_stage import ClipTask, Kinship, random_crops
from pd_ml.training.task import whole
from tests import warm
from tests.patience import PATIENCE_S
from tests.pd_ml.command import TINY_CLIP, clean_environment, run_apart, run_here, settings

CPU = torch.device("cpu")


def clip_config(*overrides: str) -> ClipConfig:
    config = with_overrides(recipe("clip", "debug"), overrides)
    assert isinstance(config, ClipConfig)
    return config


def clip_task(models: Path, train: Examples, *overrides: str) -> ClipTask:
    return ClipTask(clip_config(*overrides), load_tokenizer(models / "tokenizer"), train, train, CPU)


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


PLAIN_TRANSFORMERS = """
import json, sys
import torch
from PIL import Image
from transformers import CLIPModel, CLIPProcessor
folder, *pictures = sys.argv[1:]
model, processor = CLIPModel.from_pretrained(folder), CLIPProcessor.from_pretrained(folder)
captions = ["a boat <|endoftext|> on the left", "Über, naïve!"]
inputs = processor(text=captions, images=[Image.open(p) for p in pictures], return_tensors="pt", padding=True)
with torch.no_grad():
    found = model(**inputs)
assert not any(name.startswith("pd_") for name in sys.modules)
print(json.dumps([found.image_embeds.tolist(), found.text_embeds.tolist()]))
"""


def test_plain_transformers_in_a_process_of_its_own_finds_the_same_embeddings(
    models: Path, dataset: Path, tmp_path: Path
) -> None:
    pixels = open_split(dataset, "test", image_size=16, cache=tmp_path).pixels(range(3))
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for path, one in zip(paths, pixels, strict=True):
        Image.fromarray(one).save(path)
    command = [warm.program(), "-c", PLAIN_TRANSFORMERS, str(models / "clip"), *map(str, paths)]
    done = subprocess.run(
        command, cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stderr
    images, texts = (torch.tensor(rows) for rows in json.loads(done.stdout.splitlines()[-1]))
    clip, tokenizer = load_clip(models / "clip"), load_tokenizer(models / "clip")
    ids = token_ids(tokenizer, ["a boat <|endoftext|> on the left", "Über, naïve!"])
    with torch.no_grad():
        assert torch.allclose(embed_images(clip, to_unit(pixels, CPU)), images, atol=1e-5)
        assert torch.allclose(embed_texts(clip, ids), texts, atol=1e-5)


def test_the_preprocessor_holds_the_colours_of_our_own_pictures(models: Path, dataset: Path, tmp_path: Path) -> None:
    measured = colours(open_split(dataset, "train", image_size=16, cache=tmp_path))
    found = read_format(models / "clip")
    assert (found.size_px, found.mean, found.std) == (16, measured.mean, measured.std)


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


def test_a_size_that_the_patches_do_not_divide_is_a_named_error(models: Path) -> None:
    with pytest.raises(TokenizerError, match="vision_image_size 18 of the tokenizer is not a multiple of patch_size 4"):
        build_clip(clip_config(), load_tokenizer(models / "tokenizer"), plain_format(18))


SAME = torch.tensor([[1, 1, 0], [1, 1, 0], [0, 0, 1]], dtype=torch.bool)
ALONE = torch.eye(3, dtype=torch.bool)


def test_examples_that_belong_together_are_not_pushed_apart() -> None:
    texts = torch.nn.functional.normalize(torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), dim=1)
    scale, bias = torch.tensor(4.0), torch.tensor(-2.0)
    # Two equal embeddings of one class are right: nothing is left to gain but for the stranger.
    assert float(softmax_loss(texts, texts, SAME, scale)) == pytest.approx(2 / 3 * float(torch.tensor(2.0).log()))
    assert float(sigmoid_loss(texts, texts, SAME, scale, bias)) < 0.2 * float(
        sigmoid_loss(texts, texts, ALONE, scale, bias)
    )
    images = torch.nn.functional.normalize(torch.tensor([[1.0, 0.2], [1.0, -0.2], [0.0, 1.0]]), dim=1)
    texts.requires_grad_()
    (apart,) = torch.autograd.grad(softmax_loss(images, texts, ALONE, scale), texts)
    (together,) = torch.autograd.grad(softmax_loss(images, texts, SAME, scale), texts)
    assert float((apart[0] - apart[1]).norm()) > 10 * float((together[0] - together[1]).norm())


def test_the_losses_without_duplicates_are_those_of_the_papers() -> None:
    generator = torch.Generator().manual_seed(0)
    images, texts = (torch.nn.functional.normalize(torch.randn(5, 4, generator=generator), dim=1) for _ in "it")
    scale, bias, eye = torch.tensor(1.5), torch.tensor(-1.0), torch.eye(5, dtype=torch.bool)
    logits = images @ texts.T * scale.exp()
    numbers = torch.arange(5)
    of_clip = (
        torch.nn.functional.cross_entropy(logits, numbers) + torch.nn.functional.cross_entropy(logits.T, numbers)
    ) / 2
    assert float(softmax_loss(images, texts, eye, scale)) == pytest.approx(float(of_clip), abs=1e-6)
    signs = 2 * torch.eye(5) - 1
    of_siglip = -torch.log(1 / (1 + torch.exp(-signs * (logits + bias)))).sum() / 5
    assert float(sigmoid_loss(images, texts, eye, scale, bias)) == pytest.approx(float(of_siglip), abs=1e-5)


def test_a_caption_belongs_to_every_picture_that_it_tells_of_and_to_copies_of_its_own() -> None:
    kinship = Kinship(
        picture_B=torch.tensor([7, 7, 8, 9]),
        caption_B=torch.tensor([1, 2, 3, 1]),
        captions_BM=torch.tensor([[1, -1], [2, 5], [3, 2], [1, 4]]),
    )
    expected = [[1, 1, 0, 1], [1, 1, 0, 0], [0, 1, 1, 0], [1, 0, 0, 1]]
    assert kinship.pairs().int().tolist() == expected


def test_a_batch_knows_copies_of_a_picture_and_shared_captions(models: Path, dataset: Path, tmp_path: Path) -> None:
    train = open_split(dataset, "train", image_size=16, cache=tmp_path).first(16)
    rows = train.rows.copy()
    rows[3] = rows[5]
    captions = (*train.captions[:8], train.captions[2], *train.captions[9:])
    copied = replace(train, rows=rows, captions=captions)
    task = clip_task(models, copied, "batch_size=16")
    order = [copied.item_ids.index(item) for item in task.item_ids(0, whole(16))]
    pairs = task.batch(0, whole(16)).kinship.pairs()
    kin = {(order[i], order[j]) for i, j in pairs.nonzero().tolist() if i != j}
    assert {(3, 5), (5, 3), (2, 8), (8, 2)} <= kin
    alone = clip_task(models, train, "batch_size=16").batch(0, whole(16)).kinship.pairs()
    assert len(kin) == int(alone.sum()) - 16 + 4


def test_the_sigmoid_loss_trains_and_leaves_a_plain_clip_behind(dataset: Path, models: Path, tmp_path: Path) -> None:
    base = ["train", "clip", "--recipe", "debug", "--dataset", dataset, "--input", f"tokenizer={models / 'tokenizer'}"]
    sigmoid = settings("loss=sigmoid", "steps=40", "log_every_steps=5", "learning_rate=3e-3")
    assert run_here(*base, "--out", tmp_path / "clip", *TINY_CLIP, *sigmoid) == 0
    losses = [row["train_loss"] for row in read_metrics(tmp_path / "clip" / "metrics.jsonl") if "train_loss" in row]
    assert losses[-1] < 0.8 * losses[0]
    clip, report = CLIPModel.from_pretrained(tmp_path / "clip", output_loading_info=True)
    assert not any(report[kind] for kind in ("missing_keys", "unexpected_keys"))
    assert float(clip.logit_scale) > 0


def test_a_second_process_measures_the_same_validation_loss(dataset: Path, models: Path, tmp_path: Path) -> None:
    base = ["train", "clip", "--recipe", "debug", "--dataset", dataset, "--input", f"tokenizer={models / 'tokenizer'}"]
    found = []
    for name in ("one", "two"):
        assert run_apart(*base, "--out", tmp_path / name, *TINY_CLIP).returncode == 0
        found.append(read_run(tmp_path / name))
    assert found[0].metrics["validation_loss"] == found[1].metrics["validation_loss"]
    assert found[0].digest == found[1].digest


def test_validation_tells_recall_both_ways_and_zero_shot_beside_chance(models: Path) -> None:
    metrics = read_run(models / "clip").metrics
    for at in (1, 5):
        assert 0 < metrics[f"validation_recall_at_{at}_chance"] < 0.5
        assert 0 <= metrics[f"validation_text_to_image_recall_at_{at}"] <= 1
        assert 0 <= metrics[f"validation_recall_at_{at}"] <= 1
    assert 0 < metrics["validation_zero_shot_chance"] < 1
    assert 0 <= metrics["validation_zero_shot"] <= 1


def test_crops_stay_inside_the_picture_and_keep_left_on_the_left() -> None:
    ramp = torch.linspace(-1, 1, 16).expand(8, 3, 16, 16).contiguous()
    crops = random_crops(ramp, 0.5, torch.rand(len(ramp), 3, generator=torch.Generator().manual_seed(0)))
    assert crops.shape == ramp.shape
    assert bool((crops[..., 1:] >= crops[..., :-1]).all())
    assert float(crops.min()) >= -1 and float(crops.max()) <= 1
    whole_pictures = random_crops(ramp, 1.0, torch.rand(len(ramp), 3, generator=torch.Generator().manual_seed(0)))
    assert torch.allclose(whole_pictures, ramp, atol=1e-5)


def test_an_untrained_picture_batch_embeds_to_unit_vectors(models: Path, dataset: Path, tmp_path: Path) -> None:
    examples = open_split(dataset, "test", image_size=16, cache=tmp_path)
    images = torch.from_numpy(examples.pixels(range(4)).astype(np.float32)).permute(0, 3, 1, 2) / 127.5 - 1
    vectors = embed_images(load_clip(models / "clip"), images)
    assert torch.allclose(vectors.norm(dim=1), torch.ones(4), atol=1e-5)
