"""The transformer of pixels: its patches overlap, it reads what it is told, and its folder needs nothing of ours."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from pd_ml.config import SamplingConfig, TransformerConfig, with_overrides
from pd_ml.diffusion.pipeline import token_ids
from pd_ml.diffusion.sampling import draw, load_pipeline, open_pipeline, picture_size_px
from pd_ml.diffusion.transformer_pipeline import MODULE, PdTransformerPipeline, Told
from pd_ml.errors import ConfigError
from pd_ml.models.clip import load_text_tower
from pd_ml.models.pd_transformer import PdTransformer2DModel
from pd_ml.models.tokenizer import load_tokenizer
from pd_ml.recipes import recipe
from pd_ml.training.captions import trimmed
from tests.pd_ml.test_plain_diffusers import drawn_without_us

CPU = torch.device("cpu")
TEXTS = ["a tree on the left under a blue sky", "", "a boat"]


def model(**changes: object) -> PdTransformer2DModel:
    """Tiny, and with weights that are none of them zero."""
    torch.manual_seed(0)
    made = PdTransformer2DModel(
        **{"sample_size": 16, "patch_size": 4, "width": 16, "layers": 2, "heads": 2, "text_width": 8, **changes}
    )
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape))
    return made.eval()


def told(pictures: int, tokens: int = 5) -> Told:
    generator = torch.Generator().manual_seed(1)
    states = torch.randn(pictures, tokens, 8, generator=generator)
    return Told(states, states[:, -2], torch.arange(tokens)[None].expand(pictures, -1) < tokens - 1)


def predicted(made: PdTransformer2DModel, noisy: Tensor, text: Told, level: float = 500.0) -> Tensor:
    with torch.no_grad():
        found: Tensor = made(noisy, torch.tensor([level]), **text.named()).sample
    return found


def test_fresh_weights_predict_an_empty_picture() -> None:
    noisy = torch.randn(2, 3, 16, 16)
    fresh = PdTransformer2DModel(sample_size=16, patch_size=4, width=16, layers=1, heads=2, text_width=8)
    assert predicted(fresh, noisy, told(2)).abs().max() == 0


@pytest.mark.parametrize("head_channels", [0, 4])
def test_a_pixel_at_the_border_of_a_patch_hangs_together_with_both_patches(head_channels: int) -> None:
    """Without layers in between, what is near in the picture alone is seen: a patch and the halves around it."""
    made = model(layers=0, head_channels=head_channels)
    noisy = torch.randn(1, 3, 32, 32, requires_grad=True)
    made(noisy, torch.tensor([500.0]), **told(1).named()).sample[0, :, 8, 8].sum().backward()
    assert noisy.grad is not None
    seen = noisy.grad[0].abs().sum(0) > 0
    assert seen[8, 6] and seen[8, 9] and seen[6, 8], "across the border between the second patch and the third"
    assert not seen[8, 20:].any() and not seen[20:, 8].any(), "and no further than the patches around it"


def test_every_size_that_is_a_multiple_of_the_patches_is_drawn_and_its_middle_lies_where_it_learnt_it() -> None:
    made = model()
    assert predicted(made, torch.randn(1, 3, 24, 8), told(1)).shape == (1, 3, 24, 8)
    small, wide = (made._places(torch.zeros(1, 16, 4, columns)).unflatten(0, (4, columns)) for columns in (4, 8))
    assert torch.allclose(wide[:, 2:6], small, atol=1e-6)
    assert not torch.allclose(wide[:, :4], small, atol=1e-2)


def test_time_and_text_change_what_is_predicted() -> None:
    made, noisy, text = model(), torch.randn(2, 3, 16, 16), told(2)
    first = predicted(made, noisy, text)
    assert not torch.allclose(first, predicted(made, noisy, text, level=900.0))
    assert not torch.allclose(first, predicted(made, noisy, text._replace(pooled_BD=-text.pooled_BD)))


def test_tokens_are_read_only_where_that_is_asked_for_and_never_those_beyond_the_text() -> None:
    noisy, text = torch.randn(2, 3, 16, 16), told(2)
    beyond, within = text.states_BLD.clone(), text.states_BLD.clone()
    beyond[:, -1] += 5
    within[:, 0] += 5
    for reads in (False, True):
        made = model(reads_tokens=reads)
        first = predicted(made, noisy, text)
        assert torch.equal(first, predicted(made, noisy, text._replace(states_BLD=beyond)))
        assert torch.equal(first, predicted(made, noisy, text.padded(9)._replace(pooled_BD=text.pooled_BD))) or reads
        assert torch.allclose(first, predicted(made, noisy, text.padded(9)), atol=1e-6)
        assert torch.allclose(first, predicted(made, noisy, text._replace(states_BLD=within))) is not reads


def test_gradients_are_the_same_where_activations_are_computed_again() -> None:
    noisy, text, found = torch.randn(2, 3, 16, 16), told(2), []
    for again in (False, True):
        made = model(reads_tokens=True).train()
        if again:
            made.enable_gradient_checkpointing()
        made(noisy, torch.tensor([500.0]), **text.named()).sample.square().mean().backward()
        found.append([parameter.grad for parameter in made.parameters()])
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))


def test_training_tells_the_transformer_what_drawing_tells_it(models: Path) -> None:
    pipeline = load_pipeline(models / "transformer", CPU)
    assert isinstance(pipeline, PdTransformerPipeline)
    tower, tokenizer = load_text_tower(models / "clip").eval(), load_tokenizer(models / "clip")
    ids = token_ids(tokenizer, TEXTS)
    with torch.no_grad():
        drawing = pipeline.told(TEXTS, None)
        training = Told.of(tower, trimmed(ids, tokenizer.eos_token_id)).padded(ids.shape[1])
    assert torch.allclose(drawing.pooled_BD, training.pooled_BD, atol=1e-5)
    assert torch.equal(drawing.is_token_BL, training.is_token_BL)
    assert torch.allclose(drawing.states_BLD[drawing.is_token_BL], training.states_BLD[training.is_token_BL], atol=1e-5)
    assert drawing.is_token_BL.sum(1).tolist()[1] == 2, "of an empty text its two ends alone"


def test_plain_diffusers_draws_the_same_picture_in_a_process_without_pd_ml(models: Path, tmp_path: Path) -> None:
    folder = models / "transformer"
    ours = draw(load_pipeline(folder, CPU), ["a tree"], SamplingConfig(sample_steps=5), seed=1)
    assert picture_size_px(load_pipeline(folder, CPU)) == 16
    assert np.array_equal(drawn_without_us(folder, tmp_path / "theirs.npy", "a tree"), ours)


def test_code_that_lies_in_a_folder_is_never_run_by_us(models: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(models / "transformer", tmp_path / "copy")
    for path in (folder / "pipeline.py", folder / "transformer" / f"{MODULE}.py"):
        assert path.is_file()
        path.write_text("raise SystemExit('run')\n")
    drawn = draw(open_pipeline(folder, CPU), ["a tree"], SamplingConfig(sample_steps=2), seed=1)
    assert drawn.shape == (1, 16, 16, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("patch_size=5", "patch_size 5 and image_size 32, expected an even patch_size"),
        ("patch_size=64", "patch_size 64 and image_size 32"),
        ("heads=5", "width 192 is not a multiple of 4 times heads 5"),
        ("attention_backend=xformers", "attention_backend is xformers, which the transformer has no use for"),
        ("head_channels=-1", "head_channels is -1, expected 0 or more"),
        ("caption_dropout=1", "caption_dropout is 1.0, expected a share below 1"),
    ],
)
def test_a_shape_that_cannot_be_built_is_named(change: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        with_overrides(recipe("transformer", "debug"), [change])


def test_buckets_need_patches_that_divide_their_sides() -> None:
    with pytest.raises(ConfigError, match="multiples of 8, which patch_size 16 does not divide"):
        TransformerConfig(image_size=64, patch_size=16, buckets=True)
    assert TransformerConfig(image_size=256, patch_size=16, buckets=True).multiple == 16
