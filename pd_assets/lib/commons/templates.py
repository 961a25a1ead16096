"""The table commons/templates: what each template that stored pages use is, by the archive's own classification.

Only names that nobody asked about yet, or long ago, are asked for, fifty a request; redirects are followed, and the
categories above are remembered as rows of their own. What an answer leaves open stays unknown and is asked again.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import PAGES, TEMPLATES
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.commons.client import CommonsClient
from pd_assets.lib.commons.records import Json
from pd_assets.lib.commons.template_kinds import LEVELS, MISSING, UNCLASSIFIED, kind_of, to_ask
from pd_assets.lib.errors import ArchiveError
from pd_assets.lib.home import Home
from pd_assets.lib.page.template_names import is_elsewhere, is_understood, whole
from pd_assets.lib.page.wikitext import normal_name

GOOD_FOR = timedelta(days=90)
# Who is missing or in no category may be put right sooner.
OPEN_FOR = timedelta(days=30)
TEMPLATE, CATEGORY = "Template:", "Category:"
LONGEST_NAME_BYTES = 240
NOT_IN_TITLES = frozenset("#<>[]|{}\n\t\0")
WANTED: Mapping[str, str | int] = {"redirects": 1, "prop": "categories", "cllimit": "max"}


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the archive said of one page: a template (`kind` of its own or of its target), or a category above one.

    `name` has its namespace only where it is a category. Without `asked_at` the archive has not told of it yet.
    """

    name: str
    target: str = ""
    kind: str | None = None
    categories: tuple[str, ...] = ()
    asked_at: datetime | None = None

    @property
    def is_category(self) -> bool:
        return self.name.startswith(CATEGORY)

    def is_due(self, now: datetime) -> bool:
        good_for = OPEN_FOR if self.kind in (MISSING, UNCLASSIFIED) else GOOD_FOR
        return self.asked_at is None or now - self.asked_at >= good_for


@dataclass(frozen=True, kw_only=True)
class TemplateCounts:
    """Templates by kind, those asked for in this run, those that are still open, and why the archive told no more."""

    kinds: Mapping[str, int]
    asked: int
    untold: int
    digest: str
    problem: str | None = None


def learn_templates(home: Home, client: CommonsClient, *, now: datetime | None = None) -> TemplateCounts:
    """Ask about the templates that nobody knows yet or any more, and write the table.

    Where the archive fails on the way, or refuses us, what it told is kept. Errors: TableError.
    """
    moment = (now or datetime.now(UTC)).replace(microsecond=0)
    known = {row.name: row for row in _rows(home)}
    names = wanted(home)
    due = sorted(name for name in {*names, *known} if name not in known or known[name].is_due(moment))
    for name in due:
        known.setdefault(name, Known(name=name))
    asking = _Asking(client=client, known=known, now=moment)
    problem = asking.ask(due)
    asking.classify()
    content = tables.as_table(TEMPLATES, [_row(one) for one in known.values()])
    templates = [one for one in known.values() if not one.is_category]
    kinds = [one.kind for one in templates if one.kind is not None]
    return TemplateCounts(
        kinds={kind: kinds.count(kind) for kind in sorted(set(kinds))},
        asked=len(due),
        untold=sum(one.asked_at is None for one in templates),
        digest=tables.write(home, TEMPLATES, content),
        problem=problem,
    )


def due_by_now(home: Home, *, now: datetime | None = None) -> int:
    """How many rows of the table are to be asked for again."""
    moment = now or datetime.now(UTC)
    return sum(row.is_due(moment) for row in _rows(home))


def wanted(home: Home) -> set[str]:
    """The templates that live pages use, as they are titled: but those that the page reader understands."""
    found = tables.query(home, load("template_names"), {"pages": PAGES})["name"].to_pylist()
    titles = {whole(title) for name in found if (title := _title(str(name)))}
    return {title for title in titles if not is_understood(normal_name(title))}


def _title(written: str) -> str | None:
    """A name as titles are written, without namespace; None for what is no template."""
    name = " ".join(written.replace("_", " ").split())
    for prefix in ("subst:", "safesubst:", "template:"):
        name = name[len(prefix) :].strip() if name.lower().startswith(prefix) else name
    is_title = name and not NOT_IN_TITLES.intersection(name) and len(name.encode()) <= LONGEST_NAME_BYTES
    if not is_title or is_elsewhere(name.lower()):
        return None
    return name[0].upper() + name[1:]


