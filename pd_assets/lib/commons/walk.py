"""The category graph below the configured roots: breadth first, cycles and several parents allowed.

Errors: ConfigError where a root does not exist.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pd_assets.lib.commons.client import CategoryFacts, CommonsClient
from pd_assets.lib.errors import ConfigError


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


def walk(client: CommonsClient, roots: Sequence[str], *, depth: int, exclude: Iterable[str] = ()) -> list[Category]:
    """Every category within `depth` steps of a root, each once, with the shortest way to it; excluded ones never."""
    excluded = {normalised(title) for title in exclude}
    wanted = dict.fromkeys(normalised(root) for root in roots)
    facts = client.category_facts([root for root in wanted if root not in excluded])
    missing = [title for title, fact in facts.items() if not fact.exists]
    if missing:
        raise ConfigError(
            f"PD_COMMONS_ROOTS names {', '.join(f'Category:{title}' for title in missing)}, which {client.api} does "
            "not have; expected titles of existing categories, separated by ;"
        )
    paths: dict[str, tuple[str, ...]] = {root: (root,) for root in facts}
    parents: dict[str, set[str]] = {root: set() for root in facts}
    level = list(facts)
    for _ in range(depth):
        level = _next_level(client, level, facts, paths, parents, excluded)
    return [_category(facts[title], paths[title], parents[title]) for title in sorted(paths)]


def normalised(title: str) -> str:
    """A category's title as the archive writes it: no namespace, spaces for underscores, the first letter large."""
    bare = " ".join(title.removeprefix("Category:").replace("_", " ").split())
    return bare[:1].upper() + bare[1:]


def _next_level(
    client: CommonsClient,
    level: Sequence[str],
    facts: dict[str, CategoryFacts],
    paths: dict[str, tuple[str, ...]],
    parents: dict[str, set[str]],
    excluded: set[str],
) -> list[str]:
    """The categories first met one step below `level`; parents are noted for known ones too."""
    found: list[str] = []
    for title in level:
        if not facts[title].subcategories:
            continue
        for fact in client.subcategories(title):
            child = fact.title
            if child in excluded:
                continue
            parents.setdefault(child, set()).add(title)
            if child not in paths:
                paths[child] = (*paths[title], child)
                facts[child] = fact
                found.append(child)
    return found


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
