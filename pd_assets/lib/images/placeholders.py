"""Pictures that stand for pictures: a wiki's icon of a file type, a museum's grey "not available".

One that more than three unrelated items deliver is a placeholder, and stays one: of none of them is it the picture,
and none is a copy of another. Its rows are failures that keep its SHA-256, so that whoever delivers it later is known.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from pd_assets.lib.catalog.schemas import FILES
from pd_assets.lib.images.damage import UnusableImage

# Items are related where their originals have one SHA-1; where an archive gives none, where they name one medium.
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


def is_icon(url: str) -> bool:
    """Whether an address is that of a wiki's icon of a file type."""
    return ICONS in url


def known(files: pa.Table) -> frozenset[str]:
    """The pictures that rows of images/files call placeholders."""
    failed = files.filter(pc.equal(files["status"], "failed"))["sha256"]
    return frozenset(failed.drop_null().to_pylist())


def named(files: pa.Table) -> pa.Table:
    """images/files in which the rows of every placeholder are failures of that name."""
    medium = pc.replace_substring_regex(files["item_id"], "^.*:", "")
    seen = pa.table({"sha256": files["sha256"], "source": pc.coalesce(files["sha1"], medium)})
    counted = seen.filter(pc.is_valid(seen["sha256"])).group_by("sha256").aggregate([("source", "count_distinct")])
    shared = counted.filter(pc.greater(counted["source_count_distinct"], MOST_UNRELATED))["sha256"].to_pylist()
    names = pa.array(sorted({*shared, *known(files)}), pa.string())
    is_one = pc.and_(pc.is_in(files["sha256"], names), pc.equal(files["status"], "ok"))
    if not pc.any(is_one).as_py():
        return files
    return failed(files, pc.if_else(is_one, REASON, pa.scalar(None, pa.string())), keep=frozenset({"sha256"}))


def failed(files: pa.Table, reasons: pa.ChunkedArray, *, keep: frozenset[str] = frozenset()) -> pa.Table:
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
