"""What an archive claims about the rights in one picture, verbatim, with where it was seen. No judgement in here."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from pd_assets.lib import wikitext
from pd_assets.lib.rights.dates import Years, parse_death_year, parse_years, union
from pd_assets.lib.rights.surrogate import is_solid, looks_flat
from pd_assets.lib.rights.tags import (
    CONDITIONS_IN_PROSE,
    FLAT_WRAPPERS,
    LICENCE_ARGUMENTS,
    PHOTOGRAPH_LICENCE_AT,
    TWO_LAYERS,
    WRAPPERS,
    Kind,
    is_harmless,
    meaning_of,
    meaning_of_category,
)

PUBLIC_DOMAIN_STATUS = ("Q19652", "Q88088423")
FREE_LICENCE_ITEMS = ("Q6938433", "Q7257361")
FREE_SHORT_NAMES = ("public domain", "cc0", "pd", "cc0 1.0")
FREE_LICENCE_CODES = ("pd", "cc0", "cc-pd")
UNREADABLE = "unreadable"
# A scan of one's own is no work of one's own.
OWN_WORK = re.compile(r"\bown (?:work|photo(?:graph)?|painting|drawing)\b|\bself[- ]made\b|^own$", re.IGNORECASE)
CATEGORY_WRAPPER = re.compile(r"(pd-art|pd-scan|licensed-pd-art)\s*\((.+)\)\Z")
# A ground counts only where the templates around it are known to show it.
SHOWING = frozenset({*wikitext.INFORMATION_BOXES, *WRAPPERS, *wikitext.LANGUAGES, "collapse", "mld"})
# Fields that speak of other files.
ABOUT_OTHERS = frozenset({"other versions", "other version", "related", "other fields gallery"})
LICENCE_FIELDS = frozenset({"permission", "license", "licence", "artwork license", "photo license", "licensing"})
WORK_BOXES = frozenset({"artwork", "art photo", "painting", "infobox artwork"})


@dataclass(frozen=True, kw_only=True)
class Tag:
    """A licence tag: its normalised name, and where it was seen.

    `seen_in` is `wikitext`, `category`, `transclusion` (a template in a template), or `prose`.
    """

    name: str
    seen_in: str
    kind: Kind
    us: bool = False
    life: int | None = None
    needs_death_year: bool = False


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything that a rule may look at. Years are calendar years.

    `is_flat` is what a PD-Art tag asserts, `looks_flat` and `is_solid` what the fields and categories say of the work;
    `is_work_page` tells a page about a work of art from one about a photograph.
    """

    source: str
    status: str
    problem: str | None = None
    revid: int | None = None
    sha1: str | None = None
    tags: tuple[Tag, ...] = ()
    is_flat: bool = False
    looks_flat: bool = False
    is_solid: bool = False
    is_own_work: bool = False
    is_work_page: bool = False
    made: Years | None = None
    date_text: str | None = None
    death_year: int | None = None
    artist: str | None = None
    short_name: str | None = None
    licence_code: str | None = None
    licence_url: str | None = None
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
    return hashlib.sha256(evidence_json.encode("utf-8", "surrogatepass")).hexdigest()


def from_page(row: Mapping[str, object]) -> Evidence:
    """The evidence in one row of commons/pages (or a join of it with catalog/items)."""
    text = wikitext.parse(str(row.get("wikitext") or ""))
    metadata, statements = _metadata(row.get("extmetadata")), _statements(row.get("mediainfo"))
    categories = [str(name) for name in _sequence(row.get("categories"))]
    categories += [name for name in metadata.get("Categories", "").split("|") if name]
    restrictions = metadata.get("Restrictions", "")
    return Evidence(
        source="commons",
        status=str(row.get("status")),
        problem="redirect" if text.is_redirect else _text(row.get("problem")),
        revid=_whole(row.get("revid")),
        sha1=_text(row.get("sha1")),
        tags=_all_tags(text, categories, [str(name) for name in _sequence(row.get("templates"))]),
        is_flat=any(use.name in FLAT_WRAPPERS for use in text.templates),
        looks_flat=looks_flat(text, categories),
        is_solid=is_solid(text, categories),
        is_own_work=any(OWN_WORK.search(source) for source in text.all_of("source")),
        is_work_page=any(use.name in WORK_BOXES for use in text.templates),
        made=union([years for value in text.all_of("date") if (years := parse_years(value)) is not None]),
        date_text=text.field("date"),
        death_year=_death_year(text),
        artist=text.field("artist"),
        short_name=metadata.get("LicenseShortName") or None,
        licence_code=metadata.get("License") or None,
        licence_url=metadata.get("LicenseUrl") or None,
        attribution_required=metadata.get("AttributionRequired", "").strip().lower() in ("true", "1", "yes"),
        non_free=metadata.get("NonFree", "").strip().lower() in ("true", "1", "yes"),
        deletion_reason=metadata.get("DeletionReason") or None,
        restrictions=tuple(sorted(part for part in restrictions.split("|") if part)),
        copyright_status=statements.get("P6216", ()),
        licence_items=statements.get("P275", ()),
    )


