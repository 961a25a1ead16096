"""The licence tags of a page, and where each was seen: written on it, wrapped, transcluded, in a category, in prose.

What a tag means is in tags.py, what the archive says of templates in template_meanings.py; a wrapper that shows its
licences inside is read through in shown_inside.py.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pd_assets.lib.page import boxes, wikitext
from pd_assets.lib.page.file_page import FilePage, TemplateUse
from pd_assets.lib.page.template_names import is_understood
from pd_assets.lib.rights.claims import Tag
from pd_assets.lib.rights.knowledge import Questions, TemplateKind
from pd_assets.lib.rights.shown_inside import shown_inside
from pd_assets.lib.rights.tags import (
    LICENCE_ARGUMENTS,
    PHOTOGRAPH_LICENCE_AT,
    TWO_GROUNDS,
    WRAPPERS,
    Kind,
    meaning_of,
    meaning_of_category,
)
from pd_assets.lib.rights.template_meanings import (
    as_tag,
    asked_meaning,
    fact_of,
    is_harmless,
    target_of,
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
# What counts wherever on the page it is shown.
HIDDEN = (Kind.OBLIGATION, Kind.DOUBT, Kind.PENDING, Kind.PERSON)
# Every notice of deletion carries this template: Commons:Deletion_requests.
DELETION_MARKER = "deletion template tag"


def all_tags(text: FilePage, categories: Sequence[str], templates: Sequence[str], ask: Questions) -> tuple[Tag, ...]:
    """The tags of a page, sorted; `templates` are all that it transcludes."""
    page = _Page(ask=ask, transcluded=tuple(dict.fromkeys(map(wikitext.normal_name, templates))))
    uses = [page.resolved(use) for use in text.templates]
    written = [tag for use in uses for tag in page.written_tags(use)]
    shown = shown_inside(uses, written, page.transcluded, ask) or written
    tags = {
        *shown,
        *_category_tags(categories),
        *page.transcluded_tags(uses, shown),
        *_prose_tags(text),
    }
    if _is_reviewed(uses):
        tags = {tag for tag in tags if tag.name not in REVIEWS}
    return tuple(sorted(tags, key=lambda tag: (tag.seen_in, tag.name, tag.kind, tag.life or 0, tag.us, tag.place)))


def _is_reviewed(uses: Sequence[TemplateUse]) -> bool:
    """Whether somebody looked at the source and found the licence there: every review on the page was passed."""
    reviews = [use for use in uses if use.name in REVIEWS]
    return bool(reviews) and all(map(_is_passed, reviews))


def _is_passed(review: TemplateUse) -> bool:
    """`{{LicenseReview|pass|…}}`, or in the old way the reviewer and the day."""
    told = [value.strip().lower() for value in (review.get("status") or "", *review.positional[:2])]
    is_signed = len(told) == 3 and bool(_DAY.fullmatch(told[2])) and not told[1].startswith("fail")
    return any(value in ("pass", "passed") for value in told[:2]) or is_signed


@dataclass(frozen=True, kw_only=True)
class _Page:
    """The templates of one page against what is known of them; `transcluded` are normal names."""

    ask: Questions
    transcluded: tuple[str, ...]

    def resolved(self, use: TemplateUse) -> TemplateUse:
        """The use with targets for redirects: a name means what its target means."""
        inside = tuple(target_of(name, self.ask) for name in use.inside)
        return replace(use, name=target_of(use.name, self.ask), inside=inside)

    def written_tags(self, use: TemplateUse) -> Iterator[Tag]:
        """The tags that one template is or wraps, with the field and the templates around it."""
        around = [f"field {use.field}"] if use.field is not None else []
        yield from (replace(tag, place=" > ".join((*around, *use.inside))) for tag in self._own_tag(use))
        yield from (replace(tag, place=" > ".join((*around, *use.inside, use.name))) for tag in self._inner_tags(use))

    def _inner_tags(self, use: TemplateUse) -> Iterator[Tag]:
        if use.name not in WRAPPERS:
            return
        for name in _wrapped(use):
            yield from self._if_shown(self._tag(name) or _unknown(name), use)
        if use.name in PHOTOGRAPH_LICENCE_AT and len(use.positional) <= PHOTOGRAPH_LICENCE_AT[use.name]:
            yield _unknown(f"{use.name} without a licence of the photograph")
        if use.name in TWO_GROUNDS and len(self._terms(use.positional[:2])) > 1:
            yield _unknown(f"{use.name} with two grounds")

    def _terms(self, names: Sequence[str]) -> set[int]:
        """The years after death that tags claim, of those that claim any."""
        meanings = [asked_meaning(wikitext.normal_name(name), self.ask) for name in names]
        return {meaning.life for meaning in meanings if meaning is not None and meaning.life is not None}

    def _own_tag(self, use: TemplateUse) -> Iterator[Tag]:
        """The template itself as a tag; where licences stand, one that nobody calls harmless is an unknown licence."""
        if use.name in WRAPPERS:
            return
        tag = self._tag(use.name)
        if tag is not None:
            yield from self._if_shown(tag, use)
        elif _stands_for_licence(use) and not (use.name in SHOWING or is_harmless(use.name, self.ask)):
            yield _unknown(use.name)

    def _tag(self, name: str, seen_in: str = "wikitext") -> Tag | None:
        meaning = asked_meaning(name, self.ask)
        return None if meaning is None else as_tag(target_of(name, self.ask), seen_in, meaning)

    def _if_shown(self, tag: Tag, use: TemplateUse) -> Iterator[Tag]:
        """A ground under a condition, or in a template that may not show it, is no ground but an open question."""
        if tag.kind not in (Kind.GROUND, Kind.DEDICATION):
            yield tag
        elif use.field in ABOUT_OTHERS:
            return
        elif all(name in SHOWING or self._shows_its_licence(name, tag, use) for name in use.inside):
            yield tag
        else:
            yield replace(_unknown(tag.name), seen_in=tag.seen_in)

    def _shows_its_licence(self, name: str, tag: Tag, use: TemplateUse) -> bool:
        """What the archive calls a box shows its field for the licence, where the tag is transcluded."""
        is_box = self._is_of(name, TemplateKind.BOX)
        return is_box and use.field in LICENCE_FIELDS and (not self.transcluded or tag.name in self.transcluded)

    def transcluded_tags(self, uses: Sequence[TemplateUse], written: Sequence[Tag]) -> Iterator[Tag]:
        """Obligations and doubts among all transcluded templates: a user's own template may hide a licence in it.

        The layout of Creative Commons boxes without any such tag on the page is the box of a licence that nobody named,
        and where a template stands that could hide one, a licence that our table does not know is an open question.
        """
        may_hide = any(self._may_hide_a_licence(use.name) for use in uses)
        named = {tag.name for tag in written}
        for name in self.transcluded:
            # A subpage, such as a translation, is part of its template.
            for part in dict.fromkeys((name, name.split("/")[0])):
                tag = self._tag(part, "transclusion") if may_hide or meaning_of(part) is not None else None
                if tag is None or tag.name in WRAPPERS:
                    continue
                is_hidden = may_hide and tag.name not in named and self._is_of(part, TemplateKind.LICENCE)
                if tag.kind in HIDDEN or (tag.kind is Kind.UNKNOWN and is_hidden):
                    yield tag
            if name == DELETION_MARKER:
                yield Tag(name=name, seen_in="transclusion", kind=Kind.PENDING)
            if name == "cc-layout" and not any(tag.name.startswith("cc") for tag in written):
                yield Tag(name=name, seen_in="transclusion", kind=Kind.UNKNOWN)

    def _may_hide_a_licence(self, name: str) -> bool:
        return not is_understood(name) and self._is_of(name, TemplateKind.SOURCE, TemplateKind.BOX, TemplateKind.OTHER)

    def _is_of(self, name: str, *kinds: TemplateKind) -> bool:
        fact = fact_of(name, self.ask)
        return fact is not None and fact.kind in kinds


def _stands_for_licence(use: TemplateUse) -> bool:
    """Outside of an information box, in its field for the licence, or in a wrapper of licences."""
    around = set(use.inside) - set(wikitext.INFORMATION_BOXES)
    return around <= set(WRAPPERS) and (use.field is None or use.field in LICENCE_FIELDS)


def _wrapped(use: TemplateUse) -> Iterator[str]:
    """The arguments of a wrapper that are tags; templates among them are found by themselves."""
    which = WRAPPERS[use.name]
    chosen = use.positional if which is None else tuple(use.positional[i] for i in which if i < len(use.positional))
    named = [value for key, value in use.named if key in LICENCE_ARGUMENTS]
    for value in (*chosen, *named):
        if value and "{{" not in value:
            yield wikitext.normal_name(value)


def _unknown(name: str) -> Tag:
    return Tag(name=name, seen_in="wikitext", kind=Kind.UNKNOWN)


def _category_tags(categories: Sequence[str]) -> Iterator[Tag]:
    for category in categories:
        name = wikitext.normal_name(category).removeprefix("category:").strip()
        wrapped = CATEGORY_WRAPPER.match(name)
        name = (wrapped.group(2) if wrapped else name).strip()
        if name not in WRAPPERS and (meaning := meaning_of_category(name)) is not None:
            yield as_tag(name, "category", meaning)


def _prose_tags(text: FilePage) -> Iterator[Tag]:
    """Conditions put into words, and markup that could not be read: whoever reads the page may learn more from it."""
    if found := CONDITIONS_IN_PROSE.search(text.prose):
        yield Tag(name=found.group(0).lower(), seen_in="prose", kind=Kind.UNKNOWN)
    elif any(says_more_than_free(said) for said in text.all_of("permission")):
        yield Tag(name="a permission in words", seen_in="prose", kind=Kind.UNKNOWN)
    if not text.is_whole:
        yield Tag(name="markup that cannot be read", seen_in="prose", kind=Kind.UNKNOWN)
