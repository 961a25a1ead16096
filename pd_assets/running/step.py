"""What every asset does around its one call: measure time and memory, name errors, say which are worth another try,
and describe its table. Whether there is anything to do at all is in unchanged.py.

No knowledge of any particular asset in here.
"""

import io
import os
import random
import threading
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import psutil

from pd_assets.lib.catalog import damage
from pd_assets.lib.catalog.mending import mend
from pd_assets.lib.catalog.origins import ORIGINS
from pd_assets.lib.catalog.schemas import TABLES, Table
from pd_assets.lib.catalog.tables import files_of, partition_parts
from pd_assets.lib.child import OutOfMemory
from pd_assets.lib.errors import (
    ArchiveResting,
    DamagedTable,
    FetchFailed,
    HomeBusy,
    LeaseLost,
    PdError,
    RemoteUnreachable,
)
from pd_assets.lib.home import Home, at_work, named_if_full
from pd_assets.lib.http import Traffic
from pd_assets.lib.ledger import expense
from pd_assets.lib.settings import Settings
from pd_assets.running.launcher import HOST_TAG
from pd_assets.running.private import RETRY_ON_ASSET_OR_OP_FAILURE_TAG, DagsterExecutionInterruptedError
from pd_ml.data.shards import ShardError
from pd_ml.errors import PdMlError

# A look at all processes costs some 5 ms of CPU.
SAMPLE_EVERY_S = 0.2
LARGEST_PICTURE_BYTES = 300_000
# For faults that pass. A RetryPolicy would repeat every error, bad input too; what a session asks, it asks again itself
# for minutes before a step fails.
MOST_RETRIES = 3


@dataclass(kw_only=True)
class Step:
    """Time and peak memory of one asset's work: this process and the children that it started."""

    started: float = field(default_factory=time.monotonic)
    others: frozenset[int] = frozenset()
    peak_bytes: int = 0
    seconds: float = 0.0

    @property
    def cost(self) -> dict[str, dg.MetadataValue]:
        """The metadata that every materialisation carries."""
        return {
            "seconds": dg.MetadataValue.float(round(self.seconds, 2)),
            "peak_memory_mb": dg.MetadataValue.float(round(self.peak_bytes / 1e6, 1)),
        }

    def cost_if(self, worked: bool) -> dict[str, dg.MetadataValue]:
        """The same; of a step that had nothing to do as text: the UI plots numbers, and that would be a dip in them."""
        if worked:
            return self.cost
        return {name: dg.MetadataValue.text(str(cost.value)) for name, cost in self.cost.items()}

    def sample(self) -> None:
        """Note the memory in use now."""
        total = 0
        process = psutil.Process(os.getpid())
        for one in [process, *process.children(recursive=True)]:
            try:
                total += 0 if one.pid in self.others else one.memory_info().rss
            except psutil.Error:
                continue
        self.peak_bytes = max(self.peak_bytes, total)


# The home that the step at work writes, and what ends its work there.
_AT_WORK: ContextVar[tuple[ExitStack, dict[Path, Home]] | None] = ContextVar("at_work", default=None)


def at_work_in_step(home: Home, *, buckets: int = 0) -> Home:
    """The home, for the step at work to write until its end, where what it wrote is published; once for each home.

    What of it heals by itself is healed first. `buckets` as PD_BUCKETS says: a new home is made with so many.
    """
    step_at_work = _AT_WORK.get()
    if step_at_work is None:
        return home
    until_its_end, written = step_at_work
    if home.root not in written:
        written[home.root] = until_its_end.enter_context(at_work(home))
        home.settle_buckets(buckets)
        # Of one in a bucket the list of what is published tells what is whole.
        if home.copy is None:
            mend(written[home.root])
    return written[home.root]


@contextmanager
def _writing() -> Iterator[None]:
    """Homes opened inside this block are writable, and are published on exit."""
    with ExitStack() as until_its_end:
        token = _AT_WORK.set((until_its_end, {}))
        try:
            yield
        finally:
            _AT_WORK.reset(token)


