"""rights/evidence: what a decision rests on is appended once, before the decision stands, whatever kills the run."""

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pd_assets.lib.catalog import damage, tables
from pd_assets.lib.catalog.buckets import bucket_of
from pd_assets.lib.catalog.mending import mend
from pd_assets.lib.catalog.rebucket import rebucket
from pd_assets.lib.catalog.schemas import CHANGES, DECISIONS, EVIDENCE
from pd_assets.lib.home import Home, alone, open_home, remove_folder
from pd_assets.lib.migrations import note
from pd_assets.lib.rights import evidence_log, evidence_proof
from tests.pd_assets.lib.planting import plant
from tests.pd_assets.lib.rights.cases import EXPIRED, box
from tests.pd_assets.lib.rights.deciding import LONG_AGO, Catalogue, rows

FREE, BOUND = box(EXPIRED), box("{{Cc-by-sa-4.0}}")
# A page of each of four buckets, and one more.
NUMBERS = [1, *(next(n for n in range(2, 99) if bucket_of(f"commons:M{n}", 4) == one) for one in range(4))]


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(home=open_home(tmp_path))


def told(home: Home) -> list[tuple[str, str]]:
    """The log in short, in its order: item and day."""
    found = [row for part in evidence_log.parts(home) for row in pq.read_table(part.path).to_pylist()]
    return [(row["item_id"], row["seen_on"]) for row in found]


def digests(home: Home) -> list[str]:
    return [str(row["digest"]) for row in rows(home, EVIDENCE)]


def is_whole(home: Home) -> bool:
    """Whether each row is that of its digest, and all that decisions and changes name is there."""
    return evidence_proof.find_lost(home) == [] and list(evidence_proof.find_altered(home)) == []


def is_twice(home: Home) -> bool:
    """Whether each part has a second copy, and there are no others."""
    copies = {path: path.read_bytes() for path in home.table(EVIDENCE.key).glob(".*.second")}
    return copies == {damage.second(part.path): part.path.read_bytes() for part in evidence_log.parts(home)}


def names(home: Home) -> list[str]:
    return [part.path.name for part in evidence_log.parts(home)]


def test_new_and_edited_evidence_is_appended_with_its_page_revision_and_day_and_nothing_else(
    catalogue: Catalogue,
) -> None:
    catalogue.put(1, FREE)
    catalogue.put(2, BOUND)
    catalogue.decide(today=date(2026, 6, 1))
    first = names(catalogue.home)
    catalogue.put(1, FREE + " A word more.")
    catalogue.decide(today=date(2026, 6, 2))
    assert told(catalogue.home) == [
        ("commons:M1", "2026-06-01"), ("commons:M2", "2026-06-01"), ("commons:M1", "2026-06-02")
    ]  # fmt: skip
    row = rows(catalogue.home, EVIDENCE)[-1]
    decision = catalogue.decisions()[1]
    assert (row["digest"], row["evidence"]) == (decision["evidence_digest"], decision["evidence"])
    assert (row["revid"], row["page_digest"]) == (2, decision["page_digest"])
    assert row["page_url"] == "https://archive.test/wiki/1"
    assert hashlib.sha256(str(row["evidence"]).encode()).hexdigest() == row["digest"]
    assert names(catalogue.home)[:1] == first == ["part-000000.parquet"]
    assert is_whole(catalogue.home)


def test_what_comes_back_is_appended_again(catalogue: Catalogue) -> None:
    catalogue.put(1, FREE)
    for day, status in enumerate(("live", "deleted", "live"), start=1):
        catalogue.mark(1, status)
        catalogue.decide(today=date(2026, 6, day))
    one, other, again = digests(catalogue.home)
    assert one == again != other


