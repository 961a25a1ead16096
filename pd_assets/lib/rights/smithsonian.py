"""Evidence in one row of smithsonian/records: usage of the medium and of the text, dates, maker, and what is delicate.

CC0 clears copyright alone. Units and words that ask for care are matched as whole words: "grave" is not "engraved".
Source: Smithsonian Open Access values statement and terms of use; docs/rights.md.
"""

import re
from collections.abc import Iterator, Mapping

from pd_assets.lib.json_answers import UnreadableJson, parse_json
from pd_assets.lib.page.dates import Years, parse_birth_year, parse_death_year, parse_years, union
from pd_assets.lib.page.effort import is_readable
from pd_assets.lib.page.names import without_separators
from pd_assets.lib.page.personal import without_personal
from pd_assets.lib.page.statements import UNREADABLE
from pd_assets.lib.rights.claims import Evidence, Medium
from pd_assets.lib.rights.surrogate import FLAT, SOLID

# Anthropology, the American Indian and folk life: much in them was never meant to be shown to everybody.
SENSITIVE_UNITS = frozenset({"NMAI", "NMNHANTHRO", "NAA", "HSFA", "CFCHFOLKLIFE"})
SENSITIVE_WORDS = re.compile(
    r"\b(?:human (?:remains?|bones?|skulls?|hair|tissue|skeletons?|teeth|body|bodies)|(?:skeletal|ancestral) remains|"
    r"mumm(?:y|ies|ified)|scalps?|scalp ?locks?|(?:shrunken|trophy) heads?|skulls?|cadavers?|corpses?|"
    r"autops(?:y|ies)|f(?:o)?etus(?:es)?|"
    r"funer(?:al|als|ary|eal)|buri(?:al|als|ed)|grave(?:s|yards?|stones?| goods)?|tombs?|coffins?|sarcophag(?:us|i)|"
    r"mortuary|cremat(?:ion|ions|ed|ory)|cinerary|ossuar(?:y|ies)|exhum(?:ed|ation)|"
    r"sacred|secret society|ceremonial|sacrificial|medicine bundles?|false faces?|kachinas?|katsinas?|katsinam|"
    r"tjurungas?|churingas?|bullroarers?|NAGPRA|repatriat(?:ion|ed)|culturally sensitive|"
    r"lynch(?:ing|ings|ed)|slave auctions?|massacres?|public executions?|genocides?|concentration camps?)\b",
    re.IGNORECASE,
)
PORTRAIT = re.compile(r"\b(?:self-)?portraits?\b|\bsitters?\b", re.IGNORECASE)
PERSON_ROLES = re.compile(r"\b(?:sitters?|subjects?|depicted|models?|portrayed)\b", re.IGNORECASE)
AUTHOR_ROLES = re.compile(
    r"\b(?:artists?|authors?|painters?|sculptors?|photographers?|printmakers?|engravers?|etchers?|lithographers?|"
    r"illustrators?|draftsm[ae]n|draughtsm[ae]n|designers?|architects?|calligraphers?|cartoonists?|"
    r"cartographers?|makers?|creators?|attributed to|after|copy after|studio|workshop)\b",
    re.IGNORECASE,
)
NOBODY = re.compile(r"\b(?:unidentified|unknown|anonymous|not identified|unattributed)\b", re.IGNORECASE)
WORK_TYPES = re.compile(
    r"\b(?:posters?|sculptures?|cartoons?|comics?|films?|photographs?|quilts?|collages?)\b", re.IGNORECASE
)
# What museums of nature photograph are specimens, not works.
NATURE_UNITS = re.compile(r"(?:NMNH(?!ANTHRO)\w*|NZP|SG|OFEO-SG)\Z")
# What these keep may be a thing without an author: a tool, a machine. What others keep is a work.
THING_UNITS = frozenset({"NASM", "NMAH", "NPM", "NMAAHC", "ACM", "ACAH", "OCIO_DPO3D"})
# Dates of something else than the making of the work.
OTHER_DATES = re.compile(
    r"^(?:collect|accession|acqui|publish|publication|exhibit|record|digit|patent|period|received)", re.IGNORECASE
)
PUBLICATION = re.compile(r"^publi(?:sh|cation)", re.IGNORECASE)
LABEL = re.compile(r"([A-Za-z][\w ()/&-]{1,60}):\s+(.*)\Z", re.DOTALL)
LIFE_YEARS = re.compile(r"\b(?:1\d{3}|20\d{2})\s*[-–—]\s*(?:c\.?\s*|ca\.?\s*)?((?:1\d{3}|20\d{2}))\b")

READ_LISTS = ("names", "terms", "dates", "object_rights", "media_rights")
READ_TEXTS = ("title", "caption", "alt_text", "freetext", "usage_text")

Row = Mapping[str, object]


