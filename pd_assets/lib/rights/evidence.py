"""From a stored row to evidence: what a page claims, verbatim, with where it was seen. No judgement in here."""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from pd_assets.lib.json_answers import UnreadableJson, parse_json
from pd_assets.lib.page import wikitext
from pd_assets.lib.page.dates import Years, parse_birth_year, parse_death_year, parse_years, union
from pd_assets.lib.page.file_page import FilePage, read_page
from pd_assets.lib.page.html_text import is_readable_html
from pd_assets.lib.page.names import without_separators
from pd_assets.lib.page.personal import OWN_WORK, without_personal
from pd_assets.lib.page.statements import (
    BORN,
    DEPICTS,
    DIED,
    REPRODUCES,
    UNREADABLE,
    Statement,
    death_years,
    inception_of,
    read_statements,
    years_of_time,
)
from pd_assets.lib.page.structured import texts_of
from pd_assets.lib.page.sure_dates import surely_of
from pd_assets.lib.rights import depicted
from pd_assets.lib.rights.claims import Evidence, Tag, digest_of
from pd_assets.lib.rights.knowledge import Questions
from pd_assets.lib.rights.makers import makers_of
from pd_assets.lib.rights.museums import READERS
from pd_assets.lib.rights.page_tags import all_tags
from pd_assets.lib.rights.smithsonian import from_record
from pd_assets.lib.rights.subjects import Subjects, people_depicted, subjects_of
from pd_assets.lib.rights.surrogate import is_solid, looks_flat
from pd_assets.lib.rights.tags import FLAT_WRAPPERS, Kind
from pd_assets.lib.rights.witnesses import years_named

log = logging.getLogger(__name__)

__all__ = ["Evidence", "Statement", "Tag", "digest_of", "evidence_of", "from_page", "from_record"]

