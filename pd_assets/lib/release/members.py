"""Which pictures each dataset version holds: `dataset/members`, a part per version that outlives the dataset's folder.

It is there before the dataset's manifest is, which seals it by digest. A part that is missing, damaged or not what was
sealed is made anew from the dataset's own folder where that is whole; else nobody knows what the version held, and
whoever asks has to take it that it held everything.
"""

import json
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.catalog import damage, table_files, tables
from pd_assets.lib.catalog.digests import ContentDigest
from pd_assets.lib.catalog.schemas import MEMBERS, Table
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.dataset.exported import Export, as_dataset, columns_of, is_proved, pictures_of
from pd_assets.lib.errors import PdError, TableError
from pd_assets.lib.home import Home, replacing, write_text
from pd_assets.lib.release.asking import ROWS
from pd_assets.lib.release.remembered import once
from pd_ml.data.shards import (
    MANIFEST,
    PICTURES,
    TIME_STEP_NS,
    Manifest,
    ShardError,
    ShardInfo,
    is_sound,
    parse_manifest,
)
from pd_ml.provenance import MEMBERS as SEALED
from pd_ml.provenance import sealed_members

# What reading a damaged Parquet or Arrow file raises.
UNREADABLE = (PdError, ShardError, OSError, pa.ArrowException, ValueError)
# A list of before told nothing of these, nor does the part that was made of it: what sealed it was over the others.
LATER = ("page_url", "revid", "evidence_digest", "caption_licences")
_OF_BEFORE = replace(MEMBERS, columns={name: told for name, told in MEMBERS.columns.items() if name not in LATER})


@dataclass(frozen=True, kw_only=True)
class DatasetVersion:
    """A dataset version that was finished once; `folder` may have been removed since."""

    name: str
    version: str
    folder: Path
    is_latest: bool

    @property
    def is_there(self) -> bool:
        return self.folder.is_dir()


@dataclass(frozen=True, kw_only=True)
class Members:
    """The parts by version, those that can be read, and of which versions it is not known that a part tells all.

    What a part names a version did hold. What it does not name it may have held all the same, where it is `unknown`.
    """

    parts: Mapping[str, Path]
    unknown: Mapping[str, str]


def record(home: Home, export: Export) -> str:
    """Note which pictures an export holds, unless it is noted already. The digest, for the manifest to seal."""
    # `replacing` leaves one that says the same as it is.
    with replacing(_part(home, export.name, export.version)) as partial:
        return _write(home, export.folder, export.shards, partial)


def repair_members(home: Home) -> tuple[list[str], list[str]]:
    """Make the parts anew that are not known to be right, of each finished dataset whose folder is whole.

    Which versions were mended, and of which others nobody can tell what they held, with why.
    """
    mended = []
    for version in known(home).unknown:
        if not version:
            continue
        for manifest in _manifests(home, version):
            folder = home.dataset(manifest.name, version)
            seal = sealed_members(manifest)
            with suppress(*UNREADABLE):
                home.fetched(folder)
                if not all(is_sound(folder / info.path, info) for info in manifest.shards):
                    continue
                with replacing(_part(home, manifest.name, version)) as partial:
                    if _write(home, folder, manifest.shards, partial) != (seal or digest_of(partial)):
                        raise TableError(f"{folder}: not what its manifest sealed")
                mended.append(version)
    keep_seals(home)
    return mended, [f"{version}: {why}" for version, why in known(home).unknown.items()]


