"""The rule table: ordered, versioned data. The first rule that holds decides; `decide` is pure.

Every rule cites the policy that it follows. What no rule accepts is rejected: default deny. docs/rights.md explains it;
case.py holds the arithmetic that the tests of the rules use.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Literal, cast

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.page.statements import LICENCE, UNREADABLE
from pd_assets.lib.rights.case import FRESH_DAYS, PROFILES, Case, Profile
from pd_assets.lib.rights.claims import FREE_LICENCE_ITEMS, Evidence, Settled
from pd_assets.lib.rights.tags import Kind

__all__ = [
    "CONFLICTING_REASONS",
    "FOR_OTHERS",
    "OF_AGE",
    "OF_OWN_WORK",
    "PROFILES",
    "RULES",
    "Case",
    "Decision",
    "Profile",
    "Rule",
    "Trial",
    "decide",
    "explain",
    "is_for_people",
    "valid_until",
]

Verdict = Literal["accept", "reject", "quarantine"]
Jurisdiction = Literal["any", "US", "source country"]
COMMONS, MUSEUMS = ("commons",), ("smithsonian", "cleveland")
BOTH = (*COMMONS, *MUSEUMS)
TAGS = "https://commons.wikimedia.org/wiki/Commons:Copyright_tags/General_public_domain"
PD_ART = "https://commons.wikimedia.org/wiki/Commons:When_to_use_the_PD-Art_tag"
LICENSING = "https://commons.wikimedia.org/wiki/Commons:Licensing"
DELETION = "https://commons.wikimedia.org/wiki/Commons:Deletion_requests"
HIRTLE = "https://guides.library.cornell.edu/copyright/publicdomain"
CC0 = "https://creativecommons.org/public-domain/cc0/"
DERIVATIVE = "https://commons.wikimedia.org/wiki/Commons:Derivative_works"
OWN_WORK = "https://commons.wikimedia.org/wiki/Commons:Own_work"
MACHINE_READABLE = "https://commons.wikimedia.org/wiki/Commons:Machine-readable_data"
SDC = "https://commons.wikimedia.org/wiki/Commons:Structured_data/Modeling/Copyright"
SDC_AUTHOR = "https://commons.wikimedia.org/wiki/Commons:Structured_data/Modeling/Author"
SDC_DATE = "https://commons.wikimedia.org/wiki/Commons:Structured_data/Modeling/Date"
PEOPLE = "https://commons.wikimedia.org/wiki/Commons:Photographs_of_identifiable_people"
OPEN_ACCESS = "https://www.si.edu/openaccess/faq"
SI_TERMS = "https://www.si.edu/termsofuse"
SI_VALUES = "https://www.si.edu/openaccess/values-statement"
ACCEPT_JUDGED = "accept-judged"
PRECAUTION = "https://commons.wikimedia.org/wiki/Commons:Project_scope/Precautionary_principle"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One row of the table: when `holds`, the verdict is `verdict` with the reason code `reason`.

    `applies_to` are the archives whose items it is tried on. `jurisdiction` is the law that it asks about. A rule that
    `contradicts` says something against the picture, rather than that something for it is missing.
    """

    rule_id: str
    applies_to: tuple[str, ...]
    verdict: Verdict
    reason: str
    jurisdiction: Jurisdiction
    holds: Callable[[Case], bool]
    says: str
    cites: str
    contradicts: bool = False


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A verdict with the rule that decided and every reason against the picture (none where it was accepted).

    `witness` is what, beside the tag, shows the age of an accepted work.
    """

    verdict: Verdict
    rule_id: str
    reasons: tuple[str, ...]
    witness: str = ""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One rule tried on one picture: `looked_at` holds the evidence that its test read, as (field, value as text)."""

    rule: Rule
    applies: bool
    held: bool
    looked_at: tuple[tuple[str, str], ...]


