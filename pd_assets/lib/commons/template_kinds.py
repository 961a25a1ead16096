"""What a template is, by the categories of its page and those above them.

Which category is the root of which kind: Commons:Copyright tags, Commons:Templates and the programs that read them;
those marked [M] are from memory. A template counts as the gravest of all that it is found under, and one whose
categories speak of licences is a licence until a root says otherwise: what is not known to be harmless waits.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType

LICENCE, WARNING, BOX, SOURCE = "licence", "warning", "box", "source"
MAINTENANCE, LANGUAGE, LOCATION, OTHER = "maintenance", "language", "location", "other"
UNCLASSIFIED, MISSING = "unclassified", "missing"
# The gravest first.
GRAVITY = (WARNING, LICENCE, SOURCE, BOX, MAINTENANCE, LANGUAGE, LOCATION, OTHER)
# From a template's own categories up.
LEVELS = 3
ROOTS: Mapping[str, str] = MappingProxyType(
    {
        "license tags": LICENCE,
        "license tags by country": LICENCE,
        "license tags attribution": LICENCE,
        "pd license tags": LICENCE,
        "custom pd license tags": LICENCE,
        "pd-art license tags": LICENCE,
        "cc license tags": LICENCE,
        # In the tree of licences, and none: old tags that send a page to the queue of deletions.
        "license redirects to speedy deletion": WARNING,
        "problem tags": WARNING,
        # In the tree of licences, and about something else: trademarks, persons, flags.
        "license-related tags": OTHER,
        "source templates": SOURCE,
        "partnership templates": SOURCE,  # [M]
        "data ingestion layout templates": BOX,
        "infobox templates": BOX,  # [M]
        "infobox templates: based on information template": BOX,  # [M]
        "maintenance templates": MAINTENANCE,  # [M]
        "internationalization templates": LANGUAGE,
        "language templates": LANGUAGE,  # [M]
        "location templates": LOCATION,  # [M]
        "creator templates": OTHER,  # [M]
        "institution templates": OTHER,  # [M]
        "commons templates": OTHER,
    }
)
_OF_LICENCES = re.compile(
    r"licen[cs]|(?<!non-)\bcopyright|public domain|permission|creative commons|\b(?:pd|cc)\b|free use|attribution"
)


Parents = Mapping[str, Collection[str]]


def kind_of(categories: Iterable[str], parents: Parents) -> str:
    """The kind of a template in these categories (without namespace); `parents` are those of each category."""
    names = [normal(name) for level in _levels(categories, parents) for name in level]
    found = {ROOTS.get(name, LICENCE) for name in names if name in ROOTS or _OF_LICENCES.search(name)}
    return next((kind for kind in GRAVITY if kind in found), UNCLASSIFIED)


def to_ask(categories: Iterable[str], parents: Parents) -> set[str]:
    """The categories on the way up to a root whose own parents nobody knows yet."""
    levels = islice(_levels(categories, parents), LEVELS)
    return {name for level in levels for name in level if name not in parents and normal(name) not in ROOTS}


def _levels(categories: Iterable[str], parents: Parents) -> Iterator[set[str]]:
    """A template's categories, their parents, and so on; not beyond a root."""
    level, seen = set(categories), set[str]()
    for _ in range(LEVELS + 1):
        yield level
        seen |= level
        level = {parent for name in level if normal(name) not in ROOTS for parent in parents.get(name, ())} - seen


def normal(category: str) -> str:
    return " ".join(category.replace("_", " ").split()).lower()
