"""The manifest that finishes an export, its dataset card, and a contact sheet to look at."""

import io
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pyarrow.parquet as pq
from PIL import Image

from pd_assets.lib.dataset.export import Export
from pd_assets.lib.home import write_text
from pd_ml.data import shards
from pd_ml.data.shards import Manifest

SHEET_COLUMNS, SHEET_ROWS, TILE_SIDE = 8, 3, 96


def finish(export: Export, facts: Mapping[str, object]) -> Manifest:
    """Write card and manifest, the manifest last: then the folder is a dataset. A finished one is left alone."""
    if (export.folder / shards.MANIFEST).is_file():
        return shards.read_manifest(export.folder)
    counts = {split: sum(info.rows for info in export.shards if info.split == split) for split in shards.SPLITS}
    manifest = Manifest(
        name=export.name,
        version=export.version,
        digest=shards.digest_of(export.shards),
        shards=export.shards,
        counts=counts,
        facts={**facts, **_breakdown(export), "skipped": list(export.skipped)},
    )
    (export.folder / "contact_sheet.jpg").write_bytes(contact_sheet(export))
    write_text(export.folder / "README.md", card(manifest))
    shards.write_manifest(export.folder, manifest)
    return manifest


def _breakdown(export: Export) -> dict[str, object]:
    rules: Counter[str] = Counter()
    licences: Counter[str] = Counter()
    for info in export.shards:
        for batch in _batches(export.folder / info.path, ["rule_id", "label_licence"]):
            rules.update(map(str, batch["rule_id"]))
            licences.update(str(licence) if licence else "none" for licence in batch["label_licence"])
    return {"rules": dict(sorted(rules.items())), "label_licences": dict(sorted(licences.items()))}


def _batches(path: Path, columns: list[str]) -> list[dict[str, list[object]]]:
    with pq.ParquetFile(path) as file:
        return [batch.to_pydict() for batch in file.iter_batches(columns=columns)]


def contact_sheet(export: Export) -> bytes:
    """The first pictures of the dataset as one JPEG of a few dozen kilobytes."""
    sheet = Image.new("RGB", (SHEET_COLUMNS * TILE_SIDE, SHEET_ROWS * TILE_SIDE), "white")
    for place, body in enumerate(_first_images(export, SHEET_COLUMNS * SHEET_ROWS)):
        with Image.open(io.BytesIO(body)) as picture:
            picture.thumbnail((TILE_SIDE - 4, TILE_SIDE - 4))
            x, y = place % SHEET_COLUMNS * TILE_SIDE, place // SHEET_COLUMNS * TILE_SIDE
            sheet.paste(picture, (x + (TILE_SIDE - picture.width) // 2, y + (TILE_SIDE - picture.height) // 2))
    encoded = io.BytesIO()
    sheet.save(encoded, "JPEG", quality=80)
    return encoded.getvalue()


def _first_images(export: Export, count: int) -> list[bytes]:
    found: list[bytes] = []
    for info in export.shards:
        with pq.ParquetFile(export.folder / info.path) as file:
            for batch in file.iter_batches(batch_size=count, columns=["image"]):
                found += shards.image_bytes(batch).column("image").to_pylist()
                if len(found) >= count:
                    return found[:count]
    return found


def card(manifest: Manifest) -> str:
    """The dataset card: Hugging Face metadata, then what a reader wants to know first."""
    files = "\n".join(
        f"  - split: {split}\n    path: {split}-*.parquet" for split in shards.SPLITS if manifest.counts.get(split)
    )
    columns = "\n".join(f"| `{name}` | {kind} | {says} |" for name, (kind, says) in shards.COLUMNS.items())
    facts = "\n".join(f"- {name}: {value}" for name, value in manifest.facts.items() if name != "skipped")
    return f"""---
license: other
license_name: public-domain-pictures-labels-see-label_licence
configs:
- config_name: default
  data_files:
{files}
---
# {manifest.name}, version {manifest.version}

Pictures that are free of copyright and need no attribution, each accepted by a rule (`rule_id`) on evidence that is
kept. Captions may carry a licence of their own: `label_licence`.

- digest of the shards: {manifest.digest}
- pictures: {", ".join(f"{count} {split}" for split, count in manifest.counts.items())}
{facts}

| column | type | meaning |
|---|---|---|
{columns}
"""
