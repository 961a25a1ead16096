"""The sentence why a picture may be used or not: it says that it may of nothing else than what is accepted, here, and
not taken down, and every rule and reason has words of its own.
"""

from dataclasses import replace
from itertools import cycle, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pd_assets.lib.page.dates import Years
from pd_assets.lib.rights.batches import COPY_CONFLICT
from pd_assets.lib.rights.claims import Evidence, Maker, Tag
from pd_assets.lib.rights.evidence import evidence_of
from pd_assets.lib.rights.plain_words import names_of
from pd_assets.lib.rights.rules import DEFAULT, PROFILES, RULES, Decision, Rule, decide
from pd_assets.lib.rights.settled_by import NOTHING, SETTLED_BY
from pd_assets.lib.rights.tags import Kind
from pd_assets.lib.rights.told import Told
from pd_assets.lib.rights.why import FREE, Standing, why
from pd_assets.lib.rights.words_for_people import REASONS
from tests.pd_assets.lib.rights.cases import CASES, TODAY
from tests.pd_assets.lib.rights.museum_cases import MUSEUM_CASES
from tests.pd_assets.lib.rights.test_words_for_people import PYTHON

GROUND = Tag(name="pd-old-100", seen_in="wikitext", kind=Kind.GROUND, life=100, place="field permission > pd-art")
GOGH = Maker(name="Vincent van Gogh", place="artwork.artist", died=1890, told_by="page")
EVIDENCE = Evidence(source="commons", status="live", tags=(GROUND,), makers=(GOGH,),
                    made=Years(first=1889, last=1889, named=1889))  # fmt: skip
HERE = Standing(is_fetched=True)
ROWS = [*(case.row() for case in CASES), *(case.row for case in MUSEUM_CASES)]


def told(decision: Decision, evidence: Evidence = EVIDENCE, profile: str = "strict") -> Told:
    return Told(evidence=evidence, decision=decision, profile=PROFILES[profile], today=TODAY, names=names_of(evidence))


def waits(*reasons: str, evidence: Evidence = EVIDENCE) -> Told:
    return told(Decision(verdict="quarantine", rule_id="a-rule", reasons=reasons), evidence)


def test_it_names_the_facts_and_what_the_page_says() -> None:
    accepted = told(Decision(verdict="accept", rule_id="accept-free-work", reasons=()))
    first = TODAY.year - 95
    assert why(accepted, HERE).first == (
        f"May be used: free because its maker Vincent van Gogh died in 1890 and it is dated 1889, before {first}; "
        "the page says PD-Art, PD-old-100."
    )
    published = replace(EVIDENCE, makers=(), made=None, published=Years(first=1890, last=1890, named=1890))
    assert f"it was published in 1890, before {first}" in why(told(accepted.decision, published), HERE).first


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.rule_id)
def test_no_rule_of_the_table_lacks_words(rule: Rule) -> None:
    if rule.verdict == "accept":
        assert rule.rule_id in FREE, f"add why {rule.rule_id} accepts to FREE in why.py"
    else:
        assert rule.reason in REASONS, f"add {rule.reason} to REASONS in reasons_in_words.py"
        assert rule.reason in SETTLED_BY, f"add what would settle {rule.reason} to SETTLED_BY in settled_by.py"


def test_every_reason_has_what_would_settle_it_and_no_other_has() -> None:
    assert set(SETTLED_BY) == set(REASONS)
    assert {*COPY_CONFLICT.reasons, *DEFAULT.reasons} <= set(SETTLED_BY)


def test_a_reason_is_said_and_settled_under_every_profile() -> None:
    for reason, profile, source in product(REASONS, PROFILES, ("commons", "smithsonian", "cleveland")):
        bare = Evidence(source=source, status="live")
        found = why(told(Decision(verdict="reject", rule_id="a-rule", reasons=(reason,)), bare, profile), HERE)
        assert found.first.startswith("May not be used: ") and len(found.first) > 30 and found.settles
        assert not PYTHON.search(found.first) and reason not in found.first.split()


@given(
    verdict=st.sampled_from(["accept", "reject", "quarantine"]),
    rule_id=st.sampled_from([*(rule.rule_id for rule in RULES), "a-rule-of-before"]),
    reasons=st.lists(st.sampled_from([*sorted(REASONS), "a_reason_of_before"]), max_size=3),
    profile=st.sampled_from(sorted(PROFILES)),
    row=st.sampled_from(ROWS[::10]),
    standing=st.builds(
        Standing,
        is_fetched=st.booleans(),
        taken_down=st.sampled_from([(), ("T-20261201-7Q4ZK2MX, 1 December 2026",)]),
        unknown=st.sampled_from([(), ("rights/takedowns: damaged",)]),
    ),
)
def test_it_says_may_be_used_of_nothing_that_is_not_accepted_fetched_and_left_up(
    verdict: str, rule_id: str, reasons: list[str], profile: str, row: dict[str, object], standing: Standing
) -> None:
    decision = Decision(verdict=verdict, rule_id=rule_id, reasons=tuple(reasons))  # type: ignore[arg-type]
    found = why(told(decision, evidence_of(row), profile), standing)
    may = verdict == "accept" and standing.is_fetched and not standing.taken_down and not standing.unknown
    assert found.may_be_used == may == found.first.startswith("May be used: ") == (found.badge == "accept")
    # One rule speaks of how the museum's picture may be used.
    assert ("may be used" in found.first.lower().replace("how the medium may be used", "")) == may
    assert found.first.endswith(".") and found.first.startswith(("May be used", "May not be used"))


def test_whatever_a_page_says_the_sentence_holds_no_value_of_python() -> None:
    for row, profile in zip(ROWS, cycle(PROFILES), strict=False):
        evidence = evidence_of(row)
        found = why(told(decide(evidence, profile, TODAY), evidence, profile), HERE)
        assert not [line for line in (found.first, *found.also, *found.settles) if PYTHON.search(line)]
        assert found.may_be_used or found.settles


def test_a_takedown_comes_first_and_what_the_page_says_after_it() -> None:
    accepted = told(Decision(verdict="accept", rule_id="accept-free-work", reasons=()))
    down = Standing(is_fetched=True, taken_down=("T-20261201-7Q4ZK2MX, 1 December 2026",))
    assert why(accepted, down).first.startswith(
        "May not be used: taken down (T-20261201-7Q4ZK2MX, 1 December 2026); by its page alone it would be free because"
    )
    assert "; and somebody asks for its deletion" in why(waits("deletion_pending"), down).first
    assert why(accepted, down).badge == "reject"


def test_what_time_alone_settles_says_when_and_what_nothing_settles_says_that_alone() -> None:
    late = replace(EVIDENCE, makers=(replace(GOGH, name="Karl Immerwald", died=1941),))
    assert why(waits("maker_died_late", evidence=late), HERE).settles == (
        "time alone: under strict that maker's works are free from 1 January 2042 on",
    )
    assert "30 days after its upload" in why(waits("fresh_upload"), HERE).settles[0]
    assert why(waits("obligation", "not_a_picture"), HERE).settles == (NOTHING,)
