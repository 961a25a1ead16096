"""Why a picture may be used or not, in plain English: one sentence that counts in what its page cannot know, which is
whether the picture is here and whether an operator took it down. For the page of a picture and for `pdd decide`.

Its words about reasons are in reasons_in_words.py, what would settle them in settled_by.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pd_assets.lib.rights.plain_words import in_list, tag_name, with_names, year, years
from pd_assets.lib.rights.reasons_in_words import Builder
from pd_assets.lib.rights.rules import RULES
from pd_assets.lib.rights.settled_by import settled_by
from pd_assets.lib.rights.tags import FLAT_WRAPPERS, Kind
from pd_assets.lib.rights.told import Told, maker_of
from pd_assets.lib.rights.words_for_people import ACCEPTED, other_reasons, reason_in_words

MAY, MAY_NOT, NOT_YET = "May be used", "May not be used", "May not be used yet"
NOT_NOW = "May not be used now"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What its page does not tell. `taken_down`: by which takedowns, such as `T-20261130-7Q4ZK2MX, 30 November 2026`.

    `unknown`: why nobody can tell whether it is taken down. `left_out`: what keeps it out of the licensed pictures
    whatever was decided, such as a copy that is refused.
    """

    is_fetched: bool = False
    taken_down: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    left_out: str = ""


@dataclass(frozen=True, kw_only=True)
class Why:
    """`first` is the sentence; `also` what else speaks against it; `settles` what would change that. `badge` is the
    verdict that a colour may show: of what is taken down always `reject`.
    """

    may_be_used: bool
    first: str
    badge: str
    also: tuple[str, ...] = ()
    settles: tuple[str, ...] = field(default=())


def why(told: Told, standing: Standing) -> Why:
    """Of any decision, by any rule, under any profile."""
    verdict = told.decision.verdict
    if standing.taken_down or standing.unknown:
        return _kept_out(told, standing)
    if verdict == "accept" and standing.left_out:
        first = f"{NOT_NOW}: {standing.left_out}; by its page alone it would be {free_because(told)}."
        return Why(may_be_used=False, first=first, badge="quarantine", settles=("a run, which looks at it again",))
    if verdict == "accept" and standing.is_fetched:
        return Why(may_be_used=True, first=f"{MAY}: {free_because(told)}.", badge=verdict)
    if verdict == "accept":
        first = f"{NOT_YET}: its picture is not here; by its page it is {free_because(told)}."
        return Why(may_be_used=False, first=first, badge="quarantine", settles=("a run that fetches it",))
    head = NOT_YET if verdict == "quarantine" else MAY_NOT
    return Why(
        may_be_used=False,
        first=f"{head}: {_against(told)}.",
        badge=verdict,
        also=tuple(other_reasons(told)),
        settles=tuple(settled_by(told)),
    )


def free_because(told: Told) -> str:
    """`free because its maker ... died in 1889 and it is dated 1880, before 1931; the page says PD-Art, PD-old-100`."""
    builder = FREE.get(told.decision.rule_id)
    if builder is not None:
        return f"free because {builder(told)}"
    return f"free by the rule {told.decision.rule_id}"


def _kept_out(told: Told, standing: Standing) -> Why:
    alone = f"; and {_against(told)}"
    if told.decision.verdict == "accept":
        alone = f"; by its page alone it would be {free_because(told)}"
    if standing.taken_down:
        first = f"{MAY_NOT}: taken down ({in_list(standing.taken_down)}){alone}."
        return Why(may_be_used=False, first=first, badge="reject", also=tuple(other_reasons(told)))
    first = f"{NOT_YET}: not known whether it is taken down ({'; '.join(standing.unknown)}){alone}."
    settles = ("`pdd doctor --repair`, which mends what cannot be read, or names what a copy must restore",)
    return Why(may_be_used=False, first=first, badge="quarantine", also=tuple(other_reasons(told)), settles=settles)


def _against(told: Told) -> str:
    """The first reason as a clause; where none is noted, that of its rule."""
    of_rule = (rule.reason for rule in RULES if rule.rule_id == told.decision.rule_id)
    return reason_in_words(told, (*told.decision.reasons, *of_rule, "")[0])


# What accepts, each with the facts that it rests on.


def _free_work(told: Told) -> str:
    tags = _tags(told)
    said = f"; the page says {', '.join(tags)}" if tags else ""
    return (_age(told) or "its page gives a reason that needs no age") + said


def _old_work_released(told: Told) -> str:
    age = _age(told)
    return f"{age + ', and ' if age else ''}whoever photographed it gave the photograph away ({told.grounds or 'CC0'})"


def _own_work_released(told: Told) -> str:
    return f"its maker gave up all rights in it ({told.grounds or 'CC0'})"


def _museum_work(told: Told) -> str:
    age = _age(told)
    return f"{age + ', and ' if age else ''}the museum gives its picture away with CC0"


FREE: Mapping[str, Builder] = {
    "accept-free-work": _free_work,
    "accept-old-work-released": _old_work_released,
    "accept-own-work-released": _own_work_released,
    "accept-museum-object": ACCEPTED["accept-museum-object"],
    "accept-museum-work": _museum_work,
    "accept-judged": ACCEPTED["accept-judged"],
}


def _age(told: Told) -> str:
    """Who died when, and how old the work is: what of both is known."""
    facts = [*_deaths(told), *_dates(told)]
    if not facts and told.decision.witness:
        return with_names(told.decision.witness, told.names)
    return " and ".join(facts)


def _deaths(told: Told) -> list[str]:
    seen = told.evidence
    dead = [f"{one.name} died in {year(one.died)}" for one in seen.makers if one.died is not None]
    if dead:
        return [f"{'its maker' if len(dead) == 1 else 'its makers'} {in_list(dead)}"]
    return [] if seen.death_year is None else [f"{maker_of(told)} died in {year(seen.death_year)}"]


def _dates(told: Told) -> list[str]:
    """When it was made and came out, and that this was before the term of the United States."""
    case, seen = told.case, told.evidence
    found = []
    if case.dated is not None:
        before = f", before {case.us_term_began}" if case.is_dated_old else ""
        found.append(f"it is dated {years(case.dated)}{before}")
    if seen.published is not None and not case.is_published_late:
        found.append(f"it was published in {years(seen.published)}, before {case.us_term_began}")
    return found


def _tags(told: Told) -> list[str]:
    """The tags that give a reason, with the wrapper around them that says that the work is flat."""
    found = []
    for tag in told.tags(Kind.GROUND, Kind.DEDICATION, Kind.NO_GROUND):
        if tag.seen_in == "wikitext":
            around = [one for one in tag.place.lower().split(" > ") if one in FLAT_WRAPPERS]
            found += [tag_name(one) for one in (*around, tag.name)]
    return ["PD-Art" if one == "PD-art" else one for one in dict.fromkeys(found)]
