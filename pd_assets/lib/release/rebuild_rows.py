"""What a dataset version is rebuilt from: its manifest, the list of its pictures, and what the home has for each today.

The list lies beside the manifest, or is dataset/members of the home. What may not be used any more is told by the same
statements as everywhere (withdrawals.py). Nothing is fetched or written here but the answer. Errors: ConfigError,
TableError.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CAPTIONS, CLUSTERS, DECISIONS, FILES, ITEMS, MEMBERS, MODEL_LEDGER, TAKEDOWNS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.dataset.exported import PICTURES_SCHEMA, as_dataset
from pd_assets.lib.dataset.history import MACROS
from pd_assets.lib.errors import ConfigError, TableError
from pd_assets.lib.home import Home, replacing
from pd_assets.lib.release import members
from pd_ml.data import shards
from pd_ml.data.shards import MANIFEST, PICTURES, PICTURES_SHA256, Manifest
from pd_ml.provenance import sealed_members

Row = dict[str, object]
BATCH_ROWS = 2048
STEPS = ("held", "copies", "known")


@dataclass(frozen=True, kw_only=True)
class Original:
    """A version to rebuild: its manifest, the folder that it lies in, and the list of its pictures, if it is there."""

    manifest: Manifest
    folder: Path
    pictures: Path | None

    @property
    def max_side(self) -> int:
        """Of the store, pixels."""
        return _whole(self.manifest.facts.get("max_side"))

    @property
    def export_side(self) -> int:
        """Of the export, pixels; 0 as stored."""
        selection = self.manifest.facts.get("selection")
        return _whole(selection.get("max_side")) if isinstance(selection, dict) else 0


def read_original(place: Path, *, profile: str) -> Original:
    """The version that a manifest, or a folder with one, tells of; ConfigError where that cannot be rebuilt here."""
    path = place / MANIFEST if place.is_dir() else place
    try:
        manifest = shards.parse_manifest(path)
    except shards.ShardError as error:
        raise ConfigError(str(error)) from error
    if (made_under := manifest.facts.get("profile")) not in (None, profile):
        raise ConfigError(
            f"{path}: its pictures were accepted under the profile {made_under}, and PD_RIGHTS_PROFILE is {profile}; "
            f"set it to {made_under} to have it again"
        )
    pictures = path.with_name(PICTURES)
    if not pictures.is_file():
        return Original(manifest=manifest, folder=path.parent, pictures=None)
    if (told := manifest.facts.get(PICTURES_SHA256)) not in (None, shards.sha256_of(pictures)):
        raise ConfigError(f"{pictures}: altered, expected the SHA-256 {told} that {path.name} tells; find another copy")
    return Original(manifest=manifest, folder=path.parent, pictures=pictures)


def plan(home: Home, original: Original, *, profile: str, path: Path) -> int:
    """Ask the tables once, and write a row for each picture to a file, in the order of the shards; how many."""
    for table in (ITEMS, DECISIONS):
        if not tables.parts(home, table):
            raise TableError(
                f"{table.key}: no table in {home.table(table.key)}, so that nothing says what is still free; run "
                "pdd run nightly in this home first"
            )
    manifest, count = original.manifest, 0
    several = {"items": ITEMS, "decisions": DECISIONS, "clusters": CLUSTERS, "takedowns": TAKEDOWNS}
    with tables.engine(home) as connection:
        connection.execute(MACROS)
        listed = as_dataset(original.pictures) if original.pictures is not None else _of_members(home, manifest)
        connection.from_arrow(listed).create_view("listed")
        connection.from_arrow(MODEL_LEDGER.schema.empty_table()).create_view("ledgers")
        connection.execute("create view members as select item_id, stored_sha256 as sha256 from listed")
        for name, table in {**several, "captions": CAPTIONS, "files": FILES}.items():
            tables.relation(connection, home, table).create_view(name)
        for step in STEPS:
            connection.execute(f"create table {step} as {load(f'withdrawn_{step}')}")
        connection.execute(f"create table reasons as {load('withdrawn_reasons')}", {"profile": profile})
        asked = {"policy": str(manifest.facts.get("labels") or "all"), "max_side": original.max_side}
        answer = connection.sql(load("rebuilding"), params=asked).to_arrow_reader(BATCH_ROWS)
        with replacing(path) as partial, pq.ParquetWriter(partial, answer.schema) as writer:
            for batch in answer:
                count += batch.num_rows
                writer.write_batch(batch)
    if count != (expected := sum(info.rows for info in manifest.shards)):
        raise ConfigError(
            f"the list of {manifest.name} {manifest.version} names {count} pictures, and its shards hold {expected}; "
            "expected the list that was written with this manifest"
        )
    return count


def planned(path: Path) -> Iterator[Row]:
    """The rows of such a file."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(BATCH_ROWS):
            yield from batch.to_pylist()


def _of_members(home: Home, manifest: Manifest) -> pa.Table:
    """What dataset/members says of a version, as a list of its pictures; ConfigError where that is not known."""
    path = home.table(MEMBERS.key) / manifest.name / f"{manifest.version}.parquet"
    seal = sealed_members(manifest)
    try:
        found = members.digest_of(path)
    except TableError as error:
        raise ConfigError(
            f"there is no {PICTURES} beside the manifest, and the home has no list of its pictures ({error}); put the "
            f"{PICTURES} of that version beside it"
        ) from error
    if seal != found:
        raise ConfigError(f"{path}: not the list that the manifest seals ({seal or 'none'}); put {PICTURES} beside it")
    rows = tables.read_part(MEMBERS, path)
    columns = {"stored_sha256": rows["sha256"], **{name: rows[name] for name in rows.column_names}}
    return pa.table(
        {
            one.name: columns[one.name].cast(one.type) if one.name in columns else pa.nulls(rows.num_rows, one.type)
            for one in PICTURES_SCHEMA
        },
        schema=PICTURES_SCHEMA,
    )


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
