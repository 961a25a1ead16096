"""The checks on the decisions: what the tables on the disk say against an accepted row, drift, and unknown tags."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from pd_assets.checks.rights import (
    every_acceptance_is_proven,
    every_named_evidence_is_there,
    little_drift,
    no_unknown_tags,
)
from pd_assets.lib.catalog.schemas import CHANGES, DECISIONS, EVIDENCE, ITEMS
from pd_assets.lib.home import open_home
from pd_assets.lib.rights.evidence import digest_of
from pd_assets.lib.rights.proof import find_unproven
from pd_assets.resources import Platform
from tests.pd_assets.lib.planting import item, plant
from tests.pd_assets.lib.rights.cases import EXPIRED, box
from tests.pd_assets.lib.rights.deciding import Catalogue, rows

ITEM = "commons:M1"
Row = dict[str, object]


@pytest.fixture(scope="module")
def decided_once(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    catalogue = Catalogue(home=open_home(tmp_path_factory.mktemp("decided") / "home"))
    catalogue.put(1, box(EXPIRED))
    catalogue.put(2, box("{{Cc-by-sa-4.0}}"))
    catalogue.put(3, box(EXPIRED + "{{PD-Atlantis}}"))
    catalogue.decide()
    return catalogue


@pytest.fixture
def catalogue(decided_once: Catalogue, tmp_path: Path) -> Catalogue:
    """Three pages: a free one, one under conditions, one with a tag that nobody knows; decided."""
    return decided_once.copied_to(tmp_path / "home")


def platform(catalogue: Catalogue) -> Platform:
    return Platform(pd_home=str(catalogue.home.root))


def evaluate(check: Callable[..., object], catalogue: Catalogue) -> dg.AssetCheckResult:
    result = check(platform(catalogue))
    assert isinstance(result, dg.AssetCheckResult)
    return result


def tamper(catalogue: Catalogue, change: Callable[[Row], Row], item_id: str = ITEM) -> list[str]:
    """Change the decisions on the disk about one item, and return what is found wrong with the strict one."""
    changed = [change(dict(row)) if row["item_id"] == item_id else row for row in rows(catalogue.home, DECISIONS)]
    plant(catalogue.home, DECISIONS, changed)
    prefix = f"{item_id} (strict): "
    return [one.removeprefix(prefix) for one in find_unproven(catalogue.home) if one.startswith(prefix)]


def with_evidence(**fields: object) -> Callable[[Row], Row]:
    """The row with other evidence, whose digest fits."""

    def changed(row: Row) -> Row:
        text = json.dumps({**json.loads(str(row["evidence"])), **fields}, sort_keys=True, separators=(",", ":"))
        return {**row, "evidence": text, "evidence_digest": digest_of(text)}

    return changed


def tag(kind: str) -> Row:
    return {"name": "a tag", "seen_in": "wikitext", "kind": kind}


def test_what_the_rules_decide_passes(catalogue: Catalogue) -> None:
    result = evaluate(every_acceptance_is_proven, catalogue)
    assert result.passed and result.metadata["count"].value == 0


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda row: {**row, "evidence": None, "evidence_digest": None}, "no evidence"),
        (lambda row: {**row, "evidence": "{}"}, "no evidence"),
        (lambda row: {**row, "evidence": "not JSON"}, "no evidence"),
        (lambda row: {**row, "evidence_digest": "0" * 64}, "the evidence is not that of its digest"),
        (lambda row: {**row, "reasons": ["obligation"]}, "accepted in spite of obligation"),
        (with_evidence(tags=[tag("ground"), tag("obligation")]), "a tag with conditions"),
        (with_evidence(tags=[tag("ground"), tag("doubt")]), "a tag that disputes it, or that nobody knows"),
        (with_evidence(tags=[tag("ground"), tag("unknown")]), "a tag that disputes it, or that nobody knows"),
        (with_evidence(tags=[]), "no tag names a ground"),
        (with_evidence(status="deleted"), "decided as deleted"),
        (with_evidence(attribution_required=True), "the archive asks for attribution"),
        (with_evidence(deletion_reason="copyvio"), "its deletion is asked for"),
        (
            with_evidence(statements=[{"property": "P275", "value": "Q18199165"}]),
            "a licence with conditions in the structured data",
        ),
    ],
)
def test_an_accepted_row_that_nothing_proves_is_found(
    catalogue: Catalogue, change: Callable[[Row], Row], problem: str
) -> None:
    assert problem in tamper(catalogue, change)
    assert not evaluate(every_acceptance_is_proven, catalogue).passed


def test_a_rejected_row_that_a_mistake_accepts_is_found_by_its_tag(catalogue: Catalogue) -> None:
    found = tamper(catalogue, lambda row: {**row, "verdict": "accept", "reasons": []}, "commons:M2")
    assert {"a tag with conditions", "another page puts the same bytes under conditions"} <= set(found)


def test_an_item_that_was_deleted_after_its_decision_is_found(catalogue: Catalogue) -> None:
    catalogue.mark(1, "deleted")
    catalogue.write()
    found = find_unproven(catalogue.home)
    assert f"{ITEM} (strict): status deleted" in found and f"{ITEM} (us): status deleted" in found


def test_a_row_that_is_there_twice_or_has_no_known_verdict_is_found(catalogue: Catalogue) -> None:
    decided = rows(catalogue.home, DECISIONS)
    plant(catalogue.home, DECISIONS, [*decided, decided[0], {**decided[-1], "profile": "zzz", "verdict": "maybe"}])
    found = find_unproven(catalogue.home)
    assert sum("decided 2 times" in one for one in found) == 2
    assert "commons:M3 (zzz): verdict maybe" in found


def test_evidence_that_decisions_name_and_that_is_gone_is_an_error(catalogue: Catalogue) -> None:
    assert evaluate(every_named_evidence_is_there, catalogue).passed
    kept = rows(catalogue.home, EVIDENCE)
    plant(catalogue.home, EVIDENCE, kept[1:])
    result = evaluate(every_named_evidence_is_there, catalogue)
    assert not result.passed and result.severity is dg.AssetCheckSeverity.ERROR
    assert result.description == f"1 that rights/decisions names are not there, the first of {kept[0]['item_id']}"


def test_unknown_tags_are_counted_by_frequency_and_only_warn(catalogue: Catalogue) -> None:
    for number in (4, 5):
        catalogue.put(number, box(EXPIRED + "{{PD-Lemuria}}"))
    catalogue.decide()
    result = evaluate(no_unknown_tags, catalogue)
    assert not result.passed and result.severity is dg.AssetCheckSeverity.WARN
    said = str(result.metadata["tags"].value)
    assert said.index("| pd-lemuria | 2 |") < said.index("| pd-atlantis | 1 |")
    assert result.metadata["count"].value == 2


@pytest.mark.parametrize(
    ("items", "changed", "cause", "passed"),
    [
        (1000, 30, "upstream_edit", False),
        (1000, 30, "deletion", False),
        (1000, 30, "rule", True),
        (100_000, 30, "upstream_edit", True),
        (100, 5, "upstream_edit", True),
    ],
)
def test_drift_warns_where_the_archives_changed_many_verdicts_lately(
    tmp_path: Path, items: int, changed: int, cause: str, passed: bool
) -> None:
    catalogue = Catalogue(home=open_home(tmp_path))
    today = datetime.now(UTC)
    plant(catalogue.home, ITEMS, [item(number) for number in range(items)])
    change = {"profile": "strict", "from_verdict": "accept", "to_verdict": "reject", "cause": cause}
    log = [{**change, "item_id": f"commons:M{n}", "changed_on": today.date().isoformat()} for n in range(changed)]
    plant(catalogue.home, CHANGES, log)
    result = evaluate(little_drift, catalogue)
    assert (result.passed, result.severity) == (passed, dg.AssetCheckSeverity.WARN)
