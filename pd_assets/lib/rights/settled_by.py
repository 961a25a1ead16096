"""What would settle each reason against a picture, for whoever could: one clause a reason code, next to its words in
reasons_in_words.py. A test goes over both, and over the rule table.
"""

from collections.abc import Iterator, Mapping

from pd_assets.lib.rights.case import FIRST_PHOTOGRAPH
from pd_assets.lib.rights.told import Told, is_long_dead

NOTHING = "nothing that anybody could add to its page"
SETTLED_BY: Mapping[str, str] = {
    "not_live": "its page back in the archive, under the same name",
    "page_unreadable": "a page that can be read: it is asked for again with the next run",
    "not_a_picture": NOTHING,
    "in_doubt": "an end to the dispute on its page, or the source, licence or permission that is missing there",
    "obligation": "the licence with conditions off the page, if it was put there by mistake; else nothing",
    "usage_missing": "the museum saying CC0 for this medium",
    "personality": "that the person has died; else nothing",
    "judged_not_free": "a page that says something else than the one that they looked at: it is judged anew then",
    "deletion_pending": "the archive's decision to keep it",
    "sdc_conflict": "structured data that say public domain as well (P6216)",
    "us_only_statement": "a statement or tag that speaks of the source country too",
    "date_conflict": "one date for the page and its structured data (P571)",
    "creator_conflict": "one maker for the page and its structured data (P170)",
    "unknown_tag": "somebody who weighs that tag and adds it to the table",
    "no_ground": "a tag on the page that says why it is free, such as PD-old-100-expired, with its facts",
    "rights_conflict": "the museum saying the same everywhere: CC0",
    "sensitive": "somebody of the museum, or of those whom it concerns, who says that it may be shown",
    "date_contradicts_tag": "a right date, or another tag that fits it",
    "posthumous": "the year of its first publication, with a source",
    "own_work_too_old": "who made it, and when, if that was not the uploader",
    "depicted_work_unclear": "the author of what is on it, with the year of death, or that it has none",
    "alteration_unclear": "the picture as it was before, or a release by whoever changed it",
    "person_may_live": "a date that shows that the person must be dead, or the year of death",
    "surrogate_not_released": "a release by the photographer (CC0), or words that the work is flat, such as its medium",
    "year_contradicts_tag": "what that year is the year of, if not of the work or of its maker's death",
    "us_ground_missing": "a date of making or publication, or the year of its maker's death, with a source",
    "origin_ground_missing": "the year of its maker's death, with a source, or a date that is old enough in any case",
    "copy_conflict": "an end to what the other page says against the very same picture",
    "no_rule_accepts": "a tag on the page that says why it is free, with its facts",
    "maker_died_late": "time alone",
    "maker_death_unknown": "the year in which that maker died, with a source, on the page or on the maker's item",
    "date_unread": "the date in words that can be read, such as 1889 or between 1880 and 1890",
    "age_unwitnessed": "the name and year of death of its maker, or the date of the work",
    "own_subject_unclear": "what it shows in its structured data (P180), where that is something that nobody made",
    "fresh_upload": "time alone",
}


def settled_by(told: Told) -> Iterator[str]:
    """What would settle every reason against a picture, each once; for reasons that are new: a rule that knows them."""
    said = dict.fromkeys(_clause(told, reason) for reason in told.decision.reasons)
    yield from [NOTHING] if NOTHING in said else said


def _clause(told: Told, reason: str) -> str:
    if reason in ("maker_died_late", "origin_ground_missing") and (year := _free_from(told)) is not None:
        return f"time alone: under {told.profile.name} that maker's works are free from 1 January {year} on"
    if reason == "fresh_upload":
        return f"time alone: {told.fresh_days} days after its upload it is decided again"
    return SETTLED_BY.get(reason, "somebody who looks at its page")


def _free_from(told: Told) -> int | None:
    """The year from which on the last maker is dead for long enough; None where nobody died too late."""
    life = told.profile.life
    late = [one.died for one in told.evidence.makers if one.died is not None and not is_long_dead(told, one)]
    if life is None or not late or max(late) < FIRST_PHOTOGRAPH:
        return None
    return max(late) + life + 1
