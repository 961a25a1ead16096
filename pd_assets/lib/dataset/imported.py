"""Labels that were imported with a page from a prior system (lib/prior), and which of them still count.

What the page says today wins: a label that was copied from it counts where the page says nothing in that field any
more, and one that says the same as the page is the page's. A caption whose text stands in the wikitext is CC BY-SA with
it, whatever was stated.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

FREE = "CC0-1.0"
SHORTEST_QUOTE = 12


@dataclass(frozen=True, kw_only=True)
class ImportedLabel:
    """A label as it was kept; `is_free` where it is CC0."""

    field: str
    text: str
    is_free: bool
    seen_in: str


def read_imported(
    kept: Mapping[str, object], told: Mapping[str, Collection[str]], wikitext: str
) -> Iterator[ImportedLabel]:
    """Those that count of `kept` ({"labels": [...]}), `told` being what the page says in each field."""
    labels = kept.get("labels")
    said = {_plain(text) for texts in told.values() for text in texts}
    page = _plain(wikitext)
    for one in labels if isinstance(labels, list) else []:
        field, text, licence, seen_in = (str(one[name]) for name in ("field", "value", "licence", "seen_in"))
        plain = _plain(text)
        if plain in said or (one["copied"] and field in told):
            continue
        stands_on_page = len(plain) >= SHORTEST_QUOTE and plain in page
        yield ImportedLabel(field=field, text=text, is_free=licence == FREE and not stands_on_page, seen_in=seen_in)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