def _accept(rule_id: str, applies_to: tuple[str, ...], holds: Callable[[Case], bool], says: str, cites: str) -> Rule:
    return Rule(rule_id=rule_id, applies_to=applies_to, verdict="accept", reason="", jurisdiction="any", holds=holds,
                says=says, cites=cites)  # fmt: skip


def _against(
    rule_id: str, applies_to: tuple[str, ...], verdict: Verdict, reason: str, holds: Callable[[Case], bool], says: str,
    cites: str, jurisdiction: Jurisdiction = "any",
) -> Rule:  # fmt: skip
    """A rule that speaks against a picture."""
    return Rule(rule_id=rule_id, applies_to=applies_to, verdict=verdict, reason=reason, jurisdiction=jurisdiction,
                holds=holds, says=says, cites=cites, contradicts=True)  # fmt: skip


def _lacking(
    rule_id: str, applies_to: tuple[str, ...], verdict: Verdict, reason: str, holds: Callable[[Case], bool], says: str,
    cites: str, jurisdiction: Jurisdiction = "any",
) -> Rule:  # fmt: skip
    """A rule that misses something for a picture."""
    return Rule(rule_id=rule_id, applies_to=applies_to, verdict=verdict, reason=reason, jurisdiction=jurisdiction,
                holds=holds, says=says, cites=cites)  # fmt: skip


