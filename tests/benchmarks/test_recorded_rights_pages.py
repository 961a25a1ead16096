"""No page of the benchmark is one of the recorded labelled pages, and ours runs on those too."""

import json

from benchmarks.rights.pages import PAGES, read_pages
from benchmarks.rights.score import score
from benchmarks.rights.systems import ours
from tests.material import recorded

FILE = "rights/pages.json"


def test_no_text_is_that_of_a_recorded_page() -> None:
    theirs = {" ".join(page["wikitext"].split()) for page in json.loads(recorded(FILE).read_text())}
    assert [page.id for page in read_pages(PAGES) if " ".join(page.wikitext.split()) in theirs] == []


def test_ours_decides_every_recorded_page_under_every_profile() -> None:
    pages = read_pages(recorded(FILE))
    scores = score(pages, ours.decisions(pages))
    assert [one.all.pages for one in scores] == [len(pages)] * 3
    assert all(one.all.recall.of > 0 for one in scores)
