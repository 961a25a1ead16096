"""The public summary of training content in the form of the Commission's template, as data and as a page.

Template for the Public Summary of Training Content for General-Purpose AI models required by Article 53(1)(d) of
Regulation (EU) 2024/1689: C(2025) 5235 final, re-issued as C(2025) 8311 final. Both papers are made of the same fields
(eu_fields.py), in the template's order.
"""

import json

from pd_ml.bundle import layout
from pd_ml.bundle.facts import Facts
from pd_ml.bundle.papers.eu_fields import TITLE, fields, published, training_flop
from pd_ml.bundle.papers.eu_form import Field, Value
from pd_ml.bundle.papers.writing import NOT_APPLICABLE, bullets, number, said, table

_SECTIONS = {
    "h": "Version",
    "1.1": "1.1 Provider identification",
    "1.2": "1.2 Model identification",
    "1.3": "1.3 Modalities, overall training data size and other characteristics",
    "2.1": "2.1 Publicly available datasets",
    "2.2": "2.2 Private non-publicly available datasets obtained from third parties",
    "2.3": "2.3 Data crawled and scraped from online sources",
    "2.4": "2.4 User data",
    "2.5": "2.5 Synthetic data",
    "2.6": "2.6 Other sources of data",
    "3.1": "3.1 Respect of reservation of rights from the text and data mining exception or limitation",
    "3.2": "3.2 Removal of illegal content",
    "3.3": "3.3 Other information",
}


def write_data(facts: Facts) -> str:
    """JSON: `title`, `published`, `training_flop`, then a member for each field, by the key of its place."""
    flop = training_flop(facts)
    head: dict[str, object] = {
        "title": TITLE,
        "published": published(facts),
        "training_flop": "not computed" if flop is None else flop,
    }
    told = head | {field.key: field.value for field in fields(facts)}
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def write_page(facts: Facts) -> str:
    """The same for people: every option of a choice is printed, and the chosen one is marked."""
    parts = ["# Public summary of training content", f"{said(TITLE)}.", said(published(facts))]
    section = ""
    for field in fields(facts):
        if field.section != section:
            section = field.section
            parts.append(f"## {_SECTIONS[section]}")
        parts.append(f"**{said(field.asks)}**\n\n{_answer(field)}")
    parts.append(f"The same as data: `{layout.EU_DATA}`. Every picture is in `{layout.LEDGER}`.")
    return "\n\n".join(parts) + "\n"


def _answer(field: Field) -> str:
    if field.bands and isinstance(field.value, dict):
        return "\n".join(line for name, one in field.value.items() for line in _banded(field, name, one))
    if not field.options:
        return _shown(field.value)
    if isinstance(field.value, dict):
        return bullets(f"{said(name)}: {_marked(field.options, chosen)}" for name, chosen in field.value.items())
    return _marked(field.options, field.value)


def _marked(options: tuple[str, ...], chosen: Value) -> str:
    """`[x] Yes [ ] No`; an answer that is none of the options is printed after them."""
    boxes = " ".join(f"[{'x' if option == chosen else ' '}] {option}" for option in options)
    return boxes if chosen in options else f"{boxes}: {_shown(chosen)}"


def _banded(field: Field, name: str, told: Value) -> list[str]:
    """All bands with the one that applies marked, then the exact numbers below it."""
    if not isinstance(told, dict):
        return [f"- {said(name)}: {_shown(told)}"]
    exact: dict[str, Value] = {key: one for key, one in told.items() if key != "band"}
    return [f"- {said(name)}: {_marked(field.bands.get(name, ()), told['band'])}", *_lines(exact, 1)]


def _shown(value: Value) -> str:
    if isinstance(value, dict):
        return "\n".join(_lines(value, 0))
    if isinstance(value, list):
        rows = [row for row in value if isinstance(row, dict)]
        if not rows:
            return bullets(_inline(one) for one in value) or NOT_APPLICABLE
        columns = list(dict.fromkeys(name for row in rows for name in row))
        cells = [[_inline(row.get(name, NOT_APPLICABLE)) for name in columns] for row in rows]
        return table([said(name.replace("_", " ")) for name in columns], cells)
    return _inline(value)


def _lines(values: dict[str, Value], depth: int) -> list[str]:
    """`- name: value`, with what is within a value below it, further in."""
    lines = []
    for name, one in values.items():
        begin = f"{'  ' * depth}- {said(name)}:"
        lines += [begin, *_lines(one, depth + 1)] if isinstance(one, dict) else [f"{begin} {_inline(one)}"]
    return lines


def _inline(value: Value) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{said(name)}: {_inline(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(_inline(one) for one in value) or NOT_APPLICABLE
    return said(value) if isinstance(value, str) else number(value)
