"""`pdd open`: our pages about a home, on this machine; `pdd up` has the same beside Dagster's.

`--export` writes them as files instead.
"""

import argparse
import os
import socket
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from pd_assets.cli.project import HOST
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.settings import Settings
from pd_assets.lib.standing import of_the_environment

if TYPE_CHECKING:
    from starlette.types import ASGIApp

OPEN_PORT = 8420
# Pages that wait for news are told to come again.
CLOSING_S = 3
SCREENS = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")


def run_open(port: int | None, *, in_browser: bool) -> None:
    """Serve until Ctrl-C or SIGTERM; ConfigError where a port that was asked for is taken, or there is no home."""
    settings = of_the_environment()
    app = pages(settings)
    with listening(port) as place:
        serve(app, place, in_browser=in_browser)


def pages(settings: Settings) -> "ASGIApp":
    """Our site over the home of the settings. ConfigError where there is none."""
    # Here, so that a mistake in the settings is told at once.
    from pd_assets.web.served import served
    from pd_assets.web.shown import home_to_show
    from pd_assets.web.site import site

    return site(served(home_to_show(settings), settings), also_called=settings.allowed_hosts)


def listening(port: int | None) -> socket.socket:
    """A socket that listens already: a browser may be sent there. Without `port` it is ours, or a free one."""
    asked = OPEN_PORT if port is None else port
    try:
        return _bound(asked)
    except OSError as error:
        if port is not None:
            raise ConfigError(
                f"port {port} on {HOST} cannot be had ({error.strerror}); choose another with --port, or leave it out "
                "for any that is free"
            ) from error
    place = _bound(0)
    print(f"port {asked} is in use, so it is another this time", file=sys.stderr)
    return place


def _bound(port: int) -> socket.socket:
    place = socket.socket()
    try:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.bind((HOST, port))
        place.listen()
    except (OSError, OverflowError) as error:
        place.close()
        raise error if isinstance(error, OSError) else OSError(0, "a port is a number from 0 to 65535") from error
    return place


def serve(app: "ASGIApp", place: socket.socket, *, in_browser: bool, at: str = "/") -> None:
    """Serve an application until it is interrupted, and show a page of it in a browser where this machine has one."""
    import uvicorn

    url = address_of(place)
    print(f"{url}/   (Ctrl-C stops it)", flush=True)
    if in_browser:
        show(url + at)
    config = uvicorn.Config(app, log_level="warning", server_header=False, timeout_graceful_shutdown=CLOSING_S)
    uvicorn.Server(config).run(sockets=[place])


def address_of(place: socket.socket) -> str:
    """Of a site that listens there, without a slash at its end."""
    return f"http://{HOST}:{place.getsockname()[1]}"


def show(url: str) -> None:
    """Open a browser of a desktop. One that would draw in this terminal is not started."""
    if sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in SCREENS):
        webbrowser.open(url)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("--port", type=int, help=f"port of the pages (default {OPEN_PORT}, or any where it is taken)")
    parser.add_argument("--no-browser", action="store_true", help="only say the address")
    parser.add_argument(
        "--export", type=Path, metavar="DIR", help="write gallery, reports and models as plain HTML into a new folder"
    )
    parser.add_argument("--most", type=int, default=0, metavar="N", help="with --export: pages of single pictures")


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    if arguments.export is not None:
        run_export(arguments.export, arguments.most)
        return
    try:
        run_open(arguments.port, in_browser=not arguments.no_browser)
    except KeyboardInterrupt:
        # How it is ended.
        return


def run_export(folder: Path, most: int) -> None:
    """Write the pages that only show as files. ConfigError where the folder has other things in it."""
    from pd_assets.lib.release import index
    from pd_assets.web.export import accepted, export
    from pd_assets.web.served import served
    from pd_assets.web.shown import home_to_show
    from pd_assets.web.site import site

    settings = of_the_environment()
    home = home_to_show(settings)
    if home.may_write and home.copy is None:
        # Of a home that was copied it is of other files: each picture's page would read whole tables.
        index.refresh(home)
    shown = served(home, settings, read_only=True)
    written = export(site(shown), folder, accepted(shown).__contains__, most=most)
    print(f"{written.pages} pages and {written.files} other files in {folder}: open {folder / 'index.html'}")
