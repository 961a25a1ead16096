"""The project's own folder, the Dagster instance kept in it, and ports on this machine."""

import ctypes
import logging
import os
import re
import signal
import socket
import sqlite3
import sys
from pathlib import Path

import dagster as dg
from dagster_shared.check import CheckError
from sqlalchemy.exc import DBAPIError
from yaml import YAMLError

from pd_assets.lib.errors import ConfigError

HOST = "127.0.0.1"
PR_SET_PDEATHSIG = 1
POST_PROCESSING = re.compile(r"Post processing at path root:(\S+) of original value .* failed:\n[\w.]+Error: ")
POSTGRES_MISSING = "Postgres needs dagster-postgres, which pip install -c constraints.txt -e '.[postgres]' installs"


def end_with_parent() -> None:
    """For `preexec_fn`: ordinary signals, and on Linux a SIGTERM when the parent dies, even by kill -9.

    Started from a script, SIGINT is ignored, and Dagster would copy that to SIGTERM: only kill -9 would stop it.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
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


def open_instance(root: Path) -> dg.DagsterInstance:
    """Dagster's storage as `dagster dev` finds it: DAGSTER_HOME, or the dagster.yaml of the project's folder.

    ConfigError where its settings are wrong, or its database is damaged, locked by somebody who does not let go, or
    not to be reached.
    """
    at_home = os.environ.get("DAGSTER_HOME")
    said = f"{at_home or root}/dagster.yaml"
    # Dagster tells each of its tries to reach a database server; we tell the last.
    logging.disable(logging.WARNING)
    try:
        instance = dg.DagsterInstance.get() if at_home else dg.DagsterInstance.from_config(str(root))
        instance.get_runs_count()
        instance.get_dynamic_partitions("")
        instance.all_instigator_state()
    except (dg.DagsterError, CheckError, YAMLError) as error:
        raise ConfigError(f"Dagster cannot be set up as {said} says: {_told(error)}; mend it and run again") from error
    except Exception as error:
        found = error if isinstance(error, DBAPIError) else error.__cause__
        if not isinstance(found, DBAPIError):
            raise
        what = " ".join(str(found.orig).split())
        raise ConfigError(f"Dagster's database, as {said} says, cannot be used ({what}); {_cure(found)}") from error
    finally:
        logging.disable(logging.NOTSET)
    return instance


def _told(error: Exception) -> str:
    """What is wrong, without the definition of all that would be right."""
    if not isinstance(error, dg.DagsterInvalidConfigError):
        said = " ".join(str(error).split())
        return POSTGRES_MISSING if "dagster_postgres" in said else said.rstrip(".")
    # Of a variable that is not set, the cause is in the second line.
    causes = [POST_PROCESSING.sub(r"\1: ", one.message).split("\n")[0] for one in error.errors]
    return "; ".join(cause.partition(". In order for")[0].rstrip(".") for cause in causes)


def _cure(error: DBAPIError) -> str:
    if isinstance(error.orig, sqlite3.Error):
        return (
            "where it is damaged, move its folder away: the history of runs begins anew, and no table, picture or "
            "model is lost"
        )
    return "start the server, or mend its address, user and password there (the DAGSTER_PG_* variables)"


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
