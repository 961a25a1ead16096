"""Each reason code as a clause about one picture: what on its page made it wait, or be refused.

A rule with a new reason code needs a function here, and its line in REASONS; words_for_people.py makes the sentence.
"""

from collections.abc import Callable, Mapping

from pd_assets.lib.page.statements import CREATOR, LICENCE, STATUS, UNREADABLE
from pd_assets.lib.rights.claims import FREE_LICENCE_ITEMS, PUBLIC_DOMAIN_STATUS
from pd_assets.lib.rights.plain_words import day, in_list, is_known, quoted, tag_name, with_names, year, years
from pd_assets.lib.rights.tags import Kind
from pd_assets.lib.rights.told import (
    Told,
    aside,
    is_long_dead,
    items_in_words,
    maker_of,
    said_words,
    tag_names,
    there_is_only,
)

# What refuses, and what waits.


def _not_live(told: Told) -> str:
    became = {"deleted": "was deleted", "moved": "is a redirect now", "left": "left the categories that are read"}
    return f"the page {became.get(told.evidence.status, 'is not there any more')}"


def _page_unreadable(told: Told) -> str:
    why = (told.evidence.problem or "").removeprefix(UNREADABLE).lstrip(": ")
    return f"the page could not be read{aside(why)}, and is tried again"


def _not_a_picture(told: Told) -> str:
    medium = told.evidence.medium
    kind = f"the museum calls it “{medium.media_type}”" if medium is not None and medium.media_type else ""
    return f"this is no picture that can be used{aside(told.evidence.problem or kind)}"


def _in_doubt(told: Told) -> str:
    if tags := told.tags(Kind.DOUBT):
        return f"a notice on the page disputes its licence, or says that something is missing ({tag_names(tags)})"
    return "the archive calls the file non-free"


def _obligation(told: Told) -> str:
    seen = told.evidence
    if tags := told.tags(Kind.OBLIGATION):
        return f"a licence with conditions is on the page ({tag_names(tags)})"
    if told.case.summary_has_conditions:
        named = seen.short_name or seen.licence_code or seen.licence_url or "it asks for attribution"
        return f"the archive's summary of the page names a licence with conditions ({named})"
    if bound := [said.value for said in seen.stating(LICENCE) if said.value not in FREE_LICENCE_ITEMS]:
        return f"the structured data name a licence with conditions ({items_in_words(told, bound)})"
    usage = "" if seen.medium is None else seen.medium.usage_access or ""
    return f"the museum does not give its picture away with CC0{aside(usage)}"


def _usage_missing(told: Told) -> str:
    return "the museum does not say on what terms it gives this medium away"


def _personality(told: Told) -> str:
    seen = told.evidence
    named = [with_names(one, told.names) for one in seen.shows_living] or [
        tag_name(tag.name) for tag in told.tags(Kind.PERSON)
    ]
    return f"it shows a living person who can be recognised{aside(in_list(named or seen.restrictions))}"


def _deletion_pending(told: Told) -> str:
    named = tag_names(told.tags(Kind.PENDING)) or told.evidence.deletion_reason or ""
    return f"somebody asks for its deletion, and nobody has decided yet{aside(named)}"


def _sdc_conflict(told: Told) -> str:
    other = [said.value for said in told.evidence.stating(STATUS) if said.value not in PUBLIC_DOMAIN_STATUS]
    return f"the structured data do not call it public domain{aside(items_in_words(told, other))}"


def _us_only_statement(told: Told) -> str:
    return f"the structured data call it public domain in the United States only, and {told.profile.name} asks for more"


def _date_conflict(told: Told) -> str:
    made, stated = told.evidence.made, told.evidence.inception
    if made is None or stated is None:
        return "the date of the structured data lies apart from the date on the page"
    return f"the page dates the work {years(made)}, and its structured data {years(stated)}"


def _creator_conflict(told: Told) -> str:
    named = items_in_words(told, [said.value for said in told.evidence.stating(CREATOR)])
    return f"the structured data name another kind of maker than the page{aside(named)}"


def _unknown_tag(told: Told) -> str:
    tags = told.tags(Kind.UNKNOWN)
    if prose := [tag.name for tag in tags if tag.seen_in == "prose"]:
        return f"the page says something about rights that nobody here has weighed: {quoted(prose)}"
    if hidden := [tag for tag in tags if is_known(tag.name)]:
        return f"a tag stands where it may not be shown ({tag_names(hidden)})"
    return f"the page has a tag that is in no table here{aside(tag_names(tags))}"


