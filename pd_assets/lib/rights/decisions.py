"""Decide every item of the catalogue under every profile, from stored evidence alone: no request is made.

Writes rights/decisions. A decision that did not change keeps the moment when it was first made.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS, ITEMS, PAGES
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.home import Home
from pd_assets.lib.rights.evidence import digest_of, from_page
from pd_assets.lib.rights.rules import PROFILES, RULESET_VERSION, decide

Row = dict[str, object]
# What a page says against a picture, not what it merely leaves out.
CONFLICTING_REASONS = frozenset(
    {"obligation", "in_doubt", "personality", "sdc_conflict", "unknown_tag", "date_contradicts_tag",
     "depicted_work_unclear"}
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class DecisionCounts:
    """How the items were decided under one profile: verdicts and rules; `rows` counts all profiles."""

    profile: str
    rows: int
    verdicts: Mapping[str, int]
    rules: Mapping[str, int]
    digest: str


def decide_all(home: Home, *, profile: str, today: date | None = None) -> DecisionCounts:
    """Decide every item and write the table; the counts are those of `profile`."""
    today = today or datetime.now(UTC).date()
    now = datetime.now(UTC).replace(microsecond=0)
    pages = tables.query(home, load("item_evidence"), {"items": ITEMS, "pages": PAGES})
    decided = [row for page in tables.rows(pages) for row in _decide_item(page, today)]
    decided = _strictest_of_copies(decided, {str(page["item_id"]): page["sha1"] for page in tables.rows(pages)})
    previous = {_identity(row): row for row in tables.rows(tables.read_or_empty(home, DECISIONS))}
    for row in decided:
        same = previous.get(_identity(row))
        row["decided_at"] = same["decided_at"] if same else now
    digest = tables.write(home, DECISIONS, tables.as_table(DECISIONS, decided))
    chosen = [row for row in decided if row["profile"] == profile]
    return DecisionCounts(
        profile=profile,
        rows=len(decided),
        verdicts=_count(row["verdict"] for row in chosen),
        rules=_count(row["rule_id"] for row in chosen),
        digest=digest,
    )


def _decide_item(page: Mapping[str, object], today: date) -> Iterable[Row]:
    evidence = from_page(page)
    as_json = evidence.to_json()
    digest = digest_of(as_json)
    for profile in PROFILES:
        decision = decide(evidence, profile, today)
        yield {
            "item_id": page["item_id"],
            "profile": profile,
            "verdict": decision.verdict,
            "rule_id": decision.rule_id,
            "reasons": list(decision.reasons),
            "ruleset_version": RULESET_VERSION,
            "evidence_digest": digest,
            "evidence": as_json,
        }


def _strictest_of_copies(decided: list[Row], sha1_of: Mapping[str, object]) -> list[Row]:
    """The same bytes under two titles have the rights of the stricter page: an accepted copy goes to quarantine."""
    refused = {
        (sha1, row["profile"])
        for row in decided
        if _conflicts(row) and (sha1 := sha1_of.get(str(row["item_id"]))) is not None
    }
    for row in decided:
        if row["verdict"] == "accept" and (sha1_of.get(str(row["item_id"])), row["profile"]) in refused:
            row.update(verdict="quarantine", rule_id="copy-conflict", reasons=["copy_conflict"])
    return decided


def _conflicts(row: Row) -> bool:
    reasons = row["reasons"]
    assert isinstance(reasons, list)
    return row["verdict"] != "accept" and "not_live" not in reasons and bool(CONFLICTING_REASONS.intersection(reasons))


def _identity(row: Mapping[str, object]) -> tuple[object, ...]:
    return tuple(
        row[name] for name in ("item_id", "profile", "verdict", "rule_id", "ruleset_version", "evidence_digest")
    )


def _count(values: Iterable[object]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for value in values:
        counts[str(value)] = counts.get(str(value), 0) + 1
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))
