"""Sensors: what starts runs when the tables say that it is time. Their state is derived from the tables."""

import dagster as dg

from pd_assets.jobs import train_models
from pd_assets.lib.dataset.news import News, news_since_training
from pd_assets.resources import Platform

ACTIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]
CHECK = dg.AssetCheckKey(dg.AssetKey(["catalog", "licensed_images"]), "only_free_pictures")


@dg.sensor(
    name="retrain_on_new_images",
    job=train_models,
    minimum_interval_seconds=60,
    description="Asks for one training when PD_RETRAIN_AFTER licensed pictures are new to the current model.",
)
def retrain_on_new_images(context: dg.SensorEvaluationContext, platform: Platform) -> dg.SensorResult:
    settings = platform.settings()
    news = news_since_training(platform.home(), model="unet_text")
    reason = _reason_to_wait(context, news, settings.retrain_after)
    if reason:
        return dg.SensorResult(skip_reason=reason, cursor=context.cursor)
    request = dg.RunRequest(
        run_key=f"retrain-{news.key}", tags={"pd/new_pictures": str(news.new), "pd/licensed": news.key}
    )
    return dg.SensorResult(run_requests=[request], cursor=news.key)


def _reason_to_wait(context: dg.SensorEvaluationContext, news: News, threshold: int) -> str | None:
    if news.new < threshold:
        return f"{news.new} new licensed pictures of {threshold} (PD_RETRAIN_AFTER)"
    if context.cursor == news.key:
        return "a training on exactly these pictures was already asked for"
    record = context.instance.event_log_storage.get_latest_asset_check_execution_by_key([CHECK]).get(CHECK)
    if record is None or record.evaluation is None or not record.evaluation.passed:
        return "the check only_free_pictures has not passed on the licensed table: nothing is trained until it has"
    if context.instance.get_run_records(dg.RunsFilter(job_name=train_models.name, statuses=ACTIVE), limit=1):
        return "a training is running"
    return None


sensors = [retrain_on_new_images]
