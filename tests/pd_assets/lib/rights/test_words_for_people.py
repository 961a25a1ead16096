"""Every verdict has a plain sentence: of its own for each reason and each rule that accepts, and without our codes."""

import re
from dataclasses import replace
from datetime import date

import pytest

from pd_assets.cli.decide import explanation
from pd_assets.lib.page.dates import Years
from pd_assets.lib.rights.batches import COPY_CONFLICT
from pd_assets.lib.rights.claims import Evidence, Maker, Tag, Work
from pd_assets.lib.rights.evidence import evidence_of, from_page
from pd_assets.lib.rights.plain_words import day, in_list, names_of, tag_name, value_in_words, with_names, years
from pd_assets.lib.rights.rules import DEFAULT, RULES, Decision, Rule, decide
from pd_assets.lib.rights.tags import Kind
from pd_assets.lib.rights.words_for_people import ACCEPTED, REASONS, sentence, sentence_of
from tests.pd_assets.lib.rights.cases import CASES, EXPIRED, PROFILES, TODAY, Case, box, said
from tests.pd_assets.lib.rights.museum_cases import MUSEUM_CASES, MuseumCase

# What Python prints, and nobody else writes.
PYTHON = re.compile(r"\bNone\b|\bTrue\b|\bFalse\b|\b[A-Z]\w+\(\w+=|\('|',\)|<Kind|\bKind\.|\{'")
GROUND = Tag(name="pd-old-100-expired", seen_in="wikitext", kind=Kind.GROUND, us=True, life=100)
EVIDENCE = Evidence(source="commons", status="live", tags=(GROUND,))
PICASSO = Maker(name="Pablo Picasso", place="artwork.artist", item="Q5593", died=1973, told_by="Q5593 at revision 12")
MACKE = Maker(name="August Macke", place="Creator template", died=1914, told_by="page")


def waits(evidence: Evidence, *reasons: str, rule_id: str = "a-rule") -> str:
    decision = Decision(verdict="quarantine", rule_id=rule_id, reasons=reasons)
    return sentence(evidence, decision, "strict", TODAY)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.rule_id)
def test_every_rule_has_a_sentence_for_people(rule: Rule) -> None:
    is_accept = rule.verdict == "accept"
    table, key = (ACCEPTED, rule.rule_id) if is_accept else (REASONS, rule.reason)
    assert key in table, (
        f'rule {rule.rule_id}: add a function that says it in a clause under "{key}" to '
        f"{'ACCEPTED in words_for_people.py' if is_accept else 'REASONS in reasons_in_words.py'} (pd_assets/lib/rights)"
    )


@pytest.mark.parametrize("decision", [COPY_CONFLICT, DEFAULT], ids=lambda decision: decision.rule_id)
def test_verdicts_that_no_rule_gives_have_one_too(decision: Decision) -> None:
    assert set(decision.reasons) <= set(REASONS)
    assert sentence(EVIDENCE, decision, "strict", TODAY).startswith(("Waits: ", "Refused: "))


def test_a_code_that_is_new_says_what_its_rule_says_and_nothing_breaks() -> None:
    assert waits(EVIDENCE, "brand_new", rule_id="sensitive") == (
        "Waits: human remains, funerary or sacred objects, or a unit that keeps such"
    )
    assert waits(EVIDENCE, "brand_new") == "Waits: the rule a-rule decided it, which is not in the table any more"
    accepted = Decision(verdict="accept", rule_id="accept-something-new", reasons=())
    assert sentence(EVIDENCE, accepted, "strict", TODAY).startswith("Accepted under strict: ")


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_a_reason_says_something_also_where_its_evidence_is_not_there(reason: str) -> None:
    for source in ("commons", "smithsonian"):
        told = waits(Evidence(source=source, status="live"), reason)
        assert len(told) > 20 and not PYTHON.search(told) and "()" not in told and reason not in told


def test_a_stored_decision_is_said_in_the_same_words() -> None:
    evidence = replace(EVIDENCE, makers=(MACKE,)).to_json()
    row: dict[str, object] = {"verdict": "accept", "rule_id": "accept-free-work", "reasons": [], "profile": "strict"}
    row["evidence"] = evidence
    assert sentence_of(row).endswith("its maker August Macke died in 1914 (page, Creator template)")
    assert sentence_of({**row, "evidence": '{"of another": "age"}'}) == "accept by accept-free-work"


def test_a_maker_who_died_too_late_is_named_with_the_year_and_what_the_profile_asks() -> None:
    evidence = replace(EVIDENCE, makers=(MACKE, PICASSO))
    asks = "Waits: the page names Pablo Picasso, who died in 1973, and strict asks for 100 years after death"
    assert waits(evidence, "maker_died_late") == waits(evidence, "origin_ground_missing") == asks


