"""How many accepted pictures lost their ground: by month and tag, why, how old, against how many there were."""

import csv
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pd_assets.cli import drift as command
from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import CHANGES, DECISIONS
from pd_assets.lib.dataset.card import card
from pd_assets.lib.home import open_home
from pd_assets.lib.rights.drift import ALL, Losses, as_csv, as_markdown, as_page, ground_losses, with_losses
from pd_assets.lib.rights.evidence import from_page, from_record
from pd_assets.lib.rights.grounds import grounds_of
from pd_assets.lib.rights.intervals import wilson
from pd_assets.lib.rights.papers import papers
from pd_ml.data.shards import Manifest
from tests.pd_assets.lib.planting import decision, plant
from tests.pd_assets.lib.rights.cases import EXPIRED, box
from tests.pd_assets.lib.rights.deciding import Catalogue, rows
from tests.pd_assets.lib.rights.museum_cases import record

FREE, BOUND = box(EXPIRED), box("{{Cc-by-sa-4.0}}")
OTHER = box("{{PD-Art|PD-old-auto-expired|deathyear=1880}}")
ONE, TWO = "PD-old-100-expired", "PD-old-auto-expired"
TODAY = date(2026, 7, 15)


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(home=open_home(tmp_path / "home"))


@pytest.fixture
def drifted(catalogue: Catalogue) -> Catalogue:
    """Ten accepted in March by one tag and two by another. In May two are edited and one is deleted; in June one comes
    back, one comes new, and the new one goes again."""
    for number in range(10):
        catalogue.put(number, FREE)
    for number in (10, 11):
        catalogue.put(number, OTHER)
    catalogue.decide(today=date(2026, 3, 10))
    catalogue.put(0, BOUND)
    catalogue.put(10, BOUND)
    catalogue.mark(1, "deleted")
    catalogue.decide(today=date(2026, 5, 20))
    catalogue.put(0, FREE)
    catalogue.put(12, FREE)
    catalogue.decide(today=date(2026, 6, 2))
    catalogue.put(12, BOUND)
    catalogue.decide(today=date(2026, 6, 30))
    return catalogue


def told(catalogue: Catalogue) -> dict[tuple[str, str], Losses]:
    losses = ground_losses(catalogue.home, profile="strict", today=TODAY)
    assert len({(one.month, one.ground) for one in losses}) == len(losses)
    return {(one.month, one.ground): one for one in losses}


def test_a_decision_knows_since_when_it_stands_and_what_it_rests_on(catalogue: Catalogue) -> None:
    catalogue.put(1, FREE)
    catalogue.put(2, BOUND)
    catalogue.decide(today=date(2026, 3, 10))
    catalogue.put(1, FREE + " A word more.")
    catalogue.decide(today=date(2026, 4, 1))
    assert [(row["since"], row["grounds"]) for row in catalogue.decisions().values()] == [
        ("2026-03-10", [ONE]), ("2026-03-10", []),
    ]  # fmt: skip
    catalogue.put(1, BOUND)
    catalogue.decide(today=date(2026, 5, 2))
    assert catalogue.decisions()[1]["since"] == "2026-05-02"
    (change,) = catalogue.changes()
    assert (change["from_since"], change["from_grounds"]) == ("2026-03-10", [ONE])


def test_the_months_tell_of_each_tag_how_many_lost_it_why_and_how_old(drifted: Catalogue) -> None:
    months = told(drifted)
    assert sorted({month for month, _ in months}) == ["2026-04", "2026-05", "2026-06", "2026-07"], (
        "March began with nothing that could be lost, and nothing was"
    )
    may, of_two, whole = months["2026-05", ONE], months["2026-05", TWO], months["2026-05", ALL]
    assert (may.at_start, may.lost, may.causes) == (10, 2, {"upstream_edit": 1, "deletion": 1})
    assert (of_two.at_start, of_two.lost, of_two.causes) == (2, 1, {"upstream_edit": 1})
    assert (whole.at_start, whole.lost, whole.why) == (12, 3, "the page was edited: 2, the page was deleted: 1")
    assert (whole.youngest_days, whole.median_days, whole.oldest_days) == (71, 71, 71)
    low, high = wilson(2 / 10, 10)
    assert may.per_100_000 == pytest.approx((20_000, low * 100_000, high * 100_000))


