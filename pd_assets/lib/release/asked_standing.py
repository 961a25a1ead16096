"""How one item stands as of now: whether its picture is here, which takedowns keep it out (its own, that of its bytes,
or of a copy), and what else keeps it out of catalog/licensed_images. Told from the index, so that it is quick.
"""

from dataclasses import dataclass

from pd_assets.lib.catalog.left_out import left_out
from pd_assets.lib.catalog.stale_now import stale_now
from pd_assets.lib.errors import PdError
from pd_assets.lib.home import Home
from pd_assets.lib.release.lookup import Lookup
from pd_assets.lib.release.pictures import with_copies
from pd_assets.lib.release.taken import CATALOGUE, Down, taken
from pd_assets.lib.rights.why import Standing
from pd_assets.lib.settings import STALE_DAYS

# What tells of an item that it is left out.
_TELLING = ("items", "files", "clusters")


@dataclass(frozen=True, kw_only=True)
class Stands:
    """How one item stands. `sha256` and `path` of its picture in the store, where it lies there now.

    `unread` says why nobody can tell whether it is taken down; `left_out` what else keeps it out, whatever was decided.
    """

    sha256: str | None = None
    path: str | None = None
    downs: tuple[Down, ...] = ()
    unread: tuple[str, ...] = ()
    left_out: str = ""

    @property
    def may_be_shown(self) -> bool:
        return self.path is not None and self.is_free_to_stay and not self.left_out

    @property
    def is_free_to_stay(self) -> bool:
        """Whether no takedown is known, and none can be hidden by what could not be read."""
        return not self.downs and not self.unread

    def standing(self) -> Standing:
        """What `why` asks for, with nothing that is the operator's own."""
        taken_down = tuple(dict.fromkeys(one.in_words for one in self.downs))
        return Standing(
            is_fetched=self.path is not None, taken_down=taken_down, unknown=self.unread, left_out=self.left_out
        )


def stands(home: Home, item_id: str, *, lookup: Lookup | None = None, stale_days: int = STALE_DAYS) -> Stands:
    """How an item stands now, with its copies, whatever it was taken down as."""
    lookup = lookup or Lookup(home=home)
    pictures = with_copies(lookup, {item_id: "item_id"}).pictures
    known = taken(home)
    downs = known.downs(item_id, *(key for one in pictures for key in (one.item_id, one.sha256, one.sha1)))
    sha256, path = _stored(home, lookup, item_id)
    unread = [*known.unread, *(one for one in lookup.unread if one.startswith(tuple(of.key for of in CATALOGUE)))]
    try:
        why = _left_out(lookup, item_id, is_stale=item_id in stale_now(home, stale_days))
    except PdError as error:
        why, unread = "", [*unread, " ".join(str(error).split())]
    return Stands(sha256=sha256, path=path, downs=tuple(downs), unread=tuple(dict.fromkeys(unread)), left_out=why)


def _left_out(lookup: Lookup, item_id: str, *, is_stale: bool) -> str:
    item, file, cluster = (next(iter(lookup.rows(name, "item", [item_id])), None) for name in _TELLING)
    return left_out(item, file, None if cluster is None else cluster["conflict"], is_stale=is_stale)


def _stored(home: Home, lookup: Lookup, item_id: str) -> tuple[str | None, str | None]:
    for row in lookup.rows("files", "item", [item_id]):
        if row["status"] == "ok" and row["path"] and home.holds(home.root / str(row["path"])):
            return str(row["sha256"]), str(row["path"])
    return None, None