@contextmanager
def step() -> Iterator[Step]:
    """Measure the block, and turn a named error into a Dagster failure that is retried only where that may help.

    What the block wrote into a home is published before the step succeeds.
    """
    measured = Step(others=frozenset(child.pid for child in psutil.Process(os.getpid()).children(recursive=True)))
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(measured, done), daemon=True)
    watcher.start()
    try:
        with _writing():
            yield measured
    except (PdError, PdMlError, ShardError, MemoryError) as error:
        if isinstance(error, DamagedTable):
            _have_it_looked_at(error)
        retries = _retries_so_far()
        if may_pass(error) and retries is not None and retries < MOST_RETRIES:
            raise dg.RetryRequested(max_retries=MOST_RETRIES, seconds_to_wait=_wait_s(retries)) from error
        raise dg.Failure(description=str(error) or "out of memory", allow_retries=False) from error
    except DagsterExecutionInterruptedError:
        _have_it_go_on()
        raise
    except OSError as error:
        if (full := named_if_full(error, Path.cwd())) is not None:
            raise dg.Failure(description=str(full), allow_retries=False) from error
        raise
    finally:
        done.set()
        watcher.join()
        measured.sample()
        measured.seconds = time.monotonic() - measured.started


def _have_it_looked_at(found: DamagedTable) -> None:
    """The next step that works on the home reads the file again, and heals it where it can."""
    home = Home(root=next(root for root in found.path.parents if (root / found.table).exists()))
    damage.forget(home, TABLES[found.table], found.path)


def _have_it_go_on() -> None:
    """Mark the current run for retry: its service is being stopped, or the machine goes down.

    Not one that a person ended in the UI, nor one that a command of a terminal executes itself.
    """
    try:
        context = dg.OpExecutionContext.get()
    except dg.DagsterInvariantViolationError:
        return
    run = context.instance.get_run_by_id(context.run_id)
    if run is not None and run.status is dg.DagsterRunStatus.STARTED and HOST_TAG in run.tags:
        context.instance.add_run_tags(run.run_id, {RETRY_ON_ASSET_OR_OP_FAILURE_TAG: "true"})


def may_pass(error: BaseException) -> bool:
    """Whether a fault may be gone at the next try: the network's, another machine's, the memory's; never bad input."""
    if isinstance(error, FetchFailed):
        return not error.permanent
    if isinstance(error, ArchiveResting | RemoteUnreachable | HomeBusy | LeaseLost | MemoryError | OutOfMemory):
        return True
    return error.__cause__ is not None and may_pass(error.__cause__)


def _retries_so_far() -> int | None:
    """How often the step at work was tried again already; None outside of a step."""
    try:
        return int(dg.OpExecutionContext.get().retry_number)
    except dg.DagsterInvariantViolationError:
        return None


def _wait_s(retries: int) -> float:
    """PD_RETRY_WAIT_S, doubled with each retry, a quarter more or less: several steps do not come back at once."""
    return Settings.from_env().retry_wait_s * 2**retries * random.uniform(0.75, 1.25)


def _watch(measured: Step, done: threading.Event) -> None:
    while not done.wait(SAMPLE_EVERY_S):
        measured.sample()


def table_metadata(table: Table) -> dict[str, object]:
    """The definition metadata of a table's asset: its schema with a description of every column."""
    columns = [
        dg.TableColumn(name=name, type=str(kind), description=says) for name, (kind, says) in table.columns.items()
    ]
    return {"dagster/column_schema": dg.TableSchema(columns=columns), "dagster/table_name": table.key}


def stored(home: Home, table: Table, partition: str | None = None) -> dict[str, dg.MetadataValue]:
    """What every materialisation says of its table: the bytes on the disk, and what each column is made of."""
    files = files_of(home, table) if partition is None else partition_parts(home, table, partition)
    told: dict[str, dg.MetadataValue] = {"size_bytes": dg.MetadataValue.int(sum(path.stat().st_size for path in files))}
    return told | column_lineage(table.key)


def column_lineage(table: str) -> dict[str, dg.MetadataValue]:
    """Which columns of other tables each column of a table is made of; nothing for one that begins with an archive."""
    made_of = {
        column: [
            dg.TableColumnDep(asset_key=dg.AssetKey(origin.split("/")), column_name=name) for origin, name in origins
        ]
        for column, origins in ORIGINS.get(table, {}).items()
        if origins
    }
    if not made_of:
        return {}
    return {"dagster/column_lineage": dg.MetadataValue.column_lineage(dg.TableColumnLineage(made_of))}


