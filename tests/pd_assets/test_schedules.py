"""The nightly schedule with real runs: one night after another on an archive that changes in between."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.schedule_definition import ScheduleExecutionData

from pd_assets.definitions import build_defs
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import open_home
from pd_assets.resources import Platform
from pd_assets.sandbox import Archive, SandboxServer
from pd_assets.sandbox.records import Page
from tests.pd_assets.line import (
    FREE_TAG,
    INSTANCE,
    NO_TELEMETRY,
    QUIET,
    Line,
    Night,
    Row,
    changed_categories,
    differing,
    item_id,
    materialised,
)
from tests.pd_assets.odd_titles import picture_of

NIGHT = sorted(
    [
        "commons/categories",
        "commons/refresh",
        "commons/creators",
        "commons/templates",
        "catalog/items",
        "rights/decisions",
        "rights/changes",
        "rights/evidence",
        "rights/takedowns",
        "images/files",
        "catalog/licensed_images",
        "catalog/clusters",
        "dataset/things",
        "dataset/captions",
        "dataset/splits",
        "dataset/shards",
        "dataset/manifest",
    ]
)
TABLES = ("catalog/items", "rights/decisions", "catalog/licensed_images")
Snapshot = dict[str, dict[tuple[object, ...], Row]]


@pytest.fixture
def line(first_night: Night, tmp_path: Path) -> Iterator[Line]:
    """A line whose instance knows of no run yet, for tests that evaluate ticks alone."""
    with instance_in(tmp_path) as instance:
        yield replace(first_night.line, instance=instance)


def instance_in(folder: Path) -> dg.DagsterInstance:
    (folder / INSTANCE).mkdir()
    return dg.DagsterInstance.local_temp(str(folder / INSTANCE), overrides=NO_TELEMETRY)


@dataclass(frozen=True, kw_only=True)
class Nights:
    """Three nights, the archive changed before the second alone, and what there was after each."""

    changed: dict[str, Page]
    first: Snapshot
    second: Snapshot
    third: Snapshot
    runs: tuple[dg.ExecuteInProcessResult, dg.ExecuteInProcessResult]
    asked: tuple[set[int], set[int]]
    fetched: set[str]
    written: tuple[dict[str, int], dict[str, int]]


@pytest.fixture(scope="module")
def nights(first_night: Night, tmp_path_factory: pytest.TempPathFactory) -> Nights:
    with first_night.copy(tmp_path_factory.mktemp("nights")) as line:
        first = snapshot(line)
        changed = change(line)
        runs, asked = [night(line)], [line.details_asked()]
        second, written_before = snapshot(line), written(line)
        urls = {name: second["catalog/items"][(item_id(page),)]["file_url"] for name, page in changed.items()}
        fetched = {name for name, url in urls.items() if line.is_fetched(url)}
        runs, asked = [*runs, night(line)], [*asked, line.details_asked()]
        return Nights(
            changed=changed,
            first=first,
            second=second,
            third=snapshot(line),
            runs=(runs[0], runs[1]),
            asked=(asked[0], asked[1]),
            fetched=fetched,
            written=(written_before, written(line)),
        )


def night(line: Line) -> dg.ExecuteInProcessResult:
    """What the daemon does at two o'clock: evaluate the schedule's tick, run what it asks for."""
    requests = tick(line).run_requests or []
    assert len(requests) == 1
    line.forget_requests()
    return line.run("nightly", tags=dict(requests[0].tags))


def tick(line: Line, **settings: str) -> ScheduleExecutionData:
    """One evaluation of the schedule, with some settings changed."""
    with dg.build_schedule_context(
        instance=line.instance,
        scheduled_execution_time=datetime(2026, 11, 22, 2, tzinfo=UTC),
        resources={"platform": line.platform_with(**settings)},
    ) as context:
        return line.defs.resolve_schedule_def("nightly_scrape").evaluate_tick(context)


def snapshot(line: Line) -> Snapshot:
    return {name: line.rows(name) for name in TABLES}


def test_the_first_night_reads_every_page_and_makes_every_table(first_night: Night) -> None:
    line = first_night.line
    assert {item for (item,) in line.rows("catalog/items")} >= {item_id(page) for page in line.archive.files()}
    made = [line.instance.get_latest_materialization_event(dg.AssetKey(key.split("/"))) for key in NIGHT]
    assert all(made) and len({event.run_id for event in made if event}) == 1


def test_after_a_change_of_the_archive_a_night_brings_in_exactly_what_changed(nights: Nights) -> None:
    night = nights.runs[0]
    assert night.success and sorted(materialised(night)) == NIGHT
    assert nights.asked[0] == {page.pageid for page in nights.changed.values()}
    for name in TABLES:
        changed = {item_id(page) for page in nights.changed.values()}
        assert differing(nights.first[name], nights.second[name]) == changed, name
    tell_the_story(nights)


def change(line: Line) -> dict[str, Page]:
    """Three new pages, a licence edited, a page deleted, a file overwritten, a page renamed; by what happened."""
    plain = line.plain_free_pages()
    edited = line.in_several_categories(plain)[0]
    deleted, overwritten, renamed = [page for page in plain if page != edited][:3]
    line.archive.edit(edited.title, edited.latest.text.replace(FREE_TAG, "{{Cc-by-sa-4.0}}"))
    line.archive.delete(deleted.title)
    line.archive.overwrite(overwritten.title)
    line.archive.move(renamed.title, "File:Renamed in the night.jpg")
    added = {f"added {number}": page for number, page in enumerate(line.archive.paint_more(3))}
    return {"edited": edited, "deleted": deleted, "overwritten": overwritten, "renamed": renamed, **added}


def tell_the_story(nights: Nights) -> None:
    """Each change is in the tables as what it was, and only pictures whose bytes are new were fetched."""
    items, licensed = nights.second["catalog/items"], nights.second["catalog/licensed_images"]
    decisions = nights.second["rights/decisions"]
    of = {name: item_id(page) for name, page in nights.changed.items()}
    assert items[(of["deleted"],)]["status"] == "deleted"
    assert items[(of["edited"],)]["status"] == "live"
    assert decisions[(of["edited"], "strict")]["verdict"] == "reject"
    assert items[(of["renamed"],)]["title"] == "Renamed in the night"
    assert {name for name, item in of.items() if (item,) in licensed} == set(of) - {"edited", "deleted"}
    assert nights.fetched == {"overwritten", "added 0", "added 1", "added 2"}


# What asks an archive or an operator looks each night.
DOWNSTREAM = sorted(
    set(NIGHT) - {"commons/categories", "commons/refresh", "images/files", "dataset/things", "rights/takedowns"}
)


def test_a_night_without_a_change_does_no_work_downstream_and_says_so(nights: Nights) -> None:
    night = nights.runs[1]
    assert night.success
    assert nights.asked[1] == set()
    assert changed_categories(night) == []
    assert nights.third == nights.second
    said = {event.asset_key.to_user_string(): event for event in of_assets(night)}
    idle = sorted(key for key, event in said.items() if str(event.metadata.get("work")).find("none:") >= 0)
    assert idle == DOWNSTREAM
    assert nights.written[1] == nights.written[0]
    rows = {key: event.metadata["dagster/row_count"].value for key, event in said.items()}
    assert rows["catalog/licensed_images"] == len(nights.third["catalog/licensed_images"]) > 0
    assert "verdicts_changed" not in said["rights/decisions"].metadata, "a 0 would be a dip in its plot"


@pytest.mark.extended
def test_a_table_that_was_taken_away_is_made_again_though_nothing_else_changed(own_night: Line) -> None:
    before = snapshot(own_night)
    for path in own_night.home.table("catalog/licensed_images").glob("*.parquet"):
        path.unlink()
    assert night(own_night).success
    assert snapshot(own_night) == before


@pytest.mark.extended
def test_a_night_that_died_is_continued_by_the_next(own_night: Line) -> None:
    added = own_night.archive.paint_more(3)
    own_night.server.faults.set({"status": 404, "times": 1})
    assert not night(own_night).success
    before = {item for (item,) in own_night.rows("catalog/licensed_images")}
    assert night(own_night).success
    after = {item for (item,) in own_night.rows("catalog/licensed_images")}
    assert after - before == {item_id(page) for page in added}


def test_a_tick_while_a_night_is_at_work_asks_for_nothing(line: Line) -> None:
    job = line.defs.resolve_job_def("nightly")
    run = line.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    said = tick(line)
    assert not said.run_requests
    assert run.run_id in str(said.skip_message)


def test_a_tick_while_a_night_that_died_is_about_to_be_started_again_asks_for_nothing(line: Line) -> None:
    job = line.defs.resolve_job_def("nightly")
    run = line.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    line.instance.report_run_failed(run)
    line.instance.add_run_tags(run.run_id, {"dagster/will_retry": "true"})
    assert run.run_id in str(tick(line).skip_message)

    line.instance.add_run_tags(run.run_id, {"dagster/auto_retry_run_id": "of the run that goes on"})
    assert len(tick(line).run_requests or []) == 1


def test_a_tick_without_a_contact_fails_with_its_reason_and_the_next_one_with_a_contact_does_not(line: Line) -> None:
    live = "https://commons.wikimedia.org/w/api.php"
    with pytest.raises(ConfigError, match="PD_CONTACT is not set"):
        tick(line, pd_commons_api=live)
    assert len(tick(line, pd_commons_api=live, pd_contact="me@somewhere.net").run_requests or []) == 1


def test_time_zone_and_first_state_are_those_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = build_defs().resolve_schedule_def("nightly_scrape")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 2 * * *", "UTC")
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    for name, value in {"CRON": "30 4 * * 1-5", "TIMEZONE": "Europe/Berlin", "ENABLED": "1"}.items():
        monkeypatch.setenv(f"PD_SCRAPE_{name}", value)
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 4 * * 1-5", "Europe/Berlin")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING


@pytest.mark.parametrize("cron", ["at night", "61 * * * *", "* * *"])
def test_a_time_that_never_comes_fails_the_tick_and_not_the_code_location(
    line: Line, monkeypatch: pytest.MonkeyPatch, cron: str
) -> None:
    monkeypatch.setenv("PD_SCRAPE_CRON", cron)
    assert line.defs.resolve_schedule_def("nightly_scrape").cron_schedule == "0 2 * * *"
    with pytest.raises(ConfigError, match="PD_SCRAPE_CRON"):
        tick(line)


def of_assets(result: dg.ExecuteInProcessResult) -> list[dg.AssetMaterialization]:
    """The materialisations of a run, partitions left out."""
    found = [event.materialization for event in result.get_asset_materialization_events()]
    return [one for one in found if one.partition is None]


def written(line: Line) -> dict[str, int]:
    """When each Parquet file was written, but for the ledger of requests and the pictures that fail every night."""
    found = {str(path): path for path in line.home.root.rglob("*.parquet")}
    kept = {name: path for name, path in found.items() if "http" not in path.parts and "files" not in path.parts}
    return {name.replace(str(line.home.root), ""): path.stat().st_mtime_ns for name, path in kept.items()}


def test_a_night_without_any_free_picture_is_no_failure_and_exports_nothing(tmp_path: Path) -> None:
    archive = Archive()
    archive.add("Category:Views", wikitext="")
    archive.add("File:View.jpg", wikitext="{{Cc-by-sa-4.0}}\n[[Category:Views]]", content=picture_of(1))
    with SandboxServer(archive) as server:
        home = open_home(tmp_path / "home")
        platform = Platform(pd_home=str(home.root), pd_commons_api=server.api_url, pd_commons_roots="Views")
        job = build_defs(platform=platform).resolve_job_def("nightly")
        with instance_in(tmp_path) as instance:
            night = job.execute_in_process(instance=instance, run_config=QUIET)
    assert night.success
    made = materialised(night)
    assert "catalog/licensed_images" in made and "dataset/shards" not in made
    assert home.latest("dataset", "main") is None
