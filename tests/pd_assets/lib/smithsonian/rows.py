"""A file of the museum's lines as rows of smithsonian/records."""

from datetime import UTC, datetime
from pathlib import Path

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import RECORDS
from pd_assets.lib.smithsonian.lines import read_lines
from pd_assets.lib.smithsonian.records import Parser

Row = dict[str, object]


def rows_in(path: Path) -> list[Row]:
    parser = Parser(shard="00", side=1280, now=datetime(2026, 11, 22, tzinfo=UTC))
    made = [row for line in read_lines(path) for row in parser.rows(line)]
    return list(tables.rows(tables.as_table(RECORDS, made)))


def by_record(rows: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(str(row["record_id"]), []).append(row)
    return found


def usable_media(rows: list[Row]) -> dict[str, int]:
    """How many media of each record have no problem."""
    return {name: len([row for row in found if row["problem"] is None]) for name, found in by_record(rows).items()}
