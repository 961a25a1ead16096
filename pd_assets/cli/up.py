"""`pdd up`: our pages, Dagster's UI and its daemon in the project's folder, with the sandbox where a home needs it."""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pd_assets.cli import sandbox
from pd_assets.cli.project import HOST, answers, ordinary_signals, project_root, require_free
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import open_home
from pd_assets.lib.settings import Settings, require_contact
from pd_assets.lib.standing import of_the_environment

UI_PORT = 3000
ENABLED = "PD_SCRAPE_ENABLED"


def run_up(port: int) -> None:
    """Serve until Ctrl-C or SIGTERM; ConfigError where the port is taken or PD_HOME cannot be written."""
    root = project_root()
    os.chdir(root)
    require_free(port, "--port")
    settings = of_the_environment()
    home = open_home(settings.home)
    # In a process of its own: this one stays as long as the UI does, and without Dagster it is small.
    if ended := subprocess.run([sys.executable, "-m", "pd_assets.cli", "prepare"], check=False).returncode:
        raise SystemExit(ended)
    with sandbox.beside(home):
        print(_automation(settings))
        print("Starting the pages, Dagster's UI and its daemon (some ten seconds) ...", flush=True)
        _serve(port)


def _automation(settings: Settings) -> str:
    """Switch schedule and sensors on where the archive can reach the operator, if nothing else is said; what is on."""
    if settings.contact and ENABLED not in os.environ:
        try:
            require_contact(settings)
            os.environ[ENABLED] = "1"
        except ConfigError as error:
            return f"nightly_scrape stays off: {error}"
    if os.environ.get(ENABLED) == "1":
        sensors = (
            "takedown_watch and retrain_on_new_images" if of_the_environment().retrain_enabled else "takedown_watch"
        )
        when = f"{settings.scrape_cron} {settings.scrape_timezone}"
        return f"nightly_scrape is on, unless it was switched off in the UI: {when}; with it {sensors}"
    return "nightly_scrape is off: set PD_CONTACT to your e-mail or page, or switch it on in the UI"


def _serve(port: int) -> None:
    """Run Dagster in the foreground; an interruption of ours becomes one interruption of all its processes."""
    # Arenas for each thread are memory that is never given back, and nothing here needs them.
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")
    command = [sys.executable, "-m", "pd_assets.cli", "web", "--with-daemon", "--port", str(port)]
    with (
        subprocess.Popen(command, start_new_session=True, preexec_fn=ordinary_signals) as process,
        _interrupted_with_us(process.pid),
    ):
        try:
            # It is not waited for here, so that its number stays that of the group.
            while not (ended := _has_ended(process.pid, os.WNOHANG)) and not answers(port):
                time.sleep(0.2)
            if not ended:
                at = f"http://{HOST}:{port}"
                print(f"Pictures and models: {at}/", flush=True)
                print(f"Dagster UI: {at}/dagster/   (Ctrl-C stops both)", flush=True)
                _has_ended(process.pid)
            print("pdd: Dagster's daemon or web server ended by itself; start pdd up again", file=sys.stderr)
            # Killed, the web server left daemon and code location behind.
            os.killpg(process.pid, signal.SIGINT)
            raise SystemExit(1)
        except KeyboardInterrupt:
            os.killpg(process.pid, signal.SIGINT)
            process.wait()


def _has_ended(pid: int, options: int = 0) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | options) is not None


@contextmanager
def _interrupted_with_us(group: int) -> Iterator[None]:
    """While it is open, kill -9 of this process interrupts a process group: its runs would go on for ever else.

    A shell waits for the end of a pipe that only this process holds open.
    """
    command = ["/bin/sh", "-c", f"read -r _ || kill -s INT -- -{group}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as watcher:
        try:
            yield
        finally:
            watcher.kill()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument(
        "--port", type=int, default=UI_PORT, help=f"port of the pages and of Dagster's UI (default {UI_PORT})"
    )


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    run_up(arguments.port)
