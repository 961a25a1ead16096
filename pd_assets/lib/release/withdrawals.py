"""Pictures of finished datasets and of models that are no longer free, and which datasets held and models saw them.

Nothing is kept of it: it is told from the tables as they are, so that a restored licence clears what it had marked.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import duckdb

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CLUSTERS, DECISIONS, ITEMS, LICENSED, MEMBERS, MODEL_LEDGER, TAKEDOWNS, Table
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.errors import TableError
from pd_assets.lib.home import Home
from pd_assets.lib.release import members
from pd_assets.lib.release.asking import ROWS, Parts, looking_at
from pd_assets.lib.release.ledger import Seen, relations
from pd_assets.lib.release.lineage import Model, all_models, models
from pd_ml.provenance import MEASURED_WITH


@dataclass(frozen=True, kw_only=True)
class Withdrawn:
    """A picture that is no longer free, why, and the dataset versions that held it."""

    item_id: str
    sha256: str
    reason: str
    versions: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.item_id}: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """A model, and the withdrawn pictures that its weights learnt from, itself or through what it was made of. What
    cannot be told counts as seen. `measured` are those that it was only measured with: they flag its numbers.
    """

    model: Model
    pictures: tuple[Withdrawn, ...]
    measured: tuple[Withdrawn, ...] = ()

    @property
    def may_have_seen(self) -> bool:
        """Whether it saw a withdrawn picture, or nobody can tell that it saw none."""
        return bool(self.pictures or self.model.unknown)


def find_withdrawn(home: Home, *, profile: str) -> tuple[Withdrawn, ...]:
    """Every such picture that a dataset is known to have held; none where none was finished.

    TableError where the tables that tell what is free are missing or damaged.
    """
    parts = members.known(home).parts
    ledgers = tuple({one.ledger for model in all_models(home) for one in model.sources if one.ledger is not None})
    if not parts and not ledgers:
        return ()
    with judged(home, "withdrawn_held", lists=tuple(parts.values()), ledgers=ledgers, profile=profile) as connection:
        found = connection.sql(load("withdrawn")).to_arrow_reader(ROWS)
        rows = (row for batch in found for row in batch.to_pylist())
        return tuple(
            Withdrawn(item_id=item, sha256=sha256, reason=reason, versions=_versions(same))
            for (item, sha256, reason), same in groupby(rows, itemgetter("item_id", "sha256", "reason"))
        )


@contextmanager
def judged(
    home: Home, held: str, *, lists: tuple[Path, ...], ledgers: tuple[Path, ...], profile: str
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the table `reasons`: which pictures of the statement `held` are free no longer, and why.

    It has the views `members` and `ledgers` of the files too. Errors as those of `find_withdrawn`.
    """
    for table in (ITEMS, DECISIONS):
        _require(home, table)
    inputs: dict[str, Table | Parts] = {
        "members": Parts(table=MEMBERS, paths=lists),
        "ledgers": Parts(table=MODEL_LEDGER, paths=ledgers),
        "items": ITEMS,
        "decisions": DECISIONS,
        "clusters": CLUSTERS,
        "takedowns": TAKEDOWNS,
    }
    with looking_at(home, inputs) as connection:
        # A statement for each large join: two at a time ask for more memory than either would do with.
        for name, step in {"held": held, "copies": "withdrawn_copies", "known": "withdrawn_known"}.items():
            connection.execute(f"create table {name} as {load(step)}")
        connection.execute(f"create table reasons as {load('withdrawn_reasons')}", {"profile": profile})
        yield connection


def _versions(rows: Iterable[Mapping[str, str | None]]) -> tuple[str, ...]:
    return tuple(version for row in rows if (version := row["version"]) is not None)


def _require(home: Home, table: Table) -> None:
    """Without these tables every picture would seem to be gone."""
    if not tables.parts(home, table):
        raise TableError(f"{table.key}: no table in {home.table(table.key)}; materialise {table.key} first")


def exposures(home: Home, withdrawn: Sequence[Withdrawn]) -> list[Exposure]:
    """Every model on the disk with what it saw of them."""
    found = models(home)
    told = relations(home, found, [(one.item_id, one.sha256) for one in withdrawn])
    return [_exposure(model, of_model, withdrawn) for model, of_model in zip(found, told, strict=True)]


def _exposure(model: Model, seen: Mapping[str, Seen], withdrawn: Sequence[Withdrawn]) -> Exposure:
    about = [
        (one, told)
        for one in withdrawn
        if (told := seen.get(one.item_id)) is not None and (not told.states or one.sha256 in told.states)
    ]
    return Exposure(
        model=model,
        pictures=tuple(one for one, told in about if told.is_learnt),
        measured=tuple(one for one, told in about if told.relation == MEASURED_WITH),
    )


def still_served(home: Home, withdrawn: Sequence[Withdrawn]) -> list[Withdrawn]:
    """Those that the licence-filtered table or the latest version of a dataset still holds, or may hold."""
    if latest_unknown(home):
        return list(withdrawn)
    latest = {one.version for one in members.versions(home) if one.is_latest}
    named = {"named": sorted({one.item_id for one in withdrawn})}
    found = tables.query(home, "select item_id from licensed where item_id in $named", {"licensed": LICENSED}, named)
    listed = set(found["item_id"].to_pylist())
    return [one for one in withdrawn if one.item_id in listed or latest.intersection(one.versions)]


def latest_unknown(home: Home) -> list[str]:
    """Why it is not known what the latest version of a dataset holds, of each dataset of which it is not."""
    named = {
        home.pointed("dataset", path.parent.name, "latest") for path in (home.root / "dataset").glob("[!.]*/latest")
    }
    return [why for version, why in members.known(home).unknown.items() if version in named]


def key_of(withdrawn: Iterable[Withdrawn], *more: str) -> str:
    """16 hexadecimal digits that name these pictures in this state."""
    content = [sorted((one.item_id, one.sha256, one.reason) for one in withdrawn), *more]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
