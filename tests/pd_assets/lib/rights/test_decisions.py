"""The table of decisions: copies take the strictest rights, moments stay, the rule table is sound and documented."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pd_assets.lib.catalog import damage, table_files, tables
from pd_assets.lib.catalog.buckets import bucket_of
from pd_assets.lib.catalog.schemas import DECISIONS, ITEMS, PAGES
from pd_assets.lib.errors import ConfigError, WorkUnderWay
from pd_assets.lib.home import alone, open_home
from pd_assets.lib.rights import decisions
from pd_assets.lib.rights.decisions import decide_all
from pd_assets.lib.rights.evidence import Evidence, from_page
from pd_assets.lib.rights.rules import PROFILES, RULES, decide
from pd_assets.lib.rights.versions import ruleset_version
from tests.conftest import ROOT
from tests.patience import PATIENCE_S, until
from tests.pd_assets.lib.planting import plant
from tests.pd_assets.lib.rights.cases import EXPIRED, TODAY, box
from tests.pd_assets.lib.rights.deciding import LONG_AGO, Catalogue, rows, stable

# What an edit puts on a page; None deletes it.
TEXTS = (
    box(EXPIRED), box("{{Cc-by-sa-4.0}}"), box("{{PD-Art|PD-old-70}}", date="1929"), box("{{PD-Atlantis}}"), None
)  # fmt: skip
DOCS = ROOT / "docs" / "rights.md"


def _decided(folder: Path, *pages: tuple[str, str, str]) -> dict[str, dict[str, object]]:
    """Decide pages given as (status, sha1, wikitext) and return the strict decisions by item id."""
    home = open_home(folder)
    rows = [_page(number, *page) for number, page in enumerate(pages, start=1)]
    tables.write(home, PAGES, tables.as_table(PAGES, [{**_empty(PAGES), **row} for row in rows]), partition="C")
    items = [
        {**_empty(ITEMS), "item_id": f"commons:M{row['pageid']}", "status": row["status"], "sha1": row["sha1"]}
        for row in rows
    ]
    tables.write(home, ITEMS, tables.as_table(ITEMS, items))
    decide_all(home, profile="strict", today=TODAY)
    decided = tables.rows(tables.read(home, DECISIONS))
    return {str(row["item_id"]): dict(row) for row in decided if row["profile"] == "strict"}


def _page(number: int, status: str, sha1: str, text: str) -> dict[str, object]:
    return {"pageid": number, "title": f"File:{number}.jpg", "category": "C", "status": status, "sha1": sha1,
            "wikitext": text}  # fmt: skip


def _empty(table: tables.Table) -> dict[str, object]:
    return dict.fromkeys(table.columns)


# What another page of the same bytes says, and the rule that then decides the picture.
COPIES = (
    (box("{{Cc-by-sa-4.0}}"), "copy-conflict"),
    (box(EXPIRED + "{{Delete}}"), "copy-conflict"),
    (box(EXPIRED + "{{PD-Atlantis}}"), "copy-conflict"),
    (box(EXPIRED, date="1955"), "copy-conflict"),
    (box(""), "accept-free-work"),
    (box(EXPIRED), "accept-free-work"),
)


def test_a_copy_under_another_title_that_says_more_against_the_picture_keeps_it_out(tmp_path: Path) -> None:
    pages = [
        ("live", f"{number:040x}", text) for number, (other, _) in enumerate(COPIES) for text in (box(EXPIRED), other)
    ]
    decided = _decided(tmp_path, *pages)
    rules = [decided[f"commons:M{number}"]["rule_id"] for number in range(1, 2 * len(COPIES), 2)]
    assert rules == [rule for _, rule in COPIES]


def test_another_file_and_a_page_that_is_gone_say_nothing_of_a_picture(tmp_path: Path) -> None:
    decided = _decided(
        tmp_path,
        ("live", "a" * 40, box(EXPIRED)),
        ("live", "b" * 40, box("{{Cc-by-4.0}}")),
        ("deleted", "a" * 40, box("{{Cc-by-4.0}}")),
    )
    assert decided["commons:M1"]["verdict"] == "accept"
    assert decided["commons:M1"]["ruleset_version"] == ruleset_version()


def test_only_what_changed_is_read_and_a_decision_that_did_not_keeps_its_moment(tmp_path: Path) -> None:
    catalogue = Catalogue(home=open_home(tmp_path))
    for number in range(1, 6):
        catalogue.put(number, box(EXPIRED))
    assert catalogue.decide().pages_read == 5
    long_ago = [{**row, "decided_at": LONG_AGO} for row in rows(catalogue.home, DECISIONS)]
    plant(catalogue.home, DECISIONS, long_ago)
    catalogue.put(2, box("{{Cc-by-4.0}}"))
    assert catalogue.decide().pages_read == 1
    kept = {number for number, row in catalogue.decisions().items() if row["decided_at"] == LONG_AGO}
    assert kept == {1, 3, 4, 5}
    assert catalogue.decide().pages_read == 0


def _of_buckets(folder: Path, number: int, pages: dict[int, dict[str, object]]) -> Catalogue:
    home = open_home(folder)
    home.fix_buckets(number)
    return Catalogue(home=home, pages=pages)


def _by_item(catalogue: Catalogue) -> list[Mapping[str, object]]:
    return sorted(stable(catalogue.home, DECISIONS), key=lambda row: (str(row["item_id"]), str(row["profile"])))


def test_the_rows_are_the_same_in_however_many_buckets_and_in_whichever_order_they_are_made(tmp_path: Path) -> None:
    """Pages of the same bytes lie in several of them, and one that was refused is free again."""
    one = Catalogue(home=open_home(tmp_path / "1"))
    others = {number: _of_buckets(tmp_path / str(number), number, one.pages) for number in (4, 8)}
    orders: dict[int, list[list[int] | None]] = {4: [[3], [0, 2], [1]], 8: [None]}
    for texts in ((box("{{Cc-by-4.0}}"),) * 2, (box("{{Cc-by-4.0}}"), box(EXPIRED))):
        for number in range(1, 20):
            one.put(number, texts[number == 8] if number % 4 == 0 else box(EXPIRED), sha1=f"{number // 4:040x}")
        counts = one.decide()
        for number, other in others.items():
            made = [other.decide(buckets=buckets) for buckets in orders[number]]
            # Each of the last two is decided by what all pages say today.
            assert _by_item(other) == _by_item(one)
            assert (made[-1].by_rule, made[-1].rows) == (counts.by_rule, counts.rows)
            for path in (tables.bucket_file(other.home, DECISIONS, bucket) for bucket in range(number)):
                table_files.stream(
                    DECISIONS, damage.read_file(DECISIONS, path).to_batches(), tmp_path / "in-order.parquet"
                )


def test_a_bucket_in_which_nothing_is_due_keeps_its_file(tmp_path: Path) -> None:
    catalogue = _of_buckets(tmp_path, 4, {})
    for number in range(1, 20):
        catalogue.put(number, box(EXPIRED), sha1=f"{number // 4:040x}")
    catalogue.put(20, box("{{Cc-by-4.0}}"), sha1=f"{1:040x}")
    catalogue.decide()
    files = [tables.bucket_file(catalogue.home, DECISIONS, bucket) for bucket in range(4)]

    def written() -> set[int]:
        before = [path.stat().st_mtime_ns for path in files]
        catalogue.decide()
        return {bucket for bucket, path in enumerate(files) if path.stat().st_mtime_ns != before[bucket]}

    assert written() == set()
    catalogue.put(3, box(EXPIRED) + " A word more.", sha1="0" * 40)
    assert written() == {bucket_of("commons:M3", 4)}
    catalogue.put(20, box(EXPIRED), sha1=f"{1:040x}")
    assert written() == {bucket_of(f"commons:M{number}", 4) for number in (20, 4, 5, 6, 7)}
    del catalogue.pages[9]
    assert written() == {bucket_of("commons:M9", 4)}
    assert len(catalogue.decisions()) == 19
    files[1].unlink()
    catalogue.decide()
    assert len(catalogue.decisions()) == 19


def test_two_processes_decide_two_buckets_at_a_time(tmp_path: Path) -> None:
    catalogue = _of_buckets(tmp_path, 4, {})
    catalogue.put(1, box(EXPIRED))
    with decisions._alone(catalogue.home, [1]):
        catalogue.decide(buckets=[0])
        with pytest.raises(WorkUnderWay), alone(catalogue.home.table(DECISIONS.key), "decides", waits=False):
            pass


def test_evidence_of_an_older_reader_is_read_anew(tmp_path: Path) -> None:
    catalogue = Catalogue(home=open_home(tmp_path))
    catalogue.put(1, box(EXPIRED))
    catalogue.decide()
    stored = rows(catalogue.home, DECISIONS)
    plant(catalogue.home, DECISIONS, [{**row, "extractor_version": "2020", "evidence": '{"old": 1}'} for row in stored])
    assert catalogue.decide().pages_read == 1
    assert [{**row, "decided_at": None} for row in rows(catalogue.home, DECISIONS)] == [
        {**row, "decided_at": None} for row in stored
    ]


@pytest.mark.extended
@settings(max_examples=8)
@given(
    st.lists(st.lists(st.tuples(st.integers(1, 6), st.integers(0, len(TEXTS) - 1)), max_size=5), min_size=1, max_size=4)
)
@pytest.mark.slow
def test_whatever_happened_before_the_table_is_that_of_deciding_everything_today(
    days: list[list[tuple[int, int]]],
) -> None:
    """Edits, copies, deletions and new years in random order, decided after each of them; then all at once."""
    with tempfile.TemporaryDirectory() as folder:
        catalogue = Catalogue(home=open_home(Path(folder) / "followed"))
        today = date(2024, 12, 5)
        for number in range(1, 7):
            catalogue.put(number, box(EXPIRED), sha1=f"{number // 2:040x}")
        for happened in days:
            today += timedelta(days=15)
            for number, text in happened:
                if TEXTS[text] is None:
                    catalogue.mark(number, "deleted")
                else:
                    catalogue.put(number, str(TEXTS[text]), sha1=f"{number // 2:040x}")
            digest = catalogue.decide(today=today).digest
        scratch = Catalogue(home=open_home(Path(folder) / "scratch"), pages=catalogue.pages)
        assert scratch.decide(today=today).digest == digest
        assert stable(scratch.home, DECISIONS) == stable(catalogue.home, DECISIONS)


@pytest.mark.slow
@pytest.mark.parametrize("crew", [2, pytest.param(1, marks=pytest.mark.extended)])
def test_other_processes_decide_the_same_as_this_one(tmp_path: Path, crew: int) -> None:
    alone, together = (Catalogue(home=open_home(tmp_path / name)) for name in ("alone", "together"))
    for catalogue in (alone, together):
        for number in range(1, 520):
            catalogue.put(number, box(EXPIRED) if number % 3 else box("{{Cc-by-4.0}}"), sha1=f"{number // 2:040x}")
    assert alone.decide(crew=0).digest == together.decide(crew=crew).digest


@pytest.mark.slow
def test_a_killed_run_leaves_the_old_table_and_no_process(tmp_path: Path) -> None:
    catalogue = Catalogue(home=open_home(tmp_path))
    for number in range(1, 600):
        catalogue.put(number, box(EXPIRED))
    catalogue.decide(crew=0)
    before = stable(catalogue.home, DECISIONS)
    for number in range(1, 600):
        catalogue.put(number, box("{{Cc-by-4.0}}"))
    catalogue.write()
    deciding = (
        "from pathlib import Path; from pd_assets.lib.home import open_home; from pd_assets.lib.rights.decisions "
    )
    deciding += f"import decide_all; decide_all(open_home(Path({str(tmp_path)!r})), profile='strict', crew=2)"
    with subprocess.Popen([sys.executable, "-c", deciding]) as process:
        hands = _children(process.pid, 2)
        process.kill()
    psutil.wait_procs(hands, timeout=PATIENCE_S)
    assert [hand for hand in hands if hand.is_running() and hand.status() != psutil.STATUS_ZOMBIE] == []
    assert stable(catalogue.home, DECISIONS) == before
    assert catalogue.decide(crew=0).verdicts == {"reject": 599}
    assert len(catalogue.changes()) == 599


def _children(pid: int, count: int) -> list[psutil.Process]:
    def found() -> list[psutil.Process]:
        children = psutil.Process(pid).children()
        return children if len(children) == count else []

    return until(found, longest_pause_s=0.01)


def test_works_become_free_with_the_years_and_not_before() -> None:
    page = {"status": "live", "wikitext": box("{{PD-Art|PD-old-100}}", date="1930")}
    assert decide(from_page(page), "us", date(2025, 12, 31)).verdict != "accept"
    page = {"status": "live", "wikitext": box("{{PD-Art|PD-old-70}}", date="1930", artist="Anna Vester")}
    assert decide(from_page(page), "us", date(2025, 12, 31)).rule_id == "no-us-ground"
    assert decide(from_page(page), "us", date(2026, 1, 1)).verdict == "accept"


def test_a_profile_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(ConfigError, match="'loose' is unknown; expected one of strict, life70, us"):
        decide(Evidence(source="commons", status="live"), "loose", TODAY)


def test_evidence_that_says_nothing_is_refused_under_every_profile() -> None:
    assert {decide(Evidence(source="commons", status="live"), name, TODAY).verdict for name in PROFILES} == {"reject"}


def test_equal_evidence_gives_equal_json_and_other_evidence_other_json() -> None:
    evidence = from_page({"status": "live", "wikitext": box(EXPIRED)})
    assert evidence.to_json() == from_page({"status": "live", "wikitext": box(EXPIRED)}).to_json()
    assert evidence.to_json() != replace(evidence, revid=2).to_json()


def test_every_rule_has_an_id_of_its_own_and_cites_a_policy() -> None:
    assert len({rule.rule_id for rule in RULES}) == len(RULES)
    assert all(rule.cites.startswith("https://") and rule.says for rule in RULES)
    assert all(bool(rule.reason) == (rule.verdict != "accept") for rule in RULES)


def test_the_documentation_lists_every_rule_in_its_order_with_verdict_and_reason() -> None:
    lines = [line for line in DOCS.read_text().splitlines() if line.startswith("| `")]
    rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]
    listed = [row for row in rows if row[0] in {rule.rule_id for rule in RULES}]
    assert listed == [[rule.rule_id, rule.verdict, rule.reason, rule.says] for rule in RULES]


def test_the_documentation_explains_every_profile() -> None:
    text = DOCS.read_text()
    assert all(f"`{name}`" in text for name in PROFILES)


def test_what_was_accepted_on_a_day_that_is_still_to_come_is_decided_again(tmp_path: Path) -> None:
    catalogue = Catalogue(home=open_home(tmp_path))
    catalogue.put(1, box(EXPIRED), uploaded_at=datetime(2026, 6, 1, tzinfo=UTC))
    verdicts, since = [], []
    for day in (date(2026, 6, 10), date(2026, 8, 1), date(2026, 6, 10), date(2026, 6, 11)):
        catalogue.decide(today=day)
        verdicts.append(catalogue.decisions()[1]["verdict"])
        since.append(catalogue.decisions()[1]["since"])
    assert verdicts == ["quarantine", "accept", "quarantine", "quarantine"]
    assert since[2:] == ["2026-06-10", "2026-06-10"]
