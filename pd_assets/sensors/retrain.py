"""When the models are trained again. All of it is told from the tables and the runs; the cursor only shows it."""

import dagster as dg

from pd_assets.jobs import train_all_models, train_latent_models, train_models
from pd_assets.lib.release.news import news_since_training
from pd_assets.requests import request
from pd_assets.resources import Platform
from pd_assets.runs import under_way

CHECK = dg.AssetCheckKey(dg.AssetKey(["catalog", "licensed_images"]), "only_free_pictures")
# The licensed pictures that a training is asked for, whoever asks.
LICENSED = "pd/licensed"
TRIES = 3
TRAININGS = (train_models.name, train_latent_models.name, train_all_models.name)


@dg.sensor(
    name="retrain_on_new_images",
    jobs=[train_models, train_all_models],
    minimum_interval_seconds=60,
    description="Asks for one training when PD_RETRAIN_AFTER licensed pictures are new to the model that was trained "
    "last: of the pixel models, or of all where PD_RETRAIN_LATENT is 1.",
)
def retrain_on_new_images(context: dg.SensorEvaluationContext, platform: Platform) -> dg.SensorResult:
    news = news_since_training(platform.home(), model="unet_text")
    settings = platform.settings()
    threshold = settings.retrain_threshold(news.trained_on)
    if news.new < threshold:
        said = f"{news.new} new licensed pictures of {threshold} (PD_RETRAIN_AFTER)"
        return dg.SensorResult(skip_reason=said, cursor=context.cursor)
    job = train_all_models.name if settings.retrain_latent else train_models.name
    asked = ask_for_training(context.instance, job=job, licensed=news.key, tags={"pd/new_pictures": str(news.new)})
    if isinstance(asked, str):
        return dg.SensorResult(skip_reason=asked, cursor=context.cursor)
    return dg.SensorResult(run_requests=[asked], cursor=news.key)


def ask_for_training(
    instance: dg.DagsterInstance, *, job: str, licensed: str, tags: dict[str, str]
) -> dg.RunRequest | str:
    """The request of a training on the licensed pictures of that digest, or in words why it is not to be made."""
    record = instance.event_log_storage.get_latest_asset_check_execution_by_key([CHECK]).get(CHECK)
    if record is None or record.evaluation is None or not record.evaluation.passed:
        return "the check only_free_pictures has not passed on the licensed table: nothing is trained until it has"
    asked = request(
        instance,
        job=job,
        tag=LICENSED,
        state=licensed,
        prefix="retrain",
        tries=TRIES,
        tags=tags,
    )
    if not isinstance(asked, str) and any(under_way(instance, one) for one in TRAININGS):
        return "a training is running"
    return asked
