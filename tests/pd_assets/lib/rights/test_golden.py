"""Every recorded page and record decided under every profile, frozen: a changed rule shows here what it changes.

`golden.json` holds our decisions only, by the place of the recording. Every acceptance in it was read and judged by a
person. To renew it: `python -m tests.pd_assets.lib.rights.test_golden`, and read the difference.
"""

import json
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

import pytest

from pd_assets.lib.rights.evidence import evidence_of
from pd_assets.lib.rights.rules import PROFILES, RULESET_VERSION, decide
from pd_assets.lib.smithsonian.lines import Line
from pd_assets.lib.smithsonian.records import Parser
from tests.pd_assets.lib.rights.cases import TODAY
from tests.pd_assets.lib.rights.recorded import MUSEUM, RECORDED, Json, recorded_pages

GOLDEN = Path(__file__).with_name("golden.json")
# What was read and found free: a stadium by its own photographer, and a page of a manuscript of about 1255.
JUDGED_FREE = {
    "wikimedia-commoner/api/imageinfo-categories-File-MFC-Riverside-Exterior-JPG-3234ea.json"
    "#File:MFC Riverside Exterior.JPG",
    "wikimedia-commoner/api/imageinfo-categories-File-Stepan-Blois-jpg-50fb1a.json#File:Stepan Blois.jpg",
}
Decided = dict[str, dict[str, str]]


def decisions() -> Decided:
    """By recording and way of reading it: for every profile the verdict, the rule, and the reasons."""
    rows: dict[str, Json] = {}
    for page in recorded_pages():
        rows[f"{page.key} as recorded"] = page.row
        rows[f"{page.key} rebuilt"] = page.rebuilt
    rows.update(_museum_rows())
    return {key: {profile: _decision(row, profile) for profile in PROFILES} for key, row in sorted(rows.items())}


def _museum_rows() -> dict[str, Json]:
    found: dict[str, Json] = {}
    parser = Parser(shard="00", side=1280, now=datetime(2026, 11, 22, tzinfo=UTC))
    for text in (MUSEUM / "sample_edan_lines.txt").read_text().splitlines():
        line = Line(signature=blake2b(text.encode(), digest_size=16).hexdigest(), text=text)
        found.update({str(row["item_id"]): {**row, "source": "smithsonian"} for row in parser.rows(line)})
    return found


def _decision(row: Json, profile: str) -> str:
    decision = decide(evidence_of(row), profile, TODAY)
    return " ".join((decision.verdict, decision.rule_id, *decision.reasons))


@pytest.fixture(scope="module")
def decided() -> Decided:
    if not RECORDED.is_dir() or not MUSEUM.is_dir():
        pytest.skip(f"no recorded answers in {RECORDED.parent}")
    return decisions()


def test_every_recorded_page_is_decided_as_it_was_frozen(decided: Decided) -> None:
    golden = json.loads(GOLDEN.read_text())
    assert golden["ruleset_version"] == RULESET_VERSION, "renew golden.json and read what changed"
    assert len(decided) > 500
    changed = {
        key: (golden["decisions"].get(key), now) for key, now in decided.items() if golden["decisions"].get(key) != now
    }
    assert changed == {}
    assert decided.keys() == golden["decisions"].keys()


def test_no_recorded_page_is_accepted_but_those_that_a_person_judged_free(decided: Decided) -> None:
    accepted = {key for key, by in decided.items() if any(said.startswith("accept") for said in by.values())}
    pages = {key.removesuffix(" rebuilt") for key in accepted if not key.startswith("smithsonian:")}
    assert pages == JUDGED_FREE
    records = {key.split(":")[1] for key in accepted if key.startswith("smithsonian:")}
    assert records == {"chndm_1931-66-88", "fsg_F1900.47", "nasm_A19710896000", "nmnhvz_14800560"}


def main() -> None:
    """Freeze the decisions of today's rules."""
    golden = {"ruleset_version": RULESET_VERSION, "decisions": decisions()}
    GOLDEN.write_text(json.dumps(golden, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