def known(home: Home, *, seals: Mapping[str, Collection[str]] | None = None) -> Members:
    """What can be told of every dataset version that was ever finished, or that `seals` names: digests of its part that
    models were trained with.
    """
    seals = seals or {}
    paths = {path.stem: path for path in tables.parts(home, MEMBERS)}
    finished = {path.parent.name for path in (home.root / "dataset").glob(f"[!.]*/[!.]*/{MANIFEST}")}
    found: dict[str, Path] = {}
    unknown: dict[str, str] = {}
    for version in sorted({*paths, *finished, *seals}):
        try:
            if version not in paths:
                raise TableError(f"{MEMBERS.key} has no part of dataset {version or 'without a version'}")
            told = once(home, paths[version], digest_of)
            found[version] = paths[version]
            _require_proof(home, version, told, {seal for seal in seals.get(version, ()) if seal})
        except UNREADABLE as error:
            unknown[version] = " ".join(str(error).split())
    return Members(parts=found, unknown=unknown)


def _require_proof(home: Home, version: str, told: str, seals: set[str]) -> None:
    """An error of UNREADABLE where the digest of a part is not what was sealed, or nothing proves it."""
    sealed = {*seals, *filter(None, map(sealed_members, [*_manifests(home, version), *_kept(home, version)]))}
    if not sealed:
        # Of before there were seals: its folder proves it, while it is there.
        sealed = {_digest_in(home, home.dataset(one.name, version), one.shards) for one in _manifests(home, version)}
    if not sealed:
        raise TableError(f"{MEMBERS.key}: nothing proves what dataset {version} held; its folder and manifest are gone")
    if sealed != {told}:
        raise TableError(f"{MEMBERS.key}: the part of dataset {version} is not what its manifest or its models sealed")


def keep_seals(home: Home) -> None:
    """Keep what seals each list of pictures beside it, where it outlives the dataset's folder: the manifest."""
    for version in sorted({path.stem for path in tables.parts(home, MEMBERS)}):
        for manifest in _manifests(home, version):
            part = _part(home, manifest.name, version)
            with suppress(*UNREADABLE):
                told = digest_of(part)
                sealed = sealed_members(manifest) or _digest_in(
                    home, home.dataset(manifest.name, version), manifest.shards
                )
                if sealed == told:
                    facts = {**manifest.facts, SEALED: sealed}
                    write_text(part.with_suffix(".json"), json.dumps(asdict(replace(manifest, facts=facts))) + "\n")


def _manifests(home: Home, version: str) -> list[Manifest]:
    """The manifests in a version's folders."""
    return _readable(version, (home.root / "dataset").glob(f"[!.]*/{version}/{MANIFEST}") if version else ())


def _kept(home: Home, version: str) -> list[Manifest]:
    """Those that outlive the folder."""
    return _readable(version, home.table(MEMBERS.key).glob(f"*/{version}.json") if version else ())


def _readable(version: str, paths: Iterable[Path]) -> list[Manifest]:
    """The manifests that can be read and are those of this version and of their place."""
    found = []
    for path in sorted(paths):
        name = path.parent.parent.name if path.name == MANIFEST else path.parent.name
        with suppress(*UNREADABLE):
            manifest = parse_manifest(path)
            if (manifest.name, manifest.version) == (name, version):
                found.append(manifest)
    return found


def digest_of(path: Path) -> str:
    """The digest of a part; TableError where it cannot be read, or is the part of another version."""
    if not path.is_file():
        raise TableError(f"{path}: missing")
    stat = path.stat()
    if time.time_ns() - stat.st_mtime_ns < TIME_STEP_NS:
        return _digest_of(path)
    return _digest_once(path, (stat.st_size, stat.st_mtime_ns, stat.st_ino), _digest_of)


@lru_cache(maxsize=1024)
def _digest_once(path: Path, stamp: tuple[int, int, int], digest: Callable[[Path], str]) -> str:
    """A file that did not change is read once a process."""
    del stamp
    return digest(path)


def _digest_of(path: Path) -> str:
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            table = _told_by(file.schema_arrow.names)
            told = ContentDigest(table.schema)
            for batch in file.iter_batches(ROWS, columns=list(table.columns)):
                content = pa.Table.from_batches([batch]).cast(table.schema)
                if {*content["version"].unique().to_pylist()} != {path.stem}:
                    raise TableError(f"{path}: the list of another dataset version")
                told.add(content)
    except (OSError, pa.ArrowException, ValueError, KeyError) as error:
        raise TableError(f"{MEMBERS.key}: {path} cannot be read ({' '.join(str(error).split())})") from error
    return told.hexdigest()


