"""Decoder processes: the same pictures as without them, and whatever a file does to its decoder costs that file."""

import fcntl
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import psutil
import pytest
from PIL import Image

from pd_assets.lib.images.decode import LARGE_PIXELS, MOST_PIXELS, Picture, UnusableImage, normalise
from pd_assets.lib.images.pool import Bounds, Decoders, DecodersFailed
from pd_assets.lib.images.worker import PICTURE, READY, REPLY, REQUEST
from tests.conftest import ROOT
from tests.patience import until
from tests.pd_assets.lib.pictures import encoded, flat_png, painting, png_header_only

SIDE = 256
SMALL = encoded(painting(1))
WORKER = "pd_assets.lib.images.worker"


@pytest.fixture
def decoders() -> Iterator[Decoders]:
    with Decoders(workers=2) as running:
        yield running


def workers_of(pid: int | None = None) -> list[psutil.Process]:
    """The decoder processes that a process started, this one if none is named."""
    return [child for child in psutil.Process(pid).children() if WORKER in child.cmdline()]


def test_a_decoder_makes_of_a_file_what_normalise_makes(decoders: Decoders) -> None:
    for kind in ("JPEG", "PNG", "GIF", "TIFF", "WEBP"):
        body = encoded(painting(2), kind)
        assert decoders.normalise(body, max_side=100) == normalise(body, max_side=100)


def test_a_refusal_comes_back_with_its_reason_and_the_decoder_goes_on(decoders: Decoders) -> None:
    decoders.normalise(SMALL, max_side=SIDE)
    (before,) = workers_of()
    for body in (b"", b"<html>", SMALL[:900]):
        with pytest.raises(UnusableImage, match=r"not a picture|cannot be decoded"):
            decoders.normalise(body, max_side=SIDE)
    decoders.normalise(SMALL, max_side=SIDE)
    assert [worker.pid for worker in workers_of()] == [before.pid]


def test_many_threads_share_the_decoders_and_each_gets_its_own_picture(decoders: Decoders) -> None:
    bodies = [encoded(painting(seed, 60 + seed, 40)) for seed in range(40)]
    with ThreadPoolExecutor(6) as threads:
        pictures: list[Picture] = list(threads.map(lambda body: decoders.normalise(body, max_side=SIDE), bodies))
    assert [picture.width for picture in pictures] == [60 + seed for seed in range(40)]
    assert len(workers_of()) == 2


def test_the_decoders_end_with_their_pool() -> None:
    with Decoders(workers=1) as running:
        running.normalise(SMALL, max_side=SIDE)
        assert len(workers_of()) == 1
    assert workers_of() == []


# --- bounds ----------------------------------------------------------------------------------------------------------


def test_a_decoder_that_is_killed_costs_one_picture_and_is_replaced() -> None:
    with Decoders(workers=1) as running, ThreadPoolExecutor(1) as threads:
        running.normalise(SMALL, max_side=SIDE)
        (worker,) = workers_of()
        worker.suspend()
        waiting = threads.submit(running.normalise, SMALL, max_side=SIDE)
        worker.kill()
        with pytest.raises(UnusableImage, match="decoder killed: signal SIGKILL"):
            waiting.result()
        assert running.normalise(SMALL, max_side=SIDE) == normalise(SMALL, max_side=SIDE)
        assert [one.pid for one in workers_of()] != [worker.pid]


def test_a_picture_that_takes_too_long_is_given_up() -> None:
    with Decoders(workers=1, bounds=Bounds(time_s=0.2)) as running:
        with pytest.raises(UnusableImage, match=r"decoder killed: it took longer than 0\.2 s"):
            running.normalise(flat_png(12_000, 12_000), max_side=SIDE)
        # The next decoder has time for its picture, also where it has a busy processor.
        running.bounds = Bounds()
        assert running.normalise(SMALL, max_side=SIDE).width == 256


def test_a_picture_that_needs_too_much_memory_is_given_up() -> None:
    with Decoders(workers=1, bounds=Bounds(memory_bytes=300_000_000)) as running:
        with pytest.raises(UnusableImage, match="more memory than decoding may take"):
            running.normalise(flat_png(9000, 9000), max_side=SIDE)
        assert running.normalise(SMALL, max_side=SIDE).width == 256


