"""The distance of pictures to their own originals: unbiased, and decided where unpaired sets leave it to chance."""

import pytest
import torch
from torch import Tensor

from pd_ml.evaluation.distribution import mmd
from pd_ml.evaluation.paired import estimate, pair_terms


def points(count: int, seed: int) -> Tensor:
    return torch.randn(count, 4, generator=torch.Generator().manual_seed(seed))


def test_equal_pictures_are_at_zero() -> None:
    real = points(50, 0)
    found = estimate(pair_terms(real, real.clone(), width=2.0), seed=0)
    assert (found.value, found.n) == (pytest.approx(0, abs=1e-12), 50)


def test_of_independent_points_it_is_what_mmd_of_two_sets_is_but_for_chance() -> None:
    made, real = points(400, 0) + 0.5, points(400, 1)
    found = estimate(pair_terms(made, real, width=2.0), seed=0)
    assert found.value == pytest.approx(mmd(made, real, width=2.0), abs=2e-3)
    assert found.p < 1e-6


def test_a_shift_that_two_sets_leave_to_chance_is_decided_by_pairs_with_an_honest_error() -> None:
    truth = mmd(points(3000, 100) + 0.05, points(3000, 101), width=2.0)
    found = []
    for seed in range(20):
        real = points(100, seed)
        made = real + 0.05 + 0.02 * points(100, seed + 500)
        found.append(estimate(pair_terms(made, real, width=2.0), seed=0))
    values = torch.tensor([one.value for one in found])
    assert all(one.p < 0.01 for one in found)
    assert float(values.mean()) == pytest.approx(truth, abs=3e-4)
    assert 0.4 < float(values.std()) / found[0].standard_error < 2.5


def test_noise_that_leaves_the_distribution_as_it_is_is_seen_as_none_on_average() -> None:
    """Turned by any angle, a round cloud of points stays the same cloud."""
    values = []
    for seed in range(30):
        real = points(100, seed)
        turned = torch.stack([real[:, 1], -real[:, 0], real[:, 3], -real[:, 2]], dim=1)
        values.append(estimate(pair_terms(turned, real, width=2.0), seed=0).value)
    assert abs(sum(values) / len(values)) < 2e-3


def test_the_better_of_two_ways_is_told_by_the_difference_of_their_terms() -> None:
    real = points(200, 0)
    far, near = (pair_terms(real + shift, real, width=2.0) for shift in (0.2, 0.1))
    assert estimate(far - near, seed=0).p < 1e-6
    assert estimate(near - far, seed=0).p > 0.999
