"""Each page of the site in a real browser: nothing that keeps somebody out, nothing from another host, and no page that
a telephone has to push sideways.

The pages are found through the routes that there are: of a page for each picture, the first one that is linked.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from pd_assets.cli.open import address_of, listening
from pd_assets.lib.settings import Settings
from pd_assets.web.served import served
from pd_assets.web.site import site
from tests.patience import PATIENCE_S, until
from tests.pd_assets.line import Night

pytestmark = pytest.mark.slow
TELEPHONE = {"width": 360, "height": 740}
# WCAG 2.2, to AA, and what else is known to keep people out.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
GRAVE = ("serious", "critical")
# They answer with what is no page.
NO_PAGES = ("/static", "/thumb", "/image", "/health")


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    """An application on a free port, in a thread; its address."""
    with listening(0) as place:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [place]}, daemon=True)
        thread.start()
        until(lambda: server.started)
        try:
            yield address_of(place)
        finally:
            server.should_exit = True
            thread.join(PATIENCE_S)


@pytest.fixture(scope="module")
def app(first_night: Night) -> Starlette:
    home = first_night.line.home
    return site(served(home, Settings(home=home.root)))


@pytest.fixture(scope="module")
def address(app: Starlette) -> Iterator[str]:
    with serving(app) as url:
        yield url


def pages_of(app: Starlette) -> list[str]:
    """The paths of the pages, one for each route."""
    client = TestClient(app, base_url="http://127.0.0.1", follow_redirects=True, raise_server_exceptions=False)
    routes = [route for route in app.routes if isinstance(route, Route) and "GET" in (route.methods or ())]
    plain = [route.path for route in routes if "{" not in route.path]
    found: dict[str, str] = {}
    links: list[str] = []
    for path in [path for path in plain if not path.startswith(NO_PAGES)]:
        answer = client.get(path)
        if answer.headers.get("content-type", "").startswith("text/html"):
            assert answer.status_code < 500, f"{path}: {answer.status_code}"
            if answer.status_code != 200 or "<html" not in answer.text:
                # It needs to be told about what, or is a part of a page.
                continue
            found[path] = answer.text
            links += re.findall(r'href="(/[^"?#]*)', unescape(answer.text))
    for route in routes:
        linked = (link for link in links if "{" in route.path and route.path_regex.match(link))
        if (first := next(linked, None)) and not first.startswith(NO_PAGES) and first not in found:
            answer = client.get(first)
            if answer.headers.get("content-type", "").startswith("text/html"):
                found[first] = answer.text
    # An error is a page too.
    return [*found, "/there-is-no-such-page"]


def findings(page: Page, rules: dict[str, list[str]]) -> list[str]:
    """What axe finds grave: the rule, and where."""
    found = Axe().run(page, options={"resultTypes": ["violations"], **rules}).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:150]}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"][:3]
    ]


def test_no_page_keeps_anybody_out_asks_another_host_or_is_wider_than_a_telephone(
    app: Starlette, address: str, browser: Browser
) -> None:
    page = browser.new_page(viewport=TELEPHONE)  # type: ignore[arg-type]
    page.set_default_timeout(1000 * PATIENCE_S)
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    wrong: dict[str, list[str]] = {}
    try:
        for path in pages_of(app):
            page.emulate_media(color_scheme="light")
            page.goto(address + path)
            # Before axe puts its script beside ours.
            wide = page.evaluate("document.documentElement.scrollWidth")
            found = [f"{wide} pixels wide"] if wide > TELEPHONE["width"] else []
            found += [f"it says: {line}" for line in said if path in line or "status of 404" not in line]
            said.clear()
            found += findings(page, RULES)
            page.emulate_media(color_scheme="dark")
            found += [f"dark: {one}" for one in findings(page, COLOURS)]
            said.clear()
            if found:
                wrong[path] = found
    finally:
        page.close()
    assert not wrong, "\n".join(f"{path}: {one}" for path, several in wrong.items() for one in several)
    elsewhere = [url for url in asked if not url.startswith((address, "data:", "blob:"))]
    assert elsewhere == []


def test_the_keyboard_alone_reaches_the_content_and_the_bar(address: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{address}/there-is-no-such-page")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.close()