def test_what_was_accepted_only_in_the_month_is_lost_and_is_no_part_of_its_rate(drifted: Catalogue) -> None:
    june = told(drifted)["2026-06", ONE]
    assert (june.at_start, june.lost, june.lost_of_start, june.age) == (8, 1, 0, "28 (28 to 28)")
    assert june.per_100_000 is not None and june.per_100_000[0] == 0.0
    assert told(drifted)["2026-07", ONE].at_start == 9, "one came back"
    alone = Losses(month="2026-03", ground=ONE, at_start=0, lost=1, lost_of_start=0)
    assert (alone.per_100_000, alone.rate) == (None, ""), "where nothing was accepted when the month began"


def test_every_month_begins_with_what_the_one_before_ended_with(drifted: Catalogue) -> None:
    """Told by the tables of that day, which this test reads by itself: what stands today is what the log leads to."""
    accepted = [row for row in drifted.decisions().values() if row["verdict"] == "accept"]
    by_ground = {ground: sum(row["grounds"] == [ground] for row in accepted) for ground in (ONE, TWO)}
    july = {ground: one.at_start for (month, ground), one in told(drifted).items() if month == "2026-07"}
    assert july == {**by_ground, ALL: len(accepted)}


def test_the_ground_is_the_one_before_the_edit_and_a_museums_word_is_one_too(drifted: Catalogue) -> None:
    assert grounds_of(from_record(record())) == ("CC0 of smithsonian",)
    both = from_page(
        {"status": "live", "wikitext": box("{{PD-Art|PD-old-100-expired}} {{PD-US-expired}} {{Cc-by-4.0}}")}
    )
    assert grounds_of(both) == ("PD-old-100-expired", "PD-us-expired")
    assert {one.ground for one in with_losses(list(told(drifted).values()))} == {ALL, ONE, TWO}


def test_an_edit_beside_a_cause_that_is_new_here_is_told_by_its_own_name() -> None:
    one = Losses(month="2026-05", ground=ONE, at_start=0, lost=3, lost_of_start=0,
                 causes={"solar_flare": 1, "knowledge": 2})  # fmt: skip
    assert one.why == "what others know changed: 2, solar flare: 1"
    assert (one.rate, one.age) == ("", "not known")


def test_what_an_older_version_wrote_is_counted_and_its_ground_is_not_recorded(catalogue: Catalogue) -> None:
    """Its parts have no columns for grounds and days of acceptance."""
    for number in (1, 2):
        catalogue.put(number, FREE)
    catalogue.decide(today=date(2026, 3, 10))
    catalogue.put(1, BOUND)
    catalogue.decide(today=date(2026, 5, 20))
    for table, new in ((CHANGES, ("from_since", "from_grounds")), (DECISIONS, ("since", "grounds"))):
        for path in tables.parts(catalogue.home, table):
            pq.write_table(pq.read_table(path).drop_columns(list(new)), path)
    (may,) = [one for one in ground_losses(catalogue.home, profile="strict", today=date(2026, 5, 31), months=1)
              if one.ground != ALL]  # fmt: skip
    assert (may.ground, may.at_start, may.lost, may.age) == ("not recorded", 2, 1, "not known")
    catalogue.put(2, BOUND)
    catalogue.decide(today=date(2026, 6, 1))
    assert catalogue.decisions()[2]["since"] == "2026-06-01"
    since = rows(catalogue.home, CHANGES)[-1]["from_since"]
    assert since == datetime.now(UTC).date().isoformat(), "accepted since it was decided, at least"


