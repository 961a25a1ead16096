"""What an archive claims about the rights in one picture, verbatim, with where it was seen. No judgement in here."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from pd_assets.lib import wikitext
from pd_assets.lib.rights.dates import Years, parse_death_year, parse_years
from pd_assets.lib.rights.tags import FLAT_WRAPPERS, LICENCE_ARGUMENTS, WRAPPERS, Kind, meaning_of, meaning_of_category

PUBLIC_DOMAIN_STATUS = ("Q19652", "Q88088423")
FREE_LICENCE_ITEMS = ("Q6938433", "Q7257361")
FREE_SHORT_NAMES = ("public domain", "cc0", "pd", "cc0 1.0")
OWN_WORK = re.compile(r"\bown (?:work|photo(?:graph)?|scan|painting|drawing)\b|\bself[- ]made\b|^own$", re.IGNORECASE)
SOLID = re.compile(
    r"\b(?:sculptures?|statues?|statuettes?|busts?|reliefs?|monuments?|fountains?|buildings?|architecture|coins?|medals?|"
    r"ceramics?|pottery|vases?|porcelain|furniture|jewell?ery|sarcophag(?:us|i)|masks?|totems?|bronzes?|figurines?)\b",
    re.IGNORECASE,
)
CATEGORY_WRAPPER = re.compile(r"(pd-art|pd-scan|licensed-pd-art)\s*\((.+)\)\Z")


@dataclass(frozen=True, kw_only=True)
class Tag:
    """A licence tag: its normalised name, and where it was seen (`wikitext`, `category`, `extmetadata`, `mediainfo`)."""

    name: str
    seen_in: str
    kind: Kind
    us: bool = False
    life: int | None = None
    needs_death_year: bool = False


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything that a rule may look at. Years are calendar years; `is_flat` is what a PD-Art tag asserts."""

    source: str
    status: str
    problem: str | None = None
    revid: int | None = None
    sha1: str | None = None
    tags: tuple[Tag, ...] = ()
    is_flat: bool = False
    is_solid: bool = False
    is_own_work: bool = False
    made: Years | None = None
    date_text: str | None = None
    death_year: int | None = None
    artist: str | None = None
    short_name: str | None = None
    attribution_required: bool = False
    non_free: bool = False
    deletion_reason: str | None = None
    restrictions: tuple[str, ...] = ()
    copyright_status: tuple[str, ...] = ()
    licence_items: tuple[str, ...] = ()

    def having(self, kind: Kind, seen_in: str | None = None) -> tuple[Tag, ...]:
        """The tags of one kind."""
        return tuple(tag for tag in self.tags if tag.kind is kind and seen_in in (None, tag.seen_in))

    def to_json(self) -> str:
        """Canonical JSON: equal evidence, equal text."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def digest_of(evidence_json: str) -> str:
    """SHA-256 of the canonical JSON."""
    return hashlib.sha256(evidence_json.encode()).hexdigest()


def from_page(row: Mapping[str, object]) -> Evidence:
    """The evidence in one row of commons/pages (or a join of it with catalog/items)."""
    text = wikitext.parse(str(row.get("wikitext") or ""))
    metadata = _metadata(row.get("extmetadata"))
    categories = [str(name) for name in _sequence(row.get("categories"))]
    statements = _statements(row.get("mediainfo"))
    uses = text.templates
    medium = " ".join(text.field(name) or "" for name in ("medium", "object_type"))
    tags = [*_wikitext_tags(uses), *_category_tags(categories), *_transcluded_tags(_sequence(row.get("templates")))]
    restrictions = metadata.get("Restrictions", "")
    return Evidence(
        source="commons",
        status=str(row.get("status")),
        problem="redirect" if text.is_redirect else _text(row.get("problem")),
        revid=_whole(row.get("revid")),
        sha1=_text(row.get("sha1")),
        tags=tuple(sorted(set(tags), key=lambda tag: (tag.seen_in, tag.name, tag.life or 0, tag.us))),
        is_flat=any(use.name in FLAT_WRAPPERS for use in uses),
        is_solid=bool(SOLID.search(medium)) or any(SOLID.match(category) for category in categories),
        is_own_work=bool(OWN_WORK.search(text.field("source") or "")),
        made=parse_years(text.field("date")),
        date_text=text.field("date"),
        death_year=_death_year(uses) or parse_death_year(text.field("artist")),
        artist=text.field("artist"),
        short_name=metadata.get("LicenseShortName") or None,
        attribution_required=metadata.get("AttributionRequired", "").lower() == "true",
        non_free=metadata.get("NonFree", "").lower() == "true",
        deletion_reason=metadata.get("DeletionReason") or None,
        restrictions=tuple(sorted(part for part in restrictions.split("|") if part)),
        copyright_status=statements.get("P6216", ()),
        licence_items=statements.get("P275", ()),
    )


def _wikitext_tags(uses: Sequence[wikitext.TemplateUse]) -> Iterator[Tag]:
    for use in uses:
        if (tag := _tag(use.name, "wikitext", _deathyear(use))) is not None:
            yield tag
        if use.name in WRAPPERS:
            for name in _wrapped(use):
                if (tag := _tag(name, "wikitext", _deathyear(use), inside=True)) is not None:
                    yield tag


def _wrapped(use: wikitext.TemplateUse) -> Iterator[str]:
    """The arguments of a wrapper that are tags; templates among them are found by themselves."""
    which = WRAPPERS[use.name]
    chosen = use.positional if which is None else tuple(use.positional[i] for i in which if i < len(use.positional))
    named = [value for key, value in use.named if key in LICENCE_ARGUMENTS and key != "deathyear"]
    for value in (*chosen, *named):
        if value and "{{" not in value:
            yield wikitext.normal_name(value)


def _tag(name: str, seen_in: str, death_year: int | None = None, *, inside: bool = False) -> Tag | None:
    """A tag, if `name` is one; inside a licence wrapper every name is one, known or not."""
    if name in WRAPPERS and not inside:
        return None
    meaning = meaning_of_category(name) if seen_in == "category" else meaning_of(name)
    if meaning is None:
        return Tag(name=name, seen_in=seen_in, kind=Kind.UNKNOWN) if inside else None
    return Tag(
        name=name,
        seen_in=seen_in,
        kind=meaning.kind,
        us=meaning.us,
        life=meaning.life,
        needs_death_year=meaning.needs_death_year,
    )


def _category_tags(categories: Sequence[str]) -> Iterator[Tag]:
    for category in categories:
        name = wikitext.normal_name(category)
        wrapped = CATEGORY_WRAPPER.match(name)
        names = [wrapped.group(2)] if wrapped else [name]
        for part in names:
            if (tag := _tag(part.strip(), "category", inside=False)) is not None:
                yield tag


def _transcluded_tags(templates: Sequence[object]) -> Iterator[Tag]:
    """Obligations and doubts among all transcluded templates: a user's own template may hide a licence in it."""
    for template in templates:
        tag = _tag(wikitext.normal_name(str(template)), "transclusion")
        if tag is not None and tag.kind in (Kind.OBLIGATION, Kind.DOUBT, Kind.PERSON):
            yield tag


