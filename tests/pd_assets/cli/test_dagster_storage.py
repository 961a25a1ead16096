"""A Dagster database that cannot be used is named with what to do, and the tables need it for nothing."""

import shutil
from pathlib import Path

import pytest

from pd_assets.cli.instance import open_instance
from pd_assets.lib.errors import ConfigError
from pd_assets.running.pools import POOLS, set_limits
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder whose Dagster storage was in use; tests work on copies."""
    folder = tmp_path_factory.mktemp("used")
    shutil.copy(ROOT / "dagster.yaml", folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with open_instance(folder) as instance:
            set_limits(instance)
    return folder


@pytest.fixture
def project(used: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own copy of it."""
    shutil.copytree(used, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["schedules/schedules.db", "history/runs/index.db", "history/runs.db"])
def test_a_damaged_database_is_named_and_a_new_one_takes_its_place(project: Path, name: str) -> None:
    storage = project / ".dagster" / "storage"
    assert (storage / name).is_file()
    (storage / name).write_bytes(b"no database at all" * 1000)
    with pytest.raises(ConfigError, match=r"move its folder away"):
        open_instance(project)
    storage.rename(project / "moved away")
    with open_instance(project) as instance:
        assert instance.get_runs() == []


def test_every_pool_takes_one_run_from_the_start_and_what_somebody_set_stays(project: Path) -> None:
    with open_instance(project) as instance:
        limits = {pool.name: pool.limit for pool in instance.event_log_storage.get_pool_limits()}
        assert limits == dict.fromkeys(POOLS, 1)
        instance.event_log_storage.set_concurrency_slots("gpu", 2)
        set_limits(instance)
        assert {pool.name: pool.limit for pool in instance.event_log_storage.get_pool_limits()}["gpu"] == 2


def test_settings_of_dagster_that_cannot_work_are_named_with_all_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(ROOT / "deploy/postgres/dagster.yaml", tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with pytest.raises(ConfigError, match=r"postgres_db:hostname: .*DAGSTER_PG_HOST\S* which is not set") as told:
        open_instance(ROOT)
    assert all(f"DAGSTER_PG_{name}" in str(told.value) for name in ("PORT", "USER", "PASSWORD", "DB"))
    (tmp_path / "dagster.yaml").write_text("storage: [")
    with pytest.raises(ConfigError, match=r"dagster.yaml says: while parsing"):
        open_instance(ROOT)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "elsewhere"))
    with pytest.raises(ConfigError, match=r"elsewhere.* does not exist"):
        open_instance(ROOT)


def test_a_database_without_a_password_is_not_asked(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_PG_PASSWORD", "")
    with pytest.raises(ConfigError, match="DAGSTER_PG_PASSWORD is set and empty"):
        open_instance(project)
