"""When the models are trained again. All of it is told from the tables and the runs; the cursor only shows it."""

import dagster as dg

from pd_assets.jobs import train_all_models, train_latent_models, train_models
from pd_assets.lib.catalog.schemas import LICENSED, MEMBERS
from pd_assets.lib.home import Home
from pd_assets.lib.release.lineage import CANDIDATE, LATEST
from pd_assets.lib.release.news import news_since_training
from pd_assets.lib.settings import Settings
from pd_assets.resources import Platform
from pd_assets.running.asking import request
from pd_assets.running.history import is_planned, last_evaluation, under_way
from pd_assets.running.skip import state_of
from pd_assets.sensors.watch import Watch, quiet, quiet_since
from pd_ml.data.shards import MANIFEST
from pd_ml.provenance import RUN

CHECK = dg.AssetCheckKey(dg.AssetKey(["catalog", "licensed_images"]), "only_free_pictures")
# The licensed pictures that a training is asked for, whoever asks.
LICENSED_TAG = "pd/licensed"
TRIES = 3
MODEL = "transformer"
TRAININGS = (train_models.name, train_latent_models.name, train_all_models.name)


def _look(context: dg.SensorEvaluationContext, platform: Platform) -> dg.SensorResult:
    home, settings = platform.home(), platform.settings()
    state = _state(home, settings)
    if said := quiet_since(context.cursor, state):
        return quiet(state, said)
    news = news_since_training(home, model=MODEL)
    if news.unknown:
        return quiet(state, f"not known what the model trained last saw, so nothing is new to it: {news.unknown}")
    threshold = settings.retrain_threshold(news.trained_on)
    if news.new < threshold:
        return quiet(state, f"{news.new} new licensed pictures of {threshold} (PD_RETRAIN_AFTER)")
    job = train_all_models.name if settings.retrain_latent else train_models.name
    asked = ask_for_training(context.instance, job=job, licensed=news.key, tags={"pd/new_pictures": str(news.new)})
    if isinstance(asked, str):
        return dg.SensorResult(skip_reason=asked, cursor=context.cursor)
    return dg.SensorResult(run_requests=[asked], cursor=news.key)


def _state(home: Home, settings: Settings) -> str:
    """Names all that `news_since_training` reads, and which training is asked for."""
    pointers = [home.root / "models" / MODEL / pointer for pointer in (CANDIDATE, LATEST)]
    pointers += [*(home.root / "models" / MODEL).glob(f"*/{RUN}"), *(home.root / "dataset").glob(f"*/*/{MANIFEST}")]
    asks = (settings.retrain_after, settings.retrain_latent)
    return state_of([home.table(LICENSED.key), home.table(MEMBERS.key), *pointers], asks)


retrain_on_new_images = Watch(
    name="retrain_on_new_images",
    evaluation_fn=_look,
    jobs=[train_models, train_all_models],
    starts=lambda settings: settings.retrain_enabled,
    description="Asks for one training when PD_RETRAIN_AFTER licensed pictures are new to the model that was trained "
    "last: of the pixel models, or of all where PD_RETRAIN_LATENT is 1. On from the beginning where PD_RETRAIN_ENABLED "
    "says so.",
)


def ask_for_training(
    instance: dg.DagsterInstance, *, job: str, licensed: str, tags: dict[str, str]
) -> dg.RunRequest | str:
    """The request of a training on the licensed pictures of that digest, or in words why it is not to be made."""
    found = last_evaluation(instance, CHECK)
    if found is None or not found.passed or is_planned(instance, CHECK):
        return "the check only_free_pictures has not passed on the licensed table: nothing is trained until it has"
    asked = request(
        instance,
        job=job,
        tag=LICENSED_TAG,
        state=licensed,
        prefix="retrain",
        tries=TRIES,
        tags=tags,
    )
    if not isinstance(asked, str) and any(under_way(instance, one) for one in TRAININGS):
        return "a training is running"
    return asked
