"""How an item stood on a day of the past, and the evidence of that day: told for ever, proved by its digest."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pd_assets.lib.catalog import damage, tables
from pd_assets.lib.catalog.mending import mend
from pd_assets.lib.catalog.schemas import CHANGES, DECISIONS, EVIDENCE, MEMBERS
from pd_assets.lib.errors import DamagedTable
from pd_assets.lib.home import Home, open_home, remove_folder
from pd_assets.lib.rights import evidence_log, evidence_proof
from pd_assets.lib.rights.evidence_kept import Past, as_of, first_day
from pd_assets.lib.soundness import faults, repair
from tests.pd_assets.lib.planting import plant
from tests.pd_assets.lib.rights.cases import EXPIRED, box
from tests.pd_assets.lib.rights.deciding import LONG_AGO, Catalogue, Row, rows

FREE, BOUND = box(EXPIRED), box("{{Cc-by-sa-4.0}}")
API = "http://archive.test/w/api.php"


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(home=open_home(tmp_path))


def on(catalogue: Catalogue, day: date, number: int = 1) -> Past | None:
    """How a page stood under the strict profile at the end of a day."""
    found = as_of(catalogue.home, [f"commons:M{number}"], day)
    return next((one for one in found if one.profile == "strict"), None)


def is_proved(past: Past | None) -> bool:
    assert past is not None and past.evidence is not None
    return hashlib.sha256(past.evidence.encode()).hexdigest() == past.evidence_digest


def june(day: int) -> date:
    return date(2026, 6, day)


def rule_table_was(catalogue: Catalogue, version: str, made_at: datetime) -> None:
    """The decisions that an older rule table would have left."""
    row = {"ruleset_version": version, "decided_at": made_at}
    plant(catalogue.home, DECISIONS, [{**one, **row} for one in rows(catalogue.home, DECISIONS)])


def test_edits_a_deletion_and_two_rule_tables_later_each_day_still_has_its_evidence(catalogue: Catalogue) -> None:
    texts = {1: FREE, 3: FREE + " A word more.", 5: BOUND}
    expected = {}
    for day in range(1, 12):
        if day in texts:
            catalogue.put(1, texts[day])
        if day in (7, 9):
            rule_table_was(catalogue, f"2020-0{day}-1", LONG_AGO.replace(day=day))
        if day == 11:
            catalogue.mark(1, "deleted")
        catalogue.decide(today=june(day))
        expected[day] = catalogue.decisions()[1]
    for day, decision in expected.items():
        past = on(catalogue, june(day))
        assert past is not None and is_proved(past)
        assert (past.verdict, past.evidence) == (decision["verdict"], decision["evidence"])
        assert past.page_url == "https://archive.test/wiki/1"
    revisions = [past.revid for day in expected if (past := on(catalogue, june(day)))]
    assert revisions == [1, 1, 2, 2, *[3] * 7]
    assert on(catalogue, june(1) - timedelta(days=1)) is None
    assert first_day(catalogue.home, ["commons:M1"]) == "2026-06-01"
    assert list(faults(catalogue.home)) == []


@pytest.mark.slow
@settings(max_examples=5, deadline=None)
@given(
    days=st.lists(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3)), max_size=3), min_size=1, max_size=5),
    buckets=st.sampled_from([1, 4]),
)
def test_whatever_happens_to_pages_each_day_is_told_as_it_was(days: list[list[tuple[int, int]]], buckets: int) -> None:
    """Edits (two of them to the same bytes as another page), deletions and pages that come back, in random order."""
    with tempfile.TemporaryDirectory() as folder:
        catalogue = Catalogue(home=open_home(Path(folder)))
        catalogue.home.fix_buckets(buckets)
        was: dict[int, dict[int, Row]] = {}
        for day, news in enumerate(days, start=1):
            for number, kind in news:
                if kind < 2:
                    catalogue.put(number, (FREE, BOUND)[kind], sha1=f"{number // 2:040x}")
                elif number in catalogue.pages:
                    catalogue.mark(number, ("deleted", "live")[kind - 2])
            catalogue.decide(today=june(day), crew=0)
            was[day] = catalogue.decisions()
        for day, decisions in was.items():
            found = {number: on(catalogue, june(day), number) for number in (1, 2, 3)}
            assert {number for number, past in found.items() if past} == set(decisions)
            for number, decision in decisions.items():
                past = found[number]
                assert past is not None and is_proved(past)
                assert (past.verdict, past.evidence) == (decision["verdict"], decision["evidence"])
        assert list(faults(catalogue.home)) == []
        log = [row for part in evidence_log.parts(catalogue.home) for row in pq.read_table(part.path).to_pylist()]
        for number in (1, 2, 3):
            digests = [row["digest"] for row in log if row["item_id"] == f"commons:M{number}"]
            assert all(one != following for one, following in pairwise(digests))


def test_of_several_decisions_on_a_day_the_last_counts(catalogue: Catalogue) -> None:
    for text in (FREE, BOUND, FREE + " Free after all."):
        catalogue.put(1, text)
        catalogue.decide(today=june(1))
    past = on(catalogue, june(1))
    assert past is not None and is_proved(past) and (past.verdict, past.revid) == ("accept", 3)


def test_the_rule_is_told_with_the_day_of_which_it_is_known(catalogue: Catalogue) -> None:
    catalogue.put(1, FREE)
    catalogue.decide(today=june(1))
    catalogue.put(1, BOUND)
    catalogue.decide(today=june(9))
    early, late = on(catalogue, june(2)), on(catalogue, june(8))
    assert early is not None and late is not None
    assert early.rule_id == late.rule_id == "accept-free-work"
    assert (early.told_on, late.told_on) == ("2026-06-08", None)


def test_the_day_of_a_change_has_the_rule_of_that_change_whatever_gives_the_same_verdict_later(
    catalogue: Catalogue,
) -> None:
    catalogue.put(1, FREE)
    catalogue.decide(today=june(1))
    catalogue.put(1, BOUND)
    catalogue.decide(today=june(3))
    changed = next(row for row in catalogue.changes() if row["profile"] == "strict")
    catalogue.mark(1, "deleted")
    catalogue.decide(today=june(6))
    rule_table_was(catalogue, "2020-06-1", LONG_AGO)
    catalogue.decide(today=june(15))
    then, between, now = (on(catalogue, day) for day in (june(3), june(5), date(2099, 1, 1)))
    assert then is not None and between is not None and now is not None
    assert (then.rule_id, then.ruleset_version) == (changed["to_rule"], changed["to_ruleset"])
    assert (then.told_on, between.rule_id, between.told_on) == (None, then.rule_id, "2026-06-03")
    assert (now.rule_id, now.told_on) == ("gone", None) and now.verdict == then.verdict == "reject"


def test_an_item_that_is_in_no_table_any_more_is_told_by_the_logs(catalogue: Catalogue) -> None:
    catalogue.put(1, FREE)
    catalogue.put(2, FREE)
    catalogue.decide(today=june(1))
    catalogue.put(1, BOUND)
    catalogue.decide(today=june(2))
    del catalogue.pages[1]
    catalogue.decide(today=june(3))
    past = on(catalogue, june(1))
    assert past is not None and past.verdict == "accept" and is_proved(past)


def test_in_a_home_of_four_buckets_whose_parts_were_gathered_it_is_the_same(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_log, "GATHERED_FROM", 5)
    catalogue.home.fix_buckets(4)
    items = [f"commons:M{number}" for number in range(1, 9)]
    for day, text in enumerate((FREE, BOUND, FREE), start=1):
        for number in range(1, 9):
            catalogue.put(number, text)
        catalogue.decide(today=june(day))
    assert any(part.is_gathered for part in evidence_log.parts(catalogue.home))
    for day, verdict in ((1, "accept"), (2, "reject"), (3, "accept")):
        found = [one for one in as_of(catalogue.home, items, june(day)) if one.profile == "strict"]
        assert [(one.item_id, one.verdict, one.revid) for one in found] == [(item, verdict, day) for item in items]
        assert all(map(is_proved, found))


def test_of_a_home_of_before_the_evidence_of_its_past_is_unknown_and_its_digest_is_told(catalogue: Catalogue) -> None:
    catalogue.put(1, FREE)
    catalogue.decide(today=june(1))
    before = catalogue.decisions()[1]["evidence_digest"]
    catalogue.put(1, BOUND)
    catalogue.decide(today=june(5))
    plant(catalogue.home, CHANGES, [{**row, "changed_at": LONG_AGO} for row in rows(catalogue.home, CHANGES)])
    rule_table_was(catalogue, "2026-06-05", datetime(2026, 6, 5, 23, 30, tzinfo=UTC))
    remove_folder(catalogue.home.table(EVIDENCE.key))
    evidence_log.keep_of_before(catalogue.home)
    past, later = on(catalogue, june(2)), on(catalogue, june(6))
    assert past is not None and (past.verdict, past.evidence, past.seen_on) == ("accept", None, None)
    assert past.evidence_digest == before
    assert is_proved(later) and later is not None and later.seen_on == "2026-06-05"
    assert list(faults(catalogue.home)) == []


def flip(path: Path, at: int = 40) -> None:
    body = bytearray(path.read_bytes())
    body[at] ^= 1
    path.write_bytes(bytes(body))


def alter(path: Path, item_id: str = "commons:M1") -> None:
    """Another word in the evidence of an item, in a file whose checksums are right."""
    table = pq.read_table(path)
    told = zip(table["item_id"].to_pylist(), table["evidence"].to_pylist(), strict=True)
    altered = [text.replace("Vester", "Wester") if item == item_id else text for item, text in told]
    at = table.schema.get_field_index("evidence")
    pq.write_table(table.set_column(at, "evidence", pa.array(altered)), path, **damage.WRITTEN)


def edited(catalogue: Catalogue, numbers: int = 2) -> tuple[Path, Path]:
    """The two parts of some pages, of which the first was edited on June 2: nothing else has its evidence of June 1."""
    for number in range(1, numbers + 1):
        catalogue.put(number, FREE)
    catalogue.decide(today=june(1))
    catalogue.put(1, BOUND)
    catalogue.decide(today=june(2))
    (first, last) = evidence_log.parts(catalogue.home)
    return first.path, last.path


@pytest.mark.parametrize("is_second", [False, True])
@pytest.mark.parametrize("heal", [mend, lambda home: list(repair(home, API))], ids=["the next run", "a repair"])
def test_of_a_flipped_bit_in_one_copy_nothing_is_lost_and_every_day_is_told_meanwhile(
    catalogue: Catalogue, heal: Callable[[Home], object], is_second: bool
) -> None:
    path, _ = edited(catalogue)
    body = path.read_bytes()
    harmed = damage.second(path) if is_second else path
    flip(harmed)
    (damaged,) = faults(catalogue.home)
    assert damaged.path == harmed and "pdd run nightly" in damaged.heals
    assert is_proved(on(catalogue, june(1)))
    heal(catalogue.home)
    assert path.read_bytes() == damage.second(path).read_bytes() == body
    assert list(faults(catalogue.home)) == [] and is_proved(on(catalogue, june(1)))


def test_where_both_copies_are_damaged_it_is_named_and_a_repair_keeps_what_proves_itself(catalogue: Catalogue) -> None:
    first, last = edited(catalogue)
    for copy in (last, damage.second(last)):
        flip(copy)
    body = last.read_bytes()
    damaged = next(iter(faults(catalogue.home)))
    assert damaged.path == last and "--repair" in damaged.heals
    with pytest.raises(DamagedTable, match=r"--repair"):
        on(catalogue, june(1))
    assert [found.path for found in mend(catalogue.home)] == [last]
    assert last.read_bytes() == body, "looking and mending change nothing"
    told = list(repair(catalogue.home, API))
    assert "0 of its rows prove themselves" in told[0] and "1 rows were restored from rights/decisions" in told[1]
    assert (catalogue.home.root / ".damaged" / last.relative_to(catalogue.home.root)).read_bytes() == body
    assert list(faults(catalogue.home)) == []
    assert is_proved(on(catalogue, june(1))) and first.is_file()


def test_of_two_copies_that_are_damaged_in_other_places_nothing_is_lost(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_log, "ROWS_IN_A_GROUP", 1)
    path, _ = edited(catalogue)
    before = pq.read_table(path)
    for copy, group in ((path, 0), (damage.second(path), 1)):
        column = pq.read_metadata(path).row_group(group).column(0)
        flip(copy, (column.dictionary_page_offset or column.data_page_offset) + column.total_compressed_size - 3)
    (said, *_) = repair(catalogue.home, API)
    assert "2 of its rows prove themselves" in said
    assert list(faults(catalogue.home)) == [] and pq.read_table(path).equals(before)


@pytest.mark.parametrize("is_second", [False, True])
def test_rows_that_are_not_those_of_their_digests_in_one_copy_are_taken_from_the_other(
    catalogue: Catalogue, is_second: bool
) -> None:
    path, _ = edited(catalogue)
    body = path.read_bytes()
    harmed = damage.second(path) if is_second else path
    alter(harmed)
    assert mend(catalogue.home) == [] and path.read_bytes() != damage.second(path).read_bytes(), "neither is damaged"
    (told,) = faults(catalogue.home)
    assert told.path == harmed and "1 rows are not what their digests say, the first of commons:M1" in told.found
    assert is_proved(on(catalogue, june(1)))
    (said,) = repair(catalogue.home, API)
    assert "the other copy proves itself, and took its place" in said
    assert path.read_bytes() == damage.second(path).read_bytes() == body
    assert list(faults(catalogue.home)) == []


def test_of_a_part_that_is_gone_and_whose_second_copy_is_damaged_the_rows_that_prove_themselves_stay(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_log, "ROWS_IN_A_GROUP", 1)
    path, _ = edited(catalogue)
    flip(damage.second(path))
    path.unlink()
    (said, *_) = repair(catalogue.home, API)
    assert "1 of its rows prove themselves" in said and is_proved(on(catalogue, june(1), 2))


def test_a_copy_with_fewer_rows_is_named_and_the_other_takes_its_place(catalogue: Catalogue) -> None:
    path, _ = edited(catalogue)
    body = path.read_bytes()
    pq.write_table(pq.read_table(path).slice(1), path, **damage.WRITTEN)
    mend(catalogue.home)
    assert "1 rows, and not the same as its other copy" in str(next(iter(faults(catalogue.home))))
    list(repair(catalogue.home, API))
    assert path.read_bytes() == body and list(faults(catalogue.home)) == []


def test_a_row_that_is_in_both_copies_not_that_of_its_digest_is_named_and_only_it_is_set_aside(
    catalogue: Catalogue,
) -> None:
    path, _ = edited(catalogue, numbers=3)
    for copy in (path, damage.second(path)):
        alter(copy)
    told = [str(fault) for fault in faults(catalogue.home)]
    assert any("1 rows are not what their digests say, the first of commons:M1" in one for one in told)
    (said,) = repair(catalogue.home, API)
    assert "2 of its rows prove themselves" in said
    # It was of the past, and nothing else has it: that stays said.
    (left,) = faults(catalogue.home)
    assert "1 that rights/changes names are not there" in left.found and "backup" in left.heals
    assert is_proved(on(catalogue, june(1), 2))


def test_what_a_dataset_names_and_nobody_has_is_a_fault(catalogue: Catalogue) -> None:
    catalogue.put(1, FREE)
    catalogue.decide()
    plant(catalogue.home, MEMBERS, [{"item_id": "commons:M9", "version": "v", "evidence_digest": "0" * 64}])
    (lost,) = faults(catalogue.home)
    assert "1 that dataset/members names are not there, the first of commons:M9" in lost.found
    # It is of no current dataset.
    assert evidence_proof.find_lost(catalogue.home, latest_alone=True) == []


def test_decisions_whose_evidence_is_gone_are_a_fault_that_a_repair_heals(catalogue: Catalogue) -> None:
    catalogue.put(1, FREE)
    catalogue.decide()
    catalogue.put(2, FREE)
    catalogue.decide()
    damage.remove(evidence_log.parts(catalogue.home)[0].path)
    (lost,) = faults(catalogue.home)
    assert "1 that rights/decisions names are not there" in lost.found and "--repair" in lost.heals
    list(repair(catalogue.home, API))
    assert list(faults(catalogue.home)) == []
    assert tables.count_rows(catalogue.home, EVIDENCE) == 2


def test_a_log_that_is_gone_as_a_whole_is_told_by_the_datasets_and_a_repair_restores_what_decisions_have(
    catalogue: Catalogue,
) -> None:
    for day, text in ((1, FREE), (2, BOUND)):
        catalogue.put(1, text)
        catalogue.decide(today=june(day))
    catalogue.home.claim(API)
    first, last = (past.evidence_digest for day in (1, 2) if (past := on(catalogue, june(day))) is not None)
    row = {"item_id": "commons:M1", "evidence_digest": first, "dataset": "main", "version": "some"}
    plant(catalogue.home, MEMBERS, [row], partition="some")
    shutil.rmtree(catalogue.home.table(EVIDENCE.key))
    told = {one.by_table: one.digests for one in evidence_proof.find_lost(catalogue.home)}
    assert told == {"dataset/members": 1, "rights/changes": 2, "rights/decisions": 1}
    assert f"{EVIDENCE.key}: 1 rows were restored from rights/decisions" in list(repair(catalogue.home, API))
    past = on(catalogue, june(2))
    assert is_proved(past) and past is not None and past.evidence_digest == last
    assert [one.by_table for one in evidence_proof.find_lost(catalogue.home)] == ["dataset/members", "rights/changes"]
