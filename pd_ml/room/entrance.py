"""Outside of the room: gather what a training is given, start it inside, publish what it made. No torch in here.

The process outside alone keeps the run's folder, seals it, compares what was given at the end, writes `run.json`, and
renames; the one inside reads what is given and writes the run's folder. Errors: CleanRoomError.
"""

import compileall
import json
import os
import platform
import shutil
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from pd_ml.command_line import begun, train_here
from pd_ml.data.shards import verify_once
from pd_ml.errors import CleanRoomError, ConfigError
from pd_ml.progress import PROGRESS_VARIABLE, Reporter
from pd_ml.provenance import INIT_FROM, READABLE, read_run
from pd_ml.room import decoded, libraries, ranks, relay, seal
from pd_ml.room.given import Given, differences, digests, look
from pd_ml.room.kernel import is_known_machine
from pd_ml.room.levels import AUTO, KERNEL, OFF, POLICY, REQUIRE, UNENFORCED, level_of, unenforced
from pd_ml.room.work import read_outcome, told_of
from pd_ml.training.workshop import Identity, Job, agree, alone_in, complete, identify, publish, record_of

PACKAGE = Path(__file__).resolve().parents[1]
INSIDE = PACKAGE / "room" / "inside.py"
_FONTS = "fonts"
_LEAST_PORT_OWN = 29500


def train_in_room(job: Job) -> None:
    """Train in a clean room where this machine can make one; in this process, and marked so, where it cannot."""
    why = _why_not()
    if why is not None:
        if _policy() == REQUIRE:
            raise CleanRoomError(f"{POLICY}={REQUIRE}, and no clean room can be entered: {why}")
        train_here(job, level=f"{UNENFORCED}{why}")
    elif ranks.rank():
        ranks.follow()
    else:
        with ranks.leading():
            _train(job)


def try_room() -> list[str]:
    """Try all steps in children that are thrown away: for one process and for several, the level as JSON."""
    if (why := _impossible()) is not None:
        return [json.dumps({"processes": number, "level": f"{UNENFORCED}{why}"}) for number in (1, 2)]
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for processes in (1, 2):
            heard: dict[str, object] = {}
            plan = replace(_plan([], Path(os.path.realpath(folder)), [], processes), command=())
            relay.run(plan, heard.update)
            facts = {name: value for name, value in heard.items() if name != "event"}
            found.append(json.dumps({"processes": processes, "level": level_of(facts), **facts}))
    return found


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
    return _impossible()


def _impossible() -> str | None:
    if is_known_machine():
        return None
    return f"{platform.system()} on {platform.machine()} has no clean room; it is there on Linux, x86-64"


@dataclass(kw_only=True)
class _Heard:
    """What came out of the room while it lasted."""

    facts: Mapping[str, object] = field(default_factory=dict)
    level: str = ""


def _train(asked: Job) -> None:
    _compile_ourselves()
    identity = identify(asked)
    reporter = begun(asked, identity)
    if (found := complete(asked, identity, reporter)) is None:
        job = _without_links(asked)
        with alone_in(job):
            _Training(job, identity, reporter).run()
        seal.remove_seal(job.partial)
        found = read_run(job.out)
    reporter.event("done", out=str(asked.out), version=found.version, digest=found.digest)


