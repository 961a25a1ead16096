"""An operator's own takedowns: `rights/takedowns`.

A picture is taken down with all its copies, those too that come later. Errors: ConfigError.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pyarrow as pa

from pd_assets.lib.catalog import tables, views
from pd_assets.lib.catalog.schemas import TAKEDOWNS
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, alone
from pd_assets.lib.release.pictures import Picture, pictures_called
from pd_assets.lib.release.purge import Purged, purge_pictures

ITEM_ID = re.compile(r"commons:M\d+|smithsonian:[^:]*:[^:]*")
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Takedown:
    """What was taken down, and what a purge removed from the disk."""

    pictures: tuple[Picture, ...]
    purged: Purged = field(default_factory=Purged)


def take_down(home: Home, called: str, *, reason: str, purge: bool = False) -> Takedown:
    """Keep a picture and its copies out of the tables from the next run on; ConfigError where nothing is called so.

    With `purge` what is on the disk of it is removed now (`purge.py`); running exports are waited for.
    """
    called, reason = called.strip(), " ".join(reason.split())
    if not reason:
        raise ConfigError("a takedown needs a reason, found none; say why with --reason, for whoever asks later")
    pictures = pictures_called(home, called) or _not_yet_seen(home, called)
    _note(home, called, reason, pictures)
    if not purge:
        return Takedown(pictures=pictures)
    with alone(home.images, "fetches pictures"), alone(home.root / "dataset", "exports a dataset"):
        # A fetch that was under way may have stored a picture since.
        pictures = pictures_called(home, called) or pictures
        digests = {picture.sha256 for picture in pictures if picture.sha256}
        purged = purge_pictures(home, {picture.item_id for picture in pictures}, digests)
    _note_purge(home, called)
    return Takedown(pictures=pictures, purged=purged)


def digest_of_all(home: Home) -> str:
    """Names the content of rights/takedowns."""
    return tables.digest(TAKEDOWNS, tables.read_or_empty(home, TAKEDOWNS))


def _not_yet_seen(home: Home, called: str) -> tuple[Picture, ...]:
    """An item or a picture that may come later; ConfigError for what is neither."""
    if ITEM_ID.fullmatch(called):
        return (Picture(item_id=called, sha256=None, sha1=None, is_meant=True),)
    if SHA256.fullmatch(called):
        return (Picture(item_id="", sha256=called, sha1=None, is_meant=True),)
    raise ConfigError(
        f"nothing in {home.root} is called {called!r}; expected an item id such as commons:M123, a title, or a SHA-256"
    )


def _note(home: Home, called: str, reason: str, pictures: Iterable[Picture]) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    rows = [
        {
            "item_id": picture.item_id or None,
            "sha256": picture.sha256,
            "sha1": picture.sha1,
            "named": called,
            "reason": reason,
            "taken_down_at": now,
            "purged_at": None,
        }
        for picture in pictures
    ]
    with alone(home.table(TAKEDOWNS.key), "notes a takedown"):
        before = tables.read_or_empty(home, TAKEDOWNS)
        tables.write(home, TAKEDOWNS, pa.concat_tables([before, tables.as_table(TAKEDOWNS, rows)]))
    views.rebuild(home)


def _note_purge(home: Home, called: str) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    with alone(home.table(TAKEDOWNS.key), "notes a takedown"):
        rows = tables.read(home, TAKEDOWNS).to_pylist()
        changed = [{**row, "purged_at": now if row["named"] == called else row["purged_at"]} for row in rows]
        tables.write(home, TAKEDOWNS, tables.as_table(TAKEDOWNS, changed))
