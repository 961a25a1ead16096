"""Write pages.jsonl and makers.json out of the cases: the same source gives the same bytes.

python -m benchmarks.rights.source.write
"""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.rights.pages import MAKERS as MAKERS_FILE
from benchmarks.rights.pages import PAGES
from benchmarks.rights.source import archives, hand, museums, own, traps_dates, traps_makers, traps_tags
from benchmarks.rights.source.makers import MAKERS
from benchmarks.rights.source.written import SUMMARIES, Written, licence_categories, transcluded

FAMILIES = (museums, archives, own, hand, traps_makers, traps_dates, traps_tags)
BY_NAME = {maker.name: maker for maker in MAKERS.values()}
BY_ITEM = {maker.item: maker for maker in MAKERS.values()}
VERDICT = {"A": "accept", "N": "not"}


def written() -> Iterator[Written]:
    """Every case, in the order of the families."""
    for family in FAMILIES:
        yield from family.cases()


def as_json(one: Written) -> dict[str, object]:
    """A page in the format of README.md. Its id is made of its form and its text, so that it tells no verdict."""
    creators = {f"Creator:{name}": BY_NAME[name].item for name in _named_creators(one) if name in BY_NAME}
    return {
        "id": _id(one),
        "form": one.form,
        "language": one.label.language,
        "kind": one.label.kind,
        "title": one.title,
        "wikitext": one.wikitext,
        "categories": [*licence_categories(one.wikitext), *one.categories],
        "templates": transcluded(one.wikitext, one.shows),
        "extmetadata": dict(SUMMARIES[one.summary]),
        "statements": {prop: list(values) for prop, values in one.statements.items()},
        "entities": _entities(one, creators.values()),
        "creators": creators,
        "expected": dict(zip(("strict", "life70", "us"), map(VERDICT.__getitem__, one.label.expected), strict=True)),
        "why": one.label.why,
    }


def _id(one: Written) -> str:
    form = re.sub(r"[^a-z0-9]+", "-", one.form.lower()).strip("-")
    text = json.dumps([one.title, one.wikitext, one.statements, one.summary, list(one.categories)], sort_keys=True)
    return f"{form}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def _named_creators(one: Written) -> list[str]:
    return sorted(set(re.findall(r"\{\{[Cc]reator:([^{}|]+)", one.wikitext)))


def _entities(one: Written, named: object) -> dict[str, object]:
    """Every item that the page names, and the makers of those works."""
    text = json.dumps([one.wikitext, one.statements, list(one.items.values()), list(named)])  # type: ignore[call-overload]
    makers = {item: BY_ITEM[item].fact for item in set(re.findall(r"Q\d+", text)) if item in BY_ITEM}
    return dict(sorted({**makers, **one.items}.items()))


def main(pages: Path = PAGES, makers: Path = MAKERS_FILE) -> None:
    lines = [json.dumps(as_json(one), ensure_ascii=False, separators=(",", ":")) for one in written()]
    pages.write_text("\n".join(lines) + "\n", encoding="utf-8")
    facts = {maker.item: maker.fact for maker in MAKERS.values()}
    makers.write_text(json.dumps(facts, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