# fmt: off
RULES: tuple[Rule, ...] = (
    # What nobody needs to judge.
    _lacking("gone", BOTH, "reject", "not_live", lambda c: c.evidence.status != "live",
             "the page was deleted, is a redirect, or left the categories", LICENSING),
    _lacking("page-unreadable", BOTH, "quarantine", "page_unreadable",
             lambda c: c.evidence.problem is not None and c.evidence.problem.startswith(UNREADABLE),
             "a page or record that could not be read; its problem says why, and it is tried again", LICENSING),
    _lacking("no-picture", BOTH, "reject", "not_a_picture", lambda c: c.evidence.problem is not None,
             "not a bitmap picture with a page that can be read", LICENSING),
    _lacking("not-images", MUSEUMS, "reject", "not_a_picture",
             lambda c: c.evidence.medium is None or c.evidence.medium.media_type != "Images",
             "the medium's type is not `Images` to the letter", OPEN_ACCESS),
    # What refuses.
    _against("doubted", COMMONS, "reject", "in_doubt",
             lambda c: bool(c.evidence.having(Kind.DOUBT)) or c.evidence.non_free,
             "a licence, permission or source is missing, or it is called a violation", LICENSING),
    _against("tag-with-conditions", COMMONS, "reject", "obligation", lambda c: bool(c.evidence.having(Kind.OBLIGATION)),
             "a licence with conditions is on the page, even beside a public-domain tag", LICENSING),
    _against("summary-with-conditions", COMMONS, "reject", "obligation", lambda c: c.summary_has_conditions,
             "the archive's summary names a licence with conditions", MACHINE_READABLE),
    _against("statement-with-conditions", COMMONS, "reject", "obligation",
             lambda c: any(said.value not in FREE_LICENCE_ITEMS for said in c.evidence.stating(LICENCE)),
             "the structured data name a licence other than CC0 or the public domain mark", SDC),
    _lacking("usage-absent", MUSEUMS, "reject", "usage_missing",
             lambda c: c.evidence.medium is None or c.evidence.medium.usage_access is None,
             "the record does not say how the medium may be used", OPEN_ACCESS),
    _against("usage-with-conditions", MUSEUMS, "reject", "obligation",
             lambda c: c.evidence.medium is not None and c.evidence.medium.usage_access not in (None, "CC0"),
             "the medium's usage is not `CC0` to the letter", OPEN_ACCESS),
    _against("living-person", BOTH, "reject", "personality",
             lambda c: (bool(c.evidence.having(Kind.PERSON)) or "personality" in c.evidence.restrictions
                        or bool(c.evidence.shows_living)),
             "it shows an identifiable living person", PEOPLE),
    # What people came to who judged what would wait, where it is theirs to settle.
    _against("judged-not-free", BOTH, "reject", "judged_not_free", lambda c: c.judged == "not_free",
             "people judged it after looking at this very evidence, and say that it is not free", PRECAUTION),
    _accept(ACCEPT_JUDGED, BOTH,
            lambda c: c.judged == "free" and c.gives_a_reason and not c.is_for_others,
            "old enough by its evidence; two people who looked at the rest of it say that it is free", PRECAUTION),
    # What is to wait, or to be looked at.
    _against("deletion-pending", COMMONS, "quarantine", "deletion_pending", lambda c: c.is_deletion_pending,
             "somebody asks for its deletion, and nobody has decided", DELETION),
    _against("statement-conflict", COMMONS, "quarantine", "sdc_conflict", lambda c: c.status_conflicts,
             "the structured data do not say public domain", SDC),
    _against("statement-us-only", COMMONS, "quarantine", "us_only_statement", lambda c: c.stated_free_in_us_only,
             "the structured data say public domain of the United States alone", SDC, "source country"),
    _against("statement-date", COMMONS, "quarantine", "date_conflict", lambda c: c.dates_conflict,
             "the date of the structured data lies apart from the date on the page", SDC_DATE),
    _against("statement-creator", COMMONS, "quarantine", "creator_conflict", lambda c: c.creators_conflict,
             "the structured data name another kind of maker than the page", SDC_AUTHOR),
    _against("unknown-tag", COMMONS, "quarantine", "unknown_tag", lambda c: bool(c.evidence.having(Kind.UNKNOWN)),
             "a tag that this table does not know", LICENSING),
    _lacking("no-ground", COMMONS, "reject", "no_ground",
             lambda c: not (c.has_ground or c.is_dedicated or c.has_weak_ground),
             "no tag on the page names a ground that this table accepts", LICENSING),
    _against("rights-conflict", MUSEUMS, "quarantine", "rights_conflict", lambda c: c.museum_rights_conflict,
             "the record's statement of rights says something else than CC0", SI_TERMS),
    _against("text-with-conditions", MUSEUMS, "quarantine", "rights_conflict",
             lambda c: c.evidence.medium is not None and c.evidence.medium.metadata_usage_access != "CC0",
             "the text of the record is not CC0, though its medium is", OPEN_ACCESS),
    _against("sensitive", MUSEUMS, "quarantine", "sensitive",
             lambda c: c.evidence.medium is not None and bool(c.evidence.medium.sensitive),
             "human remains, funerary or sacred objects, or a unit that keeps such", SI_VALUES),
    _against("date-contradicts", COMMONS, "quarantine", "date_contradicts_tag", lambda c: c.date_contradicts,
             "the work is dated later than its tag allows, or outside of its maker's life", TAGS),
    _against("maker-lived-on", COMMONS, "quarantine", "maker_died_late",
             lambda c: c.rests_on_age and (bool(c.lived_on) or c.summary_says_later),
             "a maker died too late for this profile", TAGS, "source country"),
    _lacking("date-unread", COMMONS, "quarantine", "date_unread",
             lambda c: c.rests_on_age and c.evidence.date_unread is not None,
             "the page has a date that nobody can be sure to have read", TAGS),
    _against("posthumous", BOTH, "quarantine", "posthumous", lambda c: c.is_published_late_or_unknown,
             "published after its maker's death, and not shown to be old enough itself", HIRTLE, "US"),
    _against("own-work-too-old", COMMONS, "quarantine", "own_work_too_old", lambda c: c.is_own_work_too_old,
             "claimed as own work, but older than its uploader is likely to be", OWN_WORK),
    _against("work-of-another", COMMONS, "quarantine", "depicted_work_unclear",
             lambda c: c.is_dedicated and c.evidence.is_own_work and not c.has_ground and c.shows_work_of_another,
             "a photograph given away by its maker, of a work that somebody else made", DERIVATIVE),
    _against("later-hand", COMMONS, "quarantine", "alteration_unclear", lambda c: bool(c.evidence.later_hands),
             "coloured, enhanced or invented by a later hand or a machine, whose rights nobody has shown", DERIVATIVE),
    _against("person-may-live", BOTH, "quarantine", "person_may_live", lambda c: c.shows_person_who_may_live,
             "it shows a person, and is not so old that the person must be dead", PEOPLE),
    _lacking("own-subject-unclear", COMMONS, "quarantine", "own_subject_unclear", lambda c: c.own_subject_is_unclear,
             "an own photograph, given away, of which nothing shows that it is of nobody else's work", DERIVATIVE),
    _lacking("surrogate", COMMONS, "quarantine", "surrogate_not_released", lambda c: c.surrogate_is_open,
             "a photograph of something that is not flat, or not known to be, and no release by the photographer",
             PD_ART),
    _lacking("fresh-upload", COMMONS, "quarantine", "fresh_upload", lambda c: c.is_fresh,
             "uploaded so recently that nobody may have looked at it yet", LICENSING),
    _against("later-year", COMMONS, "quarantine", "year_contradicts_tag", lambda c: bool(c.contradicting_years),
             "the page names, in whatever field, a year that is too late for what its tag claims", TAGS),
    # What accepts.
    _accept("accept-free-work", COMMONS,
            lambda c: (c.has_ground or c.has_weak_ground) and c.us_free and c.origin_free,
            "public domain in the United States and, where the profile asks, in the source country", HIRTLE),
    _accept("accept-old-work-released", COMMONS,
            lambda c: c.is_dedicated and not c.evidence.is_own_work and c.us_free and c.origin_free,
            "a work old enough to be free, its photograph dedicated with CC0", CC0),
    _accept("accept-own-work-released", COMMONS,
            lambda c: c.is_released_own_work,
            "the maker's own work, dedicated to the public domain", CC0),
    _accept("accept-museum-object", MUSEUMS, lambda c: c.is_museum_cc0 and not c.shows_work,
            "a museum's CC0 picture of a thing that has no author: a specimen, a tool, a machine", CC0),
    _accept("accept-museum-work", MUSEUMS,
            lambda c: c.is_museum_cc0 and c.shows_work and c.us_free and c.origin_free,
            "a museum's CC0 picture of a work that is old enough to be free", CC0),
    # Why nothing accepted it.
    _lacking("age-unwitnessed", COMMONS, "quarantine", "age_unwitnessed",
             lambda c: (c.has_ground or c.is_dedicated) and c.rests_on_age and c.is_silent,
             "only its tag speaks of the work's age: no maker, no date, no item", TAGS),
    _lacking("maker-unknown-death", COMMONS, "quarantine", "maker_death_unknown",
             lambda c: c.rests_on_age and bool(c.open_makers) and not c.origin_free,
             "a maker is named of whom nobody tells when they died", TAGS, "source country"),
    _lacking("no-us-ground", BOTH, "quarantine", "us_ground_missing", lambda c: not c.us_free,
             "nothing shows that it is free in the United States", HIRTLE, "US"),
    _lacking("no-origin-ground", BOTH, "quarantine", "origin_ground_missing", lambda c: not c.origin_free,
             "nothing shows that it is free in the source country for this profile", TAGS, "source country"),
)
# fmt: on

