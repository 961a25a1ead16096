"""How the decided items divide by archive and profile: narrow columns of rights/decisions alone. Errors: TableError."""

from dataclasses import dataclass

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.answers import answer
from pd_assets.lib.catalog.schemas import DECISIONS
from pd_assets.lib.home import Home


@dataclass(frozen=True, kw_only=True)
class Counted:
    """Items of one archive under one profile."""

    profile: str
    archive: str
    accept: int
    quarantine: int
    reject: int

    @property
    def items(self) -> int:
        return self.accept + self.quarantine + self.reject


def by_archive(home: Home) -> list[Counted]:
    """Every archive under every profile that is decided."""
    found = answer(home, "decided_by_archive", {"decisions": DECISIONS}, {})
    return [
        Counted(
            profile=str(row["profile"]),
            archive=str(row["archive"]),
            accept=int(str(row["accept"])),
            quarantine=int(str(row["quarantine"])),
            reject=int(str(row["reject"])),
        )
        for row in tables.rows(found)
    ]
