import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from transformers import CLIPImageProcessorPil, CLIPTokenizer

from pd_ml.config import TokenizerConfig
from pd_ml.data.shards import sha256_of
from pd_ml.diffusion.pipeline import token_ids
from pd_ml.models.tokenizer import END, START, load_tokenizer, normalised, save_tokenizer, text_of, train_tokenizer
from tests.pd_ml.command import ROOT, clean_environment
from tests.pd_ml.paintings import paint

CAPTIONS = [caption for number in range(64) for caption in paint(number).captions]
TOKENIZER = train_tokenizer(CAPTIONS, TokenizerConfig(vocab_size=700, text_max_position_embeddings=32))
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
# Special tokens and word ends as text, among anything else.
HOSTILE_TEXT = st.lists(
    st.one_of(ANY_TEXT, st.sampled_from([START, END, "<|", "|>", "</w>", "a</w>", "[UNK]", "\u0000", "🖼️", " "])),
    max_size=8,
).map("".join)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("tokenizer")
    save_tokenizer(TOKENIZER, found)
    return found


@pytest.fixture(scope="module")
def reloaded(folder: Path) -> CLIPTokenizer:
    return CLIPTokenizer.from_pretrained(folder)


@pytest.fixture(scope="module")
def raw(folder: Path) -> Tokenizer:
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


@given(HOSTILE_TEXT)
@example("a <|endoftext|> b <|startoftext|><|endoftext|>")
@example("</w> a</w>b \u0000\u200b\ufeff 漢字 🖼️ שלום " + "x" * 3000)
@settings(max_examples=400)
def test_plain_tokenizers_and_transformers_read_the_saved_file_alike(
    reloaded: CLIPTokenizer, raw: Tokenizer, text: str
) -> None:
    ids = raw.encode(text).ids
    assert ids == reloaded(text)["input_ids"] == TOKENIZER(text)["input_ids"]
    assert ids[0] == TOKENIZER.bos_token_id and ids.index(TOKENIZER.eos_token_id) == len(ids) - 1
    assert raw.decode(ids).split() == reloaded.decode(ids, skip_special_tokens=True).split() or "</w>" in text
    assert "".join(raw.decode(ids).split()) == "".join(normalised(text).split())
    assert raw.encode(text, add_special_tokens=False).ids == ids[1:-1]


def test_lone_surrogates_become_question_marks(reloaded: CLIPTokenizer) -> None:
    broken = "a \ud83d boat \udcff"
    assert train_tokenizer([broken] * 4, TokenizerConfig(vocab_size=600)).eos_token_id > 512
    assert token_ids(reloaded, [broken]).tolist() == token_ids(reloaded, ["a ? boat ?"]).tolist()


def test_a_long_text_is_cut_and_still_ends(reloaded: CLIPTokenizer) -> None:
    ids = token_ids(reloaded, ["tree " * 10_000 + END])[0].tolist()
    assert len(ids) == 32
    assert ids.index(reloaded.eos_token_id) == 31


TRAIN_AND_SAVE = """
import sys
from pathlib import Path
from pd_ml.config import TokenizerConfig
from pd_ml.models.tokenizer import save_tokenizer, train_tokenizer
from tests.pd_ml.test_tokenizer import CAPTIONS
config = TokenizerConfig(vocab_size=700, text_max_position_embeddings=32)
save_tokenizer(train_tokenizer(CAPTIONS, config), Path(sys.argv[1]))
"""


def test_another_process_with_other_hashes_and_threads_writes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    environment = {**clean_environment(), "PYTHONHASHSEED": "7", "RAYON_NUM_THREADS": "3"}
    subprocess.run([sys.executable, "-c", TRAIN_AND_SAVE, str(tmp_path)], cwd=ROOT, env=environment, check=True)
    names = sorted(path.name for path in folder.iterdir())
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert [sha256_of(tmp_path / name) for name in names] == [sha256_of(folder / name) for name in names]


def test_the_stage_fixes_the_length_of_captions_and_the_size_of_pictures(models: Path) -> None:
    assert CLIPTokenizer.from_pretrained(models / "tokenizer").model_max_length == 48
    processor = CLIPImageProcessorPil.from_pretrained(models / "tokenizer")
    assert (processor.crop_size["height"], processor.crop_size["width"]) == (16, 16)


@given(ANY_TEXT)
@example("naïve — <|endoftext|> x")
@example("a\u0000b\u200bc\ufeff 漢字 🖼️ שלום")
@settings(max_examples=300)
def test_no_text_ends_before_its_end(text: str) -> None:
    ids = TOKENIZER(text)["input_ids"]
    assert ids[0] == TOKENIZER.bos_token_id
    assert ids.index(TOKENIZER.eos_token_id) == len(ids) - 1
    assert TOKENIZER.bos_token_id not in ids[1:]


@given(ANY_TEXT)
@settings(max_examples=300)
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
    again = train_tokenizer(CAPTIONS, TokenizerConfig(vocab_size=700, text_max_position_embeddings=32))
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


@pytest.mark.parametrize("offline", ["0", "1"])
def test_a_tokenizer_that_was_loaded_is_saved_in_the_same_bytes_whether_the_hub_is_switched_off_or_not(
    folder: Path, tmp_path: Path, offline: str
) -> None:
    again = (
        "import sys; from pathlib import Path; from pd_ml.models.tokenizer import load_tokenizer; "
        "load_tokenizer(Path(sys.argv[1])).save_pretrained(sys.argv[2])"
    )
    environment = {**clean_environment(), "HF_HUB_OFFLINE": offline, "TRANSFORMERS_OFFLINE": offline}
    subprocess.run([sys.executable, "-c", again, folder, tmp_path], cwd=ROOT, env=environment, check=True)
    name = "tokenizer_config.json"
    assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()
