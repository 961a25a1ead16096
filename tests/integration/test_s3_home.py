"""The line in a bucket: one machine makes everything, another one reads, draws, takes down and builds anew.

And two code locations at once: both serve the same definitions, and their runs write the same home.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dagster as dg
import psutil
import pytest
from PIL import Image

from pd_assets.cli import sql, takedown
from pd_assets.definitions import build_defs
from pd_assets.lib.catalog import table_files, tables
from pd_assets.lib.catalog.schemas import LICENSED, TABLES
from pd_assets.lib.dataset.audit import find_faults
from pd_assets.lib.home import Home
from pd_assets.lib.release.lineage import trained_last
from pd_assets.lib.release.takedowns import Asked
from pd_assets.sandbox import Archive, SandboxServer
from pd_ml.data.shards import read_manifest
from tests import last_words, warm
from tests.integration import hurry
from tests.integration.dagster_ui import PROJECT_FILES, ROOT, DagsterUi, alive, free_port, wait_until_it_answers
from tests.integration.test_promotion import TINY
from tests.patience import PATIENCE_S, until
from tests.pd_assets.line import NO_TELEMETRY, QUIET
from tests.s3_server import Store

pytestmark = [pytest.mark.slow, pytest.mark.extended]
SOURCES = ("commons/categories", "commons/refresh", "commons/creators")
PICTURES = ("catalog/items", "rights/takedowns", "rights/decisions", "images/files")
DATASET = ("catalog/licensed_images", "dataset/captions", "dataset/splits", "dataset/shards", "dataset/manifest")
LAUNCH = """
mutation($location: String!, $assets: [AssetKeyInput!]) {
  launchPipelineExecution(executionParams: {
    mode: "default", runConfigData: {},
    selector: {repositoryLocationName: $location, repositoryName: "__repository__", pipelineName: "__ASSET_JOB",
               assetSelection: $assets}
  }) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
  }
}
"""

UPSCALER = ["channels=[8,16]", "norm_groups=4", "layers_per_block=1", "steps=2", "batch_size=4", "previews=2"]


@pytest.fixture
def archive() -> Iterator[SandboxServer]:
    with SandboxServer(Archive.painted(count=96)) as server:
        yield server


@contextmanager
def machine(store: Store, archive: SandboxServer, name: str) -> Iterator[pytest.MonkeyPatch]:
    """Be on a machine: its own working copy of the home, nothing else in common with another one."""
    with pytest.MonkeyPatch.context() as environment:
        for setting, value in {**store.settings(name), "PD_COMMONS_API": archive.api_url}.items():
            environment.setenv(setting, value)
        yield environment


def run(folder: Path, job: str) -> None:
    """Run a job with a Dagster instance of the machine's own, the trainings made tiny."""
    folder.mkdir(parents=True, exist_ok=True)
    defs = build_defs()
    chosen = defs.resolve_job_def(job)
    tiny = {**TINY, "models__super_resolution": UPSCALER}
    ops = {name: {"config": {"recipe": "debug", "set": changes}} for name, changes in tiny.items()}
    named = {node.name for node in chosen.nodes}
    with dg.DagsterInstance.local_temp(str(folder), overrides=NO_TELEMETRY) as instance:
        done = chosen.execute_in_process(
            instance=instance,
            run_config={**QUIET, "ops": {name: config for name, config in ops.items() if name in named}},
            raise_on_error=False,
        )
    assert done.success, [event.message for event in done.all_events if event.is_step_failure]


def digests(home: Home) -> dict[str, str]:
    """Each table's content."""
    return {key: table_files.digest(table, tables.read_or_empty(home, table)) for key, table in TABLES.items()}


def names(home: Home) -> set[str]:
    """The files on a machine's disk that ought to be in the bucket."""
    found = (path.relative_to(home.root).as_posix() for path in home.root.rglob("*") if path.is_file())
    linked = (path for path in home.table("catalog/items").glob("*"))
    kept = {name for name in found if "/." not in f"/{name}" and name != "catalog.duckdb"}
    return kept | {path.relative_to(home.root).as_posix() for path in linked}


