"""Removes dataset versions that nothing needs any more; which pictures they held stays in `dataset/members`."""

import time
from collections.abc import Collection
from pathlib import Path

from pd_assets.lib.home import Home, alone, remove_folder
from pd_assets.lib.release.lineage import models
from pd_ml.data.shards import MANIFEST

POINTERS = ("latest", "exported")


def prune(home: Home, name: str, *, keep: Collection[str] = (), older_than_s: float = 0.0) -> list[str]:
    """Remove the finished versions of a dataset that are older and that no pointer, model or `keep` names; which.

    What a shard shares with other versions (a link) stays with them. An export that is under way is waited for.
    """
    with alone(home.root / "dataset", "exports a dataset"):
        wanted = {*keep, *(home.pointed("dataset", name, pointer) for pointer in POINTERS), *_learnt_from(home)}
        now_s = time.time()
        doomed = [
            folder
            for folder in _finished(home.root / "dataset" / name)
            if folder.name not in wanted and now_s - (folder / MANIFEST).stat().st_mtime >= older_than_s
        ]
        for folder in doomed:
            remove_folder(folder)
    return [folder.name for folder in doomed]


def _learnt_from(home: Home) -> set[str]:
    """The versions that the models on the disk, or what they were made of, were trained on."""
    return {version for model in models(home) for version in model.datasets}


def _finished(folder: Path) -> list[Path]:
    """The finished versions, oldest name first; what is in the making has no manifest and is left alone."""
    return sorted(path.parent for path in folder.glob(f"*/{MANIFEST}") if not path.parent.name.startswith("."))
