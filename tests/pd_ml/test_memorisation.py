import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from pd_ml.data.loader import decode_square
from pd_ml.errors import EvaluationError
from pd_ml.evaluation.memorisation import Pixels, audit, calibrated, copies, known_copies, nearness, wilson_interval
from tests.pd_ml.paintings import paint

CPU = torch.device("cpu")


def paintings(start: int, count: int) -> Pixels:
    return np.stack([decode_square(paint(number).jpeg, 32, name="x") for number in range(start, start + count)])


@pytest.fixture(scope="module")
def train() -> Pixels:
    return paintings(0, 400)


@pytest.fixture(scope="module")
def held_out() -> Pixels:
    return paintings(400, 200)


def blurred(pixels_HWC: Pixels, radius_px: float) -> Pixels:
    return np.asarray(Image.fromarray(pixels_HWC).filter(ImageFilter.GaussianBlur(radius_px)))


def share(found: dict[str, object], name: str) -> float:
    entry = found[name]
    assert isinstance(entry, dict)
    return float(entry["share"])


def test_new_pictures_are_not_flagged_and_the_controls_come_out_as_known(train: Pixels, held_out: Pixels) -> None:
    found = audit(nearness(paintings(600, 128), train, CPU), held_out, train, seed=0, device=CPU)
    assert share(found, "generated") <= 0.05
    assert share(found, "control_held_out") <= 0.05
    assert share(found, "control_copies") >= 0.95
    generated, known = found["generated"], found["control_copies"]
    assert isinstance(generated, dict) and isinstance(known, dict)
    assert not generated["flagged"] and known["flagged"]


@pytest.mark.parametrize("change", ["none", "noise", "blurred", "brighter"])
def test_a_model_that_returns_training_pictures_is_flagged(train: Pixels, held_out: Pixels, change: str) -> None:
    returned = train[::4].copy()
    if change == "noise":
        returned = known_copies(train, 100, seed=5)
    elif change == "blurred":
        returned = np.stack(
            [np.asarray(Image.fromarray(one).filter(ImageFilter.GaussianBlur(0.5))) for one in returned]
        )
    elif change == "brighter":
        returned = np.clip(returned.astype(int) + 6, 0, 255).astype(np.uint8)
    found = audit(nearness(returned, train, CPU), held_out, train, seed=0, device=CPU)
    assert share(found, "generated") >= 0.9


def test_a_model_that_returns_some_training_pictures_is_flagged(train: Pixels, held_out: Pixels) -> None:
    mixed = np.concatenate([paintings(600, 90), train[:10]])
    found = audit(nearness(mixed, train, CPU), held_out, train, seed=0, device=CPU)
    generated = found["generated"]
    assert isinstance(generated, dict)
    assert generated["flagged"] and 0.1 <= generated["share"] <= 0.15


def test_grey_pictures_are_near_to_everything_and_copies_of_nothing(train: Pixels, held_out: Pixels) -> None:
    grey = np.full((64, 32, 32, 3), 128, dtype=np.uint8)
    for pixels in (grey, np.stack([blurred(one, 8) for one in held_out])):
        found = audit(nearness(pixels, train, CPU), held_out, train, seed=0, device=CPU)
        assert share(found, "generated") <= 0.05


def test_the_nearest_training_picture_is_found_whatever_the_size_of_the_set(train: Pixels) -> None:
    many = np.concatenate([np.zeros((5000, 8, 8, 3), np.uint8), train[:, ::4, ::4]])
    found = nearness(train[[7, 300], ::4, ::4], many, CPU)
    assert found.number_NK[:, 0].tolist() == [5007, 5300]
    assert found.distance_NK[:, 0].tolist() == pytest.approx([0, 0], abs=1e-3)


def test_thresholds_are_an_order_statistic_with_a_known_chance(train: Pixels, held_out: Pixels) -> None:
    thresholds = calibrated(nearness(held_out, train, CPU))
    assert thresholds.expected_share == pytest.approx(2 / 201)
    assert copies(nearness(held_out, train, CPU), thresholds).copies <= 2


def test_too_few_pictures_are_a_named_error(train: Pixels, held_out: Pixels) -> None:
    with pytest.raises(EvaluationError, match="1 training pictures, expected at least 2"):
        nearness(held_out, train[:1], CPU)
    with pytest.raises(EvaluationError, match="3 held-out pictures, expected at least 4"):
        audit(nearness(held_out, train, CPU), held_out[:3], train, seed=0, device=CPU)


def test_the_interval_of_a_share_stays_within_0_and_1() -> None:
    low, high = wilson_interval(0, 100)
    assert low == 0 and high == pytest.approx(0.037, abs=1e-3)
    assert wilson_interval(100, 100)[1] == pytest.approx(1)
