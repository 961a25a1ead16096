"""Every case of the table gets its rule under every profile."""

from functools import cache

import pytest

from pd_assets.lib.rights.claims import Evidence
from pd_assets.lib.rights.evidence import from_page
from pd_assets.lib.rights.rules import RULES, Decision, decide
from tests.pd_assets.lib.rights.cases import ACCEPTED, CASES, EXPIRED, PROFILES, TODAY, Case, box
from tests.pd_assets.lib.rights.known_templates import asking

VERDICTS = {rule.rule_id: rule.verdict for rule in RULES}
REASONS = {rule.rule_id: rule.reason for rule in RULES}


@cache
def read(case: Case) -> Evidence:
    """A page is read once, for whatever is decided of it."""
    return from_page(case.row(), asking())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.trap)
def test_the_page_is_decided_by_its_rule_under_every_profile(case: Case) -> None:
    evidence = read(case)
    decided = tuple(decide(evidence, profile, TODAY).rule_id for profile in PROFILES)
    assert decided == case.rules, evidence.tags


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.trap)
def test_a_decision_against_a_picture_gives_its_reasons_and_one_for_it_gives_none(case: Case) -> None:
    for profile in PROFILES:
        decision = decide(read(case), profile, TODAY)
        assert decision.verdict == VERDICTS[decision.rule_id]
        assert decision.reasons[:1] == (() if decision.verdict == "accept" else (REASONS[decision.rule_id],))


def test_the_table_of_cases_tries_every_rule_and_no_trap_twice() -> None:
    by_people = {"accept-judged", "judged-not-free"}
    assert {rule for case in CASES for rule in case.rules} == {
        rule.rule_id for rule in RULES if "commons" in rule.applies_to
    } - by_people
    assert len({case.trap for case in CASES}) == len(CASES) >= 250


def test_what_is_free_is_accepted_under_the_strictest_profile() -> None:
    assert {VERDICTS[case.rules[0]] for case in ACCEPTED} == {"accept"}


@pytest.mark.parametrize("profile", PROFILES)
def test_an_archive_that_no_rule_knows_is_refused_by_default(profile: str) -> None:
    denied = Decision(verdict="reject", rule_id="default-deny", reasons=("no_rule_accepts",))
    assert decide(Evidence(source="elsewhere", status="live", short_name="CC0"), profile, TODAY) == denied


def test_a_decision_gives_every_reason_against_the_picture_and_not_only_that_of_its_rule() -> None:
    """What a copy elsewhere says against a picture is told by any of its reasons (batches.py)."""
    row = {"status": "live", "wikitext": box(f"{EXPIRED}{{{{PD-Atlantis}}}}{{{{Delete}}}}{{{{Cc-by-sa-4.0}}}}")}
    reasons = decide(from_page(row), "strict", TODAY).reasons
    assert reasons == ("obligation", "deletion_pending", "unknown_tag")
