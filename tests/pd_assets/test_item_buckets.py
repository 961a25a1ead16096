"""A home of four buckets in real runs: the same rows as one of one bucket, and each bucket a partition of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from pd_assets.definitions import build_defs
from pd_assets.lib.catalog import table_files, tables
from pd_assets.lib.catalog.rebucket import rebucket
from pd_assets.lib.catalog.schemas import CAPTIONS, DECISIONS, FILES, SPLITS, TABLES
from pd_assets.lib.home import BY_BUCKET, at_work, open_home
from pd_assets.resources import Platform
from pd_assets.sandbox import Archive, SandboxServer
from tests.pd_assets.line import INSTANCE, NO_TELEMETRY, QUIET, Line

CUT = (DECISIONS, FILES, CAPTIONS, SPLITS)
NAMES = ["0", "1", "2", "3"]
WHEN = {"fetched_at", "decided_at", "created_at"}


@contextmanager
def new_home(folder: Path, server: SandboxServer, buckets: int) -> Iterator[Line]:
    home = open_home(folder / "home")
    (folder / INSTANCE).mkdir()
    with dg.DagsterInstance.local_temp(str(folder / INSTANCE), overrides=NO_TELEMETRY) as instance:
        platform = Platform(pd_home=str(home.root), pd_commons_api=server.api_url, pd_buckets=str(buckets))
        yield Line(server=server, home=home, instance=instance, platform=platform)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Line, Line]]:
    """Two homes of one archive after a night: of one bucket, and of four."""
    folders = [tmp_path_factory.mktemp(name) for name in ("one", "four")]
    with (
        SandboxServer(Archive.painted(count=30)) as server,
        new_home(folders[0], server, 1) as one,
        new_home(folders[1], server, 4) as four,
    ):
        for line in (one, four):
            assert line.run("nightly").success
        yield one, four


def rows(line: Line, key: str) -> list[dict[str, object]]:
    table = TABLES[key]
    found = tables.read(line.home, table).sort_by([(name, "ascending") for name in table.sort_by])
    return found.drop_columns([name for name in found.column_names if name in {*table.volatile, *WHEN}]).to_pylist()


def versions(line: Line, key: str) -> dict[str | None, list[str]]:
    """What was reported of each bucket, the newest first."""
    found: dict[str | None, list[str]] = {}
    for record in line.instance.fetch_materializations(dg.AssetKey(key.split("/")), limit=100).records:
        event = record.asset_materialization
        assert event is not None
        found.setdefault(event.partition, []).append(str((event.tags or {}).get("dagster/data_version")))
    return found


def digests(line: Line, key: str) -> dict[str | None, list[str]]:
    files = [(name, tables.bucket_file(line.home, TABLES[key], number)) for number, name in enumerate(NAMES)]
    return {name: [table_files.file_digest(TABLES[key], path)] for name, path in files}


def test_a_night_in_a_home_of_four_buckets_makes_the_same_rows(both: tuple[Line, Line]) -> None:
    one, four = both
    assert (one.home.buckets, four.home.buckets) == (1, 4)
    for key in (*BY_BUCKET, "catalog/licensed_images"):
        assert rows(four, key) == rows(one, key), key
    assert [one.home.pointed("dataset", "main", "latest")] == [four.home.pointed("dataset", "main", "latest")]
    assert one.defs.resolve_assets_def(dg.AssetKey(["rights", "decisions"])).partitions_def is None
    for table in CUT:
        assert versions(four, table.key) == digests(four, table.key), table.key


def test_a_night_without_news_writes_no_table_and_reports_no_bucket(both: tuple[Line, Line]) -> None:
    _, four = both
    before = {path: path.stat().st_mtime_ns for table in CUT for path in tables.files_of(four.home, table)}
    told = {table.key: versions(four, table.key) for table in CUT}
    done = four.run("nightly")
    assert done.success
    assert {path: path.stat().st_mtime_ns for table in CUT for path in tables.files_of(four.home, table)} == before
    assert {table.key: versions(four, table.key) for table in CUT} == told
    observed = [event.asset_observation_data.asset_observation for event in done.get_asset_observation_events()]
    idle = {one.asset_key.to_user_string() for one in observed if "work" in one.metadata}
    assert idle == {table.key for table in CUT} - {FILES.key}


def test_what_is_lost_of_one_bucket_is_made_and_reported_alone(both: tuple[Line, Line]) -> None:
    one, four = both
    told = versions(four, SPLITS.key)
    tables.bucket_file(four.home, SPLITS, 2).unlink()
    asset = four.defs.resolve_assets_def(dg.AssetKey(["dataset", "splits"]))
    assert isinstance(asset.partitions_def, dg.StaticPartitionsDefinition) and asset.backfill_policy is not None
    assert four.run("nightly", ["dataset/splits"]).success
    assert rows(four, SPLITS.key) == rows(one, SPLITS.key)
    assert versions(four, SPLITS.key) == told


def test_one_bucket_alone_is_a_run_of_its_own_with_the_same_rows(both: tuple[Line, Line]) -> None:
    one, four = both
    told = {table.key: versions(four, table.key) for table in CUT}
    lost = [tables.bucket_file(four.home, table, 2) for table in (DECISIONS, CAPTIONS, SPLITS)]
    others = {path: path.stat().st_mtime_ns for path in four.home.root.glob("*/*/part-[013].parquet")}
    for path in lost:
        path.unlink()
    done = four.defs.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=four.instance, run_config=QUIET, tags={"dagster/partition": "2"}, raise_on_error=False,
        asset_selection=[dg.AssetKey(key.split("/")) for key in BY_BUCKET],
    )  # fmt: skip
    assert done.success, [event.step_failure_data for event in done.all_events if event.is_step_failure]
    assert {path: path.stat().st_mtime_ns for path in others} == others
    for table in CUT:
        assert rows(four, table.key) == rows(one, table.key), table.key
        assert versions(four, table.key) == told[table.key], table.key


def test_the_definitions_know_the_number_of_a_home_and_make_none(tmp_path: Path, both: tuple[Line, Line]) -> None:
    root = tmp_path / "home"
    for wanted, known in (("", 1), ("8", 8)):
        defs = build_defs(platform=Platform(pd_home=str(root), pd_buckets=wanted))
        assert not root.exists()
        partitions = defs.resolve_assets_def(dg.AssetKey(["images", "files"])).partitions_def
        assert (len(partitions.get_partition_keys()) if partitions else 1) == known
        dg.Definitions.validate_loadable(defs)
    of_four = build_defs(platform=Platform(pd_home=str(both[1].home.root)))
    partitions = of_four.resolve_assets_def(dg.AssetKey(["images", "files"])).partitions_def
    assert partitions is not None and partitions.get_partition_keys() == NAMES


def test_the_definitions_load_where_the_home_cannot_be_looked_at(tmp_path: Path) -> None:
    dg.Definitions.validate_loadable(build_defs(platform=Platform(pd_home=str(tmp_path / ("long" * 100)))))


def test_the_schedule_and_the_sensors_ask_for_all_buckets(both: tuple[Line, Line]) -> None:
    _, four = both
    for name in ("nightly", "build_dataset", "train_models", "train_all_models", "train_latent_models", "whole_line"):
        tags = four.defs.resolve_job_def(name).run_tags
        assert tags["dagster/asset_partition_range_start"] == "0" and tags["dagster/asset_partition_range_end"] == "3"
    assert "dagster/asset_partition_range_start" not in four.defs.resolve_job_def("refresh_sources").run_tags
    at = datetime(2026, 6, 1, 2, tzinfo=UTC)
    context = dg.build_schedule_context(
        instance=four.instance, scheduled_execution_time=at, resources={"platform": four.platform},
        repository_def=four.defs.get_repository_def(),
    )  # fmt: skip
    assert four.defs.resolve_schedule_def("nightly_scrape").evaluate_tick(context).run_requests


def test_a_code_location_of_before_says_that_it_is_to_be_loaded_again(both: tuple[Line, Line], tmp_path: Path) -> None:
    _, four = both
    before = four.defs
    with at_work(four.home, alone=True):
        rebucket(four.home, 8)
    try:
        done = before.resolve_job_def("nightly").execute_in_process(
            instance=four.instance, run_config=QUIET, raise_on_error=False,
            asset_selection=[dg.AssetKey(["dataset", "splits"])],
        )  # fmt: skip
        failure = next(event for event in done.all_events if event.is_step_failure)
        assert "PD_BUCKETS=4" in str(failure.step_failure_data) and "pdd rebucket 4" in str(failure.step_failure_data)
    finally:
        with at_work(four.home, alone=True):
            rebucket(four.home, 4)
