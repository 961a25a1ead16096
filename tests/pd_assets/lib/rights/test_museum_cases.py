"""Every case of the museum's table gets its rule under every profile; the written records as their files say."""

import pytest

from pd_assets.lib.rights.evidence import evidence_of
from pd_assets.lib.rights.rules import MUSEUMS, PROFILES, RULES, decide
from tests.material import WRITTEN
from tests.pd_assets.lib.rights.cases import TODAY
from tests.pd_assets.lib.rights.golden import strict_verdicts
from tests.pd_assets.lib.rights.museum_cases import MUSEUM_CASES, MuseumCase

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
    assert tried >= {rule.rule_id for rule in RULES if rule.applies_to == MUSEUMS}
    assert len({case.trap for case in MUSEUM_CASES}) == len(MUSEUM_CASES) >= 50


def test_the_written_records_are_decided_as_their_files_say() -> None:
    folder = WRITTEN / "smithsonian"
    verdicts = strict_verdicts(folder / "lines.txt", folder / "records")
    assert verdicts.pop("chndm_1900-1-12") == {"accept"}, "one medium and its text are CC0, drawn 1825-1840"
    assert verdicts.pop("nasm_A19000012000") == {"accept"}, "three CC0 media of an engine"
    assert verdicts.pop("nmnhvz_14000012") == {"accept"}, "a CC0 medium of a bird"
    assert verdicts.pop("fsg_F1900.012") == {"accept"}, "two CC0 media of a painting of 1847"
    assert verdicts == {
        "nmah_1400012": {"reject"},  # no media
        "ofeo-sg_2012-0012A": {"reject"},  # no usage
        "chndm_1900-1-13": {"reject"},  # media of no type and no usage
        "None": {"reject"},  # answers that are no records
    }
