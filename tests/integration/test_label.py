"""`pdd label` as a person uses it: a real MediaWiki with structured data, a real browser, and the terminal."""

import os
import re
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pd_assets.lib.catalog.schemas import CAPTIONS, PAGES
from pd_assets.lib.dataset.captions import build_captions
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.labelling.queue import pick
from tests import warm
from tests.integration.conftest import FilledSite
from tests.integration.dagster_ui import free_port
from tests.integration.mediawiki.templates import ROOTS
from tests.integration.mediawiki.wiki import MediaWiki
from tests.patience import PATIENCE_S, until
from tests.pd_assets.harvest import MAX_SIDE, differences, harvest, rows, standing

CAPTION = 'A lighthouse on a cliff under a "stormy" sky & a rainbow'


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """A wiki, the home that was harvested from it, and the roots of the harvest."""

    wiki: MediaWiki
    home: Home
    roots: list[str]

    def harvest(self, home: Home | None = None) -> None:
        self.wiki.run_jobs()
        assert harvest(home or self.home, self.wiki.api_url, self.roots).success

    def environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("PD_")}
        return {
            **own,
            "PD_HOME": str(self.home.root),
            "PD_COMMONS_API": self.wiki.api_url,
            "PD_MAX_SIDE": str(MAX_SIDE),
        }

    def captions_of(self, item_id: str) -> list[str]:
        build_captions(self.home, policy="cc0")
        captions = rows(self.home, CAPTIONS)[(item_id,)]["captions"]
        assert isinstance(captions, list)
        return captions


@pytest.fixture(scope="module")
def harvested(painted_site: FilledSite, tmp_path_factory: pytest.TempPathFactory) -> tuple[Labelled, int]:
    """A harvested wiki with structured data, in which no file has a caption yet; not served, to be copied. Its port."""
    folder = tmp_path_factory.mktemp("label")
    wiki = painted_site.wiki.copy_to(folder / "site")
    wiki.keep_structured_data()
    categories = sorted({name for picture in painted_site.pictures for name in picture.categories})
    port = free_port()
    with wiki.start(port):
        made = Labelled(wiki=wiki, home=open_home(folder / "home"), roots=[*ROOTS, *categories])
        made.harvest()
    return made, port


@pytest.fixture
def labelled(harvested: tuple[Labelled, int], tmp_path: Path) -> Iterator[Labelled]:
    """The test's own copy of it, served at the address that the home knows."""
    made, port = harvested
    shutil.copytree(made.home.root, tmp_path / "home", symlinks=True)
    with made.wiki.copy_to(tmp_path / "site").start(port) as wiki:
        yield replace(made, wiki=wiki, home=open_home(tmp_path / "home"))