DESCRIPTIONS = ("description", "depicted_people", "depicted_place")
NOT_A_NAME = re.compile(
    r"^(?:own(?: work)?|self|me|myself|(?:the )?uploader|see (?:above|below|source)|original uploader.*|author)\.?$",
    re.IGNORECASE,
)
# Whoever is named so beside a tag of the US government is no employee of it.
OUTSIDER = re.compile(
    r"(?i:\bcontractors?\b|\bcourtesy\b|\bprivate\b|\bfreelance)|\bESA\b|European Space Agency|esahubble|"
    r"\bJAXA\b|\bRoscosmos\b|Canadian Space Agency|\b(?:State|City|County|Commonwealth) of [A-Z]|Associated Press|"
    r"\bReuters\b|\bAFP\b|\bGetty\b|\bRed Cross\b|\b(?:Inc|LLC|Ltd|Corp|Corporation|GmbH|Company)\b|"
    r"\b(?:Boeing|Lockheed|Northrop|SpaceX|Airbus|Raytheon|General Dynamics|Blue Origin|Ball Aerospace|MSSS|"
    r"Malin Space|"
    r"Arianespace|Caltech(?<!JPL.Caltech)|Rocketdyne|Grumman|Sikorsky|Bechtel|Maxar|DigitalGlobe)\b|"
    r"\b(?:CNES|DLR|ISRO|CNSA|Xinhua|TASS|NATO|C-SPAN|BBC|CNN)\b|United Nations|(?:Italian|Indian|Russian|"
    r"French|German|UK) "
    r"Space Agency|Agenzia ?Spaziale|\bRoyal (?:Air Force|Navy|Marines|Australian|Canadian)|\bBundeswehr\b|"
    r"Ministry of Defen[cs]e|"
    r"\b(?:British|Canadian|Australian|German|French|Polish|Ukrainian|Israeli|Japanese) (?:Army|Navy|Air Force|"
    r"Armed Forces)|"
    r"\bUniversity\b|Woods Hole|National Geographic|Amtrak|Federal Reserve|Police Department|\bNYPD\b|"
    r"[A-Z]\w+ County\b|"
    r"\b(?:CBS|NBC|ABC|Fox) News|\bUkrain\w+|\bKremlin|Flickr user|press pool|DC government|\bSETI\b|\bSwRI\b|"
    r"\bSTScI\b|Space Telescope Science Institute|"
    r"\b(?i:civilian photographer)|, ?AP\b|\bAP (?:photo|Images)|"
    r"\b(?:Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|"
    r"Idaho|Illinois|"
    r"Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|"
    r"Missouri|Montana|"
    r"Nebraska|Nevada|New (?:Hampshire|Jersey|Mexico|York)|(?:North|South) (?:Carolina|Dakota)|Ohio|Oklahoma|Oregon|"
    r"Pennsylvania|Rhode Island|Tennessee|Texas|Utah|Vermont|Virginia|Washington|Wisconsin|Wyoming) "
    r"(?:(?:State )?(?:Department|Police|Archives|Library|Division|Highway|Fish|Parks)|DOT\b)"
)
# In a description only beside a word of credit: a picture of a Boeing is no picture by Boeing.
OUTSIDE_CREDIT = re.compile(
    rf"(?i:\b(?:courtesy|credits?|by)\b|\b(?:photo|image|picture)\w*(?: from\b|:)|"
    rf"©)[^.\n]{{0,40}}?(?:{OUTSIDER.pattern})|"
    r"(?i:\b(?:painting|sculpture|statue|mural|drawing|illustration|artwork) by )[A-Z]"
)
STAMP = re.compile(r"\b(?:stamps?|postal service|postmaster|usps|briefmarken?|timbres?)\b", re.IGNORECASE)
NO_DATE = re.compile(
    r"^\W*(?:(?:date )?(?:unknown|undated|not dated|not known|n\.?\s?d|s\.?\s?d|o\.?\s?[dj])\.?(?: date)?|"
    r"no date|unbekannt|ohne datum|undatiert|sans date|non daté|inconnue?|sin fecha|desconocid[ao]|senza data|"
    r"ongedateerd|b\.?\s?d|bez daty|без даты|неизвестно|不詳|不明|see (?:below|description))?\W*$",
    re.IGNORECASE,
)
MARKUP = re.compile(r"<[^<>]*>")
POSTHUMOUS = re.compile(r"\bposthumous(?:ly)?\b|\bpost(?:umo|hum)\b|\bposthume\b", re.IGNORECASE)
DEPICTED_PERSON = frozenset({"depicted person", "depicted people"})
PEOPLE_CATEGORY = re.compile(
    r"^(?:category:)?(?:portrait photographs|portraits? of|people\b|(?:(?:un)?identified )?(?:men|women|boys|girls|"
    r"children)\b|selfies|self-portraits|(?:astronauts|politicians|actors|actresses|singers|musicians|athletes|"
    r"footballers|"
    r"mayors|presidents|ministers|senators|governors|journalists|scientists|soldiers|sailors|officers|dancers)\b)",
    re.IGNORECASE,
)
# human, man, woman, child, boy, girl, people, face, portrait of a person
PEOPLE_ITEMS = frozenset({"Q5", "Q8441", "Q467", "Q7569", "Q3010", "Q3031", "Q2472587", "Q84048852", "Q84048850"})
LIVING_BORN_SINCE = 1905
WORK_BOXES = frozenset({"artwork", "art photo", "painting", "infobox artwork"})


def evidence_of(row: Mapping[str, object], ask: Questions | None = None) -> Evidence:
    """The evidence in one row about an item of any archive; `source` tells which (Commons where there is none).

    `ask` answers what others know of its makers and templates, and what people came to who judged this very evidence,
    and notes what was asked. Whatever the reading of one row ends with, it costs that row alone, which then waits as
    unreadable.
    """
    evidence = _read(row, ask)
    said = () if ask is None else ask.judged(str(row.get("item_id")))
    if not said:
        return evidence
    seen = evidence.looked_at(str(row.get("page_digest") or ""))
    return replace(evidence, judged=tuple(one for one in said if one.of == seen))


def _read(row: Mapping[str, object], ask: Questions | None) -> Evidence:
    source = str(row.get("source"))
    try:
        return READERS[source](row) if source in READERS else from_page(row, ask)
    except Exception as error:
        log.exception("%s: its evidence could not be read", row.get("item_id"))
        return Evidence(
            source=source if source in READERS else "commons",
            status=str(row.get("status")),
            problem=f"{UNREADABLE}: {type(error).__name__} while reading it",
            revid=_whole(row.get("revid")),
            sha1=_text(row.get("sha1")),
        )


