"""What a remote home holds: one Parquet object that lists every file with its digest, size and time.

Writing it is what publishes a change: a file that it does not list is not there, whatever lies in the bucket.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.errors import ObjectAltered

VERSION = "1"
SCHEMA = pa.schema(
    [
        pa.field("path", pa.string(), nullable=False),
        pa.field("sha256", pa.binary(32), nullable=False),
        pa.field("size_bytes", pa.int64(), nullable=False),
        pa.field("changed_ns", pa.int64(), nullable=False),
    ]
)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file: its content, and when it was changed, which steps use to tell that nothing was."""

    sha256: bytes
    size_bytes: int
    changed_ns: int


Files = Mapping[str, Entry]


def to_bytes(files: Files, note: str = "") -> bytes:
    """The files, path -> entry, as Parquet. `note` is a word of the writer's that comes back with them."""
    rows = sorted(files.items())
    table = pa.table(
        {
            "path": [path for path, _ in rows],
            "sha256": [entry.sha256 for _, entry in rows],
            "size_bytes": [entry.size_bytes for _, entry in rows],
            "changed_ns": [entry.changed_ns for _, entry in rows],
        },
        schema=SCHEMA.with_metadata({"version": VERSION, "note": note}),
    )
    written = io.BytesIO()
    pq.write_table(table, written, compression="ZSTD")
    return written.getvalue()


def from_bytes(body: bytes, origin: str | Path) -> tuple[dict[str, Entry], str]:
    """The files and the note. ObjectAltered where this is no such list."""
    try:
        table = pq.read_table(io.BytesIO(body))
        told = table.schema.metadata or {}
        if told.get(b"version") != VERSION.encode():
            raise ValueError(f"version {told.get(b'version')!r}, expected {VERSION}")
        columns = [table[name].to_pylist() for name in ("path", "sha256", "size_bytes", "changed_ns")]
    except (pa.ArrowException, ValueError, KeyError) as error:
        raise ObjectAltered(
            f"{origin}: damaged ({' '.join(str(error).split())}); expected the list of a home's files; restore the "
            "object from a backup or an older version of it"
        ) from error
    rows = zip(*columns, strict=True)
    files = {
        path: Entry(sha256=sha256, size_bytes=size_bytes, changed_ns=changed_ns)
        for path, sha256, size_bytes, changed_ns in rows
    }
    return files, told.get(b"note", b"").decode()
