"""An audit in a browser: by one person offline, blind; by two on a local page, with a third who settles."""

import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from pd_assets.lib.catalog.schemas import DECISIONS, ITEMS
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.rights.audit import Sample, draw_sample, folder_of, latest_result, save_sample
from pd_assets.lib.rights.audit_page import render, verdict_in_words
from pd_assets.lib.rights.audit_rates import Rate, Result
from pd_assets.lib.rights.audit_result import count_answers
from pd_assets.lib.rights.evidence import from_page
from tests import warm
from tests.integration.dagster_ui import free_port
from tests.patience import PATIENCE_S, until
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
    assert page.text_content("#reveal") == f"The program's verdict: {verdict_in_words(first, 'strict')}"
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


@contextmanager
def judging(home: Home, role: str, *, end: int = signal.SIGINT) -> Iterator[str]:
    """`pdd audit --role` in a process of its own, as a person starts and stops it; the address of its page."""
    port = free_port()
    own = {name: value for name, value in os.environ.items() if not name.startswith("PD_")}
    command = [warm.program(), "-m", "pd_assets.cli", "audit", "--n", str(COUNT), "--role", role, "--port", str(port)]
    with subprocess.Popen(command, env={**own, "PD_HOME": str(home.root)}, cwd=home.root.parent) as process:
        try:
            url = f"http://127.0.0.1:{port}/"
            until(lambda: _is_up(url, process))
            yield url
        finally:
            process.send_signal(end)
            process.wait(PATIENCE_S)


def _is_up(url: str, process: "subprocess.Popen[bytes]") -> bool:
    assert process.poll() is None, "pdd audit ended"
    try:
        urllib.request.urlopen(url, timeout=PATIENCE_S).close()
        return True
    except urllib.error.URLError:
        return False


def right(title: str, sample: Sample) -> str:
    """What is true of a picture: the program is right about all but one accepted one."""
    one = next(one for one in sample.items if one.title == title)
    mistaken = next(one for one in sample.items if one.is_accepted)
    return "free" if one.is_accepted and one != mistaken else "not_free"


def answer_all(page: Page, url: str, say: Callable[[str], str], *, times: int = COUNT) -> list[str]:
    """Answer so many pictures by the buttons; the titles, as they came."""
    page.goto(url)
    titles = []
    for _ in range(times):
        heading = page.locator("#title").inner_text()
        titles.append(heading.partition(". ")[2])
        page.click(f"[data-answer={say(titles[-1])}]")
        expect(page.locator("#title, #end").first).not_to_have_text(heading)
    return titles


def test_two_people_judge_the_same_sample_without_seeing_one_another_and_a_third_settles(
    browser: Browser, home: Home, sample: Sample
) -> None:
    save_sample(home, sample)
    folder = folder_of(home, sample.name)
    page = browser.new_page()
    # The first is killed after four answers, and goes on where they were.
    with judging(home, "first", end=signal.SIGKILL) as url:
        begun = answer_all(page, url, lambda title: right(title, sample), times=4)
    with judging(home, "first") as url:
        page.goto(url)
        expect(page.locator("#done")).to_have_text(f"4 of {COUNT}")
        rest = answer_all(page, url, lambda title: right(title, sample), times=COUNT - 4)
        expect(page.locator("#end")).to_have_text("All is judged.")
    assert begun + rest == [one.title for one in sample.items]

    # The second differs about three, and sees neither the answers of the first nor any verdict.
    differ = {one.title for one in sample.items[2:5]}

    def second(title: str) -> str:
        body = page.content()
        assert not any(word in body for word in ("Accepted under", "Refused:", "Waits:", "the-rule", "sealed"))
        assert page.locator("[aria-pressed=true]").count() == 0
        return "cannot_tell" if title in differ else right(title, sample)

    with judging(home, "second") as url:
        assert answer_all(page, url, second) == begun + rest
        page.goto(f"{url}item/0")
        page.locator("#next").click()
        expect(page.locator("[aria-pressed=true]")).to_have_attribute(
            "data-answer", right(sample.items[1].title, sample)
        )
    result = latest_result(home)
    assert result is not None and (result["people"], result["open"], result["settled"]) == (2, 3, 0)

    with judging(home, "settle") as url:
        page.goto(url)
        expect(page.locator("#differ")).to_contain_text("and cannot tell")
        assert set(answer_all(page, url, lambda title: right(title, sample), times=3)) == differ
    result = latest_result(home)
    assert result is not None and (result["open"], result["settled"]) == (0, 3)
    accepts, agreed = result["false_accepts"], result["agreement"]
    assert isinstance(accepts, dict) and isinstance(agreed, dict)
    assert (accepts["wrong"], accepts["judged"]) == (1, COUNT // 2)
    assert (agreed["pairs"], agreed["same"]) == (COUNT, COUNT - 3) and agreed["low"] < agreed["kappa"] < agreed["high"]

    page.goto((folder / "result.html").as_uri())
    expect(page.locator("#agreement")).to_contain_text(f"{COUNT - 3} of {COUNT}")
    expect(page.locator("#differ tbody tr")).to_have_count(3)
    expect(page.locator("#wrong li")).to_have_count(1)
    assert sum(int(cell) for cell in page.locator("#confusion td").all_inner_texts()) == COUNT
    page.close()


def test_a_form_of_another_site_judges_nothing(home: Home) -> None:
    with judging(home, "first") as url:
        request = urllib.request.Request(
            f"{url}answer/0/free", method="POST", headers={"Origin": "http://elsewhere.test"}
        )
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=PATIENCE_S)
        assert refused.value.code == 403
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
            assert f"0 of {COUNT}" in answer.read().decode()
