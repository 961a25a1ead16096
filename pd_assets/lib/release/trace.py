"""Where a picture went: which datasets held it, how each model stands to it, and how its verdict changed; also once it
is gone, and as it was decided on some day. What is told of it: traced.py.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from pd_assets.lib.catalog import buckets, tables
from pd_assets.lib.catalog.schemas import DECISIONS
from pd_assets.lib.errors import ConfigError, TableError
from pd_assets.lib.home import Home
from pd_assets.lib.release import members
from pd_assets.lib.release.item_rows import rows_of_items
from pd_assets.lib.release.ledger import Seen, seen_by
from pd_assets.lib.release.lineage import models_and_members
from pd_assets.lib.release.lookup import Lookup
from pd_assets.lib.release.near_titles import nothing_called
from pd_assets.lib.release.pictures import Found, Picture, as_named, find_pictures
from pd_assets.lib.release.segments import Row
from pd_assets.lib.release.traced import NO_COPIES, Sighting, Trace


def trace(home: Home, called: str, *, day: date | None = None, no_file: str = "") -> Trace:
    """Everything about what is called so; ConfigError where nothing is, with titles that are near, and `no_file`: why
    it is no picture file either.
    """
    lookup = Lookup(home=home)
    found = find_pictures(home, called, lookup=lookup)
    return _traced(home, found, called, lookup, day, no_file=no_file)


def trace_file(home: Home, path: Path, *, max_side: int, day: date | None = None) -> Trace:
    """Everything about the picture that a file shows; ConfigError where it is none, or none that is known here."""
    # Pillow and the decoders are imported for whoever has a file.
    from pd_assets.lib.release.picture_file import find_by_file

    lookup = Lookup(home=home)
    return _traced(
        home, find_by_file(home, path, max_side=max_side, lookup=lookup), str(path), lookup, day, is_file=True
    )


def trace_found(home: Home, found: Found, called: str, lookup: Lookup) -> Trace:
    """Everything about what was found already; `called` is for the error where that is nothing."""
    return _traced(home, found, called, lookup, None)


def _traced(
    home: Home,
    found: Found,
    called: str,
    lookup: Lookup,
    day: date | None,
    *,
    is_file: bool = False,
    no_file: str = "",
) -> Trace:
    pictures = found.pictures or (() if is_file else as_named(home, called))
    seen = _seen(home, pictures, found.unread)
    if not found.pictures and not found.unread and not any(seen.values()):
        raise ConfigError(_no_picture(home, called) if is_file else nothing_called(home, called, no_file=no_file))
    items = sorted({picture.item_id for picture in pictures})
    rows = _Rows(home=home, lookup=lookup, items=items)
    sightings = rows.sightings()
    versions = {one.dataset.version for one in sightings}
    _, known = models_and_members(home)
    decisions = rows.decisions() if day is None else _as_of(home, items, day)
    takedowns, changes = rows.of("takedowns", "taken_down_at", "item_id"), rows.of("changes", "changed_at", "item_id")
    if day is not None:
        takedowns = tuple(row for row in takedowns if _day(row["taken_down_at"]) <= day.isoformat())
        changes = tuple(row for row in changes if str(row["changed_on"]) <= day.isoformat())
    return Trace(
        pictures=pictures,
        found=found,
        items=rows.of("items", "item_id"),
        decisions=decisions,
        takedowns=takedowns,
        changes=changes,
        sightings=sightings,
        seen=seen,
        unknown={version: why for version, why in known.unknown.items() if version not in versions},
        unread=tuple(dict.fromkeys([*found.unread, *lookup.unread, *rows.unread])),
        day=day,
    )


def _seen(home: Home, pictures: Sequence[Picture], unread: Sequence[str]) -> dict[str, list[Seen]]:
    """By item; where copies may be missing, every model that did not learn from it may have learnt from one of them."""
    asked = {(one.item_id, one.sha256) for one in pictures if one.item_id}
    seen = {item: list(found) for item, found in seen_by(home, asked).items()}
    if unread:
        every, _ = models_and_members(home)
        for item in {one.item_id for one in pictures} or {""}:
            learnt = [one for one in seen.get(item, ()) if one.is_learnt]
            told = {(one.model.stage, one.model.version) for one in learnt}
            others = {(one.model.stage, one.model.version): one.model for one in seen.get(item, ())}
            others |= {(model.stage, model.version): model for model in every}
            seen[item] = learnt + [
                Seen(model=model, relation="unknown", times_shown=None, why=NO_COPIES)
                for key, model in others.items()
                if key not in told
            ]
    return seen


def _no_picture(home: Home, called: str) -> str:
    return (
        f"nothing in {home.root} is the picture in {called}: no item has these bytes, and none looks the same; "
        "expected a picture of the catalogue, also re-encoded, resized, or cropped by a few percent at each side; "
        "pictures that were never fetched have no look: those are found by id, title, address or SHA-1"
    )


@dataclass(kw_only=True)
class _Rows:
    """The rows of some items in the tables; `unread` names those that could not be read."""

    home: Home
    lookup: Lookup
    items: Sequence[str]
    unread: list[str] = field(default_factory=list)

    def of(self, name: str, *order: str) -> tuple[Row, ...]:
        rows = self.lookup.rows(name, "item", self.items)
        return tuple(sorted(rows, key=lambda row: [str(row[column]) for column in order]))

    def decisions(self) -> tuple[Row, ...]:
        """Of the buckets that the items are in alone."""
        found: list[Row] = []
        for bucket in sorted({buckets.bucket_of(item, self.home.buckets) for item in self.items}):
            path = tables.bucket_file(self.home, DECISIONS, bucket)
            try:
                found += rows_of_items(DECISIONS, path, self.items) if path.is_file() else ()
            except TableError as error:
                self.unread.append(f"{DECISIONS.key}: {error}")
        return tuple(sorted(found, key=lambda row: (str(row["item_id"]), str(row["profile"]))))

    def sightings(self) -> tuple[Sighting, ...]:
        known = {(one.name, one.version): one for one in members.versions(self.home)}
        return tuple(
            Sighting(
                dataset=known[str(row["dataset"]), str(row["version"])],
                item_id=str(row["item_id"]),
                sha256=str(row["sha256"]),
                split=str(row["split"]),
                shard=str(row["shard"]),
            )
            for row in self.of("members", "dataset", "version", "item_id")
            if (str(row["dataset"]), str(row["version"])) in known
        )


def _as_of(home: Home, items: Sequence[str], day: date) -> tuple[Row, ...]:
    # What reads evidence is imported for whoever asks of a day.
    from pd_assets.lib.rights.evidence_kept import as_of

    return tuple(asdict(past) for past in as_of(home, items, day))


def _day(value: object) -> str:
    return value.astimezone(UTC).date().isoformat() if isinstance(value, datetime) else str(value)[:10]
