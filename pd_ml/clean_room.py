"""A training reads nothing that is not ours: no network but loopback, no model from anywhere but its own inputs.

Python's audit events tell of every connection and every opened file, whichever library asks. Weights in safetensors
are read past Python, but no `from_pretrained` gets there without the model's config.json. Errors: CleanRoomError.
"""

import ipaddress
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pd_ml.errors import CleanRoomError

_MODEL_NAMES = frozenset({"config.json", "model_index.json", "tokenizer.json"})
_WEIGHT_SUFFIXES = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".msgpack", ".h5", ".gguf", ".onnx")
_CONNECTIONS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})

# An audit hook stays for the life of the process: it is added once, and asks which rooms are open.
_open_rooms: list[tuple[Path, ...]] = []
_is_watching = False


@contextmanager
def clean_room(allowed: Sequence[Path]) -> Iterator[None]:
    """Within it, models are read from below `allowed` only, and no connection leaves this machine."""
    global _is_watching
    if not _is_watching:
        sys.addaudithook(_watch)
        _is_watching = True
    room = tuple(path.resolve() for path in allowed)
    _open_rooms.append(room)
    try:
        yield
    finally:
        _open_rooms.remove(room)


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if not _open_rooms:
        return
    if event == "open":
        _require_ours(arguments[0])
    elif event in _CONNECTIONS:
        address = arguments[1] if len(arguments) > 1 else None
        if isinstance(address, tuple):
            _require_loopback(address[0])
    elif event == "socket.getaddrinfo":
        _require_loopback(arguments[0])


def _require_ours(opened: object) -> None:
    if not isinstance(opened, str | bytes | os.PathLike):
        return
    path = os.fsdecode(opened)
    if not path.endswith(_WEIGHT_SUFFIXES) and Path(path).name not in _MODEL_NAMES:
        return
    # Follows links: one that leads out of our folders leads to a foreign model.
    real = Path(os.path.realpath(path))
    if not any(real.is_relative_to(folder) for room in _open_rooms for folder in room):
        raise CleanRoomError(
            f"{path}: a model that is none of this training's inputs; train it here and pass it as --input"
        )


def _require_loopback(host: object) -> None:
    name = os.fsdecode(host) if isinstance(host, str | bytes) else ""
    if name in ("", "localhost"):
        return
    try:
        outside = not ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        outside = True
    if outside:
        raise CleanRoomError(f"a training has no network, and something asked for {name}; take out what does")
