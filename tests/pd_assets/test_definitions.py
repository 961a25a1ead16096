"""The code location as the contract names it: assets and their arrows, schemas, jobs, schedule, sensor."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import pytest

from pd_assets.assets.dataset import SHARD_COLUMNS
from pd_assets.cli.project import begin_project, project_root
from pd_assets.definitions import build_defs, defs
from pd_assets.lib.catalog.schemas import TABLES
from pd_assets.lib.errors import ConfigError
from pd_assets.resources import Platform
from pd_assets.running.pools import CLEVELAND, COMMONS_API, GPU, MEDIA, POOLS, SMITHSONIAN

ROOT = Path(__file__).resolve().parents[2]

MUSEUMS = ("smithsonian/records", "cleveland/records")
READ = ("commons/pages", "commons/refresh", *MUSEUMS)
LINE: Mapping[str, set[str]] = {
    "commons/categories": set(),
    "commons/pages": {"commons/categories"},
    "commons/refresh": {"commons/categories"},
    "commons/creators": {"commons/pages", "commons/refresh"},
    "commons/templates": {"commons/pages", "commons/refresh"},
    "smithsonian/records": set(),
    "cleveland/records": set(),
    "catalog/items": {"commons/categories", *READ},
    "rights/decisions": {"catalog/items", "commons/categories", "commons/creators", "commons/templates", *READ},
    "rights/changes": {"rights/decisions", "catalog/items"},
    "rights/evidence": {"rights/decisions"},
    "rights/takedowns": set(),
    "images/files": {"rights/decisions", "rights/takedowns", "catalog/items", *MUSEUMS},
    "catalog/licensed_images": {
        "commons/categories",
        "catalog/items",
        "rights/decisions",
        "rights/takedowns",
        "images/files",
    },
    "catalog/clusters": {"catalog/licensed_images"},
    "dataset/things": {"catalog/licensed_images", *READ},
    "dataset/captions": {"catalog/licensed_images", "dataset/things", "commons/categories", *READ},
    "dataset/splits": {"catalog/licensed_images", "catalog/clusters"},
    "dataset/shards": {
        *("catalog/licensed_images", "dataset/captions", "dataset/splits", "images/files"),
        *("commons/categories", "rights/decisions", "rights/evidence"),
    },
    "dataset/manifest": {"dataset/shards"},
    "models/tokenizer": {"dataset/manifest"},
    "models/clip": {"dataset/manifest", "models/tokenizer"},
    "models/transformer": {"dataset/manifest", "models/clip"},
    "models/unet_text": {"dataset/manifest", "models/clip"},
    "models/unet": {"dataset/manifest"},
    "models/vae": {"dataset/manifest", "models/clip"},
    "models/latents": {"dataset/manifest", "models/vae", "models/clip"},
    "models/latent_unet": {"dataset/manifest", "models/latents", "models/vae"},
    "models/latent_diffusion": {"dataset/manifest", "models/latents", "models/vae", "models/clip"},
    "models/super_resolution": {"dataset/manifest"},
    "evaluation/report": {
        *("dataset/manifest", "models/clip", "models/transformer", "models/unet_text"),
        *("models/latent_diffusion", "models/super_resolution"),
    },
    "release/ledger": {
        "rights/evidence",
        *("models/tokenizer", "models/clip", "models/transformer", "models/unet_text", "models/unet", "models/vae"),
        "models/latents",
        *("models/latent_unet", "models/latent_diffusion", "models/super_resolution"),
    },
    "release/bundle": {
        *("release/ledger", "evaluation/report", "dataset/captions", "dataset/manifest"),
        *("catalog/items", "catalog/clusters", "rights/decisions", "rights/evidence", "rights/takedowns"),
        "images/files",
    },
}
LATENT = {f"models/{stage}" for stage in ("vae", "latents", "latent_unet", "latent_diffusion", "super_resolution")}
# In no job.
BY_HAND = {"models/unet", "models/unet_text"}
# Released by a job of its own, as somebody has to answer for it.
BUNDLE = {"release/bundle"}
TRAINED = {key for key in LINE if key.split("/")[0] in ("dataset", "models", "evaluation", "release")} - {
    *BY_HAND,
    *BUNDLE,
}
JOBS: Mapping[str, set[str]] = {
    "refresh_sources": {"commons/categories", "commons/refresh", "commons/templates"},
    "refresh_smithsonian": {"smithsonian/records"},
    "refresh_cleveland": {"cleveland/records"},
    "build_dataset": {
        *(
            "commons/creators",
            "catalog/items",
            "rights/decisions",
            "rights/changes",
            "rights/evidence",
            "rights/takedowns",
            "images/files",
        ),
        "catalog/licensed_images",
        "catalog/clusters",
        *("dataset/things", "dataset/captions", "dataset/splits", "dataset/shards", "dataset/manifest"),
    },
    "train_models": TRAINED - LATENT,
    "train_latent_models": TRAINED - {"models/transformer"},
    "train_all_models": TRAINED,
    "release": {"release/ledger", *BUNDLE},
    "nightly": {key for key in LINE if key.split("/")[0] in ("commons", "catalog", "rights", "images", "dataset")}
    - {"commons/pages"},
    "whole_line": set(LINE) - {"commons/pages", *MUSEUMS, *BY_HAND} - (LATENT - {"models/super_resolution"}) - BUNDLE,
}


def key_of(key: dg.AssetKey) -> str:
    return key.to_user_string()


@pytest.fixture(scope="module")
def graph() -> Mapping[str, dg.AssetSpec]:
    """Every asset's specification by its key."""
    return {key_of(spec.key): spec for spec in defs.resolve_all_asset_specs()}


