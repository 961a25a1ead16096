"""Categories that fail: the others are done, what failed is named with its reason, and only that is tried again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import dagster as dg
import pytest

from pd_assets.checks.commons import judge_freshness
from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.mending import SET_ASIDE
from pd_assets.lib.catalog.schemas import PAGES as PAGES_TABLE
from pd_assets.lib.commons.patience import MOST_FAILURES_IN_A_ROW
from pd_assets.running.history import reported_before
from tests.integration.fault_proxy import Fault, FaultProxy, Script, api_error, http_error
from tests.pd_assets.line import QUIET, Line, new_line

ROOT = "Root of the test"
PARTS = 12
NAMES = [f"Part {number:02}" for number in range(PARTS)]
PAGES = dg.AssetKey(["commons", "pages"])
REFRESH = dg.AssetKey(["commons", "refresh"])
NO_TAGS: dict[str, str] = {}


def failing(fault: Fault, *names: str, times: int = 1000) -> Script:
    """The listings of these categories fail so often, each."""
    left = dict.fromkeys(names, times)

    def script(kind: str, number: int, target: str) -> Fault | None:
        name = listed(target)
        if left.get(name, 0) <= 0:
            return None
        left[name] -= 1
        return fault

    return script


def listed(target: str) -> str:
    """The category whose files a request lists, or nothing."""
    query = dict(parse_qsl(urlsplit(target).query))
    return query.get("gcmtitle", "").removeprefix("Category:") if query.get("gcmtype") == "file" else ""


@dataclass(frozen=True, kw_only=True)
class Disturbed:
    """A line whose archive is asked through a proxy."""

    line: Line
    proxy: FaultProxy

    def begin(self, script: Script) -> None:
        self.proxy.begin(script)

    def asked(self) -> list[str]:
        """The categories that were listed, in order."""
        names = [one.query for one in self.proxy.of("api") if one.query.get("gcmtype") == "file"]
        return [query["gcmtitle"].removeprefix("Category:") for query in names]

    def reported(self, result: dg.ExecuteInProcessResult) -> set[str]:
        """The partitions that Dagster has of a run, also of one that failed."""
        run = self.line.instance.get_run_by_id(result.run_id)
        assert run is not None
        return reported_before(self.line.instance, run, PAGES)

    def pages(self, tags: dict[str, str] = NO_TAGS) -> dg.ExecuteInProcessResult:
        """One run of commons/pages over every partition, as a backfill launches it."""
        keys = self.line.instance.get_dynamic_partitions("commons_category")
        job = self.line.defs.resolve_implicit_global_asset_job_def()
        ends = {"dagster/asset_partition_range_start": keys[0], "dagster/asset_partition_range_end": keys[-1]}
        return job.execute_in_process(
            instance=self.line.instance,
            asset_selection=[PAGES],
            tags={**ends, **tags},
            run_config=QUIET,
            raise_on_error=False,
        )

    def refresh(self) -> dg.ExecuteInProcessResult:
        return self.line.run("refresh_sources", ["commons/refresh"])


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disturbed]:
    """A root with twelve categories, a file in each, after its first walk."""
    with new_line(tmp_path_factory.mktemp("line")) as made:
        made.archive.add(f"Category:{ROOT}", wikitext="")
        for name in NAMES:
            made.archive.add(f"Category:{name}", wikitext=f"[[Category:{ROOT}]]")
            made.archive.add(f"File:{name}.jpg", wikitext=f"[[Category:{name}]]", content=b"\xff\xd8\xff")
        with FaultProxy(made.server.base_url) as proxy:
            platform = made.platform_with(pd_commons_roots=ROOT, pd_commons_api=proxy.api_url)
            line = Line(server=made.server, home=made.home, instance=made.instance, platform=platform)
            assert line.run("refresh_sources", ["commons/categories"]).success
            yield Disturbed(line=line, proxy=proxy)


@pytest.fixture
def disturbed(lasting: Disturbed, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disturbed]:
    monkeypatch.setenv("PD_RETRY_WAIT_S", "0")
    yield lasting
    lasting.begin(failing(http_error(404)))


def reason(result: dg.ExecuteInProcessResult) -> str:
    (failure,) = result.get_step_failure_events()
    data = failure.step_failure_data.user_failure_data
    assert data is not None and data.description is not None
    return data.description


def told(result: dg.ExecuteInProcessResult, name: str) -> object:
    """One value in the metadata of the refresh."""
    events = [one.materialization for one in result.get_asset_materialization_events()]
    (event,) = [one for one in events if one.asset_key == REFRESH]
    return event.metadata[name].value


@pytest.mark.parametrize("fault", [http_error(404), api_error("invalidcategory")])
def test_a_run_over_many_partitions_reports_all_but_those_that_fail_and_names_them(
    disturbed: Disturbed, fault: Fault
) -> None:
    disturbed.begin(failing(fault, NAMES[2], NAMES[7]))
    done = disturbed.pages()
    assert not done.success
    assert disturbed.reported(done) == {ROOT, *NAMES} - {NAMES[2], NAMES[7]}
    said = reason(done)
    assert said.startswith(f"2 of {PARTS + 1} categories could not be brought up to date: ")
    assert all(name in said for name in (NAMES[2], NAMES[7]))


def test_a_fault_that_passes_is_tried_again_for_its_category_alone(disturbed: Disturbed) -> None:
    # The session asks five times, then the category has failed; the step's second try finds it well.
    disturbed.begin(failing(http_error(503, **{"Retry-After": "0"}), NAMES[4], times=5))
    done = disturbed.pages()
    assert done.success
    assert disturbed.reported(done) == {ROOT, *NAMES}
    asked = disturbed.asked()
    assert asked.count(NAMES[4]) == 6
    assert {name: asked.count(name) for name in asked if name != NAMES[4]} == dict.fromkeys(
        {ROOT, *NAMES} - {NAMES[4]}, 1
    )


@pytest.mark.parametrize(("resumes", "done"), [(True, {ROOT, *NAMES} - {NAMES[1]}), (False, set())])
def test_a_run_that_resumes_another_takes_only_what_that_one_left(
    disturbed: Disturbed, resumes: bool, done: set[str]
) -> None:
    disturbed.begin(failing(http_error(404), NAMES[1]))
    first = disturbed.pages()
    assert not first.success
    instance = disturbed.line.instance
    second = instance.create_run_for_job(
        disturbed.line.defs.resolve_implicit_global_asset_job_def().get_subset(asset_selection={PAGES}),
        tags={"dagster/is_resume_retry": "true"} if resumes else {},
        parent_run_id=first.run_id,
        root_run_id=first.run_id,
    )
    assert reported_before(instance, second, PAGES) == done


def test_an_archive_that_fails_for_many_in_a_row_and_answers_nothing_else_ends_the_run(disturbed: Disturbed) -> None:
    disturbed.begin(lambda kind, _, target: http_error(404) if kind == "api" else None)
    done = disturbed.pages()
    assert not done.success
    assert reason(done).startswith(f"{MOST_FAILURES_IN_A_ROW} categories in a row failed; ")
    assert len(disturbed.asked()) <= MOST_FAILURES_IN_A_ROW + 1


@pytest.mark.parametrize("fault", [http_error(404), api_error("something_new")])
def test_many_categories_that_fail_cost_no_other_while_the_archive_answers(disturbed: Disturbed, fault: Fault) -> None:
    disturbed.begin(failing(fault, *NAMES[1:]))
    done = disturbed.refresh()
    assert done.success
    assert told(done, "failed") == PARTS - 1
    by_category = told(done, "by_category")
    assert isinstance(by_category, dict)
    assert by_category[NAMES[0]] == {"listed": 1, "known": 1, "missing": 0}
    assert by_category[NAMES[1]] == {"listed": None, "known": 1, "missing": None}
    assert str(told(done, "in_short")).startswith(f"1 files listed, 1 known, 0 missing; {PARTS - 1} categories not")


def test_the_refresh_tries_what_failed_once_more_at_its_end(disturbed: Disturbed) -> None:
    disturbed.begin(failing(http_error(404), NAMES[3], times=1))
    done = disturbed.refresh()
    assert done.success
    assert disturbed.asked()[-1] == NAMES[3]
    assert (told(done, "failed"), told(done, "not_reached")) == (0, 0)


def test_the_refresh_leaves_what_fails_to_the_next_night_and_the_check_says_since_when(disturbed: Disturbed) -> None:
    disturbed.begin(failing(http_error(404), NAMES[5]))
    done = disturbed.refresh()
    assert done.success
    assert (told(done, "failed"), told(done, "not_reached")) == (1, 1)
    failures = told(done, "failures")
    assert isinstance(failures, dict) and "HTTP 404" in failures[NAMES[5]]
    today = datetime.now(UTC).date()
    instance = disturbed.line.instance
    check = judge_freshness(instance, today=today)
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    later = judge_freshness(instance, today=today + timedelta(days=4))
    assert (later.passed, later.severity) == (False, dg.AssetCheckSeverity.ERROR)

    disturbed.begin(failing(http_error(404)))
    assert disturbed.refresh().success
    assert judge_freshness(instance, today=today).passed
    assert judge_freshness(instance, today=today + timedelta(days=3)).passed
    assert not judge_freshness(instance, today=today + timedelta(days=4)).passed


def test_a_damaged_part_of_one_category_is_set_aside_and_its_pages_are_asked_for_anew(disturbed: Disturbed) -> None:
    assert disturbed.refresh().success
    home = disturbed.line.home
    (part,) = home.partition("commons/pages", NAMES[6]).glob("part-*.parquet")
    listed_before = tables.read_file(PAGES_TABLE, part)["pageid"].to_pylist()
    part.write_bytes(b"PAR1 no more")
    disturbed.begin(failing(http_error(404)))
    done = disturbed.pages()
    assert done.success
    assert disturbed.reported(done) == {ROOT, *NAMES}
    assert (home.root / SET_ASIDE / part.relative_to(home.root)).read_bytes() == b"PAR1 no more"
    (again,) = home.partition("commons/pages", NAMES[6]).glob("part-*.parquet")
    assert sorted(tables.read_file(PAGES_TABLE, again)["pageid"].to_pylist()) == sorted(listed_before)
