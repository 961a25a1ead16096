"""The audit: a random sample of both halves, a page that gives nothing away, rates with their intervals."""

import json
import math
from base64 import b64decode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pd_assets.lib.catalog.schemas import DECISIONS, FILES, ITEMS
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.rights.audit import Sample, Sampled, draw_sample, latest_result, load_sample, save_sample
from pd_assets.lib.rights.audit_answers import answers_of, note_answer
from pd_assets.lib.rights.audit_page import render
from pd_assets.lib.rights.audit_rates import estimate, in_words
from pd_assets.lib.rights.audit_result import count, count_answers
from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.intervals import wilson
from tests.pd_assets.lib.planting import decision, file, item, plant
from tests.pd_assets.lib.rights.cases import EXPIRED, box

EVIDENCE = from_page({"status": "live", "wikitext": box(EXPIRED, artist="</script><b>A. Painter")}).to_json()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """300 items: every third accepted, one in six rejected, half of them in quarantine."""
    home = open_home(tmp_path)
    verdicts = {number: ("accept", "reject", "quarantine", "accept", "quarantine", "quarantine")[number % 6]
                for number in range(300)}  # fmt: skip
    plant(home, ITEMS, [item(number) for number in verdicts])
    plant(home, DECISIONS, [decision(number, verdict, evidence=EVIDENCE) for number, verdict in verdicts.items()])
    return home


def test_half_of_the_sample_is_accepted_and_both_halves_know_what_they_stand_for(home: Home) -> None:
    sample = draw_sample(home, profile="strict", count=40, seed=0)
    assert (sample.accepted, sample.others, len(sample.items)) == (100, 200, 40)
    assert sum(one.is_accepted for one in sample.items) == 20
    assert len({one.item_id for one in sample.items}) == 40


def test_a_seed_always_draws_the_same_sample_and_another_seed_another(home: Home) -> None:
    first = draw_sample(home, profile="strict", count=40, seed=1)
    assert draw_sample(home, profile="strict", count=40, seed=1) == first
    assert draw_sample(home, profile="strict", count=40, seed=2).name != first.name


def test_the_order_does_not_tell_what_was_accepted(home: Home) -> None:
    sample = draw_sample(home, profile="strict", count=100, seed=0)
    firsts = sum(one.is_accepted for one in sample.items[:50])
    assert 12 <= firsts <= 38


def test_every_item_has_the_same_chance_within_its_half(home: Home) -> None:
    drawn = [draw_sample(home, profile="strict", count=50, seed=seed).items for seed in range(16)]
    times: dict[str, int] = {}
    for one in (one for items in drawn for one in items if one.is_accepted):
        times[one.item_id] = times.get(one.item_id, 0) + 1
    assert sum(times.values()) == 400 and len(times) > 90 and max(times.values()) <= 10


