"""The ledger of models: `release/ledger`, a part for each model, which outlives the model's folder.

A part is the very file that the training wrote beside the weights, so that the digest in `run.json` proves it; a copy
of that record lies beside it. What has no proven ledger is unknown: all that its dataset held counts as seen.
"""

import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import MEMBERS, MODEL_LEDGER
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.home import Home, replacing
from pd_assets.lib.release import members
from pd_assets.lib.release.asking import Parts, ask, shown
from pd_assets.lib.release.lineage import Model, Source, all_models, kept_ledger, kept_record, measured_ledgers
from pd_assets.lib.release.remembered import once
from pd_ml.data.shards import sha256_of
from pd_ml.provenance import HELD, LEDGER, MEASURED_WITH, RUN, TRAINED_ON, what_is_told

THROUGH, UNKNOWN = "through", "unknown"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """How one model stands to one picture. `relation` is `trained_on`, `through`, `unknown`, `measured_with` or `held`,
    the first of these that holds.

    `times_shown` is that of the model itself, None where it is unknown; `through` names the models that it was made of
    or started from and that were trained on the picture: `clip 0123456789abcdef`; `why` says what is unknown. `states`
    are the pictures in the store that this is about, none where it may be any of the item's.
    """

    model: Model
    relation: str
    times_shown: int | None
    through: tuple[str, ...] = ()
    why: str = ""
    states: frozenset[str] = frozenset()

    @property
    def is_learnt(self) -> bool:
        """Whether the weights learnt from it, or may have."""
        return self.relation in (TRAINED_ON, THROUGH, UNKNOWN)


def keep(home: Home, model: str, version: str) -> bool:
    """Have the ledger of a finished model in release/ledger, with its record; whether it was not there yet, or was not
    the one that the record seals. What the record does not prove is not kept.
    """
    folder = home.model(model, version)
    part, record = kept_ledger(home, model, version), kept_record(home, model, version)
    if not (folder / LEDGER).is_file():
        return False
    told = what_is_told(folder)
    sealed = None if told.problem else told.run.outputs.get(LEDGER)
    if sealed is None or once(home, folder / LEDGER, sha256_of) != sealed:
        return False
    if part.is_file() and once(home, part, sha256_of) == sealed and _says_the_same(record, folder / RUN):
        return False
    # The record comes last: a part without one is no proof of anything.
    for source, target in ((folder / LEDGER, part), (folder / RUN, record)):
        with replacing(target) as partial:
            shutil.copyfile(source, partial)
    return True


def unkept(home: Home) -> Iterator[tuple[Path, str]]:
    """The files of release/ledger that are not what was kept, each with what was found; every part is read."""
    there = home.table(MODEL_LEDGER.key).glob("[!.]*/[!.]*.*")
    for part in sorted({path.with_suffix(".parquet") for path in there if path.suffix in (".parquet", ".json")}):
        told = what_is_told(home.model(part.parent.name, part.stem), record=part.with_suffix(".json"))
        if told.problem is not None:
            yield part.with_suffix(".json"), told.problem
        elif not part.is_file():
            yield part, "missing, and its record is there"
        elif sha256_of(part) != told.run.outputs.get(LEDGER):
            yield part, "not the ledger that the record beside it seals"


def is_kept(home: Home, folder: Path) -> bool:
    """Whether release/ledger has the ledger that a model's own record seals."""
    told, part = what_is_told(folder), kept_ledger(home, folder.parent.name, folder.name)
    sealed = None if told.problem else told.run.outputs.get(LEDGER)
    return sealed is not None and part.is_file() and sha256_of(part) == sealed


def put_back(home: Home, folder: Path) -> None:
    """Put the ledger that `is_kept` into the folder of its model."""
    with replacing(folder / LEDGER) as partial:
        shutil.copyfile(kept_ledger(home, folder.parent.name, folder.name), partial)


def _says_the_same(record: Path, run: Path) -> bool:
    return record.is_file() and record.read_bytes() == run.read_bytes()


@dataclass(frozen=True, kw_only=True)
class Summary:
    """How many pictures stand in which relation to a model, and how often it was shown some."""

    trained_on: int
    measured_with: int
    held: int
    times_shown: int


def summary(home: Home, model: Model) -> Summary | None:
    """What the model's own ledger adds up to; None where it has no proven one."""
    ledger = model.sources[0].ledger
    if ledger is None:
        return None
    sql = """
        select
            count(*) filter (relation = 'trained_on') as trained_on,
            count(*) filter (relation = 'measured_with') as measured_with,
            count(*) filter (relation = 'held') as held,
            coalesce(sum(times_shown), 0)::bigint as times_shown
        from ledger
    """
    (row,) = ask(home, sql, {"ledger": Parts(table=MODEL_LEDGER, paths=(ledger,))}).to_pylist()
    return Summary(**row)


def seen_by(home: Home, pictures: Collection[tuple[str, str | None]]) -> Mapping[str, list[Seen]]:
    """By item: how each model stands to it, models without any relation left out; those too whose folder is gone.

    `pictures` are item ids, each with a SHA-256 in the store or None for any state of it.
    """
    by_item: dict[str, list[Seen]] = {item: [] for item, _ in pictures}
    for of_model in relations(home, all_models(home), pictures):
        for item, seen in of_model.items():
            by_item[item].append(seen)
    return by_item


def relations(
    home: Home, models: Sequence[Model], pictures: Collection[tuple[str, str | None]]
) -> list[Mapping[str, Seen]]:
    """Of each model its relation to each of some pictures, by item; items without any relation are left out."""
    items = {item for item, _ in pictures}
    if not items or not models:
        return [{} for _ in models]
    told = _told(home, {one.key: one for model in models for one in model.sources}.values(), pictures)
    return [_of_model(model, told, items) for model in models]


