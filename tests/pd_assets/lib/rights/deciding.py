"""A home with pages of Commons whose decisions a test looks at; editing a page gives it a new revision."""

import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha1
from pathlib import Path

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CHANGES, DECISIONS, ITEMS, PAGES, Table
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.rights.decisions import DecisionCounts, decide_all
from tests.pd_assets.lib.planting import item, page, plant
from tests.pd_assets.lib.rights.cases import TODAY

LONG_AGO = datetime(2015, 5, 5, tzinfo=UTC)
Row = Mapping[str, object]


@dataclass(kw_only=True)
class Catalogue:
    """Pages by their number, and the tables that they make."""

    home: Home
    pages: dict[int, dict[str, object]] = field(default_factory=dict)

    def copied_to(self, folder: Path) -> "Catalogue":
        """The same in another home, which is a copy."""
        shutil.copytree(self.home.root, folder, symlinks=True)
        return Catalogue(home=open_home(folder), pages={number: dict(row) for number, row in self.pages.items()})

    def put(self, number: int, text: str, **changes: object) -> None:
        """A page as it is now: one revision more than it had."""
        revid = int(str(self.pages.get(number, {}).get("revid", 0))) + 1
        content = {"wikitext": text, "revid": revid, "uploaded_at": LONG_AGO, **changes}
        digest = sha1(repr(sorted(content.items())).encode()).hexdigest()
        self.pages[number] = page(number, "C", digest=digest, **content)

    def mark(self, number: int, status: str) -> None:
        """What became of a page; it is not read again."""
        self.pages[number]["status"] = status

    def write(self) -> None:
        plant(self.home, PAGES, self.pages.values(), partition="C")
        plant(self.home, ITEMS, [item(number, **_shared(row)) for number, row in self.pages.items()])

    def decide(
        self,
        *,
        today: date = TODAY,
        fresh_days: int = 30,
        crew: int | None = None,
        profile: str = "strict",
        buckets: Collection[int] | None = None,
    ) -> DecisionCounts:
        self.write()
        return decide_all(self.home, profile=profile, today=today, fresh_days=fresh_days, crew=crew, buckets=buckets)

    def decisions(self, profile: str = "strict") -> dict[int, Row]:
        """The decisions of one profile by the number of their page."""
        return {_number(row): row for row in rows(self.home, DECISIONS) if row["profile"] == profile}

    def changes(self, profile: str = "strict") -> list[Row]:
        return [row for row in rows(self.home, CHANGES) if row["profile"] == profile]


def rows(home: Home, table: Table) -> list[Row]:
    """A table's rows, or none where it was never written."""
    return list(tables.rows(tables.read_or_empty(home, table)))


def stable(home: Home, table: Table) -> list[Row]:
    """A table's rows without the columns that say when."""
    return [{name: value for name, value in row.items() if name not in table.volatile} for row in rows(home, table)]


def _shared(row: Row) -> Row:
    return {name: row[name] for name in ("status", "revid", "sha1")}


def _number(row: Row) -> int:
    return int(str(row["item_id"]).removeprefix("commons:M"))
