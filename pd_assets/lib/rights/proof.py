"""What the tables on the disk say against the decisions: read anew, and judged by queries of their own."""

from collections.abc import Iterator, Mapping

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS, ITEMS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.home import Home
from pd_assets.lib.rights.claims import Evidence, Settled
from pd_assets.lib.rights.judgements import settled_by_people
from pd_assets.lib.rights.rules import ACCEPT_JUDGED


def find_unproven(home: Home) -> list[str]:
    """The accepted rows of rights/decisions that nothing proves, each with why; empty where all are in order."""
    wrong = tables.query(home, load("unproven"), {"decisions": DECISIONS, "items": ITEMS})
    problems = [f"{row['item_id']} ({row['profile']}): {row['problem']}" for row in tables.rows(wrong)]
    judged = tables.query(home, load("judged"), {"decisions": DECISIONS}, {"rule": ACCEPT_JUDGED})
    said = settled_by_people(home) if judged.num_rows else {}
    return problems + [
        f"{row['item_id']} ({row['profile']}): {problem}"
        for row in tables.rows(judged)
        for problem in _unsaid(row, said.get(str(row["item_id"]), ()))
    ]


def _unsaid(row: Mapping[str, object], said: tuple[Settled, ...]) -> Iterator[str]:
    """What its judgements in the home do not bear out of what a decision says of them."""
    try:
        evidence = Evidence.from_json(str(row["evidence"]))
    except (TypeError, KeyError, ValueError):
        return
    seen = evidence.looked_at(str(row["page_digest"] or ""))
    if any(one.of != seen or one not in said for one in evidence.judged):
        yield "its judgements are not in rights/judgements, or are of other evidence"
