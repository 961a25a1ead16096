import pytest
import torch

from pd_ml.evaluation.metrics import binomial_p, matched_score


def test_binomial_p_is_the_exact_upper_tail() -> None:
    assert binomial_p(0, 10, 0.25) == pytest.approx(1.0)
    assert binomial_p(10, 10, 0.25) == pytest.approx(0.25**10)
    assert binomial_p(2, 3, 0.5) == pytest.approx(0.5)
    assert binomial_p(240, 240, 0.25) < 1e-100


def test_matched_pairs_score_above_the_null_and_shuffled_ones_do_not() -> None:
    vectors = torch.nn.functional.normalize(torch.randn(64, 16, generator=torch.Generator().manual_seed(0)), dim=1)
    assert matched_score(vectors, vectors, permutations=200, seed=0).p == pytest.approx(1 / 201)
    assert matched_score(vectors, vectors.roll(1, 0), permutations=200, seed=0).p > 0.05