def test_a_night_in_which_nothing_is_due_writes_nothing_and_opens_no_evidence(catalogue: Catalogue) -> None:
    catalogue.put(1, FREE)
    catalogue.decide()
    (part,) = evidence_log.parts(catalogue.home)
    # Whoever read it would fail.
    part.path.write_bytes(b"garbage")
    catalogue.decide()
    catalogue.put(2, FREE)
    catalogue.decide()
    assert part.path.read_bytes() == b"garbage"
    assert names(catalogue.home) == ["part-000000.parquet", "part-000001.parquet"]


def test_other_rules_decide_again_on_the_same_evidence_and_append_none(catalogue: Catalogue) -> None:
    catalogue.put(1, BOUND)
    catalogue.decide()
    for month in (1, 2):
        lax = {"ruleset_version": f"2020-0{month}-1", "verdict": "accept", "decided_at": LONG_AGO.replace(month=month)}
        older = [{**row, **lax} for row in rows(catalogue.home, DECISIONS)]
        plant(catalogue.home, DECISIONS, older)
        catalogue.decide()
    assert len(catalogue.changes()) == 2 and len(digests(catalogue.home)) == 1


def test_a_run_killed_between_evidence_and_decisions_leaves_nothing_and_doubles_nothing(catalogue: Catalogue) -> None:
    catalogue.put(1, FREE)
    catalogue.decide()
    place = tables.bucket_file(catalogue.home, DECISIONS, 0)
    old = place.read_bytes()
    catalogue.put(1, BOUND)
    catalogue.decide()
    kill_before_the_decisions(catalogue, [old])
    # What the killed run had read is not what is decided on now.
    catalogue.put(1, FREE + " Another word.")
    catalogue.decide()
    assert len(digests(catalogue.home)) == 2
    assert digests(catalogue.home)[-1] == catalogue.decisions()[1]["evidence_digest"]
    catalogue.decide()
    assert len(digests(catalogue.home)) == 2 and is_whole(catalogue.home) and is_twice(catalogue.home)
    mend(catalogue.home)
    assert len(digests(catalogue.home)) == 2, "what was removed does not come back"


def test_a_run_killed_after_its_decisions_stand_keeps_their_evidence(catalogue: Catalogue) -> None:
    catalogue.put(1, FREE)
    catalogue.decide()
    state = state_of(catalogue.home, 0)
    catalogue.put(1, BOUND)
    catalogue.decide()
    last = evidence_log.parts(catalogue.home)[-1]
    last.path.rename(last.path.with_name(f"part-{last.number:06}.waits-{state}.parquet"))
    mend(catalogue.home)
    assert len(digests(catalogue.home)) == 2, "its second copy brings back no part that is settled before it is"
    catalogue.decide()
    assert names(catalogue.home) == ["part-000000.parquet", "part-000001.parquet"]
    assert len(digests(catalogue.home)) == 2 and is_whole(catalogue.home) and is_twice(catalogue.home)


def test_evidence_of_an_item_that_left_stays_though_the_decisions_are_what_they_were_before_it(
    catalogue: Catalogue,
) -> None:
    catalogue.put(1, FREE)
    catalogue.decide()
    catalogue.put(2, FREE)
    catalogue.decide()
    del catalogue.pages[2]
    catalogue.decide()
    catalogue.decide()
    assert [item for item, _ in told(catalogue.home)] == ["commons:M1", "commons:M2"]


@pytest.mark.parametrize("placed", [0, 2])
def test_of_four_buckets_each_has_its_evidence_once_whichever_stood_before_the_kill(
    catalogue: Catalogue, placed: int
) -> None:
    home = catalogue.home
    home.fix_buckets(4)
    for number in NUMBERS:
        catalogue.put(number, FREE)
    for bucket in (2, 0, 3, 1):
        catalogue.decide(buckets=[bucket])
    old = [tables.bucket_file(home, DECISIONS, bucket).read_bytes() for bucket in range(4)]
    for number in NUMBERS:
        catalogue.put(number, BOUND)
    catalogue.decide()
    kill_before_the_decisions(catalogue, old, placed=placed)
    for bucket in (3, 1, 0, 2):
        catalogue.decide(buckets=[bucket])
    assert sorted(told(home)) == sorted([(f"commons:M{number}", "2026-11-22") for number in NUMBERS] * 2)
    assert not evidence_log.is_unsettled(home) and is_whole(home) and is_twice(home)


