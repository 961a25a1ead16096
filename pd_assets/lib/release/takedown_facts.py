"""What a home holds now of pictures that were taken down, asked once for any number of takedowns.

Nothing is changed here. A table that cannot be read is named, and what it would tell counts as not known.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import duckdb

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import ITEMS, LICENSED, MEMBERS, TAKEDOWNS
from pd_assets.lib.errors import PdError
from pd_assets.lib.home import Home
from pd_assets.lib.release.ledger import Seen, seen_by
from pd_assets.lib.release.lineage import Model, models_and_members
from pd_assets.lib.release.members import Members
from pd_assets.lib.release.notes import Note
from pd_assets.lib.release.purge import made_of_it, may_hold, shown_on

# How a model stands to a picture, the nearest first; what learnt from it is changed by a training alone.
RELATIONS = ("trained_on", "through", "unknown", "measured_with", "held")
LEARNT = ("trained_on", "through", "unknown")
POINTERS = ("latest", "exported")
UNREADABLE = (PdError, duckdb.Error, OSError)


@dataclass(frozen=True, kw_only=True)
class Version:
    """A dataset version; `is_current` where `latest` or `exported` names it; `shards` hold so many of the pictures."""

    name: str
    version: str
    is_there: bool
    is_latest: bool
    is_current: bool
    shards: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"dataset {self.name} {self.version}" + (" (latest)" if self.is_latest else "")


@dataclass(frozen=True, kw_only=True)
class SeenBy:
    """How a model stands to pictures that were taken down: `pictures` so many of its items, shown `times_shown` times
    in all, None where that is not known; `through` models that it was made of or started from.
    """

    name: str
    version: str
    standing: str
    relation: str
    items: tuple[str, ...]
    times_shown: int | None
    through: tuple[str, ...] = ()
    why: str = ""

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "version": self.version,
            "standing": self.standing,
            "relation": self.relation,
            "pictures": len(self.items),
            "times_shown": self.times_shown,
            "through": list(self.through),
            "why": self.why,
        }

    def __str__(self) -> str:
        times = "time" if self.times_shown == 1 else "times"
        shown = f", shown {self.times_shown} {times}" if self.times_shown is not None else ""
        and_through = ", and through" if self.relation != "through" else ""
        through = f"{and_through} {', '.join(self.through)}" if self.through else ""
        unknown = f" (treated as seen{f': {self.why}' if self.why else ''})" if self.relation == "unknown" else ""
        several = f"{len(self.items)} pictures" if len(self.items) != 1 else "1 picture"
        return (
            f"{self.name} {self.version} ({self.standing}): {self.relation.replace('_', ' ')}{through}{unknown}, "
            f"{several}{shown}"
        )


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """A picture in a dataset version."""

    item_id: str
    sha256: str
    exported_sha256: str | None
    dataset: str
    version: str
    shard: str
    page_url: str | None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the tables tell of the pictures of some takedowns."""

    home: Home
    asked: frozenset[str]
    models: Sequence[Model]
    members: Members
    sightings: Mapping[str, Sequence[Sighting]]
    by_digest: Mapping[str, Sequence[Sighting]]
    listed: frozenset[tuple[str, str]]
    licensed_problem: str
    rows: frozenset[tuple[str | None, str | None, str, bool]]
    rows_problem: str
    addresses: Mapping[str, str]
    unread: tuple[str, ...]

    def items(self, of: Iterable[Note]) -> list[str]:
        """The items that some notes name, and those that datasets knew the same pictures by."""
        found: set[str] = set()
        for note in of:
            found |= note.items
            found.update(one.item_id for digest in note.digests for one in self.by_digest.get(digest, ()))
        return sorted(found)

    def seen_in(self, of: Sequence[Note]) -> list[Sighting]:
        """Where datasets held the pictures of some notes."""
        found = {one: None for note in of for item in note.items for one in self.sightings.get(item, ())}
        for note in of:
            found |= {one: None for digest in note.digests for one in self.by_digest.get(digest, ())}
        return list(found)

    def licensed(self, of: Sequence[Note]) -> list[str]:
        """The items of catalog/licensed_images that are of some notes."""
        items, digests = _items(of), _digests(of)
        return sorted(item for item, sha256 in self.listed if item in items or sha256 in digests)

    def lacking_rows(self, of: Sequence[Note]) -> str:
        """Why rights/takedowns does not tell what some notes do; nothing where it does."""
        wanted = {
            (row["item_id"], row["sha256"], row["named"], row["undone_at"] is not None)
            for note in of
            for row in note.rows()
        }
        if self.rows_problem and not wanted <= self.rows:
            return f"rights/takedowns cannot be read ({self.rows_problem}): the next run writes it anew from the notes"
        return "" if wanted <= self.rows else "rights/takedowns lacks it: the next run adds it"

    def held(self, of: Sequence[Note]) -> list[Version]:
        """The dataset versions that held a picture of some notes."""
        shards: dict[tuple[str, str], dict[str, int]] = {}
        for one in self.seen_in(of):
            counts = shards.setdefault((one.dataset, one.version), {})
            counts[one.shard] = counts.get(one.shard, 0) + 1
        found = [self._version(name, version, counts) for (name, version), counts in sorted(shards.items())]
        known = {one.version for one in found}
        # An export that has no list yet.
        items, digests = _items(of), _digests(of)
        found += [
            self._version(folder.parent.name, folder.name, {})
            for folder in self._unlisted
            if folder.name not in known and may_hold(folder, items, digests)
        ]
        return found

    def untold(self, of: Sequence[Note]) -> list[tuple[Version, str]]:
        """The dataset versions of which nobody can tell whether they held one, and why."""
        known = {one.version for one in self.held(of)}
        found = []
        for version, why in self.members.unknown.items():
            if version not in known:
                folders = sorted((self.home.root / "dataset").glob(f"[!.]*/{version}")) if version else []
                names = [path.parent.name for path in folders] or [""]
                found += [(self._version(name, version, {}), why) for name in names]
        return found

    def current_without(self, of: Sequence[Note]) -> list[Version]:
        """The latest dataset versions that are known not to hold any of it."""
        not_so = {one.version for one in [*self.held(of), *(one for one, _ in self.untold(of))]}
        found = []
        for path in sorted((self.home.root / "dataset").glob("[!.]*/latest")):
            name = path.parent.name
            version = self.home.pointed("dataset", name, "latest") or ""
            if version in self.members.parts and version not in not_so:
                found.append(self._version(name, version, {}))
        return found

    def in_store(self, of: Sequence[Note]) -> list[str]:
        """The pictures of some notes that lie in the store, by their paths under the home."""
        return [path for digest in sorted(_digests(of)) for path in self._stored(digest)]

    def latents(self, of: Sequence[Note]) -> list[str]:
        """The versions of models/latents that were made of such a dataset, or cannot be told not to be."""
        held = self._held_or_untold(of)
        return [one.version for one in self.models if one.stage == "latents" and made_of_it(one, held)]

    def sheets(self, of: Sequence[Note]) -> list[str]:
        """The sheets and pages on which a picture of some notes may be seen, by their paths under the home."""
        found = shown_on(self.home, self.models, self._held_or_untold(of), _items(of))
        return sorted(str(path.relative_to(self.home.root)) for path in found)

    def seen_by(self, of: Sequence[Note]) -> list[SeenBy]:
        """The models that saw one of the pictures, or of which nobody can tell, by how they stand to it."""
        by_item = {item: self._seen.get(item, ()) for item in self.items(of)}
        return sorted(_summed(by_item), key=lambda one: (RELATIONS.index(one.relation), one.name, one.version))

    def _held_or_untold(self, of: Sequence[Note]) -> set[str]:
        return {one.version for one in self.held(of)} | set(self.members.unknown)

    def _version(self, name: str, version: str, shards: Mapping[str, int]) -> Version:
        pointed = {pointer: self.home.pointed("dataset", name, pointer) == version for pointer in POINTERS if name}
        folder = self.home.dataset(name, version)
        is_there = bool(name) and folder.is_dir()
        return Version(
            name=name,
            version=version,
            is_there=is_there,
            is_latest=pointed.get("latest", False) and is_there,
            is_current=any(pointed.values()) and is_there,
            shards=shards,
        )

    @cached_property
    def _seen(self) -> Mapping[str, Sequence[Seen]]:
        """By item, of all these takedowns at once; what cannot be told counts as seen."""
        asked = sorted(self.asked | {one.item_id for several in self.by_digest.values() for one in several})
        try:
            return seen_by(self.home, [(item, None) for item in asked])
        except UNREADABLE as error:
            why = " ".join(str(error).split())
            untold = tuple(Seen(model=one, relation="unknown", times_shown=None, why=why) for one in self.models)
            return dict.fromkeys(asked, untold)

    @cached_property
    def _unlisted(self) -> list[Path]:
        """The folders of exports that wait for their manifest."""
        found = []
        for path in sorted((self.home.root / "dataset").glob("[!.]*/exported")):
            version = self.home.pointed("dataset", path.parent.name, "exported") or "none"
            folder = self.home.dataset(path.parent.name, version)
            if folder.is_dir() and version not in self.members.parts and version not in self.members.unknown:
                found.append(folder)
        return found

    def _stored(self, digest: str) -> list[str]:
        pattern = f"images/{digest[:2]}/{digest}.*"
        there = self.home.copy.matching(pattern) if self.home.copy is not None else []
        here = [str(path.relative_to(self.home.root)) for path in self.home.root.glob(pattern)]
        return sorted({*there, *here})


