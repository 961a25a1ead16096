"""Remove what a home holds of some pictures: the pictures, and whatever was made of them that shows them.

Models stay, with the list of what they saw. What Dagster's own history shows of past runs is not in the home.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from pd_assets.lib.dataset.export import PICTURES, pictures_of
from pd_assets.lib.home import Home, remove_caches, remove_folder
from pd_assets.lib.release import members
from pd_assets.lib.release.lineage import models
from pd_assets.lib.release.pruning import dataset_of
from pd_ml.data import shards
from pd_ml.provenance import JOB, PREVIEWS, RUN, TENSORBOARD, UNFINISHED, read_run

# These draw pictures of the dataset beside their own. The numbers of TensorBoard are in metrics.jsonl too.
_SHOW_THE_DATASET = ("vae", "super_resolution")
_SHEETS_OF_A_MODEL = ("samples.png", f"{PREVIEWS}/*/*", f"{TENSORBOARD}/*")
_SHEETS_OF_A_REPORT = ("samples.png", "nearest_by_*.png")


@dataclass(frozen=True, kw_only=True)
class Purged:
    """What was removed: `files` of the store and `sheets` by their paths under PD_HOME, the others by version."""

    files: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    latents: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()


def purge_pictures(home: Home, items: set[str], digests: set[str]) -> Purged:
    """Remove some pictures from the store, with every dataset version that holds one, every version of models/latents
    that was made of such a dataset, and every sheet on which one may be seen.
    """
    files = _store(home, digests)
    datasets = _datasets(home, items, digests)
    held = {one.version for one in members.versions(home) if _is_among(home, one.version, items, digests)}
    return Purged(
        files=files,
        datasets=datasets,
        latents=_latents(home, held),
        sheets=_removed(home, [*_sheets(home, held), *_audits(home, items)]),
    )


def _store(home: Home, digests: Iterable[str]) -> tuple[str, ...]:
    found = [path for digest in sorted(digests) for path in home.matching(f"images/{digest[:2]}/{digest}.*")]
    return _removed(home, found)


def _datasets(home: Home, items: set[str], digests: set[str]) -> tuple[str, ...]:
    """The dataset folders that hold one of the pictures, unfinished ones too, with what training decoded."""
    removed = []
    for listed in sorted((home.root / "dataset").glob(f"[!.]*/*/{PICTURES}")):
        folder = listed.parent
        if not any(_holds(batch, items, digests) for batch in pictures_of(folder)):
            continue
        if (folder / shards.MANIFEST).is_file():
            digest = shards.read_manifest(folder).digest
            remove_caches(home.root, digest)
            _unfinished(home, digest)
        remove_folder(folder)
        removed.append(f"{folder.parent.name}/{folder.name}")
    return tuple(removed)


def _holds(batch: pa.RecordBatch, items: set[str], digests: set[str]) -> bool:
    rows = zip(batch["item_id"].to_pylist(), batch["stored_sha256"].to_pylist(), strict=True)
    return any(item in items or digest in digests for item, digest in rows)


def _is_among(home: Home, version: str, items: set[str], digests: set[str]) -> bool:
    return any(item in items or digest in digests for item, digest in members.pictures(home, version))


def _latents(home: Home, held: set[str]) -> tuple[str, ...]:
    """What the VAE made of the pictures: a decoder brings them back. The dataset may be gone already."""
    removed = [one for one in models(home) if one.stage == "latents" and one.run.dataset_version in held]
    for model in removed:
        remove_folder(model.folder)
    return tuple(model.version for model in removed)


def _unfinished(home: Home, digest: str) -> None:
    """Trainings of stages that show the dataset, stopped or under way: these fail, and begin anew on another one."""
    for stage in ("latents", *_SHOW_THE_DATASET):
        for path in home.root.glob(f"models/{stage}/*{UNFINISHED}/{JOB}"):
            if dataset_of(path.parent) in (digest, None):
                remove_folder(path.parent)


def _sheets(home: Home, held: set[str]) -> Iterator[Path]:
    """What trainings and evaluations drew of the datasets that held a picture: it is not known which pictures."""
    for model in models(home):
        if model.stage in _SHOW_THE_DATASET and model.run.dataset_version in held:
            yield from _matching(home, model.folder, _SHEETS_OF_A_MODEL)
    for path in home.matching(f"evaluation/report/*/{RUN}"):
        if read_run(path.parent).dataset_version in held:
            yield from _matching(home, path.parent, _SHEETS_OF_A_REPORT)


def _audits(home: Home, items: set[str]) -> Iterator[Path]:
    """The pages of audits for whose sample a picture was drawn; sample, answers and result stay."""
    for path in home.matching("audit/*/sample.json"):
        if items.intersection(one["item_id"] for one in json.loads(path.read_text())["items"]):
            yield from _matching(home, path.parent, ("audit.html",))


def _matching(home: Home, folder: Path, patterns: Iterable[str]) -> Iterator[Path]:
    for pattern in patterns:
        yield from home.matching(f"{folder.relative_to(home.root)}/{pattern}")


def _removed(home: Home, paths: Iterable[Path]) -> tuple[str, ...]:
    """Remove files; their paths under PD_HOME."""
    found = list(paths)
    for path in found:
        path.unlink(missing_ok=True)
    return tuple(str(path.relative_to(home.root)) for path in found)
