"""Whether a text can be read in bounded time, told by one pass over its signs before anything reads it.

The parser of wikitext goes through the rest of a page once more for everything that is opened and never closed in its
turn, and patterns go through a run of signs of one kind once for each of them: their time grows with the square. What
would cost too much is given up as a whole; the same text always is, on every machine.
"""

import re
from collections import Counter

# Real pages stay below a tenth of these. A million signs take the parser about half a second.
MOST_EFFORT = 1_000_000
LONGEST_TEXT = 200_000
MOST_ROUGHNESS = 1_000_000
# Words and addresses are shorter.
_RUN = re.compile(r"[\w./+-]{60,}|[^\w]{60,}|_{60,}")
# Making a node costs as much as running over so many signs; one of a list, twice as much.
SIGNS_OF_A_NODE = 50
_TOKEN = re.compile(
    r"(?P<template>\{\{)|(?P<template_end>\}\})|(?P<link>\[\[)|(?P<link_end>\]\])|(?P<address>\[)|(?P<address_end>\])|"
    r"(?P<comment><!--)|(?P<comment_end>-->)|<(?P<tag>[a-z][^\s<>/]*)[^<>]*(?P<closed>/>)?|</(?P<tag_end>[^\s<>]+)|"
    r"(?P<table>\{\|)|(?P<table_end>\|\}(?!\}))|^(?P<list>[*#:;]+)|(?P<node>[|!&=:]|//|^-{4})",
    re.IGNORECASE | re.MULTILINE,
)
_VOID = frozenset(("<br", "<wbr", "<hr", "<meta", "<link", "<img"))
# These may be left open, but not many of them in one another.
_OPEN = frozenset(("<li", "<dt", "<dd", "<th", "<td", "<tr"))
MOST_OPEN = 10


def is_readable(text: str) -> bool:
    """Whether patterns can go through a text: neither too long nor of too long runs of signs of one kind."""
    if len(text) > LONGEST_TEXT:
        return False
    return sum(len(match.group()) ** 2 for match in _RUN.finditer(text)) <= MOST_ROUGHNESS


def effort(wikitext: str) -> int:
    """The work in signs to run over, those of the nodes included; the same for the same text, on every machine."""
    count = _Count()
    for match in _TOKEN.finditer(wikitext):
        count.take(match)
    return count.total(len(wikitext))


class _Count:
    """What is open at one place of a text: kinds, and how much work came before each."""

    def __init__(self) -> None:
        self.nodes = 0
        self.opened: list[tuple[str, int]] = []
        self.counts: Counter[str] = Counter()
        self.left_open: list[int] = []

    def take(self, match: re.Match[str]) -> None:
        """Go on over one sign."""
        kind = str(match.lastgroup)
        self.nodes += 2 * len(match["list"]) if kind == "list" else 1
        if match["tag"]:
            kind = f"<{match['tag'].lower()}"
            if not match["closed"] and kind not in _VOID:
                self._open(kind, match.start())
        elif match["tag_end"]:
            self._close(f"<{match['tag_end'].lower()}")
        elif kind == "link_end" and not self.counts["link"]:
            self._close("address")
            self._close("address")
        elif kind.endswith("_end"):
            self._close(kind.removesuffix("_end"))
        elif kind not in ("list", "node"):
            self._open(kind, match.start())

    def total(self, size: int) -> int:
        """The work for a whole text of so many signs: once for all of it, and once more behind what is left open."""
        self._leave(self.opened)
        whole = self._work(size)
        return whole + sum(whole - before for before in self.left_open)

    def _open(self, kind: str, at: int) -> None:
        if kind in _OPEN and self.counts[kind] >= MOST_OPEN:
            self.left_open.append(self._work(at))
        self.opened.append((kind, self._work(at)))
        self.counts[kind] += 1

    def _close(self, kind: str) -> None:
        """What was opened in between is not closed in its turn; an end of nothing costs nothing."""
        if self.counts[kind]:
            while (inner := self.opened.pop())[0] != kind:
                self.counts[inner[0]] -= 1
                self._leave([inner])
            self.counts[kind] -= 1

    def _leave(self, opened: list[tuple[str, int]]) -> None:
        self.left_open += [before for kind, before in opened if kind not in _OPEN]

    def _work(self, at: int) -> int:
        return at + SIGNS_OF_A_NODE * self.nodes
