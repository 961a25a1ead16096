"""What holds for any page: conditions never help, order never matters, the unknown never accepts, nothing breaks."""

import json
import random
import time
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from pd_assets.lib.rights.evidence import Evidence, Tag, from_page
from pd_assets.lib.rights.rules import PROFILES, decide
from pd_assets.lib.rights.tags import MEANINGS, Kind
from tests.pd_assets.lib.rights.cases import CASES, TODAY, Case, box

CASE = st.sampled_from(CASES)
PROFILE = st.sampled_from(tuple(PROFILES))
AGAINST = sorted(name for name, meaning in MEANINGS.items() if meaning.kind in (Kind.OBLIGATION, Kind.DOUBT))
TAG_NAMES = sorted(MEANINGS)
TAGS = st.lists(st.sampled_from(TAG_NAMES), max_size=4)
MARKUP = st.sampled_from(
    ("{{", "}}", "|", "[[", "]]", "<!--", "-->", "<nowiki>", "</nowiki>", "{{{", "}}}", "=", "PD-Art", "Cc-zero", "\n",
     "{|", "<ref>", "''", "PD-old-100-expired", "Information", "date", "1880", "\x00", "\ud800", "Creator:")
)  # fmt: skip


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


@given(CASE, PROFILE)
def test_taking_a_ground_away_never_turns_a_rejection_into_an_acceptance(case: Case, profile: str) -> None:
    evidence = from_page(case.row())
    before = decide(evidence, profile, TODAY).verdict
    for tag in evidence.having(Kind.GROUND):
        after = decide(_without(evidence, tag), profile, TODAY).verdict
        assert not (before == "reject" and after == "accept")


@given(CASE, PROFILE)
def test_a_page_without_ground_and_dedication_is_never_accepted(case: Case, profile: str) -> None:
    evidence = from_page(case.row())
    for tag in (*evidence.having(Kind.GROUND), *evidence.having(Kind.DEDICATION)):
        evidence = _without(evidence, tag)
    assert decide(evidence, profile, TODAY).verdict != "accept"


@given(CASE)
def test_what_the_strictest_profile_accepts_every_profile_accepts(case: Case) -> None:
    evidence = from_page(case.row())
    verdicts = [decide(evidence, profile, TODAY).verdict == "accept" for profile in ("strict", "life70", "us")]
    assert verdicts == sorted(verdicts)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(MARKUP, st.text(max_size=8)), max_size=60).map("".join), PROFILE)
def test_no_wikitext_breaks_the_reader(text: str, profile: str) -> None:
    evidence = from_page({"status": "live", "wikitext": text})
    assert decide(evidence, profile, TODAY).verdict in ("accept", "reject", "quarantine")
    assert from_page({"status": "live", "wikitext": text}).to_json() == evidence.to_json()


@given(st.one_of(st.none(), st.text(max_size=20), st.sampled_from(("[]", "{}", "null", "3", '{"statements": []}'))))
def test_no_summary_or_statement_breaks_the_reader_and_what_cannot_be_read_never_accepts(text: str | None) -> None:
    page = {"status": "live", "wikitext": box("{{PD-Art|PD-old-100-expired}}")}
    readable = text in (None, "", "[]", "{}", "null") or text == '{"statements": []}' or _is_json(text)
    for column in ("extmetadata", "mediainfo"):
        decided = verdict(page | {column: text}, "strict")
        assert decided == "accept" if readable else decided != "accept"


def test_huge_and_deeply_nested_pages_are_read_in_bounded_time_and_never_accepted() -> None:
    good = box("{{PD-Art|PD-old-100-expired}}")
    start = time.process_time()
    for bad in ("{{a|" * 20_000, "x" * 500_000, "{{{" * 20_000, "<b>" * 1_000 + "{{", "{|\n" * 9_000, "<div>" * 9_000):
        assert verdict({"status": "live", "wikitext": good + bad}, "us") != "accept"
    assert time.process_time() - start < 10


def _without(evidence: Evidence, gone: Tag) -> Evidence:
    return replace(evidence, tags=tuple(tag for tag in evidence.tags if tag != gone))


def _is_json(text: str | None) -> bool:
    try:
        json.loads(text or "{}")
    except (ValueError, RecursionError):
        return False
    return True
