"""The shape of evidence: what an archive claims about the rights in one picture, where, and at which revision.

Plain values that go to JSON and back unchanged. How they are gathered lies in evidence.py and smithsonian.py.
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace

from pd_assets.lib.page.dates import Years
from pd_assets.lib.page.statements import Statement
from pd_assets.lib.page.years import NamedYear
from pd_assets.lib.rights.tags import Kind

PUBLIC_DOMAIN_STATUS = ("Q19652", "Q88088423")
FREE_LICENCE_ITEMS = ("Q6938433", "Q7257361")
UNITED_STATES = "Q30"
FREE_SHORT_NAMES = ("public domain", "cc0", "pd", "cc0 1.0")
FREE_LICENCE_CODES = ("pd", "cc0", "cc-pd")


@dataclass(frozen=True, kw_only=True)
class Tag:
    """A licence tag: its normalised name, and where it was seen.

    `seen_in` is `wikitext`, `category`, `transclusion` (a template in a template), or `prose`; `place` names the field
    and the templates around it.
    """

    name: str
    seen_in: str
    kind: Kind
    us: bool = False
    life: int | None = None
    needs_death_year: bool = False
    anonymous: bool = False
    place: str = ""


_AT_REVISION = re.compile(r" at revision \d+\Z")
# What tells the life of a maker, where it is the page itself.
BY_PAGE = "page"


@dataclass(frozen=True, kw_only=True)
class Maker:
    """Somebody whom the page, its structured data or its item names as a maker.

    `place` says where (`artwork.artist`, `statement P170`, `item Q1`), `role` the field that it stands for. `born` and
    `died` are the latest years that are possible, `told_by` says who tells them: `page`, or `Q5593 at revision 12`.
    `is_unknown` where it is said that nobody knows the maker; a maker with neither life dates nor that is an open
    question.
    """

    name: str
    place: str
    role: str = "artist"
    item: str | None = None
    born: int | None = None
    died: int | None = None
    is_unknown: bool = False
    told_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Work:
    """What Wikidata says of the work on the picture: its item, the years of its making, and at which revision."""

    item: str
    revid: int | None = None
    made: Years | None = None


@dataclass(frozen=True, kw_only=True)
class Medium:
    """What a museum's record says of one medium, verbatim, and the words in it that ask for care.

    `author` is the first person or body named in a role that makes works; `is_work` whether its type says work of art.
    """

    media_type: str | None
    usage_access: str | None
    usage_text: str | None = None
    metadata_usage_access: str | None = None
    rights: tuple[str, ...] = ()
    unit_code: str | None = None
    author: str | None = None
    is_work: bool = False
    sensitive: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What people came to about one picture under one profile, after looking at its evidence.

    `answer` is `free` or `not_free`, `of` the digest of what they looked at (`looked_at`). `roles` are those who said
    so, `judgements` the SHA-256 of what each of them said, `day` the last day.
    """

    profile: str
    answer: str
    of: str
    roles: tuple[str, ...]
    judgements: tuple[str, ...]
    day: str


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything that a rule may look at. Years are calendar years.

    `is_flat` is what a PD-Art tag asserts, `looks_flat` and `is_solid` what the fields and categories say of the work;
    `is_work_page` tells a page about a work of art from one about a photograph. `made` is the date on the page,
    `date_unread` a date that could not be read for sure, `published` that of a publication, `inception` that of the
    structured data, `named_years` the years from 1900 on that stand anywhere else. `shows_person` says where the page
    tells that it shows a person, `shows_living` where it tells that the person lives, `shows_stamp` where it speaks of
    a stamp; `outsiders` are words for makers whom no government employs. `shows_works` are the words that name a work
    of somebody else on an own photograph, `later_hands` those that tell of a later colouring or invention.
    `shows_subjects` is what an own photograph is of that nobody made, `unclear_subjects` what else it is said to show.
    `makers` is everybody who is named as one, `work` what Wikidata says of the work. `judged` is what people came to
    about all this, where they did.
    """

    source: str
    status: str
    problem: str | None = None
    revid: int | None = None
    sha1: str | None = None
    uploaded_on: str | None = None
    tags: tuple[Tag, ...] = ()
    is_flat: bool = False
    looks_flat: bool = False
    is_solid: bool = False
    is_own_work: bool = False
    is_work_page: bool = False
    names_user: bool = False
    made: Years | None = None
    published: Years | None = None
    inception: Years | None = None
    named_years: tuple[NamedYear, ...] = ()
    is_posthumous: bool = False
    date_text: str | None = None
    date_unread: str | None = None
    birth_year: int | None = None
    death_year: int | None = None
    summary_death_year: int | None = None
    artist: str | None = None
    short_name: str | None = None
    licence_code: str | None = None
    licence_url: str | None = None
    attribution_required: bool = False
    non_free: bool = False
    deletion_reason: str | None = None
    restrictions: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = ()
    shows_person: tuple[str, ...] = ()
    shows_living: tuple[str, ...] = ()
    shows_works: tuple[str, ...] = ()
    shows_subjects: tuple[str, ...] = ()
    unclear_subjects: tuple[str, ...] = ()
    later_hands: tuple[str, ...] = ()
    shows_stamp: tuple[str, ...] = ()
    outsiders: tuple[str, ...] = ()
    medium: Medium | None = None
    makers: tuple[Maker, ...] = ()
    work: Work | None = None
    judged: tuple[Settled, ...] = ()

    def looked_at(self, page_digest: str) -> str:
        """The digest of what people look at who judge it: all but what people came to, and at which revision others
        said the same. Where the evidence names no revision of its page, the digest of that page or record counts too.
        """
        makers = tuple(replace(one, told_by=_AT_REVISION.sub("", one.told_by)) for one in self.makers)
        work = None if self.work is None else replace(self.work, revid=None)
        text = replace(self, judged=(), makers=makers, work=work).to_json()
        return digest_of(text if self.revid is not None else f"{text}\n{page_digest}")

    def having(self, kind: Kind, seen_in: str | None = None) -> tuple[Tag, ...]:
        """The tags of one kind."""
        return tuple(tag for tag in self.tags if tag.kind is kind and seen_in in (None, tag.seen_in))

    def stating(self, prop: str) -> tuple[Statement, ...]:
        """The statements with one property."""
        return tuple(statement for statement in self.statements if statement.property == prop)

    def to_json(self) -> str:
        """Canonical JSON: equal evidence, equal text. What says nothing (None, false, empty) is left out."""
        return json.dumps(_plain(self), sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Evidence":
        """The evidence that `to_json` wrote, exactly."""
        stored = json.loads(text)
        for name, value in stored.items():
            if name in _READERS:
                stored[name] = _READERS[name](value)
            elif isinstance(value, list):
                stored[name] = tuple(value)
        return cls(**stored)


def digest_of(evidence_json: str) -> str:
    """SHA-256 of the canonical JSON."""
    return hashlib.sha256(evidence_json.encode("utf-8", "surrogatepass")).hexdigest()


Value = Tag | Statement | Medium | Years | NamedYear | Maker | Work | Settled


def _plain(value: "Evidence | Value") -> dict[str, object]:
    """The fields that differ from their defaults."""
    plain: dict[str, object] = {}
    for field in fields(value):
        held = getattr(value, field.name)
        if held != field.default:
            plain[field.name] = _plain_value(held)
    return plain


def _plain_value(value: object) -> object:
    if isinstance(value, Value):
        return _plain(value)
    return [_plain_value(part) for part in value] if isinstance(value, tuple) else value


def _tags(stored: list[dict[str, object]]) -> tuple[Tag, ...]:
    return tuple(Tag(**(tag | {"kind": _KINDS[str(tag["kind"])]})) for tag in stored)  # type: ignore[arg-type]


def _statements(stored: list[dict[str, object]]) -> tuple[Statement, ...]:
    return tuple(Statement(**_tuples(statement)) for statement in stored)  # type: ignore[arg-type]


def _medium(stored: dict[str, object]) -> Medium:
    return Medium(**_tuples(stored))  # type: ignore[arg-type]


def _years(stored: dict[str, int]) -> Years:
    return Years(**stored)


def _makers(stored: list[dict[str, object]]) -> tuple[Maker, ...]:
    return tuple(Maker(**maker) for maker in stored)  # type: ignore[arg-type]


def _work(stored: dict[str, object]) -> Work:
    made = stored.get("made")
    return Work(**(stored | {"made": _years(made) if made else None}))  # type: ignore[arg-type]


def _named_years(stored: list[dict[str, object]]) -> tuple[NamedYear, ...]:
    return tuple(NamedYear(**named) for named in stored)  # type: ignore[arg-type]


def _judged(stored: list[dict[str, object]]) -> tuple[Settled, ...]:
    return tuple(Settled(**_tuples(one)) for one in stored)  # type: ignore[arg-type]


def _tuples(stored: dict[str, object]) -> dict[str, object]:
    """Lists as tuples, those within them too."""
    return {name: _as_tuple(value) if isinstance(value, list) else value for name, value in stored.items()}


def _as_tuple(value: list[object]) -> tuple[object, ...]:
    return tuple(_as_tuple(part) if isinstance(part, list) else part for part in value)


_KINDS = {kind.value: kind for kind in Kind}
_READERS: dict[str, Callable[..., object]] = {
    "tags": _tags,
    "statements": _statements,
    "made": _years,
    "published": _years,
    "inception": _years,
    "named_years": _named_years,
    "medium": _medium,
    "makers": _makers,
    "work": _work,
    "judged": _judged,
}
