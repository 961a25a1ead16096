"""The numbers of an evaluation as papers tell them: each with its pictures and its interval."""

import pytest

from pd_assets.lib.rights.intervals import wilson
from pd_ml.bundle.measures import Measure, measures


def test_each_number_names_its_pictures_and_has_the_interval_of_its_kind() -> None:
    found = {one.name: one for one in measures(EVALUATION)}
    assert {name: one.slice for name, one in found.items()} == {
        "clip_retrieval.image_to_text.recall_at_1.chance": "held-out n=218",
        "clip_retrieval.image_to_text.recall_at_1.recall": "held-out n=218",
        "enlargement.gain_db.p": "held-out n=8",
        "enlargement.gain_db.value": "held-out n=8",
        "kid.floor_real_vs_real": "training n=96 against held-out n=218",
        "kid.generated": "generated n=96 against held-out n=218",
        "kid.p": "generated n=96 against held-out n=218",
        "memorisation.by_exposure.shown 1 to 4.share": "generated n=90",
        "memorisation.by_exposure.shown 1 to 4.share_of_copies": "",
        "memorisation.by_typicality.bands.most typical.share": "generated n=90",
        "memorisation.by_typicality.bands.most typical.share_of_copies": "",
        "memorisation.control_copies.share": "noised copies of training pictures n=96",
        "memorisation.control_held_out.share": "held-out n=109",
        "memorisation.generated.share": "generated n=96",
        "memorisation.held_out_floor.share": "held-out n=109",
        "memorisation.median_distance.generated": "",
        "memorisation.thresholds.expected_share": "held-out n=109",
        "memorisation_training_captions.generated.share": "generated for training captions n=64",
    }
    recall = found["clip_retrieval.image_to_text.recall_at_1.recall"]
    assert (recall.low, recall.high) == pytest.approx(wilson(recall.value, 218), abs=1e-4)
    assert found["memorisation.generated.share"].high == 0.038
    assert found["memorisation.by_exposure.shown 1 to 4.share_of_copies"].low == 0.4
    gain = found["enlargement.gain_db.value"]
    assert (gain.low, gain.high) == pytest.approx((1.25 - 0.196, 1.25 + 0.196))
    assert found["kid.generated"].low is None and found["clip_retrieval.image_to_text.recall_at_1.chance"].low is None


def test_what_is_missing_or_no_number_is_left_out() -> None:
    odd = {
        "a": {"value": None, "share": float("nan"), "accuracy": float("inf"), "flagged": True, "n": 0},
        "b": [1],
        "c": 3,
    }
    assert measures(odd) == () and measures({}) == ()
    assert measures({"a": {"accuracy": 0.5, "n": 0}}) == (Measure(name="a.accuracy", value=0.5, slice=""),)


SHARE = {"copies": 0, "flagged": False, "high": 0.038, "low": 0.0, "n": 96, "share": 0.0}
BAND = {
    "n": 90,
    "copies": 3,
    "share": 1 / 30,
    "low": 0.01,
    "high": 0.09,
    "share_of_training": 0.25,
    "training_pictures": 9,
}
BAND |= {"share_of_copies": 1.0, "copies_low": 0.4, "copies_high": 1.0}
EVALUATION = {
    "n": 96,
    "inputs": {"clip": "0" * 64},
    "sampling": {"guidance_scale": 2.0},
    "clip_retrieval": {"image_to_text": {"recall_at_1": {"at": 1, "chance": 0.005, "n": 218, "recall": 0.119}}},
    "enlargement": {"gain_db": {"n": 8, "p": 0.01, "standard_error": 0.1, "value": 1.25}},
    "kid": {"floor_real_vs_real": -0.008, "floor_std": 0.03, "generated": 0.02, "n": 96, "p": 0.2, "reference_n": 218},
    "memorisation": {
        "by_exposure": [
            {"shown_from": 1, "shown_to": 4, **BAND},
            {"shown_from": 5, "shown_to": 9, "n": 0, "share": None},
        ],
        "by_typicality": {"bands": [{"band": "most typical", "mean_distance": 0.1, **BAND}], "measured_on": 96},
        "exceeds_floor": False,
        "held_out_floor": {"share": 0.0, "high": 0.03, "n": 109},
        "control_copies": {**SHARE, "share": 1.0, "low": 0.96, "high": 1.0},
        "control_held_out": {**SHARE, "n": 109},
        "generated": SHARE,
        "measured_by": "pixels",
        "median_distance": {"generated": 0.25},
        "thresholds": {"calibrated_on": 109, "distance": 0.1, "expected_share": 0.009, "ratio": 0.5},
    },
    "memorisation_training_captions": {"generated": {**SHARE, "n": 64}},
}
