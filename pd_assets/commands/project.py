"""The project's own folder, the Dagster instance kept in it, and ports on this machine."""

import ctypes
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pd_assets.lib.errors import ConfigError

if TYPE_CHECKING:
    import dagster as dg

HOST = "127.0.0.1"
PR_SET_PDEATHSIG = 1


def ordinary_signals() -> None:
    """For `preexec_fn`: SIGINT and SIGTERM as a terminal gives them.

    Started from a script, SIGINT is ignored, and Dagster would copy that to SIGTERM: only kill -9 would stop it.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def end_with_parent() -> None:
    """For `preexec_fn`: ordinary signals, and on Linux a SIGTERM when the parent dies, even by kill -9."""
    ordinary_signals()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def project_root() -> Path:
    """The folder with dagster.yaml: here or above, else beside the package; ConfigError where there is none."""
    candidates = [Path.cwd(), *Path.cwd().parents, Path(__file__).resolve().parents[2]]
    for folder in candidates:
        if (folder / "dagster.yaml").is_file() and (folder / "workspace.yaml").is_file():
            return folder
    raise ConfigError(
        f"no dagster.yaml and workspace.yaml in {Path.cwd()} or above it; go to the project's folder and run again"
    )


def open_instance(root: Path) -> "dg.DagsterInstance":
    """Dagster's storage as `dagster dev` finds it: DAGSTER_HOME, or the dagster.yaml of the project's folder.

    ConfigError where its database is damaged, locked by somebody who does not let go, or not to be reached.
    """
    # Here and not above: `pdd up` stays as long as the UI does, and is small without them.
    import dagster as dg
    from sqlalchemy.exc import DBAPIError

    at_home = os.environ.get("DAGSTER_HOME")
    try:
        instance = dg.DagsterInstance.get() if at_home else dg.DagsterInstance.from_config(str(root))
        instance.get_runs_count()
        instance.get_dynamic_partitions("")
        instance.all_instigator_state()
    except DBAPIError as error:
        raise ConfigError(
            f"Dagster's database, as {at_home or root}/dagster.yaml says, cannot be used ({error.orig}); where it is "
            "damaged, move its folder away: the history of runs begins anew, and no table, picture or model is lost"
        ) from error
    return instance


def is_free(port: int) -> bool:
    """Whether nothing listens on a port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether something on this machine takes connections on a port."""
    try:
        with socket.create_connection((HOST, port), timeout=1.0):
            return True
    except OSError:
        return False


def require_free(port: int, option: str) -> None:
    """ConfigError where a port is in use."""
    if not is_free(port):
        raise ConfigError(
            f"port {port} on {HOST} is in use, expected a free one; stop what uses it, or choose another with {option}"
        )


def free_port(preferred: int) -> int:
    """`preferred` where it is free, else any free port."""
    if is_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
