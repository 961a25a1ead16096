"""The category graph below the configured roots: breadth first, cycles and several parents allowed.

The archive's counters drift: a category that is said to have no subcategories is listed all the same, the first time
and then once a week. One that cannot be listed keeps those that it had. Errors: ConfigError where a root is not there.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pd_assets.lib.catalog.looks import Looks
from pd_assets.lib.commons.action_api import ApiError
from pd_assets.lib.commons.client import CategoryFacts, CommonsClient
from pd_assets.lib.commons.patience import FailuresInARow
from pd_assets.lib.errors import AccessDenied, ArchiveError, ArchiveResting, ConfigError
from pd_assets.lib.prior.kept import IMPORTED

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Category:
    """One category of the walk; see schemas.CATEGORIES."""

    category: str
    pageid: int | None
    depth: int
    parents: tuple[str, ...]
    path: tuple[str, ...]
    files: int
    subcategories: int
    status: str = "live"


@dataclass(kw_only=True)
class Earlier:
    """What earlier walks found: the categories then, and when those without subcategories were last listed. `unlisted`
    are those that could not be listed now, and why."""

    categories: Mapping[str, Category] = field(default_factory=dict)
    looks: Looks = field(default_factory=Looks)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    unlisted: dict[str, str] = field(default_factory=dict)

    def facts(self, title: str) -> CategoryFacts | None:
        """What was known of a category."""
        if (one := self.categories.get(title)) is None:
            return None
        return CategoryFacts(
            title=title, pageid=one.pageid, files=one.files, subcategories=one.subcategories, exists=True
        )

    def children(self, title: str) -> list[CategoryFacts]:
        """The subcategories that a category had."""
        names = sorted(name for name, one in self.categories.items() if title in one.parents)
        return [fact for name in names if (fact := self.facts(name))]


def walk(
    client: CommonsClient,
    roots: Sequence[str],
    *,
    depth: int,
    exclude: Iterable[str] = (),
    earlier: Earlier | None = None,
) -> list[Category]:
    """Every category within `depth` steps of a root, each once, with the shortest way to it; excluded ones never."""
    excluded = {normalised(title) for title in exclude}
    wanted = dict.fromkeys(normalised(root) for root in roots)
    steps = _Walk(client=client, excluded=excluded, earlier=earlier or Earlier())
    steps.begin([root for root in wanted if root not in excluded])
    level = list(steps.facts)
    for _ in range(depth):
        level = steps.next_level(level)
    return [_category(steps.facts[title], steps.paths[title], steps.parents[title]) for title in sorted(steps.paths)]


def normalised(title: str) -> str:
    """A category's title as the archive writes it: no namespace, spaces for underscores, the first letter large."""
    bare = " ".join(title.removeprefix("Category:").replace("_", " ").split())
    return bare[:1].upper() + bare[1:]


@dataclass(kw_only=True)
class _Walk:
    client: CommonsClient
    excluded: set[str]
    earlier: Earlier
    facts: dict[str, CategoryFacts] = field(default_factory=dict)
    paths: dict[str, tuple[str, ...]] = field(default_factory=dict)
    parents: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._in_a_row = FailuresInARow(client=self.client)

    def begin(self, roots: Sequence[str]) -> None:
        """Ask for the roots. One without a page whose counters say nothing may have members all the same."""
        self.facts = self._facts(roots)
        # A root that is not spoken of is not gone: that would be said. Some are spoken of by another spelling.
        silent = [title for title in roots if title not in self.facts]
        self.facts |= {title: known for title in silent if (known := self.earlier.facts(title))}
        if len(self.facts) < len(roots):
            raise ArchiveError(
                f"{self.client.api} says nothing of {', '.join(silent)}; expected facts of every category"
            )
        missing = [title for title, fact in self.facts.items() if not fact.exists and not self._has_members(title)]
        gone = [title for title in missing if self.earlier.facts(title)]
        if gone and len(missing) < len(self.facts):
            log.warning("%s has %s no more; what only that holds leaves", self.client.api, ", ".join(gone))
            missing = [title for title in missing if title not in gone]
            self.facts = {title: fact for title, fact in self.facts.items() if title not in gone}
        if missing:
            raise ConfigError(
                f"PD_COMMONS_ROOTS names {', '.join(f'Category:{title}' for title in missing)}, which "
                f"{self.client.api} does not have; expected titles of existing categories, separated by ;"
            )
        self.paths = {root: (root,) for root in self.facts}
        self.parents = {root: set() for root in self.facts}

    def _facts(self, titles: Sequence[str]) -> dict[str, CategoryFacts]:
        """The facts of the roots; where the archive cannot tell of all at once, of each, or as they were."""
        try:
            return self.client.category_facts(titles)
        except ApiError as error:
            if len(titles) > 1:
                return {title: fact for one in titles for title, fact in self._facts([one]).items()}
            if (known := self.earlier.facts(titles[0])) is None:
                raise
            self.earlier.unlisted[titles[0]] = str(error)
            return {titles[0]: known}

    def _has_members(self, title: str) -> bool:
        try:
            return bool(self.client.subcategories(title)) or next(self.client.members(title), None) is not None
        except ApiError as error:
            if not error.is_about_data:
                raise
            return False

    def next_level(self, level: Sequence[str]) -> list[str]:
        """The categories first met one step below `level`; parents are noted for known ones too."""
        found: list[str] = []
        for title in level:
            for fact in self._children(title):
                child = fact.title
                if child in self.excluded:
                    continue
                self.parents.setdefault(child, set()).add(title)
                if child not in self.paths:
                    self.paths[child] = (*self.paths[title], child)
                    self.facts[child] = fact
                    found.append(child)
        return found

    def _children(self, title: str) -> list[CategoryFacts]:
        """The subcategories of a category, or those that it had where it cannot be listed now."""
        looks, now = self.earlier.looks, self.earlier.now
        is_said_to_have_none = self.facts[title].subcategories == 0
        if is_said_to_have_none and looks.has_no_subcategories(title, now=now):
            return []
        try:
            found = self.client.subcategories(title)
        except (AccessDenied, ArchiveResting):
            raise
        except ArchiveError as error:
            if self._in_a_row.are_the_archives():
                raise
            log.warning("Category:%s could not be listed, and keeps the subcategories that it had: %s", title, error)
            self.earlier.unlisted[title] = str(error)
            return self.earlier.children(title)
        self._in_a_row.went_well()
        looks.walked.pop(title, None)
        if not found:
            looks.walked[title] = now.isoformat()
        elif is_said_to_have_none:
            log.warning("Category:%s is said to have no subcategories, and has %d", title, len(found))
        return found


def imported(titles: int) -> list[Category]:
    """What was imported by title, as if it were a category with that many files; nothing where nothing was."""
    one = Category(category=IMPORTED, pageid=None, depth=0, parents=(), path=(IMPORTED,), files=titles, subcategories=0)
    return [one] if titles else []


def _category(fact: CategoryFacts, path: tuple[str, ...], parents: set[str]) -> Category:
    return Category(
        category=fact.title,
        pageid=fact.pageid,
        depth=len(path) - 1,
        parents=tuple(sorted(parents)),
        path=path,
        files=fact.files,
        subcategories=fact.subcategories,
    )
