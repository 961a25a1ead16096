"""The licence tags of a page, and where each was seen: written on it, wrapped, transcluded, in a category, in prose.

What a tag means is in tags.py; what the archive says of templates that are no tags is asked of what is known.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pd_assets.lib.page import boxes, wikitext
from pd_assets.lib.page.file_page import FilePage, TemplateUse
from pd_assets.lib.rights.claims import Tag
from pd_assets.lib.rights.knowledge import Questions
from pd_assets.lib.rights.tags import (
    LICENCE_ARGUMENTS,
    PHOTOGRAPH_LICENCE_AT,
    TWO_GROUNDS,
    WRAPPERS,
    Kind,
    is_harmless,
    meaning_of,
    meaning_of_category,
)
from pd_assets.lib.rights.words import CONDITIONS_IN_PROSE, says_more_than_free

CATEGORY_WRAPPER = re.compile(r"(pd-art|pd-scan|licensed-pd-art)\s*\((.+)\)\Z")
# A ground counts only where the templates around it are known to show it.
SHOWING = frozenset({*wikitext.INFORMATION_BOXES, *WRAPPERS, *wikitext.LANGUAGES, "collapse", "mld"})
# Reviews of a licence, which doubt it until they are passed.
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
REVIEWS = frozenset(
    ("licensereview", "license review", "licencereview", "licence review", "flickrreview", "flickr review")
)
# Fields that speak of other files.
ABOUT_OTHERS = frozenset(boxes.LATER_YEARS["other files"])
LICENCE_FIELDS = frozenset(boxes.BESIDE[boxes.PERMISSION])


def all_tags(text: FilePage, categories: Sequence[str], templates: Sequence[str], ask: Questions) -> tuple[Tag, ...]:
    """The tags of a page, sorted; `templates` are all that it transcludes."""
    del ask
    written = [tag for use in text.templates for tag in _wikitext_tags(use)]
    tags = {*written, *_category_tags(categories), *_transcluded_tags(templates, written), *_prose_tags(text)}
    if _is_reviewed(text):
        tags = {tag for tag in tags if tag.name not in REVIEWS}
    return tuple(sorted(tags, key=lambda tag: (tag.seen_in, tag.name, tag.kind, tag.life or 0, tag.us, tag.place)))


def _is_reviewed(text: FilePage) -> bool:
    """Whether somebody looked at the source and found the licence there: every review on the page was passed."""
    reviews = [use for use in text.templates if use.name in REVIEWS]
    return bool(reviews) and all(map(_is_passed, reviews))


def _is_passed(review: TemplateUse) -> bool:
    """`{{LicenseReview|pass|…}}`, or in the old way the reviewer and the day."""
    told = [value.strip().lower() for value in (review.get("status") or "", *review.positional[:2])]
    is_signed = len(told) == 3 and bool(_DAY.fullmatch(told[2])) and not told[1].startswith("fail")
    return any(value in ("pass", "passed") for value in told[:2]) or is_signed


def _wikitext_tags(use: TemplateUse) -> Iterator[Tag]:
    """The tags that one template is or wraps, with the field and the templates around it."""
    around = [f"field {use.field}"] if use.field is not None else []
    yield from (replace(tag, place=" > ".join((*around, *use.inside))) for tag in _own_tag(use))
    yield from (replace(tag, place=" > ".join((*around, *use.inside, use.name))) for tag in _inner_tags(use))


def _inner_tags(use: TemplateUse) -> Iterator[Tag]:
    if use.name not in WRAPPERS:
        return
    for name in _wrapped(use):
        if (tag := _tag(name, "wikitext", inside=True)) is not None:
            yield from _if_shown(tag, use)
    if use.name in PHOTOGRAPH_LICENCE_AT and len(use.positional) <= PHOTOGRAPH_LICENCE_AT[use.name]:
        yield _unknown(f"{use.name} without a licence of the photograph")
    if use.name in TWO_GROUNDS and len(_terms(use.positional[:2])) > 1:
        yield _unknown(f"{use.name} with two grounds")


def _terms(names: Sequence[str]) -> set[int]:
    """The years after death that tags claim, of those that claim any."""
    meanings = [meaning_of(wikitext.normal_name(name)) for name in names]
    return {meaning.life for meaning in meanings if meaning is not None and meaning.life is not None}


def _own_tag(use: TemplateUse) -> Iterator[Tag]:
    """The template itself as a tag; where licences stand, one that is in no list is an unknown licence."""
    tag = _tag(use.name, "wikitext")
    if tag is not None:
        yield from _if_shown(tag, use)
    elif _stands_for_licence(use) and not _is_known(use.name):
        yield _unknown(use.name)


def _if_shown(tag: Tag, use: TemplateUse) -> Iterator[Tag]:
    """A ground under a condition, or in a template that may not show it, is no ground but an open question."""
    if tag.kind not in (Kind.GROUND, Kind.DEDICATION):
        yield tag
    elif use.field in ABOUT_OTHERS:
        return
    elif set(use.inside) <= SHOWING:
        yield tag
    else:
        yield replace(_unknown(tag.name), seen_in=tag.seen_in)


def _stands_for_licence(use: TemplateUse) -> bool:
    """Outside of an information box, in its field for the licence, or in a wrapper of licences."""
    around = set(use.inside) - set(wikitext.INFORMATION_BOXES)
    return around <= set(WRAPPERS) and (use.field is None or use.field in LICENCE_FIELDS)


def _is_known(name: str) -> bool:
    return name in SHOWING or name in wikitext.MENTIONS or is_harmless(name)


def _wrapped(use: TemplateUse) -> Iterator[str]:
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
        # A subpage, such as a translation, is part of its template.
        for part in dict.fromkeys((name, name.split("/")[0])):
            tag = _tag(part, "transclusion")
            if tag is not None and tag.kind in (Kind.OBLIGATION, Kind.DOUBT, Kind.PENDING, Kind.PERSON):
                yield tag
        if name == "cc-layout" and not any(tag.name.startswith("cc") for tag in written):
            yield Tag(name=name, seen_in="transclusion", kind=Kind.UNKNOWN)


def _prose_tags(text: FilePage) -> Iterator[Tag]:
    """Conditions put into words, and markup that could not be read: whoever reads the page may learn more from it."""
    if found := CONDITIONS_IN_PROSE.search(text.prose):
        yield Tag(name=found.group(0).lower(), seen_in="prose", kind=Kind.UNKNOWN)
    elif any(says_more_than_free(said) for said in text.all_of("permission")):
        yield Tag(name="a permission in words", seen_in="prose", kind=Kind.UNKNOWN)
    if not text.is_whole:
        yield Tag(name="markup that cannot be read", seen_in="prose", kind=Kind.UNKNOWN)
