"""`pdd open` as a person uses it: where it listens, what it shows, and how it ends."""

import os
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pd_assets.cli.open import OPEN_PORT, listening
from pd_assets.cli.project import is_free
from pd_assets.lib.home import open_home
from tests import warm
from tests.patience import PATIENCE_S, until
from tests.pd_assets.test_imports import in_a_fresh_process
from tests.reach import reached


@contextmanager
def opened(home: Path, *arguments: str, **settings: str) -> Iterator["subprocess.Popen[str]"]:
    """`pdd open` in a process of its own."""
    with subprocess.Popen(
        [warm.program(), "-m", "pd_assets.cli", "open", *arguments],
        env={**os.environ, "PD_HOME": str(home), **settings},
        cwd=home.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def address(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().split()[0]


def test_it_opens_a_browser_at_a_page_that_answers_and_an_interruption_ends_it_quietly(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home").root
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/shown\n')
    browser.chmod(0o755)
    with opened(home, "--port", "0", BROWSER=f"{browser} %s") as process:
        url = address(process)
        with urllib.request.urlopen(f"{url}static/site.css", timeout=PATIENCE_S) as answer:
            assert answer.status == 200
        until((tmp_path / "shown").is_file)
        assert until(lambda: (tmp_path / "shown").read_text().strip()) == url
        process.send_signal(signal.SIGINT)
        told, errors = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, told, errors) == (0, "", "")


def test_a_home_that_must_not_be_written_is_shown_and_not_changed(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home").root
    home.chmod(0o555)
    with opened(home, "--port", "0", "--no-browser") as process:
        url = address(process)
        asked = urllib.request.Request(f"{url}judge", b"{}", {"Content-Type": "application/json"})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(asked, timeout=PATIENCE_S)
        assert refused.value.code == 403 and b"cannot be written" in refused.value.read()
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [((), "there is no such folder"), (("--export", "out"), "there is no such folder")],
)
def test_a_home_that_is_not_there_is_named_and_not_made(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    with opened(tmp_path / "none", "--no-browser", *arguments) as process:
        _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1 and errors.startswith("pdd: PD_HOME=") and says in errors
    assert list(tmp_path.iterdir()) == []


def test_a_taken_port_is_named_where_it_was_asked_for_and_else_another_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = open_home(tmp_path / "home").root
    with listening(0) as taken:
        port = taken.getsockname()[1]
        with opened(home, "--port", str(port)) as process:
            _, errors = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 1 and f"port {port} on 127.0.0.1 cannot be had" in errors and "--port" in errors
    # Whoever has the usual port now: us, or something else on this machine.
    with socket.socket() as usual:
        if is_free(OPEN_PORT):
            usual.bind(("127.0.0.1", OPEN_PORT))
            usual.listen()
        with listening(None) as another:
            assert another.getsockname()[1] != OPEN_PORT
    assert f"port {OPEN_PORT} is in use" in capsys.readouterr().err


def test_before_the_first_page_neither_dagster_nor_torch_is_imported() -> None:
    names = {name.partition(".")[0] for name in reached("pd_assets.cli.open")}
    assert not names & {"dagster", "torch", "diffusers", "transformers", "accelerate"}
    # What draws plots imports it when it draws one.
    assert in_a_fresh_process("import pd_assets.web.site", ("matplotlib", "pandas")) == []
