"""A headless Chromium of the machine, driven by playwright: nothing is downloaded."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tests import leftovers
from tests.patience import PATIENCE_S

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def executable() -> str | None:
    """The path of the first Chromium found, if any."""
    return next((path for path in map(shutil.which, NAMES) if path is not None), None)


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    """A running browser. LANG is set because Dagster's pages stay blank when the browser's locale is C."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=list(ARGUMENTS),
            env={"LANG": "en_US.UTF-8", "LC_ALL": "en_US.UTF-8", **leftovers.mark()},
            timeout=1000 * PATIENCE_S,
        )
        try:
            yield browser
        finally:
            browser.close()