def _all_tags(text: wikitext.PageText, categories: Sequence[str], templates: Sequence[str]) -> tuple[Tag, ...]:
    written = [tag for use in text.templates for tag in _wikitext_tags(use)]
    tags = {*written, *_category_tags(categories), *_transcluded_tags(templates, written), *_prose_tags(text)}
    return tuple(sorted(tags, key=lambda tag: (tag.seen_in, tag.name, tag.kind, tag.life or 0, tag.us)))


def _wikitext_tags(use: wikitext.TemplateUse) -> Iterator[Tag]:
    yield from _own_tag(use)
    if use.name not in WRAPPERS:
        return
    for name in _wrapped(use):
        if (tag := _tag(name, "wikitext", inside=True)) is not None:
            yield from _if_shown(tag, use)
    if use.name in PHOTOGRAPH_LICENCE_AT and len(use.positional) <= PHOTOGRAPH_LICENCE_AT[use.name]:
        yield _unknown(f"{use.name} without a licence of the photograph")
    if use.name in TWO_LAYERS and len({wikitext.normal_name(value) for value in use.positional[:2]}) > 1:
        yield _unknown(f"{use.name} with two grounds")


def _own_tag(use: wikitext.TemplateUse) -> Iterator[Tag]:
    """The template itself as a tag; where licences stand, one that is in no list is an unknown licence."""
    tag = _tag(use.name, "wikitext")
    if tag is not None:
        yield from _if_shown(tag, use)
    elif _stands_for_licence(use) and not _is_known(use.name):
        yield _unknown(use.name)


def _if_shown(tag: Tag, use: wikitext.TemplateUse) -> Iterator[Tag]:
    """A ground under a condition, or in a template that may not show it, is no ground but an open question."""
    if tag.kind not in (Kind.GROUND, Kind.DEDICATION):
        yield tag
    elif use.field in ABOUT_OTHERS:
        return
    elif set(use.inside) <= SHOWING:
        yield tag
    else:
        yield replace(_unknown(tag.name), seen_in=tag.seen_in)


def _stands_for_licence(use: wikitext.TemplateUse) -> bool:
    """Outside of an information box, in its field for the licence, or in a wrapper of licences."""
    around = set(use.inside) - set(wikitext.INFORMATION_BOXES)
    return around <= set(WRAPPERS) and (use.field is None or use.field in LICENCE_FIELDS)


def _is_known(name: str) -> bool:
    return name in SHOWING or name in wikitext.MENTIONS or is_harmless(name)


def _wrapped(use: wikitext.TemplateUse) -> Iterator[str]:
    """The arguments of a wrapper that are tags; templates among them are found by themselves."""
    which = WRAPPERS[use.name]
    chosen = use.positional if which is None else tuple(use.positional[i] for i in which if i < len(use.positional))
    named = [value for key, value in use.named if key in LICENCE_ARGUMENTS]
    for value in (*chosen, *named):
        if value and "{{" not in value:
            yield wikitext.normal_name(value)