def picture(path: Path, *, whole_at: str = "") -> dg.MetadataValue:
    """A picture file as metadata that the UI shows in place, as `picture_in_place` has it; none by its path."""
    told = picture_in_place(path, whole_at=whole_at)
    return dg.MetadataValue.md(told) if told else dg.MetadataValue.path(str(path))


def picture_in_place(path: Path, *, whole_at: str = "") -> str:
    """A picture as Markdown: as it is, or a large one as a JPEG of all its colours that is small enough for the event
    log, with what its file says of how it was made; `whole_at` is where the whole one is shown. "" without a picture.
    """
    if not path.is_file():
        return ""
    kind, body = ("png" if path.suffix == ".png" else "jpeg"), path.read_bytes()
    link = f"\n\n[whole size]({whole_at})" if whole_at else ""
    if len(body) > LARGEST_PICTURE_BYTES:
        kind, body = "jpeg", _smaller(path)
    return f"![{path.stem}](data:image/{kind};base64,{b64encode(body).decode()}){link}"


def _smaller(path: Path) -> bytes:
    """A JPEG of a picture, no larger than what the event log takes."""
    # Loading the code location takes less time without it.
    from PIL import Image

    with Image.open(path) as opened:
        made_by = opened.info.get("xmp") or opened.info.get("XML:com.adobe.xmp", "")
        whole = opened.convert("RGB")
    xmp = made_by.encode() if isinstance(made_by, str) else made_by
    for side, quality in ((1600, 92), (1600, 82), (1100, 82), (800, 80), (480, 70)):
        small = whole.copy()
        small.thumbnail((side, side))
        encoded = io.BytesIO()
        small.save(encoded, "JPEG", quality=quality, subsampling=0, xmp=xmp)
        if encoded.tell() <= LARGEST_PICTURE_BYTES:
            break
    return encoded.getvalue()


def drawn(title: str, png: bytes) -> dg.MetadataValue:
    """A drawing as metadata that the UI shows in place."""
    return dg.MetadataValue.md(f"![{title}](data:image/png;base64,{b64encode(png).decode()})")


def counted(title: str, counts: Mapping[str, int]) -> dg.MetadataValue:
    """A table of counts in Markdown."""
    total = sum(counts.values()) or 1
    lines = [f"| {name} | {count} | {count / total:.1%} |" for name, count in counts.items()]
    return dg.MetadataValue.md("\n".join([f"| {title} | count | share |", "|---|---|---|", *lines]))


def asked_of_hosts(traffic: Mapping[tuple[str, str], Traffic]) -> dict[str, dg.MetadataValue]:
    """What a step asked of each host, as http/ledger has it: the sums as numbers, the rest as a table."""
    lines = [
        f"| {host} | {kind} | {one.requests} | {one.size_bytes} | {one.waited_s:.1f} | {one.retries} | "
        f"{', '.join(f'{name}: {times}' for name, times in sorted(one.errors.items()))} |"
        for (host, kind), one in sorted(traffic.items())
    ]
    head = ["| host | kind | requests | bytes | waited, s | retries | errors |", "|---|---|---|---|---|---|---|"]
    return {
        "requests": dg.MetadataValue.int(sum(one.requests for one in traffic.values())),
        "bytes": dg.MetadataValue.int(sum(one.size_bytes for one in traffic.values())),
        "ledger": dg.MetadataValue.md("\n".join([*head, *lines])),
    }


def cost_of_a_picture(home: Home) -> dict[str, dg.MetadataValue]:
    """Requests and bytes, of all runs into this home so far, for each accepted picture in the store."""
    spent = expense(home)
    if not spent.pictures:
        return {}
    return {
        "requests_per_picture": dg.MetadataValue.float(round(spent.requests / spent.pictures, 4)),
        "bytes_per_picture": dg.MetadataValue.float(round(spent.size_bytes / spent.pictures, 1)),
    }
