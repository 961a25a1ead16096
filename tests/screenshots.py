"""The screenshots of README and docs, from a finished demo: `python -m tests.screenshots HOME` writes docs/images/.

Each is of a page as a newcomer sees it, in few colours so that it is small.
"""

import argparse
import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from pd_assets.lib.home import open_home
from pd_assets.lib.settings import Settings
from pd_assets.web.served import served
from pd_assets.web.site import site
from tests.conftest import ROOT
from tests.integration.browser import chromium, executable
from tests.integration.test_site import serving
from tests.patience import PATIENCE_S

PLACE = ROOT / "docs/images"
SIZE = {"width": 1200, "height": 800}
COLOURS = 128
PROMPT = "A boat on the left in summer, with a golden sky over blue ground"
PICTURE = "main a[href^='/pictures/']"
# name -> the page, and the link on it that leads on
SHOTS = {
    "site-front": ("/", None),
    "site-gallery": ("/pictures?verdict=accept", None),
    "site-picture": ("/pictures?verdict=accept", PICTURE),
    "site-models": ("/models", None),
    "site-judge": ("/judge", None),
}


def take(page: Page, address: str, path: str, link: str | None) -> bytes:
    """A screenshot of a page, when its pictures are there."""
    page.goto(address + path)
    if link is not None:
        page.goto(address + str(page.locator(link).first.get_attribute("href")))
    page.wait_for_load_state("networkidle")
    return page.screenshot()


def draw(page: Page, address: str) -> bytes:
    """The drawing page with a result, which a real model drew, and what it resembles."""
    page.goto(f"{address}/pictures?like=commons:M1")
    page.goto(f"{address}/draw")
    page.locator("textarea").first.fill(PROMPT)
    page.get_by_role("button", name="Draw", exact=True).click()
    page.get_by_role("link", name="Download").first.wait_for(timeout=1000 * PATIENCE_S)
    page.wait_for_load_state("networkidle")
    return page.screenshot()


def main() -> None:
    """Take all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--out", type=Path, default=PLACE)
    given = parser.parse_args()
    browser_path = executable()
    if browser_path is None:
        parser.error("found no Chromium; tests/integration/install.sh installs one")
    home = open_home(given.home, to_ask=True)
    app = site(served(home, Settings(home=home.root)))
    with serving(app) as address, chromium(browser_path) as browser:
        page = browser.new_page(viewport=SIZE)  # type: ignore[arg-type]
        taken = {name: take(page, address, path, link) for name, (path, link) in SHOTS.items()}
        for name, encoded in {**taken, "site-draw": draw(page, address)}.items():
            shot = Image.open(io.BytesIO(encoded)).convert("RGB")
            shot.quantize(COLOURS).save(given.out / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