@contextmanager
def label_page(labelled: Labelled, *arguments: str) -> Iterator[str]:
    """`pdd label` in a process of its own; the address of its page."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [warm.program(), "-m", "pd_assets.cli", "label", "--port", str(port), *arguments]
    with subprocess.Popen(command, env=labelled.environment(), cwd=labelled.home.root) as process:
        try:
            url = f"http://127.0.0.1:{port}/"
            _wait_for(url, process)
            yield url
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    def answers() -> bool:
        assert process.poll() is None, "pdd label ended"
        try:
            urllib.request.urlopen(url, timeout=PATIENCE_S).close()
            return True
        except urllib.error.URLError:
            return False

    until(answers)


def test_a_caption_written_on_the_wiki_is_shown_after_done_and_is_in_the_captions_of_the_next_run(
    labelled: Labelled, page: Page
) -> None:
    first, second = pick(labelled.home)[:2]
    assert CAPTION not in labelled.captions_of(first.item_id)
    with label_page(labelled) as url:
        page.goto(url)
        expect(page.get_by_role("heading", level=1)).to_have_text(first.title)
        expect(page.locator("#edit")).to_have_attribute("href", first.page_url)
        assert page.locator("img").evaluate("picture => picture.complete && picture.naturalWidth") > 0

        page.get_by_role("button", name="Done").click()
        expect(page.get_by_role("status")).to_contain_text("Nothing new")

        labelled.wiki.set_structured_data(_title(labelled, first.pageid), captions={"en": CAPTION})
        labelled.wiki.forget_requests()
        page.get_by_role("button", name="Done").click()
        expect(page.get_by_role("status")).to_contain_text(CAPTION)
        asked = [request.query.get("pageids") for request in labelled.wiki.requests()]
        assert set(asked) == {str(first.pageid)}, "only that page is read again"

        page.get_by_role("button", name="Next").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(second.title)
        page.get_by_role("button", name="Skip").click()
        expect(page.locator("#progress")).to_have_text(re.compile(r"^2 of \d+ pictures seen · 1 labelled · 1 skipped$"))

    labelled.harvest()
    assert labelled.captions_of(first.item_id)[0] == CAPTION
    scratch = open_home(labelled.home.root.parent / "scratch")
    labelled.harvest(scratch)
    assert differences(standing(labelled.home), standing(scratch)) == []

    left = [picture.item_id for picture in pick(labelled.home)]
    assert first.item_id not in left
    with label_page(labelled) as url:
        page.goto(url)
        expect(page.get_by_role("heading", level=1)).not_to_have_text(second.title)


def test_a_form_of_another_site_changes_nothing(labelled: Labelled) -> None:
    with label_page(labelled) as url:
        for headers, status in (({"Origin": "http://elsewhere.test"}, 403), ({"Host": "elsewhere.test"}, 400)):
            request = urllib.request.Request(f"{url}skip?at=0", method="POST", headers=headers)
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(request, timeout=PATIENCE_S)
            assert refused.value.code == status
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
            assert "0 skipped" in answer.read().decode()


@pytest.mark.extended
def test_a_page_that_was_deleted_meanwhile_is_said_to_be(labelled: Labelled, page: Page) -> None:
    with label_page(labelled, "--order", "random") as url:
        page.goto(url)
        shown = page.get_by_role("heading", level=1).inner_text()
        labelled.wiki.admin.delete(_title(labelled, _picture(labelled, shown)))
        page.get_by_role("button", name="Done").click()
        expect(page.get_by_role("status")).to_contain_text("deleted")


def test_the_terminal_does_the_same(labelled: Labelled) -> None:
    first, second = pick(labelled.home)[:2]
    labelled.wiki.set_structured_data(_title(labelled, first.pageid), captions={"en": CAPTION})
    command = [warm.program(), "-m", "pd_assets.cli", "label", "--no-browser"]
    done = subprocess.run(
        command,
        input="\ns\nq\n",
        env=labelled.environment(),
        text=True,
        capture_output=True,
        timeout=PATIENCE_S,
        check=True,
    )
    assert first.page_url in done.stdout and second.page_url in done.stdout
    assert CAPTION in done.stdout
    assert done.stdout.rstrip().endswith("1 labelled, 1 skipped")
    assert labelled.captions_of(first.item_id)[0] == CAPTION


def test_a_category_that_holds_no_licensed_picture_is_an_error_that_names_one_that_does(labelled: Labelled) -> None:
    category = next(iter(rows(labelled.home, PAGES)))[0]
    command = [warm.program(), "-m", "pd_assets.cli", "label", "--no-browser", "--category", f"{category}s"]
    done = subprocess.run(
        command, env=labelled.environment(), text=True, capture_output=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 1
    assert "no licensed picture is in category" in done.stderr


def _title(labelled: Labelled, pageid: int) -> str:
    return next(str(row["title"]) for key, row in rows(labelled.home, PAGES).items() if key[1] == pageid)


def _picture(labelled: Labelled, title: str) -> int:
    return next(picture.pageid for picture in pick(labelled.home) if picture.title == title)