def gather(home: Home, of: Collection[Note]) -> Facts:
    """Ask the home of the pictures of all these takedowns at once."""
    unread: list[str] = []
    found, members = models_and_members(home)
    items, digests = _items(of), _digests(of)
    sightings: dict[str, list[Sighting]] = {}
    by_digest: dict[str, list[Sighting]] = {}
    for one in _sightings(home, members, items, digests, unread):
        sightings.setdefault(one.item_id, []).append(one)
        for digest in {one.sha256, one.exported_sha256 or one.sha256}:
            by_digest.setdefault(digest, []).append(one)
    listed, licensed_problem = _asked(
        home,
        "select item_id, sha256 from asked where item_id in (select unnest($items::varchar[])) "
        "or sha256 in (select unnest($digests::varchar[]))",
        LICENSED,
        items=items,
        digests=digests,
    )
    rows, rows_problem = _asked(home, "select item_id, sha256, named, undone_at from asked", TAKEDOWNS)
    addresses, problem = _asked(
        home,
        "select item_id, page_url from asked where item_id in (select unnest($items::varchar[]))",
        ITEMS,
        items=items | set(sightings),
    )
    unread += [f"{ITEMS.key}: {problem}"] if problem else []
    return Facts(
        home=home,
        asked=frozenset(items),
        models=found,
        members=members,
        sightings=sightings,
        by_digest=by_digest,
        listed=frozenset((str(row["item_id"]), str(row["sha256"])) for row in listed),
        licensed_problem=licensed_problem,
        rows=frozenset(
            (_text(row["item_id"]), _text(row["sha256"]), str(row["named"]), row["undone_at"] is not None)
            for row in rows
        ),
        rows_problem=rows_problem,
        addresses={str(row["item_id"]): str(row["page_url"]) for row in addresses if row["page_url"]},
        unread=tuple(unread),
    )


