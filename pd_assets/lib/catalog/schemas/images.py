"""The pictures in the store, and what was measured on each."""

from collections.abc import Mapping
from types import MappingProxyType

import pyarrow as pa

from pd_assets.lib.catalog.schemas.table import BIG, INSTANT, REAL, TEXT, WHOLE, Kept, Table

# What is measured on a normalised picture.
MEASURES: Mapping[str, tuple[pa.DataType, str]] = MappingProxyType(
    {
        "aspect": (REAL, "width by height"),
        "sharpness": (REAL, "variance of the Laplacian at 256 pixels a side, squared levels of grey; below 50 is soft"),
        "greyness": (REAL, "share of pixels whose channels differ by less than 16 levels, 0 to 1"),
        "border": (REAL, "share of the area in uniform margins, 0 to 1"),
        "text_page": (REAL, "likelihood of a page of text by plain statistics, 0 to 1"),
        "entropy": (REAL, "of the levels of grey, bits, 0 to 8"),
    }
)

FILES = Table(
    key="images/files",
    kept=Kept.TWICE,
    by_bucket=True,
    sort_by=("item_id",),
    volatile=("fetched_at", "tries", "url"),
    # A failure that failed again is no news.
    used=("status", "ok"),
    columns={
        "item_id": (TEXT, "the item in `catalog/items`"),
        "sha256": (
            TEXT,
            "SHA-256 of the normalised picture: its name in the store; of a failure the placeholder that came",
        ),
        "sha1": (TEXT, "SHA-1 of the original that it was made from, null where the archive gives none"),
        "signature": (TEXT, "what the archive said of the medium, as a digest, where it gives no SHA-1"),
        "received_sha1": (TEXT, "SHA-1 of the bytes that came, where the archive gives none"),
        "path": (TEXT, "place under PD_HOME"),
        "width": (WHOLE, "width of the normalised picture, pixels"),
        "height": (WHOLE, "height of the normalised picture, pixels"),
        "mime": (TEXT, "media type of the normalised picture"),
        "size_bytes": (BIG, "size of the normalised picture, bytes"),
        "phash": (TEXT, "64-bit perceptual hash, hexadecimal"),
        "detail_hash": (TEXT, "256-bit difference hash, hexadecimal: where 16 rows of 17 grow brighter to the right"),
        **MEASURES,
        "max_side": (WHOLE, "the longest side that was asked for, pixels"),
        "made_from": (TEXT, "`original` or `thumbnail`: what was asked for"),
        "url": (TEXT, "the address that was asked"),
        "status": (TEXT, "`ok` or `failed`"),
        "error": (TEXT, "why it failed, null where it did not"),
        "tries": (WHOLE, "how often it was tried"),
        "fetched_at": (INSTANT, "when the bytes were fetched"),
    },
)