# What time, the archive or the museum settles, and no judgement (Case.is_for_others); a copy is settled on its page.
FOR_OTHERS = frozenset(
    {"page_unreadable", "deletion_pending", "sdc_conflict", "us_only_statement", "fresh_upload", "rights_conflict"}
    | {"sensitive", "copy_conflict"}
)
# So are these, which are about the age of a work, but of a maker's own photograph, which has one of the others.
OF_AGE = frozenset({"maker_died_late", "maker_death_unknown", "us_ground_missing", "origin_ground_missing"})
OF_OWN_WORK = frozenset({"own_subject_unclear", "depicted_work_unclear"})

# What a page says against a picture, not what it merely leaves out.
CONFLICTING_REASONS = frozenset(rule.reason for rule in RULES if rule.contradicts)
_RULES_OF = {source: tuple(rule for rule in RULES if source in rule.applies_to) for source in BOTH}
DEFAULT = Decision(verdict="reject", rule_id="default-deny", reasons=("no_rule_accepts",))


def decide(evidence: Evidence, profile: str, today: date, *, fresh_days: int = FRESH_DAYS) -> Decision:
    """The verdict on one picture. Pure: the same evidence, profile and day give the same decision."""
    case = Case(evidence=evidence, profile=_profile(profile), today=today, fresh_days=fresh_days)
    held = [rule for rule in _RULES_OF.get(evidence.source, ()) if rule.holds(case)]
    if not held:
        return DEFAULT
    first = held[0]
    if first.verdict == "accept":
        witness = "" if first.rule_id == ACCEPT_JUDGED else case.witness
        return Decision(verdict="accept", rule_id=first.rule_id, reasons=(), witness=witness)
    against = tuple(dict.fromkeys(rule.reason for rule in held if rule.reason))
    return Decision(verdict=first.verdict, rule_id=first.rule_id, reasons=against)


