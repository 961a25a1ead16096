"""What holds for any page: conditions never help, order never matters, the unknown never accepts, nothing breaks."""

import json
import random
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from pd_assets.lib.rights.claims import FREE_SHORT_NAMES
from pd_assets.lib.rights.evidence import Evidence, Tag, digest_of, evidence_of, from_page
from pd_assets.lib.rights.rules import PROFILES, RULES, decide, explain, valid_until
from pd_assets.lib.rights.tags import MEANINGS, Kind
from tests.cost import cost_s
from tests.pd_assets.lib.rights.cases import CASES, TODAY, Case, box
from tests.pd_assets.lib.rights.museum_cases import MUSEUM_CASES

CASE = st.sampled_from(CASES)
ANY_ROW = st.sampled_from([case.row() for case in CASES] + [case.row for case in MUSEUM_CASES])
PROFILE = st.sampled_from(tuple(PROFILES))
AGAINST = sorted(name for name, meaning in MEANINGS.items() if meaning.kind in (Kind.OBLIGATION, Kind.DOUBT))
TAG_NAMES = sorted(MEANINGS)
TAGS = st.lists(st.sampled_from(TAG_NAMES), max_size=4)
MARKUP = st.sampled_from(
    ("{{", "}}", "|", "[[", "]]", "<!--", "-->", "<nowiki>", "</nowiki>", "{{{", "}}}", "=", "PD-Art", "Cc-zero", "\n",
     "{|", "<ref>", "''", "PD-old-100-expired", "Information", "date", "1880", "\x00", "\ud800", "Creator:")
)  # fmt: skip


def _nested(parts: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    keys = st.sampled_from(("mainsnak", "datavalue", "value", "id", "time", "qualifiers", "P1001", "snaktype", "rank"))
    return st.lists(parts, max_size=3) | st.dictionaries(keys, parts, max_size=4)


def verdict(row: dict[str, object], profile: str) -> str:
    return decide(from_page(row), profile, TODAY).verdict


@given(CASE, st.sampled_from(AGAINST), PROFILE)
def test_no_page_is_accepted_once_a_tag_with_conditions_or_a_doubt_stands_on_it(
    case: Case, name: str, profile: str
) -> None:
    row = case.row() | {"wikitext": f"{{{{{name}}}}}\n{case.text}"}
    assert verdict(row, profile) != "accept"


@given(CASE, st.from_regex(r"(PD|CC|Licence)-[A-Z][a-z]{5,9}", fullmatch=True), PROFILE)
def test_no_page_is_accepted_once_an_unknown_tag_stands_on_it(case: Case, name: str, profile: str) -> None:
    assert verdict(case.row() | {"wikitext": f"{case.text}\n{{{{{name}}}}}"}, profile) != "accept"


@given(TAGS, st.randoms(use_true_random=False), PROFILE)
def test_the_order_of_tags_and_categories_never_matters(names: list[str], rng: random.Random, profile: str) -> None:
    shuffled = rng.sample(names, len(names))
    pages = [
        {"status": "live", "wikitext": box("\n".join(f"{{{{{n}}}}}" for n in order)), "categories": order}
        for order in (names, shuffled)
    ]
    assert from_page(pages[0]).to_json() == from_page(pages[1]).to_json()
    assert verdict(pages[0], profile) == verdict(pages[1], profile)


@given(CASE, st.lists(st.integers(0, 30), max_size=4), PROFILE)
def test_taking_evidence_for_it_away_never_turns_a_rejection_into_an_acceptance(
    case: Case, gone: list[int], profile: str
) -> None:
    """What speaks for a picture: grounds, dedications, dates, makers, the summary's and the statements' agreement."""
    evidence = from_page(case.row())
    before = decide(evidence, profile, TODAY).verdict
    for number in gone:
        evidence = _without_witness(evidence, number)
    assert not (before == "reject" and decide(evidence, profile, TODAY).verdict == "accept")


@given(ANY_ROW, st.sampled_from(AGAINST), PROFILE)
def test_an_obligation_added_to_evidence_leaves_no_acceptance(row: dict[str, object], name: str, profile: str) -> None:
    evidence = evidence_of(row | {"source": "commons"})
    worse = replace(evidence, tags=(*evidence.tags, Tag(name=name, seen_in="category", kind=MEANINGS[name].kind)))
    assert decide(worse, profile, TODAY).verdict != "accept"


@given(ANY_ROW)
def test_evidence_comes_back_from_its_json_as_it_was(row: dict[str, object]) -> None:
    evidence = evidence_of(row)
    text = evidence.to_json()
    assert Evidence.from_json(text) == evidence
    assert Evidence.from_json(text).to_json() == text
    assert digest_of(text) == digest_of(evidence_of(row).to_json())


@given(ANY_ROW, PROFILE, st.sampled_from((0, 30, 90)), st.dates(date(2024, 1, 1), date(2031, 1, 1)))
def test_no_decision_changes_before_the_day_that_it_is_valid_until(
    row: dict[str, object], profile: str, fresh_days: int, today: date
) -> None:
    evidence = evidence_of(row)
    until = valid_until(evidence, today, fresh_days=fresh_days)
    first = decide(evidence, profile, today, fresh_days=fresh_days)
    days = {today, until - timedelta(days=1), today + (until - today) // 2}
    assert today < until <= date(today.year + 1, 1, 1)
    assert {decide(evidence, profile, day, fresh_days=fresh_days) for day in days if day < until} == {first}


@given(ANY_ROW, PROFILE)
def test_the_explanation_tries_every_rule_and_agrees_with_the_decision(row: dict[str, object], profile: str) -> None:
    evidence = evidence_of(row)
    trials, decision = explain(evidence, profile, TODAY), decide(evidence, profile, TODAY)
    assert [trial.rule for trial in trials] == list(RULES)
    assert next(trial.rule.rule_id for trial in trials if trial.held) == decision.rule_id
    assert all(trial.looked_at for trial in trials if trial.held and trial.rule.rule_id != "accept-museum-object")
    assert {trial.applies for trial in trials if evidence.source not in trial.rule.applies_to} == {False}


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=9), _nested, max_leaves=12))
def test_no_structured_data_break_the_reader(held: object) -> None:
    for statements in (held, {"P6216": held}, {"P571": [{"mainsnak": held, "qualifiers": held}]}, {"P180": held}):
        evidence = from_page({"status": "live", "wikitext": "", "mediainfo": json.dumps({"statements": statements})})
        assert Evidence.from_json(evidence.to_json()) == evidence
        assert decide(evidence, "strict", TODAY).verdict != "accept"


