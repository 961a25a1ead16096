"""The contract of a museum's archive, and the museums that keep it.

A museum is a package beside this one, a reader of evidence and an asset. It gives:

- list and sync: a `sync(home, ...)` that its asset calls, which brings its table in step with the archive by
  `parts.PartMerge` and says in counts what it did. The table has the columns of smithsonian/records, one row a medium;
  what the museum has nothing of stays null. What reading lost withdraws nothing (`keeps_missing`).
- deliver: `file_url`, `thumb_url` and `thumb_side` of each row, and here the domains and the pace of its pictures.
- labels: `title`, `caption`, `alt_text` and `freetext`, in the groups that lib/dataset/freetext.py reads, where
  `metadata_usage_access` is `CC0`. It keeps no personal data beside the makers.
- evidence: a reader of its rows in lib/rights/museums.py, its name in `MUSEUMS` of lib/rights/rules.py.

The catalogue, decisions, pictures, labels and the commands go over MUSEUMS and name no museum. The first part of an
item id is the museum's name.
"""

from dataclasses import dataclass

from pd_assets.lib.catalog.schemas import CLEVELAND_RECORDS, RECORDS, Table
from pd_assets.lib.pacing import MUSEUM_MEDIA, SLOW_MUSEUM_MEDIA, HostPolicy


@dataclass(frozen=True, kw_only=True)
class Museum:
    """One museum's archive: its table, the domains of its pictures and indexes, how fast pictures may be asked for."""

    records: Table
    domains: tuple[str, ...]
    media: HostPolicy

    @property
    def name(self) -> str:
        """The `source` of its items, and the first part of their ids."""
        return self.records.key.partition("/")[0]


SMITHSONIAN = Museum(records=RECORDS, domains=("si.edu",), media=MUSEUM_MEDIA)
CLEVELAND = Museum(
    records=CLEVELAND_RECORDS, domains=("clevelandart.org", "media.githubusercontent.com"), media=SLOW_MUSEUM_MEDIA
)
MUSEUMS = {museum.name: museum for museum in (SMITHSONIAN, CLEVELAND)}
# Where SQL reads `records`, it reads all of them.
ALL_RECORDS = tuple(museum.records for museum in MUSEUMS.values())
