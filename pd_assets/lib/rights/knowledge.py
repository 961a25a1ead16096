"""What others than the page itself know: Wikidata of persons and works, the archive of its own templates, and people
who judged a picture that waited.

Held in memory, plain and read-only. commons/creators and commons/templates hold it between runs. What nobody knows is
None, which never speaks for a picture. A reading notes what it asked for, so that a page is read again when the answer
to one of its questions changes, and only then.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum

from pd_assets.lib.page.dates import Years
from pd_assets.lib.rights.claims import Settled

DIGEST_SIZE_BYTES = 8


class EntityKind(StrEnum):
    """What an item of Wikidata is, by its P31."""

    PERSON = "person"  # a human (Q5): the only kind whose death counts as a maker's
    GROUP = "group"  # a family, firm, workshop or people: nobody whose death could be known
    ANONYMOUS = "anonymous"  # the item for "nobody knows who": Q4233718
    OTHER = "other"  # anything else: a work, a place, a taxon
    MISSING = "missing"  # no such item


@dataclass(frozen=True, kw_only=True)
class Entity:
    """What Wikidata says of one item, at revision `revid` (of day `edited_on`).

    `asked` is the id that a page names, `item` the one that it leads to (a merged item redirects). `born`, `died` and
    `made` hold every year that the precision leaves possible, and None where nothing, "unknown", or two dates that lie
    apart are told. `makers` are the items of P170 and P50 of a work; `has_unnamed_maker` where one of them is a text or
    an unknown value that is not said to be anonymous; `is_anonymous` where Wikidata says that nobody knows the maker.
    `classes` are P31 and P279, `materials` P186.
    """

    asked: str
    item: str
    revid: int | None
    edited_on: str | None
    kind: EntityKind
    name: str | None = None
    born: Years | None = None
    died: Years | None = None
    made: Years | None = None
    makers: tuple[str, ...] = ()
    has_unnamed_maker: bool = False
    is_anonymous: bool = False
    classes: tuple[str, ...] = ()
    materials: tuple[str, ...] = ()


class TemplateKind(StrEnum):
    """What a template is, by the archive's own classification."""

    LICENCE = "licence"  # in the tree of licence tags; what it means, tags.py says or nobody
    WARNING = "warning"  # a problem tag, a deletion notice, a redirect to speedy deletion
    BOX = "box"  # an information box
    SOURCE = "source"  # a source or partner
    MAINTENANCE = "maintenance"
    LANGUAGE = "language"
    LOCATION = "location"
    OTHER = "other"  # classified, as something that says nothing of rights
    UNCLASSIFIED = "unclassified"  # known to exist, and classified by nobody
    MISSING = "missing"  # no such page


@dataclass(frozen=True, kw_only=True)
class TemplateFact:
    """What the archive says of one template: `name` and `target` are normal names (page/wikitext.normal_name).

    `target` is where a redirect leads, or the name itself: a decision rests on the target, never on the alias.
    `shows` are the licence tags that a wrapper shows inside, by the pages that use it.
    """

    name: str
    target: str
    kind: TemplateKind
    shows: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """All that is known: by item id, by the normal name of a Creator page (`creator:jan roy` -> Q1), by template.

    A Creator page that names no item and tells a life itself leads to an entity of its own, whose item is its title.
    `judged` is what people came to about items, after whatever evidence.
    """

    entities: Mapping[str, Entity] = field(default_factory=dict)
    creator_pages: Mapping[str, str | Entity] = field(default_factory=dict)
    templates: Mapping[str, TemplateFact] = field(default_factory=dict)
    judged: Mapping[str, tuple[Settled, ...]] = field(default_factory=dict)


NOTHING = Knowledge()


@dataclass(kw_only=True)
class Questions:
    """One reading's questions to what is known. `marks` tells, sorted, what was asked for and what the answer was."""

    known: Knowledge = NOTHING
    _marks: set[str] = field(default_factory=set)

    def entity(self, item: str) -> Entity | None:
        """What Wikidata says of an item; None where it was never read."""
        return self._asked(item, self.known.entities.get(item))

    def creator_page(self, name: str) -> str | Entity | None:
        """The item behind a Creator page, or what it tells itself, by its normal name with `creator:`."""
        item = self.known.creator_pages.get(name)
        self._marks.add(mark(name, item))
        return item

    def template(self, name: str) -> TemplateFact | None:
        """What the archive says of a template, by its normal name."""
        found = self.known.templates.get(name)
        self._marks.add(mark(f"template:{name}", found))
        return found

    def judged(self, item_id: str) -> tuple[Settled, ...]:
        """What people came to about an item. That nobody judged it is no answer, and leaves no mark (unread.sql)."""
        found = self.known.judged.get(item_id, ())
        if found:
            self._marks.add(judged_mark(item_id, found))
        return found

    @property
    def marks(self) -> tuple[str, ...]:
        return tuple(sorted(self._marks))

    def _asked(self, key: str, found: Entity | None) -> Entity | None:
        self._marks.add(mark(key, found))
        return found


def mark(key: str, answer: Entity | TemplateFact | str | None) -> str:
    """`key@digest of the answer`, or `key@` where nothing is known.

    The revision and its day stay out: an edit that changes nothing that counts is no news.
    """
    if answer is None:
        return f"{key}@"
    if isinstance(answer, str):
        told: Iterable[object] = (answer,)
    else:
        told = (getattr(answer, one.name) for one in fields(answer) if one.name not in ("revid", "edited_on"))
    text = "\n".join(repr(value) for value in told)
    return f"{key}@{hashlib.blake2b(text.encode(), digest_size=DIGEST_SIZE_BYTES).hexdigest()}"


def judged_mark(item_id: str, settled: Iterable[Settled]) -> str:
    """The mark of what people came to about an item."""
    return mark(f"judged:{item_id}", "\n".join(map(repr, settled)))


def marks_of(known: Knowledge) -> dict[str, str]:
    """The mark of everything that is known now, by key: a stored mark that differs from it is out of date."""
    return dict(each_mark(known))


def each_mark(known: Knowledge) -> Iterator[tuple[str, str]]:
    """Key and mark of everything that is known now, one by one."""
    yield from ((key, mark(key, entity)) for key, entity in known.entities.items())
    yield from ((name, mark(name, item)) for name, item in known.creator_pages.items())
    yield from ((f"template:{name}", mark(f"template:{name}", fact)) for name, fact in known.templates.items())
    yield from ((f"judged:{item_id}", judged_mark(item_id, said)) for item_id, said in known.judged.items())
