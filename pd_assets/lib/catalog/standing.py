"""Where a home stands, for its front page: how much is known and decided, what is new, when each archive was looked at.

Of a million items this reads footers and narrow columns; who asks often keeps the answer (while_unchanged.py). A table
that was never written counts as empty, and is named. Errors: TableError.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.answers import answer
from pd_assets.lib.catalog.looks import COMMONS, load_looks
from pd_assets.lib.catalog.schemas import CHANGES, DECISIONS, FILES, ITEMS, LICENSED, Table
from pd_assets.lib.catalog.sql import load
from pd_assets.lib.home import Home
from pd_assets.lib.museums.contract import MUSEUMS
from pd_assets.lib.rights.drift import CAUSES

VERDICTS = ("accept", "quarantine", "reject")
# What the front page cannot tell without, and what makes each.
NEEDED = (ITEMS, DECISIONS, LICENSED)
DOWN_STORED = "select count(*) as items from told where list_contains($items, item_id)"
DOWN = """
select verdict, count(*) as items from told where profile = $profile and list_contains($items, item_id)
group by verdict
"""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """`usable`: licensed and in the store. `verdicts` are those of the profile; `missing` tables were never written."""

    profile: str
    known: int
    usable: int
    verdicts: Mapping[str, int]
    rules: tuple[tuple[str, str, int], ...]
    missing: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return not self.known and not any(self.verdicts.values())

    @property
    def decided(self) -> int:
        return sum(self.verdicts.values())


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A picture that may be used, in a few words."""

    item_id: str
    sha256: str
    title: str
    artist: str
    date: str

    @property
    def credit(self) -> str:
        return ", ".join(part for part in (self.artist, self.date) if part)


@dataclass(frozen=True, kw_only=True)
class Loss:
    """A picture that was accepted once and is not any more."""

    item_id: str
    title: str
    to_verdict: str
    to_rule: str
    why: str
    changed_on: str


@dataclass(frozen=True, kw_only=True)
class Looked:
    """When an archive was last looked at with success, and how many of its sources were."""

    archive: str
    at: datetime
    sources: int


def standing(home: Home, *, profile: str) -> Standing:
    """The counts, by the verdicts of a profile."""
    found = answer(home, "decided_by", {"decisions": DECISIONS}, {"profile": profile})
    rules = tuple((str(row["verdict"]), str(row["rule_id"]), int(str(row["items"]))) for row in tables.rows(found))
    return Standing(
        profile=profile,
        known=_count(home, ITEMS),
        usable=_count(home, LICENSED),
        verdicts={verdict: sum(items for of, _, items in rules if of == verdict) for verdict in VERDICTS},
        rules=rules,
        missing=tuple(table.key for table in NEEDED if not tables.files_of(home, table)),
    )


def without(home: Home, stand: Standing, items: Collection[str]) -> Standing:
    """The same where some items count for nothing: the tables have those that are taken down until the next run."""
    if not items:
        return stand
    asked = {"items": sorted(items), "profile": stand.profile}
    found = tables.query(home, DOWN, {"told": DECISIONS}, asked)
    down = {str(row["verdict"]): int(str(row["items"])) for row in tables.rows(found)}
    (stored,) = tables.rows(tables.query(home, DOWN_STORED, {"told": LICENSED}, {"items": sorted(items)}))
    verdicts = {verdict: count - down.get(verdict, 0) for verdict, count in stand.verdicts.items()}
    return replace(stand, verdicts=verdicts, usable=stand.usable - int(str(stored["items"])))


def newest(home: Home, *, most: int) -> list[Shown]:
    """The pictures that may be used, those first that were fetched last."""
    found = tables.query(home, load("newest_licensed"), {"licensed": LICENSED, "files": FILES}, {"most": most})
    return [Shown(**{name: str(value or "") for name, value in row.items()}) for row in tables.rows(found)]


def latest_losses(home: Home, *, profile: str, most: int) -> list[Loss]:
    """What was accepted and is not any more, the latest first."""
    asked = {"profile": profile, "most": most}
    found = answer(home, "latest_losses", {"changes": CHANGES, "items": ITEMS}, asked)
    return [_loss({name: str(value or "") for name, value in row.items()}) for row in tables.rows(found)]


def _loss(told: Mapping[str, str]) -> Loss:
    return Loss(
        item_id=told["item_id"],
        title=told["title"] or told["item_id"],
        to_verdict=told["to_verdict"],
        to_rule=told["to_rule"],
        why=CAUSES.get(told["cause"], told["cause"].replace("_", " ")),
        changed_on=told["changed_on"],
    )


def looked(home: Home) -> list[Looked]:
    """The archives that were looked at, the latest first."""
    found = [one for archive in (COMMONS, *MUSEUMS) if (one := _looked(home, archive)) is not None]
    return sorted(found, key=lambda one: one.at, reverse=True)


def _looked(home: Home, archive: str) -> Looked | None:
    sources = load_looks(home, archive).sources
    if not sources:
        return None
    latest = max(datetime.fromisoformat(one.at) for one in sources.values())
    return Looked(archive=archive, at=latest, sources=len(sources))


def _count(home: Home, table: Table) -> int:
    return tables.count_rows(home, table)
