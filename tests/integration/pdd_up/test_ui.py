"""The Dagster UI in a real browser, served by a real `pdd up`: what it shows and what it runs."""

import pytest
from playwright.sync_api import Page, expect

from pd_assets.definitions import defs
from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CATEGORIES, LICENSED
from pd_assets.lib.home import Home
from tests.integration.dagster_ui import DagsterUi

pytestmark = pytest.mark.slow
LINE = [spec.key.path for spec in defs.resolve_all_asset_specs()]


@pytest.fixture(scope="module")
def categories_run(ui: DagsterUi) -> str:
    """The id of a run, asked for over GraphQL, that materialised commons/categories."""
    run = ui.launch("commons/categories")
    assert ui.wait_for(run, "SUCCESS", "FAILURE", "CANCELED") == "SUCCESS"
    return run


def test_the_lineage_page_shows_every_asset_of_the_line_in_its_group(ui: DagsterUi, page: Page) -> None:
    # Of what a page does not show the UI draws nothing: this one holds the whole line with room to grow.
    page.set_viewport_size({"width": 3200, "height": 4000})
    page.goto(f"{ui.url}/asset-groups")
    for group in {path[0] for path in LINE}:
        expect(page.get_by_text(group, exact=True).first).to_be_visible()
    page.keyboard.press("Alt+KeyE")  # the menu's "Expand all groups"
    for path in LINE:
        expect(page.get_by_text(path[-1], exact=True).first).to_be_visible()


def test_the_catalogue_lists_every_asset_with_its_description(ui: DagsterUi, page: Page) -> None:
    page.set_viewport_size({"width": 1600, "height": 3000})
    page.goto(f"{ui.url}/assets")
    for spec in defs.resolve_all_asset_specs():
        expect(page.get_by_role("link", name=" / ".join(spec.key.path)).first).to_be_visible()
        assert spec.description
        expect(page.get_by_text(spec.description[:40]).first).to_be_visible()


def test_the_page_of_the_licensed_table_describes_every_column(ui: DagsterUi, page: Page) -> None:
    page.goto(f"{ui.url}/assets/catalog/licensed_images")
    for name, (kind, says) in LICENSED.columns.items():
        row = page.get_by_role("row").filter(has=page.get_by_text(name, exact=True)).first
        expect(row).to_contain_text(str(kind))
        expect(row).to_contain_text(says.replace("`", ""))


def test_a_run_asked_for_over_graphql_shows_its_success_and_its_row_count(
    ui: DagsterUi, categories_run: str, page: Page
) -> None:
    rows = tables.read(Home(root=ui.home), CATEGORIES).num_rows
    assert rows > 10

    page.goto(f"{ui.url}/runs")
    expect(page.get_by_role("link", name=categories_run[:8])).to_be_visible()

    page.goto(f"{ui.url}/runs/{categories_run}")
    expect(page.get_by_text("Success", exact=True).first).to_be_visible()
    expect(page.get_by_text("STEP_SUCCESS").first).to_be_visible()

    page.goto(f"{ui.url}/assets/commons/categories")
    expect(page.get_by_text("Row count", exact=True)).to_be_visible()
    expect(page.get_by_text(str(rows), exact=True).first).to_be_visible()


def test_the_walk_registers_a_partition_of_pages_for_each_category(
    ui: DagsterUi, categories_run: str, page: Page
) -> None:
    rows = tables.read(Home(root=ui.home), CATEGORIES).num_rows
    page.goto(f"{ui.url}/assets/commons/pages?view=partitions")
    expect(page.get_by_text("PD-Art (PD-old-100-expired)", exact=True).first).to_be_visible()
    page.goto(f"{ui.url}/assets")
    expect(page.get_by_text(f"{rows} partitions").first).to_be_visible()


def test_schedule_sensor_and_jobs_are_there_to_be_switched_on(ui: DagsterUi, page: Page) -> None:
    page.goto(f"{ui.url}/automation")
    for name in ("nightly_scrape", "retrain_on_new_images"):
        expect(page.get_by_text(name, exact=True)).to_be_visible()
    page.goto(f"{ui.url}/jobs")
    for name in ("refresh_sources", "build_dataset", "train_models", "nightly"):
        expect(page.get_by_text(name, exact=True)).to_be_visible()
