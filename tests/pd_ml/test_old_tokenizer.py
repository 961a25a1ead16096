"""Tokenizers as older libraries saved them, written here by hand, and what `convert-tokenizer` makes of them."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from tokenizers import Tokenizer
from transformers import CLIPImageProcessorPil, CLIPProcessor, CLIPTokenizer

from pd_ml.config import TokenizerConfig
from pd_ml.models.tokenizer import END, START, train_tokenizer
from tests.pd_ml.command import run_here
from tests.pd_ml.paintings import paint

CAPTIONS = [caption for number in range(32) for caption in paint(number).captions]
CURRENT = train_tokenizer(CAPTIONS, TokenizerConfig(vocab_size=700, text_max_position_embeddings=32))
MODEL = json.loads(CURRENT.backend_tokenizer.to_str())["model"]
TEXTS = ["A painting of a tree!", "naïve — 漢字, 1874", "In spring: a boat"]
CONFIG = {"text_config": {"max_position_embeddings": 40}, "vision_config": {"image_size": 96}}


def slow(folder: Path, *, names: Mapping[str, str] | None = None, **files: object) -> Path:
    """`vocab.json` and `merges.txt` of transformers 4's slow tokenizer; special tokens renamed by `names`."""
    folder.mkdir()
    renamed = {(names or {}).get(symbol, symbol): number for symbol, number in MODEL["vocab"].items()}
    (folder / "vocab.json").write_text(json.dumps(renamed))
    merges = "\n".join(" ".join(pair) for pair in MODEL["merges"])
    (folder / "merges.txt").write_text(f"#version: 0.2\n{merges}\n")
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder


def ids(folder: Path, texts: list[str]) -> list[list[int]]:
    tokenizer, raw = CLIPTokenizer.from_pretrained(folder), Tokenizer.from_file(str(folder / "tokenizer.json"))
    found: list[list[int]] = tokenizer(texts)["input_ids"]
    assert [raw.encode(text).ids for text in texts] == found
    return found


def test_vocabulary_and_merges_become_a_tokenizer_with_the_same_ids(tmp_path: Path) -> None:
    old = slow(tmp_path / "old", config=CONFIG)
    assert run_here("convert-tokenizer", old, tmp_path / "new") == 0
    assert ids(tmp_path / "new", TEXTS) == CURRENT(TEXTS)["input_ids"]
    assert CLIPTokenizer.from_pretrained(tmp_path / "new").model_max_length == 40
    assert sorted(path.name for path in old.iterdir()) == ["config.json", "merges.txt", "vocab.json"]


def test_a_missing_preprocessor_is_written_from_the_config(tmp_path: Path) -> None:
    assert run_here("convert-tokenizer", slow(tmp_path / "old", config=CONFIG), tmp_path / "new") == 0
    processor = CLIPProcessor.from_pretrained(tmp_path / "new").image_processor
    assert (processor.crop_size["height"], processor.size["shortest_edge"]) == (96, 96)
    assert processor.image_mean == pytest.approx([0.48145466, 0.4578275, 0.40821073])


def test_an_old_preprocessor_is_kept_in_todays_words(tmp_path: Path) -> None:
    old_words = {
        "feature_extractor_type": "CLIPFeatureExtractor",
        "size": 32,
        "crop_size": 32,
        "image_mean": [0.1, 0.2, 0.3],
    }
    old = slow(tmp_path / "old", config=CONFIG, preprocessor_config=old_words)
    assert run_here("convert-tokenizer", old, tmp_path / "new") == 0
    processor = CLIPImageProcessorPil.from_pretrained(tmp_path / "new")
    assert (processor.crop_size["height"], list(processor.image_mean)) == (32, [0.1, 0.2, 0.3])


def test_special_tokens_keep_their_old_names_and_never_come_from_text(tmp_path: Path) -> None:
    marks = {
        "bos_token": {"content": "[START]", "__type": "AddedToken", "lstrip": False},
        "eos_token": "[END]",
        "pad_token": "[END]",
        "unk_token": {"content": "[END]"},
    }
    names = {START: "[START]", END: "[END]"}
    old = slow(tmp_path / "old", names=names, special_tokens_map=marks, config=CONFIG)
    assert run_here("convert-tokenizer", old, tmp_path / "new") == 0
    tokenizer = CLIPTokenizer.from_pretrained(tmp_path / "new")
    assert (tokenizer.bos_token, tokenizer.eos_token_id) == ("[START]", CURRENT.eos_token_id)
    assert ids(tmp_path / "new", ["a [END] b <|endoftext|>"])[0].count(tokenizer.eos_token_id) == 1


