"""`pdd up`: the Dagster UI and daemon in the project's folder, with the sandbox beside them where a home needs it."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack

from pd_assets.commands import dead_runs, sandbox
from pd_assets.commands.project import HOST, answers, end_with_parent, open_instance, project_root, require_free
from pd_assets.lib.errors import ConfigError
from pd_assets.lib.home import open_home
from pd_assets.lib.settings import Settings, require_contact
from pd_assets.pools import set_limits

ENABLED = "PD_SCRAPE_ENABLED"


def run_up(port: int) -> None:
    """Serve until Ctrl-C or SIGTERM; ConfigError where the port is taken or PD_HOME cannot be written."""
    root = project_root()
    os.chdir(root)
    require_free(port, "--port")
    settings = Settings.from_env()
    home = open_home(settings.home)
    # Dagster's database is made by one process before several open it: on a fresh one they would damage it.
    with open_instance(root) as instance:
        dead_runs.bury(instance)
        set_limits(instance)
    with ExitStack() as stack:
        if sandbox.remembered(home) is not None and "PD_COMMONS_API" not in os.environ:
            os.environ["PD_COMMONS_API"] = stack.enter_context(sandbox.running(home))
            os.environ.setdefault("PD_RECIPE", "debug")
            print(f"{home.root} was filled from the sandbox, which runs again at {os.environ['PD_COMMONS_API']}")
        print(_nightly(settings))
        print("Starting Dagster's UI and daemon (some ten seconds) ...", flush=True)
        _serve(port)


def _nightly(settings: Settings) -> str:
    """Switch the nightly schedule on where the archive can reach the operator, unless it is said otherwise."""
    if settings.contact and ENABLED not in os.environ:
        try:
            require_contact(settings)
            os.environ[ENABLED] = "1"
        except ConfigError as error:
            return f"nightly_scrape stays off: {error}"
    if os.environ.get(ENABLED) == "1":
        when = f"{settings.scrape_cron} {settings.scrape_timezone}"
        return f"nightly_scrape is on, unless it was switched off in the UI: {when}"
    return "nightly_scrape is off: set PD_CONTACT to your e-mail or page, or switch it on in the UI"


def _serve(port: int) -> None:
    """Run Dagster in the foreground; an interruption of ours becomes one interruption of Dagster's."""
    command = [sys.executable, "-m", "dagster", "dev", "--host", HOST, "--port", str(port)]
    with subprocess.Popen(command, start_new_session=True, preexec_fn=end_with_parent) as process:
        try:
            while process.poll() is None and not answers(port):
                time.sleep(0.2)
            if process.poll() is None:
                print(f"Dagster UI: http://{HOST}:{port}   (Ctrl-C stops it)", flush=True)
            process.wait()
        except KeyboardInterrupt:
            os.killpg(process.pid, signal.SIGINT)
            process.wait()
