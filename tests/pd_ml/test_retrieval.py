"""Recall and zero-shot accuracy beside their chance, on scores whose answer is known."""

import random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pd_ml.evaluation.retrieval import recall, retrieval
from pd_ml.evaluation.zero_shot import frequent_labels, holds, labels_of, zero_shot


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


@given(st.integers(1, 6), st.integers(2, 9), st.integers(1, 9), st.randoms(use_true_random=False))
def test_scores_that_know_nothing_reach_chance_whatever_is_right(
    queries: int, answers: int, at: int, rng: random.Random
) -> None:
    right = torch.tensor([[rng.random() < 0.3 for _ in range(answers)] for _ in range(queries)])
    right[:, 0] = True
    found = recall(torch.zeros(queries, answers), right, at=at)
    assert found.recall == pytest.approx(found.chance)
    assert recall(right.float(), right, at=at).recall == 1.0


CAPTIONS = [("A boat, blue sky",), ("A boat, grey sky", "Sea, oil on canvas"), ("A tree, blue sky",), ("A dog",)]
SPACE = {"boat": 0, "tree": 1, "sea": 0}


def embed(captions: object) -> torch.Tensor:
    assert isinstance(captions, tuple)
    rows = [
        [float(any(word in c.lower() for word, at in SPACE.items() if at == axis)) for axis in (0, 1)] for c in captions
    ]
    return torch.tensor(rows)


def test_a_label_is_told_by_the_pictures_whose_captions_name_it() -> None:
    labels = labels_of(["boat", "tree"], CAPTIONS, seed=0)
    assert labels.prompts[1] == ("A tree, blue sky",)
    images = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    found = zero_shot(images, CAPTIONS, labels, embed)
    assert found is not None
    assert (found.accuracy, found.chance, found.labels, found.n) == (1.0, 0.5, 2, 3)
    blind = zero_shot(torch.ones(4, 2), CAPTIONS, labels, embed)
    assert blind is not None and blind.accuracy == pytest.approx(blind.chance)
    wrong = zero_shot(images.flip(1), CAPTIONS, labels, embed)
    assert wrong is not None and wrong.accuracy == 0.0


def test_any_of_several_labels_of_a_picture_is_right() -> None:
    labels = labels_of(["boat", "sea", "tree"], CAPTIONS, seed=0)
    found = zero_shot(torch.tensor([[1.0, 0.0]] * 4), CAPTIONS, labels, embed)
    assert found is not None
    assert found.chance == pytest.approx((1 / 3 + 2 / 3 + 1 / 3) / 3)
    # Boat and sea lie at one place: half right for the first picture, right for the second, wrong for the tree.
    assert found.accuracy == pytest.approx((1 / 2 + 1 + 0) / 3)


def test_without_labels_to_choose_between_nothing_is_measured() -> None:
    assert zero_shot(torch.ones(4, 2), CAPTIONS, labels_of(["boat"], CAPTIONS, seed=0), embed) is None
    assert zero_shot(torch.ones(4, 2), CAPTIONS, labels_of(["cat", "cow"], CAPTIONS, seed=0), embed) is None


def test_labels_are_the_pieces_that_recur_but_are_not_on_most_pictures() -> None:
    captions = [(f"View {number}, oil on canvas, {'Delft' if number % 3 else 'Rome'}",) for number in range(30)]
    labels = frequent_labels(captions, seed=0)
    assert labels.phrases == ("rome",)
    assert all("Rome" in prompt for prompt in labels.prompts[0])
    assert frequent_labels(captions, seed=0) == labels


def test_a_label_is_found_as_whole_words_only() -> None:
    assert holds("A Boat.", "boat") and holds("l'été (Paris)", "été")
    assert not holds("two boats", "boat") and not holds("scarlet", "car")
