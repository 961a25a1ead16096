"""A month in which nobody looks: the archive changes every night, schedule and sensors do the rest, and things die.

    python -m tests.bench.month [--nights 30] [--pictures 120] [--seed 20261122]

A real MediaWiki, a real `pdd up` with a clock of minutes, restarted when it ends as a service manager would; kill -9 of
the daemon, the web server, `pdd up` and running steps at random. At the end the tables are compared with a scrape from
scratch, and the figures are printed. Exit code 1 where something is not as it should be.
"""

import argparse
import random
import signal
import sys
import tempfile
import time
import urllib.error
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPException
from pathlib import Path
from typing import cast

import psutil

from pd_assets.assets.models import STAGES
from pd_assets.checks.models import CHECK_NAME
from pd_assets.lib.catalog.schemas import LICENSED
from pd_assets.lib.home import Home, open_home
from pd_assets.lib.release import members
from pd_assets.lib.release.lineage import models
from tests.integration.dagster_ui import (
    DagsterUi,
    Json,
    UiFailed,
    alive,
    free_port,
    start,
    wait_until_it_answers,
)
from tests.integration.mediawiki.fill import fill
from tests.integration.mediawiki.kinds import Kind
from tests.integration.mediawiki.pages import file_page, other_pages
from tests.integration.mediawiki.pictures import Picture, choose, read_art
from tests.integration.mediawiki.templates import ROOTS
from tests.integration.mediawiki.wiki import MediaWiki
from tests.pd_assets.harvest import MAX_SIDE, differences, harvest, rows, standing

ART = Path(__file__).parents[3] / "shared/data/art"
PATIENCE_S = 1800.0
FREE, NOT_FREE = "{{PD-Art|PD-old-100-expired}}", "{{Cc-by-sa-4.0}}"
TINY = (
    "tokenizer.vocab_size=600;clip.steps=2;clip.batch_size=8;unet_text.steps=2;unet_text.batch_size=4;"
    "evaluate.n=8;evaluate.permutations=10;evaluate.reference=32;evaluate.sample_steps=2"
)
ACTIVE = {"QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING"}
RUNS = """
query { runsOrError { ... on Runs { results { runId rootRunId jobName status startTime tags { key value } } } } }
"""
TICK = """
query($name: String!) { sensorOrError(sensorSelector: {
  repositoryLocationName: "pd", repositoryName: "__repository__", sensorName: $name
}) { ... on Sensor { sensorState { status ticks(limit: 500) { status skipReason error { message } } } } } }
"""
MADE = """
query($key: AssetKeyInput!) { assetOrError(assetKey: $key) { ... on Asset { assetMaterializations(limit: 1000) {
  runId metadataEntries { label ... on BoolMetadataEntry { boolValue } ... on TextMetadataEntry { text } } } } } }
"""
CHECKED = """
query($key: AssetKeyInput!, $name: String!) { assetCheckExecutions(assetKey: $key, checkName: $name, limit: 1) {
  evaluation { success metadataEntries { label ... on JsonMetadataEntry { jsonString } } } } }
"""


@dataclass(frozen=True, kw_only=True)
class Change:
    """How much changes in a night: pages edited, uploaded, deleted, made unfree, made free."""

    edits: int = 15
    uploads: int = 4
    deletions: int = 1
    closed: int = 1
    opened: int = 1


