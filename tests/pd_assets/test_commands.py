"""The `pdd` command as a person uses it: what it prints, its exit codes, and one line for each mistake."""

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import dagster as dg
import pytest

from pd_assets.cli.instance import open_instance
from pd_assets.lib.home import Home
from pd_assets.sandbox import Archive, SandboxServer
from tests import warm
from tests.conftest import ROOT
from tests.patience import PATIENCE_S


def pdd(project: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run `pdd` in `project` with nothing but `settings` of ours in the environment."""
    return subprocess.run(
        [warm.program(), "-m", "pd_assets.cli", *arguments],
        cwd=project,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE_S,
    )


def the_one_line(done: subprocess.CompletedProcess[str]) -> str:
    """The error of a command that failed as it should: exit code 1 and one line on stderr."""
    assert done.returncode == 1, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("pdd: ")]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return lines[0]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project folder of the test's own, so that the checkout's Dagster storage stays untouched."""
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("dagster.yaml", "workspace.yaml"):
        (folder / name).write_text((ROOT / name).read_text())
    return folder


@contextmanager
def web_page() -> Iterator[str]:
    """A server on loopback that answers everything with an HTML page."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<html><title>A page</title></html>")

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/w/api.php"
        server.shutdown()


def test_a_live_archive_is_not_asked_without_a_contact(project: Path, tmp_path: Path) -> None:
    line = the_one_line(pdd(project, "run", "nightly", PD_HOME=str(tmp_path / "home")))
    assert "PD_CONTACT is not set" in line
    assert "set PD_CONTACT" in line


def test_an_example_address_is_no_contact(project: Path, tmp_path: Path) -> None:
    done = pdd(project, "run", "nightly", PD_HOME=str(tmp_path / "home"), PD_CONTACT="me@example.org")
    assert "PD_CONTACT=me@example.org is an example address" in the_one_line(done)


def test_a_category_that_does_not_exist_is_named(project: Path, tmp_path: Path) -> None:
    with SandboxServer(Archive.painted(count=40)) as server:
        done = pdd(
            project,
            "run",
            "nightly",
            PD_HOME=str(tmp_path / "home"),
            PD_COMMONS_API=server.api_url,
            PD_COMMONS_ROOTS="Nowhere",
        )
    line = the_one_line(done)
    assert "commons/categories" in line
    assert "Category:Nowhere" in line
    tables = [path for path in (tmp_path / "home").rglob("*.parquet") if "ledger" not in path.parts]
    assert tables == []


def test_an_endpoint_that_nobody_answers_is_named(project: Path, tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/w/api.php"
        line = the_one_line(pdd(project, "run", "nightly", PD_HOME=str(tmp_path / "home"), PD_COMMONS_API=url))
    assert f"PD_COMMONS_API={url}" in line
    assert "refused" in line


def test_an_endpoint_that_is_no_action_api_is_named(project: Path, tmp_path: Path) -> None:
    with web_page() as url:
        line = the_one_line(pdd(project, "run", "nightly", PD_HOME=str(tmp_path / "home"), PD_COMMONS_API=url))
    assert f"PD_COMMONS_API={url}" in line
    assert "text/html" in line


@pytest.mark.parametrize("command", [("demo",), ("up", "--port", "39871"), ("run", "nightly")])
def test_a_home_that_cannot_be_written_is_named(project: Path, tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "file").write_text("not a folder")
    line = the_one_line(pdd(project, *command, PD_HOME=str(tmp_path / "file" / "home"), PD_CONTACT="a@b.net"))
    assert "PD_HOME" in line
    assert "cannot be written" in line


def test_a_home_that_is_not_there_is_named_and_not_made_by_a_question(project: Path, tmp_path: Path) -> None:
    line = the_one_line(pdd(project, "sql", "select 1", PD_HOME=str(tmp_path / "home"), PD_CONTACT="a@b.net"))
    assert f"PD_HOME={tmp_path / 'home'}: there is no such folder" in line
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("command", ["demo", "up", "doctor"])
def test_a_recipe_that_does_not_exist_is_named_with_those_that_do(project: Path, tmp_path: Path, command: str) -> None:
    line = the_one_line(pdd(project, command, PD_HOME=str(tmp_path / "home"), PD_RECIPE="huge"))
    assert "PD_RECIPE=huge" in line
    assert "debug, small, base" in line
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("command", ["up", "sandbox"])
def test_a_port_in_use_is_named(project: Path, tmp_path: Path, command: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        line = the_one_line(pdd(project, command, "--port", port, PD_HOME=str(tmp_path / "home")))
    assert f"port {port}" in line
    assert "--port" in line


def test_a_home_of_another_archive_is_not_mixed_with_the_sandbox(project: Path, tmp_path: Path) -> None:
    home = Home(root=tmp_path / "home")
    home.claim("https://commons.wikimedia.org/w/api.php")
    line = the_one_line(pdd(project, "demo", PD_HOME=str(home.root)))
    assert "holds pictures of https://commons.wikimedia.org" in line


def test_pictures_without_metadata_are_named(project: Path, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    line = the_one_line(pdd(project, "sandbox", "--pictures", str(tmp_path / "pictures"), "--port", "0"))
    assert "metadata.jsonl" in line


def test_a_folder_without_the_project_is_named(tmp_path: Path) -> None:
    done = pdd(tmp_path, "doctor", PD_HOME=str(tmp_path / "home"), PD_CONTACT="", PD_COMMONS_API="ftp://x")
    assert "PD_COMMONS_API=ftp://x" in the_one_line(done)


def test_wrong_usage_is_exit_code_2(project: Path) -> None:
    assert pdd(project, "run", "no-such-job").returncode == 2
    assert pdd(project).returncode == 2


def useful_queries() -> list[str]:
    """The statements that the README shows."""
    block = (ROOT / "README.md").read_text().split("```sql\n")[1].split("```")[0]
    found = [statement.strip() for statement in block.split(";") if statement.strip()]
    assert len(found) == 5
    return found


def test_the_nightly_job_fills_the_tables_and_people_can_ask_them(project: Path, tmp_path: Path) -> None:
    home = str(tmp_path / "home")
    with SandboxServer(Archive.painted(count=120)) as server:
        settings = {"PD_HOME": home, "PD_COMMONS_API": server.api_url}
        done = pdd(project, "run", "nightly", **settings)
        assert done.returncode == 0, done.stderr
        assert "  rights/decisions: " in done.stdout
        assert re.search(r"^  [1-9]\d* checks passed$", done.stdout, re.MULTILINE)
        assert "only_free_pictures" not in done.stdout, "through a pipe a check is told where it did not pass"
        assert pdd(project, "doctor", **settings).returncode == 0

    # As the pages of Dagster's UI ask: the job's by its label, the front page by the code location.
    with chdir(project), open_instance(project) as instance:
        [run] = instance.get_runs(dg.RunsFilter(job_name="nightly", tags={".dagster/repository": "__repository__@pd"}))
        assert run.remote_job_origin is not None and run.remote_job_origin.location_name == "pd"
        assert run.status is dg.DagsterRunStatus.SUCCESS

    counted = pdd(project, "sql", "select count(*) > 50 as enough from catalog.licensed_images", PD_HOME=home)
    assert counted.returncode == 0
    assert "true" in counted.stdout
    assert "the query failed" in the_one_line(pdd(project, "sql", "select nonsense", PD_HOME=home))
    assert "read-only" in the_one_line(pdd(project, "sql", "create table x (a int)", PD_HOME=home))

    for statement in useful_queries():
        asked = pdd(project, "sql", statement, PD_HOME=home)
        assert asked.returncode == 0, asked.stderr

    found = re.search(
        r"commons:M\d+", pdd(project, "sql", "select min(item_id) from licensed_images", PD_HOME=home).stdout
    )
    assert found is not None
    explained = pdd(project, "decide", found[0], PD_HOME=home)
    assert explained.returncode == 0, explained.stderr
    assert explained.stdout.startswith("May be used: ")
    assert "seen in wikitext" in explained.stdout
    assert "expected one" in the_one_line(pdd(project, "decide", "commons:M0", PD_HOME=home))
