"""What people type is read as a wish, or told beside its field what was found and what is expected."""

from dataclasses import replace
from pathlib import Path

import pytest

from pd_assets.lib.drawing.asking import LONGEST_PROMPT, MOST_SEED, Read, read
from pd_assets.lib.drawing.kept import Kept
from pd_assets.lib.drawing.models import chosen, drawers
from pd_assets.lib.drawing.starts import Starts
from pd_assets.lib.drawing.wish import MASKED_STRENGTH, STRENGTH, Wish, as_json, from_json
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_ml.provenance import RUN, TRAIN_CONFIG
from tests.pd_assets.lib.drawing.planted import SIZE_PX, VERSION, plant_model


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = open_home(tmp_path / "home")
    plant_model(home)
    return home


def typed(home: Home, **fields: str) -> Read:
    found = drawers(home, free_licence="CC0-1.0")
    return read(Starts(home, Kept.of(home), "strict"), found, {"prompt": "a boat", **fields})


def test_what_is_left_empty_is_the_models_own_and_the_seed_is_new(home: Home) -> None:
    wishes = [typed(home).wish for _ in range(2)]
    assert all(wishes)
    one, other = (wish for wish in wishes if wish)
    assert (one.stage, one.version, one.width, one.height, one.n) == ("unet_text", VERSION, SIZE_PX, SIZE_PX, 1)
    assert one.steps and one.guidance and one.seed != other.seed


def test_all_that_was_typed_stands_in_the_wish(home: Home) -> None:
    fields = {"seed": str(MOST_SEED), "steps": "7", "guidance": "3,5", "width": "32", "height": "8", "n": "4"}
    wish = typed(home, model="unet_text", negative_prompt=" fog \n and rain", **fields).wish
    assert wish is not None
    assert (wish.seed, wish.steps, wish.guidance, wish.n) == (MOST_SEED, 7, 3.5, 4)
    assert (wish.width, wish.height, wish.negative_prompt) == (32, 8, "fog and rain")
    assert from_json(as_json(wish)) == wish
    assert f"seed={MOST_SEED}" in wish.again and "seed" not in wish.another


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("prompt", "", "nothing was typed"),
        ("prompt", "word " * 10_000, "10,000 words, 49,999 characters; expected at most 2,000"),
        ("prompt", "a \x07 bell", "cannot be printed"),
        ("prompt", "\u200c\u202e", "nothing was typed"),
        ("negative_prompt", "x" * (LONGEST_PROMPT + 1), "expected at most"),
        ("steps", "0", "from 1 to 1,000"),
        ("steps", "1000000000", "from 1 to 1,000"),
        ("steps", "9" * 5_000, "from 1 to 1,000"),
        ("guidance", "nan", "from 0 to 50"),
        ("guidance", "inf", "from 0 to 50"),
        ("seed", str(2**63), "from 0 to"),
        ("seed", "-1", "from 0 to"),
        ("n", "5", "from 1 to 4"),
        ("width", "17", "multiples of 2 pixels, such as 16"),
        ("height", "1024", f"from {SIZE_PX // 2} to {2 * SIZE_PX}"),
        ("model", "unet_text/ffff", "no model here is called 'unet_text/ffff'"),
        ("model", "clip", "there are: unet_text/"),
        ("start", "commons:M99", "icture here is called"),
        ("start", "given:" + "0" * 64, "not kept any more"),
        ("start", "drawn:20260101-000000000000-00000000/0", "not kept any more"),
        ("start", "given:../../../etc/passwd", "not kept any more"),
        ("mask", "given:" + "0" * 64, "not kept any more"),
        ("left", "120", "expected 0 to 100"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_cannot_be_drawn_is_told_beside_its_field(home: Home, field: str, value: str, said: str) -> None:
    found = typed(home, **{field: value})
    assert found.wish is None
    assert said in found.problems["mask" if field == "left" else field]


def test_a_rectangle_needs_a_picture_to_begin_with(home: Home) -> None:
    found = typed(home, left="10", top="10", across="50", down="50")
    assert "no picture to begin with" in found.problems["mask"]


def test_a_rectangle_beside_a_painted_part_is_told_to_be_one_too_many(home: Home) -> None:
    given = Kept.of(home).give(b"a mask")
    found = typed(home, mask=f"given:{given}", left="10", top="10", across="50", down="50")
    assert "a rectangle is typed and a part is painted over" in found.problems["mask"]


def test_words_are_joined_and_parted_as_their_script_does_and_what_turns_the_text_around_is_left_out(
    home: Home,
) -> None:
    wish = typed(home, prompt="\ufeffمی\u200cخواهم \u202ea \U0001f469\u200d\U0001f3a8").wish
    assert wish is not None and wish.prompt == "می\u200cخواهم a \U0001f469\u200d\U0001f3a8"


def test_a_strength_that_nobody_chose_is_left_to_what_is_drawn_next() -> None:
    plain = Wish(stage="unet", version="v1", start="picture:a", strength=STRENGTH)
    masked = replace(plain, mask="rect:0,0,50,50", strength=MASKED_STRENGTH)
    addresses = [one.again for one in (plain, masked, plain.begun_with("drawn:b/0"), masked.begun_with("drawn:b/0"))]
    assert not any("strength" in one for one in addresses)
    assert "strength=0.3" in replace(masked, strength=0.3).begun_with("drawn:b/0").again


def test_a_strength_says_nothing_where_there_is_no_picture_to_begin_with(home: Home) -> None:
    assert typed(home, strength="17").wish is not None


def test_a_model_of_another_version_and_one_that_is_damaged_say_so_and_the_others_draw(home: Home) -> None:
    other = plant_model(home, version="f" * 16, is_latest=False)
    (other / TRAIN_CONFIG).write_text('{"of_another_time": 1}')
    damaged = plant_model(home, version="e" * 16, is_latest=False)
    (damaged / RUN).write_text("{")
    found = drawers(home, free_licence="CC0-1.0")
    assert (found[0].version, found[0].problem) == (VERSION, "")
    assert sorted(one.version for one in found if one.problem) == ["e" * 16, "f" * 16]
    assert chosen(found, "").version == VERSION
    with pytest.raises(ConfigError, match=r"cannot be used: .*of_another_time"):
        chosen(found, "unet_text/ffff")


def test_a_wish_of_another_version_is_none() -> None:
    with pytest.raises(ConfigError, match="draw it anew"):
        from_json({**as_json(Wish(stage="unet", version="v1")), "more": 1})
