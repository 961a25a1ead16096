"""Run a command on a kernel that refuses some calls, as that of a container does: EPERM, for good.

python -m tests.pd_ml.room.refusing NUMBER,NUMBER COMMAND...
"""

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Sequence

from pd_ml.room import calls, kernel

UNSHARE, MOUNT, PIVOT_ROOT, LANDLOCK, SECCOMP = 272, 165, 155, 444, 317


def refuse(numbers: Sequence[int]) -> None:
    """For this process and all that it starts."""
    kernel.without_new_privileges()
    program = [
        calls._step(calls._LOAD, calls._NUMBER_AT),
        *calls._refused(list(numbers), errno.EPERM),
        calls._step(calls._RETURN, calls._ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(program))
    whole = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(program), ctypes.addressof(code)))
    kernel.call("seccomp", calls._SECCOMP, ctypes.c_uint(calls._FILTER_MODE), ctypes.c_uint(0), whole)


if __name__ == "__main__":
    refuse([int(number) for number in sys.argv[1].split(",")])
    os.execv(sys.argv[2], sys.argv[2:])
