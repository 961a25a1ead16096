"""What is measured: each asset, check and sensor as Dagster runs it, and what a person asks of a home.

A step prepares itself in the process that it is measured in, and gives what is measured. One that the platform gains
is unknown here until it is added to ORDER or, with why, to LEFT_OUT: `unknown` names it, and the bench fails.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from pd_assets.definitions import build_defs
from pd_assets.lib.catalog import damage, mending, questions, views
from pd_assets.lib.home import Home, at_work, open_home
from pd_assets.lib.labelling import queue
from pd_assets.lib.ledger import expense
from pd_assets.lib.release import members, takedowns
from pd_assets.lib.release.trace import trace
from pd_assets.lib.rights.audit import draw_sample
from pd_assets.lib.rights.drift import ground_losses
from pd_assets.lib.rights.gaps import rights_gaps
from pd_assets.lib.soundness import faults
from pd_assets.resources import Platform
from tests.bench.growth import homes
from tests.pd_assets.harvest import QUIET
from tests.pd_assets.lib.rights.cases import TODAY

PROFILE = "strict"
# So little memory for joins shows at a small size what is bounded by it and what is not.
ENVIRONMENT = {"PD_SHARD_MB": "1", "PD_DUCKDB_MEMORY_MB": "128", "PD_DUCKDB_THREADS": "2", "PD_DECODERS": "1"}
MODELS = "what it takes is a training's, or that of weights and pictures drawn: it does not grow with the rows"
ARCHIVES = "it asks an archive, whose requests are what it takes: measured by tests.bench.orchestration and harvest"
ONE_RUN = "it looks at one run"
LEFT_OUT: Mapping[str, str] = {
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
    def platform(self) -> Platform:
        return Platform(
            pd_home=str(self.root),
            pd_commons_api=f"{self.host}/w/api.php",
            pd_wikidata_api="none",
            pd_max_side=str(homes.MAX_SIDE),
        )

    def instance(self) -> dg.DagsterInstance:
        (self.folder / "dagster").mkdir(exist_ok=True)
        return dg.DagsterInstance.local_temp(str(self.folder / "dagster"))


Step = Callable[[Place], Callable[[], object]]


def asset(name: str) -> Step:
    key = dg.AssetKey(name.split("/"))
    return lambda place: _job(place, dg.AssetSelection.assets(key).without_checks())


def check(name: str) -> Step:
    of, called = name.split(" ")
    key = dg.AssetCheckKey(dg.AssetKey(of.split("/")), called)

    def prepared(place: Place) -> Callable[[], object]:
        return _job(place, dg.AssetSelection.checks(key))

    return prepared


def _job(place: Place, selection: dg.AssetSelection) -> Callable[[], object]:
    whole = build_defs(platform=place.platform)
    job = dg.define_asset_job("growth", selection)
    defs = dg.Definitions(
        assets=whole.assets, asset_checks=whole.asset_checks, jobs=[job], resources=whole.resources, executor=whole.executor
    ).resolve_job_def("growth")
    instance = place.instance()

    def run() -> None:
        done = defs.execute_in_process(instance=instance, run_config=QUIET, raise_on_error=True)
        assert done.success

    return run


def sensor(name: str) -> Step:
    """A tick, with the cursor that the last one left."""

    def prepared(place: Place) -> Callable[[], object]:
        found = next(one for one in build_defs(platform=place.platform).sensors or () if one.name == name)
        path = place.folder / f"{name}.cursor"
        context = dg.build_sensor_context(
            instance=place.instance(),
            cursor=path.read_text() if path.is_file() else None,
            resources={"platform": place.platform},
        )

        def tick() -> None:
            told = found(context)
            if isinstance(told, dg.SensorResult) and told.cursor is not None:
                path.write_text(told.cursor)

        return tick

    return prepared


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
NAMED: Mapping[str, Step] = {
    "mend": asked(mending.mend),
    "mend, all read again": asked(look_again),
    "views": asked(views.rebuild),
    "pdd sql": asked(sql),
    "pdd trace": asked(lambda home: trace(home, ITEM)),
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
    "check models/unet_text saw_no_taken_down_picture",
    "check commons/refresh scraped_lately",
    "check smithsonian/records nothing_unknown",
    "sensor takedown_watch",
    "sensor retrain_on_new_images",
    "mend, all read again",
    "views",
    "pdd sql",
    "pdd trace",
    "pdd doctor --verify",
    "pdd label",
    "pdd audit",
    "pdd drift",
    "pdd rights-gaps",
    "expense",
    "members",
    "pdd takedown",
)
# What changes the home is done once, at the end.
ONLY_IN = {"pdd takedown": ("changed",)}


def step(name: str) -> Step:
    kind, _, rest = name.partition(" ")
    made = {"asset": asset, "check": check, "sensor": sensor}
    return NAMED[name] if name in NAMED else made[kind](rest)


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


