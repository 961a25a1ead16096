"""Evidence in one row of cleveland/records: what the museum says of its picture, who made the work, and when.

CC0 is the museum's word about its own picture; the age of the work needs its witnesses. Of a date the latest year
counts. Source: the museum's open access; docs/cleveland.md.
"""

from collections.abc import Iterator, Mapping

from pd_assets.lib.json_answers import parse_json
from pd_assets.lib.page.dates import Years, parse_years
from pd_assets.lib.page.effort import is_readable
from pd_assets.lib.page.personal import without_personal
from pd_assets.lib.page.statements import UNREADABLE
from pd_assets.lib.rights.claims import Evidence, Maker, Medium
from pd_assets.lib.rights.record_makers import NOBODY_NAMED, has_hand, last_death, maker_of, nobody
from pd_assets.lib.rights.smithsonian import PORTRAIT, SENSITIVE_WORDS
from pd_assets.lib.rights.surrogate import FLAT, SOLID

Row = Mapping[str, object]


def from_work(row: Row) -> Evidence:
    """The evidence in one row: the museum's picture of one work."""
    status, media, described = str(row.get("status")), str(row.get("media") or "{}"), str(row.get("freetext"))
    texts = [str(row.get("title") or ""), *(text for name in ("terms", "names", "dates") for text in _texts(row, name))]
    if not all(map(is_readable, (*texts, media, described))):
        return Evidence(source="cleveland", status=status, problem=f"{UNREADABLE}: a text that costs too much to read")
    work = parse_json(media)
    assert isinstance(work, dict)
    makers = tuple(_makers(work.get("creators") or []))
    own = [maker.name for maker in makers if not maker.is_unknown]
    died, born = last_death(makers), max((one.born for one in makers if one.born is not None), default=None)
    made, kind = _made(work), str(work.get("type"))
    if made is not None and born is not None and made.last <= born:
        made = None  # a date from before its maker was born is no witness
    return Evidence(
        source="cleveland",
        status=status,
        problem=_text(row, "problem"),
        is_solid=bool(SOLID.search(kind)),
        looks_flat=bool(FLAT.search(kind)),
        made=made,
        is_posthumous=made is not None and died is not None and made.first > died + 1,
        date_text=without_personal(_text(work, "creation_date")),
        birth_year=born,
        death_year=died,
        artist=without_personal(own[0]) if own and own[0] != NOBODY_NAMED else None,
        shows_person=tuple(sorted({f"the word {word.lower()}" for text in texts for word in PORTRAIT.findall(text)})),
        medium=Medium(
            media_type=_text(row, "media_type"),
            usage_access=row.get("usage_access"),  # type: ignore[arg-type]
            metadata_usage_access=_text(row, "metadata_usage_access"),
            rights=tuple(sorted({*_texts(row, "object_rights"), *_doubts(work)})),
            unit_code=_text(row, "unit_code"),
            author=(without_personal(own[0]) or NOBODY_NAMED) if own else None,
            is_work=True,
            sensitive=tuple(sorted({word.lower() for word in SENSITIVE_WORDS.findall("\n".join((*texts, described)))})),
        ),
        makers=makers,
    )


def _doubts(work: Row) -> Iterator[str]:
    """What makes a picture wait though it is CC0: it may be that of another work, or of another age than is said."""
    if work.get("type") == "Forgery":
        yield "type: Forgery, whose date and makers may be those of its model"
    if cover := work.get("cover_accession_number"):
        yield f"cover_accession_number: {cover}, whose picture it may be"


def _makers(creators: list[Row]) -> Iterator[Maker]:
    """Everybody who had a hand in the work; an open question where the record names none of them."""
    found = [one for one in creators if has_hand(_text(one, "role"))]
    for one in found:
        qualifier = one.get("qualifier")
        said = qualifier.get("Value") if isinstance(qualifier, Mapping) else qualifier
        yield maker_of(
            _text(one, "description") or "",
            place="creators",
            role=_text(one, "role") or "",
            qualifier=str(said or ""),
            born=_text(one, "birth_year"),
            died=_text(one, "death_year"),
        )
    if not found:
        yield nobody("creators")


def _made(work: Row) -> Years | None:
    """The museum's first and last year, wider where the words of the date name another; without them the words."""
    first, last = work.get("creation_date_earliest"), work.get("creation_date_latest")
    words = parse_years(_text(work, "creation_date"))
    if type(last) is not int:
        return words
    years = [year for year in (first, last, words.named if words else None) if type(year) is int]
    return Years(first=min(years), last=max(years), named=max(years))


def _texts(row: Row, name: str) -> list[str]:
    value = row.get(name)
    return [str(part) for part in value] if isinstance(value, list | tuple) else []


def _text(row: Row, name: str) -> str | None:
    value = row.get(name)
    return str(value) if value not in (None, "") else None
