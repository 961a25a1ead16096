"""How evidence is written for people: names beside ids, dates and years in words, no value as Python prints it.

What a verdict says is in words_for_people.py; here is only how one tag, year, field or statement reads.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date

from pd_assets.lib.page.dates import Years
from pd_assets.lib.page.statements import Statement, years_of_time
from pd_assets.lib.page.years import NamedYear
from pd_assets.lib.rights import museums
from pd_assets.lib.rights.claims import Evidence, Maker, Tag, Work
from pd_assets.lib.rights.tags import Kind, meaning_of

Names = Mapping[str, str]
# What every page of the archives may name. Source: the labels of these entities on Wikidata.
WELL_KNOWN: Names = {
    "P170": "creator",
    "P180": "depicts",
    "P275": "copyright license",
    "P459": "determination method",
    "P571": "inception",
    "P569": "date of birth",
    "P570": "date of death",
    "P1001": "applies to jurisdiction",
    "P2093": "author name",
    "P3831": "role",
    "P4174": "user name",
    "P6216": "copyright status",
    "P6243": "digital representation of",
    "P7482": "source of file",
    "Q5": "human",
    "Q30": "United States of America",
    "Q19652": "public domain",
    "Q50423863": "copyrighted",
    "Q6938433": "CC0",
    "Q7257361": "Public Domain Mark",
    "Q18199165": "CC BY-SA 4.0",
    "Q20007257": "CC BY 4.0",
    "Q14946043": "CC BY-SA 3.0",
    "Q14947546": "CC BY 3.0",
    "Q4233718": "anonymous",
}
_ID = re.compile(r"\b[QP][1-9]\d*\b(?! \()")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_WIKIBASE_TIME = re.compile(r"([+-]\d+-\d\d-\d\d)T[\d:]+Z(?:/\d+)?")
_UPPER = ("pd", "cc", "gfdl", "fal", "gpl", "lgpl", "cc0", "bsd", "mit")

KINDS: Mapping[Kind, str] = {
    Kind.GROUND: "says that the work is free",
    Kind.DEDICATION: "gives all rights up",
    Kind.OBLIGATION: "sets conditions",
    Kind.DOUBT: "disputes it, or says that something is missing",
    Kind.PENDING: "asks for its deletion",
    Kind.PERSON: "warns that it shows a person",
    Kind.NO_GROUND: "names a reason that does not help here",
    Kind.UNKNOWN: "is known to nobody here",
}
FIELDS: Mapping[str, str] = {
    "source": "archive",
    "status": "state of the page",
    "problem": "problem with the page",
    "revid": "revision",
    "sha1": "SHA-1 of the file",
    "uploaded_on": "day of the upload",
    "is_flat": "a tag says that the work is flat",
    "looks_flat": "words say that the work is flat",
    "is_solid": "words say that the work is solid, or framed",
    "is_own_work": "called own work",
    "is_work_page": "page about a work of art",
    "names_user": "the maker is a user of the wiki",
    "made": "date of the work",
    "published": "date of publication",
    "inception": "date in the structured data",
    "named_years": "years named elsewhere",
    "is_posthumous": "called posthumous",
    "date_text": "date as it is written",
    "birth_year": "birth of the maker",
    "death_year": "death of the maker",
    "summary_death_year": "death of the maker in the summary",
    "artist": "maker as the page has it",
    "short_name": "licence in the summary",
    "licence_code": "licence code in the summary",
    "licence_url": "licence address in the summary",
    "attribution_required": "the summary asks for attribution",
    "non_free": "the summary calls it non-free",
    "deletion_reason": "reason for a deletion in the summary",
    "restrictions": "restrictions in the summary",
    "shows_person": "shows a person",
    "shows_living": "shows a living person",
    "shows_works": "shows the work of somebody else",
    "later_hands": "changed by a later hand",
    "makers": "makers",
    "work": "the work on Wikidata",
    "medium": "the museum's record",
    "media_type": "kind of medium",
    "usage_access": "usage of the medium",
    "usage_text": "usage in words",
    "metadata_usage_access": "usage of the text",
    "rights": "statement of rights",
    "unit_code": "unit of the museum",
    "author": "maker as the museum has it",
    "is_work": "a work of art by its kind",
    "sensitive": "asks for care",
}
# Where on a page of any archive a field of the evidence is seen.
SEEN_IN: Mapping[str, Mapping[str, str]] = {
    "commons": {
        **dict.fromkeys(
            ("short_name", "licence_code", "licence_url", "attribution_required", "non_free"), "the summary"
        ),
        **dict.fromkeys(("deletion_reason", "restrictions", "summary_death_year"), "the summary"),
        **dict.fromkeys(("made", "date_text"), "wikitext, field date"),
        "artist": "wikitext, field artist or author",
        "published": "wikitext, field publication date",
        "birth_year": "wikitext, field artist or author",
        "death_year": "wikitext, tag, artist or creator; statement P170",
        "inception": "statement P571",
        "is_own_work": "wikitext, field source",
        "names_user": "wikitext, field artist or author",
        "is_posthumous": "wikitext, date or description",
        "is_flat": "wikitext, a tag such as PD-Art",
        "is_work_page": "wikitext, the information box",
        **dict.fromkeys(("looks_flat", "is_solid"), "wikitext and categories"),
        **dict.fromkeys(("uploaded_on", "sha1"), "the file's own data"),
    },
    **museums.SEEN_IN,
}


def ids_in(evidence: Evidence) -> tuple[str, ...]:
    """The items and properties that evidence names, sorted."""
    return tuple(sorted(set(_ID.findall(evidence.to_json()))))


def names_of(evidence: Evidence, more: Names | None = None) -> dict[str, str]:
    """Names of the ids in evidence: what everybody knows, what its makers are called, and what `more` tells."""
    makers = {maker.item: maker.name for maker in evidence.makers if maker.item is not None}
    return {**WELL_KNOWN, **makers, **(more or {})}


def with_names(text: str, names: Names) -> str:
    """A text in which each id has its name beside it: `Q30` as `Q30 (United States of America)`."""
    return _ID.sub(lambda found: f"{found[0]} ({names[found[0]]})" if found[0] in names else found[0], text)


def day(text: str) -> str:
    """`2026-11-03` as `3 November 2026`; what is no day as it stands."""
    try:
        moment = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{moment.day} {moment:%B} {moment.year}"


def year(number: int) -> str:
    """A calendar year; those before the year 1 with BC."""
    return str(number) if number > 0 else f"{-number} BC" if number else "1 BC"


def years(span: Years) -> str:
    """`1860`, or `1855 to 1865`."""
    return year(span.first) if span.first == span.last else f"{year(span.first)} to {year(span.last)}"


def is_known(name: str) -> bool:
    """Whether our table knows a tag, wherever it stands."""
    meaning = meaning_of(name)
    return meaning is not None and meaning.kind is not Kind.UNKNOWN


def tag_name(name: str) -> str:
    """A normalised tag as its archive writes it, nearly: `PD-old-100-expired`, `Cc-by-sa-4.0`."""
    head, dash, rest = name.partition("-")
    return f"{head.upper()}{dash}{rest}" if head in _UPPER and head != "cc" else name[:1].upper() + name[1:]


def in_list(words: Iterable[str], last: str = "and") -> str:
    """`a, b and c`, each once."""
    told = list(dict.fromkeys(words))
    return f" {last} ".join([", ".join(told[:-1]), told[-1]]) if len(told) > 1 else "".join(told)


def quoted(words: Iterable[str]) -> str:
    """Words as somebody wrote them."""
    return in_list(f"“{word}”" for word in words)


def tag_in_words(tag: Tag) -> str:
    """One tag, what it means, and where it stands."""
    if tag.seen_in == "prose":
        return f"words “{tag.name}”, in the text of the page"
    place = f", {tag.place}" if tag.place else ""
    is_hidden = tag.kind is Kind.UNKNOWN and is_known(tag.name)
    means = "stands where it may not be shown" if is_hidden else KINDS[tag.kind]
    return f"licence tag {tag_name(tag.name)}, which {means} (seen in {tag.seen_in}{place})"


def statement_in_words(said: Statement, names: Names) -> str:
    """One statement of the structured data with its qualifiers."""
    qualifiers = "; ".join(f"{_called(name, names)}: {_stated(value, names)}" for name, value in said.qualifiers)
    told = f"{_called(said.property, names)}: {_stated(said.value, names)}"
    return f"structured data, {told}{f' [{qualifiers}]' if qualifiers else ''}"


def maker_in_words(maker: Maker) -> str:
    """One maker with the dates that are known, who tells them, and where the page names them."""
    life = [
        *([f"born {year(maker.born)}"] if maker.born is not None else []),
        *([f"died {year(maker.died)}"] if maker.died is not None else []),
        *(["said to be unknown"] if maker.is_unknown else []),
    ]
    item = f" ({maker.item})" if maker.item else ""
    told = f", as told by {maker.told_by}" if maker.told_by else ""
    return f"{maker.name}{item}, {in_list(life) or 'no dates known'}{told} (named as {maker.role}: {maker.place})"


def field_name(name: str) -> str:
    """What a field of the evidence is called; one that is new here by its own name."""
    return FIELDS.get(name, name.replace("_", " "))


def value_in_words(value: object, names: Names) -> str:
    """Any value of the evidence; nothing for one that says nothing."""
    if value is None or value is False or value == ():
        return ""
    if value is True:
        return "yes"
    if isinstance(value, Years):
        return years(value)
    if isinstance(value, NamedYear):
        return f"{value.year} ({value.place})"
    if isinstance(value, Maker):
        return maker_in_words(value)
    if isinstance(value, Work):
        made = "" if value.made is None else f", made {years(value.made)}"
        return with_names(value.item, names) + made
    if isinstance(value, Tag):
        return tag_in_words(value)
    if isinstance(value, Statement):
        return statement_in_words(value, names)
    if is_dataclass(value) and not isinstance(value, type):
        return "; ".join(f"{name}: {told}" for name, told in fields_in_words(value, names))
    if isinstance(value, tuple | list):
        return "; ".join(told for part in value if (told := value_in_words(part, names)))
    return _said(str(value), names)


def fields_in_words(value: object, names: Names, *, without: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """The fields of a record that say something, as (name, words)."""
    assert is_dataclass(value)
    for field in fields(value):
        if field.name not in without and (told := value_in_words(getattr(value, field.name), names)):
            yield field_name(field.name), told


def _said(text: str, names: Names) -> str:
    return day(text) if _DAY.fullmatch(text) else with_names(text, names)


def _stated(value: str, names: Names) -> str:
    """A value of a statement; a time as its years, or its day where that is known."""
    if (found := _WIKIBASE_TIME.fullmatch(value)) is None:
        return with_names(value, names)
    if value.endswith("/11") and found[1].startswith("+"):
        return day(found[1].lstrip("+"))
    span = years_of_time(value)
    return value if span is None else years(span)


def _called(prop: str, names: Names) -> str:
    return with_names(prop, names)
