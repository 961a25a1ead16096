"""Words that a model never learnt are told, with near ones; the captions are read once for a dataset version."""

import shutil
from pathlib import Path

import pytest

from pd_assets.lib.drawing import words
from pd_assets.lib.drawing.words import Unknown, Vocabulary, frequent, unknown_words, vocabulary, words_of
from pd_assets.lib.home import Home, open_home
from tests.pd_assets.lib.drawing.planted import DATASET, plant_dataset


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


def test_words_are_split_without_signs_and_folded() -> None:
    assert list(words_of("L’Été: two red-roofed HOUSES, don't! 1889 _x_")) == [
        "l'été", "two", "red", "roofed", "houses", "don't", "1889", "x",
    ]  # fmt: skip


def test_words_that_stand_in_no_caption_are_told_with_near_ones() -> None:
    known = Vocabulary({"a": 90, "mountain": 9, "mountains": 3, "boat": 5, "in": 80, "winter": 4})
    found = unknown_words(known, "A Mountian in winter, a zebra, a zebra")
    assert found == ([Unknown("mountian", ("mountain", "mountains")), Unknown("zebra", ())], "")
    assert unknown_words(known, "A MOUNTAIN in Winter!") == ([], "")
    assert frequent(known, 2) == ["mountain", "mountains"]


def test_where_not_all_words_were_kept_or_none_are_there_it_is_said_that_nobody_can_tell() -> None:
    cut = Vocabulary({"boat": 1, "a": 1}, is_cut=True)
    unknown, why = unknown_words(cut, "a zebra, a boat")
    assert unknown == [] and why.startswith("Whether the model learnt zebra cannot be told: only the 2 most frequent")
    assert unknown_words(cut, "a boat") == ([], "")
    unknown, why = unknown_words(None, "a zebra")
    assert unknown == [] and "the dataset that it learnt from is not here any more" in why


def test_a_very_long_word_is_told_by_its_beginning_and_vowel_signs_belong_to_their_word() -> None:
    (found,), _ = unknown_words(Vocabulary({"x": 1}), "x" * 41)
    assert found.word == "x" * 40 + "…"
    assert unknown_words(Vocabulary({"x" * 40 + "…": 1}), "x" * 41) == ([], "")
    assert list(words_of("चित्र, हिन्दी")) == ["चित्र", "हिन्दी"]


def test_the_captions_are_read_once_and_the_words_outlive_the_process(home: Home) -> None:
    folder = plant_dataset(home)
    known = vocabulary(home, DATASET)
    assert known is not None and known.counts["painting"] >= 4 and "zebra" not in known.counts
    shutil.rmtree(folder)
    words._read.clear()
    assert vocabulary(home, DATASET) == known
    kept = home.root / ".index" / "words" / f"{DATASET}.json"
    kept.write_text(kept.read_text()[:50])
    words._read.clear()
    assert vocabulary(home, DATASET) is None, "damaged, and nothing left to count"


def test_of_a_dataset_that_is_gone_or_damaged_nobody_can_tell(home: Home) -> None:
    assert vocabulary(home, "") is None
    (plant_dataset(home) / "manifest.json").write_text("{")
    assert vocabulary(home, DATASET) is None
