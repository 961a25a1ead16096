"""Evidence for ever: `rights/evidence` has every evidence that a decision ever rested on, appended only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from pd_assets.lib.home import Home


@dataclass(frozen=True, kw_only=True)
class Past:
    """How an item stood on a day under one profile: the decision of that day, and the evidence that it rested on.

    `evidence` is the canonical JSON whose SHA-256 is `evidence_digest`; None where it was not kept (a home of before
    there was rights/evidence): unknown, and said so.
    """

    item_id: str
    profile: str
    verdict: str
    rule_id: str
    ruleset_version: str
    since: str
    evidence_digest: str
    seen_on: str | None
    revid: int | None
    page_url: str | None
    evidence: str | None


def as_of(home: Home, items: Collection[str], day: date) -> list[Past]:
    """How some items stood at the end of a day, by item and profile; those that were not decided yet are left out."""
    raise NotImplementedError
