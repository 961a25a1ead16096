"""Removes what nothing needs any more: dataset versions, whose pictures stay named in `dataset/members`, and trainings
that were begun on a dataset that is gone.
"""

import fcntl
import json
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from pd_assets.lib.home import Home, alone, remove_folder
from pd_assets.lib.release.lineage import models
from pd_assets.lib.release.members import keep_seals
from pd_ml.data.shards import MANIFEST, ShardError, read_manifest
from pd_ml.provenance import JOB, LOCK, UNFINISHED

POINTERS = ("latest", "exported")


def prune(home: Home, name: str, *, keep: Collection[str] = (), older_than_s: float = 0.0) -> list[str]:
    """Remove the finished versions of a dataset that are older and that no pointer, model or `keep` names; which.

    What a shard shares with other versions (a link) stays with them. An export that is under way is waited for. While
    the record of a model cannot be read, none goes: the model may have learnt from any of them.
    """
    if not all(model.is_recorded for model in models(home)):
        return []
    with alone(home.root / "dataset", "exports a dataset"):
        wanted = {*keep, *(home.pointed("dataset", name, pointer) for pointer in POINTERS), *_learnt_from(home)}
        now_s = time.time()
        doomed = [
            folder
            for folder in _finished(home.root / "dataset" / name)
            if folder.name not in wanted and now_s - (folder / MANIFEST).stat().st_mtime >= older_than_s
        ]
        keep_seals(home)
        for folder in doomed:
            remove_folder(folder)
    return [folder.name for folder in doomed]


def prune_trainings(home: Home, *, older_than_s: float = 0.0) -> list[str]:
    """Remove the unfinished trainings that nobody is at, that are older, and whose dataset is gone: none can go on.

    Which, as `<stage>/<version>`. Call it after `prune`.
    """
    present = set(_digests(home))
    now_s = time.time()
    pruned = []
    for folder in sorted(path.parent for path in home.root.glob(f"models/*/*{UNFINISHED}/{JOB}")):
        age_s = now_s - max(path.stat().st_mtime for path in folder.iterdir())
        if dataset_of(folder) not in present and age_s >= older_than_s and _removed(folder):
            pruned.append(f"{folder.parent.name}/{folder.name.removesuffix(UNFINISHED)}")
    return pruned


def dataset_of(folder: Path) -> str | None:
    """The digest of the dataset that a training was begun on; None where its job file cannot be read."""
    try:
        return str(json.loads((folder / JOB).read_text())["inputs"]["dataset"])
    except (ValueError, KeyError, TypeError):
        return None


def _digests(home: Home) -> Iterator[str]:
    """Those of the datasets that can be read: a training on another one fails."""
    for path in home.root.glob(f"dataset/*/*/{MANIFEST}"):
        with suppress(ShardError):
            yield read_manifest(path.parent).digest


def _removed(folder: Path) -> bool:
    """Whether the folder of a training was removed; not where a process trains in it."""
    with (folder / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        remove_folder(folder)
    return True


def _learnt_from(home: Home) -> set[str]:
    """The versions that the models on the disk, or what they were made of, were trained on."""
    return {version for model in models(home) for version in model.datasets}


def _finished(folder: Path) -> list[Path]:
    """The finished versions, oldest name first; what is in the making has no manifest and is left alone."""
    return sorted(path.parent for path in folder.glob(f"*/{MANIFEST}") if not path.parent.name.startswith("."))
