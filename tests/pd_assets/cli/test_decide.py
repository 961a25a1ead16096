"""`pdd decide` shows the evidence and where it was seen, each rule with what it looked at, and the verdict."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pd_assets.cli.decide import explain, explanation
from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import ITEMS, PAGES, RECORDS, Table
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import open_home
from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.rules import RULES
from tests.pd_assets.lib.rights.cases import EXPIRED, TODAY, box, said
from tests.pd_assets.lib.rights.museum_cases import record

PAGE = {"status": "live", "wikitext": box("", permission=EXPIRED), "revid": 77,
        "mediainfo": said("P6216", "Q19652", P1001="Q30")}  # fmt: skip
MUSEUM_ID = "smithsonian:fsg_F1900.47:FS-1"


def row(table: Table, **columns: object) -> dict[str, object]:
    known = {name: value for name, value in columns.items() if name in table.columns}
    return {**dict.fromkeys(table.columns), **known}


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with one page of Commons and one record of the Smithsonian."""
    home, now = open_home(tmp_path), datetime(2026, 11, 1, tzinfo=UTC)
    page = row(PAGES, pageid=1, category="C", title="File:Old tree.jpg", digest="d", fetched_at=now, **PAGE)
    museum = row(RECORDS, item_id=MUSEUM_ID, fetched_at=now, shard="00", **record(usage_access=None))
    tables.write(home, PAGES, tables.as_table(PAGES, [page]), partition="C")
    tables.write(home, RECORDS, tables.as_table(RECORDS, [museum]), partition="FSG")
    items = [
        row(
            ITEMS, item_id="commons:M1", source="commons", status="live", title="Old tree", page_url="https://x.test/1"
        ),
        row(ITEMS, item_id=MUSEUM_ID, source="smithsonian", status="live", title="Thunder god"),
    ]
    tables.write(home, ITEMS, tables.as_table(ITEMS, items))
    monkeypatch.setenv("PD_HOME", str(tmp_path))
    return tmp_path


def test_the_evidence_is_shown_with_the_place_and_the_revision_where_it_was_seen() -> None:
    text = "\n".join(explanation(from_page(PAGE), "strict", TODAY, 30))
    assert "evidence, as seen at revision 77:" in text
    assert "tag pd-old-100-expired (ground, seen in wikitext, field permission > artwork > pd-art)" in text
    assert "statement P6216 Q19652 [P1001 Q30] (seen in the structured data)" in text
    assert "made: 1860 (seen in wikitext, field date)" in text


def test_every_rule_is_shown_in_its_order_with_what_it_looked_at() -> None:
    lines = list(explanation(from_page(PAGE), "strict", TODAY, 30))
    shown = [line.split()[1] for line in lines if line[:8].strip() in ("holds", "-", "n/a") and len(line.split()) > 3]
    assert shown == [rule.rule_id for rule in RULES]
    held = next(at for at, line in enumerate(lines) if "holds  statement-us-only" in line)
    assert "statements P6216: Q19652" in lines[held + 1]
    assert "source country, https://" in lines[held + 2]
    assert lines[-2] == "verdict: quarantine by statement-us-only us_only_statement"
    assert lines[-1].endswith("2027-01-01")


def test_a_rule_of_the_other_archive_does_not_apply() -> None:
    lines = list(explanation(from_page(PAGE), "us", date(2026, 11, 22), 30))
    assert any(line.startswith("  n/a    usage-absent") for line in lines)
    assert any(line.startswith("verdict: accept by accept-free-work") for line in lines)


@pytest.mark.parametrize("item", ["commons:M1", "File:Old tree.jpg", "File:Old_tree.jpg", "Old tree"])
def test_a_page_is_found_by_its_id_or_its_title(stored: Path, item: str) -> None:
    lines = list(explain(item, "strict"))
    assert lines[:2] == ["commons:M1  Old tree", "  https://x.test/1"]
    assert "verdict: quarantine by statement-us-only us_only_statement" in lines


def test_a_medium_of_a_museum_is_found_and_explained(stored: Path) -> None:
    lines = list(explain(MUSEUM_ID, "strict"))
    assert '  medium, media_type: "Images"' in lines
    assert "verdict: reject by usage-absent usage_missing" in lines


def test_an_item_or_profile_that_is_not_there_is_a_named_error(stored: Path) -> None:
    with pytest.raises(ConfigError, match="0 items are called 'commons:M9'"):
        list(explain("commons:M9", "strict"))
    with pytest.raises(ConfigError, match="expected one of strict, life70, us"):
        list(explain("commons:M1", "lenient"))
