"""The shard format: the Parquet files of an exported dataset, and the manifest that makes a folder of them a dataset.

A dataset folder holds `<split>-<number>.parquet` files and `manifest.json`, which is written last and lists every
shard with its size and SHA-256: a folder without it is unfinished and is never read, and a shard is read only once it
has that SHA-256. No torch in here. Errors: ShardError.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pd_ml.disk import NO_SPACE

FORMAT_VERSION = 1
SPLITS = ("train", "validation", "test")
MANIFEST = "manifest.json"
# The list of the pictures in the shards, with what is known of each; the manifest's facts have its SHA-256.
PICTURES, PICTURES_SHA256 = "pictures.arrow", "pictures_sha256"
# Few enough that one picture can be read without many others.
ROW_GROUP_ROWS = 64

# The layout that `datasets` knows as an Image: with plain binary it would hand out bytes instead of pictures.
IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])

_FORMAT_KEY = b"pd_shard_format"

# Encoded pictures do not compress again: only the texts get zstd.
COMPRESSION = "ZSTD"
NOT_COMPRESSED = "image.bytes"
REPEATED = ("rule_id", "label_licence")

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
    """What a dataset folder holds. `version` is the digest of the inputs, `digest` that of the shards' bytes.

    `tars` are the same examples as WebDataset archives, where they were asked for.
    """

    name: str
    version: str
    digest: str
    shards: tuple[ShardInfo, ...]
    counts: Mapping[str, int]
    facts: Mapping[str, object] = field(default_factory=dict)
    tars: tuple[ShardInfo, ...] = ()
    format_version: int = FORMAT_VERSION


def arrow_schema() -> pa.Schema:
    """The schema of every shard, with the key that lets `datasets` decode the image column by itself."""
    features: dict[str, object] = {
        name: {"_type": "Image"} if name == "image" else _feature(kind) for name, (kind, _) in COLUMNS.items()
    }
    metadata = {
        b"huggingface": json.dumps({"info": {"features": features}}).encode(),
        _FORMAT_KEY: str(FORMAT_VERSION).encode(),
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
        written.append(write_shard(rows, folder / shard_name(split, number), split))
    return written


def shard_name(split: str, number: int) -> str:
    """The file of one shard."""
    return f"{split}-{number:05d}.parquet"


def place_of(path: str) -> tuple[int, int]:
    """Where a shard comes among those of its dataset: by split and number."""
    split, _, number = Path(path).stem.rpartition("-")
    return SPLITS.index(split), int(number)


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


def write_shard(examples: Iterable[Mapping[str, object]], path: Path, split: str) -> ShardInfo:
    """Write one shard, a row group at a time, beside its place, and rename it into it. Columns left out are null."""
    schema = arrow_schema()
    partial = path.with_name(f".{path.name}.partial")
    rows = 0
    try:
        with pq.ParquetWriter(
            partial,
            schema,
            compression=_compression(schema),
            use_dictionary=list(REPEATED),
            write_statistics=False,
        ) as writer:
            for group in _groups(examples, ROW_GROUP_ROWS):
                wrapped = [{**row, "image": {"bytes": row["image"], "path": None}} for row in group]
                writer.write_table(pa.Table.from_pylist(wrapped, schema=schema))
                rows += len(group)
        info = ShardInfo(
            path=path.name, split=split, rows=rows, size_bytes=partial.stat().st_size, sha256=sha256_of(partial)
        )
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return info


def _compression(schema: pa.Schema) -> dict[str, str]:
    """The compression of every column on disk: those of lists and structs have names of their own."""
    names = [name for entry in schema for name in _columns_on_disk(entry.name, entry.type)]
    return {name: "NONE" if name == NOT_COMPRESSED else COMPRESSION for name in names}


def _columns_on_disk(name: str, kind: pa.DataType) -> Iterator[str]:
    if pa.types.is_struct(kind):
        for inner in kind:
            yield from _columns_on_disk(f"{name}.{inner.name}", inner.type)
    elif pa.types.is_list(kind):
        yield from _columns_on_disk(f"{name}.list.element", kind.value_type)
    else:
        yield name


def _groups(examples: Iterable[Mapping[str, object]], rows: int) -> Iterator[list[Mapping[str, object]]]:
    examples = iter(examples)
    while group := list(islice(examples, rows)):
        yield group


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
    return parse_manifest(path)


def parse_manifest(path: Path) -> Manifest:
    """The manifest in a file; ShardError where it is damaged or of another format."""
    try:
        raw = json.loads(path.read_text())
        found = raw["format_version"]
        if found != FORMAT_VERSION:
            raise ShardError(
                f"{path}: format version {found}, expected {FORMAT_VERSION}; export the dataset again with this version"
            )
        listed = {name: tuple(ShardInfo(**shard) for shard in raw.get(name, ())) for name in ("shards", "tars")}
        return Manifest(**{**raw, **listed})
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise ShardError(f"{path}: not a dataset manifest ({error}); export the dataset again") from error


def verify(folder: Path, manifest: Manifest | None = None) -> Manifest:
    """Read every shard once and compare size and SHA-256 with the manifest; ShardError lists every mismatch."""
    manifest = manifest or read_manifest(folder)
    _require(folder, [_fault(folder / info.path, info) for info in (*manifest.shards, *manifest.tars)])
    return manifest


def is_exported(folder: Path) -> bool:
    """Finished, or begun: a folder of our shards without their manifest is never taken for something else."""
    names = [f"{split}-00000.parquet" for split in SPLITS]
    return any((folder / name).is_file() for name in (MANIFEST, *names))


def verify_once(folder: Path, *, cache: Path) -> Manifest:
    """As `verify`, but a shard whose size, time and inode are those noted in the folder `cache` is not read again."""
    manifest = read_manifest(folder)
    record = cache / f"{manifest.digest[:16]}-verified.json"
    noted = _read_record(record)
    now = {info.path: _stamp(folder / info.path, info) for info in manifest.shards}
    _SOUND.update(stamp for stamp in now.values() if stamp is not None and list(stamp) in noted)
    _require(folder, [_fault_unless_seen(folder / info.path, info) for info in manifest.shards])
    if any(list(stamp) not in noted for stamp in now.values() if stamp is not None):
        _write_record(record, [stamp for stamp in now.values() if stamp is not None])
    return manifest


# Path, size, time of change, inode and SHA-256 of the shards that this process knows to be sound.
_Stamp = tuple[str, int, int, int, str]
_SOUND: set[_Stamp] = set()
# A file that was changed this lately may be changed again without its time telling.
TIME_STEP_NS = 50_000_000


def _stamp(path: Path, info: ShardInfo) -> _Stamp | None:
    """What tells that a file is the one that was read before; None where nothing does."""
    try:
        state = path.stat()
    except OSError:
        return None
    if time.time_ns() - state.st_mtime_ns < TIME_STEP_NS:
        return None
    return (str(path.resolve()), state.st_size, state.st_mtime_ns, state.st_ino, info.sha256)


def _write_record(record: Path, stamps: Sequence[_Stamp]) -> None:
    """Where the disk is full, nothing is noted, and the shards are read through again the next time."""
    record.parent.mkdir(parents=True, exist_ok=True)
    partial = record.with_name(f".{record.name}.partial-{os.getpid()}")
    try:
        partial.write_text(json.dumps(stamps))
        os.replace(partial, record)
    except OSError as error:
        partial.unlink(missing_ok=True)
        if error.errno not in NO_SPACE:
            raise


def _read_record(record: Path) -> list[object]:
    try:
        found = json.loads(record.read_text())
    except (OSError, ValueError):
        return []
    return found if isinstance(found, list) else []


def is_sound(path: Path, info: ShardInfo) -> bool:
    """Whether a shard has the bytes that it was written with; read once for as long as the file is not touched."""
    return _fault_unless_seen(path, info) is None


def _fault_unless_seen(path: Path, info: ShardInfo) -> str | None:
    stamp = _stamp(path, info)
    if stamp is not None and stamp in _SOUND:
        return None
    fault = _fault(path, info)
    if fault is None and stamp is not None:
        _SOUND.add(stamp)
    return fault


def _fault(path: Path, info: ShardInfo) -> str | None:
    """What is wrong with a shard's file, or None."""
    if not path.is_file():
        return f"{info.path} is missing"
    if path.stat().st_size != info.size_bytes:
        return f"{info.path} has {path.stat().st_size} bytes, expected {info.size_bytes}"
    if sha256_of(path) != info.sha256:
        return f"{info.path} has another SHA-256 than the manifest says"
    return None


