"""Years that a file page names anywhere and that may speak against its tags: in any field, title, category or label.

Only gathered here; which of them contradict a ground is in case.py. docs/rights.md says where a later year means
nothing (page/boxes.LATER_YEARS).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from pd_assets.lib.page import wikitext
from pd_assets.lib.page.dates import without_other_numbers
from pd_assets.lib.page.file_page import FilePage, TemplateUse
from pd_assets.lib.page.html_text import read_html
from pd_assets.lib.page.structured import StructuredText, texts_of
from pd_assets.lib.page.years import NamedYear, named_years, words
from pd_assets.lib.rights.tags import LICENCE_ARGUMENTS, WRAPPERS, Kind, meaning_of

# A year beside a publisher is that of an edition, so it is one of the work.
MAKERS = frozenset({"artist", "illustrator", "engraver", "editor", "translator"})
DATES = frozenset({"date", "published"})
# What the archive's summary takes from a page, and whether it is of a maker.
SUMMARY = {"ObjectName": False, "ImageDescription": False, "DateTimeOriginal": False, "Artist": True}
# A category of works of a year, or of those who were born or died in it.
_WORKS = (
    r"(?:in art|art|works?|paintings?|drawings?|prints?|engravings?|etchings?|lithographs?|woodcuts?|watercolou?rs?|"
    r"illustrations?|posters?|maps?|books?|photographs?|sculptures?)"
)
_OF_YEAR = re.compile(
    rf"(?:category:)?(?:(?:19|20)\d\ds? {_WORKS}\b|(?:[^\d]* )?{_WORKS} (?:made |created |painted |published )?"
    r"(?:from|of|in) (?:the )?(?:19|20)\d\ds?$)",
    re.IGNORECASE,
)
_LIVES = re.compile(r"(?:category:)?(?:19|20)\d\d (?:births|deaths)", re.IGNORECASE)


def years_named(
    row: Mapping[str, object], page: FilePage, title: str, categories: Sequence[str], summary: Mapping[str, str]
) -> tuple[NamedYear, ...]:
    """The years of one row of commons/pages, sorted: the latest of each place."""
    found = {
        *_in_arguments(page),
        *(year for use in page.templates for year in _in_template(use)),
        *named_years("file name", PurePosixPath(title.replace("_", " ")).stem),
        *named_years("text of the page", page.outside),
        *(year for text in texts_of(row.get("mediainfo")) for year in _in_structured(text)),
        *(year for category in categories for year in _in_category(category.replace("_", " "))),
    }
    for name, is_maker in SUMMARY.items():
        found |= set(named_years(f"summary {name}", read_html(summary.get(name, "")).text, of_maker=is_maker))
    return tuple(sorted(found, key=lambda named: (named.place, named.is_life, named.year)))


def _in_arguments(page: FilePage) -> Iterator[NamedYear]:
    for argument in page.arguments:
        if not argument.may_be_later:
            said = words(argument.value, _is_tag)
            # Only of a date is it sure that the year of a photograph beside another one is not the work's.
            said = without_other_numbers(said) if argument.field in DATES else said
            yield from named_years(f"{argument.box}.{argument.name}", said, of_maker=argument.field in MAKERS)


def _in_template(use: TemplateUse) -> Iterator[NamedYear]:
    """In the arguments of a licence tag, and of a creator that is described in place."""
    if use.name == "creator":
        yield from named_years("creator", "\n".join(value for _, value in use.named), of_maker=True)
    elif _is_tag(use.name):
        for key, value in (*((str(n), text) for n, text in enumerate(use.positional)), *use.named):
            if key not in LICENCE_ARGUMENTS and "{{" not in value and not _is_tag(wikitext.normal_name(value)):
                yield from named_years(f"{use.name}.{key}", value, of_maker="death" in key or "author" in key)


def _in_structured(told: StructuredText) -> Iterator[NamedYear]:
    """In captions, titles and names; a date of the structured data is compared as such."""
    if told.field not in DATES:
        for text in told.texts.values():
            yield from named_years(told.seen_in, text, of_maker=told.field in MAKERS)


def _is_tag(name: str) -> bool:
    meaning = meaning_of(name)
    return name in WRAPPERS or (meaning is not None and meaning.kind in (Kind.GROUND, Kind.NO_GROUND))


def _in_category(category: str) -> Iterator[NamedYear]:
    if _LIVES.match(category) or _OF_YEAR.match(category):
        yield from named_years(f"category {category}", category, of_maker=bool(_LIVES.match(category)))
