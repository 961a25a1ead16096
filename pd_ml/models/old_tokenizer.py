"""Old-format CLIP tokenizers made new: `vocab.json` and `merges.txt`, or a `tokenizer.json` of an earlier library.

Ids stay what they were, for a text tower was trained on them. Where the old tokenizer knew no symbol for a byte, the
new one knows none either; how many are missing is told. Errors: TokenizerError.
"""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import AddedToken, pre_tokenizers
from transformers import CLIPTokenizer

from pd_ml.errors import TokenizerError
from pd_ml.models.preprocessor import PREPROCESSOR, PictureFormat, openai_format, read_format, save_format
from pd_ml.models.tokenizer import END, START, TOKENIZER, WORD_END, Merges, save_tokenizer

VOCABULARY, MERGES = "vocab.json", "merges.txt"
_SPECIALS = ("special_tokens_map.json", "tokenizer_config.json")
_ROLES = {"unk_token": END, "bos_token": START, "eos_token": END, "pad_token": END}
# Of OpenAI's CLIP, and of the prior system's commands.
_USUAL_LENGTH, _USUAL_SIZE_PX = 77, 224


@dataclass(frozen=True, kw_only=True)
class Converted:
    """What was made; `missing_bytes` counts byte symbols that the vocabulary lacks: such text reads as unknown."""

    vocabulary: int
    text_max_position_embeddings: int
    vision_image_size: int
    missing_bytes: int
    assumed: tuple[str, ...]


