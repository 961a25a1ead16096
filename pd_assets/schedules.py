"""Schedules. They start stopped, so that a fresh clone never scrapes by itself."""

import dagster as dg

from pd_assets.jobs import nightly

nightly_scrape = dg.ScheduleDefinition(
    name="nightly_scrape",
    job=nightly,
    cron_schedule="0 2 * * *",
    execution_timezone="UTC",
    description="Every night: refresh the sources, decide, fetch what was accepted, rebuild the licensed table.",
)

schedules = [nightly_scrape]
