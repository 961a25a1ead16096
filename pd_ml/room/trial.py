"""What a room gives to read to everybody, and the trial of a machine: which level can be reached on it."""

import json
import os
import platform
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from pd_ml.room import libraries, relay
from pd_ml.room.kernel import is_known_machine
from pd_ml.room.levels import UNENFORCED, level_of

# In a network of its own every port is free.
_PORT = 29500


def try_room() -> list[str]:
    """Try all steps in children that are thrown away: for one process and for several, the level as JSON."""
    if (why := impossible()) is not None:
        return [json.dumps({"processes": number, "level": f"{UNENFORCED}{why}"}) for number in (1, 2)]
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for processes in (1, 2):
            heard: dict[str, object] = {}
            plan = plan_of([], Path(os.path.realpath(folder)), [], {}, processes)
            relay.run(plan, heard.update)
            facts = {name: value for name, value in heard.items() if name != "event"}
            found.append(json.dumps({"processes": processes, "level": level_of(facts), **facts}))
    return found


def impossible() -> str | None:
    """Why no machine of this kind has a room; None where it may have one."""
    if is_known_machine():
        return None
    return f"{platform.system()} on {platform.machine()} has no clean room; it is there on Linux, x86-64"


def plan_of(
    given: Sequence[str], folder: Path, command: Sequence[str], environment: Mapping[str, str], processes: int
) -> relay.Plan:
    """Programs, libraries and what is given to read; `folder` to write."""
    return relay.Plan(
        read=[*libraries.trees(), *libraries.settings(), *command[:1], *given],
        write=[str(folder)],
        command=command,
        environment=environment,
        processes=processes,
        port=relay.free_port() if processes > 1 else _PORT,
    )