def test_a_killed_run_is_settled_in_a_home_that_has_more_buckets_since(catalogue: Catalogue) -> None:
    home = catalogue.home
    for number in NUMBERS:
        catalogue.put(number, FREE)
    catalogue.decide()
    old = tables.bucket_file(home, DECISIONS, 0).read_bytes()
    catalogue.put(1, BOUND)
    catalogue.decide()
    kill_before_the_decisions(catalogue, [old])
    rebucket(home, 4)
    for bucket in range(4):
        catalogue.decide(buckets=[bucket])
    assert len(digests(home)) == len(NUMBERS) + 1 and is_whole(home) and is_twice(home)
    assert all(not part.state for part in evidence_log.parts(home))


def test_a_crew_keeps_what_one_process_keeps(tmp_path: Path) -> None:
    kept = []
    for size in (0, 2):
        catalogue = Catalogue(home=open_home(tmp_path / str(size)))
        for number in range(1, 12):
            catalogue.put(number, FREE if number % 2 else BOUND)
        catalogue.decide(crew=size)
        kept.append(rows(catalogue.home, EVIDENCE))
    assert kept[0] == kept[1] and len(kept[0]) == 11


def test_processes_that_decide_other_buckets_at_the_same_time_keep_each_its_own(catalogue: Catalogue) -> None:
    home = catalogue.home
    home.fix_buckets(4)
    for number in range(1, 25):
        catalogue.put(number, FREE)
    catalogue.write()
    decide = (
        "import sys; from pathlib import Path; from pd_assets.lib.home import open_home; "
        "from pd_assets.lib.rights.decisions import decide_all; "
        "[decide_all(open_home(Path(sys.argv[1])), profile='strict', buckets=[int(one)]) for one in sys.argv[2:]]"
    )
    command = [sys.executable, "-c", decide, str(home.root)]
    running = [subprocess.Popen([*command, *some]) for some in (("0", "1"), ("2", "3"))]
    assert [one.wait() for one in running] == [0, 0]
    assert sorted(item for item, _ in told(home)) == sorted(f"commons:M{number}" for number in range(1, 25))
    assert is_whole(home) and all(not part.state for part in evidence_log.parts(home))


def test_a_home_of_before_gets_its_evidence_with_the_next_decision_and_decides_nothing_for_it(
    catalogue: Catalogue,
) -> None:
    catalogue.put(1, FREE)
    catalogue.put(2, BOUND)
    catalogue.decide(today=date(2026, 6, 1))
    catalogue.put(2, FREE)
    catalogue.decide(today=date(2026, 6, 2))
    plant(catalogue.home, CHANGES, [{**row, "changed_at": LONG_AGO} for row in rows(catalogue.home, CHANGES)])
    remove_folder(catalogue.home.table(EVIDENCE.key))
    place = tables.bucket_file(catalogue.home, DECISIONS, 0)
    before = place.stat().st_mtime_ns
    assert catalogue.decide(today=date(2026, 6, 3)).pages_read == 0
    assert place.stat().st_mtime_ns == before
    assert sorted(digests(catalogue.home)) == sorted(
        str(row["evidence_digest"]) for row in catalogue.decisions().values()
    )
    # The evidence before the edit of page 2 is in no log that is older than this one.
    assert is_whole(catalogue.home) and evidence_log.begun_at(catalogue.home) is not None
    catalogue.decide(today=date(2026, 6, 3))
    assert len(digests(catalogue.home)) == 2


