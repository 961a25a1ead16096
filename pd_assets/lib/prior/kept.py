"""What was imported, as the home keeps it: `commons/imported.parquet`, a row a title, with the labels that came along.

One file, replaced as a whole, with a checksum for each of its pages. The sync lists the titles as if they were a
category of the name IMPORTED; captions take the labels from here. Nothing of it is evidence. Errors: TableError where
it is damaged: what was imported is then imported once more.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pd_assets.lib.errors import TableError
from pd_assets.lib.home import Home, replacing

# The partition of commons/pages that holds them. No category can have this name: `#` is in no title.
IMPORTED = "#imported"
FORMAT, FORMAT_KEY = "1", b"pd_imported_format"
SCHEMA = pa.schema(
    {
        "title": pa.string(),  # with `File:`, in normal form
        "labels": pa.string(),  # {"labels": [{field, value, licence, seen_in, copied}, ...]}, null where there are none
        "digest": pa.string(),  # of the labels, null where there are none
    }
)


@dataclass(frozen=True, kw_only=True, order=True)
class KeptLabel:
    """A label of the prior system. One that is `copied` from the page gives way to what the page says today."""

    field: str
    value: str
    licence: str
    seen_in: str
    copied: bool


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What an import made different: titles that are new, that have other labels now, and that are as they were."""

    new: int
    changed: int
    same: int


def place(home: Home) -> Path:
    """Where it lies."""
    return home.root / "commons" / "imported.parquet"


def keep(home: Home, found: Iterable[tuple[str, Sequence[KeptLabel]]], *, dry_run: bool = False) -> Kept:
    """Add titles to what was imported before; of a title that is there already the labels are replaced."""
    now = {title: _told(labels) for title, labels in found}
    before = _labels_by_title(read(home))
    kept = Kept(
        new=len(now.keys() - before.keys()),
        changed=sum(title in before and before[title] != told for title, told in now.items()),
        same=sum(title in before and before[title] == told for title, told in now.items()),
    )
    if not dry_run and (kept.new or kept.changed):
        before |= now
        _write(home, before)
    return kept


def read(home: Home) -> pa.Table:
    """The rows, by title; none where nothing was imported."""
    path = place(home)
    if not path.is_file():
        return SCHEMA.empty_table()
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            found = (file.schema_arrow.metadata or {}).get(FORMAT_KEY, b"none").decode(errors="replace")
            if found != FORMAT:
                raise TableError(f"{path}: format {found}, expected {FORMAT}; use the version of pdd that wrote it")
            return file.read().cast(SCHEMA)
    except (OSError, ValueError, pa.ArrowException) as error:
        why = " ".join(str(error).split())[:200]
        raise TableError(f"{path}: cannot be read ({why}); remove it and run pdd import-prior again") from error


def titles(home: Home) -> list[str]:
    """The titles, sorted."""
    found: list[str] = read(home)["title"].to_pylist()
    return found


def show(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    """Make the view `imported` (title, labels, digest) of the titles that have labels."""
    rows = read(home)
    connection.from_arrow(rows.filter(rows["labels"].is_valid())).create_view("imported")


def _labels_by_title(rows: pa.Table) -> dict[str, str | None]:
    return dict(zip(rows["title"].to_pylist(), rows["labels"].to_pylist(), strict=True))


def _told(labels: Sequence[KeptLabel]) -> str | None:
    if not labels:
        return None
    return json.dumps({"labels": [asdict(one) for one in sorted(set(labels))]}, ensure_ascii=False, sort_keys=True)


def _write(home: Home, rows: Mapping[str, str | None]) -> None:
    names = sorted(rows)
    texts = [rows[name] for name in names]
    digests = [None if text is None else hashlib.blake2b(text.encode(), digest_size=16).hexdigest() for text in texts]
    content = pa.table([names, texts, digests], schema=SCHEMA.with_metadata({FORMAT_KEY: FORMAT.encode()}))
    place(home).parent.mkdir(parents=True, exist_ok=True)
    with replacing(place(home)) as partial:
        pq.write_table(content, partial, compression="zstd", write_page_checksum=True)