def test_what_one_machine_makes_another_one_reads_draws_with_and_takes_down(
    store: Store, archive: SandboxServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with machine(store, archive, "one"):
        run(tmp_path / "dagster-one", "whole_line")
    first = store.copy("one").home
    assert store.names == names(first)
    made = digests(first)
    assert made["dataset/members"] and len(made) == len(TABLES)

    with machine(store, archive, "two"):
        sql.ask("select count(*) as n from catalog.licensed_images")
        licensed = tables.read(first, LICENSED, ["item_id", "sha256"]).to_pylist()
        assert str(len(licensed)) in capsys.readouterr().out
        second = store.home("two")
        assert digests(second) == made
        assert not list(second.images.glob("??/*")), "nobody read a picture here"

        model = trained_last(second, "transformer")
        sheet = tmp_path / "drawn.png"
        command = [*warm.pd_ml(), "sample", "--model", str(model), "--prompt", "a lake", "--n", "1"]
        subprocess.run(
            [*command, "--steps", "2", "--out", str(sheet)], check=True, capture_output=True, timeout=PATIENCE_S
        )
        with Image.open(sheet) as drawn:
            assert drawn.width > 0

        doomed = licensed[0]
        version = second.pointed("dataset", "main", "latest")
        asked = Asked(names=(str(doomed["item_id"]),), reason="the heirs ask for it", purge=True)
        told = "\n".join(takedown.remove(asked))
        assert "removed 1 pictures" in told and f"main/{version}" in told
        left = store.names
        assert not [name for name in left if str(doomed["sha256"]) in name]
        assert not [name for name in left if name.startswith(f"dataset/main/{version}/")], "its shards hold the picture"
        run(tmp_path / "dagster-two", "build_dataset")
        second = store.home("two")
        dataset = second.latest("dataset", "main")
        assert dataset is not None and dataset.name != version
        assert sum(read_manifest(dataset).counts.values()) <= len(licensed) - 1
        assert find_faults(second, name="main") == []
        drawn_from = {row["sha256"] for row in tables.read(second, LICENSED, ["sha256"]).to_pylist()}
        assert doomed["sha256"] not in drawn_from

    first = store.home("one")
    assert digests(first) == digests(store.home("two"))
    assert not list(first.root.rglob(f"{doomed['sha256']}*")), "gone from the first machine's disk too"
    assert not first.dataset("main", str(version)).exists()


def test_two_code_locations_at_once_do_no_harm(store: Store, archive: SandboxServer, tmp_path: Path) -> None:
    with machine(store, archive, "one"), two_code_locations(tmp_path) as ui:
        ended = wait_for(ui, [launch(ui, "first", *SOURCES, *PICTURES)])
        # No pool keeps these apart: only the locks of the home do.
        at_once = [launch(ui, location, *DATASET) for location in ("first", "second")]
        ended += wait_for(ui, [*at_once, launch(ui, "second", *SOURCES)])
    assert ended == ["SUCCESS"] * 4, (tmp_path / "up.log").read_text()[-4000:]
    home = store.home("two")
    assert find_faults(home, name="main") == []
    licensed = tables.read(home, LICENSED, ["item_id"])["item_id"].to_pylist()
    assert len(licensed) > 40 and len(set(licensed)) == len(licensed)
    assert digests(home) == digests(store.copy("one").home)
    truth = {f"commons:M{page.pageid}" for page in archive.archive.files() if page.truth and page.truth.free}
    assert set(licensed) <= truth


@contextmanager
def two_code_locations(folder: Path) -> Iterator[DagsterUi]:
    """Two processes that serve the same definitions, and a UI and daemon on the same instance that know both."""
    for name in PROJECT_FILES:
        shutil.copy(ROOT / name, folder / name)
    ports = {name: free_port() for name in ("first", "second")}
    entries = [
        f"  - grpc_server: {{host: 127.0.0.1, port: {port}, location_name: {name}}}\n" for name, port in ports.items()
    ]
    (folder / "workspace.yaml").write_text("load_from:\n" + "".join(entries))
    port = free_port()
    with (
        last_words.of("dagster", folder / "up.log"),
        ExitStack() as stack,
        (folder / "up.log").open("wb") as log,
    ):
        commands = [
            ["api", "grpc", "-m", "pd_assets.definitions", "--host", "127.0.0.1", "--port", str(served)]
            for served in ports.values()
        ]
        commands.append(["dev", "-w", "workspace.yaml", "--host", "127.0.0.1", "--port", str(port)])
        started = []
        for command in commands:
            process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "dagster", *command],
                cwd=folder,
                env={**os.environ, **hurry.settings()},
                stdout=log,
                stderr=log,
            )
            stack.callback(stop, process)
            started.append(process)
        ui = DagsterUi(process=started[-1], folder=folder, port=port, home=folder, below="")
        wait_until_it_answers(ui)
        yield ui


def stop(process: "subprocess.Popen[bytes]") -> None:
    """With all that it started: `dagster dev` leaves its own running. What hangs now was waited for by the test."""
    family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.terminate()
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for left in alive(family):
        left.kill()


def launch(ui: DagsterUi, location: str, *assets: str) -> str:
    """Ask for a run of some assets through one code location, which has to be loaded first; its id."""
    keys = [{"path": key.split("/")} for key in assets]

    def launched() -> str:
        told = ui.ask(LAUNCH, location=location, assets=keys)["launchPipelineExecution"]
        assert isinstance(told, dict)
        return str(told["run"]["runId"]) if "run" in told else ""

    return until(launched)


def wait_for(ui: DagsterUi, runs: list[str]) -> list[str]:
    """How the runs ended."""
    return [ui.wait_for(run, "SUCCESS", "FAILURE", "CANCELED") for run in runs]
