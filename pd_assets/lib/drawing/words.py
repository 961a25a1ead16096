"""Words of a prompt that stand in no caption of the dataset that a model learnt from.

The words of a dataset version never change: they are counted once and kept in `.index/words/`, which may be deleted.
"""

import difflib
import json
import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.home import Home, write_text
from pd_ml.data.shards import ShardError, read_manifest

# Words that are counted, the most frequent first; of a prompt, those that are looked at; near ones that are told.
MOST_WORDS, MOST_ASKED, MOST_NEAR = 200_000, 60, 3
LONGEST_WORD = 40
MOST_FREQUENT, LEAST_TOLD = 16, 4
BATCH_ROWS = 4_096
FORMAT_VERSION = 2
NEAR = 0.72
# Vowel signs and the like, which belong to the letter before them, are no letters for `re`.
_MARKS = "".join(chr(code) for code in range(0x300, 0x1F000) if unicodedata.category(chr(code))[0] == "M")
_LETTERS = f"[^\\W_](?:[^\\W_]|[{_MARKS}])*"
_WORD = re.compile(f"{_LETTERS}(?:'{_LETTERS})*")


@dataclass(frozen=True)
class Vocabulary:
    """How often each word stands in the captions that a dataset version trains on. `is_cut`: not all were kept."""

    counts: Mapping[str, int]
    is_cut: bool = False


@dataclass(frozen=True)
class Unknown:
    """A word that no caption has, and some that are written much like it, the most frequent first."""

    word: str
    near: tuple[str, ...]


def words_of(text: str) -> Iterator[str]:
    """The words of a text, case-folded; of a very long one its beginning."""
    folded = unicodedata.normalize("NFC", text).casefold().replace("\u2019", "'")
    words = (found[0] for found in _WORD.finditer(folded))
    return (word if len(word) <= LONGEST_WORD else f"{word[:LONGEST_WORD]}…" for word in words)


def unknown_words(vocabulary: Vocabulary | None, prompt: str) -> tuple[list[Unknown], str]:
    """The words of a prompt that were in no caption, each once, in their order; or why that cannot be told of some."""
    asked = list(dict.fromkeys(words_of(prompt)))[:MOST_ASKED]
    if vocabulary is None:
        why = "the dataset that it learnt from is not here any more, or cannot be read"
        return [], f"Whether the model learnt these words cannot be told: {why}." if asked else ""
    lacking = [word for word in asked if word not in vocabulary.counts]
    if not vocabulary.is_cut:
        return [Unknown(word, _near(vocabulary, word)) for word in lacking], ""
    why = f"only the {len(vocabulary.counts):,} most frequent words of its captions were kept"
    return [], f"Whether the model learnt {', '.join(lacking)} cannot be told: {why}." if lacking else ""


def frequent(vocabulary: Vocabulary, most: int = MOST_FREQUENT) -> list[str]:
    """The words that stand in captions most often, without the short ones, which say little."""
    return [word for word in vocabulary.counts if len(word) >= LEAST_TOLD and not word.isdecimal()][:most]


def _near(vocabulary: Vocabulary, word: str) -> tuple[str, ...]:
    # Among words of about its length that begin as it does: the rest are as good as never near, and many.
    candidates = [
        other
        for other in vocabulary.counts
        if other[0] == word[0] and abs(len(other) - len(word)) <= 1 + len(word) // 4
    ]
    found = difflib.get_close_matches(word, candidates, n=MOST_NEAR, cutoff=NEAR)
    return tuple(sorted(found, key=lambda other: -vocabulary.counts[other]))


_lock = threading.Lock()
_read: dict[tuple[Path, str], Vocabulary] = {}


def vocabulary(home: Home, dataset_version: str) -> Vocabulary | None:
    """The words of a dataset version; None where its folder is gone, so that nobody can tell."""
    key = (home.root, dataset_version)
    # One counts, others wait for it.
    with _lock:
        if key not in _read:
            found = _kept(home, dataset_version) or _counted(home, dataset_version)
            if found is None:
                return None
            _read.clear()
            _read[key] = found
        return _read[key]


def _place(home: Home, dataset_version: str) -> Path:
    root = home.root / ".index" if home.may_write else home.scratch
    return root / "words" / f"{dataset_version}.json"


def _kept(home: Home, dataset_version: str) -> Vocabulary | None:
    try:
        told = json.loads(_place(home, dataset_version).read_text())
        if told["format_version"] != FORMAT_VERSION:
            return None
        counts = {str(word): int(count) for word, count in told["words"].items()}
        return Vocabulary(counts, bool(told["is_cut"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _counted(home: Home, dataset_version: str) -> Vocabulary | None:
    folder = next(
        (path for path in sorted((home.root / "dataset").glob(f"[!.]*/{dataset_version}")) if path.is_dir()), None
    )
    if not dataset_version or folder is None:
        return None
    counts: Counter[str] = Counter()
    try:
        for shard in read_manifest(folder).shards:
            if shard.split != "train":
                continue
            home.fetched(folder / shard.path)
            with pq.ParquetFile(folder / shard.path) as file:
                for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=["captions"]):
                    for captions in batch.column(0).to_pylist():
                        counts.update(word for caption in captions or () for word in words_of(caption))
    except (OSError, ShardError, pa.ArrowException):
        return None
    found = Vocabulary(dict(counts.most_common(MOST_WORDS)), len(counts) > MOST_WORDS)
    told = {"format_version": FORMAT_VERSION, "words": found.counts, "is_cut": found.is_cut}
    write_text(_place(home, dataset_version), json.dumps(told, ensure_ascii=False) + "\n")
    return found
