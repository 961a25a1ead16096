"""One `pdd up` for the tests of this folder, with a webhook and a mail server that its alerts reach, and one profile
of a browser."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from pd_assets.sandbox import Archive, SandboxServer
from tests.integration import hurry
from tests.integration.dagster_ui import DagsterUi, running
from tests.patience import PATIENCE_S
from tests.receivers import mail_server, webhook


@dataclass(frozen=True, kw_only=True)
class Up:
    """A running `pdd up`, the archive that it reads, and what its alerts told."""

    ui: DagsterUi
    server: SandboxServer
    posted: list[dict[str, object]]
    mailed: list[str]


# So large that the whole graph of the UI is drawn.
VIEWPORT = ViewportSize(width=1600, height=1400)
# A model that is small, and of many steps that are told of: there is time to stop it between two of them.
UNET_STEPS = 100
UP = {
    "PD_CONTACT": "operator@somewhere.net",
    "PD_SCRAPE_CRON": "30 4 1 1 *",
    "PD_SCRAPE_TIMEZONE": "Europe/Berlin",
    "PD_ALERT_EMAIL": "operator@somewhere.net",
    "PD_SMTP_HOST": "127.0.0.1",
    "PD_RETRY_WAIT_S": "1",
    "PD_RECIPE": "debug",
    "PD_MAX_SIDE": "64",
    "PD_TRAIN_SET": f"unet.steps={UNET_STEPS};unet.batch_size=4;unet.log_every_steps=1;"
    "unet.validate_every_steps=1000;unet.checkpoint_every_steps=1000",
    # Long enough for a test to come between a failure and the daemon that looks for failures.
    "DAGSTER_EVENT_LOG_CONSUMER_DAEMON_INTERVAL_SECONDS": "15",
}


@pytest.fixture(scope="package")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One `pdd up` on a small sandbox archive; the tests of this folder leave it running, but for the last one."""
    with (
        SandboxServer(Archive.painted(count=120)) as server,
        webhook() as (hook, posted),
        mail_server() as (port, mailed),
        running(
            tmp_path_factory.mktemp("up"),
            PD_COMMONS_API=server.api_url,
            PD_ALERT_WEBHOOK=hook,
            PD_SMTP_PORT=str(port),
            **UP,
            **hurry.settings(),
        ) as ui,
    ):
        yield Up(ui=ui, server=server, posted=posted, mailed=mailed)


@pytest.fixture(scope="package")
def ui(up: Up) -> DagsterUi:
    return up.ui


@pytest.fixture(scope="package")
def profile(browser: Browser) -> Iterator[BrowserContext]:
    """In which the UI's programs are read and compiled once."""
    profile = browser.new_context(viewport=VIEWPORT)
    profile.set_default_timeout(1000 * PATIENCE_S)
    expect.set_options(timeout=1000 * PATIENCE_S)
    yield profile
    profile.close()


@pytest.fixture
def page(profile: BrowserContext) -> Iterator[Page]:
    """A page of the size that a person's would have, and more."""
    page = profile.new_page()
    yield page
    page.close()
