"""What happens when a picture is no longer free: the tables and the dataset without it, and the models that saw it."""

import dagster as dg

from pd_assets.checks.models import Verdict, verdicts
from pd_assets.jobs import LATENT_STAGES, build_dataset, nightly, train_all_models, train_models
from pd_assets.lib.catalog.schemas import CLUSTERS, DECISIONS, ITEMS, LICENSED, MEMBERS, MODEL_LEDGER, TAKEDOWNS
from pd_assets.lib.home import Home
from pd_assets.lib.release.news import news_since_training
from pd_assets.lib.release.notes import NOTED
from pd_assets.lib.release.takedowns import pending
from pd_assets.lib.release.withdrawals import (
    Exposure,
    Withdrawn,
    exposures,
    find_withdrawn,
    key_of,
    latest_unknown,
    still_served,
)
from pd_assets.lib.settings import Settings
from pd_assets.resources import Platform
from pd_assets.running.asking import request
from pd_assets.running.history import last_evaluation, under_way
from pd_assets.running.skip import state_of
from pd_assets.sensors.retrain import MODEL, ask_for_training
from pd_assets.sensors.watch import Watch, quiet, quiet_since
from pd_ml.data.shards import MANIFEST
from pd_ml.provenance import LEDGER, RUN

WITHDRAWN = "pd/withdrawn"
READ = (MEMBERS, MODEL_LEDGER, ITEMS, DECISIONS, CLUSTERS, TAKEDOWNS, LICENSED)


def _look(context: dg.SensorEvaluationContext, platform: Platform) -> dg.SensorResult:
    home, settings = platform.home(), platform.settings()
    state = _state(home, settings)
    if said := quiet_since(context.cursor, state):
        return quiet(state, said)
    withdrawn = find_withdrawn(home, profile=settings.rights_profile)
    exposed = exposures(home, withdrawn)
    told = _flag(context.instance, exposed)
    served, undone = still_served(home, withdrawn), [*latest_unknown(home), *pending(home)]
    asked = _ask_for_rebuild(context.instance, home, served, undone) if served or undone else None
    if isinstance(asked, str) and not served:
        # What no run could mend so far keeps nobody from asking for a training.
        told, asked = [asked, *told], None
    if asked is None:
        saw = [one for one in exposed if one.may_have_seen and one.model.is_candidate]
        if settings.takedown_policy == "flag":
            asked = "no dataset holds a picture that is no longer free"
        elif not saw:
            asked = "the models that were trained last saw only what is free"
        else:
            asked = _ask_for_training(context.instance, home, saw)
        if not undone and (settings.takedown_policy == "flag" or not saw):
            return quiet(state, "; ".join([str(asked), *told]))
    if isinstance(asked, str):
        return dg.SensorResult(skip_reason="; ".join([asked, *told]), cursor=key_of(withdrawn))
    return dg.SensorResult(run_requests=[asked], cursor=key_of(withdrawn))


def _state(home: Home, settings: Settings) -> str:
    """Names all that a tick reads of the home: the tables that tell, the models, and what is in use."""
    tables = [home.table(table.key) for table in READ]
    manifests = (home.root / "dataset").glob(f"*/*/{MANIFEST}")
    noted = home.table(TAKEDOWNS.key).glob(f"{NOTED}/*")
    pointers = sorted(path for kind in ("dataset", "models") for path in (home.root / kind).glob("*/*"))
    told = [path for path in pointers if path.is_file()]
    models = sorted(path for name in (RUN, LEDGER) for path in (home.root / "models").glob(f"*/*/{name}"))
    models += sorted((home.root / "evaluation" / "report").glob(f"*/{RUN}"))
    return state_of(
        [*tables, *told, *models, *sorted([*manifests, *noted])], settings.rights_profile, settings.takedown_policy
    )


takedown_watch = Watch(
    name="takedown_watch",
    evaluation_fn=_look,
    jobs=[build_dataset, train_models, train_all_models],
    starts=lambda settings: settings.scrape_enabled,
    description="Pictures that lost their licence, vanished or were taken down: asks for tables and dataset without "
    "them, flags every model that saw them, and asks for a training where PD_TAKEDOWN_POLICY is retrain. On from the "
    "beginning where nightly_scrape is.",
)


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
    last = last_evaluation(instance, check)
    found = last.metadata.get(Verdict.STATE) if last else None
    return str(found.value) if found is not None else None


def _ask_for_rebuild(
    instance: dg.DagsterInstance, home: Home, served: list[Withdrawn], undone: list[str]
) -> dg.RunRequest | str:
    """The next night does the same; the one that is under way may have come by already, and is waited for.

    `undone`: lists of pictures to mend and takedowns to go on with, which such a run does too.
    """
    said = f"{len(served)} pictures are no longer free" + (f", {len(undone)} things are to mend" if undone else "")
    for job in (nightly.name, build_dataset.name):
        if run_id := under_way(instance, job):
            return f"{said}; run {run_id} of {job} is waited for"
    state = key_of(served, home.pointed("dataset", "main", "latest") or "", *undone)
    asked = request(
        instance,
        job=build_dataset.name,
        tag=WITHDRAWN,
        state=state,
        prefix="takedown",
        tags={"pd/withdrawn_pictures": str(len(served))},
    )
    return f"{said}; {asked}" if isinstance(asked, str) else asked


def _ask_for_training(instance: dg.DagsterInstance, home: Home, saw: list[Exposure]) -> dg.RunRequest | str:
    """A training of all stages, where a latent one saw what is no longer free; else of the others."""
    licensed = news_since_training(home, model=MODEL).key
    job = train_all_models if any(one.model.stage in LATENT_STAGES for one in saw) else train_models
    return ask_for_training(instance, job=job.name, licensed=licensed, tags={"pd/retrain_for": "takedown"})
