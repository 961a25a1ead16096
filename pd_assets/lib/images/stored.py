"""The store of pictures under images/: a file there has the SHA-256 that is its name, or it is not that picture.

A size that differs shows at every fetch; bytes that differ show to whoever reads all of them. An altered picture is
removed, and the next run fetches it again.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import FILES
from pd_assets.lib.home import Home, replacing


def altered(home: Home) -> Iterator[tuple[str, Path]]:
    """Each item whose picture is missing, or has not the bytes that its row names. Reads every picture once."""
    judged: dict[str, bool] = {}
    for row in tables.rows(tables.read_or_empty(home, FILES, ["item_id", "path", "sha256", "status"])):
        if row["status"] != "ok":
            continue
        place = str(row["path"])
        path = home.root / place
        if place not in judged:
            home.fetched(path)
            judged[place] = path.is_file() and _sha256(path) == row["sha256"]
        if not judged[place]:
            yield str(row["item_id"]), path


def discard(paths: Iterable[Path]) -> None:
    """Remove altered pictures, so that the next run fetches them again."""
    for path in paths:
        path.unlink(missing_ok=True)


def keep(home: Home, path: Path, body: bytes) -> None:
    """Have these bytes at `path`; what is there already, here or in the bucket, is not written again."""
    if path.is_file() or not has_size(home, path, len(body)):
        with replacing(path) as partial:
            partial.write_bytes(body)


def has_size(home: Home, path: Path, size_bytes: object) -> bool:
    """Whether there is a picture of this size, here or in the bucket; of any size where the row gives none."""
    try:
        return size_bytes in (None, home.size_bytes(path))
    except FileNotFoundError:
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
