"""Our site at /, and Dagster's UI below /dagster, behind our guard (lib/guard.py): alone, or with the daemon and the
code location beside it.

Beside it they are as `dagster dev` has them: the code location is loaded once, and web server and daemon ask it both.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg
import uvicorn
import yaml
from dagster_webserver.webserver import DagsterWebserver
from starlette.applications import Starlette
from starlette.middleware import Middleware

from pd_assets.lib.errors import ConfigError
from pd_assets.lib.guard import guard
from pd_assets.lib.home import Home
from pd_assets.lib.settings import Settings
from pd_assets.lib.standing import of_the_environment
from pd_assets.running.private import (
    ProxyServerManager,
    WorkspaceFileTarget,
    WorkspaceProcessContext,
    WorkspaceRequestContext,
    serialize_value,
)
from pd_assets.web.served import DAGSTER, served
from pd_assets.web.shown import home_to_show
from pd_assets.web.site import Beside, site, without_home

OPERATIONS = frozenset({f"{DAGSTER}/graphql"})
# What the UI is made of. Its own policy, which names the scripts of each page by a nonce, stays beside this one.
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'"
)
POLL_MS = 2000
# As dagster-webserver has them.
STATEMENT_MS, RECYCLE_S, MOST_OVERFLOW = 15_000, 3600, 20
# Open pages are told to come again; a daemon may be in the middle of starting a run.
CLOSING_S, DAEMON_ENDS_S = 5, 60


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where both listen, and by which names besides this machine's own they may be asked for."""

    host: str
    port: int
    also_called: Sequence[str] = ()


class GuardedWebserver(DagsterWebserver[WorkspaceProcessContext, WorkspaceRequestContext]):
    """Dagster's web application, below /dagster, with the guard before all that it does."""

    def __init__(self, context: WorkspaceProcessContext, also_called: Sequence[str]) -> None:
        self._also_called = also_called
        super().__init__(context, DAGSTER, live_data_poll_rate=POLL_MS)

    def build_middleware(self) -> list[Middleware]:
        """The guard, outermost."""
        ours = guard(policy=POLICY, also_called=self._also_called, operations_at=OPERATIONS)
        return [*ours, *super().build_middleware()]


def serve_alone(instance: dg.DagsterInstance, workspace: Path, address: Address, *, read_only: bool) -> None:
    """Serve our site and the UI of the code locations that a workspace file names, until it is interrupted."""
    with _server(instance, workspace, address, read_only=read_only) as server:
        server.run()


def serve_with_daemon(instance: dg.DagsterInstance, workspace: Path, address: Address) -> None:
    """Serve both with daemon and code location until it is interrupted; returns where one of them ended by itself."""
    # Errors of the code location are told without the stack of its server.
    os.environ["DAGSTER_IS_DEV_CLI"] = "1"
    with (
        _code_location(instance, workspace) as shared,
        _daemon(instance, shared) as daemon,
        _server(instance, shared, address, read_only=False) as server,
    ):

        def end_with_daemon() -> None:
            daemon.wait()
            server.should_exit = True

        threading.Thread(target=end_with_daemon, daemon=True).start()
        server.run()


@contextmanager
def _server(
    instance: dg.DagsterInstance, workspace: Path, address: Address, *, read_only: bool
) -> Iterator[uvicorn.Server]:
    instance.optimize_for_webserver(STATEMENT_MS, RECYCLE_S, MOST_OVERFLOW)
    with WorkspaceProcessContext(
        instance,
        WorkspaceFileTarget([str(workspace)]),
        version=dg.__version__,
        read_only=read_only,
        code_server_log_level="warning",
    ) as context:
        dagster = GuardedWebserver(context, address.also_called).create_asgi_app()
        app = Beside(our_site(of_the_environment(), address.also_called, read_only=read_only), dagster)
        yield uvicorn.Server(
            uvicorn.Config(
                app,
                host=address.host,
                port=address.port,
                log_level="warning",
                server_header=False,
                timeout_graceful_shutdown=CLOSING_S,
            )
        )


def our_site(settings: Settings, also_called: Sequence[str], *, read_only: bool) -> Starlette:
    """Our pages beside Dagster's, or, on a machine that does not have the home, one that says so."""
    try:
        home = home_to_show(settings, read_only=read_only)
    except ConfigError as error:
        nowhere = served(Home(root=Path(), elsewhere=Path()), settings, has_dagster=True, read_only=True)
        return without_home(nowhere, str(error), also_called=also_called)
    return site(served(home, settings, has_dagster=True, read_only=read_only), also_called=also_called)


@contextmanager
def _code_location(instance: dg.DagsterInstance, workspace: Path) -> Iterator[Path]:
    """Servers for the modules that a workspace file names, and a workspace file that names these servers."""
    target = WorkspaceFileTarget([str(workspace)])
    with (
        ProxyServerManager(instance, target, code_server_log_level="warning") as servers,
        TemporaryDirectory() as folder,
    ):
        shared = Path(folder) / "workspace.yaml"
        shared.write_text(yaml.dump({"load_from": servers.get_code_server_specs()}))
        yield shared


@contextmanager
def _daemon(instance: dg.DagsterInstance, workspace: Path) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "dagster._daemon", "run", "--workspace", str(workspace)]
    with subprocess.Popen([*command, "--instance-ref", serialize_value(instance.get_ref())]) as daemon:
        try:
            yield daemon
        finally:
            if daemon.poll() is None:
                daemon.send_signal(signal.SIGINT)
            try:
                daemon.wait(DAEMON_ENDS_S)
            except subprocess.TimeoutExpired:
                daemon.kill()
