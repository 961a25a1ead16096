"""Years in the dates that pages give: `1642`, `ca. 1650`, `between 1840 and 1850`, `17th century`, `500 BC`.

Both archives share it. A date is a range of years; what cannot be read is None, never a guess. Years before Christ are
negative.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

YEAR_TEXT = r"(?:1[0-9]{3}|20[0-9]{2})"
YEAR = re.compile(rf"(?<![\d_]){YEAR_TEXT}(?![\d_])")
SPAN = re.compile(rf"(?<!\d)({YEAR_TEXT})\s*[-–—/]\s*(\d{{2}})(?![\d:])(?!\s*[-–/.]\s*\d)")
COMPACT = re.compile(rf"(?<!\d)({YEAR_TEXT})(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)")
CENTURY = re.compile(
    r"\b(\d{1,2})\s?(?:st|nd|rd|th)\b(?!\s+(?:half|quarter|third|millennium))|\bcentury((?:\s+\d{1,2}\b)+)",
    re.IGNORECASE,
)
CENTURY_WORD = re.compile(r"\bc(?:entur(?:y|ies)|ent)\b|\d\s?(?:st|nd|rd|th)[\s-]+c\b", re.IGNORECASE)
# Centuries in other languages, in digits (19. Jahrhundert) and Roman numbers (XIXe siècle, siglo XIX, XX век).
FOREIGN_CENTURY = re.compile(
    r"\b(?:\d{1,2}|[XVI]{1,5})\.?\s?(?:e|ème|º|°|th)?\s*"
    r"(?:jahrhunderts?|jh\.?|siècles?|secolo|eeuw|века?|в\.|öld|세기|世[紀纪]|століття|ст\.|stolet[íi]|wieku?|w\.)(?!\w)|"
    r"\b[XVI]{1,5}(?:th)?\s+century\b|\b(?:siglos?|sec(?:olo|\.)|s[ée]c(?:ulo|\.))\s*(?:[XVI]{1,5}|\d{1,2})\b|"
    r"המאה ה-?\d{1,2}(?!\d)",
    re.IGNORECASE,
)
CENTURY_NUMBER = re.compile(r"\d{1,2}|\b[XVI]{1,5}(?=\b|e\b|ème|th)", re.IGNORECASE)
ROMAN = {"I": 1, "V": 5, "X": 10}
# A part of a century, with its first and last year in it: `mid-19th century`, `second half of the 17th century`.
PARTS = (
    (re.compile(r"\b(?:first|1st)\s+half\b", re.IGNORECASE), 1, 50),
    (re.compile(r"\b(?:second|2nd|last|latter)\s+half\b", re.IGNORECASE), 51, 100),
    (re.compile(r"\b(?:first|1st)\s+quarter\b", re.IGNORECASE), 1, 25),
    (re.compile(r"\b(?:second|2nd)\s+quarter\b", re.IGNORECASE), 26, 50),
    (re.compile(r"\b(?:third|3rd)\s+quarter\b", re.IGNORECASE), 51, 75),
    (re.compile(r"\b(?:fourth|4th|last)\s+quarter\b", re.IGNORECASE), 76, 100),
    (re.compile(r"\b(?:first|1st)\s+third\b", re.IGNORECASE), 1, 34),
    (re.compile(r"\b(?:second|2nd)\s+third\b", re.IGNORECASE), 34, 67),
    (re.compile(r"\b(?:last|3rd)\s+third\b", re.IGNORECASE), 67, 100),
    (re.compile(r"\bearly\b|\bbeginning\b", re.IGNORECASE), 1, 40),
    (re.compile(r"\bmid(?:dle)?\b", re.IGNORECASE), 30, 70),
    (re.compile(r"\blate(?:r)?\b|\bend of\b", re.IGNORECASE), 60, 100),
)
MILLENNIUM = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)\s+millennium\b", re.IGNORECASE)
DECADE = re.compile(r"\b(1[0-9]{2}0|20[0-9]0)(?:'s|s)\b")
ERA_YEAR = re.compile(r"\b(\d{1,4})(s?)\b")
BEFORE_CHRIST = re.compile(r"\bB\.?\s?C\b|\bBCE\b|\bB\.\s?C\.|\bv\.\s?Chr", re.IGNORECASE)
EARLY_YEAR = re.compile(r"\s*(?:c\.?|ca\.?|circa)?\s*(?:AD\s*)?(\d{3})\s*(?:AD|CE)?\s*", re.IGNORECASE)
CIRCA = re.compile(
    r"\b(?:c|ca|circa|about|around|approximately|um|vers)\b\.?|~|\d\?|\(\?\)|\bca?\.?(?=\d)", re.IGNORECASE
)
CIRCA_YEARS = 10
# `before 1900` names no first year: a century is allowed for.
OPEN_START = re.compile(
    r"^\W*(?:before|by|until|not after|no later than|ante|pre-?|vor|avant|antes de|<)\s*(?=\d)", re.IGNORECASE
)
OPEN_START_YEARS = 100
OPEN_END = re.compile(
    r"\b(?:after|from|since|post|not before|no earlier than|nach|après|seit|depuis|desde|dopo|efter|etter|vanaf|"
    r"à partir|a partir|a partire)\b|^\W*(?:ab|po|od|na|från|fra|с|після|после|з)\s+(?=(?:[^\W\d]+\.?\s+)?\d)|>",
    re.IGNORECASE,
)
OPEN_TAIL = re.compile(
    r"\b(?:or|and) later\b|,\s*later\b|\bonwards?\b|\bpresent\b|\btoday\b|\bheute\b|\baujourd.hui\b|\boggi\b|\bhoy\b|"
    r"\d\s*\+|\d{4}s?\s*[-–—]\s*(?:\?|\Z)|\d\s?ff\b|\band \?|\d\s*(?:to|-|–)\s*['’]\d\d\b",
    re.IGNORECASE,
)
# Years that belong to the photograph of a work, and numbers that are no years.
SURROGATE = re.compile(
    r"\b(?:photo(?:graph(?:ed)?)?(?: taken)?|scan(?:ned)?|digiti[sz](?:ed|ation)|upload(?:ed)?|retrieved|accessed)\b"
    rf"[^\d;]{{0,20}}{YEAR_TEXT}(?:-\d\d){{0,2}}",
    re.IGNORECASE,
)
NUMBERED = re.compile(
    r"\b(?:inv(?:entory)?|no|nr|cat|acc(?:ession)?|lot|plate|fig)\b\.?\s*(?:no\.?|nr\.?)?\s*[\w./-]*\d", re.IGNORECASE
)
TIME = re.compile(r"\b\d{1,2}:\d{2}(?::\d{2})?\b")

LIFE = re.compile(
    rf"\([^()]{{0,300}}?\b{YEAR_TEXT}\s*\??\s*[-–—]\s*[a-z. ]{{0,12}}\d{{0,2}}\.?\s*[a-z]{{0,12}}\.?\s*({YEAR_TEXT})\b"
    r"[^()]{0,300}\)",
    re.IGNORECASE,
)
UNSURE_LIFE = re.compile(
    r"\b(?:active|fl|flor|floruit|worked|working|reign|after|post|since|or later)\b|>", re.IGNORECASE
)
DIED = re.compile(
    rf"(?:\b(?:died|d\.|death)|†)\s*:?\s*(?:\d{{1,2}}\.?\s*)?(?:[a-z]+\.?\s+)?({YEAR_TEXT})\b", re.IGNORECASE
)
BORN = re.compile(
    rf"(?:\b(?:born|b\.|né|née|geb\.)|\*)\s*:?\s*(?:in\s+)?(?:\d{{1,2}}\.?\s*)?(?:[a-z]+\.?\s+)?({YEAR_TEXT})\b|"
    rf"\(\s*({YEAR_TEXT})\s*[-–—]\s*(?:present|today|heute|now)?\s*\)",
    re.IGNORECASE,
)
# The life dates beside these words are not those of whoever made the picture.
NOT_THE_MAKER = re.compile(
    r"\b(?:after|copy|copies|copyist|copied|follower|imitator|manner|style|circle|school|forger|forgery|pastiche|"
    r"reproduction|nach|d'après|photo(?:graph(?:ed|er)?)?|edited|restored|colou?ri[sz]ed)\b",
    re.IGNORECASE,
)
SEVERAL = re.compile(r"[;&/+]|\b(?:and|with|und|et|y)\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Years:
    """The earliest and the latest year that a date allows, both included.

    `named` is the latest year that the text itself names, before any slack; of a bare century its first year.
    """

    first: int
    last: int
    named: int


@dataclass(frozen=True, kw_only=True)
class _Found:
    """One expression of a date text: the years that it allows, where it begins, and whether it names only a century."""

    start: int
    first: int
    last: int
    is_century: bool = False


def parse_years(text: str | None) -> Years | None:
    """The range of years that a date text allows, or None where it names none or leaves the end open."""
    if not text:
        return None
    text = without_other_numbers(text)
    found = list(_expressions(text))
    if not found or _is_open_ended(text, found):
        return None
    slack = CIRCA_YEARS if CIRCA.search(text) else 0
    earlier = OPEN_START_YEARS if OPEN_START.search(text) else 0
    exact = [part.last for part in found if not part.is_century]
    return Years(
        first=min(part.first for part in found) - slack - earlier,
        last=max(part.last for part in found) + slack,
        named=max(exact, default=min(part.first for part in found)),
    )


def union(ranges: list[Years]) -> Years | None:
    """One range that covers all of them."""
    if not ranges:
        return None
    return Years(
        first=min(part.first for part in ranges),
        last=max(part.last for part in ranges),
        named=max(part.named for part in ranges),
    )


def without_other_numbers(text: str) -> str:
    """A date text without times, numbers of a museum and, beside another year, that of a photograph or scan."""
    text = TIME.sub(" ", NUMBERED.sub(" ", text))
    text = COMPACT.sub(r"\1", text)
    rest = SURROGATE.sub(" ", text)
    return rest if YEAR.search(rest) or CENTURY_WORD.search(rest) else text


def _expressions(text: str) -> Iterator[_Found]:
    if BEFORE_CHRIST.search(text):
        yield from _before_christ(text)
        return
    centuries, text = _centuries(text)
    yield from centuries
    for match in DECADE.finditer(text):
        # Museums' `1200s` is a century, others' `1900s` may be a decade.
        first, is_century = int(match.group(1)), match.group(1).endswith("00")
        yield _Found(start=match.start(), first=first, last=first + (99 if is_century else 9), is_century=is_century)
    text = DECADE.sub(lambda match: " " * len(match.group(0)), text)
    for match in SPAN.finditer(text):
        first, end = int(match.group(1)), int(match.group(2))
        if end > first % 100:
            yield _Found(start=match.start(), first=first, last=first - first % 100 + end)
    for match in YEAR.finditer(text):
        yield _Found(start=match.start(), first=int(match.group(0)), last=int(match.group(0)))
    # Long ones are no early year, and its spaces may be shared out in too many ways.
    if len(bare := text.strip()) < 60 and (early := EARLY_YEAR.fullmatch(bare)):
        yield _Found(start=0, first=int(early.group(1)), last=int(early.group(1)))


def centuries_from(text: str) -> Iterator[int]:
    """The first years of the centuries, or of the parts of centuries, that a text names."""
    yield from (found.first for found in _centuries(text)[0])


def _centuries(text: str) -> tuple[list[_Found], str]:
    """The centuries that a text names, and the text without the foreign ones."""
    found, seen_to = [], 0
    for match in FOREIGN_CENTURY.finditer(text):
        number = CENTURY_NUMBER.search(match.group(0))
        if number is not None and _number(number.group(0)) > 0:
            found.append(_century(text[seen_to : match.start()], match.start(), _number(number.group(0))))
        seen_to = match.end()
    rest = FOREIGN_CENTURY.sub(lambda match: " " * len(match.group(0)), text)
    if CENTURY_WORD.search(rest):
        seen_to = 0
        for match in CENTURY.finditer(rest):
            before = rest[seen_to : match.start()]
            found += [_century(before, match.start(), int(number)) for number in re.findall(r"\d+", match.group(0))]
            seen_to = match.end()
    return found, rest


def _century(before: str, start: int, number: int) -> _Found:
    """A century, or the part of it that the words before it name: those since the last century or comma."""
    first = 100 * (number - 1)
    said = re.split(r"\bor\b|\bto\b|[–—/,;]", before)[-1]
    named = [(begin, end) for part, begin, end in PARTS if part.search(said)]
    if len(named) != 1:
        return _Found(start=start, first=first + 1, last=first + 100, is_century=True)
    begin, end = named[0]
    return _Found(start=start, first=first + begin, last=first + end, is_century=begin == 1)


def _number(text: str) -> int:
    """A number in digits or, up to XXX, in Roman ones."""
    if text.isdecimal():
        return int(text)
    values = [ROMAN[letter] for letter in text.upper()]
    return sum(-one if one < following else one for one, following in zip(values, [*values[1:], 0], strict=True))


def _before_christ(text: str) -> Iterator[_Found]:
    """Every number of a text that says BC; one that also says AD may run into any of its years."""
    mixed = bool(re.search(r"\b(?:AD|CE)\b", text))
    for match in MILLENNIUM.finditer(text):
        yield _Found(start=match.start(), first=-1000 * int(match.group(1)), last=-1000 * (int(match.group(1)) - 1) - 1)
    text = MILLENNIUM.sub(lambda match: " " * len(match.group(0)), text)
    is_century = bool(CENTURY_WORD.search(text))
    for match in ERA_YEAR.finditer(text if not is_century else re.sub(r"(?<=\d)(?:st|nd|rd|th)\b", " ", text)):
        number = int(match.group(1))
        if match.group(2):
            first, last = _years_of_round(number)
        else:
            first, last = (-100 * number, -100 * (number - 1) - 1) if is_century else (-number, -number)
        yield _Found(start=match.start(), first=first, last=-first if mixed else last)


def _years_of_round(number: int) -> tuple[int, int]:
    """The years of `500s BCE` (a century) or `510s BCE` (a decade)."""
    length = 100 if number % 100 == 0 else 10
    return -(number + length - 1), -number


def _is_open_ended(text: str, found: list[_Found]) -> bool:
    """`after 1650` says nothing of the end, `from 1650 to 1660` does."""
    if OPEN_TAIL.search(text):
        return True
    latest = max(part.last for part in found)
    for match in OPEN_END.finditer(text):
        following = [part for part in found if part.start >= match.start()]
        nearest = min(following, key=lambda part: part.start, default=None)
        if nearest is not None and nearest.last >= latest:
            return True
    return False


def parse_death_year(text: str | None) -> int | None:
    """The year of death in `Claude Monet (1840–1926)` or `died 1926`: the latest of several makers, None if unsure."""
    if not text or NOT_THE_MAKER.search(text):
        return None
    lives = [int(match.group(1)) for match in LIFE.finditer(text) if not UNSURE_LIFE.search(match.group(0))]
    rest = LIFE.sub(" ", text)
    died = [] if UNSURE_LIFE.search(rest) else [int(match.group(1)) for match in DIED.finditer(rest)]
    makers = 1 + len(SEVERAL.findall(re.sub(r"\([^()]*\)", " ", text)))
    known = lives + died
    return max(known) if len(known) >= makers else None


def parse_birth_year(text: str | None) -> int | None:
    """The latest year of birth of somebody of whom no death is told: `(1950–)`, `born 1950`."""
    found = [match.group(1) or match.group(2) for match in BORN.finditer(text or "")]
    return max((int(year) for year in found), default=None)
