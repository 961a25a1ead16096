"""The Markdown of our own papers as blocks for a template: headings, paragraphs, lists, tables, code. No markup is made
here and none is let through: each text is text. What else Markdown knows is shown as it is written.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

HEADING, PARAGRAPH, ITEMS, TABLE, CODE = "heading", "paragraph", "items", "table", "code"
_ITEM = re.compile(r"\s{0,3}[-*] ")
_RULE = re.compile(r"\|?[\s:|-]+\|?")
_ENTITIES = {"&#124;": "|", "&lt;": "<", "&gt;": ">", "&amp;": "&"}


@dataclass(frozen=True, kw_only=True)
class Block:
    """`level` of a heading; `lines` of a list, one of any other text; `rows` of a table, its head first."""

    kind: str
    lines: tuple[str, ...] = ()
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()


def blocks(text: str) -> list[Block]:
    """The blocks of a text; what stands between `---` at its head is for programs and left out."""
    lines = text.splitlines()
    if lines[:1] == ["---"] and "---" in lines[1:]:
        lines = lines[lines.index("---", 1) + 1 :]
    return list(_blocks(lines))


def pieces(text: str) -> list[tuple[str, bool]]:
    """A line in pieces, each with whether it is code (`so`)."""
    return [(piece, place % 2 == 1) for place, piece in enumerate(_plain(text).split("`")) if piece]


def _blocks(lines: Sequence[str]) -> Iterator[Block]:
    place = 0
    while place < len(lines):
        line, start = lines[place], place
        if line.startswith("```"):
            place += 1
            while place < len(lines) and not lines[place].startswith("```"):
                place += 1
            yield Block(kind=CODE, lines=("\n".join(lines[start + 1 : place]),))
            place += 1
        elif line.startswith("#"):
            mark, _, words = line.partition(" ")
            yield Block(kind=HEADING, lines=(words.strip(),), level=len(mark))
            place += 1
        elif line.startswith("|"):
            while place < len(lines) and lines[place].startswith("|"):
                place += 1
            rows = [_cells(row) for row in lines[start:place] if not _RULE.fullmatch(row)]
            yield Block(kind=TABLE, rows=tuple(rows))
        elif _ITEM.match(line):
            while place < len(lines) and _ITEM.match(lines[place]):
                place += 1
            yield Block(kind=ITEMS, lines=tuple(_ITEM.sub("", item, count=1) for item in lines[start:place]))
        elif line.strip():
            while place < len(lines) and lines[place].strip() and not _begins_another(lines[place], place > start):
                place += 1
            yield Block(kind=PARAGRAPH, lines=(" ".join(lines[start:place]),))
        else:
            place += 1


def _begins_another(line: str, is_later: bool) -> bool:
    return is_later and (line.startswith(("#", "|", "```")) or _ITEM.match(line) is not None)


def _cells(row: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in row.strip().strip("|").split("|"))


def _plain(text: str) -> str:
    for entity, sign in _ENTITIES.items():
        text = text.replace(entity, sign)
    return text
