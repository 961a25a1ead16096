"""`pdd up`: the Dagster UI and daemon in the project's folder, with the sandbox beside them where a home needs it."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from types import FrameType

from pd_assets import sandboxed
from pd_assets.lib.home import open_home
from pd_assets.lib.settings import Settings
from pd_assets.project import HOST, open_instance, project_root, require_free


def run_up(port: int) -> None:
    """Serve until Ctrl-C or SIGTERM; ConfigError where the port is taken or PD_HOME cannot be written."""
    root = project_root()
    os.chdir(root)
    require_free(port, "--port")
    home = open_home(Settings.from_env().home)
    # Dagster's database is made by one process before several open it: on a fresh one they would damage it.
    open_instance(root).dispose()
    with ExitStack() as stack:
        if sandboxed.remembered(home) is not None and "PD_COMMONS_API" not in os.environ:
            os.environ["PD_COMMONS_API"] = stack.enter_context(sandboxed.running(home))
            os.environ.setdefault("PD_RECIPE", "debug")
            print(f"{home.root} was filled from the sandbox, which runs again at {os.environ['PD_COMMONS_API']}")
        print(f"Dagster UI: http://{HOST}:{port}   (Ctrl-C stops it)", flush=True)
        _serve([sys.executable, "-m", "dagster", "dev", "--host", HOST, "--port", str(port)])


def _serve(command: list[str]) -> None:
    """Run Dagster in the foreground with ordinary signals, and pass SIGTERM on to it."""
    with subprocess.Popen(command, preexec_fn=_ordinary_signals) as process:

        def stop(signum: int, frame: FrameType | None) -> None:
            process.terminate()

        signal.signal(signal.SIGTERM, stop)
        try:
            process.wait()
        except KeyboardInterrupt:
            process.wait()


def _ordinary_signals() -> None:
    # Started from a script, SIGINT is ignored, and Dagster copies that to SIGTERM: only kill -9 would stop it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
