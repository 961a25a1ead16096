"""Everybody who made the work, and how long they lived: what the page names, joined with what others know.

A name stays an open question until the page, the archive's Creator page or Wikidata tells its death, or somebody says
that nobody knows the maker. Two sources of one life count with the later year.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pd_assets.lib.page import makers as named
from pd_assets.lib.page.file_page import FilePage
from pd_assets.lib.page.makers import ITEM, NamedMaker
from pd_assets.lib.page.statements import (
    AUTHOR,
    BY_WAY_OF,
    CREATOR,
    NAME,
    REPRODUCES,
    ROLE,
    UNKNOWN_VALUE,
    WIKI_USER,
    Statement,
    years_of_time,
)
from pd_assets.lib.rights.claims import BY_PAGE, Maker, Work
from pd_assets.lib.rights.knowledge import Entity, EntityKind, Questions

ANONYMOUS = "Q4233718"
BY_TAG = "deathyear of the tag"


def makers_of(
    page: FilePage, statements: Sequence[Statement], ask: Questions, categories: Sequence[str] = ()
) -> tuple[tuple[Maker, ...], Work | None]:
    """The makers of a page's work, each once, and what Wikidata says of the work itself."""
    works = [work for item in work_items(page, statements) if (work := ask.entity(item)) is not None]
    told = list(named.makers_named(page))
    beside = [_from_page(maker, ask) for maker in named.in_prose(page, categories)]
    on_page = [_from_page(maker, ask) for maker in told if not maker.is_body]
    stated = [maker for said in statements if said.property in (CREATOR, AUTHOR) for maker in _stated(said, ask)]
    of_works = [maker for work in works for maker in _of_work(work, ask)]
    # A body that keeps a work says nothing of its maker, but where it is all that is named somebody worked for it.
    found = _once([*on_page, *stated, *of_works])
    found = [*found, *(one for one in beside if not any(_is_named_already(one, maker) for maker in found))]
    found = found or [_from_page(maker, ask) for maker in told]
    found = _with_tag(found, page)
    return tuple(sorted(found, key=lambda maker: (maker.place, maker.name, maker.item or ""))), _work(works)


def _with_tag(makers: list[Maker], page: FilePage) -> list[Maker]:
    """With the year of death that a tag is given: of the one maker of whom nobody else tells a life, or of nobody."""
    given = [use.get("deathyear") or "" for use in page.templates]
    years = [int(year) for year in given if re.fullmatch(r"\d{3,4}", year.strip())]
    if not years:
        return makers
    died = max(years)
    silent = [maker for maker in makers if maker.died is None and not maker.is_unknown and not maker.told_by]
    if len(makers) == 1 and silent:
        return [replace(makers[0], died=died, told_by=BY_TAG)]
    return [*makers, Maker(name="", place=BY_TAG, died=died, told_by=BY_TAG)]


def work_items(page: FilePage, statements: Sequence[Statement]) -> list[str]:
    """The items of the work: of the structured data, and of `wikidata=` in a box."""
    linked = [said.value for said in statements if said.property == REPRODUCES]
    for use in page.templates:
        is_box = use.field is None and not use.name.startswith(("creator", "institution"))
        if is_box and (written := use.get("wikidata")):
            linked += ITEM.findall(written)
    return [item for item in dict.fromkeys(linked) if re.fullmatch(r"Q[1-9]\d*", item)]


def _from_page(maker: NamedMaker, ask: Questions) -> Maker:
    told = Maker(
        name=maker.name,
        place=maker.place,
        role=maker.role,
        item=maker.item,
        born=maker.born,
        died=maker.died,
        is_unknown=maker.is_unknown,
        told_by=BY_PAGE if maker.died or maker.is_unknown else "",
    )
    behind = maker.item or (ask.creator_page(maker.creator_page) if maker.creator_page else None)
    if isinstance(behind, str):
        return _known(replace(told, item=behind), ask.entity(behind))
    return _known(told, behind)


def _stated(said: Statement, ask: Questions) -> Iterator[Maker]:
    """Whom a statement of the structured data names; nobody where it is a user of the wiki."""
    place = f"statement {said.property}"
    if said.qualified(WIKI_USER):
        return
    if re.fullmatch(r"Q[1-9]\d*", said.value):
        died = [years.last for text in said.qualified("P570") if (years := years_of_time(text)) is not None]
        maker = Maker(name=said.value, place=place, item=said.value, died=max(died, default=None))
        yield _known(maker, ask.entity(said.value))
    else:
        text = next(iter(said.qualified(NAME)), "" if said.value == UNKNOWN_VALUE else said.value)
        if ANONYMOUS in said.qualified(ROLE):
            yield Maker(name=text, place=place, is_unknown=True, told_by=place)
        elif text:
            yield from (_from_page(one, ask) for one in named.in_words([text], "artist", place) if not one.is_body)
    for prop in BY_WAY_OF:
        for item in said.qualified(prop):
            yield _known(Maker(name=item, place=place, item=item), ask.entity(item))


