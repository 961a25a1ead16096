"""What is done to one batch of rows: read evidence from pages, decide what is due, and note each change of verdict.

Pure: no table is read or written here, so that a batch can be done in any process (crew.py).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pd_assets.lib.catalog.schemas import CHANGES, DECISIONS
from pd_assets.lib.catalog.schemas.table import FLAG, TEXT, TEXTS
from pd_assets.lib.rights.evidence import Evidence, digest_of, evidence_of
from pd_assets.lib.rights.grounds import BY_PEOPLE, grounds_of
from pd_assets.lib.rights.knowledge import Questions
from pd_assets.lib.rights.known import spooled
from pd_assets.lib.rights.rules import ACCEPT_JUDGED, CONFLICTING_REASONS, PROFILES, Decision, decide, valid_until
from pd_assets.lib.rights.versions import extractor_version, ruleset_version

Row = Mapping[str, object]
PROFILE_NAMES = tuple(sorted(PROFILES))
COPY_CONFLICT = Decision(verdict="quarantine", rule_id="copy-conflict", reasons=("copy_conflict",))
EVIDENCE_READ = pa.schema(
    {"item_id": TEXT, "page_digest": TEXT, "evidence": TEXT, "evidence_digest": TEXT, "looked_up": TEXTS}
)
REFUSED = pa.schema({"sha1": TEXT, "profile": TEXT})
# A decision as it stands (null where there is none), with the evidence of today, and beside it what the evidence was.
# The texts of the evidence are in the first row of each item only.
TO_DECIDE = pa.schema(
    [
        *DECISIONS.schema,
        pa.field("is_read_anew", FLAG),
        pa.field("evidence_before", TEXT),
        pa.field("evidence_digest_before", TEXT),
        pa.field("page_digest_before", TEXT),
        pa.field("looked_up_before", TEXTS),
        pa.field("is_copy_refused", FLAG),
    ]
)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What decisions depend on beside the evidence and the rule table.

    `known` is the folder of what others know (known.spool), empty where nothing is known.
    """

    today: date
    now: datetime
    fresh_days: int
    known: str = ""

    def to_json(self) -> str:
        return json.dumps([self.today.isoformat(), self.now.isoformat(), self.fresh_days, self.known])

    @classmethod
    def from_json(cls, text: str) -> "Terms":
        today, now, fresh_days, known = json.loads(text)
        moment = datetime.fromisoformat(now)
        return cls(today=date.fromisoformat(today), now=moment, fresh_days=fresh_days, known=known)


def read_evidence(batch: pa.RecordBatch, terms: Terms) -> tuple[pa.RecordBatch]:
    """The evidence in rows about items (item_evidence.sql, record_evidence.sql), as EVIDENCE_READ."""
    known = spooled(terms.known)
    found = []
    for row in batch.to_pylist():
        ask = Questions(known=known)
        text = evidence_of(row, ask).to_json()
        found.append((row["item_id"], row["page_digest"], text, digest_of(text), ask.marks))
    columns = zip(*found, strict=True) if found else ([] for _ in EVIDENCE_READ)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, EVIDENCE_READ, strict=True)]
    return (pa.RecordBatch.from_arrays(arrays, schema=EVIDENCE_READ),)


def refuse_copies(batch: pa.RecordBatch, terms: Terms) -> tuple[pa.RecordBatch]:
    """Which bytes a page says something against, under which profile: rows of (sha1, evidence) in, REFUSED out."""
    refused = []
    for row in batch.to_pylist():
        evidence = Evidence.from_json(row["evidence"])
        for profile in PROFILE_NAMES:
            if _conflicts(decide(evidence, profile, terms.today, fresh_days=terms.fresh_days)):
                refused.append({"sha1": row["sha1"], "profile": profile})
    return (pa.RecordBatch.from_pylist(refused, schema=REFUSED),)


