"""What a person does in the UI, by clicking: make a partition, look at pictures, stop a training and go on with it."""

import re
from typing import cast

import pytest
from playwright.sync_api import Locator, Page, expect

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import PAGES
from pd_assets.lib.home import Home
from pd_ml.provenance import read_run
from tests.integration.dagster_ui import DagsterUi, Json
from tests.integration.pdd_up.conftest import UNET_STEPS

pytestmark = pytest.mark.slow
CATEGORY = "PD-Art (PD-old-100-expired)"
DATASET = (
    *("commons/categories", "commons/refresh", "commons/creators", "commons/templates", "catalog/items"),
    "rights/decisions",
    *(
        "rights/takedowns",
        "images/files",
        "catalog/licensed_images",
        "catalog/clusters",
        "dataset/captions",
        "dataset/splits",
    ),
    *("dataset/shards", "dataset/manifest"),
)
# What is open is drawn again and again.
NOTHING = "about:blank"
LOGGED = """
query($run: ID!) { logsForRun(runId: $run, limit: 1000) { ... on EventConnection { events {
  __typename ... on MessageEvent { message } } } } }
"""
LATEST = """
query { runsOrError(limit: 1) { ... on Runs { results { runId } } } }
"""


@pytest.fixture(scope="module")
def categories(ui: DagsterUi) -> None:
    """The partitions are there to be chosen from."""
    assert ui.wait_for(ui.launch("commons/categories"), "SUCCESS", "FAILURE") == "SUCCESS"


@pytest.fixture(scope="module")
def dataset(ui: DagsterUi, categories: None) -> str:
    """The id of a run that made a dataset."""
    run = ui.launch(*DATASET)
    assert ui.wait_for(run, "SUCCESS", "FAILURE", "CANCELED") == "SUCCESS"
    return run


def test_a_category_is_materialised_by_clicking(ui: DagsterUi, categories: None, page: Page) -> None:
    page.goto(f"{ui.url}/assets/commons/pages?view=partitions")
    page.get_by_role("button", name="Materialize").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Select a partition or create one").click()
    page.keyboard.type(CATEGORY[:-1])
    page.get_by_text("Select all (1)").click()
    page.keyboard.press("Escape")
    dialog.get_by_role("button", name="Launch 1 run").click()
    expect(page.get_by_text("Materialized (1)")).to_be_visible()
    stored = Home(root=ui.home).partitions(PAGES.key)
    assert list(stored) == [CATEGORY]
    assert tables.read(Home(root=ui.home), PAGES).num_rows > 0


def test_the_licence_plot_is_drawn(ui: DagsterUi, dataset: str, page: Page) -> None:
    page.goto(f"{ui.url}/assets/rights/decisions")
    assert_drawn(shown(page, "breakdown", called="licence breakdown"))


@pytest.mark.extended
def test_a_training_that_is_stopped_in_the_ui_saves_a_checkpoint_and_goes_on_when_it_is_launched_again(
    ui: DagsterUi, dataset: str, page: Page
) -> None:
    page.goto(f"{ui.url}/assets/models/unet")
    page.get_by_role("button", name="Materialize").first.click()
    page.get_by_text("Launched run").wait_for()
    first = latest_run(ui)
    page.goto(f"{ui.url}/runs/{first}")
    page.get_by_text(re.compile(r"event=progress .*step=\d")).first.wait_for()
    page.get_by_role("button", name="Terminate").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Terminate 1 run").click()
    expect(page.get_by_role("dialog")).to_contain_text("1 run")
    page.goto(NOTHING)
    ui.wait_for(first, "CANCELED", "FAILURE")
    assert ui.status(first) == "CANCELED"
    stopped_at = max(steps(ui, first))
    assert 0 < stopped_at < UNET_STEPS
    (unfinished,) = (ui.home / "models/unet").glob("*.partial")
    assert list(unfinished.glob("checkpoint*/*")), "nothing was saved"

    page.goto(f"{ui.url}/assets/models/unet")
    page.get_by_role("button", name="Materialize").first.click()
    page.get_by_text("Launched run").wait_for()
    second = latest_run(ui)
    page.goto(NOTHING)
    assert second != first
    assert ui.wait_for(second, "SUCCESS", "FAILURE", "CANCELED") == "SUCCESS"
    assert min(steps(ui, second)) >= stopped_at, "it began anew"
    (model,) = (folder for folder in (ui.home / "models/unet").iterdir() if (folder / "run.json").is_file())
    assert read_run(model).counts["steps"] == UNET_STEPS

    page.goto(f"{ui.url}/assets/models/unet")
    assert_drawn(shown(page, "samples"))
    page.keyboard.press("Escape")
    assert_drawn(shown(page, "loss_curve"))


def shown(page: Page, label: str, *, called: str = "") -> Locator:
    """The picture behind `[Show Markdown]` in the row of a piece of metadata, `called` so, or as the label.

    The picture that was shown before may be there still: its dialog fades.
    """
    row = page.get_by_role("row").filter(has=page.get_by_text(label, exact=True)).first
    row.get_by_text("Show Markdown").click()
    return page.get_by_role("dialog").get_by_alt_text(called or label, exact=True)


def assert_drawn(picture: Locator) -> None:
    """The browser has decoded it."""
    expect(picture).to_be_visible()
    width = picture.evaluate("async one => { await one.decode(); return one.naturalWidth; }")
    assert width > 50


def latest_run(ui: DagsterUi) -> str:
    return str(cast(list[Json], cast(Json, ui.ask(LATEST)["runsOrError"])["results"])[0]["runId"])


def steps(ui: DagsterUi, run: str) -> list[int]:
    """The steps of the training that a run's log tells of."""
    events = cast(list[Json], cast(Json, ui.ask(LOGGED, run=run)["logsForRun"])["events"])
    told = (re.search(r"event=progress .*?\bstep=(\d+)", str(event.get("message", ""))) for event in events)
    return [int(found[1]) for found in told if found]
