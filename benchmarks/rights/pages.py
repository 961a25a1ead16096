"""The labelled pages, read from JSON or JSON lines, and the decisions of a system as CSV. Standard library alone.

Two shapes are read: that of README.md, and the terser one of recorded pages (`set`, `A` and `N` for the verdicts).
Keys that are not known here are left alone.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGES, TEMPLATES, MAKERS = HERE / "pages.jsonl", HERE / "templates.json", HERE / "makers.json"
PROFILES = ("strict", "life70", "us")
ACCEPT, WAIT, REJECT = VERDICTS = ("accept", "wait", "reject")
COLUMNS = ("id", "profile", "verdict")
ACCEPTED_BY = {"accept": True, "A": True, "not": False, "N": False}


class BadFile(ValueError):
    """A file of pages or decisions that does not have the form of README.md."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """One labelled page. `free` are the profiles under which it may be accepted.

    `statements` maps a property to values: a Q-id, a year, a text, a time with its precision, None for an unknown
    value, or [value, qualifiers]. `entities` maps a Q-id to what Wikidata says of it, `creators` the page of a maker
    (`Creator:Jan Roy`) to its Q-id.
    """

    id: str
    form: str
    language: str
    kind: str
    title: str
    wikitext: str
    free: frozenset[str]
    categories: Sequence[str] = ()
    templates: Sequence[str] = ()
    extmetadata: Mapping[str, str] = field(default_factory=dict)
    statements: Mapping[str, Sequence[object]] = field(default_factory=dict)
    entities: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    creators: Mapping[str, str] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What a system says of one page under one profile: `verdict` is one of VERDICTS, `because` is for a reader."""

    id: str
    profile: str
    verdict: str
    because: str = ""


def read_pages(path: Path) -> list[Page]:
    """All pages of a file, with ids that differ. Errors: BadFile, OSError."""
    pages = [_page(raw, f"{path}, page {number}") for number, raw in enumerate(_raw(path), 1)]
    ids = [page.id for page in pages]
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise BadFile(f"{path}: found the ids {', '.join(twice[:5])} twice, expected each once; rename one of each")
    return pages


def _raw(path: Path) -> list[dict[str, object]]:
    text = path.read_text(encoding="utf-8")
    try:
        # One array, or one object a line: a pretty-printed array begins with its bracket too.
        found = (
            json.loads(text)
            if text.lstrip().startswith("[")
            else [json.loads(line) for line in text.split("\n") if line]
        )
    except ValueError as error:
        raise BadFile(f"{path}: {error}; expected a JSON array of pages, or one page a line") from error
    return [raw for raw in found if isinstance(raw, dict)]


def _page(raw: dict[str, object], where: str) -> Page:
    given, text = _Given(raw, where), str(raw.get("wikitext") or "")
    expected = given.mapping("expected")
    if missing := [profile for profile in PROFILES if expected.get(profile) not in ACCEPTED_BY]:
        raise BadFile(
            f"{where}: `expected` lacks {', '.join(missing)}; expected `accept` or `not` (`A` or `N`) of each"
        )
    free = frozenset(profile for profile in PROFILES if ACCEPTED_BY[str(expected[profile])])
    name = str(raw.get("id") or where)
    return Page(
        id=f"{raw['set']}/{name}" if raw.get("set") else name,
        form=str(raw.get("form") or "?"),
        language=str(raw.get("language") or "?"),
        kind=str(raw.get("kind") or ("free" if "life70" in free else "not-free")),
        title=str(raw.get("title") or ""),
        wikitext=text,
        free=free,
        categories=given.texts("categories"),
        templates=given.texts("templates"),
        extmetadata={key: str(value) for key, value in given.mapping("extmetadata").items()},
        statements={key: _listed(value) for key, value in given.mapping("statements").items()},
        entities={key: value for key, value in given.mapping("entities").items() if isinstance(value, dict)},
        creators={key: str(value) for key, value in given.mapping("creators").items()},
        why=str(raw.get("why") or raw.get("note") or ""),
    )


@dataclass(frozen=True)
class _Given:
    """The keys of one page; what is absent or null is empty."""

    raw: dict[str, object]
    where: str

    def mapping(self, name: str) -> dict[str, object]:
        value = self.raw.get(name) or {}
        if not isinstance(value, dict):
            raise BadFile(f"{self.where}: `{name}` is {type(value).__name__}, expected an object")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.raw.get(name) or []
        if not isinstance(value, list):
            raise BadFile(f"{self.where}: `{name}` is {type(value).__name__}, expected an array of texts")
        return tuple(str(one) for one in value)


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else [value]


def write_decisions(decided: Iterable[Decided], path: Path) -> None:
    """The decisions as CSV. What a system gives as its reasons stays out."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        rows.writerows((one.id, one.profile, one.verdict) for one in decided)


def read_decisions(path: Path) -> Iterator[Decided]:
    """The decisions of a CSV file; other columns are ignored. Errors: BadFile, OSError."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if missing := [name for name in COLUMNS if name not in (rows.fieldnames or ())]:
            raise BadFile(f"{path}: found no column {', '.join(missing)}; expected the columns {', '.join(COLUMNS)}")
        for row in rows:
            yield Decided(id=row["id"], profile=row["profile"], verdict=row["verdict"])
