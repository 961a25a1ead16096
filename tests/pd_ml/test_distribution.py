import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from pd_ml.evaluation.distribution import distance, frechet, kid, median_distance, mmd, overlap


def points(count: int, *, seed: int, shift: float = 0.0, spread: float = 1.0) -> Tensor:
    return torch.randn(count, 4, generator=torch.Generator().manual_seed(seed)) * spread + shift


def on_sphere(count: int, *, seed: int, shift: float = 0.0) -> Tensor:
    return functional.normalize(points(count, seed=seed, shift=shift), dim=1)


def test_mmd_is_about_zero_for_equal_and_large_for_different_distributions() -> None:
    left, right = points(300, seed=0), points(300, seed=1)
    width = median_distance(left)
    assert abs(mmd(left, right, width=width)) < 5e-3
    assert mmd(left, right + 1, width=width) > 0.1


def test_mmd_of_two_points_is_what_the_formula_says() -> None:
    left, right = torch.tensor([[0.0], [1.0]]), torch.tensor([[0.0], [1.0]])
    kernel = math.exp(-0.5)
    assert mmd(left, right, width=1.0) == pytest.approx(2 * kernel - (1 + kernel))


def test_kid_is_unbiased_and_sees_a_shift() -> None:
    same = [kid(on_sphere(40, seed=seed), on_sphere(40, seed=seed + 100)) for seed in range(60)]
    assert sum(same) / len(same) == pytest.approx(0, abs=0.02)
    assert kid(on_sphere(200, seed=0), on_sphere(200, seed=1, shift=1.0)) > 0.5


def test_kid_of_two_points_is_what_the_formula_says() -> None:
    x = torch.eye(2)
    # Pairs within: cosine 0, so 1; between: half of them 8, half 1.
    assert kid(x, x) == pytest.approx(1 + 1 - 2 * (8 + 1) / 2)


def test_the_floor_is_that_of_real_points_and_tells_chance_from_difference() -> None:
    reference, real = points(400, seed=0), points(400, seed=1)

    def measure(left: Tensor, right: Tensor) -> float:
        return mmd(left, right, width=3.0)

    honest = distance(measure, points(100, seed=2), reference, real, seed=0)
    shifted = distance(measure, points(100, seed=2, shift=0.5), reference, real, seed=0)
    assert honest.floor_real_vs_real == shifted.floor_real_vs_real == pytest.approx(0, abs=0.01)
    assert honest.p > 0.05 and shifted.p == pytest.approx(1 / 21)
    assert shifted.generated > 5 * shifted.floor_std
    assert (honest.n, honest.reference_n) == (100, 400)


def test_equal_distributions_overlap() -> None:
    found = overlap(points(400, seed=0), points(400, seed=1))
    assert found.precision > 0.85 and found.recall > 0.85 and found.coverage > 0.85
    assert found.density == pytest.approx(1, abs=0.15)


def test_a_few_pictures_again_and_again_are_precise_and_cover_nothing() -> None:
    real = points(400, seed=0)
    repeated = points(8, seed=0).repeat(50, 1) + 0.01 * points(400, seed=3)
    found = overlap(repeated, real)
    assert found.precision > 0.95
    assert found.recall < 0.1 and found.coverage < 0.3


def test_far_away_points_do_not_overlap() -> None:
    found = overlap(points(50, seed=0, shift=50.0), points(50, seed=1))
    assert (found.precision, found.recall, found.density, found.coverage) == (0, 0, 0, 0)


def test_few_points_have_fewer_neighbours() -> None:
    assert overlap(points(3, seed=0), points(30, seed=1)).neighbours == 2


def test_frechet_distance_of_gaussians_is_what_the_formula_says() -> None:
    left, right = points(40_000, seed=0), points(40_000, seed=1, shift=1.0, spread=2.0)
    # |1 - 0|^2 in 4 dimensions, and (2 - 1)^2 in each.
    assert frechet(left, right) == pytest.approx(8, rel=0.03)
    assert frechet(left, left) == pytest.approx(0, abs=1e-6)
