from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from transformers import CLIPTokenizer

from pd_ml.config import TokenizerConfig
from pd_ml.models.tokenizer import load_tokenizer, normalised, text_of, train_tokenizer
from tests.pd_ml.paintings import paint

CAPTIONS = [caption for number in range(64) for caption in paint(number).captions]
TOKENIZER = train_tokenizer(CAPTIONS, TokenizerConfig(vocab_size=700, context_length=32))
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@pytest.fixture(scope="module")
def reloaded(tmp_path_factory: pytest.TempPathFactory) -> CLIPTokenizer:
    folder = tmp_path_factory.mktemp("tokenizer")
    TOKENIZER.save_pretrained(folder)
    return load_tokenizer(folder)


@given(ANY_TEXT)
@example("naïve — <|endoftext|> x")
@example("a\u0000b\u200bc\ufeff 漢字 🖼️ שלום")
@settings(max_examples=300, deadline=None)
def test_no_text_ends_before_its_end(text: str) -> None:
    ids = TOKENIZER(text)["input_ids"]
    assert ids[0] == TOKENIZER.bos_token_id
    assert ids.index(TOKENIZER.eos_token_id) == len(ids) - 1
    assert TOKENIZER.bos_token_id not in ids[1:]


@given(ANY_TEXT)
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_back_but_for_spaces_and_case(text: str) -> None:
    expected = "".join(normalised(text).split())
    found = text_of(TOKENIZER, TOKENIZER(text)["input_ids"])
    assert "".join(found.split()) == expected


def test_a_saved_tokenizer_gives_the_same_ids(reloaded: CLIPTokenizer) -> None:
    texts = [*CAPTIONS, "Über, naïve! 漢字", "<|startoftext|> <|endoftext|>", "", "x" * 500]
    assert [reloaded(text)["input_ids"] for text in texts] == [TOKENIZER(text)["input_ids"] for text in texts]
    assert (reloaded.eos_token_id, reloaded.model_max_length) == (TOKENIZER.eos_token_id, 32)


def test_a_special_token_written_in_a_caption_is_text(reloaded: CLIPTokenizer) -> None:
    for tokenizer in (TOKENIZER, reloaded):
        ids = tokenizer("a <|endoftext|> b")["input_ids"]
        assert ids.count(tokenizer.eos_token_id) == 1
        assert text_of(tokenizer, ids) == "a<|endoftext|>b"


def test_special_tokens_come_last_and_the_vocabulary_keeps_its_limit() -> None:
    assert len(TOKENIZER) <= 700
    assert (TOKENIZER.bos_token_id, TOKENIZER.eos_token_id) == (len(TOKENIZER) - 2, len(TOKENIZER) - 1)
    assert TOKENIZER.pad_token_id == TOKENIZER.eos_token_id


def test_captions_become_short_and_the_same_captions_give_the_same_tokenizer() -> None:
    again = train_tokenizer(CAPTIONS, TokenizerConfig(vocab_size=700, context_length=32))
    assert again.get_vocab() == TOKENIZER.get_vocab()
    words = ["a", "painting", "of", "a", "tree", "on", "the", "left"]
    assert len(TOKENIZER(" ".join(words))["input_ids"]) == len(words) + 2


def test_the_smallest_vocabulary_still_reads_everything() -> None:
    smallest = train_tokenizer(["a tree"], TokenizerConfig(vocab_size=514))
    ids = smallest("Ж ok 漢")["input_ids"]
    assert text_of(smallest, ids) == "жok漢"


def test_a_pipeline_folder_holds_its_tokenizer_one_level_down(models: Path) -> None:
    text = "a tree under a blue sky"
    expected = load_tokenizer(models / "tokenizer")(text)["input_ids"]
    assert load_tokenizer(models / "unet_text")(text)["input_ids"] == expected
    assert load_tokenizer(models / "clip")(text)["input_ids"] == expected
