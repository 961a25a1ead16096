"""What today's rules decide about whole folders of answers, and the files in which that is frozen.

`golden_written.json` is of tests/fixtures, `golden.json` of the recorded answers; both hold our decisions only, by the
place of the answer. Every acceptance in them was read and judged by a person. To renew them, the second where the
recorded answers are at hand: `python -m tests.pd_assets.lib.rights.golden`, and read the difference.
"""

import json
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

from pd_assets.lib.rights.evidence import evidence_of
from pd_assets.lib.rights.rules import PROFILES, decide
from pd_assets.lib.smithsonian.lines import Line
from pd_assets.lib.smithsonian.records import Parser
from tests.material import RECORDED, WRITTEN
from tests.pd_assets.lib.commons.whole_pages import page_rows
from tests.pd_assets.lib.rights.answers import Json, Shown, shown_pages
from tests.pd_assets.lib.rights.cases import TODAY

OF_WRITTEN = Path(__file__).with_name("golden_written.json")
OF_RECORDED = Path(__file__).with_name("golden.json")
Decided = dict[str, dict[str, str]]


def decided_pages(folder: Path) -> Decided:
    """By answer and way of reading it: for every profile the verdict, the rule, and the reasons."""
    rows: dict[str, Json] = {}
    for page in shown_pages(folder):
        rows[f"{page.key} as recorded"] = page.row
        rows[f"{page.key} rebuilt"] = page.rebuilt
    return _decided(rows)


def decided_records(lines: Path) -> Decided:
    """By item: the decisions about the rows that the reader makes of a file of the museum's lines."""
    found = {str(row["item_id"]): row for text in lines.read_text().splitlines() for row in museum_rows(text)}
    return _decided(found)


def decided_whole_pages() -> Decided:
    return _decided({f"pages.jsonl#{shows}": row for shows, row in page_rows().items()})


def decided_written() -> Decided:
    pages, records = WRITTEN / "commons", WRITTEN / "smithsonian" / "lines.txt"
    return decided_pages(pages) | decided_whole_pages() | decided_records(records)


def decided_recorded() -> Decided:
    return decided_pages(RECORDED / "commons") | decided_records(RECORDED / "smithsonian" / "sample_edan_lines.txt")


def museum_rows(text: str) -> list[Json]:
    """The rows of one line of the museum's, with the source that tells them from pages of Commons."""
    parser = Parser(shard="00", side=1280, now=datetime(2026, 11, 22, tzinfo=UTC))
    line = Line(signature=blake2b(text.encode(), digest_size=16).hexdigest(), text=text)
    return [{**row, "source": "smithsonian"} for row in parser.rows(line)]


def strict_verdicts(lines: Path, others: Path) -> dict[str, set[str]]:
    """By record, the strict verdicts of its rows: of a file of lines, and of a folder of answers that are one each."""
    texts = [*lines.read_text().splitlines()]
    texts += [json.dumps(json.loads(path.read_text())) for path in sorted(others.glob("*.json"))]
    verdicts: dict[str, set[str]] = {}
    for row in (row for text in texts for row in museum_rows(text)):
        verdict = decide(evidence_of(row), "strict", TODAY).verdict
        verdicts.setdefault(str(row.get("record_id")), set()).add(verdict)
    return verdicts


def outcome(page: Shown) -> tuple[str, ...]:
    """All that the rules say of a page: as shown and rebuilt, under every profile."""
    return tuple(said for row in (page.row, page.rebuilt) for said in _decisions(row).values())


def frozen(path: Path) -> Decided:
    return json.loads(path.read_text())["decisions"]


def accepted(decided: Decided) -> dict[str, str]:
    """The profiles that accept a page or record, where one does."""
    found = {key: " ".join(name for name in PROFILES if by[name].startswith("accept ")) for key, by in decided.items()}
    return {key: names for key, names in found.items() if names}


def _decided(rows: dict[str, Json]) -> Decided:
    return {key: _decisions(row) for key, row in sorted(rows.items())}


def _decisions(row: Json) -> dict[str, str]:
    """By profile the verdict, the rule, and the reasons; a page is read once for all of them."""
    evidence = evidence_of(row)
    decisions = {profile: decide(evidence, profile, TODAY) for profile in PROFILES}
    return {profile: " ".join((one.verdict, one.rule_id, *one.reasons)) for profile, one in decisions.items()}


def _freeze(path: Path, decided: Decided) -> None:
    path.write_text(json.dumps({"decisions": decided}, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


def main() -> None:
    """Freeze the decisions of today's rules."""
    _freeze(OF_WRITTEN, decided_written())
    if RECORDED.is_dir():
        _freeze(OF_RECORDED, decided_recorded())


if __name__ == "__main__":
    main()
