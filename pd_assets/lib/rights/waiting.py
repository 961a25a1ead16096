"""The pictures that wait (quarantine), in the order in which people may best look at them. Only reads.

Those come first that people can settle, of these the ones that one reason alone holds back, and of these the ones whose
reason holds back most. Last come those that wait for time, the archive or the museum.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.home import Home
from pd_assets.lib.rights.case import FRESH_DAYS, PROFILES
from pd_assets.lib.rights.claims import Evidence
from pd_assets.lib.rights.key_evidence import key_evidence
from pd_assets.lib.rights.known_names import known_names
from pd_assets.lib.rights.plain_words import ids_in, names_of
from pd_assets.lib.rights.rules import FOR_OTHERS, OF_AGE, OF_OWN_WORK, RULES, Decision, explain, is_for_people
from pd_assets.lib.rights.told import Told
from pd_assets.lib.rights.words_for_people import other_reasons, sentence

SAYS = {rule.rule_id: rule.says for rule in RULES}
COPY_CONFLICT = "copy-conflict"
COPIES = "the very same picture is on another page, which says something against it"


@dataclass(frozen=True, kw_only=True)
class WaitingRule:
    """A rule that lets items wait: how many, and how many of them for this reason alone."""

    rule_id: str
    items: int
    alone: int

    @property
    def says(self) -> str:
        return SAYS.get(self.rule_id, COPIES)


@dataclass(frozen=True, kw_only=True)
class InLine:
    """One item in the queue; `is_for_others` where by its reasons no judgement settles what it waits for."""

    item_id: str
    title: str
    rule_id: str
    against: int
    is_for_others: bool = False


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One item that waits, with the evidence of its decision. `path` is its picture's place under PD_HOME, if it has
    one; `is_readable` is false where the evidence is in a form that is not read any more. `looked_at` is the digest of
    what people look at (`Evidence.looked_at`); `is_for_others` where two who say "free" would not let it in."""

    item_id: str
    profile: str
    title: str
    page_url: str
    rule_id: str
    reasons: tuple[str, ...]
    evidence: Evidence
    looked_at: str
    path: str | None
    is_readable: bool = True
    is_for_others: bool = False


@dataclass(frozen=True, kw_only=True)
class Why:
    """Why an item waits, in words: the sentence, what its rule looked at, and what else speaks against it."""

    sentence: str
    looked_at: tuple[str, ...]
    others: tuple[str, ...]


def waiting_rules(home: Home, profile: str) -> list[WaitingRule]:
    """The rules that let items wait, those first that hold back most."""
    found = tables.query(home, load("waiting_rules"), {"decisions": DECISIONS}, {"profile": profile})
    return [
        WaitingRule(rule_id=str(row["rule_id"]), items=int(str(row["items"])), alone=int(str(row["alone"])))
        for row in tables.rows(found)
    ]


def in_line(
    home: Home,
    profile: str,
    *,
    rule: str | None = None,
    but: Collection[str] = (),
    only: Collection[str] | None = None,
    most: int = 50,
    past: int = 0,
) -> list[InLine]:
    """A stretch of the queue, of one rule or of all: without these items, or only these."""
    given = {"profile": profile, "rule": rule, "but": list(but), "only": None if only is None else list(only),
             "for_others": sorted(FOR_OTHERS), "of_age": sorted(OF_AGE), "of_own_work": sorted(OF_OWN_WORK),
             "most": most, "past": past}  # fmt: skip
    found = tables.query(home, load("waiting"), {"decisions": DECISIONS, "items": ITEMS}, given)
    return [
        InLine(
            item_id=str(row["item_id"]), title=str(row["title"] or row["item_id"]), rule_id=str(row["rule_id"]),
            against=int(str(row["against"] or 0)), is_for_others=bool(row["is_for_others"]),
        )
        for row in tables.rows(found)
    ]  # fmt: skip


def looked_at_now(home: Home, profile: str, items: Collection[str]) -> dict[str, str]:
    """Of the items that wait, the digest of what people would look at now (`Evidence.looked_at`)."""
    if not items:
        return {}
    given = {"profile": profile, "items": list(items)}
    found = {}
    for row in tables.rows(tables.query(home, load("waiting_evidence"), {"decisions": DECISIONS}, given)):
        try:
            evidence = Evidence.from_json(str(row["evidence"]))
        except (TypeError, KeyError, ValueError):
            continue
        found[str(row["item_id"])] = evidence.looked_at(str(row["page_digest"] or ""))
    return found


def waiting_item(
    home: Home, profile: str, item_id: str, *, today: date | None = None, fresh_days: int = FRESH_DAYS
) -> Waiting | None:
    """One item that waits; None for one that does not, or is not known."""
    given = {"profile": profile, "item": item_id}
    found = tables.query(home, load("waiting_item"), {"decisions": DECISIONS, "items": ITEMS, "files": FILES}, given)
    for row in tables.rows(found):
        reasons, day = row["reasons"], today or datetime.now(UTC).date()
        try:
            evidence, is_readable = Evidence.from_json(str(row["evidence"])), True
        except (TypeError, KeyError, ValueError):
            evidence, is_readable = Evidence(source=item_id.partition(":")[0], status="live"), False
        return Waiting(
            item_id=str(row["item_id"]),
            profile=profile,
            title=str(row["title"] or row["item_id"]),
            page_url=str(row["page_url"] or ""),
            rule_id=str(row["rule_id"]),
            reasons=tuple(map(str, reasons)) if isinstance(reasons, list) else (),
            evidence=evidence,
            looked_at=evidence.looked_at(str(row["page_digest"] or "")),
            is_for_others=row["rule_id"] == COPY_CONFLICT
            or not is_for_people(evidence, profile, day, fresh_days=fresh_days),
            path=None if row["path"] is None else str(row["path"]),
            is_readable=is_readable,
        )
    return None


def why(home: Home, one: Waiting, today: date, *, fresh_days: int = FRESH_DAYS) -> Why:
    """Why it waits, for somebody who knows none of our codes."""
    evidence = one.evidence
    decision = Decision(verdict="quarantine", rule_id=one.rule_id, reasons=one.reasons)
    names = names_of(evidence, known_names(home, ids_in(evidence)))
    told = Told(evidence=evidence, decision=decision, profile=PROFILES[one.profile], today=today,
                fresh_days=fresh_days, names=names)  # fmt: skip
    trials = [
        trial
        for trial in explain(evidence, one.profile, today, fresh_days=fresh_days)
        if trial.rule.rule_id == one.rule_id
    ]
    return Why(
        sentence=sentence(evidence, decision, one.profile, today, fresh_days=fresh_days, names=names),
        looked_at=tuple(line for trial in trials for line in key_evidence(trial, evidence, names, {})),
        others=tuple(other_reasons(told)),
    )
