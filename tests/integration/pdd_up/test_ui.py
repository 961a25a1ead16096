"""The Dagster UI in a real browser, served by a real `pdd up`: what it shows, what it runs, and that it ends whole."""

import json
import signal
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
from playwright.sync_api import Page, expect

from pd_assets.cli import sandbox
from pd_assets.cli.instance import open_instance
from pd_assets.definitions import defs
from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CATEGORIES, LICENSED
from pd_assets.lib.home import Home, open_home
from tests.integration.dagster_ui import DagsterUi, alive, running
from tests.patience import PATIENCE_S, until

pytestmark = pytest.mark.slow
LINE = [spec.key.path for spec in defs.resolve_all_asset_specs()]


@pytest.fixture(scope="module")
def categories_run(ui: DagsterUi) -> str:
    """The id of a run, asked for over GraphQL, that materialised commons/categories."""
    run = ui.launch("commons/categories")
    assert ui.wait_for(run, "SUCCESS", "FAILURE", "CANCELED") == "SUCCESS"
    return run


def test_the_lineage_page_shows_every_asset_of_the_line_in_its_group(ui: DagsterUi, page: Page) -> None:
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


@pytest.mark.parametrize("signum", [signal.SIGTERM, pytest.param(signal.SIGKILL, marks=pytest.mark.extended)])
def test_the_end_of_pdd_up_leaves_no_process_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signum: int
) -> None:
    """Neither Dagster's, nor the sandbox that runs beside it, nor a run in the middle of its work."""
    with remembered_sandbox(tmp_path) as ui:
        api = sandbox.api_url((sandbox.remembered(open_home(ui.home)) or (0, None))[0])
        slow_down(api)
        run = ui.launch("commons/categories")
        ui.wait_for(run, "STARTED")
        family = ui.processes()
        assert {"sandbox", "web", "grpc"} <= {word for one in family for word in one.cmdline()}

        code = ui.stop(signum)

        assert code == (0 if signum == signal.SIGTERM else -signal.SIGKILL)
        until(lambda: not alive(family), lambda: str(alive(family)))
    if signum == signal.SIGTERM:
        monkeypatch.chdir(tmp_path)
        assert status_on_disk(tmp_path, run) in (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


@pytest.mark.extended
@pytest.mark.parametrize("word", ["dagster._daemon", "--with-daemon"], ids=["daemon", "web server"])
def test_pdd_up_ends_whole_and_with_an_error_when_a_part_of_it_dies(tmp_path: Path, word: str) -> None:
    """So that a service manager starts it again."""
    with running(tmp_path) as ui:
        family = ui.processes()
        (part,) = [one for one in family if word in one.cmdline()]
        part.kill()
        assert ui.process.wait(PATIENCE_S) == 1
        assert "ended by itself" in ui.printed
        until(lambda: not alive(family), lambda: str(alive(family)))


@contextmanager
def remembered_sandbox(folder: Path) -> Iterator[DagsterUi]:
    """`pdd up` on a home that the demo has filled: it starts the home's sandbox again."""
    sandbox.remember(open_home(folder / "home"), None)
    with running(folder) as ui:
        assert "runs again at" in ui.printed
        yield ui


def slow_down(api: str) -> None:
    """Let the sandbox take five seconds for each answer, so that a run is still at work when it is stopped."""
    url = api.removesuffix("/w/api.php") + "/sandbox/faults"
    with urllib.request.urlopen(
        urllib.request.Request(url, json.dumps({"delay_s": 5}).encode()), timeout=PATIENCE_S
    ) as done:
        assert done.status == 200


def status_on_disk(folder: Path, run: str) -> dg.DagsterRunStatus:
    with open_instance(folder) as instance:
        found = instance.get_run_by_id(run)
        assert found is not None
        return found.status