def _of_work(work: Entity, ask: Questions) -> Iterator[Maker]:
    place = f"item {work.item}"
    for item in work.makers:
        yield _known(Maker(name=item, place=place, item=item), ask.entity(item))
    if work.is_anonymous and not work.makers:
        yield Maker(name="", place=place, is_unknown=True, told_by=_source(work))
    if work.has_unnamed_maker:
        yield Maker(name="", place=place)


def _known(maker: Maker, entity: Entity | None) -> Maker:
    """A maker with what Wikidata tells of them: only a human's death counts."""
    if entity is None:
        return maker
    name = entity.name if entity.name and (not maker.name or maker.name == maker.item) else maker.name
    maker = replace(maker, name=name, item=entity.item)
    if entity.kind is EntityKind.ANONYMOUS:
        return replace(maker, is_unknown=True, told_by=maker.told_by or _source(entity))
    if entity.kind is not EntityKind.PERSON:
        return maker
    born = entity.born.last if entity.born else maker.born
    years = [year for year in (maker.died, entity.died.last if entity.died else None) if year is not None]
    # Somebody whose item tells no death is not dead because a page says so in passing.
    told_by = _source(entity) if entity.died or maker.died is None else maker.told_by
    return replace(maker, born=born, died=max(years, default=None), told_by=told_by)


def _source(entity: Entity) -> str:
    return entity.item if entity.revid is None else f"{entity.item} at revision {entity.revid}"


def _once(makers: Sequence[Maker]) -> list[Maker]:
    """Each maker once: by item, and by name where one of two sources tells no life dates."""
    kept: list[Maker] = []
    for maker in makers:
        at = next((n for n, other in enumerate(kept) if _is_same(maker, other)), None)
        if at is None:
            kept.append(maker)
        else:
            kept[at] = _joined(kept[at], maker)
    return kept


def _is_same(one: Maker, other: Maker) -> bool:
    if named.FURTHER in one.name or named.FURTHER in other.name:
        return one.name == other.name
    if one.item is not None and other.item is not None:
        return one.item == other.item
    if one.is_unknown or other.is_unknown:
        return one.is_unknown and other.is_unknown
    shorter, longer = sorted((name_words(one.name), name_words(other.name)), key=len)
    if (one.item is None) == (other.item is None):
        # Brothers, father and son: two names on one page are two people.
        return bool(shorter) and shorter == longer
    return any(len(word) > 1 for word in shorter) and all(_is_in(word, longer) for word in shorter)


def _is_named_already(one: Maker, other: Maker) -> bool:
    """Whether running text names somebody whom the page names as a maker in any case, perhaps by the last name."""
    words, known = name_words(one.name), name_words(other.name)
    return bool(known) and (words <= known or known <= words or _is_same(one, other))


def _is_in(word: str, name: frozenset[str]) -> bool:
    """Whether a word is among the words of a name, one of the two perhaps as an initial."""
    return word in name or any(
        min(len(word), len(other)) == 1 and word.isascii() and word[0] == other[0] for other in name
    )


def name_words(name: str) -> frozenset[str]:
    """The words of a name without accents and case: `Hokusai, Katsushika` is `Katsushika Hokusai`."""
    plain = unicodedata.normalize("NFKD", name.lower())
    return frozenset(re.findall(r"[^\W\d_]+", "".join(sign for sign in plain if not unicodedata.combining(sign))))


def _joined(one: Maker, other: Maker) -> Maker:
    later = other if (other.died or 0) > (one.died or 0) or (other.is_unknown and not one.is_unknown) else one
    borns = [year for year in (one.born, other.born) if year is not None]
    return replace(
        one, item=one.item or other.item, born=max(borns, default=None), died=later.died, told_by=later.told_by,
        is_unknown=one.is_unknown or other.is_unknown,
    )  # fmt: skip


def _work(works: Sequence[Entity]) -> Work | None:
    """The item of the work; of several the one that is dated last."""
    if not works:
        return None
    latest = max(works, key=lambda work: work.made.last if work.made else -10_000)
    return Work(item=latest.item, revid=latest.revid, made=latest.made)
