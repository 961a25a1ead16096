"""Fixtures of the real things: a filled MediaWiki and a Postgres on loopback, and a headless browser.

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

from tests.bench.painted import mix, paint
from tests.integration import browser as browsers
from tests.integration import postgres
from tests.integration.mediawiki.fill import fill
from tests.integration.mediawiki.kinds import Kind
from tests.integration.mediawiki.pictures import Picture
from tests.integration.mediawiki.wiki import MediaWiki, missing_requirements
from tests.integration.postgres import Postgres
from tests.once import made_once
from tests.patience import PATIENCE_S

HERE = Path(__file__).parent
ART = HERE.parents[2] / "shared/data/art"
SEED = 20
PAINTED_FILES = 40
MIX = {
    **dict.fromkeys(Kind, 3),
    Kind.PD_OLD_100_EXPIRED: 70,
    Kind.PD_OLD_100: 20,
    Kind.CC0_MUSEUM: 10,
    Kind.CC_BY_SA: 6,
    Kind.PD_PLUS_CC_BY_SA: 6,
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
    """A wiki of about 160 pictures in every kind of licence situation, filled once for all workers."""
    return _filled(common_folder, "mediawiki", lambda wiki, _: fill(wiki, art_folder, MIX, SEED))


@pytest.fixture(scope="session")
def painted_site(common_folder: Path, mediawiki_installed: None) -> FilledSite:
    """A small wiki of painted pictures, filled once for all workers: where it does not matter what they show."""

    def filled(wiki: MediaWiki, folder: Path) -> list[Picture]:
        return fill(wiki, paint(folder / "art", PAINTED_FILES), mix(PAINTED_FILES), SEED)

    return _filled(common_folder, "painted mediawiki", filled)


def _filled(common: Path, name: str, filled: Callable[[MediaWiki, Path], list[Picture]]) -> FilledSite:
    def make(folder: Path) -> None:
        pictures = filled(MediaWiki.install(folder / "site"), folder)
        (folder / "pictures.pickle").write_bytes(pickle.dumps(tuple(pictures)))

    folder = made_once(common, name, make)
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


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A Postgres, one for the suite: the files that ask for it go to one worker (tests/sizes.py)."""
    require(postgres.missing)
    with postgres.running() as started:
        yield started


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