@given(CASE, PROFILE)
def test_a_page_that_nobody_calls_free_is_never_accepted(case: Case, profile: str) -> None:
    """However old: somebody must claim the public domain, if only for a reason that we do not take as one."""
    evidence = from_page(case.row())
    for tag in (*evidence.having(Kind.GROUND), *evidence.having(Kind.DEDICATION), *evidence.having(Kind.NO_GROUND)):
        evidence = _without(evidence, tag)
    assert decide(evidence, profile, TODAY).verdict != "accept"


@given(CASE)
def test_what_the_strictest_profile_accepts_every_profile_accepts(case: Case) -> None:
    evidence = from_page(case.row())
    verdicts = [decide(evidence, profile, TODAY).verdict == "accept" for profile in ("strict", "life70", "us")]
    assert verdicts == sorted(verdicts)


@settings(max_examples=300)
@given(st.lists(st.one_of(MARKUP, st.text(max_size=8)), max_size=60).map("".join), PROFILE)
def test_no_wikitext_breaks_the_reader(text: str, profile: str) -> None:
    evidence = from_page({"status": "live", "wikitext": text})
    assert decide(evidence, profile, TODAY).verdict in ("accept", "reject", "quarantine")
    assert from_page({"status": "live", "wikitext": text}).to_json() == evidence.to_json()


@given(st.one_of(st.none(), st.text(max_size=20), st.sampled_from(("[]", "{}", "null", "3", '{"statements": []}'))))
def test_no_summary_or_statement_breaks_the_reader_and_what_cannot_be_read_never_accepts(text: str | None) -> None:
    page = {"status": "live", "wikitext": box("{{PD-Art|PD-old-100-expired}}")}
    for column in ("extmetadata", "mediainfo"):
        decided = verdict(page | {column: text}, "strict")
        assert decided == "accept" if _says_nothing(text, column) else decided != "accept"


def _says_nothing(text: str | None, column: str) -> bool:
    """Whether a column is empty in some way of JSON, and not of another shape than expected."""
    value = json.loads(text) if text and _is_json(text) else text
    return not value or (column == "mediainfo" and value == {"statements": []})


def test_huge_and_deeply_nested_pages_are_read_in_bounded_time_and_never_accepted() -> None:
    good = box("{{PD-Art|PD-old-100-expired}}")
    bad = ("{{a|" * 20_000, "x" * 500_000, "{{{" * 20_000, "<b>" * 1_000 + "{{", "{|\n" * 9_000, "<div>" * 9_000)

    def decide_all() -> None:
        for text in bad:
            assert verdict({"status": "live", "wikitext": good + text}, "us") != "accept"

    assert cost_s(decide_all) < 10


def _without_witness(evidence: Evidence, number: int) -> Evidence:
    """One thing that speaks for the picture taken away; a summary that names another licence speaks against it."""
    tags = (*evidence.having(Kind.GROUND), *evidence.having(Kind.DEDICATION))
    agreeing = tuple(said for said in evidence.statements if said.value not in ("Q19652", "Q6938433", "Q7257361"))
    is_free = (evidence.short_name or "").lower() in FREE_SHORT_NAMES
    changes = (
        {"made": None}, {"death_year": None}, {"artist": None}, {"is_flat": False}, {"looks_flat": False},
        {"short_name": None} if is_free else {}, {"licence_code": None} if is_free else {}, {"statements": agreeing},
        {"published": None},
        {"is_own_work": False}, {"date_text": None}, {"inception": None},
    )  # fmt: skip
    if number < len(changes):
        return replace(evidence, **changes[number])  # type: ignore[arg-type]
    return _without(evidence, tags[number % len(tags)]) if tags else evidence


def _without(evidence: Evidence, gone: Tag) -> Evidence:
    return replace(evidence, tags=tuple(tag for tag in evidence.tags if tag != gone))


def _is_json(text: str | None) -> bool:
    try:
        json.loads(text or "{}")
    except (ValueError, RecursionError):
        return False
    return True
