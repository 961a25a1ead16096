import pytest
import torch

from pd_ml.evaluation.metrics import binomial_p, matched_score, retrieval


def test_perfect_scores_are_perfect_recall_and_chance_is_one_in_n() -> None:
    found = retrieval(torch.eye(8), [str(number) for number in range(8)], at=1)
    assert (found.recall, found.chance, found.n) == (1.0, 0.125, 8)


@pytest.mark.parametrize("at", [1, 5])
def test_one_score_for_everything_is_exactly_chance(at: int) -> None:
    captions = ["a", "a", "b", "c", "d", "d", "d", "e", "f", "g"]
    found = retrieval(torch.ones(10, 10), captions, at=at)
    assert found.recall == pytest.approx(found.chance)


def test_another_picture_with_the_same_caption_is_a_right_answer() -> None:
    scores = torch.tensor([[0.0, 1.0, 0.5], [1.0, 0.0, 0.5], [0.0, 0.0, 1.0]])
    assert retrieval(scores, ["same", "same", "other"], at=1).recall == 1.0
    assert retrieval(scores, ["one", "two", "other"], at=1).recall == pytest.approx(1 / 3)


def test_binomial_p_is_the_exact_upper_tail() -> None:
    assert binomial_p(0, 10, 0.25) == pytest.approx(1.0)
    assert binomial_p(10, 10, 0.25) == pytest.approx(0.25**10)
    assert binomial_p(2, 3, 0.5) == pytest.approx(0.5)
    assert binomial_p(240, 240, 0.25) < 1e-100


def test_matched_pairs_score_above_the_null_and_shuffled_ones_do_not() -> None:
    vectors = torch.nn.functional.normalize(torch.randn(64, 16, generator=torch.Generator().manual_seed(0)), dim=1)
    assert matched_score(vectors, vectors, permutations=200, seed=0).p == pytest.approx(1 / 201)
    assert matched_score(vectors, vectors.roll(1, 0), permutations=200, seed=0).p > 0.05