def from_record(row: Row) -> Evidence:
    """The evidence in one row: one medium of a museum object, with the record around it."""
    if not _is_readable(row):
        problem = _text(row, "problem") or f"{UNREADABLE}: a text that costs too much to read"
        return Evidence(source="smithsonian", status=str(row.get("status")), problem=problem)
    names = [_labelled(text) for text in _texts(row, "names")]
    authors = [text for role, text in names if AUTHOR_ROLES.search(role) and not NOBODY.search(text)]
    artist = without_personal(authors[0]) if authors else None
    people = [f"{role}: {text}" for role, text in names if PERSON_ROLES.search(role)]
    terms, title = _texts(row, "terms"), _text(row, "title") or ""
    kinds = " ".join(_of_kind(terms))
    dated = _dated(row)
    return Evidence(
        source="smithsonian",
        status=str(row.get("status")),
        problem=_text(row, "problem"),
        is_solid=bool(SOLID.search(kinds)),
        looks_flat=bool(FLAT.search(kinds)),
        made=_years(text for label, text in dated if not OTHER_DATES.search(label)),
        published=_years(text for label, text in dated if PUBLICATION.search(label)),
        is_posthumous=any("posthumous" in text.lower() for _, text in dated),
        date_text=without_personal(next((text for label, text in dated if not OTHER_DATES.search(label)), None)),
        birth_year=max((born for author in authors if (born := parse_birth_year(author))), default=None),
        death_year=_death_year(authors),
        artist=without_separators(artist) if artist else None,
        shows_person=tuple(sorted({*people, *_portraits(row, kinds, title, terms)})),
        shows_living=tuple(sorted(term for term in terms if re.search(r"\bliving people\b", term, re.IGNORECASE))),
        medium=Medium(
            media_type=_text(row, "media_type"),
            usage_access=_text(row, "usage_access"),
            usage_text=_text(row, "usage_text"),
            metadata_usage_access=_text(row, "metadata_usage_access"),
            rights=tuple(sorted({*_texts(row, "object_rights"), *_texts(row, "media_rights")})),
            unit_code=_text(row, "unit_code"),
            author=without_personal(authors[0]) if authors else None,
            is_work=_is_work(row, kinds, authors),
            sensitive=tuple(sorted(set(_sensitive(row, title, terms)))),
        ),
    )


def _is_readable(row: Row) -> bool:
    """Whether patterns can go through all that it says."""
    listed = (text for name in READ_LISTS for text in _texts(row, name))
    return all(map(is_readable, (*listed, *(_text(row, name) or "" for name in READ_TEXTS))))


def _dated(row: Row) -> list[tuple[str, str]]:
    """The dates with what each is the date of; without labels where the record's text cannot be read."""
    try:
        free = parse_json(_text(row, "freetext") or "{}")
    except UnreadableJson:
        free = {}
    listed = free.get("date") if isinstance(free, dict) else None
    labelled = [
        (str(part.get("label", "")), str(part["content"]))
        for part in (listed if isinstance(listed, list) else [])
        if isinstance(part, dict) and "content" in part
    ]
    return labelled or [_labelled(text) for text in _texts(row, "dates")]


def _is_work(row: Row, kinds: str, authors: list[str]) -> bool:
    """Something with an author: art, print, photograph, text; no specimen, no engine. In doubt it is a work."""
    unit = (_text(row, "unit_code") or "").upper()
    if NATURE_UNITS.match(unit):
        return False
    return bool(
        unit not in THING_UNITS or authors or FLAT.search(kinds) or SOLID.search(kinds) or WORK_TYPES.search(kinds)
    )


def _sensitive(row: Row, title: str, terms: list[str]) -> Iterator[str]:
    unit = (_text(row, "unit_code") or "").upper()
    if unit in SENSITIVE_UNITS:
        yield f"unit {unit}"
    for where, text in (
        ("title", title),
        *(("terms", term) for term in terms),
        ("caption", _text(row, "caption") or ""),
        ("alternative text", _text(row, "alt_text") or ""),
        ("text", _text(row, "freetext") or ""),
    ):
        for found in SENSITIVE_WORDS.finditer(text):
            yield f"{found.group(0).lower()} in {where}"


def _portraits(row: Row, kinds: str, title: str, terms: list[str]) -> Iterator[str]:
    if (_text(row, "unit_code") or "").upper() == "NPG":
        yield "unit NPG"
    for where, text in (("title", title), ("object type", kinds), *(("terms", term) for term in terms)):
        if PORTRAIT.search(text):
            yield f"portrait in {where}"


def _of_kind(terms: list[str]) -> Iterator[str]:
    """The contents of the terms that name the kind of object."""
    for label, text in (_labelled(term) for term in terms):
        if re.fullmatch(r"(?:object[ _]?(?:type|name)|type|objectType|medium|genre)s?", label, re.IGNORECASE):
            yield text


def _death_year(authors: list[str]) -> int | None:
    """The year in which the last of the authors died; None where one of them has none."""
    years = [_died(author) for author in authors]
    known = [year for year in years if year is not None]
    return max(known) if known and len(known) == len(years) else None


def _died(author: str) -> int | None:
    """`Katsushika Hokusai (1760-1849)` as on Commons, and `Ransonnette, French, 1793 - 1877` as in museums."""
    if (year := parse_death_year(author)) is not None:
        return year
    return parse_death_year(LIFE_YEARS.sub(lambda life: f"({life.group(0)})", author)) if "(" not in author else None


def _years(texts: Iterator[str]) -> Years | None:
    return union([years for text in texts if (years := parse_years(text)) is not None])


def _labelled(text: str) -> tuple[str, str]:
    """`Artist: Monet` -> its label and content."""
    found = LABEL.match(text)
    return (found.group(1).strip(), found.group(2).strip()) if found else ("", text)


def _texts(row: Row, name: str) -> list[str]:
    value = row.get(name)
    return [str(part) for part in value] if isinstance(value, list | tuple) else []


def _text(row: Row, name: str) -> str | None:
    value = row.get(name)
    return value if isinstance(value, str) and value else None
