"""Schedules. They start stopped, so that a fresh clone never scrapes by itself."""

import dagster as dg

from pd_assets.jobs import nightly, refresh_smithsonian
from pd_assets.lib.smithsonian.units import chosen_units
from pd_assets.resources import Platform

nightly_scrape = dg.ScheduleDefinition(
    name="nightly_scrape",
    job=nightly,
    cron_schedule="0 2 * * *",
    execution_timezone="UTC",
    description="Every night: refresh the sources, decide, fetch what was accepted, rebuild the licensed table.",
)


@dg.schedule(
    name="weekly_smithsonian",
    job=refresh_smithsonian,
    cron_schedule="0 1 * * 2",
    execution_timezone="UTC",
    description="Every Tuesday, after the archive's weekly export: a run for each unit of PD_SMITHSONIAN_UNITS.",
)
def weekly_smithsonian(
    context: dg.ScheduleEvaluationContext, platform: Platform
) -> list[dg.RunRequest] | dg.SkipReason:
    units = chosen_units(platform.settings().smithsonian_units)
    if not units:
        return dg.SkipReason("no unit is chosen: set PD_SMITHSONIAN_UNITS to unit codes, or to all")
    day = context.scheduled_execution_time.date().isoformat()
    return [dg.RunRequest(run_key=f"{unit} {day}", partition_key=unit) for unit in units]


schedules = [nightly_scrape, weekly_smithsonian]