def convert_tokenizer(old: Path, new: Path) -> Converted:
    """Make the folder `new` of the tokenizer in `old`; a preprocessor that is not there is written from the config."""
    if not old.is_dir():
        raise TokenizerError(f"{old}: no folder; expected one with {VOCABULARY} and {MERGES}, or {TOKENIZER}")
    if new.exists() and (not new.is_dir() or any(new.iterdir())):
        raise TokenizerError(f"{new}: is not empty; choose a folder that does not exist yet")
    assumed: list[str] = []
    tokenizer = _tokenizer(old, assumed)
    pictures = _pictures(old, assumed)
    partial = new.with_name(f"{new.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    save_tokenizer(tokenizer, partial)
    save_format(partial, pictures)
    os.replace(partial, new)
    return Converted(
        vocabulary=len(tokenizer),
        text_max_position_embeddings=tokenizer.model_max_length,
        vision_image_size=pictures.size_px,
        missing_bytes=_missing_bytes(tokenizer.get_vocab()),
        assumed=tuple(assumed),
    )


def _tokenizer(old: Path, assumed: list[str]) -> CLIPTokenizer:
    vocabulary, merges, added = _read(old)
    names = _special_names(old)
    special_ids = {token: number for token, number in added.items() if token in names.values()}
    vocabulary = {**vocabulary, **special_ids}
    absent = sorted({f"{role} {name!r}" for role, name in names.items() if name not in vocabulary})
    unknown = [pair for pair in merges if not {*pair, "".join(pair)} <= vocabulary.keys()]
    problems = [f"{', '.join(absent)} not in the vocabulary"] if absent else []
    problems += [f"{len(unknown)} merges of symbols that are not in it, such as {unknown[0]}"] if unknown else []
    if problems:
        raise TokenizerError(f"{old}: {'; '.join(problems)}; expected the tokenizer of a CLIP as it was saved")
    tokenizer = CLIPTokenizer(
        vocab=vocabulary,
        merges=merges,
        model_max_length=_length(old, assumed),
        split_special_tokens=True,
        **names,
    )
    for token, number in sorted(added.items(), key=lambda item: item[1]):
        if token not in vocabulary:
            tokenizer.add_tokens([AddedToken(token, normalized=False)])
            if tokenizer.convert_tokens_to_ids(token) != number:
                raise TokenizerError(
                    f"{old}: added token {token!r} has id {number}, expected {tokenizer.convert_tokens_to_ids(token)} "
                    "(the next after the vocabulary); take it out or restore the vocabulary that it belongs to"
                )
    return tokenizer


def _read(old: Path) -> tuple[dict[str, int], Merges, dict[str, int]]:
    """Vocabulary, merges and added tokens. The two files of the slow tokenizer come first: their format never moved."""
    path = old / VOCABULARY
    try:
        if path.is_file():
            vocabulary = _ids(json.loads(path.read_text(encoding="utf-8")))
            path = old / MERGES
            lines = path.read_text(encoding="utf-8").split("\n")
            merges = [_pair(line.rstrip("\r")) for line in lines if line.strip() and not line.startswith("#version")]
            path = old / "added_tokens.json"
            added = _ids(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}
            path = old / "tokenizer_config.json"
            listed = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
            decoder = listed.get("added_tokens_decoder", {})
            return vocabulary, merges, {**added, **{entry["content"]: int(number) for number, entry in decoder.items()}}
        path = old / TOKENIZER
        saved = json.loads(path.read_text(encoding="utf-8"))
        merges = [_pair(entry) for entry in saved["model"]["merges"]]
        added = {entry["content"]: int(entry["id"]) for entry in saved.get("added_tokens", ())}
        return _ids(saved["model"]["vocab"]), merges, added
    except FileNotFoundError as error:
        raise TokenizerError(
            f"{path}: not there; expected {VOCABULARY} and {MERGES}, or a {TOKENIZER} of BPE"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TokenizerError(f"{path}: not the tokenizer of a CLIP ({error!r}); restore the file") from error


def _ids(raw: object) -> dict[str, int]:
    if not isinstance(raw, dict) or not all(isinstance(number, int) for number in raw.values()):
        raise ValueError("expected an object of symbols and their numbers")
    return {str(symbol): number for symbol, number in raw.items()}


def _pair(entry: object) -> tuple[str, str]:
    """A merge, written as `a b` or as a list of two."""
    parts = entry.split(" ") if isinstance(entry, str) else entry
    if not isinstance(parts, Sequence) or len(parts) != 2:
        raise ValueError(f"merge {entry!r}, expected two symbols")
    return str(parts[0]), str(parts[1])


def _special_names(old: Path) -> dict[str, str]:
    """The special tokens by role, as the old files name them: a bare text, or the fields of an added token."""
    found = dict(_ROLES)
    for name in reversed(_SPECIALS):
        for role, value in _object(old, name).items():
            content = value.get("content") if isinstance(value, Mapping) else value
            if role in _ROLES and isinstance(content, str):
                found[role] = content
    return found


def _length(old: Path, assumed: list[str]) -> int:
    """The context length: of the model, else of the tokenizer; the libraries wrote 10^30 where they knew none."""
    text = _object(old, "config.json").get("text_config")
    said = [
        text.get("max_position_embeddings") if isinstance(text, Mapping) else None,
        _object(old, "config.json").get("max_position_embeddings"),
        _object(old, "tokenizer_config.json").get("model_max_length"),
    ]
    for length in said:
        if isinstance(length, int) and 0 < length < 2**31:
            return length
    assumed.append(f"text_max_position_embeddings {_USUAL_LENGTH}")
    return _USUAL_LENGTH


def _pictures(old: Path, assumed: list[str]) -> PictureFormat:
    if (old / PREPROCESSOR).is_file():
        return read_format(old)
    config = _object(old, "config.json")
    vision = config.get("vision_config", config)
    size = vision.get("image_size") if isinstance(vision, Mapping) else None
    if isinstance(size, int) and size > 0:
        return openai_format(size)
    assumed.append(f"vision_image_size {_USUAL_SIZE_PX}")
    return openai_format(_USUAL_SIZE_PX)


def _object(folder: Path, name: str) -> dict[str, object]:
    """The JSON object in a file; empty where there is no such file."""
    path = folder / name
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise TokenizerError(f"{path}: not JSON ({error}); restore the file or take it out") from error
    if not isinstance(found, dict):
        raise TokenizerError(f"{path}: {type(found).__name__}, expected an object; restore the file or take it out")
    return found


def _missing_bytes(vocabulary: Mapping[str, int]) -> int:
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    return sum(symbol not in vocabulary for byte in alphabet for symbol in (byte, byte + WORD_END))
