"""Whether a picture is here, and which takedowns keep it out: its own, that of its bytes, or of a copy. Told from the
index and the notes, so that it is quick in a large home and knows of a takedown of a second ago.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from pd_assets.lib.catalog.schemas import TAKEDOWNS
from pd_assets.lib.home import Home
from pd_assets.lib.release import notes
from pd_assets.lib.release.kept_out import MATCHED, UNNUMBERED
from pd_assets.lib.release.lookup import Lookup
from pd_assets.lib.release.names import as_known
from pd_assets.lib.release.notes import Note
from pd_assets.lib.release.pictures import Found, with_copies
from pd_assets.lib.release.segments import Row
from pd_assets.lib.rights.plain_words import day
from pd_assets.lib.rights.why import Standing


@dataclass(frozen=True, kw_only=True)
class Down:
    """One takedown that keeps a picture out. `reason` is the operator's own: not for the public."""

    number: str
    taken_down_at: datetime
    reason: str
    how: str
    purged_at: datetime | None = None
    is_purge: bool = False

    @property
    def in_words(self) -> str:
        """What anybody may read."""
        return f"{self.number}, {day(self.taken_down_at.astimezone(UTC).date().isoformat())}"


@dataclass(frozen=True, kw_only=True)
class Stands:
    """How one item stands. `sha256` and `path` of its picture in the store, where it lies there now.

    `unread` says why nobody can tell whether it is taken down.
    """

    sha256: str | None = None
    path: str | None = None
    downs: tuple[Down, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def may_be_shown(self) -> bool:
        return self.path is not None and self.is_free_to_stay

    @property
    def is_free_to_stay(self) -> bool:
        """Whether no takedown is known, and none can be hidden by what could not be read."""
        return not self.downs and not self.unread

    def standing(self) -> Standing:
        """What `why` asks for, with nothing that is the operator's own."""
        taken_down = tuple(dict.fromkeys(one.in_words for one in self.downs))
        return Standing(is_fetched=self.path is not None, taken_down=taken_down, unknown=self.unread)


def stands(home: Home, item_id: str, *, lookup: Lookup | None = None, title: str = "", page_url: str = "") -> Stands:
    """How an item stands now. `title` and `page_url` are its own: a note that is not looked up yet may name them."""
    lookup = lookup or Lookup(home=home)
    found = with_copies(lookup, {item_id: "item_id"})
    noted, undone = _of_notes(home, found, {item_id, title, page_url}), notes.undone(home)
    downs = [one for one in dict.fromkeys([*_of_table(lookup, found, item_id), *noted]) if one.number not in undone]
    sha256, path = _stored(home, lookup, item_id)
    unread = tuple(one for one in lookup.unread if one.startswith(TAKEDOWNS.key))
    return Stands(
        sha256=sha256, path=path, downs=tuple(sorted(downs, key=lambda one: one.taken_down_at)), unread=unread
    )


def _stored(home: Home, lookup: Lookup, item_id: str) -> tuple[str | None, str | None]:
    for row in lookup.rows("files", "item", [item_id]):
        if row["status"] == "ok" and row["path"] and home.holds(home.root / str(row["path"])):
            return str(row["sha256"]), str(row["path"])
    return None, None


def _of_table(lookup: Lookup, found: Found, item_id: str) -> Iterator[Down]:
    items = {one.item_id for one in found.pictures} | {item_id}
    digests = {kind: {value for one in found.pictures if (value := getattr(one, kind))} for kind in ("sha256", "sha1")}
    rows = lookup.rows("takedowns", "item", sorted(items))
    for kind, values in digests.items():
        rows += lookup.rows("takedowns", kind, sorted(values))
    by_number: dict[str, list[Row]] = {}
    for row in rows:
        if row.get("undone_at") is not None:
            continue
        by_number.setdefault(str(row["number"] or UNNUMBERED), []).append(row)
    for number, several in by_number.items():
        own = [row for row in several if row["item_id"] == item_id]
        first = (own or several)[0]
        how = str(first["matched_by"]) if own else "copy"
        moment, purged = first["taken_down_at"], first["purged_at"]
        assert isinstance(moment, datetime) and (purged is None or isinstance(purged, datetime))
        yield Down(
            number=number,
            taken_down_at=moment,
            reason=str(first["reason"]),
            how=MATCHED.get(how, ""),
            purged_at=purged,
            is_purge=purged is not None,
        )


def _of_notes(home: Home, found: Found, called: Iterable[str]) -> Iterator[Down]:
    """Of what is noted, and in no table yet."""
    items = {one.item_id for one in found.pictures if one.item_id}
    digests = {one.sha256 for one in found.pictures if one.sha256}
    names = {*items, *digests, *filter(None, called)}
    for note in notes.not_in_table(home):
        if note.items & items or note.digests & digests or {note.named, as_known(note.named)} & names:
            yield _down(note)


def _down(note: Note) -> Down:
    return Down(
        number=note.number,
        taken_down_at=note.taken_down_at,
        reason=note.reason,
        how=MATCHED["name"],
        purged_at=note.purged_at,
        is_purge=note.is_purge,
    )
