"""Pictures of finished datasets that are no longer free, and which datasets and models held them.

Nothing is kept of it: it is told from the tables as they are, so that a restored licence clears what it had marked.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CLUSTERS, DECISIONS, ITEMS, LICENSED, MEMBERS, TAKEDOWNS, Table
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.errors import TableError
from pd_assets.lib.home import Home
from pd_assets.lib.release import members
from pd_assets.lib.release.asking import Parts, ask
from pd_assets.lib.release.lineage import Model, models


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
    """A model, and the withdrawn pictures that it is known to have seen."""

    model: Model
    pictures: tuple[Withdrawn, ...]

    @property
    def may_have_seen(self) -> bool:
        """Whether it saw a withdrawn picture, or nobody can tell that it saw none."""
        return bool(self.pictures or self.model.unknown)


def find_withdrawn(home: Home, *, profile: str) -> tuple[Withdrawn, ...]:
    """Every such picture that a dataset is known to have held; none where none was finished.

    TableError where the tables that tell what is free are missing or damaged.
    """
    parts = members.known(home).parts
    if not parts:
        return ()
    for table in (ITEMS, DECISIONS):
        _require(home, table)
    inputs: dict[str, Table | Parts] = {
        "members": Parts(table=MEMBERS, paths=tuple(parts.values())),
        "items": ITEMS,
        "decisions": DECISIONS,
        "clusters": CLUSTERS,
        "takedowns": TAKEDOWNS,
    }
    found = ask(home, load("withdrawn"), inputs, {"profile": profile})
    return tuple(
        Withdrawn(item_id=row["item_id"], sha256=row["sha256"], reason=row["reason"], versions=tuple(row["versions"]))
        for row in found.to_pylist()
    )


def _require(home: Home, table: Table) -> None:
    """Without these tables every picture would seem to be gone."""
    if not tables.parts(home, table):
        raise TableError(f"{table.key}: no table in {home.table(table.key)}; materialise {table.key} first")


def exposures(home: Home, withdrawn: Sequence[Withdrawn]) -> list[Exposure]:
    """Every model on the disk with what it saw of them."""
    return [
        Exposure(
            model=model,
            pictures=tuple(picture for picture in withdrawn if model.datasets.intersection(picture.versions)),
        )
        for model in models(home)
    ]


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
