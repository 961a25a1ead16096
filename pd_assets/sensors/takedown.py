"""What happens when a picture is no longer free: the tables and the dataset without it, and the models that saw it."""

import dagster as dg

from pd_assets.checks.models import Verdict, verdicts
from pd_assets.jobs import LATENT_STAGES, build_dataset, nightly, train_all_models, train_models
from pd_assets.lib.home import Home
from pd_assets.lib.release.news import news_since_training
from pd_assets.lib.release.withdrawals import Exposure, Withdrawn, exposures, find_withdrawn, key_of, still_served
from pd_assets.requests import request
from pd_assets.resources import Platform
from pd_assets.runs import under_way
from pd_assets.sensors.retrain import ask_for_training

WITHDRAWN = "pd/withdrawn"


@dg.sensor(
    name="takedown_watch",
    jobs=[build_dataset, train_models, train_all_models],
    minimum_interval_seconds=60,
    description="Pictures that lost their licence, vanished or were taken down: asks for tables and dataset without "
    "them, flags every model that saw them, and asks for a training where PD_TAKEDOWN_POLICY is retrain.",
)
def takedown_watch(context: dg.SensorEvaluationContext, platform: Platform) -> dg.SensorResult:
    home, settings = platform.home(), platform.settings()
    withdrawn = find_withdrawn(home, profile=settings.rights_profile)
    exposed = exposures(home, withdrawn)
    said = _flag(context.instance, exposed)
    if served := still_served(home, withdrawn):
        asked = _ask_for_rebuild(context.instance, home, served)
    elif settings.takedown_policy == "retrain":
        asked = _ask_for_training(context.instance, home, exposed)
    else:
        asked = "no dataset holds a picture that is no longer free"
    if isinstance(asked, str):
        return dg.SensorResult(skip_reason="; ".join([asked, *said]), cursor=key_of(withdrawn))
    return dg.SensorResult(run_requests=[asked], cursor=key_of(withdrawn))


def _flag(instance: dg.DagsterInstance, exposed: list[Exposure]) -> list[str]:
    """Fail or pass the check of every model's asset where its verdict is another than the last one; what was done."""
    told = []
    for verdict in verdicts(exposed):
        if _last_state(instance, verdict.check) == verdict.state:
            continue
        instance.report_runless_asset_event(verdict.evaluation())
        instance.report_runless_asset_event(verdict.observation())
        told.append(f"models/{verdict.stage}: {verdict.description}")
    return told


def _last_state(instance: dg.DagsterInstance, check: dg.AssetCheckKey) -> str | None:
    """What the last evaluation of the check was about."""
    record = instance.event_log_storage.get_latest_asset_check_execution_by_key([check]).get(check)
    found = record.evaluation.metadata.get(Verdict.STATE) if record and record.evaluation else None
    return str(found.value) if found is not None else None


def _ask_for_rebuild(instance: dg.DagsterInstance, home: Home, served: list[Withdrawn]) -> dg.RunRequest | str:
    """The next night does the same; the one that is under way may have come by already, and is waited for."""
    for job in (nightly.name, build_dataset.name):
        if run_id := under_way(instance, job):
            return f"{len(served)} pictures are no longer free; run {run_id} of {job} is waited for"
    state = key_of(served, home.pointed("dataset", "main", "latest") or "")
    asked = request(
        instance,
        job=build_dataset.name,
        tag=WITHDRAWN,
        state=state,
        prefix="takedown",
        tags={"pd/withdrawn_pictures": str(len(served))},
    )
    return f"{len(served)} pictures are no longer free; {asked}" if isinstance(asked, str) else asked


def _ask_for_training(instance: dg.DagsterInstance, home: Home, exposed: list[Exposure]) -> dg.RunRequest | str:
    """A training, where the newest model of a stage saw what is no longer free; of all, where a latent one did."""
    saw = [one for one in exposed if one.pictures and one.model.is_candidate]
    if not saw:
        return "no model in use saw a picture that is no longer free, or one without them was trained already"
    licensed = news_since_training(home, model="unet_text").key
    job = train_all_models if any(one.model.stage in LATENT_STAGES for one in saw) else train_models
    return ask_for_training(instance, job=job.name, licensed=licensed, tags={"pd/retrain_for": "takedown"})
