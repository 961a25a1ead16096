"""A CLIP tokenizer of our own captions: byte-level BPE that no text can break.

`CLIPTokenizer` maps unknown symbols to `<|endoftext|>`, where CLIP stops reading. So the vocabulary starts with all 256
byte symbols and all 256 of them at a word's end, whether or not the captions contain them: nothing is ever unknown.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer
from transformers import CLIPTokenizer

from pd_ml.config import TokenizerConfig

START, END = "<|startoftext|>", "<|endoftext|>"
WORD_END = "</w>"
TOKENIZER = "tokenizer.json"

# The pre-tokenizer of transformers' CLIPTokenizer: merges that cross its borders would never be used.
_WORDS = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"

Merges = list[tuple[str, str]]


def train_tokenizer(captions: Iterable[str], config: TokenizerConfig) -> CLIPTokenizer:
    """A tokenizer of at most `config.vocab_size` symbols; the same captions in the same order give the same one."""
    vocabulary, merges = _assemble(_learn_merges(captions, config), config.vocab_size)
    return CLIPTokenizer(
        vocab=vocabulary,
        merges=merges,
        model_max_length=config.text_max_position_embeddings,
        # A caption that spells out a special token is text like any other.
        split_special_tokens=True,
    )


def save_tokenizer(tokenizer: CLIPTokenizer, folder: Path) -> None:
    """Save so that plain `tokenizers`, reading `tokenizer.json` alone, gives the same ids and texts as `CLIPTokenizer`.

    It looks for the added tokens of the file in every text, so that a caption could end itself: start and end are
    tokens of the vocabulary only, and their positions come from the post-processor. transformers adds them by name.
    """
    tokenizer.save_pretrained(folder)
    path = folder / TOKENIZER
    saved = json.loads(path.read_text(encoding="utf-8"))
    vocabulary = saved["model"]["vocab"]
    saved["added_tokens"] = [token for token in saved["added_tokens"] if token["content"] not in vocabulary]
    saved["decoder"] = json.loads(_decoder(tokenizer).__getstate__())
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(json.dumps(saved, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(partial, path)


def load_tokenizer(folder: Path) -> CLIPTokenizer:
    """The tokenizer saved in `folder`, or in its `tokenizer` subfolder as in a pipeline.

    It forgets how it was read (from a folder, with the Hub switched off or not), which transformers would save with it:
    the same tokenizer is the same bytes.
    """
    inner = folder / "tokenizer"
    tokenizer = CLIPTokenizer.from_pretrained(inner if inner.is_dir() else folder)
    assert isinstance(tokenizer, CLIPTokenizer)
    for circumstance in ("is_local", "local_files_only"):
        tokenizer.init_kwargs.pop(circumstance, None)
    return tokenizer


def readable(text: str) -> str:
    """`text` with question marks for lone surrogates, which no tokenizer takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def normalised(text: str) -> str:
    """What the tokenizer sees of `text`: NFC, single spaces, lower case; lone surrogates become `?`."""
    return str(_normalizer().normalize_str(readable(text))).strip()


def text_of(tokenizer: CLIPTokenizer, ids: Iterable[int]) -> str:
    """The normalised text of `ids` without spaces (BPE does not keep them apart); the inverse of encoding."""
    special = {tokenizer.bos_token_id, tokenizer.eos_token_id}
    tokens = tokenizer.convert_ids_to_tokens([number for number in ids if number not in special])
    symbols = {symbol: number for number, symbol in _byte_symbols().items()}
    joined = "".join(token.removesuffix(WORD_END) for token in tokens)
    return bytes(symbols[symbol] for symbol in joined).decode("utf-8")


def _learn_merges(captions: Iterable[str], config: TokenizerConfig) -> Merges:
    tokenizer = Tokenizer(BPE(continuing_subword_prefix="", end_of_word_suffix=WORD_END, fuse_unk=False))
    tokenizer.normalizer = _normalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    trainer = BpeTrainer(
        vocab_size=config.vocab_size,
        min_frequency=config.min_frequency,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        end_of_word_suffix=WORD_END,
        show_progress=False,
        special_tokens=[],
    )
    tokenizer.train_from_iterator(map(readable, captions), trainer)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return [(left, right) for left, right in merges]


def _assemble(merges: Merges, vocab_size: int) -> tuple[dict[str, int], Merges]:
    """Bytes, bytes at a word's end, as many merges as fit, special tokens last (CLIP treats end id 2 as a legacy)."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {symbol: number for number, symbol in enumerate([*alphabet, *(s + WORD_END for s in alphabet)])}
    kept: Merges = []
    for left, right in merges:
        if len(vocabulary) >= vocab_size - 2:
            break
        if left in vocabulary and right in vocabulary:
            vocabulary.setdefault(left + right, len(vocabulary))
            kept.append((left, right))
    for special in (START, END):
        vocabulary[special] = len(vocabulary)
    return vocabulary, kept


def _normalizer() -> normalizers.Sequence:
    return normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])


def _decoder(tokenizer: CLIPTokenizer) -> decoders.Sequence:
    """Tokens to text: no start and end, a space after each word, bytes to characters."""
    names = "|".join(_escaped(str(name)) for name in (tokenizer.bos_token, tokenizer.eos_token))
    return decoders.Sequence(
        [
            decoders.Replace(Regex(f"^({names})$"), ""),
            decoders.Replace(Regex(f"{WORD_END}$"), _byte_symbols()[ord(" ")]),
            decoders.ByteLevel(),
            # decoders.Strip panics on an empty text (tokenizers 0.23).
            decoders.Replace(Regex(" $"), ""),
        ]
    )


def _escaped(name: str) -> str:
    """`name` for a regular expression of tokenizers, which knows no \\Q."""
    return "".join(character if character.isalnum() else f"\\{character}" for character in name)


def _byte_symbols() -> dict[int, str]:
    """GPT-2's printable stand-in for each byte: itself where printable, else the next free code point from 256 on."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    symbols = {byte: chr(byte) for byte in printable}
    others = [byte for byte in range(256) if byte not in symbols]
    return symbols | {byte: chr(256 + position) for position, byte in enumerate(others)}
