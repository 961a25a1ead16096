"""A museum's wrapper read through: the licences that it shows inside, by the templates that its page transcludes.

`prop=templates` is flat: it does not say who called whom. So something is taken from it only where one wrapper alone
can be the cause, and all that the page transcludes is known. Whatever is in doubt stays an open question.
"""

from collections.abc import Iterator, Sequence

from pd_assets.lib.page.file_page import TemplateUse
from pd_assets.lib.page.template_names import is_understood, whole
from pd_assets.lib.rights.claims import Tag
from pd_assets.lib.rights.knowledge import Questions, TemplateKind
from pd_assets.lib.rights.tags import NEUTRAL, WRAPPERS, Kind
from pd_assets.lib.rights.template_meanings import as_tag, asked_meaning, fact_of, target_of

# Every licence box that is built with a layout of the archive's carries this template.
MARKER = "license template tag"
WRAPPING = (TemplateKind.LICENCE, TemplateKind.SOURCE)
# A list of exactly as many templates as an answer holds may have been cut.
FULL_ANSWERS = (50, 100, 500, 5000)


def shown_inside(
    uses: Sequence[TemplateUse], written: Sequence[Tag], transcluded: Sequence[str], ask: Questions
) -> list[Tag]:
    """The tags that the only licence of a page, a wrapper that our table does not know, shows inside; else none.

    The page names no licence beside it, no other partner's template stands there that could be the cause, and all that
    is transcluded is known: each licence to our table, each other template to the archive.
    """
    if len(transcluded) in FULL_ANSWERS or MARKER not in transcluded or len({tag.name for tag in written}) != 1:
        return []
    (tag, *_) = written
    if tag.kind is not Kind.UNKNOWN or tag.name not in transcluded or not _is_of(tag.name, WRAPPING, ask):
        return []
    wrapping = [use for use in uses if use.name == tag.name]
    others = [use for use in uses if use.name != tag.name and _may_be_the_cause(use, ask)]
    if len(wrapping) != 1 or others:
        return []
    inside = list(_licences(tag, transcluded, ask))
    kinds = {one.kind for one in inside}
    return inside if kinds.intersection((Kind.GROUND, Kind.DEDICATION)) and Kind.UNKNOWN not in kinds else []


def _is_of(name: str, kinds: Sequence[TemplateKind], ask: Questions) -> bool:
    fact = fact_of(name, ask)
    return fact is not None and fact.kind in kinds


def _may_be_the_cause(use: TemplateUse, ask: Questions) -> bool:
    """Whether another template on the page may be what shows a licence: all but boxes and what the reader knows."""
    return use.name in WRAPPERS or not (is_understood(use.name) or _is_of(use.name, (TemplateKind.BOX,), ask))


def _licences(wrapper: Tag, transcluded: Sequence[str], ask: Questions) -> Iterator[Tag]:
    """The tags among the transcluded templates but the wrapper itself; an unknown one where one is not known."""
    place = " > ".join(part for part in (wrapper.place, f"{wrapper.name}, which shows it") if part)
    for name in transcluded:
        target = target_of(name, ask)
        is_part = whole(name) != name and whole(name) in transcluded
        if is_part or target == wrapper.name or target in NEUTRAL or target in WRAPPERS or is_understood(name):
            continue
        meaning, fact = asked_meaning(name, ask), fact_of(name, ask)
        if meaning is not None and meaning.kind is not Kind.UNKNOWN:
            yield as_tag(target, "wikitext", meaning, place)
        elif meaning is not None or fact is None or fact.kind in (TemplateKind.LICENCE, TemplateKind.MISSING):
            yield Tag(name=target, seen_in="transclusion", kind=Kind.UNKNOWN, place=place)
