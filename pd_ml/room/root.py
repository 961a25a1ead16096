"""A root of one's own: nothing of the machine's files but what is given. Standard library only, in new namespaces.

Whatever is not in it does not exist there: no name, no size, no link's target.
"""

import errno
import os

from pd_ml.room import kernel
from pd_ml.room.kernel import StepError

# Mounted over while the root is built; what is given from below it is held open before.
_SITES = ("/tmp", "/var/tmp", "/mnt", "/run")
_OLD = "/.old"
_LINKS = {"/dev/fd": "/proc/self/fd", "/dev/stdin": "/proc/self/fd/0", "/dev/stdout": "/proc/self/fd/1"}
_LINKS["/dev/stderr"] = "/proc/self/fd/2"


def enter(readable: list[str], writable: list[str], devices: list[str]) -> None:
    """Make it and go there, with a /proc and a /dev/shm of its own; StepError where the kernel refuses a step."""
    site = next((path for path in _SITES if os.path.isdir(path) and not os.path.islink(path)), None)
    if site is None:
        raise StepError(f"own root (none of {', '.join(_SITES)} is there)", errno.ENOENT)
    kernel.mount("none", "/", None, kernel.RECURSIVE | kernel.PRIVATE)
    places, links = _walked([*readable, *writable, *devices])
    held = {path: os.open(path, os.O_PATH | os.O_CLOEXEC) for path in places}
    kernel.mount("tmpfs", site, "tmpfs", kernel.NO_SUID | kernel.NO_DEVICES, "mode=755")
    try:
        _fill(site, held, links, set(writable), set(devices))
    except OSError as error:
        raise StepError(f"own root ({error.filename})", error.errno or 0) from error
    for descriptor in held.values():
        os.close(descriptor)
    kernel.make_root(site, _OLD)


def _fill(site: str, held: dict[str, int], links: dict[str, str], writable: set[str], devices: set[str]) -> None:
    for path in sorted(held, key=lambda one: (one.count("/"), one)):
        place = f"{site}{path}"
        if os.path.lexists(place) and path not in writable and path not in devices:
            # Below something that was given as a whole.
            continue
        _make_place(place, is_folder=os.path.isdir(f"/proc/self/fd/{held[path]}"))
        kernel.mount(f"/proc/self/fd/{held[path]}", place, None, kernel.BIND | kernel.RECURSIVE)
        attributes = kernel.NO_SUID | (0 if path in devices else kernel.NO_DEVICES)
        kernel.restrict_mount(place, attributes if path in writable or path in devices else attributes | 1)
    for path, target in {**_LINKS, **links}.items():
        if not os.path.lexists(f"{site}{path}"):
            os.makedirs(os.path.dirname(f"{site}{path}"), exist_ok=True)
            os.symlink(target, f"{site}{path}")
    for path in ("/proc", "/dev/shm", "/tmp", _OLD):
        os.makedirs(f"{site}{path}", exist_ok=True)
    kernel.mount("proc", f"{site}/proc", "proc", kernel.NO_SUID | kernel.NO_DEVICES | kernel.NO_EXEC)
    kernel.mount("tmpfs", f"{site}/dev/shm", "tmpfs", kernel.NO_SUID | kernel.NO_DEVICES)


def _make_place(place: str, *, is_folder: bool) -> None:
    if is_folder:
        os.makedirs(place, exist_ok=True)
    elif not os.path.exists(place):
        os.makedirs(os.path.dirname(place), exist_ok=True)
        os.close(os.open(place, os.O_CREAT | os.O_WRONLY, 0o600))


def _walked(paths: list[str]) -> tuple[list[str], dict[str, str]]:
    """Where the paths really are, and the links on the way there. What is not there is left out."""
    places: list[str] = []
    links: dict[str, str] = {}
    for path in paths:
        real = os.path.realpath(path)
        if not os.path.exists(real) or real.startswith("/proc"):
            continue
        places.append(real)
        _note_links(path, links)
    return list(dict.fromkeys(places)), links


def _note_links(path: str, links: dict[str, str]) -> None:
    todo, at, seen = [part for part in path.split("/") if part], "", 0
    while todo and seen < 80:
        seen += 1
        part = todo.pop(0)
        if part == "..":
            at = os.path.dirname(at)
            continue
        here = f"{at}/{part}"
        if part != "." and os.path.islink(here):
            target = os.readlink(here)
            links[here] = target
            todo = [one for one in target.split("/") if one] + todo
            at = "" if target.startswith("/") else at
        elif part != ".":
            at = here