def is_for_people(evidence: Evidence, profile: str, today: date, *, fresh_days: int = FRESH_DAYS) -> bool:
    """Whether two who say that it is free would let it in."""
    free = Settled(profile=profile, answer="free", of="", roles=(), judgements=(), day="")
    return decide(replace(evidence, judged=(free,)), profile, today, fresh_days=fresh_days).verdict == "accept"


def valid_until(evidence: Evidence, today: date, *, fresh_days: int = FRESH_DAYS) -> date:
    """The first day on which the calendar alone may change the decision: a new year, or an upload fresh no more."""
    new_year = date(today.year + 1, 1, 1)
    case = Case(evidence=evidence, profile=PROFILES["us"], today=today, fresh_days=fresh_days)
    if evidence.uploaded_on is None or not case.is_fresh:
        return new_year
    return min(new_year, date.fromisoformat(evidence.uploaded_on) + timedelta(days=fresh_days))


def explain(evidence: Evidence, profile: str, today: date, *, fresh_days: int = FRESH_DAYS) -> list[Trial]:
    """Every rule in its order: whether it applies to this archive, whether it held, and what it looked at."""
    return [_try(rule, evidence, _profile(profile), today, fresh_days) for rule in RULES]


def _try(rule: Rule, evidence: Evidence, profile: Profile, today: date, fresh_days: int) -> Trial:
    if evidence.source not in rule.applies_to:
        return Trial(rule=rule, applies=False, held=False, looked_at=())
    watched = _Watched(evidence)
    held = rule.holds(Case(evidence=cast(Evidence, watched), profile=profile, today=today, fresh_days=fresh_days))
    return Trial(rule=rule, applies=True, held=held, looked_at=tuple(watched.read.items()))


class _Watched:
    """Evidence that remembers which of its fields were read."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self.read: dict[str, str] = {}

    def having(self, kind: Kind, seen_in: str | None = None) -> object:
        found = self._evidence.having(kind, seen_in)
        self.read[f"{kind} tags"] = ", ".join(tag.name for tag in found) or "none"
        return found

    def stating(self, prop: str) -> object:
        found = self._evidence.stating(prop)
        self.read[f"statements {prop}"] = ", ".join(said.value for said in found) or "none"
        return found

    def __getattr__(self, name: str) -> object:
        value = getattr(self._evidence, name)
        if name in _FIELDS:
            self.read[name] = "none" if value in (None, ()) else str(value)
        return value


_FIELDS = frozenset(field.name for field in fields(Evidence))


def _profile(name: str) -> Profile:
    if name not in PROFILES:
        raise ConfigError(f"rights profile {name!r} is unknown; expected one of {', '.join(PROFILES)}")
    return PROFILES[name]
