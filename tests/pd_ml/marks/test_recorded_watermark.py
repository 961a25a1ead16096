"""The watermark on real paintings, a few of each kind; tests/bench/marks.py measures on a thousand."""

from functools import cache

import numpy as np
import pytest
from PIL import Image

from pd_ml.marks import watermark
from tests.material import recorded
from tests.pd_ml.marks.test_watermark import ATTACKS, Pixels, is_found


@cache
def paintings(first: int) -> list[Pixels]:
    """Twelve from all over the folder, at the least size that is marked."""
    paths = sorted(recorded("art/images").iterdir())[first::200][:12]
    return [np.asarray(Image.open(path).convert("RGB").resize((256, 256))) for path in paths]


@pytest.mark.parametrize("attack", ["JPEG q50", "half", "crop"])
def test_marked_paintings_are_found_and_others_are_not(attack: str) -> None:
    assert all(is_found(ATTACKS[attack](watermark.embed(painting))) for painting in paintings(0))
    assert not any(is_found(ATTACKS[attack](painting)) for painting in paintings(100))
