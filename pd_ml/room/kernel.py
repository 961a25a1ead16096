"""The kernel's calls that a room is made of, by the C library. Standard library only, no step is left out silently.

Numbers are those of Linux' headers (uapi/linux: sched.h, mount.h, prctl.h, capability.h); calls by number are x86-64's.
"""

import ctypes
import fcntl
import os
import socket
import struct
import sys

NEW_USER, NEW_NET, NEW_IPC, NEW_MOUNTS, NEW_PIDS = 0x10000000, 0x40000000, 0x08000000, 0x00020000, 0x20000000
NO_SUID, NO_DEVICES, NO_EXEC, BIND, RECURSIVE, PRIVATE, DETACH = 2, 4, 8, 0x1000, 0x4000, 0x40000, 2
READ_ONLY = 1
_PIVOT_ROOT, _MOUNT_SETATTR, _CAPSET, _KEYCTL, _CLOSE_RANGE = 155, 442, 126, 250, 436
_DEATH_SIGNAL, _BOUNDING_DROP, _NO_NEW_PRIVILEGES, _AMBIENT, _CLEAR_ALL = 1, 24, 38, 47, 4
_JOIN_SESSION_KEYRING, _SUBREAPER = 1, 36
_CAPABILITIES_V3 = 0x20080522
_SET_FLAGS, _UP, _LOOPBACK = 0x8914, 1, 64
_RECURSIVE_PATH, _HERE = 0x8000, -100

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


class StepError(Exception):
    """A step that the kernel refused: `step` names it, `number` is its errno."""

    def __init__(self, step: str, number: int) -> None:
        super().__init__(f"{step}: {os.strerror(number)}")
        self.step, self.number = step, number


def call(step: str, number: int, *arguments: object) -> int:
    """A call by its number; StepError where it is refused."""
    return _done(step, _libc.syscall(ctypes.c_long(number), *arguments))


def _done(step: str, result: int) -> int:
    if result < 0:
        raise StepError(step, ctypes.get_errno())
    return int(result)


def is_known_machine() -> bool:
    """Whether the numbers here are those of this machine."""
    return sys.platform == "linux" and os.uname().machine == "x86_64" and sys.maxsize > 2**32


def close_all_but_standard() -> None:
    """Descriptors 0 to 2 stay."""
    call("close_range", _CLOSE_RANGE, ctypes.c_uint(3), ctypes.c_uint(0xFFFFFFFF), ctypes.c_uint(0))


def die_with_parent(number: int) -> None:
    """The signal that this process gets when the one that started it ends."""
    _done("parent's death", _libc.prctl(_DEATH_SIGNAL, number, 0, 0, 0))


def adopt_orphans() -> None:
    """Processes below this one whose parent ends become its children."""
    _done("orphans", _libc.prctl(_SUBREAPER, 1, 0, 0, 0))


def leave(namespaces: int) -> None:
    """New namespaces for this process; for processes, of its children. Its user and group stay who they are."""
    user, group = os.getuid(), os.getgid()
    _done("namespaces", _libc.unshare(namespaces))
    for name, line in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        try:
            with open(f"/proc/self/{name}", "w") as file:
                file.write(line)
        except OSError as error:
            raise StepError(f"namespaces ({name})", error.errno or 0) from error


def raise_loopback() -> None:
    """`lo` of a new network namespace is down."""
    try:
        with socket.socket() as any_socket:
            fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh14x", b"lo", _UP | _LOOPBACK))
    except OSError as error:
        raise StepError("network (lo)", error.errno or 0) from error


def mount(source: str, place: str, kind: str | None, flags: int, options: str | None = None) -> None:
    """mount(2)."""
    texts = [text.encode() if text is not None else None for text in (source, place, kind)]
    data = options.encode() if options is not None else None
    _done(f"mount {kind or 'of ' + place}", _libc.mount(*texts, ctypes.c_ulong(flags), data))


def restrict_mount(place: str, attributes: int) -> None:
    """Read-only, without set-user-id programs or devices, with everything that is mounted below it."""
    wanted = struct.pack("QQQQ", attributes, 0, 0, 0)
    buffer = ctypes.create_string_buffer(wanted, len(wanted))
    path, size = place.encode(), ctypes.c_size_t(len(wanted))
    call("mount_setattr", _MOUNT_SETATTR, _HERE, path, ctypes.c_uint(_RECURSIVE_PATH), buffer, size)


def make_root(place: str, old: str) -> None:
    """`place` becomes the root, and what was the root is gone."""
    call("pivot_root", _PIVOT_ROOT, place.encode(), f"{place}{old}".encode())
    os.chdir("/")
    _done("umount of the old root", _libc.umount2(old.encode(), DETACH))
    os.rmdir(old)


def without_keys() -> None:
    """A new, empty session keyring."""
    call("keyring", _KEYCTL, _JOIN_SESSION_KEYRING, None)


def without_new_privileges() -> None:
    """For good; Landlock and seccomp ask for it."""
    _done("no_new_privs", _libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))


def without_capabilities() -> None:
    """None now, and none to get."""
    for capability in range(64):
        if _libc.prctl(_BOUNDING_DROP, capability, 0, 0, 0) < 0:
            break
    call("capabilities", _CAPSET, struct.pack("Ii", _CAPABILITIES_V3, 0), bytes(24))
    _libc.prctl(_AMBIENT, _CLEAR_ALL, 0, 0, 0)
