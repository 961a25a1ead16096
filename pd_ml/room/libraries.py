"""What every training may read of the machine: the system's programs and libraries, the interpreter, its environment.

None of it is an input, but a file in it could hold weights all the same: those with the name of data are listed. The
scan keeps the times of all folders, and looks again only into those that changed.
"""

import json
import os
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pd_ml.data.shards import sha256_of

_PROGRAMS = (
    *("/usr/bin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec", "/usr/include", "/usr/local/lib"),
    *("/usr/local/cuda", "/usr/local/nvidia", "/lib", "/lib32", "/lib64", "/bin"),
)
_SETTINGS = (
    *("/usr/share/fonts", "/usr/share/fontconfig", "/usr/share/zoneinfo", "/usr/share/locale"),
    *("/etc/ld.so.cache", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/passwd", "/etc/resolv.conf"),
    *("/etc/localtime", "/etc/fonts", "/etc/ssl", "/sys/devices/system"),
)
_OF_CUDA = ("/proc/driver/nvidia", "/sys/devices", "/sys/bus/pci", "/sys/class/drm")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
# A prefix of these is the system's, and holds more than Python.
_SHARED_PREFIXES = frozenset({"/", "/usr", "/usr/local"})
_DATA_SUFFIXES = frozenset(
    (
        *(".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".onnx", ".h5", ".hdf5", ".gguf", ".ggml", ".msgpack"),
        *(".npz", ".npy", ".pkl", ".pickle", ".joblib", ".parquet", ".arrow", ".feather", ".tflite", ".pb", ".model"),
        *(".mat", ".tar", ".zip", ".gz", ".xz", ".zst", ".7z", ".db", ".sqlite", ".dat", ".raw"),
    )
)
LEAST_BYTES = 64 * 1024
_FORMAT_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class DataLike:
    """A file of a library that could be data."""

    path: str
    size_bytes: int
    sha256: str


def trees() -> list[str]:
    """Programs and libraries that are given as a whole."""
    return [path for path in [*_PROGRAMS, *_of_python()] if os.path.exists(path)]


def settings() -> list[str]:
    """Small files and folders that libraries ask for."""
    cuda = _OF_CUDA if _gpus() else ()
    return [path for path in [*_SETTINGS, *cuda] if os.path.exists(path)]


def devices() -> list[str]:
    """/dev has no others."""
    return [path for path in [*_DEVICES, *_gpus()] if os.path.exists(path)]


def _gpus() -> list[str]:
    return sorted(str(path) for path in Path("/dev").glob("nvidia*") if path.is_char_device())


def _of_python() -> list[str]:
    prefixes = [os.path.realpath(prefix) for prefix in (sys.base_prefix, sys.base_exec_prefix, sys.prefix)]
    own = [prefix for prefix in prefixes if prefix not in _SHARED_PREFIXES]
    shared = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib")] if len(own) < len(prefixes) else []
    packages = [path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")]
    return list(dict.fromkeys(os.path.realpath(path) for path in [*own, *shared, *packages]))


def search_path() -> list[str]:
    """Where Python finds installed packages, for the interpreter inside."""
    given = trees()
    real = [os.path.realpath(path) for path in sys.path if path]
    return [path for path in real if any(path == tree or path.startswith(f"{tree}/") for tree in given)]


def data_like(scanned: Sequence[str], note: Path) -> list[DataLike]:
    """Files with the name of data and more than 64 KiB below the trees, with digest. `note` keeps what was found."""
    before = _noted(note)
    found = _Scan(before)
    for tree in dict.fromkeys(os.path.realpath(path) for path in scanned):
        found.enter(tree)
    files = found.files()
    if found.folders != before.get("folders") or files != before.get("files"):
        _keep(note, {"format_version": _FORMAT_VERSION, "folders": found.folders, "files": files})
    return [
        DataLike(path=path, size_bytes=int(str(entry[0])), sha256=str(entry[-1]))
        for path, entry in sorted(files.items())
        if entry[-1]
    ]


class _Scan:
    """Folders by path: time, folders and data-like names in them; a folder whose time is the same is not listed."""

    def __init__(self, before: Mapping[str, Mapping[str, list[object]]]) -> None:
        self._folders_before = before.get("folders", {})
        self._files_before = before.get("files", {})
        self.folders: dict[str, list[object]] = {}

    def enter(self, folder: str) -> None:
        todo = [folder]
        while todo:
            here = todo.pop()
            if here in self.folders:
                continue
            try:
                time_ns = os.stat(here).st_mtime_ns
                known = self._folders_before.get(here)
                entry = known if known is not None and known[0] == time_ns else [time_ns, *_listed(here)]
            except OSError:
                continue
            self.folders[here] = entry
            inner = entry[1]
            assert isinstance(inner, list)
            todo += [f"{here}/{name}" for name in inner]

    def files(self) -> dict[str, list[object]]:
        """By path: size, times and inode, and the digest of those that are large."""
        found: dict[str, list[object]] = {}
        for folder, entry in self.folders.items():
            names = entry[2]
            assert isinstance(names, list)
            for path in (f"{folder}/{name}" for name in names):
                try:
                    state = os.stat(path)
                    stamp: list[object] = [state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino]
                    known = self._files_before.get(path)
                    if known is None or known[:4] != stamp:
                        known = [*stamp, sha256_of(Path(path)) if state.st_size > LEAST_BYTES else ""]
                except OSError:
                    continue
                found[path] = known
        return found


def _listed(folder: str) -> tuple[list[str], list[str]]:
    folders, names = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            elif os.path.splitext(entry.name)[1].lower() in _DATA_SUFFIXES and entry.is_file():
                names.append(entry.name)
    return sorted(folders), sorted(names)


def _noted(note: Path) -> Mapping[str, Mapping[str, list[object]]]:
    try:
        found = json.loads(note.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and found.get("format_version") == _FORMAT_VERSION else {}


def _keep(note: Path, found: Mapping[str, object]) -> None:
    """Where it cannot be kept, the next scan looks at everything."""
    partial = note.with_name(f".{note.name}.partial-{os.getpid()}")
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(found))
        os.replace(partial, note)
    except OSError:
        partial.unlink(missing_ok=True)


def scan_note() -> Path:
    """Where this user's scan is kept."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "pd_ml" / "libraries.json"
