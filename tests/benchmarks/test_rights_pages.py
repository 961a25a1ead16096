"""The labelled pages of benchmarks/rights: their form, their balance, and that they are what their source writes."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.rights.pages import MAKERS, PAGES, PROFILES, TEMPLATES, BadFile, Page, read_pages
from benchmarks.rights.source import write
from pd_assets.lib.rights.knowledge import TemplateKind

FIELDS = (
    "id", "form", "language", "kind", "title", "wikitext", "categories", "templates", "extmetadata", "statements",
    "entities", "creators", "expected", "why",
)  # fmt: skip
# Known to nobody on purpose: a harmless template that a system has to wait for.
CLASSIFIED_BY_NOBODY = {"Nlm-sources", "User:Exampleuser/licence"}


@pytest.fixture(scope="module")
def pages() -> list[Page]:
    return read_pages(PAGES)


@pytest.fixture(scope="module")
def raw() -> list[dict[str, object]]:
    return [json.loads(line) for line in PAGES.read_text().splitlines()]


def test_the_pages_are_what_their_source_writes(tmp_path: Path) -> None:
    write.main(tmp_path / "pages.jsonl", tmp_path / "makers.json")
    assert (tmp_path / "pages.jsonl").read_text() == PAGES.read_text()
    assert (tmp_path / "makers.json").read_text() == MAKERS.read_text()


def test_every_page_has_every_field_and_a_reason_with_its_rule(raw: list[dict[str, object]]) -> None:
    assert [page["id"] for page in raw if tuple(page) != FIELDS] == []
    rule = re.compile(r"USC|Directive|Commons:|CC0|whoever made|dead", re.IGNORECASE)
    assert [page["id"] for page in raw if not rule.search(str(page["why"]))] == []


def test_there_are_enough_pages_of_either_verdict_in_enough_languages_and_forms(pages: list[Page]) -> None:
    free = sum("life70" in page.free for page in pages)
    assert len(pages) >= 400 and free >= 0.45 * len(pages) and len(pages) - free >= 0.35 * len(pages)
    languages, kinds = Counter(page.language for page in pages), Counter(page.kind for page in pages)
    assert len([name for name, count in languages.items() if count >= 5]) >= 12
    assert len({page.form for page in pages}) >= 25 and len(kinds) >= 20
    assert kinds["free"] + kinds["free-odd"] < 0.6 * len(pages)


def test_pages_differ_in_title_and_in_more_than_numbers(pages: list[Page]) -> None:
    assert len({page.title for page in pages}) == len(pages)
    # What is told of a page beside its wikitext may be the trap.
    told = [(page.wikitext, json.dumps([page.statements, page.extmetadata, page.entities])) for page in pages]
    said = Counter((re.sub(r"\d+", "", text), beside) for text, beside in told)
    assert [text[:200] for (text, _), count in said.items() if count > 1] == []


def test_a_page_free_under_a_longer_term_is_free_under_a_shorter_one(pages: list[Page]) -> None:
    for shorter, longer in zip(reversed(PROFILES), list(reversed(PROFILES))[1:], strict=False):
        assert [page.id for page in pages if longer in page.free and shorter not in page.free] == []


def test_every_item_of_ours_that_a_page_names_is_told_by_it(pages: list[Page]) -> None:
    for page in pages:
        named = re.findall(r"Q9991\d{5}", json.dumps([page.wikitext, page.statements, page.entities, page.creators]))
        assert set(named) <= set(page.entities), page.id


def test_every_template_of_the_pages_is_classified(pages: list[Page]) -> None:
    kinds = json.loads(TEMPLATES.read_text())
    used = {name.removeprefix("Template:") for page in pages for name in page.templates}
    used = {name for name in used if not name.startswith(("Creator:", "Institution:"))}
    assert used - set(kinds) == CLASSIFIED_BY_NOBODY
    assert {value["kind"] if isinstance(value, dict) else value for value in kinds.values()} <= set(TemplateKind)


def test_the_terser_shape_of_recorded_pages_is_read_and_unknown_keys_are_ignored(tmp_path: Path) -> None:
    page = {"set": "s", "id": "1", "form": "own", "wikitext": "x", "title": "File:X.jpg", "categories": [], "note": "n",
            "templates": [], "extmetadata": {}, "statements": {"P170": ["Q1"]}, "seen": True,
            "expected": {"strict": "N", "life70": "A", "us": "A"}}  # fmt: skip
    (tmp_path / "pages.json").write_text(json.dumps([page]))
    (read,) = read_pages(tmp_path / "pages.json")
    assert (read.id, read.kind, read.free, read.why) == ("s/1", "free", frozenset({"life70", "us"}), "n")


def test_a_page_without_a_verdict_is_named_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "pages.jsonl").write_text('{"id": "1", "expected": {"strict": "maybe"}}\n')
    with pytest.raises(BadFile, match=r"pages.jsonl, page 1: `expected` lacks strict, life70, us"):
        read_pages(tmp_path / "pages.jsonl")
