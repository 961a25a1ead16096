"""Processes that do batches (batches.py) beside one another: Arrow in on stdin, Arrow out on stdout.

A process ends when its stdin closes: also when whoever started it was killed. Errors: CrewFailed.
"""

import os
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import IO, BinaryIO

import pyarrow as pa

from pd_assets.lib.errors import PdError
from pd_assets.lib.rights.batches import Terms, decide_due, read_evidence, refuse_copies

Job = Callable[[pa.RecordBatch, Terms], tuple[pa.RecordBatch, ...]]
JOBS: tuple[Job, ...] = (read_evidence, refuse_copies, decide_due)
# Which job, and the size of its batch; how many batches come back, and the size of each.
REQUEST, COUNT, SIZE = struct.Struct("<BQ"), struct.Struct("<B"), struct.Struct("<Q")


class CrewFailed(PdError):
    """A process that decides ended before its batch was done."""


class Crew:
    """`size` worker processes; with 0 the batches are done in this process. A context manager."""

    def __init__(self, terms: Terms, size: int) -> None:
        self.terms = terms
        self._processes = [_start(terms) for _ in range(size)]

    def __enter__(self) -> "Crew":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            if error is not None:
                process.kill()
            for pipe in (process.stdin, process.stdout):
                with suppress(BrokenPipeError):
                    _there(pipe).close()
            process.wait()

    def do(self, job: Job, batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[pa.RecordBatch, ...]]:
        """`job` on every batch, the answers in the order of the batches."""
        if not self._processes:
            yield from (job(batch, self.terms) for batch in batches)
            return
        busy: deque[subprocess.Popen[bytes]] = deque()
        for number, batch in enumerate(batches):
            process = self._processes[number % len(self._processes)]
            if len(busy) == len(self._processes):
                yield _answer(busy.popleft())
            _ask(process, job, batch)
            busy.append(process)
        while busy:
            yield _answer(busy.popleft())


def _start(terms: Terms) -> "subprocess.Popen[bytes]":
    # No token reaches it, and a session of its own: Ctrl-C is for whoever started it.
    env = {name: value for name, value in os.environ.items() if not name.startswith("PD_")} | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "pd_assets.lib.rights.crew", terms.to_json()]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, start_new_session=True, bufsize=1 << 20
    )


def _ask(process: "subprocess.Popen[bytes]", job: Job, batch: pa.RecordBatch) -> None:
    payload = _packed(batch)
    try:
        stdin = _there(process.stdin)
        stdin.write(REQUEST.pack(JOBS.index(job), len(payload)))
        stdin.write(payload)
        stdin.flush()
    except BrokenPipeError as error:
        raise _failed(process) from error


def _answer(process: "subprocess.Popen[bytes]") -> tuple[pa.RecordBatch, ...]:
    stdout = _there(process.stdout)
    try:
        (count,) = COUNT.unpack(stdout.read(COUNT.size))
        return tuple(_unpacked(stdout.read(SIZE.unpack(stdout.read(SIZE.size))[0])) for _ in range(count))
    except (struct.error, pa.ArrowInvalid, OSError) as error:
        raise _failed(process) from error


def _failed(process: "subprocess.Popen[bytes]") -> CrewFailed:
    return CrewFailed(
        f"a process that decides ended with {process.wait()} in the middle of a batch, expected it to end when told; "
        "its own message is in the log above; its bucket was not written, run again"
    )


def _packed(batch: pa.RecordBatch) -> memoryview:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return memoryview(sink.getvalue())


def _unpacked(payload: bytes) -> pa.RecordBatch:
    with pa.ipc.open_stream(payload) as reader:
        return reader.read_next_batch()


def _there(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None, "every process is started with pipes"
    return pipe


def serve(requests: BinaryIO, replies: BinaryIO, terms: Terms) -> None:
    """Do every batch that comes, until there is none."""
    while len(head := requests.read(REQUEST.size)) == REQUEST.size:
        job, size_bytes = REQUEST.unpack(head)
        payload = requests.read(size_bytes)
        if len(payload) < size_bytes:
            return
        done = JOBS[job](_unpacked(payload), terms)
        replies.write(COUNT.pack(len(done)))
        for batch in done:
            packed = _packed(batch)
            replies.write(SIZE.pack(len(packed)))
            replies.write(packed)
        replies.flush()


def main() -> None:
    """`python -m pd_assets.lib.rights.crew TERMS`, started by Crew."""
    try:
        serve(sys.stdin.buffer, sys.stdout.buffer, Terms.from_json(sys.argv[1]))
    except BrokenPipeError:
        # Nobody is left to tell; without the flush that the interpreter would try at its end.
        os._exit(0)


if __name__ == "__main__":
    main()
