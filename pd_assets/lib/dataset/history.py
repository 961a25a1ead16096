"""What an export goes on from: the last one of its kind, which of its shards are whole, and what each holds.

An export of before its list told of labels is read from its shards, once. Where nothing can be told of what the shards
hold there is no history: everything is written anew.
"""

import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.dataset.exported import (
    BATCH_ROWS,
    INDEX,
    PICTURES_SCHEMA,
    Export,
    as_dataset,
    in_todays_form,
    is_proved,
    listing,
    of_shards,
    parse_export,
    pictures_of,
    read_export,
)
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, remove_folder, write_text
from pd_ml.data import shards
from pd_ml.data.shards import PICTURES, TIME_STEP_NS, ShardInfo

# A change of these makes other shards of every picture.
OF_ALL_SHARDS = ("shard_bytes", "max_side")
REST = ".rest"
HALF_A_REST = f"{REST}.partial"
# What DuckDB calls the digest of labels, the words of captions and the number of a shard.
MACROS = r"""
create macro label_digest(page_url, label_licence, captions) as
    md5_number_lower(to_json([page_url, label_licence]::varchar[] || coalesce(captions, []))::varchar);
create macro words(captions) as regexp_extract_all(lower(array_to_string(captions, ' ')), '[\p{L}\p{N}]+');
create macro number_of(shard) as try_cast(regexp_extract(shard, '(\d+)\.parquet$', 1) as bigint);
"""

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class History:
    """The last export; `pictures` lists what its shards hold, in today's form; `whole` are those that may be linked."""

    export: Export
    pictures: Path
    whole: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class WholeShards:
    """Which files were found to be whole, by size, time and inode: a link has those of its shard, and is not read."""

    note: Path
    noted: dict[str, str]

    @classmethod
    def of(cls, home: Home, name: str) -> "WholeShards":
        note = home.scratch / f"whole-shards-{hashlib.sha256(name.encode()).hexdigest()[:16]}.json"
        found: object = None
        with suppress(OSError, ValueError):
            found = json.loads(note.read_text())
        return cls(note=note, noted=found if isinstance(found, dict) else {})

    def has(self, path: Path, info: ShardInfo) -> bool:
        """Whether a shard has the bytes that it was written with; read through where that is not noted."""
        stamp = _stamp(path)
        return (stamp is not None and self.noted.get(stamp) == info.sha256) or shards.is_sound(path, info)

    def keep(self, folder: Path, infos: Iterable[ShardInfo]) -> None:
        """Note the shards of a folder, which were just written, or found to be whole; and forget all others."""
        stamps = ((_stamp(folder / info.path), info.sha256) for info in infos)
        write_text(self.note, json.dumps({stamp: sha256 for stamp, sha256 in stamps if stamp is not None}))


def _stamp(path: Path) -> str | None:
    try:
        state = path.stat()
    except OSError:
        return None
    if time.time_ns() - state.st_mtime_ns < TIME_STEP_NS:
        return None
    return f"{state.st_size} {state.st_mtime_ns} {state.st_ino}"


def last_export(home: Home, name: str) -> Export | None:
    """The export to go on from: the current one, or what a purge left of it."""
    with suppress(ConfigError):
        return read_export(home, name=name)
    with suppress(ConfigError):
        return parse_export(rest_of(home, name), name)
    return None


def rest_of(home: Home, name: str) -> Path:
    """Where the shards of a dataset are that a purge left: no version of it, and nothing reads them but an export."""
    return home.root / "dataset" / name / REST


def keep_rest(home: Home, folder: Path, chosen: Callable[[pa.RecordBatch], pa.RecordBatch]) -> None:
    """Keep the shards of an export that goes, without those that hold some pictures: the next one goes on from them.

    `chosen` picks their rows of a list. Nothing is kept where it is not proved what the shards hold.
    """
    name = folder.parent.name
    rest, partial = rest_of(home, name), folder.parent / HALF_A_REST
    shutil.rmtree(partial, ignore_errors=True)
    if not is_proved(folder):
        remove_folder(rest)
        return
    export = parse_export(folder, name)
    held = {shard for batch in pictures_of(folder) for shard in chosen(batch)["shard"].unique().to_pylist()}
    # One in a bucket may not be here.
    kept = tuple(info for info in export.shards if info.path not in held and (folder / info.path).is_file())
    paths = {info.path for info in kept}
    partial.mkdir()
    for info in kept:
        share(folder / info.path, partial / info.path)
    with listing(partial / PICTURES) as add:
        add(of_shards(in_todays_form(pictures_of(folder)), paths))
    keys = {path: export.keys[path] for path in sorted(paths)}
    left = replace(export, shards=kept, tars=(), skipped=(), keys=keys, tables="")
    write_text(partial / INDEX, replace(left, listed=shards.sha256_of(partial / PICTURES)).to_json())
    remove_folder(rest)
    os.replace(partial, rest)


def share(source: Path, target: Path) -> None:
    """Have a file under another name too."""
    try:
        os.link(source, target)
    except OSError:
        # Some file systems have no links.
        shutil.copyfile(source, target)


def history(
    home: Home, last: Export | None, config: Mapping[str, object], known: WholeShards, scratch: Path
) -> History | None:
    """What there is to go on from; None where the last export is of other shards, or nobody can tell what it holds."""
    if last is None or last.format_version != shards.FORMAT_VERSION:
        return None
    if any(last.config.get(name) != config[name] for name in OF_ALL_SHARDS):
        return None
    whole = frozenset(info.path for info in last.shards if known.has(last.folder / info.path, info))
    for info in last.shards:
        if info.path not in whole:
            path = last.folder / info.path
            log.warning("%s is missing or was altered since it was written; it is written anew", path)
    pictures = last.folder / PICTURES
    if not last.listed:
        pictures = scratch / "held.arrow"
        _list_anew(home, last, whole, pictures)
    elif not is_proved(last.folder):
        log.warning("%s was altered since it was written; every shard is written anew", pictures)
        return None
    return History(export=last, pictures=pictures, whole=whole)


def _list_anew(home: Home, last: Export, whole: frozenset[str], path: Path) -> None:
    """Read from the shards of an export what a list of today says of them."""
    with tables.engine(home) as connection, listing(path) as add:
        connection.execute(MACROS)
        old = last.folder / PICTURES
        listed = as_dataset(old) if old.is_file() else PICTURES_SCHEMA.empty_table()
        connection.from_arrow(listed).create_view("listed")
        if files := [str(last.folder / name) for name in sorted(whole)]:
            written = connection.read_parquet(files, hive_partitioning=False, filename=True)
            written.create_view("written")
            found = connection.sql(load("export_held")).to_arrow_reader(BATCH_ROWS)
            add(batch.cast(PICTURES_SCHEMA) for batch in found)