@dataclass(kw_only=True)
class Archive:
    """The wiki, what is in it, and what was taken from it. `gone` are the items that nobody may serve any more."""

    wiki: MediaWiki
    chance: random.Random
    free: list[str]
    unfree: list[str]
    reserve: list[Picture]
    gone: set[str] = field(default_factory=set)
    done: Counter[str] = field(default_factory=Counter)

    def night(self, change: Change) -> None:
        """One night's changes."""
        admin = self.wiki.admin
        for title in self.chance.choices(self.free, k=change.edits):
            admin.append(title, f"\n<!-- {self.chance.random()} -->")
        for _ in range(min(change.uploads, len(self.reserve))):
            self._upload(self.reserve.pop())
        for title in self._taken(self.free, change.deletions):
            self.gone.add(self._item(title))
            admin.delete(title)
        for title in self._taken(self.free, change.closed):
            self.gone.add(self._item(title))
            admin.edit(title, admin.read(title).replace(FREE, NOT_FREE))
            self.unfree.append(title)
        for title in self._taken(self.unfree, change.opened):
            admin.edit(title, admin.read(title).replace(NOT_FREE, FREE))
            self.gone.discard(self._item(title))
            self.free.append(title)
        self.wiki.run_jobs()
        self.done.update(vars(change))

    def _taken(self, titles: list[str], count: int) -> list[str]:
        return [titles.pop(self.chance.randrange(len(titles))) for _ in range(min(count, len(titles)))]

    def _item(self, title: str) -> str:
        return f"commons:M{self.wiki.admin.page(title)['pageid']}"

    def _upload(self, picture: Picture) -> None:
        for title, text in other_pages([picture]).items():
            if title.startswith(("Creator:", "Institution:")):
                self.wiki.admin.edit(title, text)
        self.wiki.admin.upload(picture.title, (ART / picture.row.file).read_bytes(), file_page(picture))
        self.free.append(picture.title)


