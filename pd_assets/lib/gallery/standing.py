"""Whether the picture of an item may be shown, and its bytes: accepted, fetched, whole, and not taken down as of now.

Errors: NotShown, which says why not and is for everybody to read.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from pd_assets.lib.errors import PdError
from pd_assets.lib.gallery import facets
from pd_assets.lib.gallery.building import SHOWN, rows
from pd_assets.lib.gallery.index import Item
from pd_assets.lib.gallery.keeping import Keeper
from pd_assets.lib.gallery.withheld import AsOfNow, Withheld
from pd_assets.lib.home import Home
from pd_assets.lib.release.taken import Down

LONGEST_ID = 2_000


class NotShown(PdError):
    """A picture that is not shown."""


class Standing:
    """What may be shown of the pictures of a home."""

    def __init__(self, keeper: Keeper, withheld: Withheld | AsOfNow) -> None:
        self.home, self.profile = keeper.home, keeper.profile
        self.keeper, self.withheld = keeper, withheld

    def item(self, item_id: str) -> Item | None:
        """What the tables say of an item: from the index where it is in step, else from themselves."""
        if len(item_id) > LONGEST_ID or not item_id.isprintable():
            return None
        gallery = self.keeper.current()
        return gallery.item(item_id) if gallery is not None else told_of(self.home, self.profile, item_id)

    def taken_down(self, item: Item) -> str | None:
        """By which takedown an item is withheld, or why nobody can tell; None where it is not."""
        if item.taken_down is not None and not self._downs(item):
            return "it was taken down"
        return self.withheld.why(item.item_id, item.sha256, item.sha1)

    def is_taken_down(self, item: Item) -> bool:
        """Whether a takedown of it is known."""
        return item.taken_down is not None or bool(self._downs(item))

    def _downs(self, item: Item) -> list[Down]:
        return self.withheld.now().taken.downs(item.item_id, item.sha256, item.sha1)

    def waits(self, item: Item) -> str:
        """Why an accepted item may not be used now; "" where no more speaks against it."""
        return item.left_out or (self.withheld.now().left_out(item.item_id) if item.verdict == "accept" else "")

    def why_not(self, item: Item) -> str | None:
        """Why the picture of an item is not shown; None where it may be."""
        if (why := self.taken_down(item)) is not None:
            return why
        if why := self.waits(item):
            return f"it may not be used now: {why}"
        if item.verdict != "accept":
            said = facets.reason(item.reasons[0]) if item.reasons else ""
            return f"it is {facets.verdict(item.verdict)}" + (f": {said}" if said else "")
        if not item.has_picture:
            return f"it could not be fetched: {item.error}" if item.error else "it was not fetched yet"
        return None

    def shown(self, item_id: str) -> Item:
        """The item, if its picture may be shown. NotShown."""
        if (why := self.withheld.why(item_id)) is not None:
            raise NotShown(f"This picture is not shown: {why}.")
        item = self.item(item_id)
        if item is None:
            raise NotShown(f"No picture here is called “{item_id[:80]}”.")
        if (why := self.why_not(item)) is not None:
            raise NotShown(f"This picture is not shown: {why}.")
        return item

    def every_shown(self) -> Iterator[str]:
        """All items that may be shown, as the tables are."""
        at_once = Standing(self.keeper, self.withheld.now())
        for batch in rows(self.home, self.profile):
            yield from (item.item_id for row in batch.to_pylist() if at_once.why_not(item := _item(row)) is None)

    def body(self, item: Item) -> bytes:
        """The stored picture; NotShown where it is gone, or is not what was stored."""
        path = self._path(item)
        try:
            self.home.fetched(path)
            body = path.read_bytes()
        except OSError as error:
            raise NotShown("This picture is not shown: it is not in the store any more.") from error
        if hashlib.sha256(body).hexdigest() != item.sha256:
            raise NotShown(
                "This picture is not shown: its file in the store is damaged; `pdd doctor --repair` heals it."
            )
        return body

    def is_stored(self, item: Item) -> bool:
        """Whether its file is there: a purge of a second ago took it away."""
        return self.home.holds(self._path(item))

    def _path(self, item: Item) -> Path:
        path = self.home.root / (item.path or "")
        if not item.path or not path.resolve().is_relative_to(self.home.root.resolve()):
            raise NotShown("This picture is not shown: its table names no place in this home.")
        return path


def told_of(home: Home, profile: str, item_id: str) -> Item | None:
    """The same from the tables, without an index."""
    found = [row for batch in rows(home, profile, item_id=item_id) for row in batch.to_pylist()]
    return _item(found[0]) if found else None


def _item(row: dict[str, object]) -> Item:
    reasons = row["reason"]
    return Item(
        **{name: row[name] for name in SHOWN},  # type: ignore[arg-type]
        reasons=tuple(_texts(reasons)),
    )


def _texts(values: object) -> Iterator[str]:
    return (str(value) for value in values) if isinstance(values, list) else iter(())
