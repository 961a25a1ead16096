import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from pd_ml.data.loader import decode_square
from pd_ml.errors import EvaluationError
from pd_ml.evaluation.memorisation import Copies, Pixels, calibrated, copies, exceeds, known_copies, nearness
from pd_ml.evaluation.memorisation import audit as audit_of
from pd_ml.evaluation.metrics import wilson_interval
from pd_ml.evaluation.originals import Counts, originals
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


def audit(drawn: Pixels, held_out: Pixels, train: Pixels, shown: Counts | str = "not told") -> dict[str, object]:
    known = originals(train, shown, seed=0, device=CPU)
    return audit_of(nearness(drawn, train, CPU), held_out, known, seed=0, device=CPU)


def bands(found: object) -> list[dict[str, float]]:
    assert isinstance(found, list)
    return found


def blurred(pixels_HWC: Pixels, radius_px: float) -> Pixels:
    return np.asarray(Image.fromarray(pixels_HWC).filter(ImageFilter.GaussianBlur(radius_px)))


def share(found: dict[str, object], name: str) -> float:
    entry = found[name]
    assert isinstance(entry, dict)
    return float(entry["share"])


def test_new_pictures_are_not_flagged_and_the_controls_come_out_as_known(train: Pixels, held_out: Pixels) -> None:
    found = audit(paintings(600, 128), held_out, train)
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
    found = audit(returned, held_out, train)
    assert share(found, "generated") >= 0.9


def test_a_model_that_returns_some_training_pictures_is_flagged(train: Pixels, held_out: Pixels) -> None:
    mixed = np.concatenate([paintings(600, 90), train[:10]])
    found = audit(mixed, held_out, train)
    generated = found["generated"]
    assert isinstance(generated, dict)
    assert generated["flagged"] and 0.1 <= generated["share"] <= 0.15


def test_grey_pictures_are_near_to_everything_and_copies_of_nothing(train: Pixels, held_out: Pixels) -> None:
    grey = np.full((64, 32, 32, 3), 128, dtype=np.uint8)
    for pixels in (grey, np.stack([blurred(one, 8) for one in held_out])):
        found = audit(pixels, held_out, train)
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
        audit(held_out, held_out[:3], train)


def test_the_interval_of_a_share_stays_within_0_and_1() -> None:
    low, high = wilson_interval(0, 100)
    assert low == 0 and high == pytest.approx(0.037, abs=1e-3)
    assert wilson_interval(100, 100)[1] == pytest.approx(1)


def test_copies_of_the_pictures_that_were_shown_most_are_told_by_their_exposure(
    train: Pixels, held_out: Pixels
) -> None:
    shown = np.concatenate([np.zeros(40, np.int64), np.tile([3, 4, 5], 117), np.full(9, 60)])[: len(train)]
    drawn = np.concatenate([paintings(600, 60), np.tile(train[shown == 60], (4, 1, 1, 1))])
    found = bands(audit(drawn, held_out, train, shown)["by_exposure"])
    assert [(band["shown_from"], band["shown_to"]) for band in found] == [(0, 0), (3, 3), (4, 4), (5, 5), (60, 60)]
    assert [band["training_pictures"] for band in found] == [40, 117, 117, 117, 9]
    assert sum(band["n"] for band in found) == len(drawn)
    most = found[-1]
    assert most["copies"] >= 35 and most["share"] > 0.9 and most["low"] > 0.8
    assert most["share_of_copies"] > 0.9 > 0.03 > most["share_of_training"]
    assert all(band["share"] is None or band["share"] < 0.1 for band in found[:-1])


def test_many_different_exposures_are_quarters_with_the_most_shown_hundredth_apart(
    train: Pixels, held_out: Pixels
) -> None:
    shown = np.arange(400) - 100
    found = bands(audit(train[-3:], held_out, train, np.maximum(shown, 0))["by_exposure"])
    assert found[0]["shown_to"] == 0 and found[-1]["shown_to"] == 299
    assert [band["training_pictures"] for band in found] == [101, 75, 75, 74, 72, 3]
    assert [band["copies"] for band in found] == [0, 0, 0, 0, 0, 3]


def test_pictures_that_were_all_shown_equally_often_are_one_band(train: Pixels, held_out: Pixels) -> None:
    (band,) = bands(audit(train[:20], held_out, train, np.full(len(train), 7))["by_exposure"])
    assert (band["shown_from"], band["shown_to"], band["copies"], band["share_of_copies"]) == (7, 7, 20, 1)


def test_where_the_exposure_is_unknown_the_report_says_why(train: Pixels, held_out: Pixels) -> None:
    assert audit(train[:20], held_out, train, "no ledger")["by_exposure"] == {"unknown": "no ledger"}


def test_copies_of_typical_pictures_are_told_by_their_typicality(train: Pixels, held_out: Pixels) -> None:
    spread = originals(train, "", seed=0, device=CPU).spread_M
    for place, order in (("most typical", spread.argsort()), ("least typical", spread.argsort(descending=True))):
        found = audit(train[order[:60].numpy()], held_out, train)["by_typicality"]
        assert isinstance(found, dict) and found["measured_on"] == len(train)
        by_name = {band["band"]: band for band in found["bands"]}
        assert by_name[place]["share_of_copies"] == 1 and by_name[place]["copies"] >= 55
        assert by_name[place]["share_of_training"] == pytest.approx(1 / 3, abs=0.01)


def test_typicality_is_measured_on_a_bounded_sample_of_a_larger_set_and_the_same_each_time() -> None:
    many = np.random.default_rng(0).integers(0, 255, (6000, 4, 4, 3), dtype=np.uint8)
    one, other = (originals(many, "", seed=3, device=CPU) for _ in range(2))
    assert len(one.spread_M) == 4096 and torch.equal(one.spread_M, other.spread_M)
    assert torch.allclose(one.spread_of(one.chosen_M[:50]), one.spread_M[:50], atol=1e-6)


def test_the_floor_is_exceeded_by_many_copies_and_not_by_one(train: Pixels, held_out: Pixels) -> None:
    few = audit(np.concatenate([paintings(600, 63), train[:1]]), held_out, train)
    many = audit(np.concatenate([paintings(600, 50), train[:14]]), held_out, train)
    assert few["exceeds_floor"] is False and many["exceeds_floor"] is True
    control = few["control_held_out"]
    assert isinstance(control, dict)
    assert few["held_out_floor"] == {name: control[name] for name in ("share", "high", "n")}


def test_the_floor_is_exceeded_too_where_held_out_pictures_come_less_near_than_was_calibrated_for() -> None:
    def told(hits: int, total: int) -> Copies:
        low, high = wilson_interval(hits, total)
        return Copies(share=hits / total, low=low, high=high, copies=hits, n=total, p=0.02, flagged=False)

    assert exceeds(told(17, 1000), told(0, 500))
    assert not exceeds(told(17, 1000), told(4, 500)) and not exceeds(told(1, 24), told(0, 100))
