"""Outside of the room: gather what a training is given, start it inside, publish what it made. No torch in here.

The process outside alone keeps the run's folder, seals it, compares what was given at the end, writes `run.json`, and
renames; the one inside reads what is given and writes the run's folder. Errors: CleanRoomError.
"""

import compileall
import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from pd_ml.command_line import begun, train_here
from pd_ml.data.shards import sha256_of, verify_once
from pd_ml.errors import CleanRoomError, ConfigError
from pd_ml.progress import PROGRESS_VARIABLE, Reporter
from pd_ml.project import project
from pd_ml.provenance import INIT_FROM, READABLE, read_run
from pd_ml.room import decoded, libraries, ranks, relay, seal
from pd_ml.room.given import Given, differences, digests, look
from pd_ml.room.levels import AUTO, KERNEL, OFF, POLICY, REQUIRE, UNENFORCED, least, level_of, unenforced
from pd_ml.room.trial import impossible, plan_of
from pd_ml.room.work import read_outcome, told_of
from pd_ml.training.workshop import Identity, Job, agree, alone_in, complete, identify, publish, record_of

PACKAGE = Path(__file__).resolve().parents[1]
INSIDE = PACKAGE / "room" / "inside.py"


def train_in_room(job: Job, processes: int) -> None:
    """Train in a clean room where this machine can make one; in this process, and marked so, where it cannot.

    So many processes train as are asked for, or as were started together.
    """
    if processes > 1 and ranks.together() > 1:
        raise ConfigError(f"--processes {processes} of one of {ranks.together()} processes; start it by itself")
    why = _why_not()
    if why is not None:
        if _policy() == REQUIRE:
            raise CleanRoomError(f"{POLICY}={REQUIRE}, and no clean room can be entered: {why}")
        train_here(job, processes, level=f"{UNENFORCED}{why}")
    elif ranks.rank():
        ranks.follow()
    else:
        with ranks.leading():
            _train(job, max(processes, ranks.together()))


def _policy() -> str:
    found = os.environ.get(POLICY, "") or AUTO
    if found not in (AUTO, REQUIRE, OFF):
        raise ConfigError(f"{POLICY} is {found!r}; it is {AUTO}, {REQUIRE} or {OFF}")
    return found


def _why_not() -> str | None:
    if _policy() == OFF:
        return f"switched off ({POLICY}={OFF})"
    if ranks.together() > 1 and not ranks.are_on_one_machine():
        return "several machines, which need a network"
    return impossible()


@dataclass(kw_only=True)
class _Heard:
    """What came out of the room while it lasted."""

    facts: Mapping[str, object] = field(default_factory=dict)
    level: str = ""


def _train(asked: Job, processes: int) -> None:
    _compile_ourselves()
    # Inside there is no checkout to ask; asked now, before its files can change.
    project()
    job = _without_links(asked)
    # Before they are read: what differs at the end was not what was read.
    first = look({role: path for role, path in _roots(job).items() if path.exists()})
    identity = identify(asked)
    reporter = begun(asked, identity)
    if (found := complete(asked, identity, reporter)) is None:
        with alone_in(job):
            _Training(job, identity, reporter, first, processes).run()
        found = read_run(job.out)
    # Also that of a run that was killed between its publication and this line.
    seal.remove_seal(job.partial)
    reporter.event("done", out=str(asked.out), version=found.version, digest=found.digest)


def _roots(job: Job) -> dict[str, Path]:
    started_from = {INIT_FROM: job.init_from} if job.init_from else {}
    return {"dataset": job.dataset, **job.inputs, **started_from, PACKAGE.name: PACKAGE}