def _digest_in(home: Home, folder: Path, infos: Collection[ShardInfo]) -> str:
    """The digest of the part that a dataset's folder gives."""
    table = _told_in(home, folder)
    told = ContentDigest(table.schema)
    for batch in _rows(home, folder, infos):
        told.add(pa.Table.from_batches([batch]).select(list(table.columns)).cast(table.schema))
    return told.hexdigest()


def _write(home: Home, folder: Path, infos: Collection[ShardInfo], path: Path) -> str:
    return table_files.stream(_told_in(home, folder), _rows(home, folder, infos), path)


def _told_in(home: Home, folder: Path) -> Table:
    """The table with the columns that the list in a dataset's folder gives a part."""
    home.fetched(folder / PICTURES)
    return _told_by(columns_of(folder / PICTURES))


def _told_by(columns: Collection[str]) -> Table:
    return MEMBERS if set(LATER) <= set(columns) else _OF_BEFORE


def _rows(home: Home, folder: Path, infos: Collection[ShardInfo]) -> Iterator[pa.RecordBatch]:
    """The pictures of a dataset's folder. TableError where its list and its shards do not tell the same ones."""
    home.fetched(folder / PICTURES)
    splits = pa.Table.from_pylist([{"shard": info.path, "split": info.split} for info in infos])
    about = {"dataset": folder.parent.name, "version": folder.name}
    expected = sum(info.rows for info in infos)
    rows = 0
    with tables.engine(home) as connection:
        listed = sum(batch.num_rows for batch in pictures_of(folder))
        connection.from_arrow(as_dataset(folder / PICTURES)).create_view("listed")
        connection.from_arrow(splits).create_view("splits")
        if is_proved(folder):
            sql = load("dataset_members_listed")
        else:
            sql = load("dataset_members")
            home.fetched(*(folder / info.path for info in infos))
            files = [str(folder / info.path) for info in infos]
            connection.read_parquet(files, hive_partitioning=False).create_view("shards")
        for batch in connection.sql(sql, params=about).to_arrow_reader(ROWS):
            rows += batch.num_rows
            yield batch
    if not rows == listed == expected:
        raise TableError(
            f"{folder}: {PICTURES} and the shards name {rows} pictures together, {listed} are in the list and "
            f"{expected} in the shards; export it again (dataset/shards)"
        )


def versions(home: Home) -> list[DatasetVersion]:
    """Every dataset version that was ever finished."""
    found = []
    for path in tables.parts(home, MEMBERS):
        name, version = path.parent.name, path.stem
        latest = home.pointed("dataset", name, "latest")
        found.append(
            DatasetVersion(name=name, version=version, folder=home.dataset(name, version), is_latest=version == latest)
        )
    return found


def pictures(home: Home, version: str) -> set[tuple[str, str]]:
    """The pictures of a dataset version: item and SHA-256 in the store; empty where the version is not known."""
    paths = [path for path in tables.parts(home, MEMBERS) if path.stem == version]
    return {pair for path in paths for pair in pairs(path)}


def pairs(path: Path) -> set[tuple[str, str]]:
    """Item and SHA-256 in the store of each picture of a part."""
    content = tables.read_part(MEMBERS, path, ["item_id", "sha256"])
    return set(zip(content["item_id"].to_pylist(), content["sha256"].to_pylist(), strict=True))


def held(path: Path) -> Iterator[pa.RecordBatch]:
    """The same in bounded memory: columns `item_id` and `sha256`."""
    for batch in damage.batches(MEMBERS, path, ROWS):
        yield batch.select(["item_id", "sha256"])


def _part(home: Home, name: str, version: str) -> Path:
    return home.table(MEMBERS.key) / name / f"{version}.parquet"
