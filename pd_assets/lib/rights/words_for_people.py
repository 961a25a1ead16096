"""A verdict as one plain sentence: `Waits: the page names Pablo Picasso, who died in 1973, and strict asks for ...`.

One builder for each reason code and for each rule that accepts; a test goes through all rules. How a value is written
is in plain_words.py.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from pd_assets.lib.page.statements import CREATOR, LICENCE, STATUS, UNREADABLE
from pd_assets.lib.rights.case import FRESH_DAYS, PROFILES, Case, Profile
from pd_assets.lib.rights.claims import FREE_LICENCE_ITEMS, PUBLIC_DOMAIN_STATUS, Evidence, Maker, Tag
from pd_assets.lib.rights.plain_words import (
    Names,
    day,
    in_list,
    names_of,
    quoted,
    tag_name,
    with_names,
    year,
    years,
)
from pd_assets.lib.rights.rules import RULES, Decision
from pd_assets.lib.rights.tags import Kind, meaning_of

VERDICTS: Mapping[str, str] = {"quarantine": "Waits", "reject": "Refused"}
_SAYS = {rule.rule_id: rule.says for rule in RULES}


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
    def term(self) -> str:
        """What the profile asks of the source country."""
        return (
            "a ground in the United States" if self.profile.life is None else f"{self.profile.life} years after death"
        )


def sentence(
    evidence: Evidence,
    decision: Decision,
    profile: str,
    today: date,
    *,
    fresh_days: int = FRESH_DAYS,
    names: Names | None = None,
) -> str:
    """The verdict and what it rests on, for somebody who knows none of our codes."""
    told = Told(evidence=evidence, decision=decision, profile=PROFILES[profile], today=today, fresh_days=fresh_days,
                names=names_of(evidence, names))  # fmt: skip
    if decision.verdict == "accept":
        return f"Accepted under {profile}: {ACCEPTED.get(decision.rule_id, _as_the_rule_says)(told)}"
    first = decision.reasons[0] if decision.reasons else ""
    return f"{VERDICTS.get(decision.verdict, decision.verdict)}: {reason_in_words(told, first)}"


def reason_in_words(told: Told, reason: str) -> str:
    """One reason code as a clause about this picture; of one without a builder, what its rule says."""
    return REASONS.get(reason, _as_the_rule_says)(told)


def other_reasons(told: Told) -> Iterator[str]:
    """What else speaks against a picture, a clause a reason."""
    for reason in told.decision.reasons[1:]:
        yield reason_in_words(told, reason)


def _as_the_rule_says(told: Told) -> str:
    rule_id = told.decision.rule_id
    return _SAYS.get(rule_id, f"the rule {rule_id} decided it, which is not in the table any more")


# What refuses, and what waits.


def _not_live(told: Told) -> str:
    became = {"deleted": "was deleted", "moved": "is a redirect now", "left": "left the categories that are read"}
    return f"the page {became.get(told.evidence.status, 'is not there any more')}"


def _page_unreadable(told: Told) -> str:
    why = (told.evidence.problem or "").removeprefix(UNREADABLE).lstrip(": ")
    return f"the page could not be read{_aside(why)}, and is tried again"


def _not_a_picture(told: Told) -> str:
    medium = told.evidence.medium
    kind = f"the museum calls it “{medium.media_type}”" if medium is not None and medium.media_type else ""
    return f"this is no picture that can be used{_aside(told.evidence.problem or kind)}"


def _in_doubt(told: Told) -> str:
    if tags := told.tags(Kind.DOUBT):
        return f"a notice on the page disputes its licence, or says that something is missing ({_tags(tags)})"
    return "the archive calls the file non-free"


def _obligation(told: Told) -> str:
    seen = told.evidence
    if tags := told.tags(Kind.OBLIGATION):
        return f"a licence with conditions is on the page ({_tags(tags)})"
    if told.case.summary_has_conditions:
        named = seen.short_name or seen.licence_code or seen.licence_url or "it asks for attribution"
        return f"the archive's summary of the page names a licence with conditions ({named})"
    if bound := [said.value for said in seen.stating(LICENCE) if said.value not in FREE_LICENCE_ITEMS]:
        return f"the structured data name a licence with conditions ({_items(told, bound)})"
    usage = "" if seen.medium is None else seen.medium.usage_access or ""
    return f"the museum does not give its picture away with CC0{_aside(usage)}"


def _usage_missing(told: Told) -> str:
    return "the museum does not say how this medium may be used"


def _personality(told: Told) -> str:
    seen = told.evidence
    named = [with_names(one, told.names) for one in seen.shows_living] or [
        tag_name(tag.name) for tag in told.tags(Kind.PERSON)
    ]
    return f"it shows a living person who can be recognised{_aside(in_list(named or seen.restrictions))}"


def _deletion_pending(told: Told) -> str:
    named = _tags(told.tags(Kind.PENDING)) or told.evidence.deletion_reason or ""
    return f"somebody asks for its deletion, and nobody has decided yet{_aside(named)}"


def _sdc_conflict(told: Told) -> str:
    other = [said.value for said in told.evidence.stating(STATUS) if said.value not in PUBLIC_DOMAIN_STATUS]
    return f"the structured data do not call it public domain{_aside(_items(told, other))}"


def _us_only_statement(told: Told) -> str:
    return f"the structured data call it public domain in the United States only, and {told.profile.name} asks for more"


def _date_conflict(told: Told) -> str:
    made, stated = told.evidence.made, told.evidence.inception
    if made is None or stated is None:
        return "the date of the structured data lies apart from the date on the page"
    return f"the page dates the work {years(made)}, and its structured data {years(stated)}"


def _creator_conflict(told: Told) -> str:
    named = _items(told, [said.value for said in told.evidence.stating(CREATOR)])
    return f"the structured data name another kind of maker than the page{_aside(named)}"


def _unknown_tag(told: Told) -> str:
    tags = told.tags(Kind.UNKNOWN)
    if prose := [tag.name for tag in tags if tag.seen_in == "prose"]:
        return f"the page says something about rights that nobody here has weighed: {quoted(prose)}"
    if hidden := [tag for tag in tags if (meaning := meaning_of(tag.name)) and meaning.kind is not Kind.UNKNOWN]:
        return f"a tag stands where it may not be shown ({_tags(hidden)})"
    return f"the page has a tag that is in no table here{_aside(_tags(tags))}"


def _no_ground(told: Told) -> str:
    others = _tags(told.tags(Kind.NO_GROUND))
    known = f"; {others} alone is not enough" if others else ""
    return f"no tag on the page gives a reason why it would be free{known}"


def _rights_conflict(told: Told) -> str:
    medium = told.evidence.medium
    if medium is None:
        return "the record says something else about rights than CC0"
    if told.case.museum_rights_conflict:
        said = [*medium.rights, *([medium.usage_text] if medium.usage_text else [])]
        return f"the museum's own statement of rights says something else than CC0: {quoted(said)}"
    return f"the text of the record is not CC0{_aside(medium.metadata_usage_access or 'it does not say')}"


def _sensitive(told: Told) -> str:
    words = told.evidence.medium.sensitive if told.evidence.medium is not None else ()
    return f"what it shows may ask for care{_aside(in_list(words))}"


def _date_contradicts_tag(told: Told) -> str:
    seen = told.evidence
    died = max((one for one in (seen.death_year, seen.summary_death_year) if one is not None), default=None)
    known = [
        *([f"the work is dated {years(seen.made)}"] if seen.made is not None else []),
        *([f"its structured data date it {years(seen.inception)}"] if seen.made is None and seen.inception else []),
        *([f"it was published {years(seen.published)}"] if seen.published is not None else []),
        *([f"its maker died in {year(died)}"] if died is not None else []),
        *([f"its maker was born in {year(seen.birth_year)}"] if seen.birth_year is not None and died is None else []),
    ]
    return f"{in_list(known) or 'a date on the page'}, which does not fit {told.grounds or 'its tag'}"


def _posthumous(told: Told) -> str:
    return "it was published after its maker's death, and nothing shows that the publication itself is old enough"


def _own_work_too_old(told: Told) -> str:
    made = told.evidence.made
    return f"it is called the uploader's own work{'' if made is None else f', and is dated {years(made)}'}"


def _depicted_work_unclear(told: Told) -> str:
    return f"its photographer gave it away, and it shows what somebody else made{_words(told.evidence.shows_works)}"


def _alteration_unclear(told: Told) -> str:
    return f"a later hand or a machine changed it, whose rights nobody has shown{_words(told.evidence.later_hands)}"


def _person_may_live(told: Told) -> str:
    made, seen = told.evidence.made, in_list(with_names(one, told.names) for one in told.evidence.shows_person)
    dated = "has no date" if made is None else f"is dated {years(made)}"
    return f"it shows a person who may live{_aside(seen)}, and {dated}"


def _surrogate_not_released(told: Told) -> str:
    if told.evidence.is_solid:
        return "it is a photograph of something that is not flat, which its photographer has not given away"
    return "nothing says that the work is flat, and its photographer has not given the photograph away"


def _fresh_upload(told: Told) -> str:
    since = told.evidence.uploaded_on
    told_when = "recently" if since is None else f"on {day(since)}"
    return f"it was uploaded {told_when}, and every upload waits {told.fresh_days} days for people to look at it"


def _year_contradicts_tag(told: Told) -> str:
    found = [f"{one.year} ({one.place})" for one in told.case.contradicting_years]
    return f"the page names {in_list(found) or 'a year'}, which is too late for {told.grounds or 'what it claims'}"


def _us_ground_missing(told: Told) -> str:
    return f"nothing shows that it is free in the United States{_has_only(told)}"


def _origin_ground_missing(told: Told) -> str:
    late = [maker for maker in told.evidence.makers if maker.died is not None and not _is_long_dead(told, maker)]
    if late:
        return _maker_died_late(told)
    died = told.evidence.death_year
    if died is not None and told.profile.life is not None and told.today.year - 1 - died < told.profile.life:
        return f"{_maker(told)} died in {year(died)}, and {told.profile.name} asks for {told.term}"
    return f"nothing shows {told.term} of its maker, for which {told.profile.name} asks{_has_only(told)}"


def _copy_conflict(told: Told) -> str:
    return "another page shows the very same picture, and something on it speaks against it"


def _no_rule_accepts(told: Told) -> str:
    return f"no rule accepts what its page says{_has_only(told)}"


# The two witnesses of age.


def _maker_died_late(told: Told) -> str:
    late = [maker for maker in told.evidence.makers if maker.died is not None and not _is_long_dead(told, maker)]
    if not late:
        return f"a maker whom the page names has not been dead for as long as {told.profile.name} asks"
    named = in_list(f"{maker.name}, who died in {year(maker.died)}" for maker in late if maker.died is not None)
    return f"the page names {named}, and {told.profile.name} asks for {told.term}"


def _maker_death_unknown(told: Told) -> str:
    open_ones = [f"{one.name} ({one.place})" for one in told.evidence.makers if one.died is None and not one.is_unknown]
    return f"the page names {in_list(open_ones) or 'a maker'}, and nobody tells when they died"


def _maker_unreadable(told: Told) -> str:
    said = told.evidence.artist or in_list(maker.name for maker in told.evidence.makers)
    return f"the page names a maker in words that cannot be read{_words([said] if said else [])}"


def _date_unreadable(told: Told) -> str:
    said = told.evidence.date_text
    return f"the page gives a date that cannot be read{_words([said] if said else [])}"


def _age_unwitnessed(told: Told) -> str:
    return (
        f"only its tag ({told.grounds or 'a tag of age'}) says that the work is old enough: no maker's death, no date"
    )


def _own_subject_unclear(told: Told) -> str:
    return "its photographer gave it away, and nothing tells that what it shows has no other author"


# What accepts.


def _free_work(told: Told) -> str:
    return f"{told.grounds or 'its tag'}{_witnessed(told)}"


def _old_work_released(told: Told) -> str:
    return f"{told.grounds or 'CC0'} for the photograph{_witnessed(told)}"


def _own_work_released(told: Told) -> str:
    return f"its maker gave up all rights in it ({told.grounds or 'CC0'})"


def _museum_object(told: Told) -> str:
    return "the museum gives its picture away with CC0, and the thing on it has no author"


def _museum_work(told: Told) -> str:
    return f"the museum gives its picture away with CC0{_witnessed(told)}"


def _witnessed(told: Told) -> str:
    """Who or what, beside the tag, shows the age of a work."""
    seen = told.evidence
    dead = [f"{one.name} died in {year(one.died)} ({_teller(one)})" for one in seen.makers if one.died is not None]
    if dead:
        return f", and {'its maker' if len(dead) == 1 else 'its makers'} {in_list(dead)}"
    if told.decision.witness:
        return f", and {with_names(told.decision.witness, told.names)}"
    if seen.death_year is not None:
        return f", and {_maker(told)} died in {year(seen.death_year)}"
    return "" if seen.made is None else f", and the work is dated {years(seen.made)}"


def _teller(maker: Maker) -> str:
    return ", ".join(part for part in (maker.told_by, maker.place) if part)


def _maker(told: Told) -> str:
    """The maker by name, where the page has one without life dates beside it."""
    name = (told.evidence.artist or "").partition("(")[0].strip(" ,;")
    return f"its maker {name}" if name else "its maker"


def _is_long_dead(told: Told, maker: Maker) -> bool:
    life = told.profile.life
    return maker.died is not None and (life is None or told.today.year - 1 - maker.died >= life)


def _has_only(told: Told) -> str:
    """What there is instead, so that a reader sees what is missing."""
    made = told.evidence.made
    known = [*([told.grounds] if told.grounds else []), *([f"the date {years(made)}"] if made is not None else [])]
    return f"; there is only {in_list(known)}" if known else ""


def _tags(tags: Sequence[Tag]) -> str:
    return in_list(tag_name(tag.name) for tag in tags)


def _items(told: Told, ids: Sequence[str]) -> str:
    return in_list(f"{told.names[one]}, {one}" if one in told.names else one for one in ids)


def _aside(words: str) -> str:
    return f" ({words})" if words else ""


def _words(words: Sequence[str]) -> str:
    return f": {quoted(words)}" if words else ""


Builder = Callable[[Told], str]
REASONS: Mapping[str, Builder] = {
    "not_live": _not_live,
    "page_unreadable": _page_unreadable,
    "not_a_picture": _not_a_picture,
    "in_doubt": _in_doubt,
    "obligation": _obligation,
    "usage_missing": _usage_missing,
    "personality": _personality,
    "deletion_pending": _deletion_pending,
    "sdc_conflict": _sdc_conflict,
    "us_only_statement": _us_only_statement,
    "date_conflict": _date_conflict,
    "creator_conflict": _creator_conflict,
    "unknown_tag": _unknown_tag,
    "no_ground": _no_ground,
    "rights_conflict": _rights_conflict,
    "sensitive": _sensitive,
    "date_contradicts_tag": _date_contradicts_tag,
    "posthumous": _posthumous,
    "own_work_too_old": _own_work_too_old,
    "depicted_work_unclear": _depicted_work_unclear,
    "alteration_unclear": _alteration_unclear,
    "person_may_live": _person_may_live,
    "surrogate_not_released": _surrogate_not_released,
    "fresh_upload": _fresh_upload,
    "year_contradicts_tag": _year_contradicts_tag,
    "us_ground_missing": _us_ground_missing,
    "origin_ground_missing": _origin_ground_missing,
    "copy_conflict": _copy_conflict,
    "no_rule_accepts": _no_rule_accepts,
    "maker_died_late": _maker_died_late,
    "maker_death_unknown": _maker_death_unknown,
    "maker_unreadable": _maker_unreadable,
    "date_unreadable": _date_unreadable,
    "age_unwitnessed": _age_unwitnessed,
    "own_subject_unclear": _own_subject_unclear,
}
ACCEPTED: Mapping[str, Builder] = {
    "accept-free-work": _free_work,
    "accept-old-work-released": _old_work_released,
    "accept-own-work-released": _own_work_released,
    "accept-museum-object": _museum_object,
    "accept-museum-work": _museum_work,
}
