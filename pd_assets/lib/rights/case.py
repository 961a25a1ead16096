"""One picture under one profile on one day: the arithmetic of terms, dates and witnesses that the rules ask about.

Terms run to 31 December: who died in 1925 is dead for more than 100 years from 1 January 2026 on, and what came out in
1930 is free in the United States from 1 January 2026 on (95 years).
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from pd_assets.lib.page.dates import CIRCA_YEARS, Years, union
from pd_assets.lib.page.statements import CREATOR, JURISDICTION, METHOD, REPRODUCES, ROLE, STATUS, WIKI_USER
from pd_assets.lib.page.years import NamedYear
from pd_assets.lib.rights.claims import (
    BY_PAGE,
    FREE_LICENCE_CODES,
    FREE_SHORT_NAMES,
    PUBLIC_DOMAIN_STATUS,
    UNITED_STATES,
    Evidence,
    Maker,
    Statement,
    Tag,
)
from pd_assets.lib.rights.tags import US_GROUND_ENDS, Kind

FRESH_DAYS = 30
US_TERM_YEARS = 95
# A work is 175 years old where its maker, whoever that was, may be taken for dead for 100.
ASSUMED_LIFE_AFTER_WORK_YEARS = 75
# "Unknown" on a page may only mean that nobody looked: those who upload museums' anonymous works take 136 years
# (works before 1890) for safe. The term of what is truly anonymous counts from its publication.
NOBODY_LOOKED_YEARS = 35
# No photograph is older, so an older date is surely that of the work.
FIRST_PHOTOGRAPH = 1826
# How a statement of the copyright status says why: dead for so many years, or published more than 95 years ago.
DEAD_FOR = {"Q29940705": 100, "Q29870196": 70}
PUBLISHED_BEFORE_US_TERM = "Q47246828"
FIRST_US_STAMP_PROTECTED = 1978
LONGEST_LIFE_YEARS = 110
# Hardly anybody makes a work before 20.
LONGEST_LIFE_AFTER_WORK_YEARS = 90
OWN_WORK_SINCE = 1970
# Two witnesses of one date may differ by so much: finished or begun, old and new calendar.
DATE_TOLERANCE_YEARS = 5
AGE_TAGS = ("pd-us", "pd-1923", "pd-us-1923", "pd-us-1923-abroad", "pd-us-expired")
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

    # What people came to, and what is not theirs to settle.

    @cached_property
    def judged(self) -> str | None:
        """`free` or `not_free`, where people came to that about this evidence under this profile.

        What is not free under a profile that asks for less is not free under this one.
        """
        for one in self.evidence.judged:
            asks_for = PROFILES[one.profile].life or 0 if one.profile in PROFILES else 0
            if one.answer == "not_free" and asks_for <= (self.profile.life or 0):
                return "not_free"
        said = {one.answer for one in self.evidence.judged if one.profile == self.profile.name}
        return "free" if said == {"free"} else None

    @cached_property
    def is_for_others(self) -> bool:
        """Whether time, the archive or the museum has to settle it, and nobody who only looks at it. How old the work
        is, and who made it, is reckoned from the evidence; people settle what else is in doubt."""
        is_settled = self.is_of_age or self.is_released_own_work
        is_for_the_archive = self.is_deletion_pending or self.status_conflicts or self.stated_free_in_us_only
        return is_for_the_archive or self.is_fresh or self.is_for_the_museum or not is_settled

    @cached_property
    def is_of_age(self) -> bool:
        """Whether all that is known of dates and makers says that it is old enough, and nothing says otherwise."""
        limits = [] if self.last_year_of_death is None else [self.last_year_of_death]
        limits += [] if self._has_us_ground else [self.us_term_began - 1]
        is_dated_late = self.dated is not None and any(self.dated.last > limit for limit in limits)
        return self.us_free and self.origin_free and not self.has_late_maker and not is_dated_late

    @cached_property
    def is_released_own_work(self) -> bool:
        """The maker's own work, given away: its age is not asked about, only what it shows."""
        return self.is_dedicated and self.is_plausible_own_work and not self.has_ground

    @cached_property
    def gives_a_reason(self) -> bool:
        """Whether anything on the page may be a reason why it is free: a tag, also one that the table does not know,
        which people may weigh, or what a museum gives away. Conditions in words, and markup that cannot be read, are
        none, and speak against it."""
        unknown = self.evidence.having(Kind.UNKNOWN)
        is_named = self.has_ground or self.is_dedicated or self.has_weak_ground or bool(unknown)
        return (is_named or self.evidence.medium is not None) and all(tag.seen_in != "prose" for tag in unknown)

    @cached_property
    def is_deletion_pending(self) -> bool:
        return bool(self.evidence.having(Kind.PENDING)) or self.evidence.deletion_reason is not None

    @cached_property
    def has_late_maker(self) -> bool:
        """Whether somebody who is named as a maker died too late for this profile, whatever the tag rests on."""
        died, limit = self.evidence.death_year, self.last_year_of_death
        is_told = died is not None and limit is not None and died > limit
        return bool(self.lived_on) or self.summary_says_later or is_told

    @cached_property
    def is_for_the_museum(self) -> bool:
        """Whether the museum says two things of the rights, or of what may be shown."""
        medium = self.evidence.medium
        return medium is not None and (
            self.museum_rights_conflict or medium.metadata_usage_access != "CC0" or bool(medium.sensitive)
        )

    # The United States.

    @cached_property
    def us_term_began(self) -> int:
        """What was published before this year is free in the United States (17 USC 304: 95 years)."""
        return self.today.year - US_TERM_YEARS

    @cached_property
    def dated(self) -> Years | None:
        """When the work was made: by the page, else by its structured data and its item."""
        seen = self.evidence
        if seen.made is not None:
            return seen.made
        stated = seen.inception if self._is_of_work(seen.inception) else None
        return union([years for years in (stated, seen.work.made if seen.work else None) if years is not None])

    def _is_of_work(self, inception: Years | None) -> bool:
        """Where the page links to the work's own item, its date may be that of the picture."""
        return inception is not None and (inception.last < FIRST_PHOTOGRAPH or not self.evidence.stating(REPRODUCES))

    @cached_property
    def is_dated_old(self) -> bool:
        return self.dated is not None and self.dated.last < self.us_term_began

    @cached_property
    def is_published_late(self) -> bool:
        published = self.evidence.published
        return published is not None and published.last >= self.us_term_began

    @cached_property
    def us_free(self) -> bool:
        """A tag names a US ground in whose years the work falls, or the work, or its makers' death, is that old.

        That a term has ended is a claim: the date, the makers' lives or a reasoned statement bear it out.
        """
        if self._has_us_ground:
            return True
        died = self.last_death
        is_old = self.is_dated_old or (died is not None and died < self.us_term_began)
        return (is_old or self._is_stated_old_in_us) and not self.is_published_late

    @cached_property
    def _has_us_ground(self) -> bool:
        return any(self._us_ground_holds(tag) for tag in self.grounds if tag.us)

    def _us_ground_holds(self, tag: Tag) -> bool:
        if tag.name in US_GROUND_ENDS:
            return self.dated is not None and self.dated.last <= US_GROUND_ENDS[tag.name]
        if _claims_us_term(tag) or tag.anonymous:
            # The tag and a date of about then agree.
            dated, slack = self.dated, 2 * CIRCA_YEARS
            return dated is not None and dated.named < self.us_term_began and dated.last < dated.named + slack
        return not self.is_protected_stamp and not self.evidence.outsiders

    @cached_property
    def is_protected_stamp(self) -> bool:
        """The Postal Service has held the rights in its stamps since 1978 (39 USC; Compendium, 313.6(C)(1))."""
        is_stamp = bool(self.evidence.shows_stamp)
        return is_stamp and (self.dated is None or self.dated.last >= FIRST_US_STAMP_PROTECTED)

    @cached_property
    def _is_stated_old_in_us(self) -> bool:
        """The structured data say why it is free there, and nobody is named whose life would have to be known."""
        reasons = self._reasons_stated
        return PUBLISHED_BEFORE_US_TERM in reasons and self.evidence.date_unread is None and not self.open_makers

    @cached_property
    def _reasons_stated(self) -> frozenset[str]:
        free = [said for said in self.evidence.stating(STATUS) if said.value in PUBLIC_DOMAIN_STATUS]
        return frozenset(method for said in free for method in said.qualified(METHOD))

    @cached_property
    def is_published_late_or_unknown(self) -> bool:
        """Posthumous: the US term counts from a publication that nothing dates before it."""
        published = self.evidence.published
        is_shown_old = published is not None and published.last < self.us_term_began
        return self.evidence.is_posthumous and not is_shown_old and not self._is_long_dead_in_any_case

    @property
    def _is_long_dead_in_any_case(self) -> bool:
        """Whether even a work published 70 years after its maker's death is past the US term of 95 years."""
        died = self.last_death
        return died is not None and died + 70 < self.us_term_began

    # The makers and the source country.

    @cached_property
    def last_death(self) -> int | None:
        """The year in which the last maker died; None where nobody is named or a life is not known to its end."""
        makers = self.evidence.makers
        if not makers:
            return self.evidence.death_year
        years = [maker.died for maker in makers if maker.died is not None]
        return max(years) if len(years) == len(makers) else None

    @cached_property
    def open_makers(self) -> tuple[Maker, ...]:
        """Those who are named, and of whom nobody tells when they died."""
        return tuple(maker for maker in self.evidence.makers if maker.died is None and not maker.is_unknown)

    @cached_property
    def last_year_of_death(self) -> int | None:
        """The last year of death that the profile allows; None where it does not ask."""
        return None if self.profile.life is None else self.today.year - 1 - self.profile.life

    @cached_property
    def lived_on(self) -> tuple[Maker, ...]:
        """Makers who died too late for the profile, or were born too late to be dead for so long."""
        limit = self.last_year_of_death
        if limit is None:
            return ()
        return tuple(
            maker
            for maker in self.evidence.makers
            if max((year for year in (maker.died, maker.born) if year is not None), default=limit) > limit
        )

    @cached_property
    def origin_free(self) -> bool:
        """Free in the source country under the profile: by its makers' deaths, or because the work is that old."""
        limit = self.last_year_of_death
        if limit is None:
            return True
        if self.lived_on:
            return False
        if self.last_death is not None:
            return self.last_death <= limit
        return self._is_old_enough(limit) or self._is_stated_old(limit)

    def _is_old_enough(self, limit: int) -> bool:
        return self.dated is not None and self.dated.last <= limit - self._lived_after_work

    @property
    def _lived_after_work(self) -> int:
        """How long whoever is not known may have lived after making the work; for the anonymous no life counts."""
        medium = self.evidence.medium
        if self.open_makers or (medium is not None and medium.author is not None):
            return ASSUMED_LIFE_AFTER_WORK_YEARS
        unknown = [maker for maker in self.evidence.makers if maker.is_unknown]
        is_sure = any(not _is_of_page(maker) for maker in unknown) or any(tag.anonymous for tag in self.grounds)
        if is_sure or medium is not None:
            return 0
        return NOBODY_LOOKED_YEARS if unknown else ASSUMED_LIFE_AFTER_WORK_YEARS

    def _is_stated_old(self, limit: int) -> bool:
        """The structured data say for how long the maker is dead, and nobody is named of whom that is not known."""
        lives = [DEAD_FOR[reason] for reason in self._reasons_stated if reason in DEAD_FOR]
        is_silent = not self.evidence.makers and self.dated is None and self.evidence.date_unread is None
        return is_silent and max(lives, default=0) >= self.today.year - 1 - limit

    @cached_property
    def has_weak_ground(self) -> bool:
        """A tag of the public domain for a reason that we do not take as one, of a work that is old in any case."""
        return bool(self.evidence.having(Kind.NO_GROUND, "wikitext")) and self.us_free and self.origin_free

    @cached_property
    def rests_on_age(self) -> bool:
        """Whether only the age of the work can make it free: not who made the picture, and not a want of formality."""
        is_old_release = self.is_dedicated and not self.evidence.is_own_work and not self.has_ground
        is_weak = not self.has_ground and bool(self.evidence.having(Kind.NO_GROUND, "wikitext"))
        return self.has_age_ground or is_old_release or is_weak

    @cached_property
    def is_silent(self) -> bool:
        """Neither a maker nor a date is named anywhere."""
        return not self.evidence.makers and self.dated is None and self.evidence.death_year is None

    @cached_property
    def witness(self) -> str:
        """What shows the age of the work beside its tag, in words; empty where no age is asked about."""
        limit = self.last_year_of_death
        if not self.rests_on_age:
            return ""
        if self.last_death is not None and (limit is not None or not self.is_dated_old):
            named = [maker for maker in self.evidence.makers if maker.died == self.last_death]
            if not named:
                return f"its maker died in {self.last_death} (record)"
            who = f"{named[0].name}, " if named[0].name else ""
            return f"{who}the last of its makers to die, died in {self.last_death} ({named[0].told_by})"
        if self.dated is not None:
            return f"the work is of {self.dated.last} at the latest ({self._dated_by})"
        return f"the structured data say why it is free ({', '.join(sorted(self._reasons_stated))})"

    @property
    def _dated_by(self) -> str:
        seen = self.evidence
        if seen.made is not None:
            return "page" if seen.medium is None else "record"
        of_item = seen.work.made if seen.work is not None else None
        if seen.work is None or self.dated != of_item:
            return "structured data"
        return seen.work.item if seen.work.revid is None else f"{seen.work.item} at revision {seen.work.revid}"

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
        """A ground that rests on the age of a work, not on who made the picture or on a formality."""
        return any(
            tag.life is not None or tag.needs_death_year or tag.anonymous or tag.name in AGE_TAGS
            for tag in self.grounds
        )

    @cached_property
    def surrogate_is_open(self) -> bool:
        """The work is free, but nothing shows that its photograph adds no right: solid, or of a shape not told."""
        if not (self.has_ground or self.has_weak_ground) or self.is_dedicated:
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
        """The work is dated later than its tags allow, after its makers' death, or before the birth of one of them."""
        seen = self.evidence
        claims_us = any(_claims_us_term(tag) for tag in seen.having(Kind.GROUND))
        if claims_us and self.is_published_late:
            return True
        born = max((maker.born for maker in seen.makers if maker.born is not None), default=seen.birth_year)
        of_item = seen.work.made if seen.work is not None and self.rests_on_age else None
        dated = [years for years in (self.dated, self._inception_of_work, of_item) if years is not None]
        return any(self._is_too_late(years, claims_us) or (born or years.last) > years.last for years in dated)

    def _is_too_late(self, made: Years, claims_us: bool) -> bool:
        limit, died = self.last_year_of_death, self.last_death
        deaths = [maker.died for maker in self.evidence.makers if maker.died is not None]
        return (
            (claims_us and made.named >= self.us_term_began)
            or max(deaths, default=made.last) >= made.last + LONGEST_LIFE_AFTER_WORK_YEARS
            or (limit is not None and self.has_age_ground and made.named > limit)
            or (died is not None and made.first > died + 1)
        )

    @cached_property
    def summary_says_later(self) -> bool:
        """The archive's own summary names a death that is too late for the profile."""
        died, limit = self.evidence.summary_death_year, self.last_year_of_death
        return died is not None and limit is not None and died > limit

    @cached_property
    def contradicting_years(self) -> tuple[NamedYear, ...]:
        """Years named anywhere on the page that are too late for the work, or for its maker's death, to be free.

        Only where the ground is age. The years of the page's own date are judged as such.
        """
        if not self.rests_on_age:
            return ()
        us = None if self._has_us_ground and not self.has_age_ground else self.us_term_began
        # Who died later may have made an undated work as late.
        life = min(self._first_years_too_late_for_a_death, default=us)
        work = min((year for year in (life, us) if year is not None), default=None)
        made = self.evidence.made
        return tuple(
            named
            for named in self.evidence.named_years
            if (limit := life if named.is_life else work) is not None
            and named.year >= limit
            and (named.is_life or made is None or named.year > made.named)
        )

    @property
    def _first_years_too_late_for_a_death(self) -> list[int]:
        """By the profile, and by the work: hardly anybody lives so long after having made it."""
        by_profile = [] if self.last_year_of_death is None else [self.last_year_of_death + 1]
        return by_profile + ([] if self.dated is None else [self.dated.last + LONGEST_LIFE_AFTER_WORK_YEARS])

    @property
    def _inception_of_work(self) -> Years | None:
        """The structured data's date; where the page links to the work's own item it may be the picture's date."""
        return self.evidence.inception if self._is_of_work(self.evidence.inception) else None

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


def _is_of_page(maker: Maker) -> bool:
    """Whether it is only the page's own word that nobody knows the maker."""
    return maker.told_by == BY_PAGE


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
