"""What was taken down and comes back under another item: the same bytes, or another encoding, size or cut of them.

A note keeps how its pictures looked (`Kept`), since a purge removes them. The hashes of every fetched picture are held
against these, and a second look decides. What came back is no original of further copies, so that likeness does not
travel from picture to picture. No damage is an error: what cannot be asked now is asked by the next run.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import duckdb
import pyarrow as pa

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CLUSTERS, FILES, ITEMS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.errors import PdError
from pd_assets.lib.home import Home
from pd_assets.lib.release.notes import LOOK, Again, Kept, Note
from pd_assets.lib.release.pictures import Picture

# Of 64 and of 256 bits, beyond which nothing is looked at twice. A crop of 2% at 60% of the size and JPEG quality 70 is
# 14 and 58 away at most (150 paintings).
NEAR_BITS, NEAR_DETAIL_BITS = 22, 100
# Where no second look can be had: of 1,200 paintings the two that are nearest are 8 and 85 away, or 12 and 76.
BITS, DETAIL_BITS = 16, 64
# An item that was taken down before anything was known of its picture.
OF_THE_ITEM = "item"
_BANNED = pa.schema([(name, pa.string()) for name in ("key", "item_id", "sha256", "sha1")])
_KEPT = pa.schema([(name, pa.string()) for name in ("key", "sha256", "phash", "detail_hash")])

log = logging.getLogger(__name__)


def remembering(home: Home, note: Note) -> Note:
    """The note with how its pictures look, as far as that can be told now."""
    wanted = {one.sha256 for one in note.pictures if one.sha256} - {one.sha256 for one in note.kept}
    if not wanted:
        return note
    try:
        found = tables.query(
            home,
            "select distinct on (sha256) sha256, phash, detail_hash from ("
            "select sha256, phash, detail_hash, 0 as place from files union all "
            "select sha256, phash, detail_hash, 1 from clusters"
            ") where phash is not null and sha256 in (select unnest($wanted::varchar[])) order by sha256, place",
            {"files": FILES, "clusters": CLUSTERS},
            {"wanted": sorted(wanted)},
        )
    except (PdError, duckdb.Error, OSError) as error:
        log.warning("%s: not known how it looks (%s)", note.number, " ".join(str(error).split()))
        return note
    return replace(note, kept=(*note.kept, *(Kept(**row) for row in found.to_pylist())))


def came_back(home: Home, notes: Sequence[Note]) -> list[Note]:
    """The notes for which something came back, or is known now, with it; others are left out."""
    if not notes:
        return []
    try:
        by_bytes = _by_bytes(home, notes)
        by_look = _by_look(home, notes)
    except (PdError, duckdb.Error, OSError) as error:
        log.warning("not known whether what was taken down came back (%s)", " ".join(str(error).split()))
        return []
    changed = []
    for note in notes:
        more = _with(note, [*by_bytes.get(note.key, ()), *by_look.get(note.key, ())])
        if more != note:
            changed.append(more)
    return changed


def _with(note: Note, found: Iterable[Mapping[str, object]]) -> Note:
    pictures, again = list(note.pictures), list(note.again)
    known = {(one.item_id, one.sha256) for one in note.meant}
    for row in found:
        item_id, matched_by = str(row["item_id"]), str(row["matched_by"])
        sha256, sha1 = (None if row[name] is None else str(row[name]) for name in ("sha256", "sha1"))
        if matched_by == OF_THE_ITEM:
            is_meant = any(one.item_id == item_id and one.is_meant for one in pictures)
            pictures = [one for one in pictures if one.item_id != item_id or one.sha256 or one.sha1]
            pictures.append(Picture(item_id=item_id, sha256=sha256, sha1=sha1, is_meant=is_meant))
        elif (item_id, sha256) not in known:
            known.add((item_id, sha256))
            again.append(Again(item_id=item_id, sha256=sha256, sha1=sha1, matched_by=matched_by))
    more = replace(note, pictures=tuple(dict.fromkeys(pictures)), again=tuple(again))
    # A purge has more to remove.
    return more if more.digests <= note.digests else replace(more, purged_at=None)


def _by_bytes(home: Home, notes: Sequence[Note]) -> Mapping[str, list[Mapping[str, object]]]:
    with tables.engine(home) as connection:
        for name, table in (("items", ITEMS), ("files", FILES), ("clusters", CLUSTERS)):
            tables.relation(connection, home, table).create_view(name)
        connection.register("banned", _banned(notes))
        found = connection.sql(load("came_back")).to_arrow_table().to_pylist()
        connection.unregister("banned")
    return _by_key(found)


def _by_look(home: Home, notes: Sequence[Note]) -> Mapping[str, list[Mapping[str, object]]]:
    kept = {(note.key, one.sha256): one for note in notes for one in note.kept if one.phash}
    if not kept:
        return {}
    listed = [
        {"key": key, "sha256": one.sha256, "phash": one.phash, "detail_hash": one.detail_hash}
        for (key, _), one in kept.items()
    ]
    near = {"bits": NEAR_BITS, "detail_bits": NEAR_DETAIL_BITS}
    with tables.engine(home) as connection:
        tables.relation(connection, home, FILES).create_view("files")
        connection.register("kept", pa.Table.from_pylist(listed, schema=_KEPT))
        connection.register("named", _banned(notes))
        found = connection.sql(load("looks_near"), params=near).to_arrow_table().to_pylist()
        connection.unregister("kept")
        connection.unregister("named")
    same = [row for row in found if _is_same(home, kept[row["key"], row["gone_sha256"]], row)]
    return _by_key([{**row, "matched_by": LOOK} for row in same])


def _is_same(home: Home, kept: Kept, row: Mapping[str, object]) -> bool:
    """Whether a picture is one that was taken down, in another encoding, size or cut."""
    return int(str(row["bits"])) <= BITS and int(str(row["detail_bits"])) <= DETAIL_BITS


def _banned(notes: Iterable[Note]) -> pa.Table:
    rows = [
        {"key": note.key, "item_id": one.item_id or None, "sha256": one.sha256, "sha1": one.sha1}
        for note in notes
        for one in note.pictures
    ]
    rows += [
        {"key": note.key, "item_id": one.item_id, "sha256": None, "sha1": None} for note in notes for one in note.again
    ]
    return pa.Table.from_pylist(rows, schema=_BANNED)


def _by_key(found: Collection[Mapping[str, object]]) -> Mapping[str, list[Mapping[str, object]]]:
    by_key: dict[str, list[Mapping[str, object]]] = {}
    for row in found:
        by_key.setdefault(str(row["key"]), []).append(row)
    return by_key
