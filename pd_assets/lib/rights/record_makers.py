"""The makers that a museum's record names, from its fields or from a line such as `Claude Monet (French, 1840-1926)`.

A life is only that of whose own hand is claimed: what a workshop, a follower or a firm made is an open question, and
unknown is a maker only where the record says so.
"""

import re

from pd_assets.lib.page.dates import UNSURE_LIFE, parse_birth_year, parse_death_year, parse_years
from pd_assets.lib.page.names import without_separators
from pd_assets.lib.rights.claims import Maker
from pd_assets.lib.rights.smithsonian import NOBODY

# A role that is nothing but one of these, or several.
NO_MAKER = re.compile(
    r"(?:(?:print(?:ed|er)|publish(?:ed|er)|manufactur(?:ed|er)|retail(?:ed|er)|dealer|distribut(?:ed|or)|owner|"
    r"collector|patron|commission(?:ed|er)|sitter|subject|depicted)(?: (?:by|for))?(?:\s*(?:,|/|and)\s*)?)+",
    re.IGNORECASE,
)
FIRM = re.compile(
    r"\b(?:compan(?:y|ies)|co\.|inc\.|ltd\.?|corporation|firm|studios?|factory|manufactor(?:y|ies)|manufacture|works|"
    r"workshops?|pottery|porcelain|press|foundry|glassworks|mint|brothers|bros\.?|sons|school|guild)(?!\w)",
    re.IGNORECASE,
)
# The one named is the maker, or, of `after`, another of the makers; beside any other word it is not that one's hand.
OWN_HAND = re.compile(r"(?:and|attributed to|designed by|copy after|after)?", re.IGNORECASE)
HAND = re.compile(
    r"\b(?:after|copy (?:after|of)|(?:workshop|studio|school|circle|follower|imitator|manner|style|assistant|pupil|"
    r"forger) of)\b",
    re.IGNORECASE,
)
LONGEST_LIFE = 110
NOBODY_NAMED = "nobody is named"


def has_hand(role: str | None) -> bool:
    """Whether a role is one of somebody who made the work: an unknown one is, a printer's or publisher's is not."""
    return not NO_MAKER.fullmatch((role or "").strip())


def maker_of(
    described: str, *, place: str, role: str = "", qualifier: str = "", born: str | None = None, died: str | None = None
) -> Maker:
    """One maker. `described` is the name, with or without dates; the fields beside it are as the record has them."""
    name = without_separators(re.sub(r"\s*\([^()]*\)\s*\Z", "", described)) or NOBODY_NAMED
    told = HAND.search(described)
    hand = qualifier.strip() or (told[0] if told else "")
    named = " ".join(filter(None, (role or "artist", hand)))
    if not OWN_HAND.fullmatch(hand):
        return Maker(name=name if told else f"{hand} {name}", place=place, role=named, told_by="record")
    if NOBODY.search(name) and not hand:
        return Maker(name=name, place=place, role=named, is_unknown=True, told_by="record")
    first, last = _life(described, born, died)
    return Maker(name=name, place=place, role=named, born=first, died=last, told_by="record")


def nobody(place: str) -> Maker:
    """An open question: the record names no maker, and does not say that nobody knows one."""
    return Maker(name=NOBODY_NAMED, place=place, told_by="record")


def last_death(makers: tuple[Maker, ...]) -> int | None:
    """The year in which the last of them died; None where one of them has none."""
    years = [maker.died for maker in makers if maker.died is not None]
    return max(years) if years and len(years) == len(makers) else None


def _life(described: str, born: str | None, died: str | None) -> tuple[int | None, int | None]:
    """The latest years of birth and death that are possible; none of a firm, or where that may be years of work."""
    life = f"({described.rpartition('(')[2]}" if "(" in described else ""
    if FIRM.search(described) or UNSURE_LIFE.search(life):
        return None, None
    birth, death = (_latest(text) for text in (born, died))
    birth = birth if birth is not None else parse_birth_year(life)
    death = max((year for year in (death, parse_death_year(life)) if year is not None), default=None)
    is_life = birth is None or death is None or 0 < death - birth <= LONGEST_LIFE
    return (birth, death) if is_life else (None, None)


def _latest(field: str | None) -> int | None:
    years = None if UNSURE_LIFE.search(field or "") else parse_years(field)
    return years.last if years else None
