"""How papers are written: text that others chose, made safe for Markdown, YAML and CSV, and numbers.

Names, titles and addresses come from archives and operators: none may end a line, a cell or a block that it stands in.
"""

import json
import math
import re
from collections.abc import Iterable, Sequence

NOT_APPLICABLE = "not applicable"
# Controls, line and paragraph separators, marks that turn the direction of writing, and what is no character. By
# numbers, not by Unicode's classes, which differ from one Python to the next.
_NOT_TEXT = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufff9-\uffff]+"
)
_MARKUP = re.compile(r"([\\`*_\[\]<>#~&$!])")
# What begins a list, a rule, a heading or a quotation at the beginning of a line.
_BEGINS_BLOCK = re.compile(r"^(?:[-+=](?=[-+=\s]|$)|\d+[.)](?=\s|$))")
_FORMULA = ("=", "+", "-", "@")


def one_line(text: str) -> str:
    """`text` without line breaks and without what cannot be seen."""
    return " ".join(_NOT_TEXT.sub(" ", text).split())


def said(text: str) -> str:
    """`text` as Markdown that shows it as it is."""
    escaped = _MARKUP.sub(r"\\\1", one_line(text))
    begins = _BEGINS_BLOCK.match(escaped)
    if begins:
        return escaped[: begins.end() - 1] + "\\" + escaped[begins.end() - 1 :]
    return escaped


def code(text: str) -> str:
    """`text` as a code span, however many backticks are in it."""
    inside = one_line(text)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", inside)), default=0))
    padding = " " if inside[:1] == "`" or inside[-1:] == "`" or not inside else ""
    return f"{fence}{padding}{inside}{padding}{fence}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def bullets(lines: Iterable[str]) -> str:
    """A list; its lines are Markdown already."""
    return "\n".join(f"- {line}" for line in lines)


def listed(parts: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def of_things(count: int, one: str, several: str = "") -> str:
    """`1 picture`, `2 pictures`."""
    return f"{count} {one if count == 1 else several or one + 's'}"


def number(value: object) -> str:
    """Counts to the last digit, measures to four; what was not measured says so."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "not measured"
    return str(value) if isinstance(value, int) else f"{value:.4g}" if math.isfinite(value) else "not a number"


def percent(value: object) -> str:
    """A share."""
    return f"{value:.2%}" if isinstance(value, int | float) and math.isfinite(value) else "not measured"


def yaml_text(text: str) -> str:
    """A string of YAML, in quotes."""
    return json.dumps(one_line(text), ensure_ascii=False)


def csv_cell(text: str) -> str:
    """`text` for a spreadsheet, which takes what begins like a formula for one: an apostrophe is put before it."""
    inside = one_line(text)
    return f"'{inside}" if inside.startswith(_FORMULA) else inside
