"""The project's own folder, signals of the processes that it starts, and ports on this machine."""

import ctypes
import shutil
import signal
import socket
import sys
from pathlib import Path

from pd_assets.lib.errors import ConfigError

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


FILES = ("dagster.yaml", "workspace.yaml")
# Where a wheel puts them; in a checkout they lie beside the package.
INSTALLED = Path(sys.prefix) / "share/public-domain-diffusion"


def project_root() -> Path:
    """The folder with dagster.yaml: here or above, else beside the package.

    Where a wheel was installed, the folder that one is in becomes a project. ConfigError where there is none.
    """
    candidates = [Path.cwd(), *Path.cwd().parents, Path(__file__).resolve().parents[2]]
    for folder in candidates:
        if all((folder / name).is_file() for name in FILES):
            return folder
    if all((INSTALLED / name).is_file() for name in FILES):
        return begin_project(Path.cwd(), INSTALLED)
    raise ConfigError(
        f"no dagster.yaml and workspace.yaml in {Path.cwd()} or above it; go to the project's folder and run again"
    )


def begin_project(folder: Path, templates: Path) -> Path:
    """Make a project of a folder: Dagster's settings, and where its code is. ConfigError where that cannot be."""
    try:
        for name in FILES:
            shutil.copyfile(templates / name, folder / name)
    except OSError as error:
        raise ConfigError(f"{folder} cannot become a project ({error.strerror}); go to a folder of yours") from error
    print(f"made {' and '.join(FILES)} in {folder}: Dagster keeps its history there", file=sys.stderr)
    return folder


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
