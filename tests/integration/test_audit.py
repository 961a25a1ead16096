"""A person judges an audit in a browser, offline: blind, with keys or buttons, and counts the answers afterwards."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from pd_assets.lib.catalog.schemas import DECISIONS, ITEMS
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.rights.audit import Rate, Result, Sample, count_answers, draw_sample, save_sample
from pd_assets.lib.rights.audit_page import render
from pd_assets.lib.rights.evidence import from_page
from tests.pd_assets.lib.planting import decision, item, plant
from tests.pd_assets.lib.rights.cases import EXPIRED, box

EVIDENCE = from_page({"status": "live", "wikitext": box(EXPIRED)}).to_json()
COUNT = 12
VERDICTS = ("reject", "accept", "accept", "accept")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = open_home(tmp_path / "home")
    plant(home, ITEMS, [item(number, title=f"<b>Picture {number}") for number in range(60)])
    decided = [decision(number, VERDICTS[number % 4], evidence=EVIDENCE, rule_id="the-rule") for number in range(60)]
    plant(home, DECISIONS, decided)
    return home


@pytest.fixture
def sample(home: Home) -> Sample:
    return draw_sample(home, profile="strict", count=COUNT, seed=0)


@pytest.fixture
def place(home: Home, sample: Sample) -> Path:
    """The page of the sample."""
    path = save_sample(home, sample) / "audit.html"
    path.write_text(render(home, sample))
    return path


def opened(browser: Browser, place: Path) -> Page:
    page = browser.new_context(offline=True, accept_downloads=True).new_page()
    page.goto(place.as_uri())
    return page


def answers(sample: Sample) -> list[str]:
    """Two mistakes among the accepted, one among the others, and one that nobody can tell."""
    given = []
    wrong = {True: 2, False: 1}
    for number, one in enumerate(sample.items):
        right, other = ("free", "not_free") if one.is_accepted else ("not_free", "free")
        given.append("cannot_tell" if number == COUNT - 1 else other if wrong[one.is_accepted] > 0 else right)
        wrong[one.is_accepted] -= 1
    return given


def test_the_verdict_appears_after_the_answer_and_the_first_answer_counts(
    browser: Browser, place: Path, sample: Sample
) -> None:
    page = opened(browser, place)
    first = sample.items[0]
    assert page.text_content("#title") == f"1. {first.title}", "titles are text, not markup"
    assert page.text_content("#reveal") == "" and first.rule_id not in page.inner_text("body")
    page.click("[data-answer=cannot_tell]")
    assert page.text_content("#reveal") == f"The program's verdict: {first.verdict}, by {first.rule_id}"
    page.click("[data-answer=free]")
    assert page.get_attribute("[data-answer=cannot_tell]", "aria-pressed") == "true"
    assert page.get_attribute("[data-answer=free]", "aria-pressed") == "false"
    assert page.locator("#rates tr").count() == 0, "rates would guide the answers that are still to come"
    page.close()


def test_answers_outlast_the_page_and_it_goes_on_where_it_was_left(browser: Browser, place: Path) -> None:
    page = opened(browser, place)
    for _ in range(3):
        page.keyboard.press("f")
        page.keyboard.press("ArrowRight")
    page.reload()
    assert page.text_content("#done") == f"3 of {COUNT}"
    assert str(page.text_content("#title")).startswith("4. ")
    page.close()


def test_the_page_and_the_command_line_count_the_same_rates(
    browser: Browser, place: Path, home: Home, sample: Sample, tmp_path: Path
) -> None:
    page = opened(browser, place)
    errors: list[object] = []
    page.on("pageerror", lambda error: errors.append(error))
    for answer in answers(sample):
        page.click(f"[data-answer={answer}]")
        page.keyboard.press("ArrowRight")
    shown = page.locator("#rates tr").all_inner_texts()
    with page.expect_download() as downloading:
        page.click("#download")
    file = tmp_path / "answers.json"
    downloading.value.save_as(file)
    page.close()
    assert errors == []

    result = count_answers(home, file)
    assert [line.split("\t")[1:] for line in shown] == lines(result)
    assert (result.false_accepts.wrong, result.false_rejects.wrong, result.errors.cannot_tell) == (2, 1, 1)
    assert json.loads(file.read_text())["sample"] == sample.name


def lines(result: Result) -> list[list[str]]:
    """The rates as the page writes them."""
    return [line(rate) for rate in (result.false_accepts, result.false_rejects, result.errors)]


def line(rate: Rate) -> list[str]:
    interval = f"{rate.low:.1%} to {rate.high:.1%}"
    return [f"{rate.share:.1%}", interval, f"{rate.wrong} of {rate.judged}", str(rate.cannot_tell)]
