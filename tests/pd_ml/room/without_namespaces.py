"""Run a command on a kernel that refuses new namespaces, as containers do: every unshare(2) is EPERM for good.

python -m tests.pd_ml.room.without_namespaces COMMAND...
"""

import ctypes
import errno
import os
import struct
import sys

from pd_ml.room import calls, kernel

_UNSHARE = 272


def refuse() -> None:
    """For this process and all that it starts."""
    kernel.without_new_privileges()
    program = [
        calls._step(calls._LOAD, calls._NUMBER_AT),
        *calls._refused([_UNSHARE], errno.EPERM),
        calls._step(calls._RETURN, calls._ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(program))
    whole = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(program), ctypes.addressof(code)))
    kernel.call("seccomp", calls._SECCOMP, ctypes.c_uint(calls._FILTER_MODE), ctypes.c_uint(0), whole)


if __name__ == "__main__":
    refuse()
    os.execv(sys.argv[1], sys.argv[1:])
