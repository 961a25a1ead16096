"""Pixel models of the prior system: they load with the same numbers, draw, go on training, or say what is wrong."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import DDPMPipeline
from PIL import Image

from pd_ml.errors import ForeignModelError
from pd_ml.models.imported import import_model
from pd_ml.provenance import read_run, verify_outputs
from tests.pd_ml.command import run_here, settings
from tests.pd_ml.old_models import write_conditional, write_plain

FEW = settings("steps=2", "batch_size=8", "previews=2", "sample_steps=2", "validate_every_steps=2")
FEW_PROMPTED = settings("steps=2", "batch_size=8", "preview_prompts=2", "sample_steps=2", "validate_every_steps=2")


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_an_unconditional_model_predicts_what_it_did_and_draws(tmp_path: Path) -> None:
    before = write_plain(tmp_path / "old").eval()
    found = import_model(tmp_path / "old", tmp_path / "new")
    assert found.record.stage == "unet" and not found.record.proven
    after = DDPMPipeline.from_pretrained(tmp_path / "new").unet
    noise, times = torch.randn(2, 3, 16, 16), torch.tensor([3, 700])
    with torch.no_grad():
        assert torch.equal(before(noise, times).sample, after(noise, times).sample)
    verify_outputs(tmp_path / "new")
    assert run_here("sample", "--model", tmp_path / "new", "--n", "2", "--steps", "4", "--out", tmp_path / "x.png") == 0
    one, two = (np.asarray(Image.open(tmp_path / "x" / f"000{number}.png")) for number in (0, 1))
    assert one.shape == (16, 16, 3) and not np.array_equal(one, two)


def test_a_conditional_model_draws_what_its_prompt_changes(tmp_path: Path) -> None:
    write_conditional(tmp_path / "old")
    found = import_model(tmp_path / "old", tmp_path / "new")
    assert found.record.stage == "unet_text"
    command = ["sample", "--model", tmp_path / "new", "--steps", "4"]
    assert run_here(*command, "--prompt", "the tree", "--out", tmp_path / "one.png") == 0
    assert run_here(*command, "--prompt", "a boat", "--out", tmp_path / "two.png") == 0
    one, two = (np.asarray(Image.open(tmp_path / name / "0000.png")) for name in ("one", "two"))
    assert one.std() > 1 and not np.array_equal(one, two)


@pytest.mark.parametrize(("write", "stage"), [(write_plain, "unet"), (write_conditional, "unet_text")])
def test_the_command_imports_and_says_how_a_training_goes_on(
    dataset: Path,
    models: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    write: Callable[[Path], object],
    stage: str,
) -> None:
    write(tmp_path / "old")
    assert run_here("import", tmp_path / "old", tmp_path / "new") == 0
    said = capsys.readouterr().err
    assert "without proof of their rights" in said
    words = next(line for line in said.splitlines() if "go on training" in line).split()
    more = words[words.index("--init-from") :]
    inputs = ["--input", f"clip={models / 'clip'}"] if stage == "unet_text" else []
    base = ["train", stage, "--recipe", "debug", "--dataset", dataset, *inputs, "--out", tmp_path / "more", *more]
    assert run_here(*base, *(FEW_PROMPTED if inputs else FEW)) == 0
    record = read_run(tmp_path / "more")
    assert record.inputs["init_from"] == read_run(tmp_path / "new").digest
    assert not record.proven, "what is made from an unproven model is not proven"


def damaged(folder: Path, file: str, **changes: object) -> None:
    raw = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps({**raw, **changes}))


@pytest.mark.parametrize(
    ("file", "changes", "words"),
    [
        (
            "model_index.json",
            {"_class_name": "StableDiffusionPipeline"},
            "of class 'StableDiffusionPipeline'",
        ),
        (
            "scheduler/scheduler_config.json",
            {"beta_schedule": "squaredcos_cap_v2"},
            "beta_schedule 'squaredcos",
        ),
        ("scheduler/scheduler_config.json", {"prediction_type": "v_prediction"}, "prediction_type 'v_prediction'"),
        ("unet/config.json", {"act_fn": "gelu"}, "act_fn 'gelu'"),
        (
            "unet/config.json",
            {"down_block_types": ["DownBlock2D", "SkipDownBlock2D", "DownBlock2D"]},
            "down_block_types",
        ),
        ("unet/config.json", {"block_out_channels": [16, 32, 32]}, "weights cannot be read"),
        ("unet/config.json", {"layers_per_block": 3}, "weights cannot be read"),
        ("unet/config.json", {"sample_size": None}, "sample_size is None"),
        ("unet/config.json", {"norm_num_groups": 5}, "not a multiple of norm_groups"),
        ("unet/config.json", {"invented_later": 3}, "invented_later 3 (not known)"),
    ],
)
def test_what_was_not_made_by_the_prior_system_is_named(
    tmp_path: Path, file: str, changes: dict[str, object], words: str
) -> None:
    write_plain(tmp_path / "old")
    damaged(tmp_path / "old", file, **changes)
    with pytest.raises(ForeignModelError) as caught:
        import_model(tmp_path / "old", tmp_path / "new")
    assert words in str(caught.value) and "\n" not in str(caught.value)
    assert not (tmp_path / "new").exists()


def test_weights_that_are_missing_or_not_known_are_named(tmp_path: Path) -> None:
    write_plain(tmp_path / "old")
    file = tmp_path / "old" / "unet" / "diffusion_pytorch_model.bin"
    weights = torch.load(file, weights_only=True)
    torch.save({name: value for name, value in weights.items() if name != "conv_out.bias"}, file)
    with pytest.raises(ForeignModelError, match=r"1 weights are missing, such as conv_out.bias"):
        import_model(tmp_path / "old", tmp_path / "new")
    torch.save({**weights, "conv_extra.bias": torch.zeros(3)}, file)
    with pytest.raises(ForeignModelError, match=r"1 weights are not known, such as conv_extra.bias"):
        import_model(tmp_path / "old", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_damaged_weights_and_pickled_code_are_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (Path(tmp_path / "touched"),))  # type: ignore[return-value]

    write_plain(tmp_path / "old")
    weights = tmp_path / "old" / "unet" / "diffusion_pytorch_model.bin"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    assert run_here("import", tmp_path / "old", tmp_path / "new") == 1
    assert "weights cannot be read" in one_line(capsys)
    torch.save({"conv_in.weight": Evil()}, weights)
    assert run_here("import", tmp_path / "old", tmp_path / "new") == 1
    assert "weights cannot be read" in one_line(capsys)
    assert not (tmp_path / "touched").exists()
    weights.unlink()
    assert run_here("import", tmp_path / "old", tmp_path / "new") == 1
    assert "no weights; expected" in one_line(capsys)


def test_a_text_tower_of_another_width_or_without_its_tokenizer_is_named(tmp_path: Path) -> None:
    write_conditional(tmp_path / "old")
    shutil.copytree(tmp_path / "old", tmp_path / "wide")
    damaged(tmp_path / "wide", "unet/config.json", cross_attention_dim=24)
    with pytest.raises(ForeignModelError, match="attends to states of width 24, its text tower gives 16"):
        import_model(tmp_path / "wide", tmp_path / "new")
    shutil.rmtree(tmp_path / "old" / "tokenizer")
    with pytest.raises(ForeignModelError, match="tokenizer"):
        import_model(tmp_path / "old", tmp_path / "new")
    with pytest.raises(ForeignModelError, match="cannot be read"):
        import_model(tmp_path / "nowhere", tmp_path / "new")
    assert not (tmp_path / "new").exists()