def _conflicts(decision: Decision) -> bool:
    reasons = decision.reasons
    return (
        decision.verdict != "accept" and "not_live" not in reasons and bool(CONFLICTING_REASONS.intersection(reasons))
    )


def decide_due(batch: pa.RecordBatch, terms: Terms) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Whole items as TO_DECIDE in; their decisions out, and the changes of verdict. What is not due stays as it is."""
    due = _due(batch, terms)
    decided: list[Row] = []
    changed: list[Row] = []
    rows = batch.filter(due).to_pylist()
    for start in range(0, len(rows), len(PROFILE_NAMES)):
        for decision, change in _decide_item(rows[start : start + len(PROFILE_NAMES)], terms):
            decided.append(decision)
            changed += [] if change is None else [change]
    kept = _with_evidence(batch).filter(pc.invert(due)).select(list(DECISIONS.columns))
    fresh = pa.RecordBatch.from_pylist(decided, schema=DECISIONS.schema)
    both = pa.Table.from_batches([kept.cast(DECISIONS.schema), fresh])
    in_order = both.sort_by([(name, "ascending") for name in DECISIONS.sort_by]) if decided and kept.num_rows else both
    (whole,) = in_order.combine_chunks().to_batches() or [DECISIONS.schema.empty_table().to_batches()]
    return whole, pa.RecordBatch.from_pylist(changed, schema=CHANGES.schema)


def _due(batch: pa.RecordBatch, terms: Terms) -> pa.Array:
    """Which rows may get another decision than they have: all of an item, or none.

    A clock that was put back makes due what was decided in a later year, or what stands since a later day.
    """
    reasons = [
        batch["is_read_anew"],
        batch["is_copy_refused"],
        pc.equal(batch["rule_id"], COPY_CONFLICT.rule_id),
        pc.not_equal(batch["ruleset_version"], ruleset_version()),
        pc.not_equal(batch["fresh_days"], terms.fresh_days),
        pc.less_equal(batch["valid_until"], terms.today.isoformat()),
        pc.greater(batch["valid_until"], date(terms.today.year + 1, 1, 1).isoformat()),
        pc.fill_null(pc.greater(batch["since"], terms.today.isoformat()), False),
    ]
    known = np.stack([pc.fill_null(reason, True).to_numpy(zero_copy_only=False) for reason in reasons])
    items = known.any(axis=0).reshape(-1, len(PROFILE_NAMES)).any(axis=1)
    return pa.array(items.repeat(len(PROFILE_NAMES)))


def _with_evidence(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with each item's evidence in all its rows."""
    first = np.arange(0, batch.num_rows, len(PROFILE_NAMES)).repeat(len(PROFILE_NAMES))
    place = batch.schema.get_field_index("evidence")
    return batch.set_column(place, "evidence", batch["evidence"].take(pa.array(first)))


def _decide_item(rows: Sequence[Row], terms: Terms) -> Iterator[tuple[Row, Row | None]]:
    """The rows of one item, a profile each, decided; each beside the change of its verdict, if there is one."""
    text = str(rows[0]["evidence"])
    evidence = Evidence.from_json(text)
    grounds = list(grounds_of(evidence))
    until = valid_until(evidence, terms.today, fresh_days=terms.fresh_days)
    for row in rows:
        own = decide(evidence, str(row["profile"]), terms.today, fresh_days=terms.fresh_days)
        decision = COPY_CONFLICT if own.verdict == "accept" and row["is_copy_refused"] else own
        decided = {
            "item_id": row["item_id"],
            "profile": row["profile"],
            "verdict": decision.verdict,
            "rule_id": decision.rule_id,
            "reasons": list(decision.reasons),
            "witness": decision.witness,
            "ruleset_version": ruleset_version(),
            "evidence_digest": row["evidence_digest"],
            "evidence": text,
            "decided_at": row["decided_at"] if _is_unchanged(row, decision) else terms.now,
            "since": _not_after(_since(row), terms) if row["verdict"] == decision.verdict else terms.today.isoformat(),
            "grounds": _rests_on(decision, grounds),
            "page_digest": row["page_digest"],
            "extractor_version": extractor_version(),
            "looked_up": row["looked_up"],
            "fresh_days": terms.fresh_days,
            "valid_until": until.isoformat(),
        }
        if row["verdict"] in (None, decision.verdict):
            yield decided, None
        else:
            before = str(rows[0]["evidence_before"] or text)
            yield decided, _change(row, decided, before, _cause(row, own, decision, evidence, before, terms), terms)


