"""What follows on a failed run: people are told, and no retry of it is forgotten.

A run that is retried by itself is told of too, and the line says so.
"""

from datetime import UTC, datetime

import dagster as dg

from pd_assets.lib import alerts
from pd_assets.resources import Platform
from pd_assets.running.history import ASKED_AGAIN, ask_again_for_retries
from pd_assets.running.private import WILL_RETRY_TAG


@dg.run_failure_sensor(
    name="run_failure_alert",
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    description="A line in PD_HOME/alerts.log for each failed run, and a webhook or an e-mail where PD_ALERT_WEBHOOK "
    "or PD_ALERT_EMAIL is set.",
)
def run_failure_alert(context: dg.RunFailureSensorContext, platform: Platform) -> None:
    """Once a run: Dagster may mark it as failed twice, by the one who started it and the one who watches it."""
    run, home = context.dagster_run, platform.home_as_it_is()
    if context.failure_event.message == ASKED_AGAIN or alerts.is_told(home, run.run_id):
        return
    steps = [event for event in context.get_step_failure_events() if event.step_failure_data.error]
    alert = alerts.Alert(
        run_id=run.run_id,
        job=run.job_name,
        step=", ".join((event.step_key or "").replace("__", "/") for event in steps),
        reason="; ".join(map(_reason, steps)) or context.failure_event.message or "no reason is known",
        will_be_retried=run.tags.get(WILL_RETRY_TAG) == "true",
    )
    alerts.send(home, platform.settings(), alert)


@dg.sensor(
    name="overlooked_retries",
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=60,
    description="Failed runs that Dagster was to start again, and did not within a minute: it is asked once more.",
)
def overlooked_retries(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    asked = ask_again_for_retries(context.instance, datetime.now(UTC))
    return dg.SkipReason(f"asked again for the retry of {', '.join(asked)}" if asked else "no retry was overlooked")


def _reason(event: dg.DagsterEvent) -> str:
    """The step's own words where it has some, else the innermost error."""
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return data.user_failure_data.description
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return error.message.strip() if error else event.message or ""
