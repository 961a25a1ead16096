"""A painter's item gets another death year: the next night reads and decides the pages that name the painter alone."""

from datetime import UTC, datetime

import dagster as dg

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CREATORS, PAGES
from pd_assets.sandbox.items import item_of
from tests.pd_assets.lib.planting import plant
from tests.pd_assets.line import Line

PAINTER = "Sigrid Aasnes"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def names_of(line: Line) -> set[str]:
    """The items whose pages name the painter by the Creator page."""
    pages = tables.rows(tables.read(line.home, PAGES, ["pageid", "wikitext"]))
    return {f"commons:M{page['pageid']}" for page in pages if f"{{{{Creator:{PAINTER}" in str(page["wikitext"])}


def told(line: Line, key: str) -> dict[str, object]:
    event = line.instance.get_latest_materialization_event(dg.AssetKey(key.split("/")))
    assert event is not None and event.asset_materialization is not None
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}


def test_a_death_year_decides_the_pages_that_name_its_painter_again_and_no_other(own_night: Line) -> None:
    line, item = own_night, item_of(PAINTER)
    assert line.rows("commons/creators")[(item,)]["died_last"] == 1919
    naming = names_of(line)
    assert 0 < len(naming) < 30

    line.archive.edit_item(item, died=1961, modified="2024-06-01T00:00:00Z")
    rows = line.rows("commons/creators").values()
    plant(line.home, CREATORS, [{**row, "ask_at": LONG_AGO} if row["asked"] == item else row for row in rows])
    line.forget_requests()
    assert line.run("nightly").success

    asked = [one.params["ids"] for one in line.server.faults.log if one.params.get("action") == "wbgetentities"]
    assert asked == [item]
    assert line.rows("commons/creators")[(item,)]["died_last"] == 1961
    assert told(line, "commons/creators")["changed"] == 1
    assert told(line, "rights/decisions")["pages_read"] == len(naming)
    rules = {row["rule_id"] for row in line.rows("rights/decisions").values() if row["item_id"] in naming
             and row["profile"] == "strict"}  # fmt: skip
    assert "maker-lived-on" in rules
    assert not {rule for rule in rules if rule.startswith("accept")}
    assert line.details_asked() == set()


def test_the_first_night_asks_for_all_painters_in_two_requests(own_night: Line) -> None:
    counts = told(own_night, "commons/creators")
    assert counts["requests"] == 2
    assert counts["failed"] == counts["waiting"] == 0
    kinds = {row["kind"] for row in own_night.rows("commons/creators").values()}
    assert kinds == {"person", "creator_page"}
