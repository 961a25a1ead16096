"""What is measured: each asset, check and sensor as Dagster runs it, and what a person asks of a home.

A step prepares itself in the process that it is measured in, and gives what is measured. One that the platform gains
is unknown here until it is added to ORDER or, with why, to LEFT_OUT: `unknown` names it, and the bench fails.
"""

import os
import pickle
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from pd_assets.definitions import build_defs
from pd_assets.lib.catalog import buckets, damage, mending, questions, views
from pd_assets.lib.home import Home, at_work, open_home
from pd_assets.lib.labelling import queue
from pd_assets.lib.ledger import expense
from pd_assets.lib.release import members, takedowns
from pd_assets.lib.release.model_pictures import pictures_of_model
from pd_assets.lib.release.trace import trace
from pd_assets.lib.rights.audit import draw_sample
from pd_assets.lib.rights.drift import ground_losses
from pd_assets.lib.rights.gaps import rights_gaps
from pd_assets.lib.soundness import faults
from pd_assets.resources import Platform
from pd_assets.running.skip import _code as code_of_today
from tests.bench.growth import homes, models
from tests.pd_assets.harvest import QUIET
from tests.pd_assets.lib.rights.cases import TODAY

PROFILE = "strict"
Event = dg.AssetMaterialization | dg.AssetCheckEvaluation
# So little memory for joins shows at a small size what is bounded by it and what is not.
ENVIRONMENT = {"PD_SHARD_MB": "1", "PD_DUCKDB_MEMORY_MB": "128", "PD_DUCKDB_THREADS": "2", "PD_DECODERS": "1"}
MODELS = "what it takes is a training's, or that of weights and pictures drawn: it does not grow with the rows"
ARCHIVES = "it asks an archive, whose requests are what it takes: measured by tests.bench.orchestration and harvest"
ONE_RUN = "it looks at one run"
BUNDLES = "it needs weights of the clean room; what a million pictures take is in docs/LOG.md"
LEFT_OUT: Mapping[str, str] = {
    "asset release/bundle": BUNDLES,
    "check release/bundle may_still_be_handed_out": BUNDLES,
    "check release/bundle verifies": BUNDLES,
    **{f"asset {name}": ARCHIVES for name in ("commons/categories", "commons/pages", "commons/refresh")},
    **{f"asset {name}": ARCHIVES for name in ("commons/templates", "commons/creators")},
    **{f"asset {name}": ARCHIVES for name in ("smithsonian/records", "cleveland/records")},
    "check evaluation/report keeps_its_floors": MODELS,
    "check models/vae beats_trivial_storage": MODELS,
    "check models/latents made_of_the_newest": MODELS,
    "check cleveland/records whole_and_young": "it reads one small file",
    "sensor run_failure_alert": ONE_RUN,
    "sensor overlooked_retries": ONE_RUN,
    "asset evaluation/report": MODELS,
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A generated home, what Dagster remembers of it, and the archive that it came from."""

    folder: Path
    host: str

    @property
    def root(self) -> Path:
        return self.folder / "home"

    @property
    def home(self) -> Home:
        return open_home(self.root)

    @property
    def environment(self) -> dict[str, str]:
        """So are the resources of all steps set up, which are made once."""
        return {
            "PD_HOME": str(self.root),
            "PD_COMMONS_API": f"{self.host}/w/api.php",
            "PD_WIKIDATA_API": "none",
            "PD_MAX_SIDE": str(homes.MAX_SIDE),
        }

    def remember(self, name: str, events: Sequence[Event]) -> None:
        """Keep what a step reported last."""
        (self.folder / f"{name.replace('/', '.')}.events").write_bytes(pickle.dumps(events))

    def remembered(self) -> Iterator[Event]:
        for path in sorted(self.folder.glob("*.events"), key=lambda one: one.stat().st_mtime_ns):
            yield from pickle.loads(path.read_bytes())


Step = Callable[[Place], Callable[[], object]]


@dataclass(frozen=True, kw_only=True)
class Line:
    """The code location with a job for each of the steps that are Dagster's, and an instance that knows of no run.

    It is made once: the process of each step is forked from this one, and tells its instance what was reported before.
    """

    jobs: Mapping[str, dg.JobDefinition]
    sensors: Mapping[str, dg.SensorDefinition]
    instance: dg.DagsterInstance

    @classmethod
    def built(cls) -> "Line":
        whole = build_defs()
        selections = {name: selection(name) for name in ORDER if name.startswith(("asset ", "check "))}
        jobs = [dg.define_asset_job(_plain(name), one) for name, one in selections.items()]
        defs = dg.Definitions(
            assets=whole.assets,
            asset_checks=whole.asset_checks,
            jobs=jobs,
            resources=whole.resources,
            executor=whole.executor,
        )
        line = cls(
            jobs={name: defs.resolve_job_def(_plain(name)) for name in selections},
            sensors={one.name: one for one in whole.sensors or ()},
            instance=dg.DagsterInstance.ephemeral(),
        )
        # What Dagster does once in a process is done here.
        with tempfile.TemporaryDirectory() as folder, told(Place(folder=Path(folder), host="http://127.0.0.1:1")):
            line.jobs["asset rights/takedowns"].execute_in_process(instance=line.instance, run_config=QUIET)
        code_of_today()
        return line

    def prepared(self, name: str, place: Place) -> Callable[[], object]:
        """A step, to be called for its work; in a process of its own."""
        os.environ.update(place.environment)
        if name in NAMED:
            return NAMED[name](place)
        for event in place.remembered():
            self.instance.report_runless_asset_event(event)
        return self._tick(name, place) if name.startswith("sensor ") else self._run(name, place)

    def _run(self, name: str, place: Place) -> Callable[[], object]:
        job = self.jobs[name]

        def run() -> None:
            done = job.execute_in_process(instance=self.instance, run_config=QUIET, tags=buckets_of(name, job, place))
            made = [
                event.step_materialization_data.materialization for event in done.get_asset_materialization_events()
            ]
            place.remember(name, [*made, *done.get_asset_check_evaluations()])

        return run

    def _tick(self, name: str, place: Place) -> Callable[[], object]:
        """A tick, with the cursor that the last one left."""
        watch, path = self.sensors[name.partition(" ")[2]], place.folder / f"{name}.cursor"
        cursor = path.read_text() if path.is_file() else None

        def tick() -> None:
            context = dg.build_sensor_context(instance=self.instance, cursor=cursor, resources={"platform": Platform()})
            told = watch(context)
            if isinstance(told, dg.SensorResult) and told.cursor is not None:
                path.write_text(told.cursor)

        return tick


@contextmanager
def told(place: Place) -> Iterator[None]:
    """The environment of a place, for the block."""
    before = dict(os.environ)
    os.environ.update(place.environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def selection(name: str) -> dg.AssetSelection:
    """The asset without its checks, or the check alone."""
    kind, key, *called = name.split(" ")
    of = dg.AssetKey(key.split("/"))
    if kind == "check":
        return dg.AssetSelection.checks(dg.AssetCheckKey(of, called[0]))
    return dg.AssetSelection.assets(of).without_checks()


def _plain(name: str) -> str:
    return re.sub(r"\W", "_", name)


def buckets_of(name: str, job: dg.JobDefinition, place: Place) -> dict[str, str]:
    """All item buckets in one run, where the asset is made by bucket."""
    if job.partitions_def is None:
        return {}
    keys = buckets.names(place.home.buckets)
    return {"dagster/asset_partition_range_start": keys[0], "dagster/asset_partition_range_end": keys[-1]}


def asked(question: Callable[[Home], object]) -> Step:
    """A question to a home, or work on it, outside of Dagster."""

    def prepared(place: Place) -> Callable[[], object]:
        home = place.home

        def ask() -> None:
            with at_work(home):
                question(home)

        return ask

    return prepared


def sql(home: Home) -> None:
    """What `pdd sql` does with a question over every item."""
    with (
        questions.locked(home) as connection,
        questions.answering(connection, "select verdict, count(*) from decisions group by all") as answer,
    ):
        assert answer is not None
        answer.fetchall()


def whole(home: Home) -> None:
    assert not list(faults(home))


def look_again(home: Home) -> None:
    damage.forget_all(home)
    assert not mending.mend(home)


ITEM = f"commons:M{homes.FIRST + 3}"
LEDGERS = "ledgers of two models and an evaluation"
NAMED: Mapping[str, Step] = {
    "mend": asked(mending.mend),
    LEDGERS: asked(models.train),
    "mend, all read again": asked(look_again),
    "views": asked(views.rebuild),
    "pdd sql": asked(sql),
    "pdd trace": asked(lambda home: trace(home, ITEM)),
    "pdd trace --model": asked(lambda home: pictures_of_model(home, models.STAGES[-1])),
    "pdd takedown": asked(lambda home: takedowns.take_down(home, ITEM, reason="bench")),
    "pdd doctor --verify": asked(whole),
    "pdd label": asked(lambda home: queue.pick(home)),
    "pdd audit": asked(lambda home: draw_sample(home, profile=PROFILE, count=100, seed=1)),
    "pdd drift": asked(lambda home: ground_losses(home, profile=PROFILE, today=TODAY)),
    "pdd rights-gaps": asked(lambda home: rights_gaps(home, profile=PROFILE)),
    "expense": asked(expense),
    "members": asked(members.known),
}
# In the order in which one is made of the other.
ORDER = (
    "mend",
    "asset catalog/items",
    "asset rights/decisions",
    "check rights/decisions every_acceptance_is_proven",
    "check rights/decisions no_unknown_tags",
    "asset rights/evidence",
    "check rights/evidence every_named_evidence_is_there",
    "asset rights/changes",
    "check rights/changes little_drift",
    "asset rights/takedowns",
    "asset images/files",
    "asset catalog/licensed_images",
    "check catalog/licensed_images only_free_pictures",
    "asset catalog/clusters",
    "asset dataset/things",
    "asset dataset/captions",
    "asset dataset/splits",
    "asset dataset/shards",
    "asset dataset/manifest",
    "check dataset/manifest whole_and_licensed",
    "check dataset/manifest nothing_damaged",
    LEDGERS,
    "asset release/ledger",
    "check release/ledger adds_up",
    "check release/ledger rests_on_evidence",
    "check release/ledger nothing_taken_down",
    "check release/ledger every_model_has_one",
    "check models/transformer saw_no_taken_down_picture",
    "check models/unet_text saw_no_taken_down_picture",
    "check evaluation/report measured_with_what_is_free",
    "check commons/refresh scraped_lately",
    "check smithsonian/records nothing_unknown",
    "sensor takedown_watch",
    "sensor retrain_on_new_images",
    "mend, all read again",
    "views",
    "pdd sql",
    "pdd trace",
    "pdd trace --model",
    "pdd doctor --verify",
    "pdd label",
    "pdd audit",
    "pdd drift",
    "pdd rights-gaps",
    "expense",
    "members",
    "pdd takedown",
)
STATES = ("scratch", "no news", "changed")


def states(name: str) -> tuple[str, ...]:
    """The states in which a step differs: a check or a question reads the same in all of them, and is done once."""
    return STATES if name.startswith(("asset ", "sensor ")) or name in ("mend", LEDGERS) else STATES[-1:]


def unknown(defs: dg.Definitions) -> list[str]:
    """The assets, checks and sensors of the platform that are neither measured nor left out."""
    assets = [key for one in defs.assets or () if isinstance(one, dg.AssetsDefinition) for key in one.keys]
    checks = [key for one in defs.asset_checks or () if isinstance(one, dg.AssetsDefinition) for key in one.check_keys]
    found = [
        *(f"asset {key.to_user_string()}" for key in assets),
        *(f"check {key.asset_key.to_user_string()} {key.name}" for key in checks),
        *(f"sensor {one.name}" for one in defs.sensors or ()),
    ]
    return sorted(name for name in found if not _is_known(name))


def _is_known(name: str) -> bool:
    if name in ORDER or name in LEFT_OUT or name.startswith("asset models/"):
        return True
    # One check for each stage: they do the same.
    return name.startswith("check models/") and name.endswith((" saw_no_taken_down_picture", " files_are_whole"))
