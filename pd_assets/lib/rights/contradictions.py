"""What on one page contradicts what else on it, for those who can mend the page. No verdict rests on this.

    kind                 what does not fit together
    tag-life             a tag that claims so many years after death, and a maker who died later
    tag-death-year       the year of death in a tag, and that of every maker whose death is known
    tag-anonymous        a tag for anonymous works, and a maker who is named
    tag-expired          a tag for a term that has ended in the United States, and a date on which it had not begun to
    dates                the date of the information box, and inception (P571) of the structured data
    made-after-death     the date of the work, and the death of the last of its makers
    made-before-birth    the date of the work, and the birth of a maker
    own-work-old         a page that is called own work, and a date before anybody who lives was born
    maker-statement      the maker of the page or its tag, and the creator (P170) of the structured data
    status               a free tag, and a copyright status (P6216) that is another one, or the reverse
    status-reason        a reason of the status (so many years after death), and a maker who died later
    licence-statement    the tags, and the licence (P275) of the structured data
    licences-exclude     all rights given up, and conditions kept; no right in the photograph, and one licensed

A term of N years after death runs to 31 December; the arithmetic is that of case.py.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pd_assets.lib.page.file_page import read_page
from pd_assets.lib.page.statements import CREATOR, JURISDICTION, LICENCE, METHOD, REPRODUCES, STATUS, UNREADABLE
from pd_assets.lib.rights.case import (
    DATE_TOLERANCE_YEARS,
    DEAD_FOR,
    FIRST_PHOTOGRAPH,
    LONGEST_LIFE_YEARS,
    PROFILES,
    US_TERM_YEARS,
    Case,
)
from pd_assets.lib.rights.claims import FREE_LICENCE_ITEMS, PUBLIC_DOMAIN_STATUS, Evidence, Maker, Tag
from pd_assets.lib.rights.makers import BY_TAG
from pd_assets.lib.rights.plain_words import names_of, statement_in_words, tag_name, with_names, year, years
from pd_assets.lib.rights.tags import FLAT_WRAPPERS, Kind

KINDS = (
    "tag-life", "tag-death-year", "tag-anonymous", "tag-expired", "dates", "made-after-death", "made-before-birth",
    "own-work-old", "maker-statement", "status", "status-reason", "licence-statement", "licences-exclude",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Contradiction:
    """Two things on one page that do not fit together, and why not."""

    kind: str
    this: str
    that: str
    says: str


@dataclass(frozen=True, kw_only=True)
class _Page:
    """One page as it is compared: its evidence, and the years of death that its tags name."""

    seen: Evidence
    today: date
    death_years: tuple[tuple[str, int], ...]

    @property
    def grounds(self) -> tuple[Tag, ...]:
        return self.seen.having(Kind.GROUND, "wikitext")

    @property
    def dedications(self) -> tuple[Tag, ...]:
        return self.seen.having(Kind.DEDICATION, "wikitext")

    @property
    def conditions(self) -> tuple[Tag, ...]:
        return self.seen.having(Kind.OBLIGATION, "wikitext")

    @property
    def case(self) -> Case:
        return Case(evidence=self.seen, profile=PROFILES["us"], today=self.today)

    def died_after(self, life: int) -> Iterator[Maker]:
        """Makers who are not dead for so many years."""
        for maker in self.seen.makers:
            if maker.died is not None and maker.died > self.today.year - 1 - life:
                yield maker


Test = Callable[[_Page], Iterator[Contradiction]]


def contradictions(row: Mapping[str, object], evidence: Evidence, today: date) -> list[Contradiction]:
    """Everything on one page of Commons that contradicts something else on it, each once; `row` is of commons/pages."""
    if evidence.problem is not None or evidence.status != "live":
        return []
    text = read_page(str(row.get("wikitext") or ""))
    named = ((use.name, use.get("deathyear") or "") for use in text.templates)
    deaths = tuple((name, int(said)) for name, said in ((n, s.strip()) for n, s in named)
                   if said.isascii() and said.isdecimal() and len(said) < 5)  # fmt: skip
    page = _Page(seen=evidence, today=today, death_years=deaths)
    return list(dict.fromkeys(one for test in _TESTS for one in test(page)))


def _tag_life(page: _Page) -> Iterator[Contradiction]:
    for tag in page.grounds:
        # A tag of unknown makers claims no life.
        if tag.life is not None and not tag.anonymous:
            for maker in page.died_after(tag.life):
                yield _of(
                    "tag-life", _tag(tag), _death(maker),
                    f"The tag says that the maker is dead for {tag.life} years or more; of somebody who died in "
                    f"{year(maker.died or 0)} that is so from {(maker.died or 0) + tag.life + 1} on",
                )  # fmt: skip


def _tag_death_year(page: _Page) -> Iterator[Contradiction]:
    # The tag itself may be all that tells of a death: then it contradicts nothing.
    known = [maker for maker in page.seen.makers if maker.died is not None and maker.told_by != BY_TAG]
    for name, said in page.death_years:
        if known and all(maker.died != said for maker in known):
            last = max(known, key=lambda maker: maker.died or 0)
            yield _of("tag-death-year", f"{tag_name(name)} with deathyear={said}", _death(last),
                      "The tag counts from another year of death")  # fmt: skip


def _tag_anonymous(page: _Page) -> Iterator[Contradiction]:
    named = [maker for maker in page.seen.makers if not maker.is_unknown and maker.name]
    for tag in page.grounds:
        if tag.anonymous and named:
            yield _of("tag-anonymous", _tag(tag), f"the maker {named[0].name} ({named[0].place})",
                      "The tag is for works whose maker nobody knows")  # fmt: skip


def _tag_expired(page: _Page) -> Iterator[Contradiction]:
    began = page.today.year - US_TERM_YEARS
    seen = page.seen
    dated = [("published", seen.published), ("dated", seen.made)]
    for tag in page.grounds:
        if tag.us and tag.name.endswith(("expired", "1923")):
            for what, span in dated:
                if span is not None and (span.first if what == "published" else span.named) >= began:
                    yield _of("tag-expired", _tag(tag), f"{what} {years(span)}",
                              f"The tag is for what was published before {began}")  # fmt: skip


def _dates(page: _Page) -> Iterator[Contradiction]:
    made, stated = page.seen.made, page.seen.inception
    if made is None or stated is None or _may_be_of_picture(page.seen):
        return
    if stated.first > made.last + DATE_TOLERANCE_YEARS or stated.last < made.first - DATE_TOLERANCE_YEARS:
        yield _of("dates", f"the date {years(made)} of the page", f"inception (P571) {years(stated)}",
                  f"They lie more than {DATE_TOLERANCE_YEARS} years apart")  # fmt: skip


def _made_after_death(page: _Page) -> Iterator[Contradiction]:
    made, died = page.seen.made, page.case.last_death
    if made is not None and died is not None and page.seen.makers and made.first > died + 1:
        last = max(page.seen.makers, key=lambda maker: maker.died or 0)
        yield _of("made-after-death", f"the date {years(made)}", _death(last),
                  "Nobody makes a work after their death: is it the date of the photograph, or a print's?")  # fmt: skip


def _made_before_birth(page: _Page) -> Iterator[Contradiction]:
    made = page.seen.made
    for maker in page.seen.makers:
        if made is not None and maker.born is not None and maker.born > made.last:
            yield _of("made-before-birth", f"the date {years(made)}", f"{maker.name}, born in {year(maker.born)}",
                      "The maker was not born then: is it somebody else of that name?")  # fmt: skip


def _own_work_old(page: _Page) -> Iterator[Contradiction]:
    made = page.seen.made
    if page.seen.is_own_work and made is not None and made.last <= page.today.year - LONGEST_LIFE_YEARS:
        yield _of("own-work-old", "called own work (source)", f"dated {years(made)}",
                  "Nobody who lives was there: the source of the work is missing")  # fmt: skip


def _maker_statement(page: _Page) -> Iterator[Contradiction]:
    if page.case.creators_conflict:
        names = names_of(page.seen)
        stated = "; ".join(statement_in_words(one, names) for one in page.seen.stating(CREATOR))
        this = "own work, given away" if page.case.is_dedicated else "a tag that rests on the age of the work"
        yield _of("maker-statement", this, stated, "They speak of different kinds of makers")


def _status(page: _Page) -> Iterator[Contradiction]:
    names = names_of(page.seen)
    free = (*page.grounds, *page.dedications)
    for said in page.seen.stating(STATUS):
        is_free = said.value in PUBLIC_DOMAIN_STATUS
        if said.value == UNREADABLE or (said.qualified(JURISDICTION) and not is_free):
            # Copyrighted in one country, and free in another, is no contradiction.
            continue
        if free and not page.conditions and not is_free:
            yield _of("status", _tag(free[0]), f"copyright status (P6216) {with_names(said.value, names)}",
                      "The tag says that it is free, the structured data do not")  # fmt: skip
        if page.conditions and not free and is_free:
            yield _of("status", _tag(page.conditions[0]), f"copyright status (P6216) {with_names(said.value, names)}",
                      "A licence with conditions is only needed for what is not free")  # fmt: skip


def _status_reason(page: _Page) -> Iterator[Contradiction]:
    for said in page.seen.stating(STATUS):
        for life in (DEAD_FOR[method] for method in said.qualified(METHOD) if method in DEAD_FOR):
            for maker in page.died_after(life):
                yield _of("status-reason", f"copyright status (P6216): {life} years or more after death",
                          _death(maker), f"They are not dead for {life} years yet")  # fmt: skip


def _licence_statement(page: _Page) -> Iterator[Contradiction]:
    names = names_of(page.seen)
    free = (*page.grounds, *page.dedications)
    for said in page.seen.stating(LICENCE):
        is_free = said.value in FREE_LICENCE_ITEMS
        if said.value == UNREADABLE or not said.value.startswith("Q"):
            continue
        if free and not page.conditions and not is_free:
            yield _of("licence-statement", _tag(free[0]), f"licence (P275) {with_names(said.value, names)}",
                      "The tag says that it is free, the structured data name a licence with conditions")  # fmt: skip
        if page.conditions and not free and is_free:
            yield _of("licence-statement", _tag(page.conditions[0]), f"licence (P275) {with_names(said.value, names)}",
                      "The tag sets conditions, the structured data give all rights up")  # fmt: skip


def _licences_exclude(page: _Page) -> Iterator[Contradiction]:
    for tag in page.conditions:
        for given_up in page.dedications:
            yield _of("licences-exclude", _tag(given_up), _tag(tag),
                      "One gives all rights up, the other keeps conditions")  # fmt: skip
        around = _wrappers(tag)
        for ground in page.grounds:
            flat = [name for name in (*_wrappers(ground), ground.name) if name in FLAT_WRAPPERS]
            if flat and not any(name.startswith("licensed-") for name in (*around, *flat)):
                yield _of("licences-exclude", tag_name(flat[0]), _tag(tag),
                          "One says that a photograph of the work has no right of its own, the other licenses such a "
                          "right; {{Licensed-PD-Art}} is for pages that want to say both")  # fmt: skip


_TESTS: Sequence[Test] = (
    _tag_life, _tag_death_year, _tag_anonymous, _tag_expired, _dates, _made_after_death, _made_before_birth,
    _own_work_old, _maker_statement, _status, _status_reason, _licence_statement, _licences_exclude,
)  # fmt: skip


def _of(kind: str, this: str, that: str, says: str) -> Contradiction:
    return Contradiction(kind=kind, this=this, that=that, says=f"{says}{'' if says.endswith('?') else '.'}")


def _tag(tag: Tag) -> str:
    return f"the tag {tag_name(tag.name)}"


def _death(maker: Maker) -> str:
    told = f" ({maker.told_by})" if maker.told_by else ""
    return f"{maker.name or 'a maker'}, who died in {year(maker.died or 0)}{told}"


def _wrappers(tag: Tag) -> tuple[str, ...]:
    return tuple(name for name in tag.place.split(" > ") if name)


def _may_be_of_picture(seen: Evidence) -> bool:
    """Whether the structured data's date may be that of the photograph: the page links to the work's own item."""
    stated = seen.inception
    return stated is not None and stated.first >= FIRST_PHOTOGRAPH and bool(seen.stating(REPRODUCES))