def test_a_home_in_which_nothing_was_ever_accepted_has_nothing_to_tell(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ground_losses(catalogue.home, profile="strict", today=TODAY) == []
    monkeypatch.setenv("PD_HOME", str(catalogue.home.root))
    first, second = command.tell("strict", today=TODAY)
    assert "no month has passed yet" in first and second.startswith("as a page: file://")


def test_the_command_shows_the_months_and_writes_page_and_csv(
    drifted: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PD_HOME", str(drifted.home.root))
    file = tmp_path / "drift.csv"
    head, *lines, page, last = command.tell("strict", months=3, csv=file, today=TODAY)
    assert head.split()[:2] == ["month", "ground"] and last == f"as CSV: {file}"
    shown = [tuple(part.strip() for part in line.split("  ") if part.strip()) for line in lines]
    assert shown[-2][:4] == ("2026-05", ONE, "10", "2") and "20,000.0 (" in shown[-2][4]
    assert [one[0] for one in shown] == ["2026-07", "2026-06", "2026-06", "2026-05", "2026-05", "2026-05"]
    assert len(list(command.tell("strict", months=3, everything=True, today=TODAY))) > len(lines) + 2
    with file.open() as told_as_csv:
        read = {(row["month"], row["ground"]): row for row in csv.DictReader(told_as_csv)}
    assert (read["2026-05", ONE]["lost"], read["2026-05", ONE]["deletion"], read["2026-05", ONE]["knowledge"]) == (
        "2", "1", "0",
    )  # fmt: skip
    text = (drifted.home.root / "drift/strict.html").read_text()
    assert page.startswith("as a page: file://") and "<script" not in text
    assert text.count("<rect") == 3 and "4 in 3 months" in text


def test_before_a_month_has_passed_it_does_not_say_that_nothing_was_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PD_HOME", str(tmp_path))
    plant(open_home(tmp_path), DECISIONS, [decision(1, since="2026-07-20")])
    told = " ".join(command.tell("strict", today=date(2026, 7, 20)))
    assert "no month has passed yet" in told and "nothing was ever" not in told


def test_a_tag_is_text_in_page_card_and_csv() -> None:
    bad = Losses(month="2026-05", ground="<script>a|b", at_start=1, lost=1, lost_of_start=1, causes={"deletion": 1})
    assert "<script" not in as_page([bad], profile="strict", today=TODAY)
    assert "&lt;script>a&#124;b" in as_markdown([bad])
    assert "<script>a|b" in as_csv([bad])


def test_the_card_tells_the_drift_and_what_people_found(drifted: Catalogue) -> None:
    found = papers(drifted.home, profile="strict", today=TODAY)
    assert "audit" not in found
    manifest = Manifest(name="d", version="v", digest="0", shards=(), counts={}, facts=found)
    assert "No audit by people is recorded" in card(manifest)
    assert f"| 2026-05 | {ONE} | 10 | 2 |" in card(manifest)
    rate = {"share": 0.02, "low": 0.01, "high": 0.05, "wrong": 1, "judged": 50, "cannot_tell": 0, "worst": 0.02}
    agreed = {"pairs": 100, "same": 90, "raw": 0.9, "kappa": 0.8, "low": 0.7, "high": 0.9, "table": {}}
    result = {"sample": "strict-1", "profile": "strict", "people": 2, "false_accepts": rate, "false_rejects": rate,
              "errors": rate, "agreement": agreed, "open": 0, "notes": ["a note"]}  # fmt: skip
    folder = drifted.home.root / "audit/strict-1"
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(json.dumps(result))
    text = card(Manifest(**{**vars(manifest), "facts": papers(drifted.home, profile="strict", today=TODAY)}))
    assert "| accepted pictures that are not free | 2.0% | 1.0% to 5.0% | 1 of 50 |" in text
    assert (
        "Cohen's kappa 0.80 (95% interval 0.70 to 0.90)" in text and "judged by 2 people" in text and "a note" in text
    )
    plain = "How many accepted pictures lost their ground is not recorded"
    assert plain in card(Manifest(**{**vars(manifest), "facts": {}})), "a manifest of an older version"


def test_a_result_of_an_older_form_is_told_too(drifted: Catalogue) -> None:
    rate = {"share": 0.0, "low": 0.0, "high": 0.1, "wrong": 0, "judged": 50, "cannot_tell": 0, "worst": 0.0}
    folder = drifted.home.root / "audit/strict-1"
    folder.mkdir(parents=True)
    old = {"sample": "strict-1", "profile": "strict", "false_accepts": rate, "false_rejects": rate, "errors": rate}
    (folder / "result.json").write_text(json.dumps(old))
    found = papers(drifted.home, profile="strict", today=TODAY)
    text = card(Manifest(name="d", version="v", digest="0", shards=(), counts={}, facts=found))
    assert "judged by one person" in text and "how two people agree is not known" in text


def test_a_month_that_lies_before_the_log_counts_what_had_no_beginning(catalogue: Catalogue) -> None:
    plant(catalogue.home, CHANGES, [{"item_id": "commons:M1", "profile": "strict", "from_verdict": "accept",
                                     "to_verdict": "reject", "cause": "rule", "changed_on": "2026-06-10",
                                     "changed_at": datetime(2026, 6, 10, tzinfo=UTC)}])  # fmt: skip
    june = [one for one in ground_losses(catalogue.home, profile="strict", today=TODAY) if one.month == "2026-06"]
    assert [(one.ground, one.at_start, one.lost) for one in june] == [(ALL, 1, 1), ("not recorded", 1, 1)]
