"""Which files of a home go into the bucket, and which of them are fetched only where somebody reads them."""

import os
from collections.abc import Iterator
from pathlib import Path

from pd_assets.lib.catalog.schemas import TABLES

# Made anew on each machine: its views name the files by their place there.
LOCAL_ONLY = frozenset({"catalog.duckdb"})
# What tells of a dataset or model without its data.
TELLING = frozenset({".json", ".jsonl", ".md", ".txt", ".png", ".arrow"})


def walk(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Every file that is kept, by its path below `root`. Names that begin with a dot are locks, caches and halves.

    What refers comes before what it refers to: a walk beside somebody who writes sees no pointer to what it missed.
    """
    for name in sorted(_names(root), key=lambda name: (_rank(name), name)):
        path = root / name
        if path.is_dir():
            yield from _below(path, name)
        elif name not in LOCAL_ONLY:
            yield from _file(path, name)


def _rank(name: str) -> int:
    return {"evaluation": 0, "models": 1, "dataset": 2, "images": 4}.get(name, 3)


def _below(folder: Path, name: str) -> Iterator[tuple[str, os.stat_result]]:
    """Files, tables, then other folders: `latest` before the versions. The link of catalog/items is followed."""
    below = []
    for found in sorted(_names(folder)):
        path = folder / found
        if path.is_dir():
            below.append(found)
        else:
            yield from _file(path, f"{name}/{found}")
    for found in sorted(below, key=lambda found: f"{name}/{found}" not in TABLES):
        yield from _below(folder / found, f"{name}/{found}")


def _file(path: Path, name: str) -> Iterator[tuple[str, os.stat_result]]:
    try:
        yield name, path.stat()
    except FileNotFoundError:
        return


def _names(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir() if not path.name.startswith(".")]
    except FileNotFoundError:
        return []


def version_folder(path: str) -> str | None:
    """The dataset or model version that a file belongs to; none for tables and pointers."""
    parts = path.split("/")
    if parts[0] not in ("dataset", "models") or len(parts) < 4 or "/".join(parts[:2]) in TABLES:
        return None
    return "/".join(parts[:3])


def is_fetched_when_read(path: str) -> bool:
    """Pictures, shards, weights and checkpoints: large, never altered, and read by few."""
    if path.startswith("images/") and path.count("/") == 2 and not path.startswith("images/files/"):
        return True
    return version_folder(path) is not None and Path(path).suffix not in TELLING


def order(path: str) -> tuple[int, str]:
    """First what is referred to, then what refers to it, pointers last."""
    if path.startswith(("images/", "dataset/", "models/")) and (
        is_fetched_when_read(path) or version_folder(path) is not None
    ):
        return 0, path
    if path.endswith(".parquet"):
        return 1, path
    return 2, path
