"""What a run is given and cannot use: it fails with its reason, nothing is marked done, and the next one recovers."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import dagster as dg
import pytest

from tests.pd_assets.line import INSTANCE, Line, Night, materialised, new_line

PARENTS = [
    ("commons/refresh", "commons/categories"),
    ("catalog/items", "commons/pages"),
    ("rights/decisions", "catalog/items"),
    ("rights/decisions", "commons/pages"),
    ("images/files", "catalog/items"),
    ("images/files", "rights/decisions"),
    ("catalog/licensed_images", "catalog/items"),
    ("catalog/licensed_images", "rights/decisions"),
    ("catalog/licensed_images", "images/files"),
    ("catalog/clusters", "catalog/clusters"),
    ("dataset/things", "catalog/licensed_images"),
    ("dataset/captions", "catalog/licensed_images"),
    ("dataset/captions", "commons/pages"),
    ("dataset/splits", "catalog/licensed_images"),
    ("dataset/shards", "dataset/captions"),
    ("dataset/shards", "dataset/splits"),
    ("dataset/shards", "catalog/licensed_images"),
]


@pytest.fixture(scope="module")
def night(first_night: Night, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """A line after its first night; tests leave its home as it was."""
    with first_night.copy(tmp_path_factory.mktemp("night")) as line:
        yield line


def reasons(result: dg.ExecuteInProcessResult) -> str:
    """What the steps that failed say."""
    told = []
    for event in result.get_step_failure_events():
        data = event.step_failure_data
        named = data.user_failure_data.description if data.user_failure_data else None
        told.append(str(named or (data.error and data.error.message)))
    return "; ".join(told)


@contextmanager
def without(line: Line, table: str) -> Iterator[None]:
    """Somebody took a table away; it comes back at the end."""
    place, away = line.home.table(table), line.home.root / "taken away"
    place.rename(away)
    try:
        yield
        assert not place.exists(), "a step that fails leaves nothing in its parent's place"
    finally:
        away.rename(place)


@pytest.mark.parametrize(("asset", "parent"), PARENTS)
def test_without_its_parents_table_a_step_fails_and_names_it_and_nothing_is_marked_done(
    night: Line, asset: str, parent: str
) -> None:
    before = night.instance.get_latest_materialization_event(dg.AssetKey(asset.split("/")))
    with without(night, parent):
        done = night.run("nightly", [asset])
        assert not done.success
        assert parent in reasons(done) and f"materialise {parent} first" in reasons(done)
    assert materialised(done) == []
    after = night.instance.get_latest_materialization_event(dg.AssetKey(asset.split("/")))
    assert before is not None and after is not None and after.run_id == before.run_id


def test_with_the_tables_back_the_next_run_goes_on(night: Line) -> None:
    with without(night, "catalog/items"):
        assert not night.run("nightly", ["rights/decisions"]).success
    assert night.run("nightly", ["rights/decisions"]).success


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1.5 megabytes; `grow` makes it larger."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0 or not sys.platform.startswith("linux"):
        pytest.skip("mounting a small disk needs root on Linux")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def grow(place: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=200m", str(place)], check=True)


def test_on_a_full_disk_a_night_fails_and_says_so_and_with_room_the_next_one_ends_where_a_first_one_would(
    small_disk: Path, night: Line, tmp_path: Path
) -> None:
    with new_line(tmp_path) as line:
        cramped = Line(
            server=night.server,
            home=line.home,
            instance=line.instance,
            platform=night.platform_with(pd_home=str(small_disk)),
        )
        failed = cramped.run("nightly")
        assert not failed.success
        assert "no space left on the disk" in reasons(failed).lower()
        assert "catalog/licensed_images" not in materialised(failed)
        grow(small_disk)
        assert cramped.run("nightly").success
        assert not list(small_disk.rglob("*.partial")), "nothing half-written is left"
    tables = ("catalog/licensed_images", "dataset/captions", "dataset/splits")
    for table in tables:
        assert (small_disk / table / "part-0.parquet").read_bytes() == (
            night.home.table(table) / "part-0.parquet"
        ).read_bytes()


@pytest.mark.slow
def test_while_somebody_holds_dagsters_database_a_run_fails_and_says_so_and_the_next_one_does_not(
    own_night: Line, tmp_path: Path
) -> None:
    (database,) = (tmp_path / INSTANCE).rglob("runs.db")
    own_night.forget_requests()
    with closing(sqlite3.connect(database, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Exception, match="database is locked"):
            own_night.run("refresh_sources")
        holder.execute("ROLLBACK")
    assert not own_night.server.faults.log, "nothing was asked for"
    assert own_night.run("refresh_sources").success
    assert own_night.server.faults.log
