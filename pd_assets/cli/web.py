"""`pdd web`: our pages and, below /dagster, Dagster's UI. What `pdd up` starts; alone where services are started one by
one.
"""

import argparse
import os
from pathlib import Path

from pd_assets.cli.instance import open_instance
from pd_assets.cli.project import HOST, project_root, require_free
from pd_assets.cli.up import UI_PORT
from pd_assets.lib.standing import of_the_environment
from pd_assets.running.web import Address, serve_alone, serve_with_daemon

WORKSPACE = "workspace.yaml"


def run_web(workspace: Path | None, address: Address, *, with_daemon: bool, read_only: bool) -> None:
    """Serve until Ctrl-C or SIGTERM; ConfigError where the port is taken or Dagster's storage cannot be had."""
    # Relative to the folder that the command was given in.
    place = workspace.absolute() if workspace else None
    root = project_root()
    os.chdir(root)
    require_free(address.port, "--port")
    with open_instance(root) as instance:
        if with_daemon:
            serve_with_daemon(instance, place or root / WORKSPACE, address)
            raise SystemExit(1)
        serve_alone(instance, place or root / WORKSPACE, address, read_only=read_only)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("--host", default=HOST, help=f"address to listen on (default {HOST})")
    parser.add_argument("-p", "--port", type=int, default=UI_PORT, help=f"port of both (default {UI_PORT})")
    parser.add_argument(
        "-w", "--workspace", type=Path, help=f"names the code location (default the project's {WORKSPACE})"
    )
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--read-only", action="store_true", help="show everything and start nothing")
    kind.add_argument("--with-daemon", action="store_true", help="with daemon and code location, as pdd up has them")


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    given = arguments
    address = Address(host=given.host, port=given.port, also_called=of_the_environment().allowed_hosts)
    try:
        run_web(given.workspace, address, with_daemon=given.with_daemon, read_only=given.read_only)
    except KeyboardInterrupt:
        # How it is ended.
        return
