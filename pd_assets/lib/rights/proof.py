"""What the tables on the disk say against the decisions: read anew, and judged by queries of their own."""

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import DECISIONS, ITEMS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.home import Home


def find_unproven(home: Home) -> list[str]:
    """The accepted rows of rights/decisions that nothing proves, each with why; empty where all are in order."""
    wrong = tables.query(home, load("unproven"), {"decisions": DECISIONS, "items": ITEMS})
    return [f"{row['item_id']} ({row['profile']}): {row['problem']}" for row in tables.rows(wrong)]
