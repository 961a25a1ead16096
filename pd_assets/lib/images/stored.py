"""The store of pictures under images/: a file there has the SHA-256 that is its name, or it is not that picture.

A size that differs shows at every fetch; bytes that differ show to whoever reads all of them. An altered picture is
removed, and the next run fetches it again.
"""

import hashlib
import itertools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import FILES
from pd_assets.lib.home import Home, replacing


def altered(home: Home) -> Iterator[tuple[str, Path]]:
    """Each item whose picture is missing, or has not the bytes that its row names. Reads every picture once, in the
    order of their places."""
    asked = "select path, sha256, item_id from files where status = 'ok' order by path, item_id"
    with tables.engine(home) as connection:
        tables.relation(connection, home, FILES).create_view("files")
        rows = (row for batch in connection.sql(asked).to_arrow_reader(tables.BATCH_ROWS) for row in batch.to_pylist())
        for place, shown in itertools.groupby(rows, key=lambda row: str(row["path"])):
            path = home.root / place
            home.fetched(path)
            sha256 = _sha256(path) if path.is_file() else None
            yield from ((str(row["item_id"]), path) for row in shown if sha256 is None or row["sha256"] != sha256)


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


def have_sizes(home: Home, places: Iterable[str], sizes: Iterable[int | None]) -> list[bool]:
    """The same for many pictures by their places below the home, with one look at each."""
    root = f"{home.root}{os.sep}"
    whole = []
    for place, size_bytes in zip(places, sizes, strict=True):
        try:
            found = os.stat(f"{root}{place}")  # noqa: PTH116, a Path costs four times as much as the look
            whole.append(size_bytes in (None, found.st_size))
        except FileNotFoundError:
            whole.append(home.copy is not None and has_size(home, home.root / place, size_bytes))
    return whole


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