def test_an_accepted_work_names_its_tag_and_who_tells_the_death_of_its_maker() -> None:
    accepted = Decision(verdict="accept", rule_id="accept-free-work", reasons=())
    assert sentence(replace(EVIDENCE, makers=(MACKE,)), accepted, "strict", TODAY) == (
        "Accepted under strict: PD-old-100-expired, and its maker August Macke died in 1914 (page, Creator template)"
    )
    dated = replace(EVIDENCE, made=Years(first=1848, last=1850, named=1850))
    assert sentence(dated, accepted, "strict", TODAY).endswith(", and the work is dated 1848 to 1850")
    witnessed = replace(accepted, witness="its item Q1 dates it 1701")
    assert sentence(EVIDENCE, witnessed, "strict", TODAY).endswith(", and its item Q1 dates it 1701")


def test_a_licence_with_conditions_is_named_wherever_it_stands() -> None:
    def told(text: str, **row: object) -> str:
        evidence = from_page({"status": "live", "wikitext": text, **row})
        return sentence(evidence, decide(evidence, "strict", TODAY), "strict", TODAY)

    assert told(box("{{Cc-by-sa-4.0}}")) == "Refused: a licence with conditions is on the page (Cc-by-sa-4.0)"
    assert told(box(EXPIRED), mediainfo=said("P275", "Q18199165")) == (
        "Refused: the structured data name a licence with conditions (CC BY-SA 4.0, Q18199165)"
    )
    assert told(box(EXPIRED, description="All rights reserved.")) == (
        "Waits: the page says something about rights that nobody here has weighed: “all rights reserved”"
    )
    hidden = "{{#if:1|{{PD-old-100-expired}}}}"
    assert told(box(hidden)).startswith("Waits: a tag stands where it may not be shown (PD-old-100-expired)")


def test_open_questions_about_makers_and_dates_are_asked_in_words() -> None:
    nobody = replace(EVIDENCE, makers=(Maker(name="Anna Vester", place="artwork.artist"),), date_unread="Edo")
    assert waits(nobody, "maker_death_unknown") == (
        "Waits: the page names Anna Vester (artwork.artist), and nobody tells when they died"
    )
    assert waits(nobody, "date_unread") == "Waits: the page gives a date that cannot be read: “Edo”"
    assert "only its tag (PD-old-100-expired)" in waits(nobody, "age_unwitnessed")


@pytest.mark.parametrize("case", [*CASES, *MUSEUM_CASES], ids=lambda case: case.trap)
def test_whatever_a_page_says_its_explanation_holds_no_value_of_python_and_no_code(case: Case | MuseumCase) -> None:
    row = case.row() if isinstance(case, Case) else case.row
    evidence = evidence_of(row)
    for profile in PROFILES:
        lines = list(explanation(evidence, profile, TODAY, 30, page=row, everything=True))
        assert lines[0].startswith(("Waits: ", "Refused: ", f"Accepted under {profile}: ")) and lines[0].endswith(".")
        assert not set(lines[0].replace("(", " ").split()) & set(REASONS)
        assert [line for line in lines if PYTHON.search(line)] == []


def test_values_are_written_as_people_write_them() -> None:
    assert day("2026-11-03") == "3 November 2026" and day("1860-00-00") == "1860-00-00"
    assert years(Years(first=1850, last=1850, named=1850)) == "1850"
    assert years(Years(first=-500, last=-401, named=-500)) == "500 BC to 401 BC"
    assert [tag_name(name) for name in ("pd-old-100", "cc-by-sa-4.0", "cc0", "gfdl", "no permission")] == [
        "PD-old-100", "Cc-by-sa-4.0", "CC0", "GFDL", "No permission",
    ]  # fmt: skip
    assert in_list(["a", "b", "a", "c"]) == "a, b and c"
    assert value_in_words(Work(item="Q1", made=Years(first=1701, last=1701, named=1701)), {"Q1": "Vase"}) == (
        "Q1 (Vase), made 1701"
    )
    assert [value_in_words(one, {}) for one in (None, False, (), True)] == ["", "", "", "yes"]


def test_a_name_stands_beside_its_id_once() -> None:
    names = names_of(replace(EVIDENCE, makers=(PICASSO,)), {"Q146": "house cat"})
    assert with_names("statement P180 Q146, by Q5593", names) == (
        "statement P180 (depicts) Q146 (house cat), by Q5593 (Pablo Picasso)"
    )
    assert with_names(with_names("Q146 and Q999999", names), names) == "Q146 (house cat) and Q999999"


def test_a_day_of_the_structured_data_is_a_day() -> None:
    row = {"status": "live", "wikitext": box(EXPIRED), "revid": 1,
           "mediainfo": said("P170", None, P2093="A. Painter", P570=1905)}  # fmt: skip
    lines = list(explanation(from_page(row), "strict", date(2026, 11, 22), 30, page=row, everything=True))
    assert any("structured data, P170 (creator): unknown value" in line and "P570 (date of death): 1905" in line
               for line in lines)  # fmt: skip
