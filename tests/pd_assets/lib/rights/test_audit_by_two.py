"""An audit by two people: answers that outlast whatever interrupts them, agreement beyond chance, and what settles."""

import csv
import json
import math
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pd_assets.cli.audit import prepare
from pd_assets.lib.catalog.schemas import DECISIONS, ITEMS
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.rights.agreement import Agreement, agreement
from pd_assets.lib.rights.audit import Sample, draw_sample, folder_of, latest_result, save_sample
from pd_assets.lib.rights.audit_answers import ANSWERS, answers_of, note_answer, take_file
from pd_assets.lib.rights.audit_rates import estimate, in_words
from pd_assets.lib.rights.audit_result import count
from pd_assets.lib.rights.evidence import from_page
from tests.pd_assets.lib.planting import decision, item, plant
from tests.pd_assets.lib.rights.cases import EXPIRED, OLD, box

OLDER, OTHER = (from_page({"status": "live", "wikitext": box(tag)}).to_json() for tag in (EXPIRED, OLD))
# Of 200 pairs: what one said (down) and the other (across).
PAIRS = {("free", "free"): 106, ("free", "not_free"): 10, ("free", "cannot_tell"): 4, ("not_free", "free"): 22,
         ("not_free", "not_free"): 28, ("not_free", "cannot_tell"): 10, ("cannot_tell", "free"): 2,
         ("cannot_tell", "not_free"): 12, ("cannot_tell", "cannot_tell"): 6}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """60 items, half of them accepted: two thirds by one tag, a third by another."""
    home = open_home(tmp_path / "home")
    plant(home, ITEMS, [item(number) for number in range(60)])
    rows = [
        decision(number, "accept" if number % 2 else "reject", evidence=OTHER if number % 3 == 0 else OLDER,
                 rule_id="accept-free-work" if number % 2 else "no-ground",
                 reasons=[] if number % 2 else ["no_ground"])
        for number in range(60)
    ]  # fmt: skip
    plant(home, DECISIONS, rows)
    return home


@pytest.fixture
def sample(home: Home) -> Sample:
    drawn = draw_sample(home, profile="strict", count=20, seed=0)
    save_sample(home, drawn)
    return drawn


def answered(pairs: Counter[tuple[str, str]] | dict[tuple[str, str], int]) -> tuple[dict[str, str], dict[str, str]]:
    both = [pair for pair, times in pairs.items() for _ in range(times)]
    return {str(at): one for at, (one, _) in enumerate(both)}, {str(at): other for at, (_, other) in enumerate(both)}


def kappa_of(shares: dict[tuple[str, str], float]) -> float:
    raw = sum(shares[answer, answer] for answer in ANSWERS)
    chance = sum(
        sum(shares[answer, other] for other in ANSWERS) * sum(shares[other, answer] for other in ANSWERS)
        for answer in ANSWERS
    )
    return (raw - chance) / (1 - chance)


def interval(found: Agreement) -> tuple[float, float, float]:
    assert found.kappa is not None and found.low is not None and found.high is not None
    return found.low, found.kappa, found.high


def test_kappa_is_the_agreement_beyond_chance_and_its_interval_that_of_the_delta_method() -> None:
    """The error is derived anew here, by numeric derivatives of kappa in the nine shares."""
    found = agreement(*answered(PAIRS))
    shares = {pair: times / 200 for pair, times in PAIRS.items()}
    assert (found.pairs, found.same, found.raw) == (200, 140, 0.7)
    low, kappa, high = interval(found)
    assert math.isclose(kappa, kappa_of(shares))
    step = 1e-6
    slopes = {pair: (kappa_of({**shares, pair: shares[pair] + step}) - kappa_of(shares)) / step for pair in shares}
    mean = sum(shares[pair] * slopes[pair] for pair in shares)
    variance = (sum(shares[pair] * slopes[pair] ** 2 for pair in shares) - mean**2) / 200
    for bound, side in ((low, -1), (high, 1)):
        assert abs(bound - (kappa + side * 1.959964 * math.sqrt(variance))) < 1e-4


@pytest.mark.slow
def test_nine_intervals_in_ten_and_more_hold_the_true_kappa() -> None:
    shares, random, holds = {pair: times / 200 for pair, times in PAIRS.items()}, Random(0), 0
    for _ in range(400):
        drawn = Counter(random.choices(list(shares), weights=list(shares.values()), k=100))
        low, _, high = interval(agreement(*answered(drawn)))
        holds += low <= kappa_of(shares) <= high
    assert holds / 400 > 0.92


