"""A trace as a Parquet file for programs: the rows of `--json`, with a type for every column."""

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.home import replacing
from pd_assets.lib.release.segments import Row
from pd_assets.lib.release.traced import Trace

TEXT, BIG = pa.string(), pa.int64()
DECIDED = ("item_id", "profile", "verdict", "rule_id", "ruleset_version", "since", "evidence_digest", "evidence")
TAKEN_DOWN = ("item_id", "sha256", "sha1", "named", "reason", "taken_down_at", "purged_at")
SCHEMA = pa.schema(
    {
        "item_id": TEXT,
        "matched_by": TEXT,
        "distance": BIG,
        "decisions": pa.list_(pa.struct(dict.fromkeys(DECIDED, TEXT))),
        "takedowns": pa.list_(pa.struct(dict.fromkeys(TAKEN_DOWN, TEXT))),
        "datasets": pa.list_(pa.struct(dict.fromkeys(("name", "version", "split", "shard", "sha256"), TEXT))),
        "models": pa.list_(
            pa.struct(
                {
                    "name": TEXT,
                    "version": TEXT,
                    "relation": TEXT,
                    "times_shown": BIG,
                    "through": pa.list_(TEXT),
                    "why": TEXT,
                }
            )
        ),
    }
)


def write_parquet(trace: Trace, path: Path) -> int:
    """Write a row for each item; how many. `unknown` and `unread` are in the file's metadata, as JSON has them."""
    rows = [
        {
            **row,
            "decisions": [_texts(one, DECIDED) for one in trace.decisions if one["item_id"] == row["item_id"]],
            "takedowns": [_texts(one, TAKEN_DOWN) for one in trace.takedowns if one["item_id"] == row["item_id"]],
        }
        for row in trace.rows()
    ]
    told = {
        "unknown": "\n".join(f"{one}: {why}" for one, why in trace.unknown.items()),
        "unread": "\n".join(trace.unread),
    }
    with replacing(path) as partial:
        pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA.with_metadata(told)), partial)
    return len(rows)


def _texts(row: Row, columns: tuple[str, ...]) -> dict[str, str | None]:
    return {name: _text(row.get(name)) for name in columns}


def _text(value: object) -> str | None:
    return value.isoformat() if isinstance(value, datetime) else None if value is None else str(value)
