"""The rule table: ordered, versioned data. The first rule that holds decides; `decide` is pure.

Every rule cites the policy that it follows. What no rule accepts is rejected: default deny. docs/rights.md explains it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.rights.evidence import (
    FREE_LICENCE_CODES,
    FREE_LICENCE_ITEMS,
    FREE_SHORT_NAMES,
    PUBLIC_DOMAIN_STATUS,
    Evidence,
    Tag,
)
from pd_assets.lib.rights.tags import Kind

RULESET_VERSION = "2026-11-3"
US_TERM_YEARS = 95
ASSUMED_LIFE_AFTER_WORK_YEARS = 75
OWN_WORK_SINCE = 1970
AGE_TAGS = ("pd-us", "pd-1923", "pd-us-1923", "pd-us-expired")

Verdict = Literal["accept", "reject", "quarantine"]
TAGS = "https://commons.wikimedia.org/wiki/Commons:Copyright_tags/General_public_domain"
PD_ART = "https://commons.wikimedia.org/wiki/Commons:When_to_use_the_PD-Art_tag"
LICENSING = "https://commons.wikimedia.org/wiki/Commons:Licensing"
HIRTLE = "https://guides.library.cornell.edu/copyright/publicdomain"
CC0 = "https://creativecommons.org/public-domain/cc0/"
DERIVATIVE = "https://commons.wikimedia.org/wiki/Commons:Derivative_works"
MACHINE_READABLE = "https://commons.wikimedia.org/wiki/Commons:Machine-readable_data"
SDC = "https://commons.wikimedia.org/wiki/Commons:Structured_data/Modeling/Copyright"


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What a picture must be free of: US copyright, and life + `life` years in the source country (None: not asked)."""

    name: str
    life: int | None