@pytest.mark.parametrize("place", ["added_tokens", "tokenizer_config"])
def test_added_tokens_keep_their_ids(tmp_path: Path, place: str) -> None:
    number = len(MODEL["vocab"])
    content = {
        "added_tokens": {"<cat-toy>": number},
        "tokenizer_config": {"added_tokens_decoder": {str(number): {"content": "<cat-toy>", "special": False}}},
    }[place]
    old = slow(tmp_path / "old", config=CONFIG)
    (old / f"{place}.json").write_text(json.dumps(content))
    assert run_here("convert-tokenizer", old, tmp_path / "new") == 0
    assert ids(tmp_path / "new", ["a <cat-toy> boat"])[0][2] == number


def test_a_tokenizer_json_with_merges_as_text_is_read_too(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    saved = json.loads(CURRENT.backend_tokenizer.to_str())
    saved["model"]["merges"] = [" ".join(pair) for pair in saved["model"]["merges"]]
    (old / "tokenizer.json").write_text(json.dumps(saved))
    (old / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 10**30}))
    assert run_here("convert-tokenizer", old, tmp_path / "new") == 0
    assert ids(tmp_path / "new", TEXTS) == CURRENT(TEXTS)["input_ids"]
    assert CLIPTokenizer.from_pretrained(tmp_path / "new").model_max_length == 77


def test_what_the_old_folder_does_not_say_is_assumed_aloud(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = slow(tmp_path / "old")
    vocabulary = {s: n for s, n in MODEL["vocab"].items() if s not in ("§", "§</w>")}
    (old / "vocab.json").write_text(json.dumps(vocabulary))
    (old / "merges.txt").write_text("#version: 0.2\n")
    assert run_here("convert-tokenizer", old, tmp_path / "new") == 0
    said = capsys.readouterr().err
    assert "taken as usual: vision_image_size 224" in said and "taken as usual: text_max_position_embeddings 77" in said
    assert "2 of 512 byte symbols are missing" in said


def _without_merges(old: Path) -> None:
    (old / "merges.txt").unlink()


def _with_cut_vocabulary(old: Path) -> None:
    (old / "vocab.json").write_text((old / "vocab.json").read_text()[:100])


def _with_a_merge_of_nothing_known(old: Path) -> None:
    (old / "merges.txt").write_text("#version: 0.2\nqqq zzz\n")


def _with_a_merge_of_three(old: Path) -> None:
    (old / "merges.txt").write_text("a b c\n")


def _without_an_end(old: Path) -> None:
    (old / "vocab.json").write_text(json.dumps({s: n for s, n in MODEL["vocab"].items() if s != END}))


def _with_an_added_token_far_off(old: Path) -> None:
    (old / "added_tokens.json").write_text(json.dumps({"<x>": 99_999}))


def _with_an_oblong_preprocessor(old: Path) -> None:
    (old / "preprocessor_config.json").write_text(json.dumps({"size": 9, "crop_size": {"height": 9, "width": 8}}))


def _with_a_config_that_is_a_list(old: Path) -> None:
    (old / "config.json").write_text("[]")


FAULTS = {
    _without_merges: "merges.txt: not there",
    _with_cut_vocabulary: "vocab.json: not the tokenizer of a CLIP",
    _with_a_merge_of_nothing_known: "1 merges of symbols that are not in it, such as ('qqq', 'zzz')",
    _with_a_merge_of_three: "expected two symbols",
    _without_an_end: "eos_token '<|endoftext|>'",
    _with_an_added_token_far_off: "added token '<x>' has id 99999",
    _with_an_oblong_preprocessor: "expected a square",
    _with_a_config_that_is_a_list: "config.json: list, expected an object",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_folder_that_cannot_be_converted_is_a_named_error_and_nothing_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], fault: object
) -> None:
    assert callable(fault)
    old = slow(tmp_path / "old", config=CONFIG)
    fault(old)
    assert run_here("convert-tokenizer", old, tmp_path / "new") == 1
    said = capsys.readouterr().err
    assert said.startswith("TokenizerError: ") and FAULTS[fault] in said
    assert not (tmp_path / "new").exists()


def test_what_is_there_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = slow(tmp_path / "old", config=CONFIG)
    assert run_here("convert-tokenizer", old, old) == 1
    assert "is not empty" in capsys.readouterr().err
    assert run_here("convert-tokenizer", tmp_path / "nowhere", tmp_path / "new") == 1
    assert "nowhere: no folder" in capsys.readouterr().err
