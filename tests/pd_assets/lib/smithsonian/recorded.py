"""The recorded records beside the project, as rows of smithsonian/records."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import RECORDS
from pd_assets.lib.smithsonian.lines import read_lines
from pd_assets.lib.smithsonian.records import Parser
from tests.conftest import ROOT

FOLDER = ROOT.parent / "shared" / "data" / "smithsonian"


def recorded_rows(name: Path) -> list[dict[str, object]]:
    """The rows of a file of lines; the test is skipped where the recordings are not there."""
    if not FOLDER.is_dir():
        pytest.skip("the recorded records ../shared/data/smithsonian are not beside this repository")
    parser = Parser(shard="00", side=1280, now=datetime(2026, 11, 22, tzinfo=UTC))
    made = [row for line in read_lines(FOLDER / name) for row in parser.rows(line)]
    return list(tables.rows(tables.as_table(RECORDS, made)))
