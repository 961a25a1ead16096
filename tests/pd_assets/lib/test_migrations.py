"""A home says its format: an older one is migrated or refused by name, a newer one refused."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pd_assets.lib import migrations
from pd_assets.lib.catalog import damage, tables
from pd_assets.lib.catalog.schemas import CHANGES, TAKEDOWNS
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import Home, at_work, open_home, read_checked
from pd_assets.lib.migrations import FIRST, MARKER, STEPS, Step, format_of, migrate, newest
from tests.pd_assets.lib.planting import THEN, plant


def of_format_1(root: Path) -> Home:
    """A home as the version before wrote it: no mark, no second copies."""
    home = Home(root=root)
    plant(home, TAKEDOWNS, [{"item_id": "commons:M1", "named": "it", "reason": "asked", "taken_down_at": THEN}])
    plant(home, CHANGES, [{"item_id": "commons:M1", "profile": "strict", "changed_on": "2026-01-01"}])
    for copy in root.rglob("*.second"):
        copy.unlink()
    return home


def test_a_new_home_is_noted_to_be_of_this_versions_format_when_it_is_first_written(tmp_path: Path) -> None:
    with at_work(open_home(tmp_path)) as home:
        assert read_checked(home.root / MARKER) == {"format": newest()} == {"format": 2}


def test_an_older_home_is_refused_by_name_and_answers_questions(tmp_path: Path) -> None:
    of_format_1(tmp_path)
    with pytest.raises(ConfigError, match=r"found format 1, expected 2: run `pdd migrate`"):
        open_home(tmp_path)
    assert tables.read(open_home(tmp_path, to_ask=True), TAKEDOWNS).num_rows == 1


def test_a_migrated_home_holds_the_same_and_keeps_it_twice(tmp_path: Path) -> None:
    home = of_format_1(tmp_path)
    before = [tables.read(home, table) for table in (TAKEDOWNS, CHANGES)]
    list(migrate(open_home(tmp_path, any_format=True)))
    assert [tables.read(home, table) for table in (TAKEDOWNS, CHANGES)] == before
    assert all(damage.second(path).read_bytes() == path.read_bytes() for path in tables.files_of(home, CHANGES))
    assert open_home(tmp_path) == home


def test_migrating_again_does_nothing(tmp_path: Path) -> None:
    of_format_1(tmp_path)
    list(migrate(open_home(tmp_path, any_format=True)))
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.name != ".lock" and path.is_file()}
    assert list(migrate(open_home(tmp_path, any_format=True))) == [f"{tmp_path} is of format 2, this version's"]
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_an_interrupted_migration_goes_on(tmp_path: Path) -> None:
    done: list[int] = []

    def note(home: Home, number: int, *, fails: bool = False) -> Iterator[str]:
        done.append(number)
        if fails:
            raise KeyboardInterrupt
        yield from ()

    def steps(*, fails: bool) -> tuple[Step, ...]:
        return tuple(
            Step(
                to=to,
                does=f"step {to}",
                run=lambda home, to=to: note(home, to, fails=fails and to == 3),
                is_needed=lambda _, to=to: to == 2,
            )
            for to in (2, 3, 4)
        )

    with pytest.raises(KeyboardInterrupt):
        list(migrate(Home(root=tmp_path), steps(fails=True)))
    assert done == [2, 3] and format_of(Home(root=tmp_path)) == 2
    list(migrate(Home(root=tmp_path), steps(fails=False)))
    assert done == [2, 3, 3, 4] and format_of(Home(root=tmp_path)) == 4


def test_a_home_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / MARKER).write_text(json.dumps({"format": 3}))
    for opens in ({}, {"to_ask": True}):
        with pytest.raises(ConfigError, match=r"found format 3, made by a newer version.*upgrade"):
            open_home(tmp_path, **opens)
    with pytest.raises(ConfigError, match="newer version"):
        list(migrate(open_home(tmp_path, any_format=True)))
    assert json.loads((tmp_path / MARKER).read_text()) == {"format": 3}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "2"}', '{"format": 2, "check": "0000000000000000"}'])
def test_a_damaged_mark_is_named_with_the_command_that_looks_at_the_home_itself(tmp_path: Path, text: str) -> None:
    (tmp_path / MARKER).write_text(text)
    with pytest.raises(ConfigError, match=r"home\.json: damaged .*run `pdd migrate`"):
        open_home(tmp_path)
    list(migrate(open_home(tmp_path, any_format=True)))
    open_home(tmp_path)


def test_steps_are_numbered_one_after_the_other() -> None:
    assert [step.to for step in STEPS] == list(range(FIRST + 1, FIRST + 1 + len(STEPS)))


def test_a_copied_and_a_moved_home_answer_from_themselves(tmp_path: Path) -> None:
    home = of_format_1(tmp_path / "one")
    list(migrate(home))
    shutil.copytree(home.root, tmp_path / "copy", symlinks=True)
    plant(home, TAKEDOWNS, [])
    copy = open_home(tmp_path / "copy")
    assert migrations.format_of(copy) == 2
    assert tables.query(copy, "from takedowns", {"takedowns": TAKEDOWNS}).num_rows == 1
    home.root.rename(tmp_path / "elsewhere")
    assert tables.read(open_home(tmp_path / "elsewhere"), TAKEDOWNS).num_rows == 0