def fill_archive(wiki: MediaWiki, chance: random.Random, *, pictures: int, reserve: int) -> Archive:
    """A wiki with so many pictures, a sixth of them not free, and others to be uploaded later; it is served then."""
    mix = {Kind.PD_OLD_100_EXPIRED: pictures - pictures // 6, Kind.CC_BY_SA: pictures // 6}
    inside = fill(wiki, ART, mix)
    used = {picture.row.original_sha1 for picture in inside}
    left = [row for row in read_art(ART) if row.original_sha1 not in used]
    category = inside[0].categories
    later = [replace(one, categories=category) for one in choose(left, {Kind.PD_OLD_100_EXPIRED: reserve}, 1)]
    wiki.start()
    free = [picture.title for picture in inside if picture.free]
    return Archive(
        wiki=wiki,
        chance=chance,
        free=free,
        unfree=[picture.title for picture in inside if not picture.free],
        reserve=later,
    )


@dataclass(kw_only=True)
class Service:
    """`pdd up`, started again whenever it has ended, and asked again whenever it does not answer."""

    folder: Path
    settings: dict[str, str]
    ui: DagsterUi
    starts: int = 1

    def ask(self, query: str, **variables: object) -> Json:
        """The `data` of a GraphQL answer, whenever it comes."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            self.keep_up()
            try:
                return self.ui.ask(query, **variables)
            except (urllib.error.URLError, HTTPException, OSError) as error:
                if time.monotonic() > deadline:
                    raise UiFailed(f"no answer for {PATIENCE_S:.0f} s ({error}):\n{self.ui.printed[-3000:]}") from error
                time.sleep(1)

    def keep_up(self) -> None:
        """Start it again where it has ended."""
        if self.ui.process.poll() is None:
            return
        (self.folder / "up.log").rename(self.folder / f"up-{self.starts}.log")
        self.ui = replace(self.ui, process=start(self.folder, self.ui.port, **self.settings))
        self.starts += 1

    def runs(self, job: str | None = None) -> list[Json]:
        found = cast(list[Json], cast(Json, self.ask(RUNS)["runsOrError"])["results"])
        return [run for run in found if job is None or run["jobName"] == job]

    def ticks(self, sensor: str) -> list[Json]:
        state = cast(Json, cast(Json, self.ask(TICK, name=sensor)["sensorOrError"])["sensorState"])
        assert state["status"] == "RUNNING", f"{sensor} is {state['status']}: `pdd up` should have started it"
        return cast(list[Json], state["ticks"])


@contextmanager
def service(folder: Path, api: str, **more: str) -> Iterator[Service]:
    """`pdd up` with a night every minute and sensors that look every few seconds; ended at the end."""
    settings = {
        "PD_COMMONS_API": api,
        "PD_CONTACT": "operator@somewhere.net",
        "PD_SCRAPE_CRON": "* * * * *",
        "PD_WATCH_EVERY_S": "5",
        "PD_RETRY_WAIT_S": "1",
        "PD_KEEP_DATASETS_DAYS": "0",
        "PD_MAX_SIDE": str(MAX_SIDE),
        "PD_RECIPE": "debug",
        "PD_TRAIN_SET": TINY,
        **more,
    }
    port = free_port()
    process = start(folder, port, **settings)
    running = Service(
        folder=folder,
        settings=settings,
        ui=DagsterUi(process=process, folder=folder, port=port, home=folder / "home"),
    )
    family: list[psutil.Process] = []
    try:
        wait_until_it_answers(running.ui)
        yield running
    finally:
        if running.ui.process.poll() is None:
            family = running.ui.processes()
            running.ui.stop()
        for left in alive(family):
            left.kill()


@dataclass(kw_only=True)
class Reaper:
    """Kills at random, and remembers what."""

    service: Service
    chance: random.Random
    killed: Counter[str] = field(default_factory=Counter)

    def strike(self) -> None:
        """One kill -9 of one of: a running step, the daemon, the web server, `pdd up` as a whole."""
        target = self.chance.choice(["step", "step", "step", "daemon", "web server", "pdd up"])
        found = self._found(target)
        if found:
            self.chance.choice(found).kill()
            self.killed[target] += 1

    def _found(self, target: str) -> list[psutil.Process]:
        if self.service.ui.process.poll() is not None:
            return []
        if target == "pdd up":
            return [psutil.Process(self.service.ui.process.pid)]
        if target == "step":
            return self.service.ui.workers()
        module = {"daemon": "dagster._daemon", "web server": "--with-daemon"}[target]
        return [one for one in self.service.ui.processes() if module in " ".join(one.cmdline())]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What a month came to. `problems` is empty where all is as it should be."""

    told: dict[str, object]
    problems: list[str]


def month(
    folder: Path, *, nights: int, pictures: int, seed: int, change: Change, say: Callable[[str], None]
) -> Figures:
    """Live through the nights, then look at what is left of them."""
    chance = random.Random(seed)
    started = time.monotonic()
    wiki = MediaWiki.install(folder / "wiki")
    archive = fill_archive(wiki, chance, pictures=pictures, reserve=nights * change.uploads)
    project = folder / "project"
    project.mkdir()
    after = max(1, 3 * change.uploads)
    with wiki, service(project, wiki.api_url, PD_RETRAIN_AFTER=str(after)) as running:
        reaper = Reaper(service=running, chance=chance)
        live_a_night(running, since=0.0)
        say(f"first night done after {time.monotonic() - started:.0f} s")
        for night in range(1, nights):
            archive.night(change)
            live_a_night(running, since=time.time(), reaper=reaper)
            say(f"night {night + 1}: {time.monotonic() - started:.0f} s, killed so far {dict(reaper.killed)}")
        settle(running)
        say(f"settled after {time.monotonic() - started:.0f} s")
        facts = gather(running)
        scratch = open_home(folder / "scratch")
        assert harvest(scratch, wiki.api_url, list(ROOTS)).success
    home = open_home(project / "home")
    told = {
        "nights": nights,
        **{f"pages {name}" if name != "edits" else name: count for name, count in archive.done.items()},
        **{f"killed -9: {name}": count for name, count in sorted(reaper.killed.items())},
        "starts of pdd up": running.starts,
        **facts.counts,
        "licensed pictures": len(rows(home, LICENSED)),
        "dataset versions made": len(members.versions(home)),
        "dataset versions kept": sum(one.is_there for one in members.versions(home)),
        "wall time, s": round(time.monotonic() - started),
    }
    unlike = differences(standing(home), standing(scratch))
    problems = [*facts.problems, *unlike[:20], *not_gone(home, archive.gone), *not_flagged(home, archive.gone, facts)]
    told |= {"rows unlike a scrape from scratch": len(unlike), "pictures taken down": len(archive.gone)}
    told |= {"models that saw one": len(affected(home, archive.gone))}
    return Figures(told=told, problems=problems)


def live_a_night(running: Service, *, since: float, reaper: Reaper | None = None) -> None:
    """Wait until a night that began later than `since` is done, however often it has to be begun again."""
    strike_at = time.monotonic() + reaper.chance.uniform(5, 45) if reaper else None
    deadline = time.monotonic() + PATIENCE_S
    while not done_since(running.runs("nightly"), since):
        assert time.monotonic() < deadline, f"no night was done in time:\n{running.ui.printed[-3000:]}"
        if reaper and strike_at and time.monotonic() > strike_at:
            reaper.strike()
            strike_at = None
        time.sleep(2)


def done_since(runs: Sequence[Json], since: float) -> bool:
    """Whether a night, or what goes on with it after it died, is done that began later."""
    began = {run["runId"]: float(str(run["startTime"] or 0.0)) for run in runs}
    return any(run["status"] == "SUCCESS" and began.get(_root(run), 0.0) > since for run in runs)


def _root(run: Json) -> object:
    """The run that it goes on with, in the end; itself where it began anew."""
    return run["rootRunId"] or run["runId"]


def settle(running: Service) -> None:
    """Wait until no run but a night is at work, and no sensor has anything to ask for."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_quiet(running):
        assert time.monotonic() < deadline, f"it does not come to rest:\n{running.ui.printed[-3000:]}"
        time.sleep(3)


def is_quiet(running: Service) -> bool:
    said = [str((running.ticks(name) or [{}])[0].get("skipReason")) for name in ("takedown_watch", SENSOR)]
    at_work = [run for run in running.runs() if run["status"] in ACTIVE and run["jobName"] != "nightly"]
    is_told = not untold(running)
    return is_told and not at_work and "no dataset holds" in said[0] and "new licensed pictures of" in said[1]


def untold(running: Service) -> list[str]:
    """The failed runs that `run_failure_alert` has told nobody of."""
    told = alerts(running)
    return [str(run["runId"]) for run in running.runs() if run["status"] == "FAILURE" and str(run["runId"]) not in told]


def alerts(running: Service) -> str:
    """PD_HOME/alerts.log."""
    log = running.ui.home / "alerts.log"
    return log.read_text() if log.is_file() else ""


def not_by_a_kill(told: str) -> list[str]:
    """The failures that were neither tried again by themselves nor due to a kill."""
    harmless = ("(it will be tried again)", "its process is gone", "marked as failed from outside")
    return [f"failed: {line}" for line in told.splitlines() if not any(words in line for words in harmless)]


SENSOR = "retrain_on_new_images"


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What Dagster tells at the end. `flagged`: by stage, whether the check passed and the versions that it names."""

    counts: dict[str, object]
    flagged: dict[str, tuple[bool, str]]
    problems: list[str]


def gather(running: Service) -> Facts:
    """Ask for runs, ticks, trainings and checks."""
    runs = running.runs()
    by_job = Counter(f"runs of {run['jobName']}: {run['status']}" for run in runs)
    ticks = [tick for name in ("takedown_watch", SENSOR, "run_failure_alert") for tick in running.ticks(name)]
    trained = Counter((stage, version) for stage in STAGES for version, is_new in _trainings(running, stage) if is_new)
    twice = [
        f"{stage} was trained {count} times on {version}" for (stage, version), count in trained.items() if count > 1
    ]
    asked = Counter(tag["value"] for run in runs for tag in _tags(run) if tag["key"] == "pd/licensed")
    stuck = [f"run {run['runId']} of {run['jobName']} is still {run['status']}" for run in _stuck(runs)]
    problems = [*twice, *stuck, *not_by_a_kill(alerts(running))]
    counts: dict[str, object] = {
        "failed runs that were told": len(alerts(running).splitlines()),
        **dict(sorted(by_job.items())),
        "sensor ticks": len(ticks),
        "failed ticks": sum(tick["status"] == "FAILURE" for tick in ticks),
        "datasets that a training was asked for": len(asked),
        "trainings, all stages": sum(trained.values()),
    }
    flagged = {stage: _flag(running, stage) for stage in STAGES}
    return Facts(counts=counts, flagged={k: v for k, v in flagged.items() if v is not None}, problems=problems)


def _stuck(runs: Sequence[Json]) -> list[Json]:
    """Runs that are under way, but for the night that may have begun just now."""
    found = [run for run in runs if run["status"] in ACTIVE]
    nights = [run for run in found if run["jobName"] == "nightly"]
    return [run for run in found if run not in nights[:1]]


def _tags(run: Json) -> list[dict[str, str]]:
    return cast(list[dict[str, str]], run["tags"])


def _trainings(running: Service, stage: str) -> Iterator[tuple[str, bool]]:
    """Each materialisation of a model: the dataset version, and whether anything was trained for it."""
    asset = cast(Json, running.ask(MADE, key={"path": ["models", stage]})["assetOrError"])
    for made in cast(list[Json], asset.get("assetMaterializations") or []):
        entries = {str(one["label"]): one for one in cast(list[Json], made["metadataEntries"])}
        yield str(entries["dataset_version"]["text"]), bool(entries["trained_now"]["boolValue"])


def _flag(running: Service, stage: str) -> tuple[bool, str] | None:
    """What the check of a stage said last."""
    found = running.ask(CHECKED, key={"path": ["models", stage]}, name=CHECK_NAME)["assetCheckExecutions"]
    told = [cast(Json, one["evaluation"]) for one in cast(list[Json], found) if one["evaluation"]]
    if not told:
        return None
    entries = {str(one["label"]): one for one in cast(list[Json], told[0]["metadataEntries"])}
    return bool(told[0]["success"]), str(entries["flagged_versions"]["jsonString"])


def not_gone(home: Home, gone: set[str]) -> list[str]:
    """Pictures that were taken down, and are in the licensed table or in the latest dataset all the same."""
    latest = home.pointed("dataset", "main", "latest")
    listed = {str(key[0]) for key in rows(home, LICENSED)}
    held = {item for item, _ in members.pictures(home, latest or "")}
    return [f"{item} was taken down, and is still served" for item in sorted(gone & (listed | held))]


def affected(home: Home, gone: set[str]) -> dict[tuple[str, str], bool]:
    """The models (stage, version) that saw one of the pictures, told from the datasets alone; whether one is in use."""
    saw = {}
    for model in models(home):
        seen = {item for version in model.datasets for item, _ in members.pictures(home, version)}
        if seen & gone:
            saw[(model.stage, model.version)] = model.is_in_use
    return saw


def not_flagged(home: Home, gone: set[str], facts: Facts) -> list[str]:
    """Models that saw such a picture, and that no failing check and no metadata name."""
    problems = []
    for (stage, version), is_in_use in affected(home, gone).items():
        passed, named = facts.flagged.get(stage, (True, ""))
        if version not in named:
            problems.append(f"models/{stage} {version} saw a picture that was taken down, and is not flagged")
        if is_in_use and passed:
            problems.append(f"models/{stage} {version} is in use and saw such a picture; its check passes")
    return problems


def main() -> int:
    """Print the figures; exit code 1 where something is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--pictures", type=int, default=120)
    parser.add_argument("--seed", type=int, default=20261122)
    arguments = parser.parse_args()
    # A service manager sends it, and what was started is to be stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="month-", ignore_cleanup_errors=True) as folder:
        figures = month(
            Path(folder),
            nights=arguments.nights,
            pictures=arguments.pictures,
            seed=arguments.seed,
            change=Change(),
            say=lambda line: print(line, flush=True),
        )
    for name, value in figures.told.items():
        print(f"{name:40} {value}")
    for problem in figures.problems:
        print(f"WRONG: {problem}")
    return 1 if figures.problems else 0


if __name__ == "__main__":
    sys.exit(main())
