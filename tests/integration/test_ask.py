"""A picture that is dropped on the page in a real browser is sent from there, and answered."""

import base64
import socket
import threading
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, expect

from pd_assets.lib.settings import Settings
from pd_assets.web.served import served
from pd_assets.web.site import site
from tests.patience import PATIENCE_S, until
from tests.pd_assets.web.asking import ACCEPTED, planted

pytestmark = pytest.mark.slow
DROP = """
([body, size]) => {
  const told = new DataTransfer();
  const bytes = body ? Uint8Array.from(atob(body), (one) => one.charCodeAt(0)) : new Uint8Array(size);
  told.items.add(new File([bytes], "dropped.jpg", { type: "image/jpeg" }));
  const drop = new DragEvent("drop", { dataTransfer: told, bubbles: true, cancelable: true });
  document.getElementById("drop").dispatchEvent(drop);
}
"""


def test_a_dropped_picture_is_answered_and_one_that_is_too_large_is_not_even_sent(
    tmp_path: Path, browser: Browser
) -> None:
    home = planted(tmp_path / "home")
    app = site(served(home, Settings(home=home.root)))
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [place]}, daemon=True)
        thread.start()
        until(lambda: server.started)
        page = browser.new_page()
        page.set_default_timeout(1000 * PATIENCE_S)
        try:
            page.goto(f"http://127.0.0.1:{place.getsockname()[1]}/ask")
            page.evaluate(DROP, ["", 50_000_001])
            expect(page.locator("#state")).to_have_text("dropped.jpg has 51 MB; expected at most 50 MB.")
            page.evaluate(DROP, [base64.b64encode((home.root / f"images/{ACCEPTED}.jpg").read_bytes()).decode(), 0])
            expect(page.locator("#state")).to_have_text("dropped.jpg is chosen.")
            page.click("#drop button")
            expect(page.locator("#answer")).to_have_text("Known here: 2 pictures")
            expect(page.locator(".how").first).to_contain_text("The very same picture")
        finally:
            page.close()
            server.should_exit = True
            thread.join(PATIENCE_S)
