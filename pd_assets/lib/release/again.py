"""What was taken down and comes back under another item: the same bytes, or another encoding, size or cut of them.

A note keeps how its pictures looked (`Kept`), since a purge removes them. The hashes of every fetched picture are held
against these, and a second look decides. What came back is no original of further copies, so that likeness does not
travel from picture to picture. No damage is an error: what cannot be asked now is asked by the next run.
"""

import base64
import json
import logging
import re
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CLUSTERS, FILES, ITEMS
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.errors import PdError
from pd_assets.lib.home import Home, write_text
from pd_assets.lib.release.alike import SIDE, Grey
from pd_assets.lib.release.look import Look, is_same, stored_grey
from pd_assets.lib.release.notes import LOOK, Again, Kept, Note
from pd_assets.lib.release.pictures import Picture

# Twice the bits of 64 that differ and those of 256, beyond which nothing is looked at twice. Of 150 paintings in JPEG
# quality 70 at 60% of the size, those cropped by 2% are 68 away at most, and by 5% 126; of the 719,400 pairs of 1,200
# other paintings 36 are at most 120 away, which is 50 of a million pictures for each that was taken down. At most
# NEAR_BITS are of the 64.
NEAR, NEAR_BITS = 120, 22
# Of 256 bits of the second hash, as in catalog/sql/members.sql.
LEAST_RISES = 8
HASH, DETAIL_HASH = re.compile(r"[0-9a-f]{16}"), re.compile(r"[0-9a-f]{64}")
# Of more pictures of one note, a pattern's say, the hashes alone are kept: a square is 3 KB, and notes are read often.
MOST_SQUARES = 1_000
# Under PD_HOME/.tmp: the pairs that were looked at twice and are not the same.
JUDGED = "looks_judged.json"
# An item that was taken down before anything was known of its picture.
OF_THE_ITEM = "item"
_BANNED = pa.schema([(name, pa.string()) for name in ("key", "item_id", "sha256", "sha1")])
Row = Mapping[str, object]
UNREADABLE = (PdError, duckdb.Error, OSError)

log = logging.getLogger(__name__)


def remembering(home: Home, several: Sequence[Note]) -> list[Note]:
    """The notes with how their pictures look, as far as that can be told now."""
    lacking = {note.key: _without_look(note) for note in several}
    wanted = set().union(*lacking.values())
    if not wanted:
        return list(several)
    try:
        found = tables.query(home, load("looks_of"), {"files": FILES, "clusters": CLUSTERS}, {"wanted": sorted(wanted)})
    except UNREADABLE as error:
        log.warning("not known how %d pictures look (%s)", len(wanted), " ".join(str(error).split()))
        return list(several)
    rows = {str(row["sha256"]): row for row in found.to_pylist()}
    done = []
    for note in several:
        kept = list(note.kept)
        for sha256 in sorted(lacking[note.key] & set(rows)):
            row = rows[sha256]
            look = _written(_grey(home, row["path"], sha256)) if len(kept) < MOST_SQUARES else None
            kept.append(Kept(sha256=sha256, phash=row["phash"], detail_hash=row["detail_hash"], look=look))
        done.append(replace(note, kept=tuple(kept)))
    return done


def _without_look(note: Note) -> set[str]:
    return {one.sha256 for one in note.pictures if one.sha256} - {one.sha256 for one in note.kept}


def _grey(home: Home, place: str | None, sha256: str) -> Grey | None:
    """The grey square of a picture in the store; None where it is gone."""
    for path in [home.root / place] if place else sorted(home.root.glob(f"images/{sha256[:2]}/{sha256}.*")):
        with suppress(*UNREADABLE):
            home.fetched(path)
            return stored_grey(path)
    return None


def _written(grey: Grey | None) -> str | None:
    return None if grey is None else base64.b64encode(zlib.compress(grey.tobytes(), 9)).decode()


def _read(written: str | None) -> Grey | None:
    """ValueError and zlib.error where it is no such square."""
    if written is None:
        return None
    return np.frombuffer(zlib.decompress(base64.b64decode(written)), dtype=np.uint8).reshape(SIDE, SIDE)


def came_back(home: Home, notes: Sequence[Note]) -> tuple[list[Note], list[str]]:
    """The notes for which something came back, or is known now, with it, others left out; and why that is not known."""
    if not notes:
        return [], []
    try:
        by_bytes = _by_bytes(home, notes)
        by_look = _by_look(home, notes)
    except UNREADABLE as error:
        return [], [f"not known whether it came back under another title ({' '.join(str(error).split())})"]
    changed = []
    for note in notes:
        more = _with(note, [*by_bytes.get(note.key, ()), *by_look.get(note.key, ())])
        if more != note:
            changed.append(more)
    return changed, []


def _with(note: Note, found: Iterable[Row]) -> Note:
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


