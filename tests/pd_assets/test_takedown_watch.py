"""takedown_watch with real runs: pictures that vanish or are taken down, and the models that saw them."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData

from pd_assets.lib.errors import PdError, TableError
from pd_assets.lib.home import Home
from pd_assets.lib.release import members
from pd_assets.lib.release.lineage import CANDIDATE
from pd_assets.lib.release.takedowns import take_down
from pd_ml.provenance import RunRecord, write_run
from tests.pd_assets.line import Line, Night, item_id

STAGES = ("clip", "transformer")


@pytest.fixture(scope="module")
def with_models(first_night: Night, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """A line after its first night, with models that were trained on its dataset."""
    folder = tmp_path_factory.mktemp("with models")
    with first_night.copy(folder) as made:
        trained(made.home, "first")
        yield Night(folder=folder, line=made)


@pytest.fixture
def line(with_models: Night, tmp_path: Path) -> Iterator[Line]:
    """The test's own copy of it."""
    with with_models.copy(tmp_path) as made:
        yield made


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """The same after a picture was taken down and the run that the sensor asked for; `before` is the old dataset."""

    night: Night
    victim: str
    before: str
    flagged_at_once: tuple[object, ...]
    request: dg.RunRequest
    cursor: str | None


@pytest.fixture(scope="module")
def taken_down(with_models: Night, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cleaned]:
    folder = tmp_path_factory.mktemp("taken down")
    with with_models.copy(folder) as made:
        victim = sorted(served(made))[3]
        before = made.home.latest("dataset", "main")
        assert before is not None
        take_down(made.home, victim, reason="the heirs ask for it", purge=False)
        said = tick(made, pd_takedown_policy="retrain")
        yield Cleaned(
            night=Night(folder=folder, line=made),
            victim=victim,
            before=before.name,
            flagged_at_once=tuple(flagged(made, stage) for stage in STAGES),
            request=run_what_it_asks_for(made, said),
            cursor=said.cursor,
        )


@pytest.fixture
def cleaned_line(taken_down: Cleaned, tmp_path: Path) -> Iterator[Line]:
    """The test's own copy of that."""
    with taken_down.night.copy(tmp_path) as made:
        yield made


def trained(home: Home, version: str, stages: Sequence[str] = STAGES, *, on: str | None = None) -> None:
    """What a training on the latest dataset, or on another version, leaves, promoted."""
    dataset = home.latest("dataset", "main") if on is None else home.dataset("main", on)
    assert dataset is not None
    for stage in stages:
        folder = home.model(stage, version)
        folder.mkdir(parents=True)
        (folder / "weights").write_text(f"{stage} {version}")
        record = RunRecord(
            stage=stage,
            version=version,
            config={},
            inputs={"dataset": dataset.name},
            dataset_version=dataset.name,
            item_count=1,
        )
        write_run(folder, record)
        for pointer in (CANDIDATE, "latest"):
            home.point("models", stage, pointer, version)


def tick(line: Line, cursor: str | None = None, **settings: str) -> SensorExecutionData:
    """One evaluation of the sensor, as the daemon makes it."""
    resources = {"platform": line.platform_with(**settings)}
    sensor = line.defs.resolve_sensor_def("takedown_watch")
    with dg.build_sensor_context(
        instance=line.instance, cursor=cursor, resources=resources, repository_def=line.defs.get_repository_def()
    ) as context:
        return sensor.evaluate_tick(context)


def served(line: Line) -> set[str]:
    """The items of the licence-filtered table and of the latest dataset."""
    dataset = line.home.latest("dataset", "main")
    assert dataset is not None
    listed = {str(key[0]) for key in line.rows("catalog/licensed_images")}
    return listed | {item for item, _ in members.pictures(line.home, dataset.name)}


def flagged(line: Line, stage: str = "transformer") -> tuple[bool, object] | None:
    """Whether the check of a stage passed the last time, and the versions that it names."""
    key = dg.AssetCheckKey(dg.AssetKey(["models", stage]), "saw_no_taken_down_picture")
    record = line.instance.event_log_storage.get_latest_asset_check_execution_by_key([key]).get(key)
    if record is None or record.evaluation is None:
        return None
    return record.evaluation.passed, record.evaluation.metadata["flagged_versions"].value


def run_what_it_asks_for(line: Line, said: SensorExecutionData) -> dg.RunRequest:
    (request,) = said.run_requests or []
    assert request.job_name is not None
    assert line.run(request.job_name, tags=dict(request.tags)).success
    return request


def test_while_nothing_is_wrong_it_says_so_and_the_checks_pass(line: Line) -> None:
    said = tick(line)
    assert not said.run_requests
    assert "no dataset holds a picture that is no longer free" in str(said.skip_message)
    assert [flagged(line, stage) for stage in STAGES] == [(True, {}), (True, {})]


def test_what_an_operator_takes_down_is_out_after_one_run_and_every_model_that_saw_it_is_flagged(
    taken_down: Cleaned, cleaned_line: Line
) -> None:
    line, victim = cleaned_line, taken_down.victim
    assert [told[0] for told in taken_down.flagged_at_once if isinstance(told, tuple)] == [False, False]
    assert taken_down.request.job_name == "build_dataset"
    assert victim not in served(line)

    after = tick(line, taken_down.cursor)
    assert not after.run_requests
    passed, versions = flagged(line) or (True, {})
    assert not passed and isinstance(versions, dict) and set(versions) == {"first"}
    (said,) = versions["first"]["first"]
    assert said.startswith(f"{victim}: taken down on request: T-") and "the heirs ask" not in said
    observed = line.instance.fetch_observations(dg.AssetKey(["models", "transformer"]), limit=1).records
    assert observed[0].asset_observation is not None
    assert observed[0].asset_observation.metadata["flagged"].value == 1


