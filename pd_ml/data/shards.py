"""The shard format: the Parquet files of an exported dataset, and the manifest that makes a folder of them a dataset.

A dataset folder holds `<split>-<number>.parquet` files and `manifest.json`, which is written last and lists every
shard with its size and SHA-256: a folder without it is unfinished and is never read. No torch in here.
Errors: ShardError.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

FORMAT_VERSION = 1
SPLITS = ("train", "validation", "test")
MANIFEST = "manifest.json"
ROW_GROUP_ROWS = 256

# The layout that `datasets` knows as an Image: with plain binary it would hand out bytes instead of pictures.
IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])

# Column name -> (Arrow type, description). The descriptions are shown in the Dagster UI and on the dataset card.
COLUMNS: Mapping[str, tuple[pa.DataType, str]] = {
    "image": (IMAGE, "the encoded picture: `bytes` is JPEG or PNG, sRGB, without metadata; `path` is null"),
    "caption": (pa.string(), "the first caption; null where the picture has no label"),
    "captions": (pa.list_(pa.string()), "every caption composed for the picture; empty where it has no label"),
    "item_id": (pa.string(), "identity in the catalogue, `commons:M<pageid>` or `smithsonian:<record>:<media>`"),
    "sha256": (pa.string(), "SHA-256 of the image bytes, hexadecimal"),
    "rule_id": (pa.string(), "the rule of the rights table that accepted the picture"),
    "page_url": (pa.string(), "the page on the archive that shows the picture and its rights"),
    "label_licence": (pa.string(), "licence of the caption texts: CC0-1.0, CC-BY-SA-4.0, or null without captions"),
    "width": (pa.int32(), "width of the image, pixels"),
    "height": (pa.int32(), "height of the image, pixels"),
}


class ShardError(Exception):
    """A dataset folder that is unfinished, damaged or of another format; the message says which and what to do."""


@dataclass(frozen=True, kw_only=True)
class ShardInfo:
    """One Parquet file: `path` relative to the dataset folder, its split, rows, bytes and SHA-256."""

    path: str
    split: str
    rows: int
    size_bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a dataset folder holds. `version` is the digest of the inputs, `digest` that of the shards' bytes."""

    name: str
    version: str
    digest: str
    shards: tuple[ShardInfo, ...]
    counts: Mapping[str, int]
    facts: Mapping[str, object] = field(default_factory=dict)
    format_version: int = FORMAT_VERSION


def arrow_schema() -> pa.Schema:
    """The schema of every shard, with the key that lets `datasets` decode the image column by itself."""
    features: dict[str, object] = {
        name: {"_type": "Image"} if name == "image" else _feature(kind) for name, (kind, _) in COLUMNS.items()
    }
    metadata = {
        b"huggingface": json.dumps({"info": {"features": features}}).encode(),
        b"pd_shard_format": str(FORMAT_VERSION).encode(),
    }
    return pa.schema([pa.field(name, kind) for name, (kind, _) in COLUMNS.items()], metadata=metadata)


def _feature(kind: pa.DataType) -> dict[str, object]:
    if pa.types.is_list(kind):
        return {"feature": _feature(kind.value_type), "_type": "List"}
    return {"dtype": str(kind), "_type": "Value"}


def write_shards(
    examples: Iterable[Mapping[str, object]], folder: Path, split: str, *, shard_bytes: int = 256_000_000
) -> list[ShardInfo]:
    """Write `examples` in their order; a shard closes at `shard_bytes` of images.

    An example is a mapping with the keys of COLUMNS, its `image` the encoded bytes themselves. Every file is
    written beside its place and renamed into it, so a shard exists only when complete.
    """
    if split not in SPLITS:
        raise ShardError(f"split {split!r} is not one of {', '.join(SPLITS)}")
    folder.mkdir(parents=True, exist_ok=True)
    written: list[ShardInfo] = []
    for number, rows in enumerate(_by_size(examples, shard_bytes)):
        written.append(_write_shard(rows, folder, f"{split}-{number:05d}.parquet", split))
    return written


def _by_size(examples: Iterable[Mapping[str, object]], shard_bytes: int) -> Iterator[list[Mapping[str, object]]]:
    rows: list[Mapping[str, object]] = []
    size = 0
    for example in examples:
        image = example["image"]
        assert isinstance(image, bytes)
        if rows and size + len(image) > shard_bytes:
            yield rows
            rows, size = [], 0
        rows.append(example)
        size += len(image)
    if rows:
        yield rows


