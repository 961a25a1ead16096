"""Processes that do batches beside one another: Arrow in on stdin, Arrow out on stdout.

Who has jobs for them has a module of its own that ends in `serve` (rights/crew.py, dataset/caption_crew.py). A process
ends when its stdin closes: also when whoever started it was killed. Errors: CrewFailed.
"""

import os
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from types import TracebackType
from typing import IO, BinaryIO, Generic, Protocol, TypeVar

import pyarrow as pa

from pd_assets.lib.errors import PdError


class AsJson(Protocol):
    """What a job depends on beside its batch."""

    def to_json(self) -> str: ...


Terms = TypeVar("Terms", bound=AsJson)
Job = Callable[[pa.RecordBatch, Terms], tuple[pa.RecordBatch, ...]]
# Which job, and the size of its batch; how many batches come back, and the size of each.
REQUEST, COUNT, SIZE = struct.Struct("<BQ"), struct.Struct("<B"), struct.Struct("<Q")


class CrewFailed(PdError):
    """A process ended before its batch was done."""


class Crew(Generic[Terms]):
    """`size` worker processes that run `module`, whose jobs are `jobs`; with 0 the batches are done in this process.

    A context manager.
    """

    def __init__(self, module: str, jobs: Sequence[Job[Terms]], terms: Terms, size: int) -> None:
        self.terms = terms
        self._jobs = jobs
        self._processes = [_start(module, terms.to_json()) for _ in range(size)]

    def __enter__(self) -> "Crew[Terms]":
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

    def do(self, job: Job[Terms], batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[pa.RecordBatch, ...]]:
        """`job` on every batch, the answers in the order of the batches."""
        if not self._processes:
            yield from (job(batch, self.terms) for batch in batches)
            return
        busy: deque[subprocess.Popen[bytes]] = deque()
        for number, batch in enumerate(batches):
            process = self._processes[number % len(self._processes)]
            if len(busy) == len(self._processes):
                yield _answer(busy.popleft())
            _ask(process, self._jobs.index(job), batch)
            busy.append(process)
        while busy:
            yield _answer(busy.popleft())


def cut(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of `rows` each, the last of them smaller."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(one.num_rows for one in waiting) < rows:
            continue
        whole = pa.concat_batches(waiting)
        end = whole.num_rows - whole.num_rows % rows
        yield from (whole.slice(start, rows) for start in range(0, end, rows))
        waiting = [whole.slice(end)]
    if rest := [one for one in waiting if one.num_rows]:
        yield pa.concat_batches(rest)


def _start(module: str, terms: str) -> "subprocess.Popen[bytes]":
    # No token reaches it, and a session of its own: Ctrl-C is for whoever started it.
    env = {name: value for name, value in os.environ.items() if not name.startswith("PD_")} | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", module, terms],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=env,
        start_new_session=True,
        bufsize=1 << 20,
    )


def _ask(process: "subprocess.Popen[bytes]", job: int, batch: pa.RecordBatch) -> None:
    payload = _packed(batch)
    try:
        stdin = _there(process.stdin)
        stdin.write(REQUEST.pack(job, len(payload)))
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
        f"a process of the crew ended with {process.wait()} in the middle of a batch, expected it to end when told; "
        "its own message is in the log above; run again"
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


def serve(jobs: Sequence[Job[Terms]], terms: Callable[[str], Terms]) -> None:
    """Be one of a crew: do every batch that comes, until there is none. `terms` reads the command line's argument."""
    try:
        _serve(sys.stdin.buffer, sys.stdout.buffer, jobs, terms(sys.argv[1]))
    except BrokenPipeError:
        # Nobody is left to tell; without the flush that the interpreter would try at its end.
        os._exit(0)


def _serve(requests: BinaryIO, replies: BinaryIO, jobs: Sequence[Job[Terms]], terms: Terms) -> None:
    while len(head := requests.read(REQUEST.size)) == REQUEST.size:
        job, size_bytes = REQUEST.unpack(head)
        payload = requests.read(size_bytes)
        if len(payload) < size_bytes:
            return
        done = jobs[job](_unpacked(payload), terms)
        replies.write(COUNT.pack(len(done)))
        for batch in done:
            packed = _packed(batch)
            replies.write(SIZE.pack(len(packed)))
            replies.write(packed)
        replies.flush()
