"""A backfill over all partitions in a real `pd up`: cancelled, continued, and retried for its failures only."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast
from urllib.parse import parse_qsl, urlsplit

import pytest

from pd_assets.sandbox import Archive, SandboxServer
from tests.integration import hurry
from tests.integration.dagster_ui import DagsterUi, Json, ends_when_dies, running
from tests.integration.fault_proxy import Fault, FaultProxy, http_error
from tests.patience import until

pytestmark = [pytest.mark.slow, pytest.mark.extended]
ROOT = "Root of the test"
NAMES = [f"Part {number:02}" for number in range(18)]
FAILING = {NAMES[3], NAMES[9], NAMES[15]}
LAUNCH = """
mutation($partitions: [String!]) {
  launchPartitionBackfill(backfillParams: {
    assetSelection: [{path: ["commons", "pages"]}], partitionNames: $partitions
  }) { __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } }
}
"""
AGAIN = """
mutation($id: String!) {
  reexecutePartitionBackfill(reexecutionParams: {parentRunId: $id, strategy: FROM_FAILURE}) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } }
}
"""
CANCEL = "mutation($id: String!) { cancelPartitionBackfill(backfillId: $id) { __typename } }"
STATUS = "query($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } } }"
RUNS = "query($tags: [ExecutionTag!]) { runsOrError(filter: {tags: $tags}) { ... on Runs { results { runId } } } }"
PARTITIONS = """
query { assetNodeOrError(assetKey: {path: ["commons", "pages"]}) { ... on AssetNode {
  partitionKeys
  assetPartitionStatuses { ... on DefaultPartitionStatuses { materializedPartitions failedPartitions } } } } }
"""


@dataclass(frozen=True, kw_only=True)
class Backfills:
    """The UI, and the proxy that its archive is asked through."""

    ui: DagsterUi
    proxy: FaultProxy

    def launch(self) -> str:
        """Materialise all, as the button does."""
        return _id(self.ui.ask(LAUNCH, partitions=self.partitions()["partitionKeys"])["launchPartitionBackfill"])

    def again(self, backfill: str) -> str:
        """Re-execute from failure, as the button does."""
        return _id(self.ui.ask(AGAIN, id=backfill)["reexecutePartitionBackfill"])

    def ends(self, backfill: str) -> str:
        """The status that it ends with."""
        until(lambda: self.status(backfill) not in ("REQUESTED", "CANCELING", "COMPLETING", "FAILING"))
        return self.status(backfill)

    def status(self, backfill: str) -> str:
        return str(cast(Json, self.ui.ask(STATUS, id=backfill)["partitionBackfillOrError"])["status"])

    def runs(self, backfill: str) -> int:
        tags = [{"key": "dagster/backfill", "value": backfill}]
        return len(cast(list[Json], cast(Json, self.ui.ask(RUNS, tags=tags)["runsOrError"])["results"]))

    def partitions(self) -> Json:
        return cast(Json, self.ui.ask(PARTITIONS)["assetNodeOrError"])

    def shown(self, status: str) -> set[str]:
        """The partitions that the UI shows as `materialized` or `failed`."""
        found = cast(Json, self.partitions()["assetPartitionStatuses"])
        return set(cast(list[str], found[f"{status}Partitions"]))

    def listed(self) -> list[str]:
        """The categories whose files the archive was asked for since the proxy began to count."""
        return [name for one in self.proxy.of("api") if (name := _category(one.query))]


def _id(launched: object) -> str:
    assert "backfillId" in cast(Json, launched), launched
    return str(cast(Json, launched)["backfillId"])


def _category(query: dict[str, str] | object) -> str:
    named = cast(dict[str, str], query)
    return named.get("gcmtitle", "").removeprefix("Category:") if named.get("gcmtype") == "file" else ""


@pytest.fixture(scope="module")
def backfills(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backfills]:
    """A root with eighteen categories, a file in each, after the first walk."""
    archive = Archive()
    archive.add(f"Category:{ROOT}", wikitext="")
    for name in NAMES:
        archive.add(f"Category:{name}", wikitext=f"[[Category:{ROOT}]]")
        archive.add(f"File:{name}.jpg", wikitext=f"[[Category:{name}]]", content=b"\xff\xd8\xff")
    with (
        SandboxServer(archive) as server,
        FaultProxy(server.base_url) as proxy,
        running(
            tmp_path_factory.mktemp("backfills"),
            PD_COMMONS_API=proxy.api_url,
            PD_COMMONS_ROOTS=ROOT,
            PD_RETRY_WAIT_S="1",
            **hurry.settings(),
        ) as ui,
    ):
        assert ui.wait_for(ui.launch("commons/categories"), "SUCCESS", "FAILURE") == "SUCCESS"
        yield Backfills(ui=ui, proxy=proxy)


def test_a_backfill_is_one_run_and_one_that_was_cancelled_goes_on_with_what_it_left(backfills: Backfills) -> None:
    cancelled = threading.Event()
    backfills.proxy.begin(lambda kind, number, target: Fault(name="held", until=cancelled) if number >= 8 else None)
    first = backfills.launch()
    until(lambda: len(backfills.shown("materialized")) >= 3)
    backfills.ui.ask(CANCEL, id=first)
    assert backfills.ends(first) == "CANCELED"
    cancelled.set()
    done = backfills.shown("materialized")
    assert 3 <= len(done) < len(NAMES), "what was done before the end counts, the rest does not"

    backfills.proxy.begin()
    second = backfills.again(first)
    assert backfills.ends(second) == "COMPLETED_SUCCESS"
    assert backfills.shown("materialized") == {ROOT, *NAMES}
    assert set(backfills.listed()) == {ROOT, *NAMES} - done
    assert backfills.runs(first) == 1
    assert backfills.runs(second) <= 3


def test_the_failures_of_a_backfill_are_listed_and_only_they_are_tried_again(backfills: Backfills) -> None:
    def script(kind: str, number: int, target: str) -> Fault | None:
        return http_error(404) if _category(dict(parse_qsl(urlsplit(target).query))) in FAILING else None

    backfills.proxy.begin(script)
    first = backfills.launch()
    assert backfills.ends(first) == "COMPLETED_FAILED"
    assert sorted(backfills.listed()) == sorted([ROOT, *NAMES]), "one that fails costs no other"
    assert backfills.shown("failed") == FAILING
    assert backfills.runs(first) == 1

    backfills.proxy.begin()
    second = backfills.again(first)
    assert backfills.ends(second) == "COMPLETED_SUCCESS"
    assert sorted(backfills.listed()) == sorted(FAILING)
    assert backfills.shown("failed") == set()


def test_pdd_up_ends_whole_and_with_an_error_when_its_web_server_dies(backfills: Backfills) -> None:
    """The last test here: nobody needs this `pdd up` any more."""
    ends_when_dies(backfills.ui, "--with-daemon")