def _write_shard(rows: Sequence[Mapping[str, object]], folder: Path, name: str, split: str) -> ShardInfo:
    wrapped = [{**row, "image": {"bytes": row["image"], "path": None}} for row in rows]
    table = pa.Table.from_pylist(wrapped, schema=arrow_schema())
    partial = folder / f".{name}.partial"
    # Encoded pictures do not compress again: only the text columns get zstd.
    compression = {column: "NONE" if column == "image" else "ZSTD" for column in COLUMNS}
    pq.write_table(table, partial, compression=compression, row_group_size=ROW_GROUP_ROWS, write_statistics=False)
    info = ShardInfo(
        path=name, split=split, rows=len(rows), size_bytes=partial.stat().st_size, sha256=sha256_of(partial)
    )
    os.replace(partial, folder / name)
    return info


def digest_of(shards: Iterable[ShardInfo]) -> str:
    """One SHA-256 over the shards' names and digests: equal for equal bytes."""
    lines = sorted(f"{shard.path} {shard.sha256}" for shard in shards)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `manifest.json` atomically: from then on the folder is a dataset."""
    partial = folder / f".{MANIFEST}.partial"
    partial.write_text(json.dumps(asdict(manifest), indent=1, sort_keys=True) + "\n")
    os.replace(partial, folder / MANIFEST)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a finished dataset folder; ShardError where it is missing, damaged or of another format."""
    path = folder / MANIFEST
    if not path.is_file():
        raise ShardError(
            f"{folder}: no {MANIFEST}; expected a finished dataset folder; export it first (dataset/shards)"
        )
    try:
        raw = json.loads(path.read_text())
        found = raw["format_version"]
        if found != FORMAT_VERSION:
            raise ShardError(
                f"{path}: format version {found}, expected {FORMAT_VERSION}; export the dataset again with this version"
            )
        shards = tuple(ShardInfo(**shard) for shard in raw["shards"])
        return Manifest(**{**raw, "shards": shards})
    except (ValueError, KeyError, TypeError) as error:
        raise ShardError(f"{path}: not a dataset manifest ({error}); export the dataset again") from error


def verify(folder: Path, manifest: Manifest | None = None) -> Manifest:
    """Read every shard once and compare size and SHA-256 with the manifest; ShardError lists every mismatch."""
    manifest = manifest or read_manifest(folder)
    problems: list[str] = []
    for shard in manifest.shards:
        path = folder / shard.path
        if not path.is_file():
            problems.append(f"{shard.path} is missing")
        elif path.stat().st_size != shard.size_bytes:
            problems.append(f"{shard.path} has {path.stat().st_size} bytes, expected {shard.size_bytes}")
        elif sha256_of(path) != shard.sha256:
            problems.append(f"{shard.path} has another SHA-256 than the manifest says")
    if problems:
        raise ShardError(f"{folder}: {'; '.join(problems)}; delete the folder and export the dataset again")
    return manifest


def read_batches(
    folder: Path, split: str, columns: Sequence[str] = tuple(COLUMNS), *, batch_rows: int = ROW_GROUP_ROWS
) -> Iterator[pa.RecordBatch]:
    """The rows of one split in their written order, as record batches of at most `batch_rows`.

    The column `image` comes as the encoded bytes themselves.
    """
    manifest = read_manifest(folder)
    for shard in manifest.shards:
        if shard.split != split:
            continue
        path = folder / shard.path
        try:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(batch_size=batch_rows, columns=list(columns)):
                    yield image_bytes(batch)
        except (OSError, pa.ArrowInvalid) as error:
            raise ShardError(
                f"{path}: cannot be read as Parquet ({error}); delete {folder} and export again"
            ) from error


def image_bytes(batch: pa.RecordBatch) -> pa.RecordBatch:
    """`batch` with its column `image`, where it has one, as the encoded bytes themselves."""
    at = batch.schema.get_field_index("image")
    if at < 0:
        return batch
    return batch.set_column(at, pa.field("image", pa.binary()), batch.column(at).field("bytes"))


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, read in blocks of 1 MiB."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
