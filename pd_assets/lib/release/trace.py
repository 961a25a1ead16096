"""Where a picture went: which datasets and models saw it, and how its verdict changed; also once it is gone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pd_assets.lib.catalog.schemas import CHANGES, DECISIONS, ITEMS, MEMBERS, TAKEDOWNS, Table
from pd_assets.lib.errors import ConfigError, TableError
from pd_assets.lib.home import Home
from pd_assets.lib.release import members
from pd_assets.lib.release.asking import Parts, ask
from pd_assets.lib.release.lineage import Model, models_and_members
from pd_assets.lib.release.members import DatasetVersion
from pd_assets.lib.release.pictures import Picture, as_named, find_pictures
from pd_assets.lib.rights.changes import in_words
from pd_assets.lib.rights.words_for_people import sentence_of

Row = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """A picture in a dataset version: which state of it, in which split and shard."""

    dataset: DatasetVersion
    item_id: str
    sha256: str
    split: str
    shard: str


@dataclass(frozen=True, kw_only=True)
class Trace:
    """All that is known of a picture and its copies. The rows are those of the tables of the same names.

    `models` are those that saw it, and those of which nobody can tell; `unknown` says of which dataset versions it is
    not known what they held, and why; `unread` which tables could not be read, so that copies may be missing.
    """

    pictures: tuple[Picture, ...]
    items: tuple[Row, ...]
    decisions: tuple[Row, ...]
    takedowns: tuple[Row, ...]
    changes: tuple[Row, ...]
    sightings: tuple[Sighting, ...]
    models: tuple[Model, ...]
    unknown: Mapping[str, str]
    unread: tuple[str, ...] = ()

    def in_words(self) -> Iterator[str]:
        """Lines for a person."""
        yield from self._what()
        yield from self._taken_down()
        yield from _listed("datasets that held it", [_sighting(one) for one in self.sightings])
        if self.unknown:
            yield from _listed("datasets that may have held it", [f"{one}: {why}" for one, why in self.unknown.items()])
        seen = [one for one in self.models if self.relation(one) != "unknown"]
        yield from _listed("models that saw it", [self._model(one) for one in seen])
        if self.unread:
            yield from _listed("tables that cannot be read: there may be more, also copies", self.unread)
        if may := [one for one in self.models if one not in seen]:
            yield from _listed("models that may have seen it: unknown, treated as seen", [*map(_untold, may)])
        yield from _listed("changes of its verdict", [in_words(row) for row in self.changes])

    def relation(self, model: Model, item_id: str | None = None) -> str | None:
        """How a model stands to the picture, or to one of its items: `trained_on`, `held` (its dataset held it out),
        `through` a model that it was made of or started from, or `unknown`. None: it did not see that item.
        """
        seen = [one for one in self.sightings if item_id in (None, one.item_id)]
        own = {one.split for one in seen if one.dataset.version == model.run.dataset_version}
        if own:
            return "trained_on" if "train" in own else "held"
        if model.datasets & {one.dataset.version for one in seen}:
            return "through"
        return "unknown" if model.unknown or self.unread else None

    def as_json(self) -> dict[str, object]:
        """The same for a program. `unknown` and `unread` say what nobody can tell, and why."""
        meant: dict[str, bool] = {}
        for one in self.pictures:
            meant[one.item_id] = meant.get(one.item_id, False) or one.is_meant
        items = [
            {
                "item_id": item_id,
                "matched_by": "name" if is_meant else "copy",
                "distance": None,
                "decisions": [row for row in self.decisions if row["item_id"] == item_id],
                "takedowns": [row for row in self.takedowns if row["item_id"] == item_id],
                "datasets": [
                    {"name": one.dataset.name, "version": one.dataset.version, "split": one.split, "sha256": one.sha256}
                    for one in self.sightings
                    if one.item_id == item_id
                ],
                "models": [
                    {
                        "name": model.stage,
                        "version": model.version,
                        "relation": relation,
                        "times_shown": None,
                        "through": self._through(model) if relation == "through" else [],
                    }
                    for model in self.models
                    if (relation := self.relation(model, item_id)) is not None
                ],
            }
            for item_id, is_meant in meant.items()
        ]
        return {"items": items, "unknown": dict(self.unknown), "unread": list(self.unread)}

    def _through(self, model: Model) -> list[str]:
        """The models that saw it themselves and that a model was made of or started from."""
        by_digest = {one.run.digest: one for one in self.models if one.run.digest}
        found, waiting = {}, [model]
        while waiting:
            for digest in waiting.pop().run.inputs.values():
                if (one := by_digest.get(digest)) is not None and digest not in found:
                    found[digest] = one
                    waiting.append(one)
        return [f"{one.stage} {one.version}" for one in found.values() if self.relation(one) in ("trained_on", "held")]

    def _what(self) -> Iterator[str]:
        rows = {row["item_id"]: row for row in self.items}
        for item_id, is_meant in dict.fromkeys((one.item_id, one.is_meant) for one in self.pictures):
            row = rows.get(item_id)
            copy = "" if is_meant else "  (a copy of it)"
            yield f"{item_id}  {row['title'] if row else 'no longer in the catalogue'}{copy}"
            if row:
                yield f"  {row['page_url']}  {row['status']}"
            for decision in self.decisions:
                if decision["item_id"] == item_id:
                    yield f"  profile {decision['profile']}: {sentence_of(decision)}"

    def _taken_down(self) -> Iterator[str]:
        told = [
            f"{row['number'] or 'without a number'}, {row['taken_down_at']}: {row['named']}: {row['reason']}"
            + (f"; purged {row['purged_at']}" if row["purged_at"] else "")
            for row in self.takedowns
        ]
        if told:
            yield from _listed("taken down by an operator", list(dict.fromkeys(told)))

    def _model(self, model: Model) -> str:
        seen = {one.dataset.version for one in self.sightings} & model.datasets
        through = "" if model.run.dataset_version in seen else ", through a model that it was made of or started from"
        return f"{model.stage} {model.version} ({model.standing}), dataset {', '.join(sorted(seen))}{through}"


def trace(home: Home, called: str) -> Trace:
    """Everything about what is called so; ConfigError where nothing is."""
    looked_up = find_pictures(home, called)
    found, known = models_and_members(home)
    is_untold = bool(looked_up.unread) or bool(known.unknown) or any(one.unknown for one in found)
    pictures = looked_up.pictures or (as_named(called) if is_untold else ())
    if not pictures and not looked_up.unread:
        raise ConfigError(
            f"nothing in {home.root} is called {called!r}; expected an item id such as commons:M123, a title, the "
            "address of a page, or the SHA-256 of a picture"
            + (f"; but it is not known what {len(known.unknown)} dataset versions held" if known.unknown else "")
        )
    items = sorted({picture.item_id for picture in pictures})
    sightings = tuple(_sightings(home, items))
    versions = {one.dataset.version for one in sightings}
    rows = _Rows(home=home, items=items)
    return Trace(
        pictures=pictures,
        items=rows.of(ITEMS, "item_id"),
        decisions=rows.of(DECISIONS, "item_id, profile"),
        takedowns=rows.of(TAKEDOWNS, "taken_down_at, item_id"),
        changes=rows.of(CHANGES, "changed_at, item_id, profile"),
        sightings=sightings,
        models=tuple(one for one in found if one.datasets & versions or one.unknown or looked_up.unread),
        unknown={version: why for version, why in known.unknown.items() if version not in versions},
        unread=tuple(dict.fromkeys([*looked_up.unread, *rows.unread])),
    )


@dataclass(kw_only=True)
class _Rows:
    """The rows of some items in the tables; `unread` names those that could not be read."""

    home: Home
    items: Sequence[str]
    unread: list[str] = field(default_factory=list)

    def of(self, table: Table, order: str) -> tuple[Row, ...]:
        try:
            return _rows(self.home, table, self.items, order)
        except TableError as error:
            self.unread.append(f"{table.key}: {error}")
            return ()


def _rows(home: Home, table: Table | Parts, items: Sequence[str], order: str) -> tuple[Row, ...]:
    sql = f"select * from asked where list_contains($items, item_id) order by {order}"
    return tuple(ask(home, sql, {"asked": table}, {"items": list(items)}).to_pylist())


def _sightings(home: Home, items: Sequence[str]) -> Iterator[Sighting]:
    known = {(one.name, one.version): one for one in members.versions(home)}
    parts = Parts(table=MEMBERS, paths=tuple(members.known(home).parts.values()))
    for row in _rows(home, parts, items, "dataset, version, item_id"):
        yield Sighting(
            dataset=known[str(row["dataset"]), str(row["version"])],
            item_id=str(row["item_id"]),
            sha256=str(row["sha256"]),
            split=str(row["split"]),
            shard=str(row["shard"]),
        )


def _untold(model: Model) -> str:
    why = "; ".join(sorted(model.unknown)) or "not known which copies the picture has"
    return f"{model.stage} {model.version} ({model.standing}): {why}"


def _sighting(one: Sighting) -> str:
    state = "its folder is gone" if not one.dataset.is_there else "latest" if one.dataset.is_latest else "older"
    return f"{one.dataset.name} {one.dataset.version} ({state}): {one.item_id} in {one.split}, {one.shard}"


def _listed(title: str, lines: Sequence[str]) -> Iterator[str]:
    yield f"{title}: {'none' if not lines else len(lines)}"
    yield from (f"  {line}" for line in lines)