class _Training:
    """One training while its folder is held."""

    def __init__(self, job: Job, identity: Identity, reporter: Reporter) -> None:
        self._job, self._identity, self._reporter = job, identity, reporter
        self._heard = _Heard()
        self._problems: list[str] = []
        self._checkpoint = threading.Event()
        self._scan = _Scan()

    def run(self) -> None:
        """Enter, wait, publish; ends this process like the room's where that is not done."""
        job = self._job
        why, taken = seal.open_again(job.partial)
        self._problems += [why] if why else []
        if taken:
            self._reporter.say(f"the last run was killed; taken away, as no seal names it: {', '.join(taken[:4])}")
        agree(job, self._identity)
        given, known = self._given()
        read = digests(given, known)
        scratch = self._scratch(given)
        self._seal(ended=False)
        code = self._enter(given, scratch)
        self._problems += differences(given, read)
        level = self._level()
        shutil.rmtree(scratch, ignore_errors=True)
        decoded.take_over(job.partial / seal.CACHE, job.cache, made_inside=not level.startswith(UNENFORCED))
        shutil.rmtree(job.partial / seal.CACHE, ignore_errors=True)
        if code != 0:
            self._seal(ended=True)
            self._reporter.close()
            relay.end_like(code)
        self._publish(level, given, read)

    def _given(self) -> tuple[Given, Mapping[str, str]]:
        """What is given, and the digests that are proven already: by the manifest, and by the inputs' `run.json`."""
        job = self._job
        folders = dict(job.inputs) | ({INIT_FROM: job.init_from} if job.init_from else {})
        roots = {"dataset": job.dataset, **folders, PACKAGE.name: PACKAGE}
        look(roots)
        manifest = verify_once(job.dataset, cache=job.cache)
        lent = decoded.lend(job.cache, job.partial / seal.CACHE, manifest.digest)
        roots |= {f"cache:{name}": path for name, (path, _) in lent.items()}
        known = {f"dataset/{info.path}": info.sha256 for info in manifest.shards}
        known |= {f"cache:{name}": digest for name, (_, digest) in lent.items()}
        for role, folder in folders.items():
            known |= {f"{role}/{name}": digest for name, digest in read_run(folder).outputs.items()}
        return look(roots), known

    def _scratch(self, given: Given) -> Path:
        scratch = self._job.partial / seal.SCRATCH
        scratch.mkdir()
        for path in _font_lists():
            shutil.copyfile(path, scratch / path.name)
        return scratch

    def _enter(self, given: Given, scratch: Path) -> int:
        job = replace(self._job, cache=self._job.partial / seal.CACHE)
        plan = _plan([str(path) for path in given.roots.values()], job.partial, _command(job), ranks.together())
        environment = relay.allowed_environment(scratch)
        if sys.stderr.isatty():
            environment[PROGRESS_VARIABLE] = "bar"
        ended = threading.Event()
        sealing = threading.Thread(target=self._seal_checkpoints, args=(ended,), daemon=True)
        sealing.start()
        self._scan.start()
        try:
            return relay.run(replace(plan, environment=environment), self._hear)
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
        if self._problems:
            return unenforced(self._problems)
        return self._heard.level or unenforced([])

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
        level = self._level() if self._heard.level or self._problems else KERNEL
        seal.write_seal(self._job.partial, level=level, ended=ended)

    def _publish(self, level: str, given: Given, read: Mapping[str, str]) -> None:
        job = self._job
        for _ in seal.plain_files(job.partial):
            pass
        counts, metrics, environment = read_outcome(job.partial)
        _write_readable(job.export / READABLE, level, given, read, self._scan.result())
        record = record_of(job, self._identity, counts=counts, metrics=metrics, environment=environment)
        facts = {**self._heard.facts, "processes": ranks.together()}
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


def _write_readable(
    path: Path, level: str, given: Given, read: Mapping[str, str], found: Sequence[libraries.DataLike]
) -> None:
    """What could be read; where no kernel kept it, this is only what was given."""
    files = [
        {"path": name, "size_bytes": stamp.size_bytes, "sha256": read[name]} for name, stamp in given.stamps.items()
    ]
    told = {
        "format_version": 1,
        "level": level,
        "given": files,
        "data_like_in_libraries": [asdict(one) for one in found],
    }
    path.write_text(json.dumps(told, indent=1) + "\n")


def _plan(given: Sequence[str], folder: Path, command: Sequence[str], processes: int) -> relay.Plan:
    return relay.Plan(
        read=[*libraries.trees(), *libraries.settings(), *given],
        write=[str(folder)],
        command=command,
        environment={},
        processes=processes,
        port=relay.free_port() if processes > 1 else _LEAST_PORT_OWN,
    )


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
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "matplotlib"
    return sorted((Path(base) if base else cache).glob("fontlist-v*.json"))
