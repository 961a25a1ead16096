"""Pictures that stand for pictures: a wiki's icon of a file type, a museum's grey "not available".

One that more than three unrelated items deliver is a placeholder, and stays one: of none of them is it the picture,
and none is a copy of another. Its rows are failures that keep its SHA-256, so that whoever delivers it later is known.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import FILES
from pd_assets.lib.home import Home
from pd_assets.lib.images.damage import UnusableImage

# How many items may deliver one (catalog/sql/placeholders.sql).
MOST_UNRELATED = 3
# Where a MediaWiki keeps what it shows instead of thumbnails that it cannot make.
ICONS = "/resources/assets/file-type-icons/"
# What a failed row says of itself, beside the reason.
KEPT = frozenset(
    {"item_id", "sha1", "signature", "received_sha1", "max_side", "made_from", "url", "tries", "fetched_at"}
)
REASON = f"placeholder: more than {MOST_UNRELATED} unrelated items deliver this very picture"


class Placeholder(UnusableImage):
    """The picture of this SHA-256 is a placeholder."""

    def __init__(self, sha256: str) -> None:
        super().__init__(REASON)
        self.sha256 = sha256


def known(home: Home) -> frozenset[str]:
    """The pictures that rows of images/files call placeholders."""
    asked = "select distinct sha256 from files where status = 'failed' and sha256 is not null"
    return frozenset(tables.query(home, asked, {"files": FILES})["sha256"].to_pylist())


def failed(files: pa.Table, reasons: pa.Array, *, keep: frozenset[str] = frozenset()) -> pa.Table:
    """The rows for which there is a reason as failures: with nothing of their picture but what `keep` names."""
    fails = pc.is_valid(reasons)
    columns: Mapping[str, pa.ChunkedArray] = {
        "status": pc.if_else(fails, "failed", files["status"]),
        "error": pc.coalesce(reasons, files["error"]),
    }
    return pa.table(
        {
            name: columns[name]
            if name in columns
            else files[name]
            if name in KEPT | keep
            else pc.if_else(fails, pa.scalar(None, kind), files[name])
            for name, (kind, _) in FILES.columns.items()
        },
        schema=FILES.schema,
    )
