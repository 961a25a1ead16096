"""The nightly schedule with real runs: one night after another on an archive that changes in between."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from pd_assets.lib.sandbox.records import Page
from tests.pd_assets.line import (
    FREE_TAG,
    Line,
    Row,
    changed_categories,
    differing,
    item_id,
    materialised,
    new_line,
)

NIGHT = sorted(
    [
        "commons/categories",
        "commons/refresh",
        "catalog/items",
        "rights/decisions",
        "rights/changes",
        "images/files",
        "catalog/licensed_images",
        "catalog/clusters",
    ]
)
TABLES = ("catalog/items", "rights/decisions", "catalog/licensed_images")


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with new_line(tmp_path) as line:
        yield line


def night(line: Line) -> dg.ExecuteInProcessResult:
    """What the daemon does at two o'clock: evaluate the schedule's tick, run what it asks for."""
    schedule = line.defs.resolve_schedule_def("nightly_scrape")
    with dg.build_schedule_context(
        instance=line.instance, scheduled_execution_time=datetime(2026, 11, 22, 2, tzinfo=UTC)
    ) as context:
        requests = schedule.evaluate_tick(context).run_requests or []
    assert len(requests) == 1
    line.forget_requests()
    return line.run(schedule.job_name, tags=dict(requests[0].tags))


def snapshot(line: Line) -> dict[str, dict[tuple[object, ...], Row]]:
    return {name: line.rows(name) for name in TABLES}


def test_after_a_change_of_the_archive_a_night_brings_in_exactly_what_changed(line: Line) -> None:
    first = night(line)
    assert first.success and sorted(materialised(first)) == NIGHT
    assert line.details_asked() >= {page.pageid for page in line.archive.files()}
    before = snapshot(line)

    changed = change(line)
    second = night(line)

    assert second.success and sorted(materialised(second)) == NIGHT
    assert line.details_asked() == {page.pageid for page in changed.values()}
    after = snapshot(line)
    for name in TABLES:
        assert differing(before[name], after[name]) == {item_id(page) for page in changed.values()}, name
    tell_the_story(line, changed, after)

    third = night(line)

    assert third.success
    assert line.details_asked() == set()
    assert snapshot(line) == after
    assert changed_categories(third) == []


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


def tell_the_story(line: Line, changed: dict[str, Page], after: dict[str, dict[tuple[object, ...], Row]]) -> None:
    """Each change is in the tables as what it was, and only pictures whose bytes are new were fetched."""
    items, licensed = after["catalog/items"], after["catalog/licensed_images"]
    decisions = after["rights/decisions"]
    of = {name: item_id(page) for name, page in changed.items()}
    assert items[(of["deleted"],)]["status"] == "deleted"
    assert items[(of["edited"],)]["status"] == "live"
    assert decisions[(of["edited"], "strict")]["verdict"] == "reject"
    assert items[(of["renamed"],)]["title"] == "Renamed in the night"
    assert {name for name, item in of.items() if (item,) in licensed} == set(of) - {"edited", "deleted"}

    fetched = {name for name, item in of.items() if line.is_fetched(items[(item,)]["file_url"])}
    assert fetched == {"overwritten", "added 0", "added 1", "added 2"}
