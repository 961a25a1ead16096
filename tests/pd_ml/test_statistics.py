from pathlib import Path

import numpy as np
import pytest

from pd_ml.data.loader import Examples, open_split
from pd_ml.data.statistics import colours, picture_numbers


def examples(array_NHWC: np.ndarray) -> Examples:
    count = len(array_NHWC)
    return Examples(
        split="train",
        array_NHWC=array_NHWC,
        rows=np.arange(count),
        captions=(("a",),) * count,
        item_ids=tuple(map(str, range(count))),
    )


def test_colours_are_those_of_all_pixels(dataset: Path, tmp_path: Path) -> None:
    train = open_split(dataset, "train", image_size=16, cache=tmp_path)
    found = colours(train)
    pixels = np.asarray(train.array_NHWC, dtype=np.float64) / 255
    assert found.mean == pytest.approx(pixels.mean((0, 1, 2)), abs=1e-6)
    assert found.std == pytest.approx(pixels.std((0, 1, 2)), abs=1e-6)


def test_a_channel_that_never_changes_can_still_be_divided_by() -> None:
    assert colours(examples(np.full((3, 2, 2, 3), 255, dtype=np.uint8))).std == pytest.approx((1 / 255,) * 3, abs=1e-6)


def test_the_same_pixels_are_the_same_picture() -> None:
    array = np.arange(5, dtype=np.uint8)[[0, 1, 0, 3, 1]].repeat(12).reshape(5, 2, 2, 3)
    assert picture_numbers(examples(array)).tolist() == [0, 1, 0, 2, 1]
