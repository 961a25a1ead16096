"""A newcomer's walk through the site in a real browser: find a picture, see why it is free, draw, ask for the picture's
takedown, and as operator carry that out: it is gone everywhere.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import LICENSED
from pd_assets.lib.drawing.desk import Desk
from pd_assets.lib.home import Home
from pd_assets.lib.settings import Settings
from pd_assets.web import draw
from pd_assets.web.served import served
from pd_assets.web.site import site
from tests.integration.test_site import serving
from tests.patience import until
from tests.pd_assets.lib.drawing import drawer
from tests.pd_assets.lib.drawing.planted import plant_dataset, plant_model
from tests.pd_assets.line import Line

pytestmark = pytest.mark.slow


@pytest.fixture
def home(own_night: Line) -> Home:
    """With a model, which a child stands for that draws squares."""
    plant_model(own_night.home)
    plant_dataset(own_night.home)
    return own_night.home


@pytest.fixture
def address(home: Home, tmp_path: Path) -> Iterator[str]:
    shown = served(home, Settings(home=home.root))
    app = site(shown)
    with Desk(home, command=partial(drawer.command, tmp_path / "asked")) as desk:
        app.router.routes[:0] = draw.routes(shown, desk, lambda: None)
        with serving(app) as url:
            yield url


def test_a_picture_is_found_and_explained_another_drawn_and_the_first_taken_down_and_gone(
    home: Home, address: str, page: Page
) -> None:
    main, bar = page.locator("main"), page.get_by_role("navigation", name="Pages")
    page.goto(address)
    bar.get_by_role("link", name="Pictures").click()
    page.goto(f"{address}/pictures?verdict=accept")
    licensed = {str(row["item_id"]) for row in tables.rows(tables.read(home, LICENSED, ["item_id"]))}
    links = page.locator("main a[href^='/pictures/']")
    item_id = str(links.first.get_attribute("href")).removeprefix("/pictures/")
    assert item_id in licensed
    links.first.click()
    page.wait_for_url(f"**/pictures/{item_id}")
    shown = page.locator(f"main img[src*='{item_id}']").first
    expect(shown).to_be_visible()
    assert shown.evaluate("async one => { await one.decode(); return one.naturalWidth; }") > 10
    expect(main).to_contain_text("May be used")

    bar.get_by_role("link", name="Draw").click()
    page.get_by_label("What it should show").fill("a mill at a river")
    page.get_by_role("button", name="Draw", exact=True).click()
    expect(page.locator("#said")).to_contain_text("Drawn in")
    expect(page.locator(".drawn img")).to_be_visible()

    page.goto(f"{address}/pictures/{item_id}")
    main.get_by_role("link", name="takedown").click()
    expect(page.get_by_label("Which picture")).to_have_value(item_id)
    page.get_by_label("Why", exact=True).fill("its owner asks for it")
    page.get_by_role("button", name="Ask for it").click()
    expect(main).to_contain_text("waits for an operator")
    asked = page.url
    page.goto(f"{address}/ask/requests")
    expect(main).to_contain_text("its owner asks for it")
    page.get_by_label("Reason, for your own record").fill("its owner is right")
    page.get_by_label("Remove its files too").check()
    page.get_by_role("button", name="Take it down").click()
    page.wait_for_url(asked)
    expect(main).to_contain_text("carried out")

    for path in ("image", "thumb", "pictures"):
        answer = page.goto(f"{address}/{path}/{item_id}")
        assert answer is not None and answer.status == 404
    expect(main).to_contain_text("taken down", ignore_case=True)
    assert page.locator(f"main img[src*='{item_id}']").count() == 0

    def has_left_the_wall() -> bool:
        page.goto(f"{address}/pictures?verdict=accept")
        assert page.locator(f"main img[src*='{item_id}']").count() == 0
        return page.locator(f"main a[href='/pictures/{item_id}']").count() == 0

    # Its card may stay, without the picture, until the index has been made anew beside the pages.
    until(has_left_the_wall)
