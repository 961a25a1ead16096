"""One page whose reading goes wrong in a way that nobody thought of costs itself alone: it waits, and has no labels."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from pd_assets.lib.dataset.labels import read_labels
from pd_assets.lib.rights import batches
from pd_assets.lib.rights.claims import Evidence
from pd_assets.lib.rights.evidence import evidence_of
from pd_assets.lib.rights.rules import decide
from tests.pd_assets.lib.rights.cases import CASES, TODAY


class Odd(dict[str, object]):
    """A row of which one column cannot be read."""

    def get(self, key: str, default: object = None) -> object:  # type: ignore[override]
        if key in ("wikitext", "names"):
            raise RuntimeError(f"at {object()!r}")
        return super().get(key, default)


@pytest.mark.parametrize("source", ["commons", "smithsonian"])
def test_a_page_whose_reading_goes_wrong_waits_with_the_same_words_in_every_run(source: str) -> None:
    row = Odd(source=source, status="live", item_id=f"{source}:1", revid=7)
    evidence = evidence_of(row)
    assert (evidence.problem, evidence.revid) == ("unreadable: RuntimeError while reading it", 7)
    assert evidence_of(row).to_json() == evidence.to_json()
    decided = decide(evidence, "us", TODAY)
    assert (decided.verdict, decided.rule_id, decided.reasons[0]) == (
        "quarantine",
        "page-unreadable",
        "page_unreadable",
    )
    assert read_labels(row) == ()


def test_a_record_with_a_text_that_costs_too_much_waits() -> None:
    row = {"source": "smithsonian", "status": "live", "terms": ["topic: Birds"], "title": "a" * 5_000}
    assert decide(evidence_of(row), "us", TODAY).rule_id == "page-unreadable"


def test_the_pages_beside_an_odd_one_are_decided_as_without_it() -> None:
    good = {"item_id": "commons:1", "page_digest": "d", "source": "commons", **CASES[0].row()}
    kept = {
        key: value for key, value in good.items() if key in ("item_id", "page_digest", "source", "wikitext", "status")
    }
    odd = {**kept, "item_id": "commons:2", "wikitext": "<div a=" * 10_000}
    terms = batches.Terms(today=date(2026, 1, 1), now=datetime(2026, 1, 1, tzinfo=UTC), fresh_days=30)
    (alone,) = batches.read_evidence(pa.RecordBatch.from_pylist([kept]), terms)
    (both,) = batches.read_evidence(pa.RecordBatch.from_pylist([kept, odd]), terms)
    assert both.slice(0, 1).to_pylist() == alone.to_pylist()
    assert decide(Evidence.from_json(both.to_pylist()[1]["evidence"]), "us", TODAY).verdict != "accept"
