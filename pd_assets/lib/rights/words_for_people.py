"""A verdict as one plain sentence: `Waits: the page names Pablo Picasso, who died in 1973, and strict asks for ...`.

One builder for each reason code (reasons_in_words.py) and for each rule that accepts (here); a test goes through all
rules. How a value is written is in plain_words.py.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime

from pd_assets.lib.rights.case import FRESH_DAYS, PROFILES
from pd_assets.lib.rights.claims import Evidence
from pd_assets.lib.rights.plain_words import Names, in_list, names_of, with_names, year, years
from pd_assets.lib.rights.reasons_in_words import REASONS, Builder
from pd_assets.lib.rights.rules import RULES, Decision
from pd_assets.lib.rights.told import Told, maker_of, teller

__all__ = ["ACCEPTED", "REASONS", "Told", "other_reasons", "reason_in_words", "sentence", "sentence_of"]

VERDICTS: Mapping[str, str] = {"quarantine": "Waits", "reject": "Refused"}
_SAYS = {rule.rule_id: rule.says for rule in RULES}
_SAYS_OF_REASON = {rule.reason: rule.says for rule in RULES if rule.reason}


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


def sentence_of(row: Mapping[str, object]) -> str:
    """The same of a row of rights/decisions; verdict and rule alone where its evidence cannot be read any more."""
    reasons = row["reasons"]
    try:
        decision = Decision(verdict=row["verdict"], rule_id=str(row["rule_id"]),  # type: ignore[arg-type]
                            reasons=tuple(map(str, reasons)) if isinstance(reasons, list) else (),
                            witness=str(row.get("witness") or ""))  # fmt: skip
        evidence = Evidence.from_json(str(row["evidence"]))
        return sentence(evidence, decision, str(row["profile"]), datetime.now(UTC).date())
    except (TypeError, KeyError, ValueError):
        return f"{row['verdict']} by {row['rule_id']}"


def reason_in_words(told: Told, reason: str) -> str:
    """One reason code as a clause about this picture; of one without a builder, what its rule says."""
    if (builder := REASONS.get(reason)) is not None:
        return builder(told)
    return _SAYS_OF_REASON.get(reason) or _as_the_rule_says(told)


def other_reasons(told: Told) -> Iterator[str]:
    """What else speaks against a picture, a clause a reason."""
    for reason in told.decision.reasons[1:]:
        yield reason_in_words(told, reason)


def _as_the_rule_says(told: Told) -> str:
    rule_id = told.decision.rule_id
    return _SAYS.get(rule_id, f"the rule {rule_id} decided it, which is not in the table any more")


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


def _judged(told: Told) -> str:
    return f"two people looked at what its page says and say that it is free ({told.judged_by})"


def _witnessed(told: Told) -> str:
    """Who or what, beside the tag, shows the age of a work."""
    seen = told.evidence
    dead = [f"{one.name} died in {year(one.died)} ({teller(one)})" for one in seen.makers if one.died is not None]
    if dead:
        return f", and {'its maker' if len(dead) == 1 else 'its makers'} {in_list(dead)}"
    if told.decision.witness:
        return f", and {with_names(told.decision.witness, told.names)}"
    if seen.death_year is not None:
        return f", and {maker_of(told)} died in {year(seen.death_year)}"
    return "" if seen.made is None else f", and the work is dated {years(seen.made)}"


ACCEPTED: Mapping[str, Builder] = {
    "accept-free-work": _free_work,
    "accept-old-work-released": _old_work_released,
    "accept-own-work-released": _own_work_released,
    "accept-museum-object": _museum_object,
    "accept-museum-work": _museum_work,
    "accept-judged": _judged,
}
