"""A decoder process: pictures in on stdin, normalised ones out on stdout, until stdin closes. Started by pool.py.

Its memory is bounded by the kernel, its time a picture by an alarm that kills it: also when whoever started it is gone.
Before its first picture it gives up files and network (confinement.py), and says on stderr what it could not give up.
"""

import fcntl
import io
import json
import os
import resource
import signal
import struct
import sys
from typing import BinaryIO

from PIL import (  # noqa: F401, the kinds that are read: Pillow would import all others too
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from pd_assets.lib.images.confinement import confine
from pd_assets.lib.images.decode import FORMATS, UnusableImage, normalise

READY = b"!"
# Longest side and size of a request; kind and size of a reply.
REQUEST = struct.Struct("<IQ")
REPLY = struct.Struct("<BQ")
PICTURE, REASON = 0, 1
NOT_CONFINED = "a decoder keeps "


def serve(requests: BinaryIO, replies: BinaryIO, *, time_s: float, turn: int) -> None:
    """Answer every request. Large pictures wait for the lock on the file `turn`, so that one decoder has one."""
    replies.write(READY)
    replies.flush()
    while len(head := requests.read(REQUEST.size)) == REQUEST.size:
        max_side, size_bytes = REQUEST.unpack(head)
        body = requests.read(size_bytes)
        if len(body) < size_bytes:
            return
        kind, payload = _answer(body, max_side, time_s, turn)
        del body
        replies.write(REPLY.pack(kind, len(payload)))
        replies.write(payload)
        replies.flush()


def _answer(body: bytes, max_side: int, time_s: float, turn: int) -> tuple[int, bytes]:
    def wait_for_turn() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        fcntl.lockf(turn, fcntl.LOCK_EX)
        signal.setitimer(signal.ITIMER_REAL, time_s)

    signal.setitimer(signal.ITIMER_REAL, time_s)
    try:
        picture = normalise(body, max_side=max_side, when_large=wait_for_turn)
    except UnusableImage as error:
        return REASON, str(error).encode(errors="replace")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        fcntl.lockf(turn, fcntl.LOCK_UN)
    facts = {name: value for name, value in vars(picture).items() if name not in ("body", "quality")}
    facts["quality"] = vars(picture.quality)
    return PICTURE, json.dumps(facts).encode() + b"\n" + picture.body


def _import_everything() -> None:
    """Pillow and numpy import some modules when they first need them, and later none can be read: need them now."""
    for kind in FORMATS:
        sample = io.BytesIO()
        Image.new("LA" if kind == "PNG" else "RGB", (64, 48)).save(sample, kind)
        normalise(sample.getvalue(), max_side=32)


def main() -> None:
    """`python -m pd_assets.lib.images.worker MEMORY_BYTES TIME_S TURN`; TURN is an open file, that of serve()."""
    memory_bytes, time_s, turn = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    try:
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (OSError, ValueError):
        # macOS knows the limit and refuses to set it; the bound on pixels is then all there is.
        pass
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    Image.MAX_IMAGE_PIXELS = None
    nowhere = os.open(os.devnull, os.O_WRONLY)
    _import_everything()
    for missing in confine():
        sys.stderr.write(f"{NOT_CONFINED}{missing}\n")
    # What a library prints must not mix with the replies.
    replies = os.fdopen(os.dup(1), "wb")
    sys.stderr.flush()
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    try:
        serve(sys.stdin.buffer, replies, time_s=time_s, turn=turn)
    except BrokenPipeError:
        # Nobody is left to tell; without the flush that the interpreter would try at its end.
        os._exit(0)


if __name__ == "__main__":
    main()