def _rests_on(decision: Decision, grounds: Sequence[str]) -> list[str]:
    if decision.verdict != "accept":
        return []
    return sorted([*grounds, BY_PEOPLE]) if decision.rule_id == ACCEPT_JUDGED else [*grounds]


def _since(row: Row) -> str | None:
    """Since when the verdict before has stood; what an older version decided, at least since then."""
    at = row["decided_at"]
    return str(row["since"]) if row["since"] else at.date().isoformat() if isinstance(at, datetime) else None


def _not_after(since: str | None, terms: Terms) -> str | None:
    """Nothing stands since a day that is still to come: the clock was put back."""
    return None if since is None else min(since, terms.today.isoformat())


def _is_unchanged(row: Row, decision: Decision) -> bool:
    before = (row["verdict"], row["rule_id"], row["ruleset_version"], row["evidence_digest_before"])
    return before == (decision.verdict, decision.rule_id, ruleset_version(), row["evidence_digest"])


def _cause(row: Row, own: Decision, decision: Decision, evidence: Evidence, before: str, terms: Terms) -> str:
    """Why the verdict of an item changed: the first of these that explains it.

    An edit, or what others know now, explains it only where the evidence from before would not be decided alike today.
    """
    if "accept" in (row["verdict"], decision.verdict) and COPY_CONFLICT.rule_id in (row["rule_id"], decision.rule_id):
        return "copy"
    same_reader = row["extractor_version"] == extractor_version()
    edited = row["is_read_anew"] and row["page_digest"] != row["page_digest_before"]
    if edited and not (same_reader and _verdict_on(before, row, terms) == own.verdict):
        return "deletion" if evidence.status == "deleted" else "upstream_edit"
    is_news = row["is_read_anew"] and row["looked_up"] != row["looked_up_before"]
    if is_news and same_reader and _verdict_on(before, row, terms) != own.verdict:
        return "judgement" if _judged(row["looked_up"]) != _judged(row["looked_up_before"]) else "knowledge"
    if row["ruleset_version"] != ruleset_version() or not same_reader:
        return "rule"
    return "settings" if row["fresh_days"] != terms.fresh_days else "calendar"


def _judged(looked_up: object) -> list[str]:
    """What tells of people, of all that a reading asked for."""
    return [one for one in looked_up if one.startswith("judged:")] if isinstance(looked_up, list) else []


def _verdict_on(evidence: str, row: Row, terms: Terms) -> str:
    return decide(Evidence.from_json(evidence), str(row["profile"]), terms.today, fresh_days=terms.fresh_days).verdict


def _change(row: Row, decided: Row, before: str, cause: str, terms: Terms) -> Row:
    return {
        "item_id": row["item_id"],
        "profile": row["profile"],
        "from_verdict": row["verdict"],
        "to_verdict": decided["verdict"],
        "from_rule": row["rule_id"],
        "to_rule": decided["rule_id"],
        "cause": cause,
        "from_revid": json.loads(before).get("revid"),
        "to_revid": json.loads(str(decided["evidence"])).get("revid"),
        "from_ruleset": row["ruleset_version"],
        "to_ruleset": ruleset_version(),
        "from_evidence": row["evidence_digest_before"],
        "to_evidence": decided["evidence_digest"],
        "from_since": _since(row),
        "from_grounds": row["grounds"],
        "changed_on": terms.today.isoformat(),
        "changed_at": terms.now,
    }
