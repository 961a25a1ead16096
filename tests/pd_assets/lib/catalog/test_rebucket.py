"""A home gets another number of buckets: the same rows, whatever stops it in between, and readers see no half."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pd_assets.lib.catalog import damage, tables
from pd_assets.lib.catalog.rebucket import BESIDE, rebucket
from pd_assets.lib.catalog.schemas import DECISIONS, FILES, SPLITS
from pd_assets.lib.errors import ConfigError, DamagedTable, WorkUnderWay
from pd_assets.lib.home import REBUCKET, Home, at_work, open_home
from pd_assets.lib.soundness import faults, repair
from tests.pd_assets.lib.planting import decision, file

ROWS = 300


def filled(root: Path, number: int, rows: int = ROWS) -> Home:
    home = open_home(root)
    home.settle_buckets(number)
    for table, row in ((DECISIONS, decision), (FILES, file)):
        tables.write(home, table, tables.as_table(table, [row(at) for at in range(rows)]))
    return home


def content(home: Home) -> dict[str, list[object]]:
    return {
        table.key: tables.read(home, table).sort_by([(name, "ascending") for name in table.sort_by]).to_pylist()
        for table in (DECISIONS, FILES)
    }


def is_as_if_made_with(home: Home, number: int, root: Path) -> bool:
    other = filled(root / f"made with {number}", number)
    pairs = [(one, other.root / one.relative_to(home.root)) for one in home.root.glob("*/*/*.parquet")]
    seconds = [(damage.second(one), damage.second(two)) for one, two in pairs]
    same = all(one.is_file() == two.is_file() for one, two in seconds)
    return (
        same
        and len(pairs) == 2 * number
        and all(tables.stored_digest(home, one) == tables.stored_digest(other, one) for one in (DECISIONS, FILES))
    )


@pytest.mark.parametrize(("before", "after"), [(1, 4), (4, 8), (8, 2)])
def test_a_home_with_another_number_is_as_if_it_was_made_with_it(tmp_path: Path, before: int, after: int) -> None:
    home = filled(tmp_path / "home", before)
    rows = content(home)
    said = rebucket(home, after)
    assert (said.before, said.after, said.rows) == (before, after, {DECISIONS.key: ROWS, FILES.key: ROWS})
    assert home.buckets == after and content(home) == rows
    assert is_as_if_made_with(home, after, tmp_path)
    assert not list(home.root.glob(".rebucket*")) and not [one for one in faults(home) if one.path.suffix != ".jpg"]
    assert str(rebucket(home, after)) == f"it has {after} buckets already: nothing was changed"


def test_what_else_lies_in_the_folder_of_a_table_stays(tmp_path: Path) -> None:
    home = filled(tmp_path, 2, rows=20)
    (home.table(DECISIONS.key) / "note.json").write_text("{}")
    rebucket(home, 4)
    rebucket(home, 2)
    assert (home.table(DECISIONS.key) / "note.json").read_text() == "{}"


def _change(root: Path, number: int) -> None:
    with at_work(open_home(root, any_format=True), alone=True) as home:
        rebucket(home, number)


def test_killed_at_any_moment_it_goes_on_and_loses_nothing(tmp_path: Path) -> None:
    home = filled(tmp_path / "home", 4)
    rows = content(home)
    number, kills, wait_s = 8, 0, 0.0
    for _ in range(16):
        process = multiprocessing.get_context("fork").Process(target=_change, args=(home.root, number))
        process.start()
        time.sleep(wait_s)
        wait_s += 0.012
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        if process.exitcode == 0:
            number = 4 if home.buckets == 8 else 8
            continue
        kills += 1
        try:
            asked = open_home(home.root, to_ask=True)
        except ConfigError as error:
            assert f"pdd rebucket {number}" in str(error)
        else:
            assert content(asked) == rows
    _change(home.root, number)
    assert kills > 5 and content(home) == rows
    assert is_as_if_made_with(home, number, tmp_path)


def stopped(home: Home, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Stop a change to eight buckets where it first calls a function of its module."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(f"pd_assets.lib.catalog.rebucket.{name}", stop)
        with pytest.raises(KeyboardInterrupt):
            rebucket(home, 8)


def test_while_it_is_under_way_nobody_writes_and_from_the_first_switch_on_nobody_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = filled(tmp_path, 2, rows=50)
    rows = content(home)
    stopped(home, monkeypatch, "_write")
    with pytest.raises(ConfigError, match="run `pdd rebucket 8`, which ends it"), at_work(home):
        pass
    assert content(open_home(home.root, to_ask=True)) == rows
    stopped(home, monkeypatch, "_exchange")
    for to_ask in (True, False):
        with pytest.raises(ConfigError, match="pdd rebucket 8"):
            open_home(home.root, to_ask=to_ask)
    with pytest.raises(ConfigError, match="run `pdd rebucket 8` first"):
        rebucket(home, 4)
    assert any(REBUCKET in str(fault) for fault in faults(home))
    rebucket(home, 8)
    assert content(open_home(home.root)) == rows and home.buckets == 8


def test_before_the_first_switch_another_number_may_be_wished_for_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = filled(tmp_path, 2, rows=50)
    stopped(home, monkeypatch, "_write")
    rebucket(home, 2)
    assert home.buckets == 2 and not (home.root / REBUCKET).exists()
    stopped(home, monkeypatch, "_write")
    rebucket(home, 4)
    assert home.buckets == 4 and not (home.root / BESIDE).exists()


def test_where_folders_cannot_change_places_in_one_step_it_takes_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = filled(tmp_path, 2, rows=50)
    rows = content(home)
    monkeypatch.setattr("pd_assets.lib.catalog.rebucket._exchange", lambda *_: False)
    rebucket(home, 4)
    assert content(home) == rows and home.buckets == 4


def _without(path: Path) -> None:
    path.unlink()


def _damaged(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 255
    path.write_bytes(body)


@pytest.mark.parametrize("harm", [_without, _damaged])
def test_a_bucket_whose_second_copy_alone_is_whole_is_not_lost(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    home = filled(tmp_path, 4, rows=50)
    rows = content(home)
    harm(tables.bucket_file(home, FILES, 2))
    rebucket(home, 8)
    assert content(home) == rows


def test_nothing_is_begun_where_a_table_does_not_heal(tmp_path: Path) -> None:
    home = filled(tmp_path, 4, rows=50)
    _damaged(tables.bucket_file(home, DECISIONS, 2))
    with pytest.raises(DamagedTable):
        rebucket(home, 8)
    with at_work(home):
        assert not (home.root / REBUCKET).exists()


@pytest.mark.parametrize("noted", [2, 8])
def test_rows_in_files_of_another_number_than_the_home_notes_are_not_lost(tmp_path: Path, noted: int) -> None:
    home = filled(tmp_path, 4)
    rows = content(home)
    home.fix_buckets(noted)
    with pytest.raises(ConfigError, match=f"says {noted} buckets"):
        rebucket(home, 16)
    (home.root / "buckets.json").unlink()
    list(repair(home, "https://commons.wikimedia.org/w/api.php"))
    rebucket(home, 16)
    assert content(home) == rows


def test_what_failed_before_the_first_switch_says_how_to_leave_the_home_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = filled(tmp_path, 2, rows=10)
    stopped(home, monkeypatch, "_write")
    with pytest.raises(ConfigError, match="or `pdd rebucket 2`, which leaves it as it was"), at_work(home):
        pass


def test_a_home_at_work_is_left_alone(tmp_path: Path) -> None:
    home = filled(tmp_path, 2, rows=10)
    with at_work(home), pytest.raises(WorkUnderWay, match="wait for it to end"):
        _change(home.root, 4)
    _change(home.root, 4)
    with at_work(home, alone=True), pytest.raises(WorkUnderWay, match="its buckets are being changed"), at_work(home):
        pass


@pytest.mark.parametrize("note", ["{", '{"buckets": 3}', '{"buckets": true}', '{"buckets": 8192}', None])
@pytest.mark.parametrize("number", [2, 8])
def test_a_damaged_note_of_the_number_is_told_and_restored_from_the_files(
    tmp_path: Path, number: int, note: str | None
) -> None:
    home = filled(tmp_path, number)
    (home.root / "buckets.json").write_text(note) if note else (home.root / "buckets.json").unlink()
    with pytest.raises(ConfigError, match="pdd doctor --repair"):
        tables.write(home, SPLITS, SPLITS.schema.empty_table())
    assert any("buckets.json" in str(fault) for fault in faults(home))
    told = list(repair(home, "https://commons.wikimedia.org/w/api.php"))
    assert any(f"{number} buckets, as the files of the tables say" in line for line in told)
    assert home.buckets == number


def test_a_home_keeps_the_number_that_it_was_made_with(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    home.settle_buckets(0)
    assert home.buckets == 1 and not list(tmp_path.glob("*.json"))
    home.settle_buckets(4)
    home.settle_buckets(0)
    home.settle_buckets(4)
    assert home.buckets == 4
    with pytest.raises(ConfigError, match=r"PD_BUCKETS=8, .* was made with 4: run `pdd rebucket 8`"):
        home.settle_buckets(8)
    of_before = filled(tmp_path / "of before", 1, rows=3)
    with pytest.raises(ConfigError, match="was made with 1"):
        of_before.settle_buckets(2)
    of_before.settle_buckets(1)
