"""The years that a page names in any place, beside those of its date: each may speak against what its tags claim.

Which of them do is for the rules to say. Numbers of museums (1985.64), sizes, scales and addresses are no years.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mwparserfromhell.nodes import ExternalLink, Heading, HTMLEntity, Tag, Template, Text, Wikilink
from mwparserfromhell.wikicode import Wikicode

from pd_assets.lib.page import wikitext
from pd_assets.lib.page.calendars import years_of_other_calendars
from pd_assets.lib.page.dates import centuries_from

# Terms only grow, so a year before this one contradicts nothing today or later.
FIRST_YEAR, LAST_YEAR = 1900, 2039
_YEAR = re.compile(
    r"(?:(?<!\w)|(?<=\b[BbCcDd])|(?<=\b[Cc]a)|(?<=[^\x00-\x7f]))(?<!\d)(?<!\d:)(?<![A-Z]-)(19\d\d|20[0-3]\d)(?![\d_])"
    # The beginning of a digest is none.
    r"(?!(?=\d*[a-f])[0-9a-f]{2,}(?!\w))"
    r"(?!:\d)(?![./,-]\d{3})(?![.,](?:1[3-9]|[2-9]\d)(?!\d))(?!\s*(?:px|pixels?|mm|cm|km|kg|[x×]\s*\d|B\.?\s?C|v\.\s?(?:Chr|u\.)|a\.\s?C|av\.\s?J))"
)
_SPAN = re.compile(r"(?<!\d)(19|20)\d\d\s*[-–—/]\s*(\d\d)(?![\d:./-])")
_NUMBERED = re.compile(
    r"\b(?:inv(?:entory|entar)?|nr|cat(?:alogue)?|acc(?:ession)?|lot|plate|fig|img|dscn?)\b\.?\s*(?:no\.?|nr\.?|number)?"
    r"[\s:#]*[\w./-]*\d|\bno\.\s*\d+",
    re.IGNORECASE,
)
# When somebody scanned a work or put it online says nothing of the work.
_COPIED = re.compile(
    r"\b(?:scan(?:ned)?|digiti[sz](?:ed|ation)|upload(?:ed)?|retrieved|accessed)\b[^\d;]{0,20}(?:19|20)\d\d"
    r"(?:-\d\d){0,2}",
    re.IGNORECASE,
)
_LIFE = re.compile(r"[(\[][^()\[\]]{0,300}?\b1[0-9]{3}\s*\??\s*[-–—][^()\[\]\d]{0,24}"
                   r"(?:\d{1,2}\.?\s*[a-z]{0,12}\.?\s*)?(19\d\d|20[0-3]\d)\b[^()\[\]]{0,300}[)\]]",
                   re.IGNORECASE)  # fmt: skip
_DIED = re.compile(
    r"(?:\b(?:died|d\.|death|gest(?:orben|\.)|mort[eo]?|overleden|zm\.|ум\.)|†)\s*:?\s*(?:in\s+)?"
    r"(?:\d{1,2}\.?\s*)?(?:[a-z]+\.?\s+)?(19\d\d|20[0-3]\d)\b",
    re.IGNORECASE,
)
# Between two digits they change nothing that a reader sees.
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
# Templates whose numbers are no years of the work, or whose years are of something else.
_NO_YEARS = frozenset(
    ("size", "dimensions", "size/layout", "convert", "cvt", "unit", "location", "location dec", "object location",
     "object location dec", "coord", "provenanceevent", "original upload date", "upload date", "uploaded", "watermark",
     "extracted from", "ef", "image extracted", "extracted", "q", "wikidata", "geographicus-link",
     "geographicus-source", "retouched", "retouched picture", "cropped")
)  # fmt: skip
_NO_YEARS_PREFIXES = ("cite", "institution:", "size", "uploaded ", "user:", "int:")


@dataclass(frozen=True, kw_only=True)
class NamedYear:
    """The latest year that one place names; `is_life` where it is one of a maker's life, not of the work."""

    place: str
    year: int
    is_life: bool = False


def named_years(place: str, text: str, *, of_maker: bool = False) -> Iterator[NamedYear]:
    """The latest year from FIRST_YEAR on that `text` names for a work, and the latest for a life."""
    text = _INVISIBLE.sub("", ascii_digits(text)).replace("'''", "").replace("''", "")
    text = _NUMBERED.sub(" ", _COPIED.sub(" ", text))
    lives = [int(match.group(1)) for pattern in (_LIFE, _DIED) for match in pattern.finditer(text)]
    rest = _DIED.sub(" ", _LIFE.sub(" ", text))
    years = [int(match.group(1)) for match in _YEAR.finditer(rest)]
    years += [int(match.group(1) + match.group(2)) for match in _SPAN.finditer(rest)]
    others = (*years_of_other_calendars(rest), *centuries_from(rest))
    years += [year for year in others if FIRST_YEAR <= year <= LAST_YEAR]
    if of_maker:
        lives, years = lives + years, []
    for found, is_life in ((years, False), (lives, True)):
        if found:
            yield NamedYear(place=place, year=max(found), is_life=is_life)


def ascii_digits(text: str) -> str:
    """The text with the digits of any script as 0 to 9."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(c)) if not c.isascii() and c.isdecimal() else c for c in text)


def words(code: Wikicode | None, leave_out: Callable[[str], bool]) -> str:
    """All that stands in a value, in every language and in the arguments of its templates, whatever shows of it.

    `leave_out` tells the templates that are not looked into by their names.
    """
    return "".join(_words(code, leave_out)) if code is not None else ""


def _words(code: Wikicode, leave_out: Callable[[str], bool]) -> Iterator[str]:
    for node in code.nodes:
        if isinstance(node, Text):
            yield node.value
        elif isinstance(node, HTMLEntity):
            yield str(node.normalize())
        elif isinstance(node, Wikilink):
            target = str(node.title).strip()
            is_category = target.lower().startswith("category:")  # its text is a key to sort by
            if node.text is not None:
                yield "" if is_category else words(node.text, leave_out)
            elif not target.lower().lstrip(":").startswith(wikitext.NO_TEXT_LINKS):
                yield target
        elif isinstance(node, ExternalLink | Heading):
            yield words(node.title, leave_out)
        elif isinstance(node, Template):
            yield from _of_template(node, leave_out)
        elif isinstance(node, Tag) and (tag := str(node.tag).strip().lower()) not in ("ref", *wikitext.DEAD_TAGS):
            around = " " if tag in wikitext.BREAKING_TAGS else ""
            yield f"{around}{words(node.contents, leave_out)}{around}"


def _of_template(template: Template, leave_out: Callable[[str], bool]) -> Iterator[str]:
    name = wikitext.template_name(template)
    if name in _NO_YEARS or name in wikitext.MENTIONS or name.startswith(_NO_YEARS_PREFIXES) or leave_out(name):
        return
    if name.startswith("creator:"):
        yield f"\n{name}\n"
    for parameter in template.params:
        yield f"\n{words(parameter.value, leave_out)}\n"
