import json
from pathlib import Path

import numpy as np
import pytest

from pd_ml.data.loader import decode_square
from pd_ml.errors import EvaluationError
from pd_ml.evaluation.attributes import colour_accuracy, named_value, read_attributes, seen_values
from tests.pd_ml.paintings import ATTRIBUTES, paint


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "attributes.json"
    path.write_text(json.dumps(ATTRIBUTES))
    return path


def test_real_paintings_show_what_their_captions_name(file: Path) -> None:
    paintings = [paint(number) for number in range(128)]
    pixels = np.stack([decode_square(painting.jpeg, 16, name="x") for painting in paintings])
    for attribute in read_attributes(file):
        found = colour_accuracy(attribute, pixels, [painting.captions[0] for painting in paintings])
        assert (found.n, found.left_out, found.chance) == (128, 0, 0.25)
        assert found.accuracy > 0.99


def test_a_caption_that_names_no_value_or_two_is_left_out(file: Path) -> None:
    sky = read_attributes(file)[0]
    assert named_value(sky, "BLUE SKY over a boat") == "blue"
    assert named_value(sky, "a boat") is None
    assert named_value(sky, "a blue sky and a grey sky") is None
    blue = np.full((3, 16, 16, 3), (90, 160, 230), dtype=np.uint8)
    found = colour_accuracy(sky, blue, ["blue sky", "a boat", "grey sky"])
    assert (found.hits, found.n, found.left_out) == (1, 2, 1)


def test_each_region_is_its_quarter(file: Path) -> None:
    sky, ground = read_attributes(file)
    pixels = np.zeros((1, 16, 16, 3), dtype=np.uint8)
    pixels[:, :4], pixels[:, -4:] = (236, 148, 64), (236, 238, 242)
    assert (seen_values(sky, pixels), seen_values(ground, pixels)) == (["orange"], ["white"])


def test_captions_that_never_name_a_value_are_an_error(file: Path) -> None:
    with pytest.raises(EvaluationError, match="no caption names exactly one of 'blue sky'"):
        colour_accuracy(read_attributes(file)[0], np.zeros((1, 16, 16, 3), dtype=np.uint8), ["a boat"])


@pytest.mark.parametrize(
    "text", ["", "[]", '{"attributes": {"sky": {"region": "left", "values": {}}}}', '{"attributes": {"sky": {}}}']
)
def test_a_wrong_file_is_named_with_the_shape_it_should_have(tmp_path: Path, text: str) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(text)
    with pytest.raises(EvaluationError, match="not an attribute file"):
        read_attributes(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"none\.json"):
        read_attributes(tmp_path / "none.json")
