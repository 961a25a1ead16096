"""The line as tests run it: a sandbox archive, a home of its own, a Dagster instance on disk, and what they hold."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from urllib.parse import unquote

import dagster as dg
import sqlalchemy
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS

from pd_assets.definitions import build_defs
from pd_assets.lib.catalog import tables
from pd_assets.lib.catalog.schemas import TABLES
from pd_assets.lib.home import Home, open_home
from pd_assets.resources import Platform
from pd_assets.sandbox import Archive, SandboxServer
from pd_assets.sandbox.records import Page

PICTURES = 120  # from 96 on, a painted archive holds every kind of page
FREE_TAG = "{{PD-Art|PD-old-100-expired}}"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
NO_TELEMETRY = {"telemetry": {"enabled": False}}
CHECK = dg.AssetCheckKey(dg.AssetKey(["catalog", "licensed_images"]), "only_free_pictures")
Row = dict[str, object]
INSTANCE = "dagster-of-a-line"  # the folder


@lru_cache(maxsize=50)
def _kept_engine(url: str) -> sqlalchemy.Engine:
    """Keeps its connection, though Dagster disposes of it after each use; the database need not outlive a power cut."""
    made = sqlalchemy.create_engine(url, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS})
    sqlalchemy.event.listen(made, "connect", lambda one, _: one.execute("pragma synchronous = off"))
    setattr(made, "dispose", lambda: None)  # noqa: B010
    return made


def _engine(url: str, poolclass: type[sqlalchemy.Pool], connect_args: Row | None = None) -> sqlalchemy.Engine:
    if f"/{INSTANCE}/" in url:
        return _kept_engine(url)
    return sqlalchemy.create_engine(url, poolclass=poolclass, connect_args=connect_args or {})


# Dagster makes an engine for every connection: each compiles all statements again, and clears the log of the database
# when it closes. That was a third of a night.
for storage in (sqlite_event_log, sqlite_run_storage):
    setattr(storage, "create_engine", _engine)  # noqa: B010


@dataclass(frozen=True, kw_only=True)
class Line:
    """One archive, one home, one Dagster instance."""

    server: SandboxServer
    home: Home
    instance: dg.DagsterInstance
    platform: Platform

    @property
    def archive(self) -> Archive:
        return self.server.archive

    @cached_property
    def defs(self) -> dg.Definitions:
        """The code location with the resources of this line."""
        return build_defs(platform=self.platform)

    def platform_with(self, **settings: str) -> Platform:
        """The platform with some settings changed."""
        fields = {name: getattr(self.platform, name) for name in Platform.model_fields}
        return Platform(**{**fields, **settings})

    def run(
        self, job: str, assets: Sequence[str] | None = None, *, tags: dict[str, str] | None = None
    ) -> dg.ExecuteInProcessResult:
        """Run a job, or some of its assets; a failure is in the result, not raised."""
        return self.defs.resolve_job_def(job).execute_in_process(
            instance=self.instance,
            run_config=QUIET,
            tags=tags,
            asset_selection=None if assets is None else [dg.AssetKey(key.split("/")) for key in assets],
            raise_on_error=False,
        )

    def run_check(self) -> dg.ExecuteInProcessResult:
        """Run the check of the licensed table alone, on the table as it lies there."""
        job = self.defs.resolve_implicit_global_asset_job_def().get_subset(asset_check_selection={CHECK})
        return job.execute_in_process(instance=self.instance, run_config=QUIET, raise_on_error=False)

    def rows(self, table: str) -> dict[tuple[object, ...], Row]:
        """A table's rows by what identifies them."""
        schema = TABLES[table]
        found = tables.rows(tables.read(self.home, schema))
        return {tuple(row[name] for name in schema.sort_by): row for row in found}

    def forget_requests(self) -> None:
        self.server.faults.log.clear()

    def details_asked(self) -> set[int]:
        """The page ids whose details were asked for since the requests were last forgotten."""
        asked = (line.params.get("pageids", "") for line in self.server.faults.log)
        return {int(number) for numbers in asked for number in numbers.split("|") if number}

    def is_fetched(self, file_url: object) -> bool:
        """Whether this file, or a thumbnail of it, was asked for since then."""
        name = unquote(str(file_url).rpartition("/")[2])
        asked = [line.path for line in self.server.faults.log if line.path.startswith("/wikipedia/")]
        return any(name in path.split("/") for path in asked)

    def plain_free_pages(self) -> list[Page]:
        """Free pages without any trap that carry the most frequent tag."""
        plain = [page for page in self.archive.files() if page.truth and page.truth.free and not page.truth.trap]
        return [page for page in plain if FREE_TAG in page.latest.text]

    def in_several_categories(self, pages: Sequence[Page]) -> list[Page]:
        """Those of `pages` that more than one category of the last walk lists."""
        of = {row["item_id"]: row["partitions"] for row in self.rows("catalog/items").values()}
        return [page for page in pages if len(_list(of[item_id(page)])) > 1]


