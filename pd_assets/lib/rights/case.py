"""One picture under one profile on one day: the arithmetic of terms, dates and witnesses that the rules ask about.

Terms run to 31 December: who died in 1925 is dead for more than 100 years from 1 January 2026 on, and what came out in
1930 is free in the United States from 1 January 2026 on (95 years).
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from pd_assets.lib.page.dates import Years
from pd_assets.lib.page.statements import CREATOR, JURISDICTION, REPRODUCES, ROLE, STATUS, WIKI_USER
from pd_assets.lib.page.years import NamedYear
from pd_assets.lib.rights.claims import (
    FREE_LICENCE_CODES,
    FREE_SHORT_NAMES,
    PUBLIC_DOMAIN_STATUS,
    UNITED_STATES,
    Evidence,
    Statement,
    Tag,
)
from pd_assets.lib.rights.tags import Kind

FRESH_DAYS = 30
US_TERM_YEARS = 95
ASSUMED_LIFE_AFTER_WORK_YEARS = 75
LONGEST_LIFE_YEARS = 110
OWN_WORK_SINCE = 1970
# Two witnesses of one date may differ by so much: finished or begun, old and new calendar.
DATE_TOLERANCE_YEARS = 5
AGE_TAGS = ("pd-us", "pd-1923", "pd-us-1923", "pd-us-expired")
FREE_WORDS = frozenset(
    {"cc", "cc0", "creative", "commons", "zero", "0", "1", "universal", "public", "domain", "dedication", "in", "the"}
)
FREE_NAMES = re.compile(r"\bcc ?0\b|\bcommons (?:zero|0)\b|\bpublic domain\b")


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
    """What a rule's test looks at."""

    evidence: Evidence
    profile: Profile
    today: date
    fresh_days: int = FRESH_DAYS

    @cached_property
    def grounds(self) -> tuple[Tag, ...]:
        """The grounds that the page itself states; a category alone is none."""
        return self.evidence.having(Kind.GROUND, "wikitext")

    @cached_property
    def has_ground(self) -> bool:
        return bool(self.grounds)

    @cached_property
    def is_dedicated(self) -> bool:
        return bool(self.evidence.having(Kind.DEDICATION, "wikitext"))

    @cached_property
    def is_fresh(self) -> bool:
        """Uploaded less than `fresh_days` ago, or in the future. A page without a date of upload is not fresh."""
        day = self.evidence.uploaded_on
        return self.fresh_days > 0 and day is not None and (self.today - date.fromisoformat(day)).days < self.fresh_days

    # The United States.

    @cached_property
    def us_term_began(self) -> int:
        """What was published before this year is free in the United States (17 USC 304: 95 years)."""
        return self.today.year - US_TERM_YEARS

    @cached_property
    def is_dated_old(self) -> bool:
        return self.evidence.made is not None and self.evidence.made.last < self.us_term_began

    @cached_property
    def is_published_late(self) -> bool:
        published = self.evidence.published
        return published is not None and published.last >= self.us_term_began

    @cached_property
    def us_free(self) -> bool:
        """A tag names a US ground, or the work, or its maker's death, is dated before the US term began."""
        died = self.evidence.death_year
        is_old = self.is_dated_old or (died is not None and died < self.us_term_began)
        return any(tag.us for tag in self.grounds) or (is_old and not self.is_published_late)

    @cached_property
    def is_published_late_or_unknown(self) -> bool:
        """Posthumous: the US term counts from a publication that nothing dates before it."""
        published = self.evidence.published
        is_shown_old = published is not None and published.last < self.us_term_began
        return self.evidence.is_posthumous and not is_shown_old and not self._is_long_dead_in_any_case

    @property
    def _is_long_dead_in_any_case(self) -> bool:
        """Whether even a work published 70 years after its maker's death is past the US term of 95 years."""
        died = self.evidence.death_year
        return died is not None and died + 70 < self.us_term_began

    # The source country.

    @cached_property
    def life(self) -> int | None:
        """The years after the author's death that a tag or a known death year proves.

        Tags that claim different terms may speak of different makers, so the shortest of them counts.
        """
        claimed = {tag.life for tag in self.grounds if tag.life is not None}
        if len(claimed) > 1:
            return min(claimed)
        died = self.evidence.death_year
        return max([*claimed, *([] if died is None else [self.today.year - 1 - died])], default=None)

    @cached_property
    def origin_free(self) -> bool:
        """Free in the source country under the profile: by the author's death, or because the work is that old."""
        if self.profile.life is None:
            return True
        if self.life is not None:
            # A tag that claims a shorter term than the profile asks for is taken at its word, however old the work is.
            return self.life >= self.profile.life
        made = self.evidence.made
        # The term of a work whose author nobody knows counts from its publication; only a museum says so reliably.
        medium = self.evidence.medium
        is_anonymous = medium is not None and medium.author is None
        author_lived_on = 0 if is_anonymous else ASSUMED_LIFE_AFTER_WORK_YEARS
        return made is not None and made.last <= self.today.year - 1 - self.profile.life - author_lived_on

    # Own works, and photographs of works.

    @cached_property
    def is_plausible_own_work(self) -> bool:
        made = self.evidence.made
        return self.evidence.is_own_work and (made is None or made.first >= OWN_WORK_SINCE)

    @cached_property
    def is_own_work_too_old(self) -> bool:
        """Own work from before its uploader's time: given away as such, or under a tag of age with no other maker."""
        seen = self.evidence
        if not seen.is_own_work or self.is_plausible_own_work:
            return False
        return not self.has_ground if self.is_dedicated else self.has_age_ground and seen.artist is None

    @cached_property
    def shows_work_of_another(self) -> bool:
        """An own photograph of something that has an author: a statue, a mural, a work whose artist is named."""
        seen = self.evidence
        return bool(seen.shows_works) or (seen.is_work_page and seen.artist is not None)

    @cached_property
    def own_subject_is_unclear(self) -> bool:
        """An own work, given away, of which nothing shows that nobody else has a right in what is on it."""
        seen = self.evidence
        is_own_release = self.is_dedicated and seen.is_own_work and not self.has_ground
        return is_own_release and (not seen.shows_subjects or bool(seen.unclear_subjects))

    @cached_property
    def has_age_ground(self) -> bool:
        """A ground that rests on the age of a work, not on who made the picture (a government)."""
        return any(tag.life is not None or tag.needs_death_year or tag.name in AGE_TAGS for tag in self.grounds)

    @cached_property
    def surrogate_is_open(self) -> bool:
        """The work is free, but nothing shows that its photograph adds no right: solid, or of a shape not told."""
        if not self.has_ground or self.is_dedicated:
            return False
        seen = self.evidence
        told = (
            seen.is_flat or seen.looks_flat or (self.is_dated_old and not seen.is_work_page) or not self.has_age_ground
        )
        return seen.is_solid or not told

    @cached_property
    def shows_person_who_may_live(self) -> bool:
        """A person on a picture that is no older than people grow; undated ones count where no tag speaks of age."""
        if not self.evidence.shows_person:
            return False
        made = self.evidence.made
        if made is None:
            return not self.has_age_ground
        return made.last > self.today.year - LONGEST_LIFE_YEARS and not self.has_age_ground

    # Witnesses against one another.

    @cached_property
    def date_contradicts(self) -> bool:
        """The work, or its maker's death, is dated later than its tags allow, or the work after its maker's death."""
        seen = self.evidence
        died = max((year for year in (seen.death_year, seen.summary_death_year) if year is not None), default=None)
        grounds = seen.having(Kind.GROUND)
        life = max((tag.life for tag in grounds if tag.life is not None), default=None)
        dies_before = None if life is None else self.today.year - life
        lived = max((year for year in (died, seen.birth_year) if year is not None), default=None)
        if lived is not None and dies_before is not None and lived >= dies_before:
            return True
        if seen.birth_year is not None and seen.made is not None and seen.made.last < seen.birth_year:
            return True
        claims_us = any(_claims_us_term(tag) for tag in grounds)
        if claims_us and self.is_published_late:
            return True
        dated = [years for years in (seen.made, self._inception_of_work) if years is not None]
        return any(self._is_too_late(years, claims_us, dies_before, seen.death_year) for years in dated)

    @cached_property
    def contradicting_years(self) -> tuple[NamedYear, ...]:
        """Years named anywhere on the page that are too late for the work, or for its maker's death, to be free.

        Only where the ground is age: a tag that claims it, or a dedication of an old work's photograph. The years of
        the page's own date are judged as such.
        """
        work, life = self._latest_years
        made = self.evidence.made
        return tuple(
            named
            for named in self.evidence.named_years
            if (limit := life if named.is_life else work) is not None
            and named.year >= limit
            and (named.is_life or made is None or named.year > made.named)
        )

    @property
    def _latest_years(self) -> tuple[int | None, int | None]:
        """The first year in which a work is too young for what the page claims, and in which a death is too late."""
        is_old_release = self.is_dedicated and not self.evidence.is_own_work and not self.has_ground
        if not (self.has_age_ground or is_old_release):
            return None, None
        claimed = [self.today.year - tag.life for tag in self.grounds if tag.life is not None]
        is_computed = is_old_release or any(tag.needs_death_year for tag in self.grounds)
        life = min(claimed, default=None)
        if life is None and self.profile.life is not None:
            # A death that the page tells speaks for itself, a later one against it.
            life = max(self.today.year - self.profile.life, (self.evidence.death_year or 0) + 1)
        works = [self.us_term_began] if is_old_release or any(_claims_us_term(tag) for tag in self.grounds) else []
        works += [life] if life is not None and (claimed or is_computed) else []
        return min(works, default=None), life

    def _is_too_late(self, made: Years, claims_us: bool, dies_before: int | None, died: int | None) -> bool:
        return (
            (claims_us and made.named >= self.us_term_began)
            or (dies_before is not None and made.named >= dies_before)
            or (died is not None and made.first > died + 1)
        )

    @property
    def _inception_of_work(self) -> Years | None:
        """The structured data's date; where the page links to the work's own item it may be the picture's date."""
        return None if self.evidence.stating(REPRODUCES) else self.evidence.inception

    @cached_property
    def dates_conflict(self) -> bool:
        made, stated = self.evidence.made, self._inception_of_work
        if made is None or stated is None or not self.has_age_ground:
            return False
        slack = DATE_TOLERANCE_YEARS
        return stated.first > made.last + slack or stated.last < made.first - slack

    @cached_property
    def creators_conflict(self) -> bool:
        """A tag of age on what the statements call a user's own, or an own work of which they name another maker."""
        creators = self.evidence.stating(CREATOR)
        if not creators:
            return False
        if self.has_age_ground and all(said.qualified(WIKI_USER) and not said.qualified(ROLE) for said in creators):
            return True
        return (
            self.is_dedicated
            and not self.has_ground
            and self.evidence.is_own_work
            and not any(said.qualified(WIKI_USER) for said in creators)
            and any(said.value.startswith("Q") for said in creators)
        )

    @cached_property
    def status_conflicts(self) -> bool:
        """A copyright status other than public domain; for the us profile, not one of another country only."""
        for said in self.evidence.stating(STATUS):
            places = said.qualified(JURISDICTION)
            is_elsewhere = bool(places) and UNITED_STATES not in places
            if said.value not in PUBLIC_DOMAIN_STATUS and not (self.profile.life is None and is_elsewhere):
                return True
        return False

    @cached_property
    def stated_free_in_us_only(self) -> bool:
        if self.profile.life is None:
            return False
        free = [said for said in self.evidence.stating(STATUS) if said.value in PUBLIC_DOMAIN_STATUS]
        of_page = self.evidence.stating(JURISDICTION)
        is_page_of_us = bool(of_page) and all(said.value == UNITED_STATES for said in of_page)
        return is_page_of_us or (bool(free) and all(_is_of_us_only(said) for said in free))

    @cached_property
    def summary_has_conditions(self) -> bool:
        """The archive's own summary of the page names a licence that is not free of conditions."""
        seen = self.evidence
        named = seen.short_name is not None and seen.short_name.strip().lower() not in FREE_SHORT_NAMES
        coded = seen.licence_code is not None and seen.licence_code.strip().lower() not in FREE_LICENCE_CODES
        linked = seen.licence_url is not None and "/publicdomain/" not in seen.licence_url.lower()
        return seen.attribution_required or named or coded or linked

    # The Smithsonian.

    @cached_property
    def is_museum_cc0(self) -> bool:
        medium = self.evidence.medium
        return medium is not None and medium.media_type == "Images" and medium.usage_access == "CC0"

    @cached_property
    def shows_work(self) -> bool:
        return self.evidence.medium is not None and self.evidence.medium.is_work

    @cached_property
    def museum_rights_conflict(self) -> bool:
        """Any statement of rights beside the usage that is not in so many words CC0 or public domain."""
        medium = self.evidence.medium
        if medium is None:
            return False
        said = [*medium.rights, *([] if medium.usage_text is None else [medium.usage_text])]
        return any(not _says_only_free(text) for text in said)


def _claims_us_term(tag: Tag) -> bool:
    """Whether a tag says that the US term of a publication has ended."""
    return tag.us and (tag.name.endswith(("expired", "1923")) or tag.name in AGE_TAGS)


def _says_only_free(text: str) -> bool:
    """Whether a statement of rights has no word but those that name CC0 or the public domain."""
    words = re.findall(r"\w+", text.lower())
    return bool(words) and FREE_WORDS.issuperset(words) and bool(FREE_NAMES.search(" ".join(words)))


def _is_of_us_only(statement: Statement) -> bool:
    places = statement.qualified(JURISDICTION)
    return bool(places) and all(place == UNITED_STATES for place in places)