def _deathyear(use: wikitext.TemplateUse) -> int | None:
    value = use.get("deathyear") or (use.positional[0] if use.name.startswith("pd-old-auto") and use.positional else "")
    return int(value) if value.strip().isdigit() else None


def _death_year(uses: Sequence[wikitext.TemplateUse]) -> int | None:
    """The latest death year that a tag on the page names."""
    years = [year for use in uses if (year := _deathyear(use)) is not None]
    return max(years) if years else None


def _metadata(value: object) -> dict[str, str]:
    raw = json.loads(value) if isinstance(value, str) and value else {}
    return {key: str(entry.get("value", "")) for key, entry in raw.items() if isinstance(entry, dict)}


def _statements(value: object) -> dict[str, tuple[str, ...]]:
    """The item ids of the statements that are about rights: property -> sorted ids, deprecated ones left out."""
    raw = json.loads(value) if isinstance(value, str) and value else {}
    statements = raw.get("statements") if isinstance(raw, dict) else {}
    found: dict[str, tuple[str, ...]] = {}
    for prop in ("P6216", "P275"):
        claims = statements.get(prop, []) if isinstance(statements, dict) else []
        ids = {_item_id(claim) for claim in claims if isinstance(claim, dict) and claim.get("rank") != "deprecated"}
        found[prop] = tuple(sorted(ids))
    return found


def _item_id(claim: Mapping[str, object]) -> str:
    value: object = claim
    for key in ("mainsnak", "datavalue", "value", "id"):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else "unknown value"


def _sequence(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None