PROFILES = {
    "strict": Profile(name="strict", life=100),
    "life70": Profile(name="life70", life=70),
    "us": Profile(name="us", life=None),
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One picture under one profile on one day: what a rule's test looks at."""

    evidence: Evidence
    profile: Profile
    today: date

    @property
    def grounds(self) -> tuple[Tag, ...]:
        """The grounds that the page itself states; a category alone is none."""
        return self.evidence.having(Kind.GROUND, "wikitext")

    @property
    def us_term_began(self) -> int:
        """What was published before this year is free in the United States (17 USC 304: 95 years)."""
        return self.today.year - US_TERM_YEARS

    @property
    def is_dated_old(self) -> bool:
        return self.evidence.made is not None and self.evidence.made.last < self.us_term_began

    @property
    def us_free(self) -> bool:
        """A tag names a US ground, or the work, or its maker's death, is dated before the US term began."""
        died = self.evidence.death_year
        return (
            any(tag.us for tag in self.grounds) or self.is_dated_old or (died is not None and died < self.us_term_began)
        )

    @property
    def life(self) -> int | None:
        """The years after the author's death that a tag or a known death year proves (terms run to 31 December).

        Tags that claim different terms may speak of different makers, so the shortest of them counts.
        """
        claimed = {tag.life for tag in self.grounds if tag.life is not None}
        if len(claimed) > 1:
            return min(claimed)
        died = self.evidence.death_year
        return max([*claimed, *([] if died is None else [self.today.year - 1 - died])], default=None)

    @property
    def origin_free(self) -> bool:
        """Free in the source country under the profile: by the author's death, or because the work is that old."""
        if self.profile.life is None:
            return True
        made = self.evidence.made
        oldest_author_dead = self.today.year - 1 - self.profile.life - ASSUMED_LIFE_AFTER_WORK_YEARS
        # A tag that claims a shorter term than the profile asks for is taken at its word, however old the work is.
        by_age = made is not None and made.last <= oldest_author_dead and self.life is None
        return by_age or (self.life is not None and self.life >= self.profile.life)

    @property
    def has_ground(self) -> bool:
        return bool(self.grounds)

    @property
    def is_dedicated(self) -> bool:
        return bool(self.evidence.having(Kind.DEDICATION, "wikitext"))

    @property
    def is_plausible_own_work(self) -> bool:
        made = self.evidence.made
        return self.evidence.is_own_work and (made is None or made.first >= OWN_WORK_SINCE)

    @property
    def shows_work_of_another(self) -> bool:
        """An own photograph of something that has an author: a statue, or a work whose page names its artist."""
        return self.evidence.is_solid or (self.evidence.is_work_page and self.evidence.artist is not None)

    @property
    def has_age_ground(self) -> bool:
        """A ground that rests on the age of a work, not on who made the picture (a government)."""
        return any(tag.life is not None or tag.needs_death_year or tag.name in AGE_TAGS for tag in self.grounds)

    @property
    def surrogate_is_open(self) -> bool:
        """The work is free, but nothing shows that its photograph adds no right: solid, or of a shape not told."""
        if not self.has_ground or self.is_dedicated:
            return False
        seen = self.evidence
        told = (
            seen.is_flat or seen.looks_flat or (self.is_dated_old and not seen.is_work_page) or not self.has_age_ground
        )
        return seen.is_solid or not told

    @property
    def date_contradicts(self) -> bool:
        """The work, or its maker's death, is dated later than its tags allow, or the work after its maker's death."""
        made, died = self.evidence.made, self.evidence.death_year
        grounds = self.evidence.having(Kind.GROUND)
        life = max((tag.life for tag in grounds if tag.life is not None), default=None)
        dies_before = None if life is None else self.today.year - life
        if died is not None and dies_before is not None and died >= dies_before:
            return True
        if made is None:
            return False
        claims_us = any(tag.us and (tag.name.endswith("expired") or tag.name in AGE_TAGS) for tag in grounds)
        return (
            (claims_us and made.named >= self.us_term_began)
            or (dies_before is not None and made.named >= dies_before)
            or (died is not None and made.first > died + 1)
        )

    @property
    def summary_has_conditions(self) -> bool:
        """The archive's own summary of the page names a licence that is not free of conditions."""
        seen = self.evidence
        named = seen.short_name is not None and seen.short_name.strip().lower() not in FREE_SHORT_NAMES
        coded = seen.licence_code is not None and seen.licence_code.strip().lower() not in FREE_LICENCE_CODES
        linked = seen.licence_url is not None and "/publicdomain/" not in seen.licence_url.lower()
        return seen.attribution_required or named or coded or linked


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One row of the table: when `holds`, the verdict is `verdict` with the reason code `reason`."""

    rule_id: str
    verdict: Verdict
    reason: str
    holds: Callable[[Case], bool]
    says: str
    cites: str


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A verdict with the rule that decided and every reason against the picture (none where it was accepted)."""

    verdict: Verdict
    rule_id: str
    reasons: tuple[str, ...]


def _rule(rule_id: str, verdict: Verdict, reason: str, holds: Callable[[Case], bool], says: str, cites: str) -> Rule:
    return Rule(rule_id=rule_id, verdict=verdict, reason=reason, holds=holds, says=says, cites=cites)


# fmt: off
RULES: tuple[Rule, ...] = (
    _rule("gone", "reject", "not_live", lambda c: c.evidence.status != "live",
          "the page was deleted, is a redirect, or left the categories", LICENSING),
    _rule("no-picture", "reject", "not_a_picture", lambda c: c.evidence.problem is not None,
          "not a bitmap picture with a page that can be read", LICENSING),
    _rule("doubted", "reject", "in_doubt",
          lambda c: (bool(c.evidence.having(Kind.DOUBT)) or c.evidence.deletion_reason is not None
                     or c.evidence.non_free),
          "somebody asks for its deletion, or a licence or source is missing", LICENSING),
    _rule("tag-with-conditions", "reject", "obligation", lambda c: bool(c.evidence.having(Kind.OBLIGATION)),
          "a licence with conditions is on the page, even beside a public-domain tag", LICENSING),
    _rule("summary-with-conditions", "reject", "obligation", lambda c: c.summary_has_conditions,
          "the archive's summary names a licence with conditions", MACHINE_READABLE),
    _rule("statement-with-conditions", "reject", "obligation",
          lambda c: any(item not in FREE_LICENCE_ITEMS for item in c.evidence.licence_items),
          "the structured data name a licence other than CC0 or the public domain mark", SDC),
    _rule("living-person", "reject", "personality",
          lambda c: bool(c.evidence.having(Kind.PERSON)) or "personality" in c.evidence.restrictions,
          "it shows an identifiable living person", "https://commons.wikimedia.org/wiki/Template:Personality_rights"),
    _rule("statement-conflict", "quarantine", "sdc_conflict",
          lambda c: any(item not in PUBLIC_DOMAIN_STATUS for item in c.evidence.copyright_status),
          "the structured data do not say public domain", SDC),
    _rule("unknown-tag", "quarantine", "unknown_tag", lambda c: bool(c.evidence.having(Kind.UNKNOWN)),
          "a tag that this table does not know", LICENSING),
    _rule("no-ground", "reject", "no_ground", lambda c: not c.has_ground and not c.is_dedicated,
          "no tag on the page names a ground that this table accepts", LICENSING),
    _rule("date-contradicts", "quarantine", "date_contradicts_tag", lambda c: c.date_contradicts,
          "the work, or its maker's death, is dated later than the tag allows", TAGS),
    _rule("own-work-too-old", "quarantine", "own_work_too_old",
          lambda c: c.is_dedicated and c.evidence.is_own_work and not c.is_plausible_own_work and not c.has_ground,
          "given away as own work, but older than its uploader is likely to be", CC0),
    _rule("work-of-another", "quarantine", "depicted_work_unclear",
          lambda c: c.is_dedicated and c.evidence.is_own_work and not c.has_ground and c.shows_work_of_another,
          "a photograph given away by its maker, of a work that somebody else made", DERIVATIVE),
    _rule("surrogate", "quarantine", "surrogate_not_released", lambda c: c.surrogate_is_open,
          "a photograph of something that is not flat, or not known to be, and no release by the photographer", PD_ART),
    _rule("accept-free-work", "accept", "",
          lambda c: c.has_ground and c.us_free and c.origin_free,
          "public domain in the United States and, where the profile asks, in the source country", HIRTLE),
    _rule("accept-old-work-released", "accept", "",
          lambda c: c.is_dedicated and not c.evidence.is_own_work and c.us_free and c.origin_free,
          "a work old enough to be free, its photograph dedicated with CC0", CC0),
    _rule("accept-own-work-released", "accept", "",
          lambda c: c.is_dedicated and c.is_plausible_own_work and not c.has_ground,
          "the maker's own work, dedicated to the public domain", CC0),
    _rule("no-us-ground", "quarantine", "us_ground_missing", lambda c: not c.us_free,
          "nothing shows that it is free in the United States", HIRTLE),
    _rule("no-origin-ground", "quarantine", "origin_ground_missing", lambda c: not c.origin_free,
          "nothing shows that it is free in the source country for this profile", TAGS),
)
# fmt: on

DEFAULT = Decision(verdict="reject", rule_id="default-deny", reasons=("no_rule_accepts",))


def decide(evidence: Evidence, profile: str, today: date) -> Decision:
    """The verdict on one picture. Pure: the same evidence, profile and day give the same decision."""
    if profile not in PROFILES:
        raise ConfigError(f"rights profile {profile!r} is unknown; expected one of {', '.join(PROFILES)}")
    case = Case(evidence=evidence, profile=PROFILES[profile], today=today)
    held = [rule for rule in RULES if rule.holds(case)]
    if not held:
        return DEFAULT
    first = held[0]
    against = () if first.verdict == "accept" else tuple(dict.fromkeys(r.reason for r in held if r.reason))
    return Decision(verdict=first.verdict, rule_id=first.rule_id, reasons=against)