def _require(folder: Path, faults: Iterable[str | None]) -> None:
    if found := [fault for fault in faults if fault is not None]:
        raise ShardError(f"{folder}: {'; '.join(found)}; export the dataset again (dataset/shards)")


def read_batches(
    folder: Path,
    split: str,
    columns: Sequence[str] = tuple(COLUMNS),
    *,
    batch_rows: int = ROW_GROUP_ROWS,
    trusted: bool = False,
) -> Iterator[pa.RecordBatch]:
    """The rows of one split in their written order, as record batches of at most `batch_rows`.

    The column `image` comes as the encoded bytes themselves. ShardError for an altered shard, before any row of it;
    `trusted` leaves the bytes unread that are not asked for, and so the SHA-256 unchecked.
    """
    manifest = read_manifest(folder)
    for shard in manifest.shards:
        if shard.split != split:
            continue
        path = folder / shard.path
        with _opened(path) as file:
            if not trusted:
                _require(folder, [_fault_unless_seen(path, shard)])
            for batch in file.iter_batches(batch_size=batch_rows, columns=list(columns)):
                yield image_bytes(batch)


def shard_batches(
    path: Path, columns: Sequence[str] = tuple(COLUMNS), *, batch_rows: int = ROW_GROUP_ROWS
) -> Iterator[pa.RecordBatch]:
    """The rows of one shard's file, its column `image` as the encoded bytes themselves."""
    with _opened(path) as file:
        for batch in file.iter_batches(batch_size=batch_rows, columns=list(columns)):
            yield image_bytes(batch)


def read_group(path: Path, group: int, columns: Sequence[str]) -> pa.RecordBatch:
    """The rows of one row group, of ROW_GROUP_ROWS rows, their column `image` as the encoded bytes themselves."""
    with _opened(path) as file:
        (batch,) = file.iter_batches(batch_size=ROW_GROUP_ROWS, row_groups=[group], columns=list(columns))
    return image_bytes(batch)


@contextmanager
def _opened(path: Path) -> Iterator[pq.ParquetFile]:
    try:
        with pq.ParquetFile(path) as file:
            _require_format(path, file.schema_arrow)
            yield file
    except (OSError, pa.ArrowInvalid) as error:
        raise ShardError(f"{path}: cannot be read as Parquet ({error}); export the dataset again") from error


def _require_format(path: Path, schema: pa.Schema) -> None:
    found = (schema.metadata or {}).get(_FORMAT_KEY, b"none").decode(errors="replace")
    if found != str(FORMAT_VERSION):
        raise ShardError(
            f"{path}: a shard of format version {found}, expected {FORMAT_VERSION}; export the dataset again with this "
            "version"
        )


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
