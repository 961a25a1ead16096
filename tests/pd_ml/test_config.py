import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pd_ml.config import (
    ClipConfig,
    TowerConfig,
    TrainingConfig,
    UnetTextConfig,
    config_from_json,
    field_paths,
    to_json,
    with_overrides,
)
from pd_ml.errors import ConfigError
from pd_ml.recipes import RECIPES, STAGES, recipe
from tests.pd_ml.command import ROOT

ALL = [(stage, name) for stage in (*STAGES, "evaluate") for name in RECIPES]


@pytest.mark.parametrize(("stage", "name"), ALL)
def test_every_recipe_survives_its_json(stage: str, name: str) -> None:
    config = recipe(stage, name)
    assert config_from_json(stage, to_json(config)) == config


def test_a_wrong_recipe_lists_the_ones_that_exist() -> None:
    with pytest.raises(ConfigError, match="no recipe 'huge' for clip; there are debug, small, base"):
        recipe("clip", "huge")


def test_a_wrong_stage_lists_the_ones_that_exist() -> None:
    with pytest.raises(
        ConfigError, match="no stage 'gan'; there are tokenizer, clip, unet, unet_text, transformer, vae"
    ):
        recipe("gan", "debug")


def test_an_override_reaches_nested_fields_by_path_and_by_unique_name() -> None:
    config = with_overrides(recipe("unet_text", "debug"), ["training.steps=7", "batch_size=3", "channels=[16, 32, 64]"])
    assert isinstance(config, UnetTextConfig)
    assert (config.training.steps, config.training.batch_size, config.channels) == (7, 3, (16, 32, 64))


def test_an_override_can_take_the_average_away() -> None:
    config = with_overrides(recipe("unet_text", "debug"), ["ema_decay=null"])
    assert isinstance(config, UnetTextConfig)
    assert config.training.ema_decay is None


def test_every_wrong_override_is_named_in_one_error() -> None:
    with pytest.raises(ConfigError) as caught:
        with_overrides(recipe("clip", "debug"), ["stepz=3", "width=8", "nonsense"])
    message = str(caught.value)
    assert "no field 'stepz'; there are patch_size, " in message
    assert "'width' could be image_tower.width or text_tower.width" in message
    assert "'nonsense' is not field=value" in message


@pytest.mark.parametrize(
    "override", ["steps=many", "steps=1.5", "steps=true", "device=3", "learning_rate=-1", "beta2=1"]
)
def test_an_ill_typed_or_impossible_value_is_refused(override: str) -> None:
    with pytest.raises(ConfigError, match=override.split("=")[0]):
        with_overrides(recipe("clip", "debug"), [override])


def test_a_config_that_cannot_be_built_into_a_network_is_refused_at_once() -> None:
    with pytest.raises(ConfigError, match="width 20 is not a multiple of heads 3"):
        TowerConfig(width=20, layers=1, heads=3)
    with pytest.raises(ConfigError, match="cannot be halved 2 times"):
        UnetTextConfig(image_size=18, channels=(64, 64, 64), attention=(False, False, True))


def test_json_with_an_unknown_field_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"no field training\.pace"):
        config_from_json("clip", json.dumps({"training": {"pace": 1}}))


@given(
    steps=st.integers(1, 10**9),
    learning_rate=st.floats(1e-9, 1e3, allow_nan=False),
    ema_decay=st.one_of(st.none(), st.floats(0.01, 0.999)),
    device=st.sampled_from(["auto", "cpu", "cuda"]),
)
def test_any_valid_training_config_survives_its_json(
    steps: int, learning_rate: float, ema_decay: float | None, device: str
) -> None:
    training = TrainingConfig(steps=steps, learning_rate=learning_rate, ema_decay=ema_decay, device=device)
    config = ClipConfig(training=training)
    assert config_from_json("clip", to_json(config)) == config


def test_field_paths_name_nested_fields_with_dots() -> None:
    fixed = {"text_max_position_embeddings", "vision_image_size"}
    assert {"vocab_size", *fixed} <= set(field_paths(recipe("tokenizer", "debug")))
    assert "training.seed" in field_paths(recipe("clip", "debug"))


def test_config_recipes_and_provenance_load_without_torch() -> None:
    code = "import sys, pd_ml.config, pd_ml.recipes, pd_ml.provenance, pd_ml.data.loader; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
