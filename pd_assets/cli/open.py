"""`pdd open`: our pages about a home, on this machine. `pdd up` has the same pages beside Dagster's."""

import argparse
import webbrowser

from pd_assets.cli.project import HOST, require_free
from pd_assets.lib.home import open_home
from pd_assets.lib.settings import Settings

OPEN_PORT = 8420


def run_open(port: int, *, in_browser: bool) -> None:
    """Serve until Ctrl-C or SIGTERM; ConfigError where the port is taken or there is no home."""
    import uvicorn

    from pd_assets.web.served import served
    from pd_assets.web.site import site

    require_free(port, "--port")
    settings = Settings.from_env()
    app = site(served(open_home(settings.home), settings), also_called=settings.allowed_hosts)
    url = f"http://{HOST}:{port}/"
    print(f"{url}   (Ctrl-C stops it)", flush=True)
    if in_browser:
        webbrowser.open(url)
    uvicorn.run(app, host=HOST, port=port, log_level="warning", server_header=False)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("--port", type=int, default=OPEN_PORT, help=f"port of the pages (default {OPEN_PORT})")
    parser.add_argument("--no-browser", action="store_true", help="only say the address")


def run(arguments: argparse.Namespace) -> None:
    """The command."""
    run_open(arguments.port, in_browser=not arguments.no_browser)
