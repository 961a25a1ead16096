"""A contact sheet: some pictures of a dataset in one small JPEG, to look at."""

import io
from collections.abc import Iterator

from PIL import Image

from pd_assets.lib.dataset.exported import Export
from pd_ml.data import shards

COLUMNS, ROWS, TILE_SIDE = 8, 3, 96
QUALITY = 80


def contact_sheet(export: Export) -> bytes:
    """The first pictures of the dataset as one JPEG of a few dozen kilobytes."""
    sheet = Image.new("RGB", (COLUMNS * TILE_SIDE, ROWS * TILE_SIDE), "white")
    for place, body in zip(range(COLUMNS * ROWS), _images(export), strict=False):
        with Image.open(io.BytesIO(body)) as opened:
            opened.draft("RGB", (2 * TILE_SIDE, 2 * TILE_SIDE))
            picture = opened.convert("RGB")
        picture.thumbnail((TILE_SIDE - 4, TILE_SIDE - 4))
        x, y = place % COLUMNS * TILE_SIDE, place // COLUMNS * TILE_SIDE
        sheet.paste(picture, (x + (TILE_SIDE - picture.width) // 2, y + (TILE_SIDE - picture.height) // 2))
    encoded = io.BytesIO()
    sheet.save(encoded, "JPEG", quality=QUALITY)
    return encoded.getvalue()


def _images(export: Export) -> Iterator[bytes]:
    for info in export.shards:
        for batch in shards.shard_batches(export.folder / info.path, ["image"], batch_rows=COLUMNS * ROWS):
            yield from batch.column("image").to_pylist()
