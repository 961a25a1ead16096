"""Landlock: which files a process and all that it starts may open. Standard library only.

Rights and versions: include/uapi/linux/landlock.h and Documentation/userspace-api/landlock.rst of the kernel.
"""

import ctypes
import errno
import os
import stat
import struct
from collections.abc import Iterable

from pd_ml.room.kernel import StepError, call

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_ONLY, _PATH_BENEATH = 1, 1
# The last right over files of each version that brought one.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16, 9: 17}
_SCOPES_SINCE, _NET_SINCE, _ABSTRACT_SOCKETS_AND_SIGNALS = 6, 4, 3
READ = 1 << 0 | 1 << 2 | 1 << 3
DEVICE = 1 << 1 | 1 << 2 | 1 << 15
_OF_FILES = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15
# A run's folder takes files, folders and links; devices, sockets and FIFOs are made and reached by nothing inside.
_NEVER = 1 << 6 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 16
# Before 3 (Linux 6.2) a file could be cut off that may not be written.
LEAST_VERSION = 3


def version() -> int:
    """The version of this kernel; 0 where it has none, or it was not booted."""
    try:
        return call("Landlock", _CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(_VERSION_ONLY))
    except StepError:
        return 0


def restrict(readable: Iterable[str], writable: Iterable[str], devices: Iterable[str]) -> int:
    """From here on only these, and what lies below them. What is not there is left out. The version; StepError."""
    found = version()
    if found < 1:
        raise StepError("Landlock", errno.EOPNOTSUPP)
    every = (1 << max(bits for since, bits in _FILE_RIGHTS.items() if since <= found)) - 1
    ruleset = _ruleset(every, found)
    for paths, rights in ((readable, READ), (writable, every & ~_NEVER), (devices, DEVICE)):
        for path in paths:
            _allow(ruleset, path, rights & every)
    call("Landlock (restrict)", _RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint(0))
    os.close(ruleset)
    return found


def _ruleset(every: int, found: int) -> int:
    handled = struct.pack("QQQ", every, 0, _ABSTRACT_SOCKETS_AND_SIGNALS)
    size = 24 if found >= _SCOPES_SINCE else 16 if found >= _NET_SINCE else 8
    buffer = ctypes.create_string_buffer(handled[:size], size)
    return call("Landlock (ruleset)", _CREATE_RULESET, buffer, ctypes.c_size_t(size), ctypes.c_uint(0))


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.EACCES, errno.ENOTDIR):
            return
        raise StepError(f"Landlock ({path})", error.errno or 0) from error
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= _OF_FILES
        rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, place))
        step = f"Landlock ({path})"
        call(step, _ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), rule, ctypes.c_uint(0))
    finally:
        os.close(place)
