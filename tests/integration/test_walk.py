"""A newcomer's walk through the site in a real browser: find a picture, see why it is free, take it down: gone."""

import pytest
from playwright.sync_api import Page, expect
from starlette.routing import Route

from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import LICENSED
from pd_assets.lib.release.takedowns import take_down
from pd_assets.lib.settings import Settings
from pd_assets.web.served import served
from pd_assets.web.site import site
from tests.integration.test_site import serving
from tests.pd_assets.line import Line

pytestmark = pytest.mark.slow


def test_a_picture_is_found_explained_taken_down_and_gone(own_night: Line, page: Page) -> None:
    home = own_night.home
    app = site(served(home, Settings(home=home.root)))
    if not any(isinstance(route, Route) and route.path == "/pictures" for route in app.routes):
        pytest.skip("the site has no gallery yet")
    with serving(app) as address:
        page.goto(address)
        page.get_by_role("navigation", name="Pages").get_by_role("link", name="Pictures").click()
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
        expect(page.locator("main")).to_contain_text("free", ignore_case=True)

        take_down(home, item_id, reason="its owner asks for it", purge=True)
        answer = page.goto(f"{address}/image/{item_id}")
        assert answer is not None and answer.status == 404
        page.goto(f"{address}/pictures/{item_id}")
        expect(page.locator("main")).to_contain_text("taken down", ignore_case=True)
        assert page.locator(f"main img[src*='{item_id}']").count() == 0
        page.goto(f"{address}/pictures?verdict=accept")
        assert page.locator(f"main a[href='/pictures/{item_id}']").count() == 0