@dataclass(kw_only=True)
class _Asking:
    """One run's questions; `known` is filled with the answers."""

    client: CommonsClient
    known: dict[str, Known]
    now: datetime
    told: dict[str, Json] = field(default_factory=dict)
    leads_to: dict[str, str] = field(default_factory=dict)

    def ask(self, names: list[str]) -> str | None:
        """Ask about pages, then about the categories above them, level by level; why the archive stopped, if it did."""
        try:
            self._ask_pages(names)
            for _ in range(LEVELS):
                self._ask_pages(self._categories_to_ask())
        except ArchiveError as error:
            return str(error)
        return None

    def _ask_pages(self, names: list[str]) -> None:
        titles = [name if name.startswith(CATEGORY) else f"{TEMPLATE}{name}" for name in names]
        for batch, answers in self.client.pages_titled(titles, WANTED):
            self.told, self.leads_to = {}, {}
            for answer in answers:
                self._note(answer)
            for title in batch:
                self._learn(title)

    def _note(self, answer: Json) -> None:
        """What one answer says: continuations add to the categories of a page."""
        for pair in (*_entries(answer, "normalized"), *_entries(answer, "redirects")):
            if pair.get("from") != pair.get("to"):
                self.leads_to[str(pair.get("from"))] = str(pair.get("to"))
        for page in _entries(answer, "pages"):
            before = self.told.setdefault(str(page.get("title")), {"categories": []})
            categories = [*_list(before["categories"]), *_list(page.get("categories"))]
            self.told[str(page.get("title"))] = {**before, **page, "categories": categories}

    def _learn(self, title: str) -> None:
        """One page that was asked for, and the page that it leads to. Who is not spoken of stays unknown."""
        target, steps = title, 0
        while target in self.leads_to and steps < len(self.leads_to):
            target, steps = self.leads_to[target], steps + 1
        page = self.told.get(target)
        if page is None:
            return
        name, led_to = title.removeprefix(TEMPLATE), target.removeprefix(TEMPLATE)
        kind = MISSING if page.get("missing") or page.get("invalid") else None
        if not target.startswith((TEMPLATE, CATEGORY)):
            kind, led_to = UNCLASSIFIED, name
        categories = tuple(
            sorted(
                str(entry.get("title")).removeprefix(CATEGORY)
                for entry in _list(page["categories"])
                if isinstance(entry, dict)
            )
        )
        for one in dict.fromkeys((name, led_to)):
            self.known[one] = Known(
                name=one, target=led_to, kind=kind, categories=() if kind else categories, asked_at=self.now
            )

    def _parents(self) -> dict[str, tuple[str, ...]]:
        """The parents of every category that is told of."""
        told = {name: one for name, one in self.known.items() if one.is_category and one.asked_at is not None}
        return {name.removeprefix(CATEGORY): one.categories for name, one in told.items()}

    def _categories_to_ask(self) -> list[str]:
        of_templates = {name for one in self.known.values() if not one.is_category for name in one.categories}
        return sorted(f"{CATEGORY}{category}" for category in to_ask(of_templates, self._parents()))

    def classify(self) -> None:
        """The kind of every template that is told of; one whose categories are not all told of is asked for again."""
        parents = self._parents()
        for name, one in self.known.items():
            if one.is_category or one.asked_at is None or one.kind == MISSING:
                continue
            if to_ask(one.categories, parents):
                self.known[name] = replace(one, kind=None, asked_at=None)
            else:
                self.known[name] = replace(one, kind=kind_of(one.categories, parents))


def _rows(home: Home) -> Iterator[Known]:
    for row in tables.rows(tables.read_or_empty(home, TEMPLATES)):
        yield Known(**{**row, "categories": tuple(row["categories"])})  # type: ignore[arg-type]


def _row(one: Known) -> dict[str, object]:
    return {
        "name": one.name,
        "target": one.target or one.name,
        "kind": one.kind,
        "categories": list(one.categories),
        "asked_at": one.asked_at,
    }


def _entries(answer: Json, name: str) -> Iterable[Json]:
    query = answer.get("query")
    found = query.get(name) if isinstance(query, dict) else None
    return [entry for entry in _list(found) if isinstance(entry, dict)]


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
