"""What a table is: its columns, each with a type and a description, and what becomes of a damaged file of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import pyarrow as pa

TEXT, WHOLE, BIG, REAL, FLAG = pa.string(), pa.int32(), pa.int64(), pa.float64(), pa.bool_()
TEXTS = pa.list_(pa.string())
INSTANT = pa.timestamp("s", tz="UTC")


class Kept(Enum):
    """What becomes of a damaged file of a table; the value says what heals it. All but DERIVED are evidence."""

    # Made of other tables: the next run makes it anew.
    DERIVED = "run `pdd run nightly`, which makes it anew from the other tables"
    # As the archive told it, and tells it again: the next run asks.
    ASKED_ANEW = "run `pdd run nightly`, which asks the archive again"
    ASKED_ANEW_BY_UNIT = "run the job refresh_smithsonian for its unit, which asks the archive again"
    ASKED_ANEW_OF_CLEVELAND = "run the job refresh_cleveland, which asks the archive again"
    # What nothing else tells lies there twice: the next run takes the second copy.
    TWICE = "its second copy is damaged too: restore both from a backup, or run `pdd doctor --repair`"
    # The same of parts that are never rewritten, whose rows prove themselves: no copy takes the place of a whole one.
    PROVEN_TWICE = (
        "its second copy is damaged too: run `pdd doctor --repair`, which keeps the rows that prove themselves"
    )
    # Never replaced but by a person's word.
    EVIDENCE = "run `pdd doctor --repair`, which sets it aside and restores what can be proven"

    @property
    def is_twice(self) -> bool:
        """Whether each file of the table lies there twice."""
        return self in (Kept.TWICE, Kept.PROVEN_TWICE)


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table. `volatile` columns say when something was done and stay out of the table's digest.

    One `by_bucket` has a file for each item bucket of the home (buckets.py). `used`: column and value of the rows that
    others are made of, where they are not all.
    """

    key: str
    columns: Mapping[str, tuple[pa.DataType, str]]
    sort_by: tuple[str, ...]
    volatile: tuple[str, ...] = ()
    kept: Kept = Kept.DERIVED
    by_bucket: bool = False
    used: tuple[str, str] | None = None

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([pa.field(name, kind) for name, (kind, _) in self.columns.items()])
