"""One decision with all that a sentence about it may speak of, and the phrases that such sentences share."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from pd_assets.lib.rights.case import FRESH_DAYS, Case, Profile
from pd_assets.lib.rights.claims import Evidence, Maker, Tag
from pd_assets.lib.rights.plain_words import Names, day, in_list, quoted, tag_name, years
from pd_assets.lib.rights.rules import Decision
from pd_assets.lib.rights.tags import Kind


@dataclass(frozen=True, kw_only=True)
class Told:
    """One decision with all that a sentence about it may speak of. `names` are the names of items, by id."""

    evidence: Evidence
    decision: Decision
    profile: Profile
    today: date
    fresh_days: int = FRESH_DAYS
    names: Names = field(default_factory=dict)

    @cached_property
    def case(self) -> Case:
        return Case(evidence=self.evidence, profile=self.profile, today=self.today, fresh_days=self.fresh_days)

    def tags(self, *kinds: Kind) -> tuple[Tag, ...]:
        return tuple(tag for kind in kinds for tag in self.evidence.having(kind))

    @property
    def grounds(self) -> str:
        """The tags that the page itself gives as grounds, or that give all rights up."""
        found = [tag for tag in self.tags(Kind.GROUND, Kind.DEDICATION) if tag.seen_in == "wikitext"]
        return in_list(tag_name(tag.name) for tag in found)

    @property
    def judged_by(self) -> str:
        """Who judged it under this profile, and on which day: roles, never names."""
        said = [one for one in self.evidence.judged if one.profile == self.profile.name]
        return "; ".join(f"{in_list(one.roles)}, {day(one.day)}" for one in said) or "people"

    @property
    def term(self) -> str:
        """What the profile asks of the source country."""
        return (
            "a ground in the United States" if self.profile.life is None else f"{self.profile.life} years after death"
        )


def teller(maker: Maker) -> str:
    return ", ".join(part for part in (maker.told_by, maker.place) if part)


def maker_of(told: Told) -> str:
    """The maker by name, where the page has one without life dates beside it."""
    name = (told.evidence.artist or "").partition("(")[0].strip(" ,;")
    return f"its maker {name}" if name else "its maker"


def is_long_dead(told: Told, maker: Maker) -> bool:
    life = told.profile.life
    return maker.died is not None and (life is None or told.today.year - 1 - maker.died >= life)


def there_is_only(told: Told) -> str:
    """What there is instead, so that a reader sees what is missing."""
    made = told.evidence.made
    known = [*([told.grounds] if told.grounds else []), *([f"the date {years(made)}"] if made is not None else [])]
    return f"; there is only {in_list(known)}" if known else ""


def tag_names(tags: Sequence[Tag]) -> str:
    return in_list(tag_name(tag.name) for tag in tags)


def items_in_words(told: Told, ids: Sequence[str]) -> str:
    return in_list(f"{told.names[one]}, {one}" if one in told.names else one for one in ids)


def aside(words: str) -> str:
    return f" ({words})" if words else ""


def said_words(words: Sequence[str]) -> str:
    return f": {quoted(words)}" if words else ""
