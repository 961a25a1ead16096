"""An operator's own takedowns: `rights/takedowns`, and the purge of what is on the disk.

A picture is taken down with all its copies, those too that come later. Errors: ConfigError.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from pd_assets.lib.catalog import tables, views
from pd_assets.lib.catalog.schemas import TAKEDOWNS
from pd_assets.lib.dataset.export import PICTURES, pictures_of
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, alone, remove_caches, remove_folder
from pd_assets.lib.release import members
from pd_assets.lib.release.lineage import models
from pd_assets.lib.release.pictures import Picture, pictures_called
from pd_ml.data import shards
from pd_ml.provenance import JOB, UNFINISHED

ITEM_ID = re.compile(r"commons:M\d+|smithsonian:[^:]*:[^:]*")
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Takedown:
    """What was taken down, and what a purge removed from the disk."""

    pictures: tuple[Picture, ...]
    files: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    latents: tuple[str, ...] = ()


def take_down(home: Home, called: str, *, reason: str, purge: bool = False) -> Takedown:
    """Keep a picture and its copies out of the tables from the next run on; ConfigError where nothing is called so.

    With `purge` its files, every dataset version that holds it and every version of models/latents that was made of
    one are removed now; running exports are waited for.
    """
    called, reason = called.strip(), " ".join(reason.split())
    if not reason:
        raise ConfigError("a takedown needs a reason, found none; say why with --reason, for whoever asks later")
    pictures = pictures_called(home, called) or _not_yet_seen(home, called)
    _note(home, called, reason, pictures)
    if not purge:
        return Takedown(pictures=pictures)
    with alone(home.images, "fetches pictures"), alone(home.root / "dataset", "exports a dataset"):
        # A fetch that was under way may have stored a picture since.
        pictures = pictures_called(home, called) or pictures
        digests = {picture.sha256 for picture in pictures if picture.sha256}
        files = _purge_files(home, digests)
        items = {picture.item_id for picture in pictures}
        datasets = _purge_datasets(home, items, digests)
        latents = _purge_latents(home, items, digests)
    _note_purge(home, called)
    return Takedown(pictures=pictures, files=files, datasets=datasets, latents=latents)


def digest_of_all(home: Home) -> str:
    """Names the content of rights/takedowns."""
    return tables.digest(TAKEDOWNS, tables.read_or_empty(home, TAKEDOWNS))


def _not_yet_seen(home: Home, called: str) -> tuple[Picture, ...]:
    """An item or a picture that may come later; ConfigError for what is neither."""
    if ITEM_ID.fullmatch(called):
        return (Picture(item_id=called, sha256=None, sha1=None, is_meant=True),)
    if SHA256.fullmatch(called):
        return (Picture(item_id="", sha256=called, sha1=None, is_meant=True),)
    raise ConfigError(
        f"nothing in {home.root} is called {called!r}; expected an item id such as commons:M123, a title, or a SHA-256"
    )


def _note(home: Home, called: str, reason: str, pictures: Iterable[Picture]) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    rows = [
        {
            "item_id": picture.item_id or None,
            "sha256": picture.sha256,
            "sha1": picture.sha1,
            "named": called,
            "reason": reason,
            "taken_down_at": now,
            "purged_at": None,
        }
        for picture in pictures
    ]
    with alone(home.table(TAKEDOWNS.key), "notes a takedown"):
        before = tables.read_or_empty(home, TAKEDOWNS)
        tables.write(home, TAKEDOWNS, pa.concat_tables([before, tables.as_table(TAKEDOWNS, rows)]))
    views.rebuild(home)


def _note_purge(home: Home, called: str) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    with alone(home.table(TAKEDOWNS.key), "notes a takedown"):
        rows = tables.read(home, TAKEDOWNS).to_pylist()
        changed = [{**row, "purged_at": now if row["named"] == called else row["purged_at"]} for row in rows]
        tables.write(home, TAKEDOWNS, tables.as_table(TAKEDOWNS, changed))


def _purge_files(home: Home, digests: Iterable[str]) -> tuple[str, ...]:
    """Remove pictures from the store; their paths under PD_HOME."""
    found = [path for digest in sorted(digests) for path in home.matching(f"images/{digest[:2]}/{digest}.*")]
    for path in found:
        path.unlink(missing_ok=True)
    return tuple(str(path.relative_to(home.root)) for path in found)


def _purge_datasets(home: Home, items: set[str], digests: set[str]) -> tuple[str, ...]:
    """Remove the dataset folders that hold one of the pictures, unfinished ones too, with what training decoded."""
    removed = []
    for listed in sorted((home.root / "dataset").glob(f"[!.]*/*/{PICTURES}")):
        folder = listed.parent
        if not any(_holds(batch, items, digests) for batch in pictures_of(folder)):
            continue
        if (folder / shards.MANIFEST).is_file():
            digest = shards.read_manifest(folder).digest
            remove_caches(home.root, digest)
            _purge_unfinished_latents(home, digest)
        remove_folder(folder)
        removed.append(f"{folder.parent.name}/{folder.name}")
    return tuple(removed)


def _holds(batch: pa.RecordBatch, items: set[str], digests: set[str]) -> bool:
    rows = zip(batch["item_id"].to_pylist(), batch["stored_sha256"].to_pylist(), strict=True)
    return any(item in items or digest in digests for item, digest in rows)


def _purge_latents(home: Home, items: set[str], digests: set[str]) -> tuple[str, ...]:
    """Remove what the VAE made of the pictures: a decoder brings them back. The dataset may be gone already."""
    held = {one.version for one in members.versions(home) if _is_among(home, one.version, items, digests)}
    removed = [one for one in models(home) if one.stage == "latents" and one.run.dataset_version in held]
    for model in removed:
        remove_folder(model.folder)
    return tuple(model.version for model in removed)


def _is_among(home: Home, version: str, items: set[str], digests: set[str]) -> bool:
    return any(item in items or digest in digests for item, digest in members.pictures(home, version))


def _purge_unfinished_latents(home: Home, digest: str) -> None:
    """Those whose computation was stopped, or is under way: it fails, and is begun anew on another dataset."""
    for path in home.root.glob(f"models/latents/*{UNFINISHED}/{JOB}"):
        if json.loads(path.read_text())["inputs"].get("dataset") == digest:
            remove_folder(path.parent)
