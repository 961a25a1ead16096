"""Pages cut anywhere, and what must not be left in the labels and captions that come of them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from pd_assets.lib.dataset.composition import captions_of
from pd_assets.lib.dataset.labels import read_labels

MARKUP = re.compile(r"\{\{|\}\}|\[\[|\]\]|'''|</?[a-zA-Z]|<!--|\{\||~~~|&(?:[a-z]+|#\d+);|\bQS:P|https?:|www\.|\|")
EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w+")
USER = re.compile(r"\b(?:User|Benutzer|Utente|Usuario|Utilisateur)\s*:\s*\w", re.IGNORECASE)


def told(page: dict[str, object]) -> list[str]:
    labels = read_labels(page)
    return [label.value for label in labels] + captions_of(labels, item_id="x")


def clean_of(texts: list[str], users: frozenset[str] = frozenset()) -> None:
    for text in texts:
        assert not MARKUP.search(text), text
        assert not EMAIL.search(text), text
        assert not USER.search(text), text
        assert not any(re.search(rf"(?<!\w){re.escape(user)}(?!\w)", text) for user in users), text


def cut_anywhere(text: str, *, step: int) -> None:
    """Wikitext broken off, begun late, or with a hole, at every `step`th character."""
    users = frozenset(re.findall(r"User:([^|\]/}\s]+)", text))
    for start in range(0, len(text), step):
        clean_of(told({"wikitext": text[:start]}), users)
        clean_of(told({"wikitext": text[:start] + "}}"}), users)
        clean_of(told({"wikitext": "{{Information|description=" + text[start:] + "}}"}), users)
        clean_of(told({"wikitext": text[:start] + text[start + 23 :] + "}}"}), users)


def cut_summary(metadata: dict[str, object]) -> None:
    """Every value of a CommonsMetadata, whole and broken off at every 37th character."""
    for name, entry in metadata.items():
        value = str(entry.get("value", "")) if isinstance(entry, dict) else ""
        users = frozenset(re.findall(r"title=\"(?:[a-z]+:)*User:([^\"/(]+)\"", value))
        for end in range(len(value) % 37, min(len(value), 1500), 37):
            clean_of(told({"extmetadata": json.dumps({name: {"value": value[:end], "source": "commons-desc-page"}})}))
        whole = json.dumps({name: {"value": value, "source": "commons-desc-page"}})
        clean_of(told({"extmetadata": whole}), users)


def metadata_below(folder: Path) -> Iterator[dict[str, object]]:
    """The CommonsMetadata of every page of the answers below a folder."""
    for file in sorted(folder.rglob("*.json")):
        yield from _metadata(json.loads(file.read_text()))


def _metadata(answer: object) -> Iterator[dict[str, object]]:
    if isinstance(answer, dict):
        if isinstance(answer.get("extmetadata"), dict):
            yield answer["extmetadata"]
        for value in answer.values():
            yield from _metadata(value)
    elif isinstance(answer, list):
        for value in answer:
            yield from _metadata(value)