def _by_bytes(home: Home, notes: Sequence[Note]) -> Mapping[str, list[Row]]:
    with tables.engine(home) as connection:
        for name, table in (("items", ITEMS), ("files", FILES), ("clusters", CLUSTERS)):
            tables.relation(connection, home, table).create_view(name)
        connection.register("banned", _banned(notes))
        found = connection.sql(load("came_back")).to_arrow_table().to_pylist()
        connection.unregister("banned")
    return _by_key(found)


def _by_look(home: Home, notes: Sequence[Note]) -> Mapping[str, list[Row]]:
    kept = [(note, one) for note in notes for one in note.kept if _is_comparable(one)]
    if not kept:
        return {}
    words = _words([(one.phash, one.detail_hash) for _, one in kept])
    near: list[tuple[Kept, Row]] = []
    with tables.engine(home) as connection:
        tables.relation(connection, home, FILES).create_view("files")
        for batch in connection.sql(load("looks_here")).to_arrow_reader(tables.BATCH_ROWS):
            here = np.stack([batch[name].to_numpy() for name in ("p", "d0", "d1", "d2", "d3")], axis=1)
            for (note, one), asked in zip(kept, words, strict=True):
                if not len(places := _near(here, asked)):
                    continue
                found = batch.take(pa.array(places)).to_pylist()
                rows = [row for row in found if row["sha256"] != one.sha256 and row["item_id"] not in note.items]
                near += [(one, {**row, "key": note.key}) for row in rows]
    return _by_key([{**row, "matched_by": LOOK} for row in _same(home, near, {one.sha256 for _, one in kept})])


def _is_comparable(one: Kept) -> bool:
    """Whether hashes tell a picture: one whose greys hardly rise anywhere looks like every other of that kind."""
    is_whole = HASH.fullmatch(one.phash or "") and DETAIL_HASH.fullmatch(one.detail_hash or "")
    return bool(is_whole) and int(one.detail_hash or "0", 16).bit_count() >= LEAST_RISES


def _words(hashes: Sequence[tuple[str | None, str | None]]) -> npt.NDArray[np.uint64]:
    """Both hashes of each picture as five 64-bit words."""
    body = bytes.fromhex("".join(f"{phash}{detail_hash}" for phash, detail_hash in hashes))
    return np.frombuffer(body, dtype=">u8").astype(np.uint64).reshape(-1, 5)


def _near(here: npt.NDArray[np.uint64], asked: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """The places of those that are near enough for a second look."""
    bits = np.bitwise_count(here[:, 0] ^ asked[0])
    places = np.flatnonzero(bits <= NEAR_BITS)
    detail = np.bitwise_count(here[places, 1:] ^ asked[1:]).sum(axis=1)
    return places[2 * bits[places].astype(np.int64) + detail <= NEAR]


def _same(home: Home, near: Sequence[tuple[Kept, Row]], asked: Collection[str]) -> list[Row]:
    """Those of the candidates that are one that was taken down, in another encoding, size or cut. `asked` are the
    pictures whose candidates these are: what was judged of others stays as it is.
    """
    path = home.scratch / JUDGED
    try:
        judged = {str(one) for one in json.loads(path.read_text())}
    except (OSError, ValueError, TypeError):
        judged = set()
    strangers, same = [], []
    for kept, row in near:
        pair = f"{kept.sha256} {row['sha256']} {'seen' if kept.look else 'hashes'}"
        if pair in judged:
            strangers.append(pair)
            continue
        # One that is not at hand now, in a bucket say, is looked at twice by a later run.
        there = _grey(home, None if row["path"] is None else str(row["path"]), str(row["sha256"]))
        if _is_same(kept, row, there):
            same.append(row)
        elif there is not None:
            strangers.append(pair)
    now = {*strangers, *(pair for pair in judged if pair.split(" ")[0] not in asked)}
    if judged != now:
        write_text(path, json.dumps(sorted(now)) + "\n")
    return same


def _is_same(kept: Kept, row: Row, there: Grey | None) -> bool:
    """By a second look, or by the hashes alone where one of both is gone."""
    try:
        gone = _read(kept.look)
    except (ValueError, zlib.error):
        gone = None
    one = Look(phash=str(kept.phash), detail_hash=str(kept.detail_hash), grey=gone)
    return is_same(one, Look(phash=str(row["phash"]), detail_hash=str(row["detail_hash"]), grey=there))


def _banned(notes: Iterable[Note]) -> pa.Table:
    rows = [
        {"key": note.key, "item_id": one.item_id or None, "sha256": one.sha256, "sha1": one.sha1}
        for note in notes
        for one in note.meant
    ]
    return pa.Table.from_pylist(rows, schema=_BANNED)


def _by_key(found: Collection[Row]) -> Mapping[str, list[Row]]:
    by_key: dict[str, list[Row]] = {}
    for row in found:
        by_key.setdefault(str(row["key"]), []).append(row)
    return by_key
