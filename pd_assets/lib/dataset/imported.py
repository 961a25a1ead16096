"""Labels that were imported with a page from a prior system (lib/prior), and which of them still count.

What the page says today wins: a label that was copied from it counts where the page says nothing in that field any
more, and one that says the same as the page is the page's. A caption whose words stand on the page, as written or as a
reader sees them, is CC BY-SA with it, whatever was stated; so is each of a page that cannot be read whole.
"""

import html
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from mwparserfromhell.nodes import Argument, Comment, ExternalLink, Heading, HTMLEntity, Tag, Template, Wikilink
from mwparserfromhell.wikicode import Wikicode

from pd_assets.lib.page import wikitext
from pd_assets.lib.page.file_page import read_page
from pd_assets.lib.page.html_text import read_html

FREE = "CC0-1.0"
# In signs: what is shorter is nobody's text, and what is longer is the page's where so many of its letters stand there.
SHORTEST_QUOTE, RUN = 12, 20
# A sign of these scripts says as much as so many letters.
WIDE, LETTERS_OF_WIDE = ("W", "F"), 3


@dataclass(frozen=True, kw_only=True)
class ImportedLabel:
    """A label as it was kept; `is_free` where it is CC0."""

    field: str
    text: str
    is_free: bool
    seen_in: str


def read_imported(
    kept: Mapping[str, object], told: Mapping[str, Collection[str]], written: str, seen: Iterable[str] = ()
) -> Iterator[ImportedLabel]:
    """Those that count of `kept` ({"labels": [...]}), `told` being what the page says in each field.

    `written` is its wikitext, and `seen` all else that is CC BY-SA with it.
    """
    labels = kept.get("labels")
    if not isinstance(labels, list) or not labels:
        return
    said = {_letters(text) for texts in told.values() for text in texts}
    is_known = bool(written) and read_page(written).is_whole
    # What parts them is no letter, so that nothing stands across two of them.
    page = "\n".join({_letters(text) for text in (written, _shown(wikitext.tree(written)), *seen)})
    for one in labels:
        field, text, licence, seen_in = (str(one[name]) for name in ("field", "value", "licence", "seen_in"))
        if _letters(text) in said or (one["copied"] and field in told):
            continue
        is_free = licence == FREE and is_known and not _stands_in(page, text)
        yield ImportedLabel(field=field, text=text, is_free=is_free, seen_in=seen_in)


def _stands_in(page: str, text: str) -> bool:
    """Whether a caption, or a run of its letters, stands among those of a page."""
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    is_wide = any(unicodedata.east_asian_width(sign) in WIDE for sign in plain)
    shortest, run = (length // (LETTERS_OF_WIDE if is_wide else 1) for length in (SHORTEST_QUOTE, RUN))
    if len(plain) < shortest:
        return False
    for letters in {_letters(one) for one in (text, read_html(text).text, _shown(wikitext.tree(text)))} - {""}:
        if any(letters[at : at + run] in page for at in range(max(1, len(letters) - run + 1))):
            return True
    return False


def _letters(text: str) -> str:
    """Letters and digits alone: neither spaces, marks and quotes nor accents and case make a text another one."""
    signs = unicodedata.normalize("NFKD", html.unescape(text).casefold())
    return "".join(sign for sign in signs if sign.isalnum())


def _shown(code: Wikicode | None) -> str:
    """What a reader sees of wikitext, with all that templates are given."""
    return "".join(map(_node, code.nodes)) if code is not None else ""


def _node(node: object) -> str:
    if isinstance(node, Wikilink):
        return _shown(node.text if node.text is not None else node.title)
    if isinstance(node, Template):
        return " ".join(_shown(parameter.value) for parameter in node.params)
    if isinstance(node, ExternalLink | Heading):
        return _shown(node.title)
    if isinstance(node, Tag):
        return _shown(node.contents)
    if isinstance(node, Argument):
        return _shown(node.default)
    if isinstance(node, HTMLEntity):
        return str(node.normalize())
    return "" if isinstance(node, Comment) else str(node)