def test_few_people_who_never_differ_do_not_prove_that_they_never_would() -> None:
    found = agreement(*answered({("free", "free"): 5, ("not_free", "not_free"): 5}))
    low, kappa, high = interval(found)
    assert (kappa, high) == (1.0, 1.0) and low < 0.6
    assert found.table["free"] == {"free": 5, "not_free": 0, "cannot_tell": 0}


def test_where_both_say_one_and_the_same_there_is_no_kappa() -> None:
    found = agreement(*answered({("free", "free"): 12}))
    assert (found.kappa, found.low, found.high, found.raw) == (None, None, None, 1.0)
    assert agreement({"a": "free"}, {"b": "free"}).pairs == 0


@given(st.lists(st.tuples(st.sampled_from(ANSWERS), st.sampled_from(ANSWERS)), min_size=1, max_size=60))
def test_kappa_lies_in_its_interval_and_does_not_mind_who_is_first(pairs: list[tuple[str, str]]) -> None:
    first, second = answered(Counter(pairs))
    found, turned = agreement(first, second), agreement(second, first)
    if found.kappa is not None:
        low, kappa, high = interval(found)
        assert -1 <= low <= kappa + 1e-9 and kappa - 1e-9 <= high <= 1
        assert turned.kappa is not None and math.isclose(kappa, turned.kappa, abs_tol=1e-9)


def test_rates_are_of_what_both_say_and_what_was_settled_and_an_open_difference_nobody_can_tell(sample: Sample) -> None:
    accepted = [one.item_id for one in sample.items if one.is_accepted]
    first = {one.item_id: "free" if one.is_accepted else "not_free" for one in sample.items}
    second = {**first, accepted[0]: "not_free", accepted[1]: "not_free", accepted[2]: "cannot_tell"}
    before = estimate(sample, first, second)
    assert (before.false_accepts.wrong, before.false_accepts.judged, before.false_accepts.cannot_tell) == (0, 7, 3)
    assert (before.people, before.open, before.settled) == (2, 3, 0)
    assert before.false_accepts.worst == 0.3
    assert any("not settled and count as cannot tell: 3" in note for note in before.notes)
    settle = {accepted[0]: "not_free", accepted[1]: "free", accepted[2]: "free"}
    after = estimate(sample, first, second, settle)
    assert (after.false_accepts.wrong, after.false_accepts.judged, after.open, after.settled) == (1, 10, 0, 3)
    assert before.agreement == after.agreement, "what was settled later does not mend the agreement"
    assert any("fewer than 30" in note for note in after.notes)
    assert any(
        line.startswith("agreement of two people: 17 of 20 (85.0%), Cohen's kappa 0.") for line in in_words(after)
    )


def test_the_rates_are_told_by_rule_and_by_tag_with_what_a_rule_stands_for(sample: Sample) -> None:
    wrong = next(one.item_id for one in sample.items if one.is_accepted and one.evidence == OTHER)
    answers = {one.item_id: "free" if one.is_accepted else "not_free" for one in sample.items} | {wrong: "not_free"}
    result = estimate(sample, answers)
    (by_rule,) = result.accepted_by_rule
    assert (by_rule.name, by_rule.stands_for, by_rule.rate.wrong, by_rule.rate.judged) == (
        "accept-free-work",
        30,
        1,
        10,
    )
    worst, best = result.accepted_by_tag
    assert (worst.name, worst.rate.wrong, best.name, best.rate.wrong) == ("PD-old-100", 1, "PD-old-100-expired", 0)
    assert worst.rate.judged + best.rate.judged == 10 and 0 < best.rate.high < worst.rate.high
    assert [group.name for group in result.refused_by_rule] == ["no-ground"]


def test_one_person_of_two_counts_as_one(sample: Sample, home: Home) -> None:
    note_answer(folder_of(home, sample.name), "second", sample.items[0].item_id, "free")
    result = count(home, sample)
    assert (result.people, result.agreement) == (1, None)
    assert any("how two people agree is not known" in note for note in result.notes)


def test_an_answer_is_on_the_disk_at_once_and_a_cut_line_costs_nothing_but_itself(tmp_path: Path) -> None:
    note_answer(tmp_path, "first", "commons:M1", "free")
    path = tmp_path / "answers-first.jsonl"
    with path.open("a") as file:
        file.write('{"item_id": "commons:M2", "ans')
    assert answers_of(tmp_path, "first") == {"commons:M1": "free"}
    note_answer(tmp_path, "first", "commons:M3", "not_free")
    note_answer(tmp_path, "first", "commons:M1", "cannot_tell")
    assert answers_of(tmp_path, "first") == {"commons:M1": "cannot_tell", "commons:M3": "not_free"}
    assert len(path.read_text().splitlines()) == 4, "what was said before stays in the log"
    assert answers_of(tmp_path, "second") == {}


