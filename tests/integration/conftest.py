"""Fixtures of the real things: a filled MediaWiki on loopback and a headless browser.

What is not installed is skipped with the reason. Under CI it is not: install.sh runs first, when root, and a test fails
when its program still is not there.
"""

import os
import pickle
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from pd_assets.lib.sandbox import Archive, SandboxServer
from tests.integration import browser as browsers
from tests.integration.dagster_ui import DagsterUi, running
from tests.integration.mediawiki.fill import fill
from tests.integration.mediawiki.kinds import Kind
from tests.integration.mediawiki.pictures import Picture
from tests.integration.mediawiki.wiki import MediaWiki, missing_requirements
from tests.once import made_once
from tests.patience import PATIENCE_S
from tests.receivers import mail_server, webhook

HERE = Path(__file__).parent
ART = HERE.parents[2] / "shared/data/art"
SEED = 20
MIX = {
    **dict.fromkeys(Kind, 5),
    Kind.PD_OLD_100_EXPIRED: 120,
    Kind.PD_OLD_100: 50,
    Kind.CC0_MUSEUM: 20,
    Kind.CC_BY_SA: 15,
    Kind.PD_PLUS_CC_BY_SA: 15,
    Kind.RENAMED: 3,
    Kind.DUPLICATE: 2,
    Kind.TRUNCATED: 2,
}


@dataclass(frozen=True, kw_only=True)
class FilledSite:
    """An installed wiki whose server is not running, to be copied, and the truth about its files."""

    wiki: MediaWiki
    pictures: tuple[Picture, ...]


@pytest.fixture(scope="session")
def art_folder() -> Path:
    """The set of public-domain pictures that the wiki is filled with; it lies beside the repository."""
    if not (ART / "metadata.jsonl").is_file():
        pytest.skip(
            "The art set ../shared/data/art is not beside this repository: there is nothing to fill a wiki with"
        )
    return ART


@pytest.fixture(scope="session")
def mediawiki_installed() -> None:
    """Skip, or under CI install or fail, where MediaWiki or its needs are missing."""
    require(missing_requirements)


@pytest.fixture(scope="session")
def mediawiki_site(common_folder: Path, mediawiki_installed: None, art_folder: Path) -> FilledSite:
    """A wiki of about 300 pictures in every kind of licence situation, filled once for all workers."""

    def make(folder: Path) -> None:
        pictures = fill(MediaWiki.install(folder / "site"), art_folder, MIX, SEED)
        (folder / "pictures.pickle").write_bytes(pickle.dumps(tuple(pictures)))

    folder = made_once(common_folder, "mediawiki", make)
    pictures = pickle.loads((folder / "pictures.pickle").read_bytes())
    return FilledSite(wiki=MediaWiki(folder / "site"), pictures=pictures)


@pytest.fixture(scope="session")
def read_wiki(mediawiki_site: FilledSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MediaWiki]:
    """The filled wiki, served for all tests of a worker that change nothing of it."""
    with mediawiki_site.wiki.copy_to(tmp_path_factory.mktemp("read") / "mediawiki") as wiki:
        yield wiki


@pytest.fixture
def mediawiki(mediawiki_site: FilledSite, tmp_path: Path) -> Iterator[MediaWiki]:
    """The test's own copy of the filled wiki, served on a free port."""
    with mediawiki_site.wiki.copy_to(tmp_path / "mediawiki") as wiki:
        yield wiki


@dataclass(frozen=True, kw_only=True)
class Up:
    """A running `pdd up`, the archive that it reads, and what its alerts told."""

    ui: DagsterUi
    server: SandboxServer
    posted: list[dict[str, object]]
    mailed: list[str]


# Of the files whose tests share one `pdd up`: they go to the same worker (tests/sizes.py).
on_one_pdd_up = pytest.mark.on_one_pdd_up
# A model that is small, and of many steps that are told of: there is time to stop it between two of them.
UNET_STEPS = 150
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


@pytest.fixture(scope="session")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One `pdd up` on a small sandbox archive. Its tests carry the mark `on_one_pdd_up` and leave it running."""
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
        ) as ui,
    ):
        yield Up(ui=ui, server=server, posted=posted, mailed=mailed)


@pytest.fixture(scope="session")
def ui(up: Up) -> DagsterUi:
    return up.ui


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium, one for the session: open a `browser.new_page()` and close it."""
    require(lambda: [] if browsers.executable() else [f"a browser ({', '.join(browsers.NAMES)})"])
    path = browsers.executable()
    assert path is not None
    with browsers.chromium(path) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page large enough that the whole graph of the UI is drawn, on a machine that may be slow."""
    page = browser.new_page(viewport={"width": 1600, "height": 1400})
    page.set_default_timeout(1000 * PATIENCE_S)
    expect.set_options(timeout=1000 * PATIENCE_S)
    yield page
    page.close()


def require(
    missing: Callable[[], list[str]], *, in_ci: bool | None = None, install: Callable[[], None] | None = None
) -> None:
    """Return when nothing is missing, else skip; under CI install first, and fail rather than skip."""
    strict = bool(os.environ.get("CI")) if in_ci is None else in_ci
    if missing() and strict:
        (install or _install)()
    if still := missing():
        reason = f"Not installed: {', '.join(still)}. tests/integration/install.sh installs it, as root."
        pytest.fail(reason) if strict else pytest.skip(reason)


def _install() -> None:
    if os.geteuid() == 0:
        subprocess.run([HERE / "install.sh"], check=False)
