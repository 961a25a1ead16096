"""The Commons assets in Dagster: partitions come and go with the categories, and a run may be given a limit."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from pydantic import ValidationError

from pd_assets.sandbox.records import Page
from tests.pd_assets.line import QUIET, Line, changed_categories, new_line

PARTITIONS = "commons_category"
ROOT = "Root of the test"
REFRESH = "commons/refresh"
CATEGORIES = "commons/categories"


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    """Root > A, B: four files in A, three in B, one of them in both."""
    with new_line(tmp_path) as made:
        made.archive.add(f"Category:{ROOT}", wikitext="")
        for name in "AB":
            made.archive.add(f"Category:{name}", wikitext=f"[[Category:{ROOT}]]")
        for number in range(6):
            links = ("[[Category:A]]" if number < 4 else "") + ("[[Category:B]]" if number > 2 else "")
            made.archive.add(f"File:Test {number}.jpg", wikitext=links, content=b"\xff\xd8\xff")
        platform = made.platform_with(pd_commons_roots=ROOT)
        yield Line(server=made.server, home=made.home, instance=made.instance, platform=platform)


def partitions(line: Line) -> set[str]:
    return set(line.instance.get_dynamic_partitions(PARTITIONS))


def refresh(line: Line, *, limit: int | None = None) -> dg.ExecuteInProcessResult:
    """Run commons/refresh alone."""
    config = {} if limit is None else {"ops": {"commons__refresh": {"config": {"limit": limit}}}}
    return line.defs.resolve_job_def("refresh_sources").execute_in_process(
        instance=line.instance, run_config={**QUIET, **config}, asset_selection=[dg.AssetKey(["commons", "refresh"])]
    )


def told(result: dg.ExecuteInProcessResult, name: str) -> object:
    """One number in the metadata of the refresh."""
    (event,) = [
        one.materialization
        for one in result.get_asset_materialization_events()
        if one.asset_key == dg.AssetKey(["commons", "refresh"])
    ]
    return event.metadata[name].value


def page(line: Line, title: str) -> Page:
    found = line.archive.page(title)
    assert found is not None
    return found


def test_a_retired_category_loses_its_partition_and_keeps_its_rows_until_it_returns(line: Line) -> None:
    def statuses() -> dict[object, object]:
        return {row["category"]: row["status"] for row in line.rows("commons/categories").values()}

    def item_statuses() -> dict[object, object]:
        return {row["title"]: row["status"] for row in line.rows("catalog/items").values()}

    assert line.run("nightly", [CATEGORIES, REFRESH, "catalog/items"]).success
    assert partitions(line) == {ROOT, "A", "B"}
    assert set(item_statuses().values()) == {"live"}

    line.archive.edit("Category:B", "Not below the root any more.")
    assert line.run("nightly", [CATEGORIES, REFRESH, "catalog/items"]).success
    assert partitions(line) == {ROOT, "A"}
    assert statuses() == {ROOT: "live", "A": "live", "B": "retired"}
    assert {row["category"] for row in line.rows("commons/pages").values()} == {"A", "B"}
    left = {title for title, status in item_statuses().items() if status == "left"}
    assert left == {"Test 4", "Test 5"}

    line.archive.edit("Category:B", f"[[Category:{ROOT}]]")
    line.forget_requests()
    assert line.run("nightly", [CATEGORIES, REFRESH, "catalog/items"]).success
    assert partitions(line) == {ROOT, "A", "B"}
    assert statuses()["B"] == "live"
    assert set(item_statuses().values()) == {"live"}
    assert line.details_asked() == set()


def test_a_limited_run_says_what_it_did_not_reach_and_the_next_one_goes_on(line: Line) -> None:
    line.run("refresh_sources", [CATEGORIES])
    first = refresh(line, limit=3)
    assert (told(first, "details_asked"), told(first, "not_reached")) == (3, 3)
    line.forget_requests()
    second = refresh(line)
    assert (told(second, "details_asked"), told(second, "not_reached")) == (3, 0)
    assert len(line.rows("commons/pages")) == 6
    assert told(refresh(line), "details_asked") == 0


def test_a_limit_below_nothing_is_refused(line: Line) -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        refresh(line, limit=-1)


def test_a_partition_run_brings_only_its_categories_up_to_date(line: Line) -> None:
    line.run("refresh_sources", [CATEGORIES])
    job = line.defs.resolve_implicit_global_asset_job_def()
    done = job.execute_in_process(
        instance=line.instance,
        run_config=QUIET,
        partition_key="B",
        asset_selection=[dg.AssetKey(["commons", "pages"])],
    )
    assert done.success
    assert {row["category"] for row in line.rows("commons/pages").values()} == {"B"}


def test_every_category_is_reported_once_and_then_only_where_it_changed(line: Line) -> None:
    line.run("refresh_sources", [CATEGORIES])
    assert sorted(changed_categories(refresh(line))) == ["A", "B", ROOT]
    assert changed_categories(refresh(line)) == []
    line.archive.edit("File:Test 0.jpg", "[[Category:A]] edited")
    assert changed_categories(refresh(line)) == ["A"]


def test_a_category_that_was_synchronised_and_never_reported_is_reported(line: Line) -> None:
    line.run("refresh_sources", [CATEGORIES])
    refresh(line)
    line.instance.wipe_assets([dg.AssetKey(["commons", "pages"])])
    assert sorted(changed_categories(refresh(line))) == ["A", "B", ROOT]


def test_a_suppression_is_looked_up_and_counted(line: Line) -> None:
    line.run("refresh_sources", [CATEGORIES])
    refresh(line)
    line.archive.delete("File:Test 1.jpg")
    line.archive.restore("File:Test 1.jpg")
    line.forget_requests()
    done = refresh(line)
    assert told(done, "suppressed_or_restored") == 1
    assert page(line, "File:Test 1.jpg").pageid in line.details_asked()
    line.forget_requests()
    assert told(refresh(line), "suppressed_or_restored") == 0
    assert line.details_asked() == set()