def _no_ground(told: Told) -> str:
    others = tag_names(told.tags(Kind.NO_GROUND))
    known = f"; {others} alone is not enough" if others else ""
    return f"no tag on the page gives a reason why it would be free{known}"


def _rights_conflict(told: Told) -> str:
    medium = told.evidence.medium
    if medium is None:
        return "the record says something else about rights than CC0"
    if told.case.museum_rights_conflict:
        said = [*medium.rights, *([medium.usage_text] if medium.usage_text else [])]
        return f"the museum's own statement of rights says something else than CC0: {quoted(said)}"
    return f"the text of the record is not CC0{aside(medium.metadata_usage_access or 'it does not say')}"


def _sensitive(told: Told) -> str:
    words = told.evidence.medium.sensitive if told.evidence.medium is not None else ()
    return f"what it shows may ask for care{aside(in_list(words))}"


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
    return f"its photographer gave it away, and it shows what somebody else made{said_words(told.evidence.shows_works)}"


def _alteration_unclear(told: Told) -> str:
    return f"a later hand or a machine changed it, whose rights nobody has shown{said_words(told.evidence.later_hands)}"


def _person_may_live(told: Told) -> str:
    made, seen = told.evidence.made, in_list(with_names(one, told.names) for one in told.evidence.shows_person)
    dated = "has no date" if made is None else f"is dated {years(made)}"
    return f"it shows a person who may live{aside(seen)}, and {dated}"


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
    return f"nothing shows that it is free in the United States{there_is_only(told)}"


def _origin_ground_missing(told: Told) -> str:
    late = [maker for maker in told.evidence.makers if maker.died is not None and not is_long_dead(told, maker)]
    if late:
        return _maker_died_late(told)
    died = told.evidence.death_year
    if died is not None and told.profile.life is not None and told.today.year - 1 - died < told.profile.life:
        return f"{maker_of(told)} died in {year(died)}, and {told.profile.name} asks for {told.term}"
    asked = f"its maker has been dead for more than {told.profile.life} years, as {told.profile.name} asks"
    if told.profile.life is None:
        asked = "it is free in its source country"
    return f"nothing shows that {asked}{there_is_only(told)}"


def _copy_conflict(told: Told) -> str:
    return "another page shows the very same picture, and something on it speaks against it"


def _no_rule_accepts(told: Told) -> str:
    return f"no rule accepts what its page says{there_is_only(told)}"


# The two witnesses of age.


def _maker_died_late(told: Told) -> str:
    late = [maker for maker in told.evidence.makers if maker.died is not None and not is_long_dead(told, maker)]
    if not late:
        return f"a maker whom the page names has not been dead for as long as {told.profile.name} asks"
    named = in_list(f"{maker.name}, who died in {year(maker.died)}" for maker in late if maker.died is not None)
    return f"the page names {named}, and {told.profile.name} asks for {told.term}"


def _maker_death_unknown(told: Told) -> str:
    open_ones = [f"{one.name} ({one.place})" for one in told.evidence.makers if one.died is None and not one.is_unknown]
    return f"the page names {in_list(open_ones) or 'a maker'}, and nobody tells when they died"


def _date_unread(told: Told) -> str:
    said = told.evidence.date_unread
    return f"the page gives a date that cannot be read{said_words([said] if said else [])}"


def _age_unwitnessed(told: Told) -> str:
    return (
        f"only its tag ({told.grounds or 'a tag of age'}) says that the work is old enough: no maker's death, no date"
    )


def _own_subject_unclear(told: Told) -> str:
    return "its photographer gave it away, and nothing tells that what it shows has no other author"


Builder = Callable[[Told], str]


def _judged_not_free(told: Told) -> str:
    return f"people looked at its page and say that it is not free ({told.judged_by})"


REASONS: Mapping[str, Builder] = {
    "not_live": _not_live,
    "page_unreadable": _page_unreadable,
    "not_a_picture": _not_a_picture,
    "in_doubt": _in_doubt,
    "obligation": _obligation,
    "judged_not_free": _judged_not_free,
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
    "date_unread": _date_unread,
    "age_unwitnessed": _age_unwitnessed,
    "own_subject_unclear": _own_subject_unclear,
}