def test_another_persons_file_is_not_taken_for_the_firsts(tmp_path: Path) -> None:
    take_file(tmp_path, "first", {"commons:M1": "free", "commons:M2": "free"})
    take_file(tmp_path, "first", {"commons:M1": "free", "commons:M2": "free", "commons:M3": "free"})
    with pytest.raises(ConfigError, match=r"other answers of the role first for 1 pictures.*--role second"):
        take_file(tmp_path, "first", {"commons:M2": "not_free"})
    take_file(tmp_path, "second", {"commons:M2": "not_free"})
    assert answers_of(tmp_path, "second") == {"commons:M2": "not_free"}


def test_the_second_gets_the_sample_of_the_first_also_after_other_decisions(home: Home) -> None:
    first = prepare(home, "first", None, count=8, seed=3, profile="strict")
    for one in first.items[:3]:
        first.judge(one.item_id, "free")
    plant(home, DECISIONS, [decision(number, "accept", evidence=OLDER) for number in range(60)])
    second = prepare(home, "second", None, count=8, seed=3, profile="strict")
    again = prepare(home, "first", None, count=8, seed=3, profile="strict")
    assert second.sample == first.sample == again.sample and len(again.answers) == 3
    for judging in (first, second):
        for one in judging.items:
            judging.judge(one.item_id, "free")
    assert prepare(home, "first", None, count=8, seed=3, profile="strict").sample.name != first.sample.name
    named = prepare(home, "settle", first.sample.name, count=8, seed=3, profile="strict")
    assert named.items == () and named.is_finished


def test_who_settles_gets_what_the_two_differ_about_and_nothing_else(home: Home, sample: Sample) -> None:
    with pytest.raises(ConfigError, match="found no sample of profile us and seed 0"):
        prepare(home, "settle", None, count=8, seed=0, profile="us")
    folder = folder_of(home, sample.name)
    for at, one in enumerate(sample.items):
        note_answer(folder, "first", one.item_id, "free")
        if at < 5:
            note_answer(folder, "second", one.item_id, "free" if at % 2 else "not_free")
    settle = prepare(home, "settle", None, count=20, seed=0, profile="strict")
    assert [one.item_id for one in settle.items] == [sample.items[at].item_id for at in (0, 2, 4)]


def test_the_result_is_kept_as_json_page_and_csv(home: Home, sample: Sample) -> None:
    folder = folder_of(home, sample.name)
    for at, one in enumerate(sample.items):
        note_answer(folder, "first", one.item_id, "free")
        note_answer(folder, "second", one.item_id, "free" if at else "not_free")
    result = count(home, sample)
    kept = latest_result(home)
    assert (
        kept is not None
        and kept["people"] == 2
        and kept["false_accepts"] == json.loads(json.dumps(vars(result.false_accepts)))
    )
    agreed = kept["agreement"]
    assert isinstance(agreed, dict) and (agreed["pairs"], agreed["same"]) == (20, 19) and "kappa" in agreed
    with (folder / "items.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 20 and (rows[0]["first"], rows[0]["second"], rows[0]["final"]) == ("free", "not free", "open")
    assert sum(row["is_wrong"] == "yes" for row in rows) == sum(not one.is_accepted for one in sample.items[1:])
    assert rows[1]["told"].startswith(("Accepted under strict: PD-old-100", "Refused: no tag on the page"))
    with (folder / "rates.csv").open() as file:
        told = {(row["what"], row["name"]): row for row in csv.DictReader(file)}
    assert float(told["errors", "all"]["share"]) == pytest.approx(result.errors.share, abs=1e-6)
    page = (folder / "result.html").read_text()
    assert "<script" not in page and "2\n  people judged" in page and "19 of 20 (95.0%)" in page
    assert "Refused: no tag on the page gives a reason why it would be free" in page
    assert not any(reason in page for reason in ("no_ground", "None", "Kind."))


def test_titles_are_text_in_the_page_and_no_formula_in_the_csv(home: Home) -> None:
    plant(home, ITEMS, [item(number, title="=1+1</td><script>alert(1)</script>") for number in range(60)])
    sample = draw_sample(home, profile="strict", count=6, seed=0)
    folder = save_sample(home, sample)
    for one in sample.items:
        note_answer(folder, "first", one.item_id, "not_free")
    count(home, sample)
    assert "<script" not in (folder / "result.html").read_text()
    with (folder / "items.csv").open() as file:
        assert {row["title"][:2] for row in csv.DictReader(file)} == {"'="}
