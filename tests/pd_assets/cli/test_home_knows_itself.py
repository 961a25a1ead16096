"""A finished home answers every question with no setting but PD_HOME, while nobody answers for its archive; and once
more from another place.
"""

import csv
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pd_assets.cli import main
from pd_assets.cli.sandbox import api_url, beside, is_at_work
from pd_assets.lib.catalog import views
from pd_assets.lib.home import Home, open_home, write_text
from pd_assets.lib.standing import of_the_environment
from tests import warm
from tests.conftest import ROOT
from tests.patience import PATIENCE_S, until
from tests.pd_assets.line import Night


@pytest.fixture
def home(first_night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """As `pdd demo` leaves it: filled from a sandbox of its own, which is at work no more."""
    place = tmp_path / "home"
    shutil.copytree(first_night.line.home.root, place, symlinks=True)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    made = open_home(place)
    made.claim_anew(api_url(port))
    write_text(made.root / "sandbox" / "sandbox.json", json.dumps({"port": port, "pictures": None}))
    views.rebuild(made)
    project = tmp_path / "project"
    project.mkdir()
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(ROOT / name, project / name)
    monkeypatch.chdir(project)
    monkeypatch.setenv("PD_HOME", str(place))
    before = signal.getsignal(signal.SIGTERM)
    yield made
    signal.signal(signal.SIGTERM, before)


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command says that ends well."""
    code = main(arguments)
    said = capsys.readouterr()
    assert code == 0, (arguments, said.err)
    return said.out


def ask_everything(home: Home, capsys: pytest.CaptureFixture[str], *, names: int) -> None:
    """Every question once, and by the first so many names of a picture."""
    (one,) = json.loads(told(capsys, "sql", "--json", "from catalog.licensed_images order by item_id limit 1"))
    (item,) = json.loads(told(capsys, "sql", "--json", f"from items where item_id = '{one['item_id']}'"))
    file = item["page_url"].rpartition("/")[2]
    called = (
        item["item_id"],
        item["item_id"].partition(":")[2],
        item["item_id"].partition(":")[2].removeprefix("M"),
        file,
        file.removeprefix("File:"),
        file.replace("_", " "),
        item["page_url"],
        item["sha1"],
    )
    for name in called[:names]:
        assert told(capsys, "decide", name).startswith("May be used: "), name
        assert one["item_id"] in told(capsys, "trace", name), name
    assert told(capsys, "takedown", "--list") == "nothing was taken down\n"
    told(capsys, "drift")
    told(capsys, "rights-gaps")
    counted = csv.DictReader(told(capsys, "sql", "select count(*) as none from rights.takedowns").splitlines())
    assert list(counted) == [{"none": "0"}]
    looked = told(capsys, "doctor")
    assert "no request waits for an operator" in looked
    assert f"filled from {home.archive}" in looked and f"the sandbox at {home.archive}" in looked
    assert main(["decide", file[:-6] + "_" + file[-5:]]) == 1
    assert one["item_id"] in capsys.readouterr().err, "what is near is named"
    with duckdb.connect(str(home.catalog), read_only=True, config={"file_search_path": str(home.root)}) as connection:
        assert connection.sql("select count(*) from rights.takedowns").fetchall() == [(0,)]
        assert connection.sql("select count(*) > 50 from licensed_images").fetchall() == [(True,)]


def test_a_finished_home_answers_with_no_other_setting_and_so_it_does_from_another_place(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ask_everything(home, capsys, names=8)
    moved = home.root.rename(home.root.with_name("moved"))
    monkeypatch.setenv("PD_HOME", str(moved))
    ask_everything(Home(root=moved), capsys, names=1)


def test_its_sandbox_runs_for_as_long_as_it_is_needed_and_is_shared(home: Home) -> None:
    api = home.archive
    with beside(home):
        assert os.environ["PD_COMMONS_API"] == api == of_the_environment().commons_api
        assert os.environ["PD_RECIPE"] == "debug"
    assert "PD_COMMONS_API" not in os.environ and "PD_RECIPE" not in os.environ
    assert not is_at_work(home)


def test_a_sandbox_that_another_command_has_is_used_and_left_running(home: Home) -> None:
    from pd_assets.sandbox import attributes

    write_text(home.root / "sandbox" / "attributes.json", json.dumps(attributes(), indent=1))
    with beside(home):
        del os.environ["PD_COMMONS_API"]
        assert is_at_work(home)
        with beside(home):
            assert os.environ["PD_COMMONS_API"] == home.archive
        assert is_at_work(home)
        os.environ["PD_COMMONS_API"] = str(home.archive)


def test_a_sandbox_stays_until_the_last_command_that_uses_it_has_ended(home: Home) -> None:
    from pd_assets.sandbox import attributes

    write_text(home.root / "sandbox" / "attributes.json", json.dumps(attributes(), indent=1))
    code = (
        "import sys; from pathlib import Path; from pd_assets.cli.sandbox import beside; "
        "from pd_assets.lib.home import open_home\n"
        "with beside(open_home(Path(sys.argv[1]))): print('in', flush=True); sys.stdin.read()"
    )
    command = [warm.program(), "-c", code, str(home.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "in\n"
        with beside(home):
            first.stdin.close() if first.stdin else None
            assert first.wait(PATIENCE_S) == 0
            assert is_at_work(home), "the one that started it has ended, and this one has not"
    until(lambda: not is_at_work(home))


def test_a_sandbox_ends_after_a_command_that_was_killed(home: Home) -> None:
    from pd_assets.sandbox import attributes

    write_text(home.root / "sandbox" / "attributes.json", json.dumps(attributes(), indent=1))
    port = int(str(home.archive).split(":")[2].split("/")[0])
    users = home.root / "sandbox" / ".users.lock"
    with users.open("w") as user:
        fcntl.flock(user, fcntl.LOCK_SH)
        subprocess.Popen([warm.program(), "-m", "pd_assets.cli", "sandbox", "--port", str(port), "--quiet",
                          "--while-used", str(users)])  # fmt: skip
        until(lambda: is_at_work(home))
    until(lambda: not is_at_work(home))
