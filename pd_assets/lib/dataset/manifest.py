"""The manifest that finishes an export; before it the card, the Croissant description and the contact sheet."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pd_assets.lib.dataset import croissant
from pd_assets.lib.dataset.card import card
from pd_assets.lib.dataset.contact_sheet import contact_sheet
from pd_assets.lib.dataset.exported import LISTED, Export, pictures_of
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import replacing
from pd_ml.data import shards
from pd_ml.data.shards import PICTURES_SHA256, Manifest, ShardError
from pd_ml.provenance import MEMBERS, sealed_members

SHEET, CARD = "contact_sheet.jpg", "README.md"
WAITING = "labels_waiting"
DESCRIBES = (SHEET, CARD, croissant.NAME)


def finish(export: Export, facts: Mapping[str, object]) -> Manifest:
    """Write what describes the dataset, the manifest last: then the folder is one, of today where `facts` tell no day.

    The manifest of a finished one is left alone, unless it is damaged or seals another list of pictures than `facts`;
    but how many labels wait is told as it is now: pages may say again what the shards say.
    """
    if (found := _finished(export)) is not None and sealed_members(found) == facts.get(MEMBERS, sealed_members(found)):
        if {**found.facts, **_as_it_is(export)} != dict(found.facts):
            found = replace(found, facts={**found.facts, **_as_it_is(export)})
            shards.write_manifest(export.folder, found)
        describe(export, found)
        return found
    counts = {split: sum(info.rows for info in export.shards if info.split == split) for split in shards.SPLITS}
    told = {
        croissant.FINISHED_ON: today(),
        **facts,
        "selection": dict(export.config),
        **breakdown(_listed(export)),
        **_as_it_is(export),
        "skipped": list(export.skipped),
    }
    manifest = Manifest(
        name=export.name,
        version=export.version,
        digest=shards.digest_of(export.shards),
        shards=export.shards,
        tars=export.tars,
        counts=counts,
        # As they are read back, so that what describes a dataset is the same whenever it is written.
        facts=json.loads(json.dumps(told, sort_keys=True)),
    )
    describe(export, manifest)
    shards.write_manifest(export.folder, manifest)
    return manifest


def today() -> str:
    """The day on which a version is finished that is finished now."""
    return datetime.now(UTC).date().isoformat()


def _as_it_is(export: Export) -> dict[str, object]:
    """How many labels wait, and the digest of the list of pictures, where the index has it."""
    listed = {PICTURES_SHA256: export.listed} if export.listed else {}
    return {WAITING: export.labels_waiting, **listed}


def _finished(export: Export) -> Manifest | None:
    """The manifest of this very export; None where there is none that can be read."""
    try:
        found = shards.read_manifest(export.folder)
    except (ShardError, OSError):
        return None
    is_ours = (found.name, found.version, found.shards) == (export.name, export.version, export.shards)
    return found if is_ours and found.digest == shards.digest_of(found.shards) else None


def describe(export: Export, manifest: Manifest) -> None:
    """Have what describes a dataset: a sheet of its pictures, its card, and its description in Croissant."""
    for name, body in {SHEET: contact_sheet(export), **told_by(manifest)}.items():
        path = export.folder / name
        if not path.is_file() or path.read_bytes() != body:
            with replacing(path) as partial:
                partial.write_bytes(body)


def told_by(manifest: Manifest) -> dict[str, bytes]:
    """Of DESCRIBES what the manifest alone tells, by name."""
    croissant_text = json.dumps(croissant.describe(manifest), indent=1) + "\n"
    return {CARD: card(manifest).encode(), croissant.NAME: croissant_text.encode()}


def is_description(path: Path) -> bool:
    """Whether one of DESCRIBES looks whole; there is no digest of them."""
    body = path.read_bytes() if path.is_file() else b""
    if path.name == SHEET:
        return body.startswith(b"\xff\xd8") and body.endswith(b"\xff\xd9")
    if path.name == croissant.NAME:
        return body.startswith(b"{") and body.endswith(b"}\n")
    return body.startswith(b"---\n") and body.endswith(b"\n")


@dataclass(frozen=True, kw_only=True)
class _Counts:
    """Pictures by rule, by archive, and by the licence of their captions."""

    rules: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    label_licences: Counter[str] = field(default_factory=Counter)


def breakdown(batches: Iterable[pa.RecordBatch]) -> dict[str, object]:
    """The facts that count pictures, of rows with `item_id`, `rule_id` and `label_licence`."""
    found = _Counts()
    for batch in batches:
        found.rules.update(_counted(batch["rule_id"]))
        sources = pc.list_element(pc.split_pattern(batch["item_id"], ":", max_splits=1), 0)
        found.sources.update(_counted(sources))
        found.label_licences.update(_counted(batch["label_licence"]))
    return {name: dict(sorted(counts.items())) for name, counts in vars(found).items()}


def _listed(export: Export) -> Iterator[pa.RecordBatch]:
    for batch in pictures_of(export.folder):
        if not set(LISTED) <= set(batch.schema.names):
            raise ConfigError(f"{export.folder}: exported by an older version; materialise dataset/shards again")
        yield batch


def _counted(values: pa.Array) -> dict[str, int]:
    return {str(one["values"]): one["counts"] for one in pc.value_counts(values.fill_null("none")).to_pylist()}