def _list(value: object) -> list[object]:
    assert isinstance(value, list)
    return value


def item_id(page: Page) -> str:
    return f"commons:M{page.pageid}"


def differing(before: dict[tuple[object, ...], Row], after: dict[tuple[object, ...], Row]) -> set[object]:
    """The items whose rows were added, removed or changed in any column."""
    return {key[0] for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def materialised(result: dg.ExecuteInProcessResult) -> list[str]:
    """The assets that a run materialised, partitions of commons/pages left out."""
    events = [event.materialization for event in result.get_asset_materialization_events()]
    return [event.asset_key.to_user_string() for event in events if event.partition is None]


def changed_categories(result: dg.ExecuteInProcessResult) -> list[str]:
    """The partitions of commons/pages that a run reported."""
    events = [event.materialization for event in result.get_asset_materialization_events()]
    return [event.partition for event in events if event.partition is not None]


@contextmanager
def new_line(folder: Path, *, retrain_after: int = 1000) -> Iterator[Line]:
    """A fresh archive, home and instance below `folder`."""
    home = open_home(folder / "home")
    (folder / INSTANCE).mkdir()
    with (
        SandboxServer(Archive.painted(count=PICTURES)) as server,
        dg.DagsterInstance.local_temp(str(folder / INSTANCE), overrides=NO_TELEMETRY) as instance,
    ):
        platform = Platform(
            pd_home=str(home.root),
            pd_commons_api=server.api_url,
            pd_retrain_after=str(retrain_after),
        )
        yield Line(server=server, home=home, instance=instance, platform=platform)


@dataclass(frozen=True, kw_only=True)
class Night:
    """A line after its first night, for tests that begin there: they look at it, or work on a copy."""

    folder: Path
    line: Line

    @contextmanager
    def copy(self, folder: Path, *, retrain_after: int = 1000) -> Iterator[Line]:
        """Home and instance below `folder`, on the same archive. What the block does to the archive is undone."""
        for name in ("home", INSTANCE):
            shutil.copytree(self.folder / name, folder / name, symlinks=True)
        home = open_home(folder / "home")
        platform = self.line.platform_with(pd_home=str(home.root), pd_retrain_after=str(retrain_after))
        with (
            unchanged(self.line.server),
            dg.DagsterInstance.local_temp(str(folder / INSTANCE), overrides=NO_TELEMETRY) as instance,
        ):
            yield Line(server=self.line.server, home=home, instance=instance, platform=platform)


@contextmanager
def first_night(folder: Path) -> Iterator[Night]:
    """A new line after its first night."""
    with new_line(folder) as line:
        done = line.run("nightly")
        assert done.success, [event.step_failure_data.error for event in done.all_events if event.is_step_failure]
        yield Night(folder=folder, line=line)


@contextmanager
def unchanged(server: SandboxServer) -> Iterator[None]:
    """The archive that the server shows is the same after the block as before, and without faults."""

    def state() -> dict[str, object]:
        return deepcopy({name: value for name, value in vars(server.archive).items() if name != "lock"})

    before = state()
    server.faults.clear()
    server.faults.log.clear()
    try:
        yield
    finally:
        server.faults.clear()
        vars(server.archive).update(before)