def from_page(row: Mapping[str, object], ask: Questions | None = None) -> Evidence:
    """The evidence in one row of commons/pages (or a join of it with catalog/items); without `ask` nothing else is
    known."""
    ask = ask or Questions()
    text = read_page(str(row.get("wikitext") or ""))
    metadata, statements = _metadata(row.get("extmetadata")), read_statements(row.get("mediainfo"))
    categories = [str(name) for name in _sequence(row.get("categories"))]
    categories += [name for name in metadata.get("Categories", "").split("|") if name]
    restrictions = metadata.get("Restrictions", "")
    title = str(row.get("title") or "")
    names_user = any(argument.read.names_user for argument in text.arguments if argument.field == "artist")
    is_own_work = any(OWN_WORK.search(source) for source in text.in_every_language("source"))
    is_work_page = any(use.name in WORK_BOXES for use in text.templates)
    made, date_unread = _date_of(text)
    said = (title.replace("_", " "), *text.all_of("title"), *text.all_of("description"), *categories)
    beside = (*text.in_every_language("artist"), *text.in_every_language("source"))
    makers, work = makers_of(text, statements, ask, categories)
    tags = all_tags(text, categories, [str(name) for name in _sequence(row.get("templates"))], ask)
    is_given_away = is_own_work and any(tag.kind is Kind.DEDICATION for tag in tags)
    captions = [said for told in texts_of(row.get("mediainfo")) for said in told.texts.values()]
    shown = subjects_of(text, title, categories, statements, ask) if is_given_away else Subjects()
    works = depicted.works_of_others(text, title, categories, captions) if is_given_away else ()
    people = people_depicted(statements, ask) if is_given_away else ()
    work_item = next((ask.entity(said.value) for said in statements if said.property == REPRODUCES), None)
    is_uploaders = is_own_work and not is_work_page and (made is None or made.last >= LIVING_BORN_SINCE)
    return Evidence(
        source="commons",
        status=str(row.get("status")),
        problem="redirect" if text.is_redirect else _text(row.get("problem")),
        revid=_whole(row.get("revid")),
        sha1=_text(row.get("sha1")),
        uploaded_on=_day(row.get("uploaded_at")),
        tags=tags,
        is_flat=any(use.name in FLAT_WRAPPERS for use in text.templates),
        looks_flat=looks_flat(text, categories, work_item),
        is_solid=is_solid(text, categories, work_item),
        is_own_work=is_own_work,
        is_work_page=is_work_page,
        names_user=names_user,
        made=made,
        published=_years_in(text, "published"),
        inception=inception_of(statements),
        is_posthumous=any(POSTHUMOUS.search(said) for said in text.all_of("date", *DESCRIPTIONS)),
        named_years=years_named(row, text, title, categories, metadata),
        date_text=without_personal(text.field("date")),
        date_unread=date_unread,
        birth_year=max(
            (year for maker in text.in_every_language("artist") if (year := parse_birth_year(maker))), default=None
        ),
        death_year=_death_year(text, statements),
        summary_death_year=parse_death_year(MARKUP.sub(" ", metadata.get("Artist", ""))),
        artist=None if names_user or is_uploaders else _artist(text),
        short_name=metadata.get("LicenseShortName") or None,
        licence_code=metadata.get("License") or None,
        licence_url=metadata.get("LicenseUrl") or None,
        attribution_required=metadata.get("AttributionRequired", "").strip().lower() in ("true", "1", "yes"),
        non_free=metadata.get("NonFree", "").strip().lower() in ("true", "1", "yes"),
        deletion_reason=metadata.get("DeletionReason") or None,
        restrictions=tuple(sorted(part for part in restrictions.split("|") if part)),
        statements=statements,
        shows_person=tuple(
            sorted({*_shown_people(text, categories, statements), *depicted.people(text, title), *people})
        ),
        shows_living=tuple(sorted(set(_living(statements)))),
        shows_works=tuple(sorted(set(works))),
        shows_subjects=shown.plain,
        unclear_subjects=shown.unclear,
        later_hands=tuple(sorted(set(depicted.later_hands(text, title, categories)))),
        shows_stamp=tuple(sorted(set(_found((*said, *beside), STAMP)))),
        outsiders=tuple(
            sorted({*_found(beside, OUTSIDER), *_found(text.all_of("title", "description"), OUTSIDE_CREDIT)})
        ),
        makers=makers,
        work=work,
    )


