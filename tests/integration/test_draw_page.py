"""The drawing page in a real browser: a brush over the start picture, progress without a reload, the result."""

from collections.abc import Iterator
from functools import partial
from importlib.resources import files
from pathlib import Path
from threading import Thread

import pytest
import uvicorn
from PIL import Image
from playwright.sync_api import Page, expect
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from pd_assets.lib.drawing.desk import Desk
from pd_assets.lib.guard import guard
from pd_assets.lib.home import open_home
from pd_assets.lib.settings import Settings
from pd_assets.web import draw
from pd_assets.web.served import served
from pd_assets.web.site import POLICY
from tests.integration.dagster_ui import free_port
from tests.patience import until
from tests.pd_assets.lib.drawing import drawer
from tests.pd_assets.lib.drawing.planted import plant_dataset, plant_model, plant_pictures


@pytest.fixture
def masks(tmp_path: Path) -> Path:
    """Where the child keeps the masks that it was asked to draw with."""
    return tmp_path / "masks"


@pytest.fixture
def address(tmp_path: Path, masks: Path) -> Iterator[str]:
    """The page over a home with a model and a picture; a child that draws squares of one colour."""
    home = open_home(tmp_path / "home")
    plant_model(home)
    plant_dataset(home)
    plant_pictures(home, 1)
    masks.mkdir()
    with Desk(home, command=partial(drawer.command, tmp_path / "requests", masks)) as desk:
        static = Mount("/static", StaticFiles(directory=str(files("pd_assets.web").joinpath("static"))))
        routes = [static, *draw.routes(served(home, Settings.from_env()), desk, lambda: None)]
        port = free_port()
        app = Starlette(routes=routes, middleware=guard(policy=POLICY))
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
        thread = Thread(target=server.run)
        thread.start()
        until(lambda: server.started)
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        thread.join()


def test_what_a_brush_painted_over_is_drawn_anew_and_the_page_tells_how_far_it_is(
    address: str, masks: Path, page: Page, tmp_path: Path
) -> None:
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("request", lambda one: None if one.url.startswith((address, "data:")) else problems.append(one.url))
    gate = tmp_path / "gate"
    page.goto(f"{address}/draw?start=commons:M1")
    page.get_by_label("What it should show").fill(f"wait:{gate}")
    expect(page.locator("#words")).to_contain_text("The model never learnt")
    sketch = page.locator("#sketch")
    expect(sketch).to_be_visible()
    sketch.scroll_into_view_if_needed()
    for share in (0.2, 0.7):
        box = sketch.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + share * box["width"], box["y"] + 0.5 * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + (share + 0.1) * box["width"], box["y"] + 0.5 * box["height"], steps=3)
        page.mouse.up()
    expect(page.locator("#brushed")).to_have_text("2 strokes")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#brushed")).to_have_text("1 stroke")
    page.get_by_role("button", name="Draw", exact=True).click()
    expect(page.locator("#drawing")).to_contain_text("Step 1 of 2")
    gate.touch()
    expect(page.locator("#said")).to_contain_text("Drawn in")
    expect(page.locator(".drawn img")).to_be_visible()
    with Image.open(next(masks.iterdir())) as mask:
        left, top, right, bottom = mask.getbbox() or (0, 0, 0, 0)
    # Of 128 x 64 the square in the middle; the second stroke was undone.
    assert 38 < left < 44 and 52 < right < 58 and 25 < top < bottom < 40
    assert problems == []
