"""The drift log: every change of a verdict with its cause, once, whatever interrupts the run that notes it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from pd_assets.lib.catalog import damage, tables
from pd_assets.lib.catalog.buckets import bucket_of
from pd_assets.lib.catalog.schemas import CHANGES, DECISIONS
from pd_assets.lib.home import open_home
from pd_assets.lib.rights import changes
from tests.pd_assets.lib.planting import plant
from tests.pd_assets.lib.rights.cases import EXPIRED, box
from tests.pd_assets.lib.rights.deciding import Catalogue, rows

FREE, BOUND = box(EXPIRED), box("{{Cc-by-sa-4.0}}")
YOUNG = box("{{PD-Art|PD-old-70}}", date="1930", artist="Anna Vester (1870–1932)")


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(home=open_home(tmp_path))


def told(catalogue: Catalogue, profile: str = "strict") -> list[tuple[object, ...]]:
    """The log in short: item, verdict before and after, cause."""
    names = ("item_id", "from_verdict", "to_verdict", "cause")
    return [tuple(row[name] for name in names) for row in catalogue.changes(profile)]


def test_what_is_decided_for_the_first_time_is_no_change(catalogue: Catalogue) -> None:
    catalogue.put(1, FREE)
    catalogue.put(2, BOUND)
    counts = catalogue.decide()
    assert (counts.verdicts, told(catalogue), counts.moves) == ({"accept": 1, "reject": 1}, [], {})


def test_an_edit_of_the_licence_is_noted_with_its_revisions_and_both_evidences(catalogue: Catalogue) -> None:
    catalogue.put(1, FREE)
    catalogue.put(2, FREE)
    catalogue.decide()
    before = catalogue.decisions()[1]
    catalogue.put(1, BOUND)
    counts = catalogue.decide()
    (change,) = catalogue.changes()
    assert (change["item_id"], change["cause"]) == ("commons:M1", "upstream_edit")
    assert (change["from_verdict"], change["to_verdict"]) == ("accept", "reject")
    assert (change["from_rule"], change["to_rule"]) == ("accept-free-work", "tag-with-conditions")
    assert (change["from_revid"], change["to_revid"]) == (1, 2)
    assert change["from_evidence"] == before["evidence_digest"] != change["to_evidence"]
    assert counts.moves == {"accept (accept-free-work) -> reject (tag-with-conditions)": 1}
    assert "revision 1 -> 2" in counts.changed[0]


def test_an_edit_that_changes_no_verdict_is_none(catalogue: Catalogue) -> None:
    catalogue.put(1, FREE)
    catalogue.decide()
    catalogue.put(1, FREE + " A word more.")
    catalogue.decide()
    assert told(catalogue) == []
    assert '"revid":2' in str(catalogue.decisions()[1]["evidence"])


def test_a_deletion_is_called_one(catalogue: Catalogue) -> None:
    catalogue.put(1, FREE)
    catalogue.decide()
    catalogue.mark(1, "deleted")
    catalogue.decide()
    assert told(catalogue) == [("commons:M1", "accept", "reject", "deletion")]
    catalogue.mark(1, "live")
    catalogue.decide()
    assert told(catalogue)[1:] == [("commons:M1", "reject", "accept", "upstream_edit")]


def test_a_copy_under_conditions_is_the_cause_both_when_it_comes_and_when_it_goes(catalogue: Catalogue) -> None:
    catalogue.put(1, FREE, sha1="a" * 40)
    catalogue.decide()
    catalogue.put(2, BOUND, sha1="a" * 40)
    catalogue.decide()
    assert told(catalogue) == [("commons:M1", "accept", "quarantine", "copy")]
    catalogue.mark(2, "deleted")
    catalogue.decide()
    assert told(catalogue)[1:] == [("commons:M1", "quarantine", "accept", "copy")]


def test_a_work_becomes_free_on_the_first_of_january_by_the_calendar(catalogue: Catalogue) -> None:
    catalogue.put(1, YOUNG)
    catalogue.decide(today=date(2025, 12, 31))
    assert catalogue.decisions("us")[1]["verdict"] == "quarantine"
    assert catalogue.decisions("us")[1]["valid_until"] == "2026-01-01"
    catalogue.decide(today=date(2026, 1, 1))
    assert told(catalogue, "us") == [("commons:M1", "quarantine", "accept", "calendar")]
    assert catalogue.changes("us")[0]["changed_on"] == "2026-01-01"
    assert told(catalogue) == [], "life+70 is not enough for the strict profile, in any year"


def test_a_fresh_upload_leaves_quarantine_by_itself_and_not_a_day_too_early(catalogue: Catalogue) -> None:
    catalogue.put(1, FREE, uploaded_at=datetime(2026, 6, 1, 12, tzinfo=UTC))
    catalogue.decide(today=date(2026, 6, 2))
    assert catalogue.decisions()[1]["reasons"] == ["fresh_upload"]
    until = date.fromisoformat(str(catalogue.decisions()[1]["valid_until"]))
    catalogue.decide(today=date(2026, 6, 20))
    assert catalogue.decisions()[1]["verdict"] == "quarantine"
    catalogue.decide(today=until)
    assert told(catalogue) == [("commons:M1", "quarantine", "accept", "calendar")]
    assert (until - date(2026, 6, 1)).days == 30


def test_another_setting_is_the_cause_of_what_it_changes(catalogue: Catalogue) -> None:
    catalogue.put(1, FREE, uploaded_at=datetime(2026, 6, 1, tzinfo=UTC))
    catalogue.decide(today=date(2026, 6, 2))
    catalogue.decide(today=date(2026, 6, 2), fresh_days=0)
    assert told(catalogue) == [("commons:M1", "quarantine", "accept", "settings")]


def test_an_edit_beside_which_the_calendar_freed_the_work_is_not_to_blame(catalogue: Catalogue) -> None:
    catalogue.put(1, YOUNG)
    catalogue.decide(today=date(2025, 12, 31))
    catalogue.put(1, YOUNG + " A word more.")
    catalogue.decide(today=date(2026, 1, 1))
    assert told(catalogue, "us") == [("commons:M1", "quarantine", "accept", "calendar")]


def test_a_rule_that_changed_is_the_cause_and_no_page_is_read_for_it(catalogue: Catalogue) -> None:
    """The stored decisions are what an older table, which let conditions pass, would have left."""
    catalogue.put(1, BOUND)
    catalogue.put(2, FREE)
    catalogue.decide()
    older = [{**row, "ruleset_version": "2020-01-1"} for row in rows(catalogue.home, DECISIONS)]
    lax = [{**row, "verdict": "accept", "rule_id": "lax"} if row["item_id"] == "commons:M1" else row for row in older]
    plant(catalogue.home, DECISIONS, lax)
    counts = catalogue.decide()
    assert told(catalogue) == [("commons:M1", "accept", "reject", "rule")]
    assert catalogue.changes()[0]["from_ruleset"] == "2020-01-1"
    assert (counts.pages_read, counts.moves) == (0, {"accept (lax) -> reject (tag-with-conditions)": 1})


def test_a_run_killed_between_the_log_and_the_decisions_notes_nothing_twice_and_loses_nothing(
    catalogue: Catalogue,
) -> None:
    for number in (1, 2, 3):
        catalogue.put(number, FREE)
    catalogue.decide()
    place = catalogue.home.table(DECISIONS.key) / tables.PART
    old = place.read_bytes()
    catalogue.put(1, BOUND)
    catalogue.decide()
    # The log has its part, and the decisions never took the place of the old ones.
    place.write_bytes(old)
    catalogue.put(2, BOUND)
    catalogue.decide()
    assert [row[0] for row in told(catalogue)] == ["commons:M1", "commons:M2"]
    assert len(tables.parts(catalogue.home, CHANGES)) == 1
    catalogue.put(1, FREE)
    catalogue.decide()
    catalogue.put(2, FREE)
    catalogue.decide()
    assert [row[0] for row in told(catalogue)] == ["commons:M1", "commons:M2", "commons:M1", "commons:M2"]


@pytest.mark.parametrize("placed", [0, 2, pytest.param(1, marks=pytest.mark.extended)])
def test_of_four_buckets_whichever_took_their_places_before_the_kill_each_change_is_noted_once(
    catalogue: Catalogue, placed: int
) -> None:
    """The first `placed` buckets are new, the next has its part of the log alone, and those after it have neither."""
    home = catalogue.home
    home.fix_buckets(4)
    # A page of each bucket, and one more.
    numbers = [1, *(next(n for n in range(2, 99) if bucket_of(f"commons:M{n}", 4) == one) for one in range(4))]
    for number in numbers:
        catalogue.put(number, FREE)
    catalogue.decide()
    files = [tables.bucket_file(home, DECISIONS, bucket) for bucket in range(4)]
    old = [path.read_bytes() for path in files]
    for number in numbers:
        catalogue.put(number, BOUND)
    catalogue.decide()
    parts = changes.parts(home)
    assert [(part.bucket, part.of) for part in parts] == [(bucket, 4) for bucket in range(4)]
    for bucket in range(placed, 4):
        files[bucket].write_bytes(old[bucket])
    for part in parts[placed + 1 :]:
        damage.remove(part.path)
    # Meanwhile one is free again. Where its bucket has no new decisions yet, it never was anything else.
    catalogue.put(1, FREE)
    was_bound = bucket_of("commons:M1", 4) < placed
    for bucket in (3, 1, 0, 2):
        catalogue.decide(buckets=[bucket])
    noted = sorted(str(row[0]) for row in told(catalogue))
    once = {f"commons:M{number}" for number in numbers[1:]}
    assert noted == sorted([*once, *(["commons:M1"] * 2 if was_bound else [])])
    catalogue.decide()
    assert sorted(str(row[0]) for row in told(catalogue)) == noted


def test_a_killed_run_is_settled_before_a_home_with_more_buckets_is_decided(catalogue: Catalogue) -> None:
    home = catalogue.home
    for number in range(1, 9):
        catalogue.put(number, FREE)
    catalogue.decide()
    catalogue.put(1, BOUND)
    catalogue.decide()
    place = tables.bucket_file(home, DECISIONS, 0)
    old = place.read_bytes()
    catalogue.put(2, BOUND)
    catalogue.decide()
    place.write_bytes(old)
    content = tables.read(home, DECISIONS)
    home.fix_buckets(4)
    tables.write(home, DECISIONS, content)
    for bucket in (2, 0, 3, 1):
        catalogue.decide(buckets=[bucket])
    assert {row[0] for row in told(catalogue)} == {"commons:M1", "commons:M2"}
    assert len(told(catalogue)) == 2
    assert not changes.is_of_another_number(home)


def test_small_parts_become_one_and_a_kill_in_between_doubles_nothing(catalogue: Catalogue) -> None:
    home = catalogue.home
    catalogue.put(1, FREE)
    for number in range(changes.GATHERED_FROM + 1):
        with changes.appending(changes.next_part(home, 0, f"{number:016x}")) as note:
            note(pa.RecordBatch.from_pylist([{"item_id": f"commons:M{number:04}"}], schema=CHANGES.schema))
    version, log = changes.version_of(home), rows(home, CHANGES)
    old = {path: path.read_bytes() for path in home.table(CHANGES.key).iterdir()}
    changes.gather(home)
    assert [part.number for part in changes.parts(home)] == [changes.GATHERED_FROM, changes.GATHERED_FROM + 1]
    assert (changes.version_of(home), len(rows(home, CHANGES))) == (version, len(log))
    for path, content in old.items():
        path.write_bytes(content)
    catalogue.decide()
    assert sorted(str(row["item_id"]) for row in rows(home, CHANGES)) == [str(row["item_id"]) for row in log]
    assert {path.name for path in home.table(CHANGES.key).glob("part-*")} == {
        part.path.name for part in changes.parts(home)
    }


def test_a_change_that_was_undone_before_the_killed_run_was_repeated_leaves_the_log(catalogue: Catalogue) -> None:
    catalogue.put(1, FREE)
    catalogue.decide()
    place = catalogue.home.table(DECISIONS.key) / tables.PART
    old = place.read_bytes()
    catalogue.put(1, BOUND)
    catalogue.decide()
    place.write_bytes(old)
    catalogue.put(1, FREE)
    catalogue.decide()
    assert told(catalogue) == []


def test_the_same_change_there_and_back_again_is_noted_each_time(catalogue: Catalogue) -> None:
    catalogue.put(1, FREE)
    catalogue.decide()
    for text in (BOUND, FREE, BOUND, FREE):
        catalogue.put(1, text)
        catalogue.decide()
        catalogue.decide()
    assert [row[2] for row in told(catalogue)] == ["reject", "accept", "reject", "accept"]


def test_an_error_in_the_middle_leaves_neither_a_part_nor_something_half_written(tmp_path: Path) -> None:
    home = open_home(tmp_path)

    def broken() -> Iterator[None]:
        with changes.appending(changes.next_part(home, 0, "0" * 16)) as note:
            note(pa.RecordBatch.from_pylist([{"item_id": "commons:M1"}], schema=CHANGES.schema))
            yield None
            raise OSError("the disk went away")

    with pytest.raises(OSError, match="went away"):
        list(broken())
    assert list(home.table(CHANGES.key).iterdir()) == []


def test_the_months_are_counted_by_item_and_cause_with_the_rate_of_100_000(catalogue: Catalogue) -> None:
    for number in range(1, 9):
        catalogue.put(number, FREE)
    catalogue.decide(today=date(2026, 4, 1))
    catalogue.put(1, BOUND)
    catalogue.mark(2, "deleted")
    catalogue.decide(today=date(2026, 4, 30))
    catalogue.put(1, FREE)
    catalogue.decide(today=date(2026, 5, 2))
    may, april = changes.by_month(catalogue.home, profile="strict")
    assert (april.month, april.items, april.per_100_000) == ("2026-04", 2, 25_000.0)
    assert april.causes == {"deletion": 1, "upstream_edit": 1}
    assert (may.month, may.items, may.causes) == ("2026-05", 1, {"upstream_edit": 1})
    lately = changes.drift(catalogue.home, profile="strict", today=date(2026, 5, 3))
    assert (lately.items, lately.of, lately.per_100_000) == (2, 8, 25_000.0)
    assert changes.drift(catalogue.home, profile="strict", today=date(2026, 6, 15)).items == 0


def test_what_our_own_rules_settings_and_calendar_change_is_no_drift(catalogue: Catalogue) -> None:
    catalogue.put(1, FREE, uploaded_at=datetime(2026, 6, 1, tzinfo=UTC))
    catalogue.decide(today=date(2026, 6, 2))
    catalogue.decide(today=date(2026, 6, 2), fresh_days=0)
    assert len(catalogue.changes()) == 1
    assert changes.drift(catalogue.home, profile="strict", today=date(2026, 6, 2)).items == 0