def _found(said: Sequence[str], words: re.Pattern[str]) -> Iterator[str]:
    """The words of a pattern, one from each text that has one."""
    return (found.group(0) for part in said if (found := words.search(part)))


def _date_of(text: FilePage) -> tuple[Years | None, str | None]:
    """The years of the date on the page, and a date that nobody can be sure to have read: then the years are none."""
    said = [value for value in text.in_every_language("date") if not NO_DATE.match(value)]
    beside = " ".join(text.all_of("title", "description", "artist"))
    read = [(value, surely_of(value, beside=beside)) for value in said]
    unread = next((value for value, years in read if years is None), None)
    if unread is not None:
        return None, without_personal(unread) or "a date"
    return union([years for _, years in read if years is not None]), None


def _years_in(text: FilePage, field: str) -> Years | None:
    return union([years for value in text.in_every_language(field) if (years := parse_years(value)) is not None])


def _artist(text: FilePage) -> str | None:
    """Whom the page names, without personal marks; nobody where it names the uploader or its own source."""
    named = without_personal(text.field("artist"))
    return None if named is None or NOT_A_NAME.search(named) else without_separators(named)


def _shown_people(text: FilePage, categories: Sequence[str], statements: Sequence[Statement]) -> Iterator[str]:
    """Where the page says that it shows a person."""
    for use in text.templates:
        if use.name in DEPICTED_PERSON:
            yield f"template {use.name}"
        for name in ("depicted people", "depicted person"):
            if use.name in wikitext.INFORMATION_BOXES and (use.get(name) or "").strip():
                yield f"field {name}"
    for category in categories:
        if PEOPLE_CATEGORY.search(category.replace("_", " ")):
            yield f"category {category}"
    for statement in statements:
        if statement.property == DEPICTS and (statement.value in PEOPLE_ITEMS or statement.qualified(BORN)):
            yield f"statement {DEPICTS} {statement.value}"


def _living(statements: Sequence[Statement]) -> Iterator[str]:
    """Statements about somebody shown with a birth in living memory and no death."""
    for statement in statements:
        if statement.property != DEPICTS or statement.qualified(DIED):
            continue
        born = [years.last for value in statement.qualified(BORN) if (years := years_of_time(value)) is not None]
        if born and max(born) >= LIVING_BORN_SINCE:
            yield f"statement {DEPICTS} {statement.value} born {max(born)}"


def _death_year(text: FilePage, statements: Sequence[Statement]) -> int | None:
    """The latest death year that a tag, a creator's box, an artist field or a statement on the page names."""
    named = [value.strip() for use in text.templates if (value := use.get("deathyear"))]
    years = [int(value) for value in named if value.isdecimal() and len(value) < 5]
    for use in text.templates:
        if use.name == "creator" and (died := parse_years(use.get("deathdate"))) is not None:
            years.append(died.last)
    years += [year for maker in text.in_every_language("artist") if (year := parse_death_year(maker)) is not None]
    return max([*years, *death_years(statements)], default=None)


def _metadata(value: object) -> dict[str, str]:
    """CommonsMetadata's summary: key -> value, the English one of a value in several languages."""
    raw = _json(value)
    if not isinstance(raw, dict) or not all(isinstance(entry, dict) for entry in raw.values()):
        return {"LicenseShortName": UNREADABLE}
    said = {key: _plain_value(entry.get("value", "")) for key, entry in raw.items()}
    return said if all(map(is_readable_html, said.values())) else {"LicenseShortName": UNREADABLE}


def _plain_value(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("en") or next((text for key, text in value.items() if key != "_type"), "")
    return str(value)


def _json(value: object) -> object:
    """The JSON in a cell, {} where it is empty, None where it cannot be read."""
    if not isinstance(value, str) or not value:
        return {}
    try:
        return parse_json(value) or {}
    except UnreadableJson:
        return None


def _sequence(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()


def _day(value: object) -> str | None:
    """A moment's day as ISO text, whether it comes as a moment or as text."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    try:
        return date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError:
        return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None
