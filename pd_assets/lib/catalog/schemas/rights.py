"""Decisions on rights, what they rest on, how they changed, and what was taken down."""

from pd_assets.lib.catalog.schemas.table import BIG, INSTANT, TEXT, TEXTS, WHOLE, Kept, Table

DECISIONS = Table(
    key="rights/decisions",
    kept=Kept.EVIDENCE,
    by_bucket=True,
    sort_by=("item_id", "profile"),
    volatile=("decided_at", "since"),
    columns={
        "item_id": (TEXT, "the item in `catalog/items`"),
        "profile": (TEXT, "the rights profile: `strict`, `life70` or `us`"),
        "verdict": (TEXT, "`accept`, `reject` or `quarantine`"),
        "rule_id": (TEXT, "the first rule that held"),
        "reasons": (TEXTS, "reason codes; empty for no accepted item"),
        "witness": (TEXT, "what, beside its tag, shows the age of an accepted work; empty where nothing has to"),
        "ruleset_version": (TEXT, "version of the rule table"),
        "evidence_digest": (TEXT, "SHA-256 of the evidence"),
        "evidence": (TEXT, "what was seen, where and at which revision, as JSON"),
        "decided_at": (INSTANT, "when this decision was first made from this evidence"),
        "since": (TEXT, "the day since which the verdict has been this one: `2026-11-30`"),
        "grounds": (TEXTS, "what an accepted item rests on: its tags, or its museum's CC0; empty for others"),
        "page_digest": (
            TEXT,
            "digest of the archive's page and of the item's status, which the evidence was read from",
        ),
        "extractor_version": (TEXT, "version of what read the evidence"),
        "looked_up": (
            TEXTS,
            "what the reader of the evidence asked of what is known, and digests of the answers",
        ),
        "fresh_days": (WHOLE, "PD_FRESH_DAYS when it was decided"),
        "valid_until": (TEXT, "the first day on which the calendar alone may change the decision: `2027-01-01`"),
    },
)

EVIDENCE = Table(
    key="rights/evidence",
    kept=Kept.PROVEN_TWICE,
    sort_by=("item_id", "seen_on", "digest"),
    columns={
        "item_id": (TEXT, "the item in `catalog/items`"),
        "digest": (TEXT, "SHA-256 of `evidence`: what decisions, changes and members refer to it by"),
        "seen_on": (TEXT, "the first day that a decision rested on it, again where it came back: `2026-11-30`"),
        "revid": (BIG, "revision of the page that it was read from, null where the archive has none"),
        "page_url": (TEXT, "the archive's page about the file"),
        "page_digest": (TEXT, "digest of the archive's page and of the item's status, as in `rights/decisions`"),
        "evidence": (TEXT, "what was seen, where and at which revision, as canonical JSON"),
    },
)

CHANGES = Table(
    key="rights/changes",
    kept=Kept.TWICE,
    sort_by=("changed_on", "item_id", "profile"),
    volatile=("changed_at",),
    columns={
        "item_id": (TEXT, "the item in `catalog/items`"),
        "profile": (TEXT, "the rights profile: `strict`, `life70` or `us`"),
        "from_verdict": (TEXT, "the verdict before"),
        "to_verdict": (TEXT, "the verdict now"),
        "from_rule": (TEXT, "the rule that decided before"),
        "to_rule": (TEXT, "the rule that decides now"),
        "cause": (
            TEXT,
            "`upstream_edit` (what the archive says of it), `deletion`, `copy` (a page of the same bytes), `rule` "
            "(the rule table, or what reads the evidence), `knowledge` (what others say of its makers, its work or its "
            "templates), `judgement` (people who judged it), `settings` (PD_FRESH_DAYS), `calendar`",
        ),
        "from_revid": (BIG, "revision that the evidence before was read from, null where the archive has none"),
        "to_revid": (BIG, "revision that the evidence now was read from"),
        "from_ruleset": (TEXT, "version of the rule table before"),
        "to_ruleset": (TEXT, "version of the rule table now"),
        "from_evidence": (TEXT, "SHA-256 of the evidence before"),
        "to_evidence": (TEXT, "SHA-256 of the evidence now"),
        "from_since": (TEXT, "the day since which the verdict before had been that one"),
        "from_grounds": (TEXTS, "what an item that was accepted before rested on"),
        "changed_on": (TEXT, "the day that the decision was made for: `2026-11-30`"),
        "changed_at": (INSTANT, "when it was made"),
    },
)

TAKEDOWNS = Table(
    key="rights/takedowns",
    kept=Kept.TWICE,
    sort_by=("taken_down_at", "item_id", "sha256"),
    columns={
        "item_id": (TEXT, "an item that shows the picture, or one of its copies; null where none is known"),
        "sha256": (TEXT, "the picture in the store, null where it was never fetched"),
        "sha1": (TEXT, "SHA-1 of the original, null where it is not known"),
        "named": (TEXT, "what the operator named: an item, a title, an address, a digest or a pattern"),
        "reason": (TEXT, "why, in the operator's words"),
        "taken_down_at": (INSTANT, "when it was taken down"),
        "purged_at": (INSTANT, "when the picture and the datasets that held it were removed, null where they were not"),
        "number": (TEXT, "the number of the takedown's receipt: `T-20261130-7Q4ZK2MX`; a list has one for all"),
        "matched_by": (
            TEXT,
            "`name`, `pattern`, `copy` (of what was named), or how it was known when it came back under another item: "
            "`sha1`, `sha256`, `look`",
        ),
        "undone_at": (
            INSTANT,
            "when the takedown was undone, null where it stands: only what stands keeps anything out",
        ),
        "undone_reason": (TEXT, "why it was undone, in the operator's words"),
    },
)