def _summed(by_item: Mapping[str, Sequence[Seen]]) -> Iterator[SeenBy]:
    found: dict[tuple[str, str, str], list[tuple[str, Seen]]] = {}
    for item, several in by_item.items():
        for one in several:
            found.setdefault((one.model.stage, one.model.version, one.relation), []).append((item, one))
    for (name, version, relation), seen in found.items():
        times = [one.times_shown for _, one in seen]
        yield SeenBy(
            name=name,
            version=version,
            standing=seen[0][1].model.standing,
            relation=relation,
            items=tuple(sorted({item for item, _ in seen})),
            times_shown=None if None in times else sum(one for one in times if one is not None),
            through=tuple(sorted({parent for _, one in seen for parent in one.through})),
            why=next((one.why for _, one in seen if one.why), ""),
        )


def _sightings(
    home: Home, members: Members, items: set[str], digests: set[str], unread: list[str]
) -> Iterator[Sighting]:
    if not members.parts or not (items or digests):
        return
    try:
        with tables.engine(home) as connection:
            paths = [str(path) for path in members.parts.values()]
            held = connection.read_parquet(paths, hive_partitioning=False, union_by_name=True)
            # What an older version wrote lacks the columns that came later.
            later = [name for name in ("exported_sha256", "page_url") if name not in held.columns]
            held.project(", ".join(["*", *(f"null::varchar as {name}" for name in later)])).create_view("held")
            answer = connection.sql(
                "select item_id, sha256, exported_sha256, dataset, version, shard, page_url from held "
                "where item_id in (select unnest($items::varchar[])) or sha256 in (select unnest($digests::varchar[])) "
                "or exported_sha256 in (select unnest($digests::varchar[])) order by dataset, version, item_id",
                params={"items": sorted(items), "digests": sorted(digests)},
            )
            found = answer.to_arrow_table().to_pylist()
    except UNREADABLE as error:
        unread.append(f"{MEMBERS.key}: {' '.join(str(error).split())}")
        return
    yield from (Sighting(**row) for row in found)


def _asked(home: Home, sql: str, table: tables.Tables, **asked: set[str]) -> tuple[list[dict[str, object]], str]:
    """The rows that a table has, or why it cannot be read; one that was never made has none."""
    try:
        given = {name: sorted(values) for name, values in asked.items()}
        return tables.query(home, sql, {"asked": table}, given).to_pylist(), ""
    except UNREADABLE as error:
        return [], " ".join(str(error).split())


def _items(of: Iterable[Note]) -> set[str]:
    return {item for note in of for item in note.items}


def _digests(of: Iterable[Note]) -> set[str]:
    return {digest for note in of for digest in note.digests}


def _text(value: object) -> str | None:
    return None if value is None else str(value)