def test_what_the_archive_deleted_is_out_after_the_night_and_flagged_at_the_next_tick(line: Line) -> None:
    victim = next(page for page in line.plain_free_pages() if item_id(page) in served(line))
    line.archive.delete(victim.title)
    assert line.run("refresh_sources").success
    assert line.run("build_dataset", ["catalog/items"]).success
    said = tick(line)
    run_what_it_asks_for(line, said)
    assert item_id(victim) not in served(line)
    assert not tick(line).run_requests
    assert (flagged(line) or (True,))[0] is False


def test_the_same_request_is_made_until_a_run_has_it_and_then_no_more(line: Line) -> None:
    take_down(line.home, sorted(served(line))[3], reason="a complaint")
    keys = [request.run_key for cursor in (None, "\x00{") for request in tick(line, cursor).run_requests or []]
    assert len(keys) == 2 and len(set(keys)) == 1
    (request,) = tick(line).run_requests or []
    job = line.defs.resolve_job_def("build_dataset")
    run = line.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags=dict(request.tags))
    assert f"run {run.run_id} of build_dataset is waited for" in str(tick(line).skip_message)


def test_the_flags_are_reported_once_for_each_state(line: Line) -> None:
    take_down(line.home, sorted(served(line))[3], reason="a complaint")
    for _ in range(3):
        tick(line)
    found = line.instance.fetch_observations(dg.AssetKey(["models", "transformer"]), limit=10).records
    assert len(found) == 1


def test_the_policy_retrain_asks_for_a_training_once_the_dataset_is_clean_and_only_until_one_is_made(
    cleaned_line: Line,
) -> None:
    line = cleaned_line
    assert not tick(line, pd_takedown_policy="flag").run_requests
    said = tick(line, pd_takedown_policy="retrain")
    (request,) = said.run_requests or []
    assert request.job_name == "train_models" and request.tags["pd/retrain_for"] == "takedown"

    trained(line.home, "second")
    said = tick(line, pd_takedown_policy="retrain")
    assert not said.run_requests
    passed, versions = flagged(line) or (False, {})
    assert passed and isinstance(versions, dict) and set(versions) == {"first"}


@pytest.mark.extended
def test_where_a_latent_model_saw_it_the_training_is_one_of_all_models(taken_down: Cleaned, cleaned_line: Line) -> None:
    line, latent = cleaned_line, ("vae", "latents", "latent_diffusion", "super_resolution")
    trained(line.home, "first latent", latent, on=taken_down.before)
    (request,) = tick(line, pd_takedown_policy="retrain").run_requests or []
    assert request.job_name == "train_all_models"
    for stage in ("vae", "latents", "latent_diffusion", "super_resolution"):
        assert (flagged(line, stage) or (True, {}))[0] is False


@pytest.mark.extended
def test_a_missing_parent_table_fails_the_tick_with_its_reason_and_the_next_one_recovers(line: Line) -> None:
    folder = line.home.table("rights/decisions")
    aside = folder.with_name("aside")
    folder.rename(aside)
    with pytest.raises(TableError, match="rights/decisions: no table in"):
        tick(line)
    assert flagged(line) is None
    aside.rename(folder)
    assert "no dataset holds" in str(tick(line).skip_message)


def test_a_tick_that_finds_everything_as_it_was_reads_no_table(line: Line) -> None:
    first = tick(line)
    tables = [line.home.table(key).resolve() for key in ("rights/decisions", "catalog/items")]
    parts = [path for folder in tables for path in folder.rglob("*.parquet")]
    assert parts
    kept = {path: path.read_bytes() for path in parts}
    for path, body in kept.items():
        times = path.stat()
        path.write_bytes(bytes(len(body)))
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    second = tick(line, first.cursor)
    assert second.skip_message == first.skip_message and second.cursor == first.cursor
    with pytest.raises(PdError):
        tick(line, None)

    for path, body in kept.items():
        path.write_bytes(body)
    take_down(line.home, sorted(served(line))[3], reason="a complaint")
    assert tick(line, second.cursor).run_requests


def test_a_training_that_has_only_planned_its_checks_hides_nothing(line: Line) -> None:
    """As one does that is at work, and for ever one that was killed before it came to them."""
    tick(line)
    planned = line.instance.create_run_for_job(line.defs.resolve_job_def("train_models"))
    key = dg.AssetCheckKey(dg.AssetKey(["models", "transformer"]), "saw_no_taken_down_picture")
    newest = line.instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key]
    assert (newest.run_id, newest.status.value) == (planned.run_id, "PLANNED")
    line.instance.report_run_failed(planned)
    assert "no dataset holds" in str(tick(line).skip_message)
    take_down(line.home, sorted(served(line))[3], reason="a complaint")
    assert tick(line).run_requests
    assert (flagged(line) or (True,))[0] is False


@pytest.mark.extended
def test_a_purged_picture_is_traced_by_the_command_after_the_dataset_was_built_again(line: Line) -> None:
    victim = sorted(served(line))[3]
    before = line.home.latest("dataset", "main")
    assert before is not None
    done = take_down(line.home, victim, reason="a complaint", purge=True)
    assert done.purged.datasets == (f"main/{before.name}",) and len(done.purged.files) == 1
    run_what_it_asks_for(line, tick(line))
    assert victim not in served(line)
    assert not (line.home.root / done.purged.files[0]).exists(), "a later run fetched it again"
    assert (flagged(line) or (True,))[0] is False