def _tag(name: str, seen_in: str, *, inside: bool = False) -> Tag | None:
    """A tag, if `name` is one; inside a licence wrapper every name is one, known or not."""
    if name in WRAPPERS and not inside:
        return None
    meaning = meaning_of_category(name) if seen_in == "category" else meaning_of(name)
    if meaning is None:
        return _unknown(name) if inside else None
    return Tag(
        name=name,
        seen_in=seen_in,
        kind=meaning.kind,
        us=meaning.us,
        life=meaning.life,
        needs_death_year=meaning.needs_death_year,
    )


def _unknown(name: str) -> Tag:
    return Tag(name=name, seen_in="wikitext", kind=Kind.UNKNOWN)


def _category_tags(categories: Sequence[str]) -> Iterator[Tag]:
    for category in categories:
        name = wikitext.normal_name(category).removeprefix("category:").strip()
        wrapped = CATEGORY_WRAPPER.match(name)
        if (tag := _tag((wrapped.group(2) if wrapped else name).strip(), "category")) is not None:
            yield tag


def _transcluded_tags(templates: Sequence[str], written: Sequence[Tag]) -> Iterator[Tag]:
    """Obligations and doubts among all transcluded templates: a user's own template may hide a licence in it.

    The layout of Creative Commons boxes without any such tag on the page is the box of a licence that nobody named.
    """
    for template in templates:
        name = wikitext.normal_name(template)
        tag = _tag(name, "transclusion")
        if tag is not None and tag.kind in (Kind.OBLIGATION, Kind.DOUBT, Kind.PERSON):
            yield tag
        if name == "cc-layout" and not any(tag.name.startswith("cc") for tag in written):
            yield Tag(name=name, seen_in="transclusion", kind=Kind.UNKNOWN)


def _prose_tags(text: wikitext.PageText) -> Iterator[Tag]:
    """Conditions put into words, and markup that could not be read: whoever reads the page may learn more from it."""
    if found := CONDITIONS_IN_PROSE.search(text.prose):
        yield Tag(name=found.group(0).lower(), seen_in="prose", kind=Kind.UNKNOWN)
    if not text.is_whole:
        yield Tag(name="markup that cannot be read", seen_in="prose", kind=Kind.UNKNOWN)


def _death_year(text: wikitext.PageText) -> int | None:
    """The latest death year that a tag or an artist field on the page names."""
    named = [value.strip() for use in text.templates if (value := use.get("deathyear"))]
    years = [int(value) for value in named if value.isdecimal() and len(value) < 5]
    years += [year for artist in text.all_of("artist") if (year := parse_death_year(artist)) is not None]
    return max(years, default=None)


def _metadata(value: object) -> dict[str, str]:
    """CommonsMetadata's summary: key -> value, the English one of a value in several languages."""
    raw = _json(value)
    if raw is None:
        return {"LicenseShortName": UNREADABLE}
    entries = raw.items() if isinstance(raw, dict) else ()
    return {key: _plain_value(entry.get("value", "")) for key, entry in entries if isinstance(entry, dict)}


def _plain_value(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("en") or next((text for key, text in value.items() if key != "_type"), "")
    return str(value)


def _statements(value: object) -> dict[str, tuple[str, ...]]:
    """The item ids of the statements that are about rights: property -> sorted ids, deprecated ones left out."""
    raw = _json(value)
    if raw is None:
        return {"P6216": (UNREADABLE,)}
    statements = raw.get("statements") or raw.get("claims") if isinstance(raw, dict) else {}
    found: dict[str, tuple[str, ...]] = {}
    for prop in ("P6216", "P275"):
        claims = statements.get(prop, []) if isinstance(statements, dict) else []
        claims = claims if isinstance(claims, list) else [claims]
        found[prop] = tuple(sorted({_item_id(claim) for claim in claims if not _is_deprecated(claim)}))
    return found


def _is_deprecated(claim: object) -> bool:
    return isinstance(claim, dict) and claim.get("rank") == "deprecated"


def _item_id(claim: object) -> str:
    value = claim
    for key in ("mainsnak", "datavalue", "value", "id"):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else "unknown value"


def _json(value: object) -> object:
    """The JSON in a cell, {} where it is empty, None where it cannot be read."""
    if not isinstance(value, str) or not value:
        return {}
    try:
        return json.loads(value) or {}
    except (ValueError, RecursionError):
        return None


def _sequence(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None
