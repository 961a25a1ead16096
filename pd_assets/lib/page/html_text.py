"""The text of a piece of a rendered page, as CommonsMetadata gives it: what a reader sees, which users are named."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser

from pd_assets.lib.page.effort import is_readable
from pd_assets.lib.page.personal import PERSONAL_ADDRESS, PERSONAL_LINK
from pd_assets.lib.page.wikitext import HIDDEN_STYLE

# Real summaries have some dozens; the reader's time grows with the square of what stays open.
MOST_TAGS = 1_000
_SILENT = frozenset(("style", "script"))
_BREAKING = frozenset(("br", "p", "div", "li", "tr", "td", "th", "dd", "dt", "table", "ul", "ol", "hr", "center"))
_VOID = frozenset(("br", "hr", "img", "wbr", "input", "meta", "link", "area", "col", "base", "source"))
_BOX = re.compile(r"\b(?:layouttemplate|licensetpl|messagebox)\b")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The visible text without links to users; `users` are the texts of those links."""

    text: str
    users: frozenset[str]


def read_html(source: str) -> Seen:
    """What a reader sees of `source`; broken HTML is read as far as it goes, and what costs too much not at all."""
    if not is_readable_html(source):
        return Seen(text="", users=frozenset())
    reader = _Reader()
    reader.feed(source)
    reader.close()
    users = frozenset(filter(None, ("".join(words).strip() for words in reader.users)))
    return Seen(text=" ".join("".join(reader.words).split()), users=users)


def is_readable_html(source: str) -> bool:
    """Whether it can be read in bounded time."""
    return source.count("<") <= MOST_TAGS and is_readable(source)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.users: list[list[str]] = []
        self._open: list[tuple[str, str]] = []  # tag and what becomes of its text: shown, hidden, user

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKING:
            self.words.append(" ")
        if tag not in _VOID:
            self._open.append((tag, self._kind(tag, {name: value or "" for name, value in attrs})))

    def handle_endtag(self, tag: str) -> None:
        if any(name == tag for name, _ in self._open):
            while self._open.pop()[0] != tag:
                pass
        if tag in _BREAKING:
            self.words.append(" ")

    def handle_data(self, data: str) -> None:
        kinds = [kind for _, kind in self._open]
        if "hidden" in kinds:
            return
        if "user" in kinds:
            self.users[-1].append(data)
        else:
            self.words.append(data)

    def _kind(self, tag: str, attributes: dict[str, str]) -> str:
        classes = attributes.get("class", "")
        if tag in _SILENT or HIDDEN_STYLE.search(attributes.get("style", "")):
            return "hidden"
        if "reference" in classes or _BOX.search(classes):
            return "hidden"
        if tag == "a" and _is_of_a_user(attributes.get("href", ""), attributes.get("title", "")):
            self.users.append([])
            return "user"
        return "shown"


def _is_of_a_user(address: str, title: str) -> bool:
    return bool(PERSONAL_ADDRESS.search(address) or PERSONAL_LINK.search(title))