@dataclass(frozen=True, kw_only=True)
class _Row:
    """What a ledger or list says of an item."""

    relation: str | None
    times_shown: int
    states: frozenset[str]


@dataclass(kw_only=True)
class _Told:
    """What is said of some pictures: in ledgers of models and of evaluations by model, then item; `held`, by version
    of a dataset, is what that held, or None where nobody can tell.
    """

    ledgers: dict[tuple[str, str], dict[str, _Row]] = field(default_factory=dict)
    measured: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    held: dict[str, dict[str, _Row] | None] = field(default_factory=dict)


def _told(home: Home, sources: Collection[Source], pictures: Collection[tuple[str, str | None]]) -> _Told:
    measured, unmeasured = measured_ledgers(home)
    assumed = {one.dataset_version for one in sources if one.ledger is None} | {dataset for *_, dataset in unmeasured}
    told = _Told()
    # The record of a model seals the list of its dataset too.
    seals = {one: [source.members for source in sources if source.dataset_version == one] for one in assumed}
    known = members.known(home, seals=seals) if assumed else members.Members(parts={}, unknown={})
    for version in assumed:
        told.held[version] = None if version in known.unknown or version not in known.parts else {}
    lists = [known.parts[version] for version, held in told.held.items() if held is not None]
    for row in _rows(home, [one.ledger for one in sources if one.ledger is not None], measured, lists, pictures):
        _add(told, row)
    for stage, version, dataset in unmeasured:
        held = told.held[dataset]
        may = {item for item, _ in pictures} if held is None else held
        told.measured.setdefault((stage, version), set()).update(may)
    return told


def _rows(
    home: Home,
    ledgers: Sequence[Path],
    measured: Sequence[Path],
    lists: Sequence[Path],
    pictures: Collection[tuple[str, str | None]],
) -> list[dict[str, Any]]:
    with tables.engine(home) as connection:
        # As Arrow they would bring pandas along.
        connection.execute(
            "create temp table asked as "
            "select unnest($items::varchar[]) as item_id, unnest($sha256s::varchar[]) as sha256",
            {"items": [item for item, _ in pictures], "sha256s": [sha256 for _, sha256 in pictures]},
        )
        parts = {"ledgers": (MODEL_LEDGER, ledgers), "measured": (MODEL_LEDGER, measured), "members": (MEMBERS, lists)}
        for name, (table, paths) in parts.items():
            shown(connection, Parts(table=table, paths=tuple(paths))).create_view(name)
        return connection.sql(load("ledger_rows")).to_arrow_table().to_pylist()


def _add(told: _Told, row: Mapping[str, Any]) -> None:
    states = frozenset(row["states"])
    found = _Row(
        relation=row["relation"],
        times_shown=row["times_shown"],
        states=frozenset() if "" in states else states,
    )
    key, item = (row["stage"], row["version"]), row["item_id"]
    if row["origin"] == "ledger":
        told.ledgers.setdefault(key, {})[item] = found
    elif row["origin"] == "measured":
        told.measured.setdefault(key, set()).add(item)
    else:
        held = told.held[row["version"]]
        assert held is not None
        held[item] = found


def _of_model(model: Model, told: _Told, items: Collection[str]) -> dict[str, Seen]:
    spoken_of = set(told.measured.get(model.sources[0].key, ()))
    for one in model.sources:
        if one.ledger is not None:
            spoken_of |= told.ledgers.get(one.key, {}).keys()
        else:
            held = told.held[one.dataset_version]
            spoken_of |= set(items) if held is None else held.keys()
    candidates = items if model.doubts else spoken_of
    return {item: seen for item in sorted(candidates) if (seen := _seen(model, told, item)) is not None}


def _seen(model: Model, told: _Told, item: str) -> Seen | None:
    """The first relation that holds."""
    own, *parents = model.sources
    row = told.ledgers.get(own.key, {}).get(item)
    of_parents = [(one, told.ledgers.get(one.key, {}).get(item)) for one in parents]
    learnt = [(one, found) for one, found in of_parents if found is not None and found.relation == TRAINED_ON]
    through = tuple(f"{one.stage} {one.version}" for one, _ in learnt)
    times = None if own.ledger is None else row.times_shown if row else 0
    states = _states([found for _, found in learnt])
    if row is not None and row.relation == TRAINED_ON:
        return Seen(
            model=model, relation=TRAINED_ON, times_shown=times, through=through, states=_states([row, *_found(learnt)])
        )
    if through:
        return Seen(model=model, relation=THROUGH, times_shown=times, through=through, states=states)
    may = [(one, told.held[one.dataset_version]) for one in model.sources if one.ledger is None]
    may = [(one, held) for one, held in may if held is None or item in held]
    if may or model.doubts:
        why = "; ".join(sorted({*model.doubts, *(one.why for one, _ in may)}))
        is_any = bool(model.doubts) or any(held is None for _, held in may)
        states = frozenset() if is_any else _states([held[item] for _, held in may if held is not None])
        return Seen(model=model, relation=UNKNOWN, times_shown=None, why=why, states=states)
    if item in told.measured.get(own.key, ()) or (row is not None and row.relation == MEASURED_WITH):
        return Seen(model=model, relation=MEASURED_WITH, times_shown=0)
    if row is not None or any(found is not None for _, found in of_parents):
        return Seen(model=model, relation=HELD, times_shown=0)
    return None


def _found(learnt: Iterable[tuple[Source, _Row]]) -> list[_Row]:
    return [row for _, row in learnt]


def _states(rows: Collection[_Row]) -> frozenset[str]:
    """The pictures in the store that rows are about; none where one may be about any."""
    if any(not row.states for row in rows):
        return frozenset()
    return frozenset().union(*(row.states for row in rows))
