"""How well a training was kept from reading what it was not given, in words that `run.json` and `pdd doctor` use."""

from collections.abc import Mapping, Sequence

KERNEL = "kernel"
CONTAINER = "kernel, network of the container"
UNENFORCED = "unenforced: "
IN_PROCESS = f"{UNENFORCED}trained in the caller's process"
# Of records that are older than the room.
UNKNOWN = f"{UNENFORCED}made before there was a clean room by the kernel"

# What a training does where the room cannot be had whole: train and say so; stop; or not even try.
POLICY = "PD_CLEAN_ROOM"
AUTO, REQUIRE, OFF = "auto", "require", "off"

_LEAST_LANDLOCK = 3


def level_of(facts: Mapping[str, object], problems: Sequence[str] = ()) -> str:
    """The level of a room with these facts, and of what else went wrong."""
    if problems:
        return unenforced(problems)
    landlock = facts.get("landlock")
    keeps_files = facts.get("root") == "own" or (isinstance(landlock, int) and landlock >= _LEAST_LANDLOCK)
    network = facts.get("network")
    if not facts.get("seccomp") or not keeps_files or network not in ("own", "none", "container"):
        missing = facts.get("missing")
        return unenforced([str(one) for one in missing] if isinstance(missing, list) else [])
    return CONTAINER if network == "container" else KERNEL


def unenforced(reasons: Sequence[str]) -> str:
    """What was missing, in one line."""
    return f"{UNENFORCED}{'; '.join(reasons) or 'nothing tells of a clean room'}"


def least(first: str, second: str) -> str:
    """The level of a training of two parts."""
    return max((first, second), key=lambda level: (level.startswith(UNENFORCED), level == CONTAINER))
