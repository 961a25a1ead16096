"""Stands for a process that tests/warm.py forks: THE SERVER'S FOLDER, PYTHON, and what would be told to Python.

Ends as that ends. What is not one of the modules that were imported is left to Python itself.
"""

import json
import os
import signal
import socket
import sys
from pathlib import Path

MODULES = (
    *("pd_ml", "pd_assets.cli", "dagster", "torch.distributed.run", "accelerate.commands.launch"),
    *("tests.pd_ml.killer", "tests.pd_ml.in_turn", "tests.pd_ml.toy_apart"),
)


def main() -> None:
    _, folder, python, *told = sys.argv
    rest = told[2:] if told[:2] == ["-W", "ignore"] else told
    # As torch's launcher starts each of its processes; ours say line by line what they have to.
    rest = rest[1:] if rest[:1] == ["-u"] else rest
    if rest[:1] == ["-c"]:
        name = "code"
    elif rest[:1] == ["-m"] and rest[1] in MODULES:
        name = "modules"
    else:
        os.execv(python, [python, *told])
    asked = {
        "arguments": rest[1:],
        "folder": str(Path.cwd()),
        "environment": dict(os.environ),
        "python": f"{folder}/python",
    }
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(f"{folder}/{name}")
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda number, _: connection.sendall(bytes([number])))
        socket.send_fds(connection, [json.dumps(asked).encode()], [0, 1, 2])
        answer = connection.recv(2)
    code = int.from_bytes(answer, "big", signed=True) if answer else -signal.SIGKILL
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main()