def test_the_assets_are_those_of_the_line_and_every_arrow_is_there(graph: Mapping[str, dg.AssetSpec]) -> None:
    arrows = {key: {key_of(dep.asset_key) for dep in spec.deps} for key, spec in graph.items()}
    assert arrows == LINE


def test_the_group_of_every_asset_is_the_first_part_of_its_key(graph: Mapping[str, dg.AssetSpec]) -> None:
    assert {key: spec.group_name for key, spec in graph.items()} == {key: key.split("/")[0] for key in graph}


def test_every_asset_says_what_it_is_and_who_looks_after_it(graph: Mapping[str, dg.AssetSpec]) -> None:
    silent = [key for key, spec in graph.items() if len(spec.description or "") < 20]
    nobody = [key for key, spec in graph.items() if not spec.owners or not spec.kinds]
    assert (silent, nobody) == ([], [])


# The ledger belongs to no asset: every run that asks a host writes a part of it. dataset/manifest writes the members.
@pytest.mark.parametrize("key", sorted((set(TABLES) - {"http/ledger", "dataset/members"}) | {"dataset/shards"}))
def test_every_table_shows_its_columns_with_a_description_each(graph: Mapping[str, dg.AssetSpec], key: str) -> None:
    shown = graph[key].metadata["dagster/column_schema"]
    assert isinstance(shown, dg.TableSchema)
    names = list(TABLES[key].columns) if key in TABLES else [column.name for column in SHARD_COLUMNS.columns]
    assert [column.name for column in shown.columns] == names
    assert [column.name for column in shown.columns if not column.description or not column.type] == []


def test_pages_are_partitioned_by_category_records_by_unit_and_nothing_else_is(
    graph: Mapping[str, dg.AssetSpec],
) -> None:
    partitioned = {key: spec.partitions_def for key, spec in graph.items() if spec.partitions_def is not None}
    assert set(partitioned) == {"commons/pages", "smithsonian/records"}
    pages = partitioned["commons/pages"]
    assert isinstance(pages, dg.DynamicPartitionsDefinition) and pages.name == "commons_category"
    assert isinstance(partitioned["smithsonian/records"], dg.StaticPartitionsDefinition)


def test_jobs_hold_the_assets_that_they_are_named_for() -> None:
    resolved = defs.resolve_all_job_defs()
    held = {
        job.name: {key_of(key) for key in job.asset_layer.executable_asset_keys}
        for job in resolved
        if not job.name.startswith("__")
    }
    assert held == JOBS


def test_the_schedule_and_the_sensor_have_the_names_of_the_contract_and_start_stopped() -> None:
    schedule = defs.resolve_schedule_def("nightly_scrape")
    sensor = defs.resolve_sensor_def("retrain_on_new_images")
    assert (schedule.job_name, schedule.cron_schedule, schedule.execution_timezone) == ("nightly", "0 2 * * *", "UTC")
    assert [target.job_name for target in sensor.targets] == ["train_models", "train_all_models"]
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    assert sensor.default_status == dg.DefaultSensorStatus.STOPPED


def test_runs_stay_in_one_process() -> None:
    assert build_defs().executor is dg.in_process_executor


def test_the_check_of_the_licensed_table_blocks_what_comes_after_it() -> None:
    checks = {spec.name: spec for asset in defs.asset_checks or () for spec in asset.check_specs}
    assert checks["only_free_pictures"].blocking
    assert key_of(checks["only_free_pictures"].asset_key) == "catalog/licensed_images"