def test_where_too_few_were_accepted_the_others_fill_the_sample(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    plant(home, ITEMS, [item(number) for number in range(30)])
    plant(home, DECISIONS, [decision(number, "accept" if number < 3 else "reject") for number in range(30)])
    sample = draw_sample(home, profile="strict", count=20, seed=0)
    assert (len(sample.items), sum(one.is_accepted for one in sample.items)) == (20, 3)


def test_without_decisions_there_is_nothing_to_judge(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no decisions under profile strict"):
        draw_sample(open_home(tmp_path), profile="strict", count=10, seed=0)


def test_the_page_shows_no_verdict_no_rule_and_nothing_of_what_our_table_thinks_of_a_tag(home: Home) -> None:
    page = render(home, draw_sample(home, profile="strict", count=10, seed=0))
    shown = page.partition('<script id="data" type="application/json">')[2].partition("</script>")[0]
    data = json.loads(shown)
    assert len(data["items"]) == 10
    for word in ("accept", "reject", "quarantine", "ground", "obligation", 'pd-old-100-expired", "rule'):
        assert word not in json.dumps([{**one, "sealed": ""} for one in data["items"]])
    sealed = json.loads(b64decode(data["items"][0]["sealed"]))
    assert sealed[0] in ("accept", "reject", "quarantine")
    assert sealed[1].startswith(("Accepted under strict: ", "Refused: ", "Waits: "))
    assert ["licence tag", "PD-old-100-expired (seen in: wikitext)"] in data["items"][0]["evidence"]
    assert ["date of the work", "1860"] in data["items"][0]["evidence"]


def test_nothing_that_a_page_says_ends_the_script_element(home: Home) -> None:
    sample = draw_sample(home, profile="strict", count=4, seed=0)
    assert "</script><b>" in sample.items[0].evidence
    assert "</script><b>" not in render(home, sample)


def test_the_picture_in_the_store_is_in_the_page_and_small(home: Home) -> None:
    sample = draw_sample(home, profile="strict", count=20, seed=0)
    number = int(next(one for one in sample.items if one.is_accepted).item_id.removeprefix("commons:M"))
    (home.root / "images").mkdir()
    Image.new("RGB", (2000, 1000), "navy").save(home.root / f"images/{number}.jpg")
    plant(home, FILES, [file(number)])
    page = render(home, draw_sample(home, profile="strict", count=20, seed=0))
    assert page.count("data:image/jpeg;base64,") == 1 and len(page) < 100_000


def judged(*, accepted: int, others: int, halves: tuple[int, int] = (10, 10)) -> Sample:
    """A sample whose first items are accepted ones."""
    items = [sampled(number, "accept" if number < halves[0] else "reject") for number in range(sum(halves))]
    return Sample(profile="strict", seed=0, accepted=accepted, others=others, items=tuple(items))


def sampled(number: int, verdict: str) -> Sampled:
    return Sampled(
        item_id=f"commons:M{number}", verdict=verdict, rule_id="r", reasons=(), title="", page_url="", thumb_url=None,
        path=None, evidence="of a form that nobody reads any more",
    )  # fmt: skip


def test_the_rates_are_those_of_their_halves_and_the_whole_is_weighed() -> None:
    sample = judged(accepted=900, others=100)
    answers = {f"commons:M{number}": "free" for number in range(20)}
    answers |= {"commons:M0": "not_free"}
    answers |= {f"commons:M{number}": "not_free" for number in range(10, 18)}
    result = estimate(sample, answers)
    assert (result.false_accepts.wrong, result.false_accepts.judged) == (1, 10)
    assert (result.false_rejects.wrong, result.false_rejects.judged) == (2, 10)
    assert math.isclose(result.errors.share, 0.9 * 0.1 + 0.1 * 0.2)
    assert result.errors.low < result.errors.share < result.errors.high


def test_what_nobody_can_tell_counts_for_neither_and_is_in_the_worst_case() -> None:
    sample = judged(accepted=10, others=10)
    answers = {"commons:M0": "free", "commons:M1": "cannot_tell", "commons:M2": "not_free", "commons:M3": "free"}
    rate = estimate(sample, answers).false_accepts
    assert (rate.wrong, rate.judged, rate.cannot_tell) == (1, 3, 1)
    assert (rate.share, rate.worst) == (1 / 3, 0.5)


def test_no_error_in_fifty_does_not_prove_that_there_is_none() -> None:
    sample = judged(accepted=1000, others=1000, halves=(50, 50))
    answers = {f"commons:M{number}": "free" if number < 50 else "not_free" for number in range(100)}
    result = estimate(sample, answers)
    assert result.false_accepts.share == 0.0 and result.false_accepts.low < 1e-9
    assert 0.07 < result.false_accepts.high < 0.072
    assert 0.0 < result.errors.high < result.false_accepts.high, "a hundred answers say more than fifty"


def test_without_answers_every_rate_is_possible() -> None:
    result = estimate(judged(accepted=5, others=5), {})
    assert (result.errors.low, result.errors.high, result.errors.judged) == (0.0, 1.0, 0)


@pytest.mark.parametrize(("wrong", "judged_count"), [(0, 10), (1, 10), (5, 10), (3, 50), (50, 50), (17, 1000)])
def test_wilsons_bounds_are_the_rates_from_which_the_share_is_1_96_deviations_away(
    wrong: int, judged_count: int
) -> None:
    """The equation that defines the interval, not its solution: |share - p| = z sqrt(p (1 - p) / n)."""
    share = wrong / judged_count
    for bound in wilson(share, judged_count):
        deviation = math.sqrt(bound * (1 - bound) / judged_count)
        assert abs(share - bound) == pytest.approx(1.959964 * deviation, abs=1e-6)


@given(st.integers(1, 500), st.data())
def test_an_interval_holds_its_share_and_narrows_with_more_answers(judged_count: int, data: st.DataObject) -> None:
    wrong = data.draw(st.integers(0, judged_count))
    share = wrong / judged_count
    low, high = wilson(share, judged_count)
    wider = wilson(share, judged_count / 2)
    assert 0 <= low <= share + 1e-12 and share - 1e-12 <= high <= 1
    assert high - low <= wider[1] - wider[0] + 1e-12


def test_downloaded_answers_are_counted_and_kept_beside_their_sample(home: Home, tmp_path: Path) -> None:
    sample = draw_sample(home, profile="strict", count=10, seed=0)
    folder = save_sample(home, sample)
    answers = {one.item_id: "free" if one.is_accepted else "not_free" for one in sample.items}
    file = tmp_path / "answers.json"
    file.write_text(json.dumps({"sample": sample.name, "answers": answers}))
    assert latest_result(home) is None
    result = count_answers(home, file)
    assert (result.errors.wrong, result.errors.judged) == (0, 10)
    assert answers_of(folder, "first") == answers
    kept = latest_result(home)
    assert kept is not None and kept["sample"] == sample.name
    assert (kept["people"], kept["agreement"]) == (1, None)
    assert "agreement: none to tell of, one person judged" in in_words(result)


def test_an_audit_of_before_there_were_roles_is_still_read(home: Home) -> None:
    """Its sample knows no `of_rule`, its answers lie in answers.json, its result has neither people nor agreement."""
    sample = draw_sample(home, profile="strict", count=10, seed=0)
    folder = save_sample(home, sample)
    stored = json.loads((folder / "sample.json").read_text())
    for one in stored["items"]:
        del one["of_rule"]
    (folder / "sample.json").write_text(json.dumps(stored))
    answers = {one.item_id: "free" for one in sample.items}
    (folder / "answers.json").write_text(json.dumps({"sample": sample.name, "answers": answers}))
    (folder / "result.json").write_text(json.dumps({"sample": sample.name, "profile": "strict", "errors": {}}))
    old = latest_result(home)
    assert old is not None and old["sample"] == sample.name and "people" not in old
    result = count(home, load_sample(home, sample.name))
    assert (result.people, result.false_accepts.wrong, result.false_rejects.wrong) == (1, 0, 5)
    note_answer(folder, "first", sample.items[0].item_id, "cannot_tell")
    assert answers_of(folder, "first") == {**answers, sample.items[0].item_id: "cannot_tell"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no answers"),
        ("[]", "holds no answers"),
        ('{"sample": "../../etc", "answers": {}}', "holds no answers"),
        ('{"sample": "strict-unknown", "answers": {}}', "cannot be read"),
        ('{"sample": "x", "answers": {"commons:M1": "maybe"}}', "found answers maybe, expected free"),
    ],
)
def test_a_file_that_is_not_an_audits_answers_is_named(home: Home, tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "answers.json"
    file.write_text(text)
    with pytest.raises(ConfigError, match=says):
        count_answers(home, file)


def test_answers_for_an_item_of_another_sample_are_refused(home: Home) -> None:
    sample = draw_sample(home, profile="strict", count=4, seed=0)
    with pytest.raises(ConfigError, match="commons:M9999, which the sample"):
        estimate(sample, {"commons:M9999": "free"})