class _Training:
    """One training while its folder is held."""

    def __init__(self, job: Job, identity: Identity, reporter: Reporter, first: Given, processes: int) -> None:
        self._job, self._identity, self._reporter = job, identity, reporter
        self._first, self._processes = first, processes
        self._heard = _Heard()
        self._problems: list[str] = []
        self._level_before = KERNEL
        self._copied: list[Mapping[str, object]] = []
        self._checkpoint = threading.Event()
        self._scan = _Scan()

    def run(self) -> None:
        """Enter, wait, publish; ends this process like the room's where that is not done."""
        job = self._job
        before = seal.open_again(job.partial)
        self._level_before = before.level
        self._problems += [before.problem] if before.problem else []
        if before.taken:
            told = ", ".join(before.taken[:4])
            self._reporter.say(f"the last run was killed; what no seal names was taken away: {told}")
        agree(job, self._identity)
        given, known = self._given()
        read = digests(given, known)
        scratch = self._scratch()
        self._seal(ended=False)
        code = self._enter(given, scratch)
        self._problems += differences(given, read)
        level = self._level()
        shutil.rmtree(scratch, ignore_errors=True)
        decoded.take_over(job.partial / seal.CACHE, job.cache, made_inside=not level.startswith(UNENFORCED))
        shutil.rmtree(job.partial / seal.CACHE, ignore_errors=True)
        if code != 0:
            self._seal(ended=True)
            if code == -signal.SIGKILL:
                self._reporter.say(
                    "the training was killed (SIGKILL), by somebody or for want of memory; the same command goes on "
                    "from its last checkpoint"
                )
            self._reporter.close()
            relay.end_like(code)
        self._publish(level, given, read)

    def _given(self) -> tuple[Given, Mapping[str, str]]:
        """What is given, and the digests that are proven already: by the manifest, and by the inputs' `run.json`."""
        job = self._job
        manifest = verify_once(job.dataset, cache=job.cache)
        lent = decoded.lend(job.cache, job.partial / seal.CACHE, manifest.digest)
        decoded_roots = {f"cache:{name}": path for name, (path, _) in lent.items()}
        known = {f"dataset/{info.path}": info.sha256 for info in manifest.shards}
        known |= {f"cache:{name}": digest for name, (_, digest) in lent.items()}
        for role, folder in _roots(job).items():
            if role not in ("dataset", PACKAGE.name):
                known |= {f"{role}/{name}": digest for name, digest in read_run(folder).outputs.items()}
        roots = {**self._first.roots, **decoded_roots}
        return Given(roots=roots, stamps={**self._first.stamps, **look(decoded_roots).stamps}), known

    def _scratch(self) -> Path:
        """A place for temporary files; what lies in it at the beginning is named among what was given."""
        scratch = self._job.partial / seal.SCRATCH
        scratch.mkdir()
        for path in _font_lists():
            shutil.copyfile(path, scratch / path.name)
            size_bytes, digest = (scratch / path.name).stat().st_size, sha256_of(scratch / path.name)
            self._copied.append({"path": f"fonts/{path.name}", "size_bytes": size_bytes, "sha256": digest})
        return scratch

    def _enter(self, given: Given, scratch: Path) -> int:
        job = replace(self._job, cache=self._job.partial / seal.CACHE)
        environment = relay.allowed_environment(scratch)
        if sys.stderr.isatty():
            environment[PROGRESS_VARIABLE] = "bar"
        given_paths = [str(path) for path in given.roots.values()]
        plan = plan_of(given_paths, job.partial, _command(job), environment, self._processes)
        ended = threading.Event()
        sealing = threading.Thread(target=self._seal_checkpoints, args=(ended,), daemon=True)
        sealing.start()
        self._scan.start()
        try:
            return relay.run(plan, self._hear)
        finally:
            ended.set()
            self._checkpoint.set()
            sealing.join()

    def _hear(self, event: Mapping[str, object]) -> None:
        if event.get("event") == "room" and not self._heard.level:
            facts = {name: value for name, value in event.items() if name != "event"}
            self._heard = _Heard(facts=facts, level=level_of(facts))
            self._reporter.say(f"clean room: {self._level()}")
            if _policy() == REQUIRE and self._level() != KERNEL:
                raise CleanRoomError(f"{POLICY}={REQUIRE}, and this training would be {self._level()}")
        elif event.get("event") == "checkpoint":
            self._checkpoint.set()

    def _level(self) -> str:
        now = unenforced(self._problems) if self._problems else self._heard.level or unenforced([])
        return least(self._level_before, now)

    def _seal_checkpoints(self, ended: threading.Event) -> None:
        while True:
            self._checkpoint.wait()
            self._checkpoint.clear()
            if ended.is_set():
                return
            try:
                self._seal(ended=False)
            except (CleanRoomError, OSError):
                # The folder is being written; what is wrong with it is told when it is at rest.
                continue

    def _seal(self, *, ended: bool) -> None:
        # Before the room said anything, nothing was trained.
        level = self._level() if self._heard.level or self._problems else self._level_before
        seal.write_seal(self._job.partial, level=level, ended=ended)

    def _publish(self, level: str, given: Given, read: Mapping[str, str]) -> None:
        job = self._job
        for _ in seal.plain_files(job.partial):
            pass
        counts, metrics, environment = read_outcome(job.partial)
        told = {
            "format_version": 1,
            "level": level,
            "given": [*_listed(given, read), *self._copied],
            "data_like_in_libraries": [asdict(one) for one in self._scan.result()],
        }
        (job.export / READABLE).write_text(json.dumps(told, indent=1) + "\n")
        told_outside = {**environment, **project()}
        record = record_of(job, self._identity, counts=counts, metrics=metrics, environment=told_outside)
        facts = {**self._heard.facts, "processes": self._processes}
        publish(job, replace(record, level=level, room=facts))


class _Scan(threading.Thread):
    """Data-like files of the libraries, looked for while the room is busy."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._found: list[libraries.DataLike] = []
        self._error: BaseException | None = None

    def run(self) -> None:
        """The thread's work."""
        try:
            self._found = libraries.data_like(libraries.trees(), libraries.scan_note())
        except BaseException as error:
            self._error = error

    def result(self) -> list[libraries.DataLike]:
        """What was found, when all was looked at."""
        self.join()
        if self._error is not None:
            raise self._error
        return self._found


def _listed(given: Given, read: Mapping[str, str]) -> list[Mapping[str, object]]:
    return [
        {"path": name, "size_bytes": stamp.size_bytes, "sha256": read[name]} for name, stamp in given.stamps.items()
    ]


def _command(job: Job) -> list[str]:
    told = {"job": told_of(job), "search_path": libraries.search_path()}
    return [relay.python(), "-I", str(INSIDE), json.dumps(told)]


def _without_links(job: Job) -> Job:
    """The job by where its folders really are: in the room there are no others."""

    def real(path: Path) -> Path:
        return Path(os.path.realpath(path))

    return replace(
        job,
        dataset=real(job.dataset),
        inputs={name: real(folder) for name, folder in job.inputs.items()},
        out=real(job.out.parent) / job.out.name,
        cache=real(job.cache),
        init_from=real(job.init_from) if job.init_from else None,
    )


def _compile_ourselves() -> None:
    """Nothing is written below the package from inside; compiled now, it is quick to load there."""
    if not sys.dont_write_bytecode:
        compileall.compile_dir(PACKAGE, quiet=2)


def _font_lists() -> list[Path]:
    """What matplotlib found of the machine's fonts, which takes it seconds to find again."""
    base = os.environ.get("MPLCONFIGDIR")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "matplotlib")
    return sorted((Path(base) if base else cache).glob("fontlist-v*.json"))
