"""`pdd try` as a person types it, on a real MediaWiki with real paintings: harvest, look, train, draw, and go on."""

import os
import re
import shutil
import signal
import subprocess
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pd_assets.cli.try_ import LIMIT, estimate, media_s
from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import LICENSED, PAGES
from pd_assets.lib.home import Home
from pd_assets.lib.pacing import MEDIA
from pd_assets.lib.settings import COMMONS_API, Settings
from tests import warm
from tests.conftest import ROOT
from tests.integration.conftest import FilledSite
from tests.integration.mediawiki.wiki import MediaWiki
from tests.patience import PATIENCE_S, until

# Few steps of a small model: what is learnt in more is shown elsewhere.
TINY = (
    "tokenizer.vocab_size=600;clip.steps=2;clip.batch_size=8;transformer.steps=2;transformer.batch_size=4;"
    "evaluate.n=8;evaluate.permutations=10;evaluate.reference=32;evaluate.sample_steps=2"
)
FEW = 8


@contextmanager
def tried(project: Path, wiki: MediaWiki, *arguments: str, **settings: str) -> Iterator["subprocess.Popen[bytes]"]:
    """`pdd try` in a project folder; what it prints is in try.log."""
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(ROOT / name, project / name)
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PD_HOME", "DAGSTER_"))}
    with (project / "try.log").open("wb") as log:
        process = subprocess.Popen(
            [warm.program(), "-m", "pd_assets.cli", "try", "--no-browser", *arguments],
            cwd=project,
            env={**own, "PD_COMMONS_API": wiki.api_url, "PD_MAX_SIDE": "320", "PD_TRAIN_SET": TINY, **settings},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def printed(project: Path) -> str:
    return (project / "try.log").read_text()


def has_said(project: Path, process: "subprocess.Popen[bytes]", words: str) -> bool:
    assert process.poll() is None, printed(project)
    return words in printed(project)


@pytest.fixture
def category(mediawiki_site: FilledSite) -> str:
    """The category with the most pictures."""
    counted = Counter(name for picture in mediawiki_site.pictures for name in picture.categories)
    return counted.most_common(1)[0][0]


@pytest.mark.slow
def test_a_few_pictures_of_a_category_are_harvested_and_looked_at_for_no_more_requests_than_were_told(
    read_wiki: MediaWiki, category: str, tmp_path: Path
) -> None:
    harvest_a_few(read_wiki, category, tmp_path)


@pytest.mark.extended
@pytest.mark.slow
def test_from_nothing_to_a_model_of_a_category_and_the_same_command_goes_on(
    read_wiki: MediaWiki, category: str, tmp_path: Path
) -> None:
    home, first = harvest_a_few(read_wiki, category, tmp_path)
    with tried(tmp_path, read_wiki, category, "--limit", "60", "--yes") as process:
        until(lambda: has_said(tmp_path, process, "Draw: http://"), lambda: printed(tmp_path))
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0
    assert f"{first} are here already" in printed(tmp_path)
    assert first < tables.count_rows(home, PAGES) <= 60
    assert tables.count_rows(home, LICENSED) > 10
    assert home.latest("models", "transformer") is not None or home.pointed("models", "transformer", "candidate")


def harvest_a_few(wiki: MediaWiki, category: str, folder: Path) -> tuple[Home, int]:
    """The home of a project folder after `pdd try --no-train` for FEW pictures, and how many pages it has."""
    home = Home(root=folder / "data-try")
    before = len(wiki.requests())
    with tried(folder, wiki, f"Category:{category}", "--limit", str(FEW), "--yes", "--no-train") as process:
        until(lambda: has_said(folder, process, "Ctrl-C ends this"), lambda: printed(folder))
        told = printed(folder)
        url = next(iter(re.findall(r"as they come: (http://\S+)/pictures", told)))
        with urllib.request.urlopen(f"{url}/static/site.css", timeout=PATIENCE_S) as page:
            assert page.status == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0
    until(lambda: not answers(url))
    assert f"{FEW} pictures: about" in told and "Draw:" not in told
    first = tables.count_rows(home, PAGES)
    assert 0 < first <= FEW
    planned = int(next(iter(re.findall(r"about (\d+) requests", told))))
    assert len(wiki.requests()) - before <= planned
    return home, first


def test_nothing_is_begun_where_nobody_agrees_or_there_is_nothing_to_try(
    read_wiki: MediaWiki, category: str, tmp_path: Path
) -> None:
    home = tmp_path / "data-try"
    for arguments, says in (
        ((category,), "say --yes"),
        (("Nowhere at all", "--yes"), "has no files"),
        (("PD Art", "--yes"), "choose one below it: PD-Art ("),
    ):
        with tried(tmp_path, read_wiki, *arguments) as process:
            assert process.wait(PATIENCE_S) == 1
        assert says in printed(tmp_path)
        assert not home.exists()
    home.mkdir()
    (home / "letter.txt").touch()
    with tried(tmp_path, read_wiki, category, "--yes") as process:
        assert process.wait(PATIENCE_S) == 1
    assert "holds other pictures" in printed(tmp_path)
    assert [path.name for path in home.iterdir()] == ["letter.txt"]


def test_the_live_archive_is_not_asked_without_a_contact(read_wiki: MediaWiki, tmp_path: Path) -> None:
    with tried(tmp_path, read_wiki, "Paintings", "--yes", PD_COMMONS_API=COMMONS_API) as process:
        assert process.wait(PATIENCE_S) == 1
    assert "PD_CONTACT is not set" in printed(tmp_path)


def test_the_time_is_told_by_the_pace_that_the_archive_allows() -> None:
    assert media_s(MEDIA, 1, 0) == pytest.approx(1.0, abs=0.1), "it begins with a file a second"
    assert media_s(MEDIA, 300, 0) == pytest.approx(91, abs=2)
    assert media_s(MEDIA, 10, 24e6 / 8 * 100) == 100, "the bandwidth"
    grown = media_s(MEDIA, 100_000, 0) - media_s(MEDIA, 90_000, 0)
    assert grown == pytest.approx(10_000 / 20)
    told = str(estimate(Settings(), LIMIT))
    assert "300 pictures: about 55 requests" in told and "2 minutes" in told


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=PATIENCE_S).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
