"""Every case of the museum's table gets its rule under every profile; the recorded records as their notes say."""

import json
from datetime import UTC, datetime
from hashlib import blake2b

import pytest

from pd_assets.lib.rights.evidence import evidence_of
from pd_assets.lib.rights.rules import PROFILES, RULES, decide
from pd_assets.lib.smithsonian.lines import Line
from pd_assets.lib.smithsonian.records import Parser
from tests.conftest import ROOT
from tests.pd_assets.lib.rights.cases import TODAY
from tests.pd_assets.lib.rights.museum_cases import MUSEUM_CASES, MuseumCase

RECORDED = ROOT.parent / "shared" / "data" / "smithsonian"
BY_ID = {rule.rule_id: rule for rule in RULES}


@pytest.mark.parametrize("case", MUSEUM_CASES, ids=lambda case: case.trap)
def test_a_medium_is_decided_by_its_rule_and_reason_under_every_profile(case: MuseumCase) -> None:
    decided = [decide(evidence_of(case.row), profile, TODAY) for profile in PROFILES]
    assert tuple(decision.rule_id for decision in decided) == case.rules
    for decision in decided:
        rule = BY_ID[decision.rule_id]
        assert decision.verdict == rule.verdict
        assert decision.reasons[:1] == (() if rule.verdict == "accept" else (rule.reason,))


def test_the_cases_try_every_rule_that_is_for_museums_alone_and_no_trap_twice() -> None:
    tried = {rule for case in MUSEUM_CASES for rule in case.rules}
    assert tried >= {rule.rule_id for rule in RULES if rule.applies_to == ("smithsonian",)}
    assert len({case.trap for case in MUSEUM_CASES}) == len(MUSEUM_CASES) >= 50


def test_the_recorded_records_are_decided_as_their_notes_say() -> None:
    verdicts: dict[str, set[str]] = {}
    for record_id, verdict in _recorded():
        verdicts.setdefault(record_id, set()).add(verdict)
    assert verdicts.pop("chndm_1931-66-88") == {"accept"}, "one medium and its text are CC0, drawn 1825-1840"
    assert verdicts.pop("nasm_A19710896000") == {"accept"}, "six CC0 media of an engine"
    assert verdicts.pop("nmnhvz_14800560") == {"accept"}, "a CC0 medium of a bird"
    assert verdicts.pop("fsg_F1900.47") == {"accept"}, "four CC0 media of a painting of 1847"
    assert set().union(*verdicts.values()) == {"reject"}, "no usage, no media, no type: refused"
    assert len(verdicts) >= 2


def _recorded() -> list[tuple[str, str]]:
    """The records of the bulk sample: record id and strict verdict of every row that the reader makes of them."""
    if not RECORDED.is_dir():
        pytest.skip(f"no recorded answers in {RECORDED}")
    parser = Parser(shard="00", side=1280, now=datetime(2026, 11, 22, tzinfo=UTC))
    others = [json.loads(path.read_text()) for path in sorted((RECORDED / "transcribed").glob("*.json"))]
    texts = [*(RECORDED / "sample_edan_lines.txt").read_text().splitlines(), *(json.dumps(other) for other in others)]
    rows = [row for text in texts for row in parser.rows(_line(text))]
    return [
        (str(row.get("record_id")), decide(evidence_of(row | {"source": "smithsonian"}), "strict", TODAY).verdict)
        for row in rows
    ]


def _line(text: str) -> Line:
    return Line(signature=blake2b(text.encode(), digest_size=16).hexdigest(), text=text)