def test_a_home_of_before_gets_its_evidence_by_a_migration_too(catalogue: Catalogue) -> None:
    catalogue.put(1, FREE)
    catalogue.decide()
    remove_folder(catalogue.home.table(EVIDENCE.key))
    assert (evidence_log.keep_of_before(catalogue.home), evidence_log.keep_of_before(catalogue.home)) == (1, 0)
    assert digests(catalogue.home) == [catalogue.decisions()[1]["evidence_digest"]]


def test_decisions_that_were_lost_and_are_made_again_say_nothing_twice(catalogue: Catalogue) -> None:
    catalogue.put(1, FREE)
    catalogue.decide()
    catalogue.put(1, BOUND)
    catalogue.decide(today=date(2026, 11, 23))
    tables.bucket_file(catalogue.home, DECISIONS, 0).unlink()
    catalogue.put(2, FREE)
    catalogue.decide(today=date(2026, 11, 24))
    assert [item for item, _ in told(catalogue.home)] == ["commons:M1", "commons:M1", "commons:M2"]


def test_many_small_parts_become_one_in_their_order_and_a_kill_in_between_doubles_nothing(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = catalogue.home
    monkeypatch.setattr(evidence_log, "GATHERED_FROM", 3)
    catalogue.put(1, FREE)
    days: Sequence[tuple[str, date]] = [(f" {n}", date(2026, 6, n)) for n in (1, 2)]
    for word, day in days:
        catalogue.put(1, FREE + word)
        catalogue.decide(today=day)
    before = {path: path.read_bytes() for path in home.table(EVIDENCE.key).glob("part-*")}
    catalogue.put(1, FREE + " 3")
    catalogue.decide(today=date(2026, 6, 3))
    assert names(home) == ["part-000003-gathered.parquet"]
    expected = [("commons:M1", f"2026-06-0{n}") for n in (1, 2, 3)]
    assert told(home) == expected
    for path, body in before.items():
        path.write_bytes(body)
    mend(home)
    catalogue.decide(today=date(2026, 6, 3))
    assert told(home) == expected and is_whole(home) and is_twice(home)
    mend(home)
    assert told(home) == expected


# Decides a copy of a home for each step of the file system in its tables of rights, and is killed before that step.
KILLED_BEFORE_EACH_STEP = """
import os, shutil, sys
from datetime import date
from pathlib import Path
from pd_assets.lib.home import open_home
from pd_assets.lib.rights import evidence_log
from pd_assets.lib.rights.decisions import decide_all

evidence_log.GATHERED_FROM = 3
whole, at, code = Path(sys.argv[1]), 0, 9
while code == 9:
    home, steps = whole.with_name(f"killed-{at:02}"), 0
    shutil.copytree(whole, home, symlinks=True)

    def kill(event, given):
        global steps
        if event in ("os.rename", "os.remove") and "/rights/" in str(given[0]):
            if steps == at:
                os._exit(9)
            steps += 1

    if not (child := os.fork()):
        sys.addaudithook(kill)
        decide_all(open_home(home), profile="strict", today=date(2026, 6, 3), crew=0)
        os._exit(0)
    code, at = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), at + 1
sys.exit(code)
"""


@pytest.mark.extended
@pytest.mark.slow
def test_a_kill_before_any_step_leaves_what_the_next_run_puts_in_order_and_each_evidence_twice(tmp_path: Path) -> None:
    catalogue = Catalogue(home=open_home(tmp_path / "whole"))
    note(catalogue.home)
    for number, day in ((1, 1), (2, 2), (1, 3)):
        catalogue.put(number, FREE + f" {day}")
        if day < 3:
            catalogue.decide(today=date(2026, 6, day))
    catalogue.write()
    subprocess.run([sys.executable, "-c", KILLED_BEFORE_EACH_STEP, str(catalogue.home.root)], check=True)
    killed = sorted(tmp_path.glob("killed-*"))
    assert len(killed) > 12
    for root in killed:
        home = open_home(root)
        relied_on = {*digests(catalogue.home), *(str(row["evidence_digest"]) for row in rows(home, DECISIONS))}
        firsts = [part.path for part in evidence_log.parts(home)]
        for copies in (firsts, home.table(EVIDENCE.key).glob(".*.second")):
            assert relied_on <= {one for path in copies for one in pq.read_table(path)["digest"].to_pylist()}, root.name
        mend(home)
        Catalogue(home=home, pages=catalogue.pages).decide(today=date(2026, 6, 3), crew=0)
        evidence_log.gather(home)
        for _ in range(2):
            expected = [("commons:M1", "2026-06-01"), ("commons:M2", "2026-06-02"), ("commons:M1", "2026-06-03")]
            assert told(home) == expected and is_whole(home) and is_twice(home), root.name
            assert not evidence_log.is_unsettled(home), root.name
            mend(home)


def test_a_home_of_before_whose_parts_lie_there_once_has_them_twice_with_the_next_run(catalogue: Catalogue) -> None:
    home = catalogue.home
    state = evidence_log.NOTHING
    catalogue.put(1, FREE)
    catalogue.decide()
    catalogue.put(2, FREE)
    catalogue.decide()
    for copy in home.table(EVIDENCE.key).glob(".*.second"):
        copy.unlink()
    # As an older version named a part that waits.
    (part, _) = evidence_log.parts(home)
    part.path.rename(part.path.with_name(f"part-000000-{state}.parquet"))
    mend(home)
    assert is_twice(home) and evidence_log.is_unsettled(home) is False
    catalogue.decide()
    assert names(home) == ["part-000000.parquet", "part-000001.parquet"]
    mend(home)
    assert is_twice(home) and len(digests(home)) == 2


def test_nothing_is_mended_while_somebody_decides(catalogue: Catalogue) -> None:
    home = catalogue.home
    catalogue.put(1, FREE)
    catalogue.decide()
    (part,) = evidence_log.parts(home)
    damage.second(part.path).unlink()
    with alone(home.table(DECISIONS.key), "decides", beside=True):
        mend(home)
        assert not damage.second(part.path).exists()
    mend(home)
    assert is_twice(home)


def test_parts_stay_while_the_one_that_holds_them_all_is_damaged(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = catalogue.home
    monkeypatch.setattr(evidence_log, "GATHERED_FROM", 2)
    catalogue.put(1, FREE)
    catalogue.decide()
    (part,) = evidence_log.parts(home)
    body = part.path.read_bytes()
    catalogue.put(2, FREE)
    catalogue.decide()
    (gathered,) = evidence_log.parts(home)
    part.path.write_bytes(body)
    whole = gathered.path.read_bytes()
    gathered.path.write_bytes(whole[:40] + bytes([whole[40] ^ 1]) + whole[41:])
    evidence_log.gather(home)
    assert len(names(home)) == 2
    mend(home)
    evidence_log.gather(home)
    assert len(names(home)) == 1 and is_twice(home) and is_whole(home)


def state_of(home: Home, bucket: int) -> str:
    with tables.engine(home) as connection:
        tables.relation(connection, home, DECISIONS).create_view("stand")
        return evidence_log.states_of(connection, "stand", home.buckets).get(bucket, evidence_log.NOTHING)


def kill_before_the_decisions(catalogue: Catalogue, old: Sequence[bytes], *, placed: int = 0) -> None:
    """Leave what a run leaves that is killed when the first `placed` buckets stand: all parts, and none is settled."""
    home = catalogue.home
    parts = evidence_log.parts(home)[-len(old) :]
    files = [tables.bucket_file(home, DECISIONS, bucket) for bucket in range(len(old))]
    new = [path.read_bytes() for path in files]
    for path, body in zip(files, old, strict=True):
        path.write_bytes(body)
    for part in parts:
        part.path.rename(part.path.with_name(f"{part.path.stem}.waits-{state_of(home, part.bucket)}.parquet"))
    mend(home)
    for path, body in list(zip(files, new, strict=True))[:placed]:
        path.write_bytes(body)