def test_the_check_of_the_decisions_blocks_and_those_of_drift_and_unknown_tags_only_warn() -> None:
    checks = {spec.name: spec for asset in defs.asset_checks or () for spec in asset.check_specs}
    blocking = {
        name: checks[name].blocking for name in ("every_acceptance_is_proven", "no_unknown_tags", "little_drift")
    }
    assert blocking == {"every_acceptance_is_proven": True, "no_unknown_tags": False, "little_drift": False}
    assert key_of(checks["every_named_evidence_is_there"].asset_key) == "rights/evidence"
    assert key_of(checks["every_acceptance_is_proven"].asset_key) == "rights/decisions"
    assert key_of(checks["little_drift"].asset_key) == "rights/changes"


def test_build_defs_takes_resources_of_the_caller(tmp_path: Path) -> None:
    mine = Platform(pd_home=str(tmp_path))
    assert (build_defs(platform=mine).resources or {})["platform"] is mine
    dg.Definitions.validate_loadable(build_defs(platform=mine))


def test_every_setting_has_a_field_in_the_launchpad_and_says_what_it_is() -> None:
    fields = Platform.model_fields
    assert [name for name, field in fields.items() if not field.description] == []
    assert {name.upper() for name in fields} >= {"PD_HOME", "PD_COMMONS_API", "PD_COMMONS_ROOTS", "PD_RETRAIN_AFTER"}


def test_dagster_itself_finds_the_location_in_the_project_folder_valid(project_copy: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dagster", "definitions", "validate"],
        cwd=project_copy,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Validation successful for code location pd." in done.stdout + done.stderr


def test_workspace_and_pyproject_give_the_location_the_same_name() -> None:
    names = [(ROOT / name).read_text() for name in ("workspace.yaml", "pyproject.toml")]
    assert "location_name: pd\n" in names[0] and 'code_location_name = "pd"\n' in names[1]


def test_dg_finds_the_same_location_under_the_same_name() -> None:
    """As `dg check toml` and `dg check defs` read it; they want dagster-dg-cli, which this project does without."""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    assert tool["dg"]["directory_type"] == "project"
    project = tool["dg"]["project"]
    assert project["root_module"] == "pd_assets"
    assert project["code_location_name"] == tool["dagster"]["code_location_name"]
    assert project["code_location_target_module"] == tool["dagster"]["module_name"] == build_defs.__module__


def test_what_asks_one_archive_shares_a_pool_and_every_training_that_of_the_gpu(
    graph: Mapping[str, dg.AssetSpec],
) -> None:
    ops = {key_of(asset.key): asset.op for asset in defs.assets or () if isinstance(asset, dg.AssetsDefinition)}
    pools = {key: op.pool for key, op in ops.items() if op.pool is not None}
    assert {key for key, pool in pools.items() if pool == COMMONS_API} == {key for key in graph if "commons/" in key}
    wanted = {key for key in graph if key.startswith(("models/", "evaluation/"))}
    assert {key for key, pool in pools.items() if pool == GPU} == wanted
    assert pools["images/files"] == MEDIA and pools["smithsonian/records"] == SMITHSONIAN
    assert pools["cleveland/records"] == CLEVELAND
    assert set(pools.values()) <= set(POOLS), "pdd up notes a limit for each of them"


def test_what_is_scraped_has_a_freshness_policy_and_the_refresh_a_check(graph: Mapping[str, dg.AssetSpec]) -> None:
    watched = {key for key, spec in graph.items() if spec.freshness_policy is not None}
    assert watched == {"commons/categories", "commons/refresh", *MUSEUMS}
    checks = {spec.name: key_of(spec.asset_key) for asset in defs.asset_checks or () for spec in asset.check_specs}
    assert checks["scraped_lately"] == "commons/refresh"


def test_the_project_folder_is_found_from_below(project_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below = project_copy / "data" / "deep"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert project_root() == project_copy


def test_elsewhere_the_project_folder_is_the_one_beside_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert project_root() == ROOT


def test_a_folder_becomes_a_project_where_a_wheel_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert begin_project(tmp_path, ROOT) == tmp_path
    monkeypatch.chdir(tmp_path)
    assert project_root() == tmp_path


def test_a_folder_that_cannot_become_a_project_is_named(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").mkdir()
    with pytest.raises(ConfigError, match="cannot become a project"):
        begin_project(tmp_path, ROOT)


@pytest.fixture
def project_copy(tmp_path: Path) -> Path:
    """A folder with the files that make it the project's, so that a test leaves the checkout as it is."""
    for name in ("dagster.yaml", "workspace.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path