def test_a_bomb_is_refused_with_its_numbers_before_it_is_decoded(decoders: Decoders) -> None:
    for width, height in ((17_400, 17_300), (60_000, 60_000), (2_000_000_000, 2)):
        with pytest.raises(UnusableImage, match=f"{width} x {height} pixels, more than {MOST_PIXELS}"):
            decoders.normalise(png_header_only(width, height), max_side=SIDE)


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", ["progressive", *(pytest.param(kind, marks=pytest.mark.extended) for kind in ("PNG", "TIFF", "JPEG"))]
)
def test_a_scan_of_200_megapixels_is_scaled_in_bounded_memory(decoders: Decoders, kind: str) -> None:
    width, height = 20_000, 10_000
    body = flat_png(width, height) if kind == "PNG" else scan(width, height, kind)
    picture = decoders.normalise(body, max_side=1280)
    assert (picture.width, picture.height) == (1280, 640)
    (worker,) = workers_of()
    assert peak_memory_bytes(worker) < (1_200_000_000 if kind != "JPEG" else 300_000_000)


def scan(width: int, height: int, kind: str) -> bytes:
    grey = Image.linear_gradient("L").resize((width, height))
    options = {"TIFF": {"compression": "tiff_lzw"}, "progressive": {"progressive": True}}.get(kind, {})
    return encoded(grey, "TIFF" if kind == "TIFF" else "JPEG", **options)


def peak_memory_bytes(process: psutil.Process) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def test_of_large_pictures_only_one_is_decoded_at_a_time() -> None:
    body = flat_png(8000, 6000)
    assert LARGE_PIXELS < 8000 * 6000
    with tempfile.TemporaryFile() as turn:
        fcntl.lockf(turn, fcntl.LOCK_EX)
        number = turn.fileno()
        command = [sys.executable, "-m", WORKER, "2500000000", "20", str(number)]
        with subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, pass_fds=(number,)
        ) as worker:
            assert worker.stdin is not None and worker.stdout is not None
            assert worker.stdout.read(1) == READY
            worker.stdin.write(REQUEST.pack(SIDE, len(SMALL)) + SMALL)
            assert reply(worker.stdout) == PICTURE
            worker.stdin.write(REQUEST.pack(SIDE, len(body)) + body)
            until(lambda: waits_for_a_lock(worker.pid) or worker.poll() is not None)
            assert select.select([worker.stdout], [], [], 0)[0] == []
            fcntl.lockf(turn, fcntl.LOCK_UN)
            assert reply(worker.stdout) == PICTURE
            worker.stdin.close()


def reply(stdout: IO[bytes]) -> int:
    """The kind of the next reply, which is read whole."""
    kind, size_bytes = REPLY.unpack(read(stdout, REPLY.size))
    read(stdout, size_bytes)
    return int(kind)


def read(stdout: IO[bytes], size_bytes: int) -> bytes:
    found = b""
    while len(found) < size_bytes:
        block = stdout.read(size_bytes - len(found))
        assert block, "the decoder ended"
        found += block
    return found


def waits_for_a_lock(pid: int) -> bool:
    return any("->" in line and f" {pid} " in line for line in Path("/proc/locks").read_text().splitlines())


# --- whose child it is -----------------------------------------------------------------------------------------------

HOLDER = """
import sys, time
from pd_assets.lib.images.pool import Decoders
from tests.pd_assets.lib.pictures import encoded, painting
with Decoders(workers=1) as running:
    running.normalise(encoded(painting(1)), max_side=64)
    print("ready", flush=True)
    time.sleep(1_000_000)
"""


def test_a_decoder_ends_by_itself_when_whoever_started_it_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER], cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "ready\n"
        (worker,) = workers_of(holder.pid)
        holder.send_signal(signal.SIGKILL)
    until(lambda: not is_alive(worker))


def is_alive(process: psutil.Process) -> bool:
    """Whether it still runs: one that nobody waits for may stay listed as a zombie."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_decoder_that_cannot_start_is_no_fault_of_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    with Decoders(workers=1) as running, pytest.raises(DecodersFailed, match="before its first picture"):
        running.normalise(SMALL, max_side=SIDE)
